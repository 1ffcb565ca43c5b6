//! Answers, in the mode that the sender asks for.

use hl7::ack::{self, Answer, Outcome, Problem};
use hl7::charset::Charset;
use hl7::{Message, field};

fn message(version: &str, accept: &str, application: &str) -> String {
    format!(
        "MSH|^~\\&|COSMIC|SU|PLATTFORM|RVG|20260105004015||ADT^A01^ADT_A01|Ä42|P|{version}|||{accept}|{application}||8859/1\rEVN|A01\r"
    )
}

const PROBLEM: Problem<'_> =
    Problem { at: Some(field::PV1_VISIT), rule: "episode-missing", remedy: "send the visit id | in PV1-19" };

fn answer_to(text: &str, outcome: Outcome) -> Option<String> {
    let problem = (outcome != Outcome::Accepted).then_some(PROBLEM);
    let answer = Answer { outcome, problem, sent: "20260105004016+0100", control_id: "R1" };
    let mut out = Vec::new();
    let message = Message::parse(text).unwrap();
    let code = ack::codes(&message, outcome).last()?;
    ack::answer(&message, Charset::Utf8, code, &answer, &mut out);
    Some(String::from_utf8(out).unwrap())
}

#[test]
fn an_accept_in_original_mode() {
    let got = answer_to(&message("2.5", "", ""), Outcome::Accepted).unwrap();
    let want = "MSH|^~\\&|PLATTFORM|RVG|COSMIC|SU|20260105004016+0100||ACK^A01^ACK|R1|P|2.5||||||8859/1\rMSA|AA|Ä42\r";
    assert_eq!(got, want);
}

#[test]
fn a_rejection_says_where_and_what_to_do() {
    let got = answer_to(&message("2.5", "", ""), Outcome::Rejected).unwrap();
    assert!(got.ends_with(
        "MSA|AR|Ä42|episode-missing\rERR||PV1^1^19|207^Application internal error^HL70357|E|episode-missing|||send the visit id   in PV1-19\r"
    ), "{got}");
    let got = answer_to(&message("2.3", "", ""), Outcome::Failed).unwrap();
    assert!(got.ends_with("MSA|AE|Ä42|episode-missing\rERR|PV1^1^19^207&episode-missing&L\r"), "{got}");
}

#[test]
fn every_answer_is_itself_a_message() {
    for version in ["2.3", "2.5.1", "2.8", ""] {
        for outcome in [Outcome::Accepted, Outcome::Failed, Outcome::Rejected] {
            let got = answer_to(&message(version, "", ""), outcome).unwrap();
            let parsed = Message::parse(&got).unwrap();
            assert_eq!(parsed.kind(), "ACK");
            assert_eq!(parsed.get("MSA", 2).raw(), "Ä42");
            assert_eq!(parsed.version(), if version.is_empty() { "2.3" } else { version });
        }
    }
}

#[test]
fn enhanced_mode_follows_its_conditions() {
    use Outcome::{Accepted, Failed, Rejected};
    let code = |accept: &str, application: &str, outcome| {
        let text = message("2.5", accept, application);
        let codes: Vec<_> = ack::codes(&Message::parse(&text).unwrap(), outcome).map(|code| code.as_str()).collect();
        assert!(codes.len() < 2, "{codes:?}");
        codes.first().copied()
    };
    assert_eq!([Accepted, Failed, Rejected].map(|outcome| code("", "", outcome)), [Some("AA"), Some("AE"), Some("AR")]);
    assert_eq!(
        [Accepted, Failed, Rejected].map(|outcome| code("AL", "", outcome)),
        [Some("CA"), Some("CE"), Some("CR")]
    );
    assert_eq!([Accepted, Failed, Rejected].map(|outcome| code("NE", "", outcome)), [None; 3]);
    assert_eq!([Accepted, Failed, Rejected].map(|outcome| code("ER", "", outcome)), [None, Some("CE"), Some("CR")]);
    assert_eq!([Accepted, Failed, Rejected].map(|outcome| code("SU", "", outcome)), [Some("CA"), None, None]);
    assert_eq!(
        [Accepted, Failed, Rejected].map(|outcome| code("NE", "AL", outcome)),
        [Some("AA"), Some("AE"), Some("AR")]
    );
    assert_eq!(
        [Accepted, Failed, Rejected].map(|outcome| code("ER", "SU", outcome)),
        [Some("AA"), Some("CE"), Some("CR")]
    );
    assert_eq!(code("??", "", Accepted), Some("CA"), "an unknown condition is answered");
    assert_eq!(answer_to(&message("2.5", "NE", "NE"), Rejected), None);
}

#[test]
fn who_asks_for_both_answers_gets_both_when_it_is_accepted() {
    use Outcome::{Accepted, Failed, Rejected};
    let codes = |accept: &str, application: &str, outcome| -> Vec<&str> {
        let text = message("2.5", accept, application);
        ack::codes(&Message::parse(&text).unwrap(), outcome).map(|code| code.as_str()).collect()
    };
    assert_eq!(codes("AL", "AL", Accepted), ["CA", "AA"]);
    assert_eq!(codes("SU", "SU", Accepted), ["CA", "AA"]);
    // What was not accepted has reached no application.
    assert_eq!(codes("AL", "AL", Failed), ["CE"]);
    assert_eq!(codes("AL", "AL", Rejected), ["CR"]);
    assert_eq!(codes("AL", "ER", Accepted), ["CA"]);
    assert_eq!(codes("AL", "??", Accepted), ["CA"], "an unknown condition is no reason for a second answer");
    assert_eq!(codes("??", "??", Accepted), ["CA"]);
    assert_eq!(codes("ER", "AL", Accepted), ["AA"]);
    assert_eq!(codes("ER", "AL", Failed), ["CE"]);
    assert_eq!(codes("SU", "AL", Failed), ["AE"]);
    // The application's answer asks for none itself; that of acceptance is none that could be.
    let got = answer_to(&message("2.5", "AL", "AL"), Accepted).unwrap();
    assert!(got.contains("|R1|P|2.5|||NE|NE||8859/1\rMSA|AA|"), "{got}");
    let got = answer_to(&message("2.5", "AL", "NE"), Accepted).unwrap();
    assert!(got.contains("|R1|P|2.5||||||8859/1\rMSA|CA|"), "{got}");
}

#[test]
fn an_answer_is_not_answered_unless_it_asks_to_be() {
    let codes = |more: &str| -> Vec<&str> {
        let text = format!("MSH|^~\\&|A|B|C|D|20260105||ACK^A01^ACK|7|P|2.5{more}\rMSA|AA|1\r");
        ack::codes(&Message::parse(&text).unwrap(), Outcome::Accepted).map(|code| code.as_str()).collect()
    };
    assert!(codes("").is_empty() && codes("|||NE|NE").is_empty() && codes("|||NE|AL").is_empty());
    assert_eq!(codes("|||AL|AL"), ["CA"]);
}

#[test]
fn the_answer_is_in_the_message_s_set() {
    let text = message("2.5", "AL", "");
    let answer = Answer { outcome: Outcome::Accepted, problem: None, sent: "20260105", control_id: "R1" };
    let mut out = Vec::new();
    ack::answer(&Message::parse(&text).unwrap(), Charset::Latin1, ack::Code::CA, &answer, &mut out);
    assert!(out.ends_with(b"MSA|CA|\xC442\r"));
}

#[test]
fn something_without_a_header_is_answered_too() {
    let problem = Problem { at: None, rule: "header-missing", remedy: "send MSH" };
    let answer = Answer { outcome: Outcome::Rejected, problem: Some(problem), sent: "20260105", control_id: "R1" };
    let mut out = Vec::new();
    ack::answer_unreadable(&answer, &mut out);
    let want = "MSH|^~\\&|||||20260105||ACK|R1|P|2.3\rMSA|AR||header-missing\rERR|^^^207&header-missing&L\r";
    assert_eq!(String::from_utf8(out).unwrap(), want);
}
