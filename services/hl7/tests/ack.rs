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
    ack::answer(&message, Charset::Utf8, &answer, &mut out).then(|| String::from_utf8(out).unwrap())
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
        ack::code(&Message::parse(&text).unwrap(), outcome).map(|code| code.as_str())
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
    assert_eq!(code("AL", "AL", Accepted), Some("CA"));
    assert_eq!(code("??", "", Accepted), Some("CA"), "an unknown condition is answered");
    assert_eq!(answer_to(&message("2.5", "NE", "NE"), Rejected), None);
}

#[test]
fn the_answer_is_in_the_message_s_set() {
    let text = message("2.5", "AL", "");
    let answer = Answer { outcome: Outcome::Accepted, problem: None, sent: "20260105", control_id: "R1" };
    let mut out = Vec::new();
    assert!(ack::answer(&Message::parse(&text).unwrap(), Charset::Latin1, &answer, &mut out));
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
