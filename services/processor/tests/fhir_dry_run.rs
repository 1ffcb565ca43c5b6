//! Files of FHIR resources, tried without Kafka.

use std::process::Command;

use processor::dry_run::{self, Error, Input, Language, Options, Summary};
use serde_json::{Value, json};

use crate::fhir::{appointment, condition, encounter, patient, procedure, service_request};
use crate::support;

fn run(file: &str, format: Option<Input>, census: bool) -> Result<(Vec<String>, Summary), Error> {
    let options = Options {
        region: "14".into(),
        directory: support::sample_directory(),
        program: None,
        code_lists: None,
        format,
        census,
        stays: false,
        language: Language::En,
        received_at: support::RECEIVED_AT,
    };
    let mut output = Vec::new();
    let summary = dry_run::run(options, file.as_bytes(), &mut output)?;
    Ok((String::from_utf8(output).expect("UTF-8").lines().map(str::to_owned).collect(), summary))
}

fn all() -> Vec<Value> {
    // Those that are referred to stand after those that refer to them.
    vec![appointment(), procedure(), condition(), encounter(), service_request(), patient()]
}

fn searchset(resources: &[Value]) -> Value {
    let entry = |resource: &Value| {
        let name = |key: &str| resource[key].as_str().unwrap_or_default();
        json!({"fullUrl": format!("http://server/fhir/{}/{}", name("resourceType"), name("id")), "resource": resource})
    };
    json!({"resourceType": "Bundle", "type": "searchset", "entry": resources.iter().map(entry).collect::<Vec<_>>()})
}

#[test]
fn a_bundle_and_a_line_each_say_the_same_and_find_what_they_refer_to() {
    let bundle = serde_json::to_string_pretty(&searchset(&all())).expect("JSON");
    let lines: String = all().iter().map(|resource| format!("{resource}\r\n\n")).collect();
    let (of_bundle, summary) = run(&bundle, None, false).expect("a dry run");
    let (of_lines, _) = run(&lines, None, false).expect("a dry run");
    assert_eq!(of_bundle.len(), 6);
    assert_eq!((summary.fates().mapped, summary.messages()), (6, 6), "{summary}");
    assert!(!of_bundle.iter().any(|line| line.contains("-missing")), "{of_bundle:?}");
    // All but the event ids, which come of the bytes.
    let events = |lines: &[String]| -> Vec<Value> {
        let mut values: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        for event in values.iter_mut().flat_map(|value| value["events"].as_array_mut().expect("events")) {
            event.as_object_mut().expect("an event").remove("event_id");
        }
        values
    };
    assert_eq!(events(&of_bundle), events(&of_lines));
    assert!(of_bundle[3].contains("person-1") && of_bundle[3].contains("\"V1001\""));
}

#[test]
fn a_transaction_is_resolved_by_its_own_addresses() {
    let mut encounter = encounter();
    encounter["subject"] = json!({"reference": "urn:uuid:1"});
    encounter["status"] = "in-progress".into();
    encounter["period"].as_object_mut().expect("a period").remove("end");
    let transaction = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:2", "resource": encounter, "request": {"method": "POST", "url": "Encounter"}},
        {"fullUrl": "urn:uuid:1", "resource": patient(), "request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": "DELETE", "url": "Condition/c9"}},
    ]});
    let (lines, summary) = run(&transaction.to_string(), Some(Input::Fhir), false).expect("a dry run");
    assert_eq!(summary.fates().mapped, 3, "{summary}");
    assert!(!lines[0].contains("fhir-patient-missing") && lines[0].contains("person-1"), "{}", lines[0]);
    assert!(lines[2].contains("clinical.withdrawn"));
    let (census, _) = run(&transaction.to_string(), None, true).expect("a census");
    assert_eq!(census, [r#"{"episode":"V1001","unit":"MAVA","room":null,"bed":null,"since":"2026-01-06T07:00:00Z"}"#]);
}

fn lines(resources: &[Value]) -> String {
    resources.iter().map(|resource| format!("{resource}\n")).collect()
}

#[test]
fn a_hospital_stay_and_its_ward_stay_are_one_open_stay() {
    let kind = |code: &str| json!({"coding": [{"code": code}]});
    let contact = |id: &str| {
        json!({"resourceType": "Encounter", "id": id, "meta": {"versionId": "1", "lastUpdated": "2026-01-05T08:00:00Z"},
            "status": "in-progress", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p1"},
            "period": {"start": "2026-01-05T08:00:00+01:00"},
            "location": [{"location": {"reference": "Location/w1b1"}, "period": {"start": "2026-01-05T08:00:00+01:00"}}]})
    };
    let mut ward = contact("ward");
    ward["partOf"] = json!({"reference": "Encounter/hosp"});
    let file = lines(&[
        patient(),
        json!({"resourceType": "Location", "id": "w1", "physicalType": kind("wa")}),
        json!({"resourceType": "Location", "id": "w1b1", "physicalType": kind("bd"), "partOf": {"reference": "Location/w1"}}),
        contact("hosp"),
        ward,
    ]);
    let (census, summary) = run(&file, None, true).expect("a census");
    assert_eq!(
        census,
        [r#"{"episode":"Encounter/hosp","unit":"w1","room":null,"bed":"w1b1","since":"2026-01-05T07:00:00Z"}"#],
        "{summary}"
    );
}

#[test]
fn a_bulk_file_may_write_its_references_as_transactions_do() {
    let mut encounter = encounter();
    encounter["subject"] = json!({"reference": "urn:uuid:p1"});
    encounter["location"][0]["location"] = json!({"reference": "Location?identifier=https://s.example|7"});
    encounter["partOf"] = json!({"identifier": {"system": "https://s.example/besok", "value": "V9"}});
    let ward = json!({"resourceType": "Location", "id": "l1", "identifier": [{"system": "https://s.example", "value": "7"}],
        "partOf": {"reference": "urn:uuid:l2"}});
    let above = json!({"resourceType": "Location", "id": "l2", "identifier": [{"value": "MAVA"}]});
    let whole = json!({"resourceType": "Encounter", "id": "e0", "status": "in-progress", "class": {"code": "IMP"},
        "identifier": [{"system": "https://s.example/besok", "value": "V9"}], "subject": {"reference": "Patient/p1"}});
    let (output, _) = run(&lines(&[encounter, ward, above, whole, patient()]), None, false).expect("a dry run");
    for missing in ["fhir-patient-missing", "fhir-reference-unresolved", "fhir-parent-unknown", "unit-unknown"] {
        assert!(!output[0].contains(missing), "{missing}: {}", output[0]);
    }
    assert!(output[0].contains("person-1") && output[0].contains("MAVA") && output[0].contains("Encounter/e0"));
}

#[test]
fn a_line_that_cannot_be_read_costs_that_line_only() {
    let file = format!("{}\n{{\"resourceType\":\n{}\n", patient(), patient());
    let (lines, summary) = run(&file, None, false).expect("a dry run");
    assert_eq!((lines.len(), summary.fates().mapped, summary.fates().parked), (3, 2, 1));
    assert!(lines[1].contains("fhir-unreadable"));
    assert!(matches!(run("{", None, false), Err(Error::NotFhir)));
    assert!(matches!(run("MSH|^~\\&|", Some(Input::Fhir), false), Err(Error::NotFhir)));
    assert!(matches!(run("", Some(Input::Fhir), false), Err(Error::Empty)));
    assert!(matches!(run("{}", Some(Input::Hl7), false), Err(Error::NotHl7)));
}

#[test]
fn the_command_takes_the_format_or_sees_it() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), searchset(&all()).to_string()).expect("written");
    for format in [&[][..], &["--format", "fhir"]] {
        let run = Command::new(env!("CARGO_BIN_EXE_processor"))
            .args(["dry-run", "--region", "14"])
            .args(format)
            .arg(file.path())
            .output()
            .expect("a run");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(String::from_utf8_lossy(&run.stdout).lines().count(), 6);
        assert!(String::from_utf8_lossy(&run.stderr).contains("6 mapped"));
    }
}
