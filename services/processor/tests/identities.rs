//! Whom identifiers name: placeholders and invalid numbers name nobody, a samordningsnummer need not have a day that exists,
//! and a visit is the same visit whatever else the message repeats its number in.

use processor::pipeline::Outcome;
use processor::rules::Rule;
use schemas::Format;
use serde_json::{Value, json};

use crate::fhir::{collection, patient};
use crate::support::{self, Kept};

const PERSONAL: &str = "SKV&1.2.752.129.2.1.3.1&ISO^NNSWE";

/// What joins or names nobody.
const NOBODY: [(&str, &str); 7] = [
    ("000000-0000", "identity-placeholder"),
    ("9999999999", "identity-placeholder"),
    ("19121212-0000", "identity-placeholder"),
    ("OKÄND", "identity-placeholder"),
    ("19800101-2388", "identity-invalid"),
    ("8001012388", "identity-invalid"),
    ("4711", "identity-invalid"),
];

fn message(trigger: &str, segments: &str) -> String {
    format!(
        "MSH|^~\\&|A|SU|C|D|20260106120000||ADT^{trigger}|1|P|2.5||||||UNICODE UTF-8\r\
         EVN|{trigger}|20260106110000||||20260106110000\r{segments}\r"
    )
}

fn process(trigger: &str, segments: &str) -> (Outcome, Kept) {
    let mut pipeline = support::pipeline(Default::default());
    support::process(&mut pipeline, Format::Hl7v2, message(trigger, segments).as_bytes())
}

fn refusal(trigger: &str, segments: &str) -> &'static str {
    match process(trigger, segments).0 {
        Outcome::Rejected(rejection) => rejection.rule.code(),
        other => panic!("{other:?}"),
    }
}

fn envelope(event: &Value) -> &Value {
    &event["envelope"]
}

fn pv1(visit: &str) -> String {
    format!("PV1|1|I|AVD5^1^1^SU{}{visit}", "|".repeat(16))
}

#[test]
fn a_placeholder_joins_nobody() {
    let (_, alone) = process("A01", &format!("PID|1||1001^^^SU^MR\r{}", pv1("V1")));
    for (number, rule) in NOBODY {
        for trigger in ["A01", "A08", "A29", "A31"] {
            for pid in [format!("1001^^^SU^MR~{number}^^^{PERSONAL}"), format!("{number}^^^{PERSONAL}~1001^^^SU^MR")] {
                let (_, kept) = process(trigger, &format!("PID|1||{pid}\r{}", pv1("V1")));
                for event in &kept.events {
                    let envelope = envelope(event);
                    assert_eq!(envelope["subject_token"], alone.events[0]["envelope"]["subject_token"], "{number}");
                    assert_eq!(envelope["subject_aliases"], json!([]), "{number}");
                    let quality = envelope["quality"].to_string();
                    assert!(quality.contains(rule) && quality.contains("PID-3"), "{trigger} {number} {quality}");
                    assert!(event["birth_year"].is_null());
                }
            }
        }
    }
}

#[test]
fn a_message_whose_patient_is_nobody_says_so() {
    for (number, rule) in NOBODY {
        let pid = format!("PID|1||{number}^^^{PERSONAL}");
        let (_, kept) = process("A01", &format!("{pid}\r{}", pv1("V1")));
        let envelope = envelope(&kept.events[0]);
        assert_eq!((kept.events.len(), envelope["subject_token"].is_null()), (1, true));
        let quality = envelope["quality"].to_string();
        assert!(quality.contains(rule) && quality.contains("patient-unknown"), "{number} {quality}");
        for trigger in ["A29", "A31"] {
            assert_eq!(refusal(trigger, &pid), "patient-missing", "{trigger} {number}");
        }
        // PID-2 is asked when PID-3 names nobody.
        let (_, kept) = process("A31", &format!("PID|1|1001^^^SU^MR|{number}^^^{PERSONAL}"));
        assert!(kept.events[0]["envelope"]["subject_token"].is_string());
    }
}

#[test]
fn a_merge_joins_only_persons() {
    for (number, rule) in NOBODY {
        let nobody = format!("{number}^^^{PERSONAL}");
        let merge = |survivor: &str, prior: &str| format!("PID|1||{survivor}\rMRG|{prior}");
        assert_eq!(refusal("A40", &merge("1001^^^SU^MR", &nobody)), "merge-prior-missing", "{number}");
        assert_eq!(refusal("A40", &merge(&nobody, "1002^^^SU^MR")), "patient-missing", "{number}");
        let (_, kept) = process("A40", &merge("1001^^^SU^MR", &format!("{nobody}~1002^^^SU^MR")));
        for event in &kept.events {
            let prior = event.get("prior_subject_tokens").or(event.get("linked_subject_tokens")).expect("priors");
            assert_eq!(prior.as_array().map(Vec::len), Some(1), "{number}");
        }
        assert!(kept.events[0]["envelope"]["quality"].to_string().contains(rule), "{number}");
        // One of two groups names nobody; the other is a merge all the same, and what was odd is counted once.
        let two = format!("{}\r{}", merge("1001^^^SU^MR", &nobody), merge("1003^^^SU^MR", "1004^^^SU^MR"));
        let mut pipeline = support::pipeline(Default::default());
        let (outcome, _) = support::process(&mut pipeline, Format::Hl7v2, message("A40", &two).as_bytes());
        assert_eq!(outcome, Outcome::Mapped(2));
        assert_eq!(pipeline.found().iter().filter(|found| found.code() == rule).count(), 1, "{number}");
    }
}

#[test]
fn a_region_has_placeholders_of_its_own() {
    let listed = "19121212-1212";
    let text = message("A31", "PID|1||1001^^^SU^MR~191212121212^^^SU^PNR~reserv^^^SU");
    let aliases = |pipeline: &mut processor::pipeline::Pipeline| {
        let (_, kept) = support::process(pipeline, Format::Hl7v2, text.as_bytes());
        kept.events[0]["envelope"]["subject_aliases"].as_array().map(Vec::len)
    };
    assert_eq!(aliases(&mut support::pipeline(Default::default())), Some(2));
    let own = vec![listed.to_owned(), "RESERV".to_owned()];
    let mut pipeline = support::pipeline(Default::default()).with_placeholders(own);
    assert_eq!(aliases(&mut pipeline), Some(0));
    assert_eq!(pipeline.found().iter().filter(|rule| **rule == Rule::IdentityPlaceholder).count(), 1);
}

#[test]
fn a_local_number_and_an_interim_number_are_the_source_s_own() {
    let events = |cx: &str| process("A31", &format!("PID|1||{cx}")).1.events;
    let plain = &events("1234567890^^^SU^MR")[0];
    assert!(envelope(plain)["subject_token"].is_string() && envelope(plain)["quality"] == json!([]), "{plain}");
    let interim = |text: &str| {
        let event = events(&format!("{text}^^^{PERSONAL}")).remove(0);
        assert!(envelope(&event)["quality"].to_string().contains("identity-local"), "{event}");
        envelope(&event)["subject_token"].as_str().expect("a token").to_owned()
    };
    assert_eq!(interim("19800101T223"), interim("800101-T223"));
}

#[test]
fn a_coordination_number_without_date_is_one_person_and_is_hidden() {
    let token = |text: &str| {
        let (_, kept) = process("A31", &format!("PID|1||{text}^^^SKV&1.2.752.129.2.1.3.3&ISO^NNSWE"));
        assert_eq!(envelope(&kept.events[0])["quality"], json!([]));
        envelope(&kept.events[0])["subject_token"].as_str().expect("a token").to_owned()
    };
    let whole = token("195102912382");
    for notation in ["19510291-2382", "510291-2382", "5102912382", "19510291 2382"] {
        assert_eq!(token(notation), whole, "{notation}");
    }
    for visit in ["195102912382", "195102882387", "5102912382", "510291 2382", "V195102912382"] {
        let (_, kept) = process("A01", &format!("PID|1||MRN1^^^SU^MR\r{}", pv1(visit)));
        let episode = kept.events[0]["episode_id"].as_str().expect("an episode");
        assert!(episode.starts_with("x.") && !kept.events[0].to_string().contains("2382"), "{visit}");
        assert!(envelope(&kept.events[0])["quality"].to_string().contains("identifier-in-field"), "{visit}");
    }
}

#[test]
fn a_visit_is_the_same_visit_whatever_repeats_its_number() {
    let episode = |pid: &str, more: &str| {
        let (_, kept) = process("A01", &format!("{pid}\r{}{more}", pv1("5500123")));
        kept.events[0]["episode_id"].as_str().expect("an episode").to_owned()
    };
    let repeated = format!("PID|1|5500123|5500123^^^SU^MR|5500123{}5500123|5500123||5500123", "|".repeat(14));
    for (pid, more) in [("PID|1||MRN1^^^SU^MR", ""), (&*repeated, "\rZBE|5500123|20260106||INSERT|N|A01")] {
        assert_eq!(episode(pid, more), "5500123");
    }
    let (_, kept) = process(
        "A45",
        &format!(
            "PID|1||5500124^^^SU^MR{}5500123\rMRG|5500124^^^SU^MR||5500124||5500124\r{}",
            "|".repeat(15),
            pv1("5500123")
        ),
    );
    assert_eq!(
        (&kept.events[0]["episode_id"], &kept.events[0]["prior_episode_id"]),
        (&json!("5500123"), &json!("5500124"))
    );
    // A number of a person is hidden by what it is, and the same in every message.
    for number in ["19810829M071", "22950606FH20", "800101T223", "198001012387", "800101 2387"] {
        let hidden = episode_of(number, "PID|1||MRN1^^^SU^MR");
        assert!(hidden.starts_with("x."), "{number}");
        assert_eq!(hidden, episode_of(number, &format!("PID|1||{number}^^^SU^MR")));
    }
}

fn episode_of(number: &str, pid: &str) -> String {
    let (_, kept) = process("A03", &format!("{pid}\r{}", pv1(number)));
    kept.events[0]["episode_id"].as_str().expect("an episode").to_owned()
}

#[test]
fn a_fhir_patient_is_not_named_by_a_placeholder() {
    for (number, rule) in NOBODY {
        let nobody = json!({"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number});
        let local = json!({"system": "urn:oid:1.2.3.4", "value": "1001"});
        let process = |identifiers: Value| {
            let mut patient = patient();
            patient["identifier"] = identifiers;
            let mut pipeline = support::pipeline(Default::default());
            support::process(&mut pipeline, Format::Fhir, collection(&[patient]).to_string().as_bytes())
        };
        let (_, kept) = process(json!([nobody, local]));
        assert_eq!(envelope(&kept.events[0])["subject_aliases"], json!([]), "{number}");
        assert!(envelope(&kept.events[0])["quality"].to_string().contains(rule), "{number}");
        let (outcome, _) = process(json!([nobody]));
        let is_refused =
            matches!(outcome, Outcome::Rejected(rejection) if rejection.rule == Rule::FhirIdentifierMissing);
        assert!(is_refused, "{number}: {outcome:?}");
    }
}
