//! Files of a FHIR bulk export sent into a real Kafka.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::stack::{Connector, Recorded, Setup, kept_offset, message, wait_for_offset};

const MANY: u64 = 20_000;

fn patient(index: u64) -> Value {
    let number = identity::test_identity::number(index);
    json!({ "resourceType": "Patient", "id": format!("p{index}"), "meta": { "versionId": "1" }, "name": [{ "family": "Testsson" }],
            "identifier": [{ "system": "http://electronichealth.se/identifier/personnummer", "value": number.as_str() }] })
}

fn encounter(number: u64) -> Value {
    json!({ "resourceType": "Encounter", "id": format!("e{number}"),
            "meta": { "versionId": "7", "lastUpdated": "2026-01-05T08:00:00Z" },
            "subject": { "reference": format!("Patient/p{}", number % 50) },
            "location": [{ "location": { "reference": "Location/51A-1" } }] })
}

fn lines(resources: impl IntoIterator<Item = Value>) -> String {
    resources.into_iter().map(|resource| format!("{resource}\n")).collect()
}

/// An export with its patients in two files.
fn export(folder: &Path, encounters: u64) {
    fs::create_dir(folder).expect("a folder");
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("written");
    write("Patient.1.ndjson", lines((0..25).map(patient)));
    write("Patient.2.ndjson", lines((25..50).map(patient)));
    let bed = json!({ "resourceType": "Location", "id": "51A-1", "partOf": { "reference": "Location/51A" } });
    write("Location.ndjson", lines([bed, json!({ "resourceType": "Location", "id": "51A" })]));
    write("Encounter.ndjson", lines((0..encounters).map(encounter)));
}

fn ids(records: &[Recorded]) -> BTreeSet<&str> {
    records.iter().map(|record| record.message_id.as_str()).collect()
}

fn one<'r>(records: &'r [Recorded], id: &str) -> &'r Recorded {
    let mut found = records.iter().filter(|record| record.message_id == id);
    let first = found.next().unwrap_or_else(|| panic!("no {id}"));
    assert!(found.next().is_none(), "{id} came twice");
    first
}

#[test]
fn a_dropped_export_is_sent_with_what_resources_refer_to() {
    let setup = Setup::mllp("24");
    let (inbox, positions) = (setup.path("inbox"), setup.path("positions"));
    export(&inbox, 3);
    fs::create_dir(&positions).expect("a folder");
    let condition = json!({ "resourceType": "Condition", "id": "c", "subject": { "reference": "Patient/p2" },
                            "encounter": { "reference": "Encounter/e2" } });
    let gone = json!({ "resourceType": "Bundle", "type": "transaction", "meta": { "lastUpdated": "2026-01-06T08:00:00Z" },
                       "entry": [{ "request": { "method": "DELETE", "url": "Encounter/old" } }] });
    let long = json!({ "resourceType": "Condition", "id": "long", "note": "Testsson".repeat(4000) }).to_string();
    let text = format!("{condition}\n\n{{\"resourceType\": Testsson\n{long}\n{gone}\n{}", encounter(7));
    fs::write(inbox.join("Condition.ndjson"), &text).expect("written");
    let setup = setup.limits("message = \"16 KiB\"").and(&format!(
        "[[region.fhir_files]]\npath = \"{}\"\npositions = \"{}\"\npoll = \"50ms\"\n",
        inbox.display(),
        positions.display()
    ));
    let mut connector = setup.start();
    let all = 50 + 2 + 3 + 5;
    let stored = "vardstrom_connector_records_stored_total{feed=\"fhir\",region=\"24\"}";
    connector.wait("everything", |connector| connector.metric(stored) >= f64::from(all));
    assert_eq!(connector.connect().exchange(&message("1", 2)), "AA 1");
    let records = setup.records("fhir", all as usize);
    assert_eq!(records.len(), all as usize);
    let condition_id = records.iter().map(|record| &record.message_id).find(|id| id.starts_with("Condition/c@"));
    let found = one(&records, condition_id.expect("the condition"));
    let bundle: Value = serde_json::from_slice(&found.payload).expect("JSON");
    let expected: Vec<Value> = [("Condition/c", condition), ("Patient/p2", patient(2)), ("Encounter/e2", encounter(2))]
        .into_iter()
        .map(|(reference, resource)| json!({ "fullUrl": reference, "resource": resource }))
        .collect();
    assert_eq!(bundle["entry"], Value::Array(expected));
    assert_eq!(found.position, "Condition.ndjson:1");
    // The same person by HL7 and by FHIR.
    let person = setup.records("adt", 1)[0].partition;
    for id in [&found.message_id, "Patient/p2@1", "Encounter/e2@7"] {
        assert_eq!(one(&records, id).partition, person, "{id}");
    }
    let deletion: Value =
        serde_json::from_slice(&one(&records, "Encounter/old@2026-01-06T08:00:00Z").payload).expect("JSON");
    assert_eq!(deletion["entry"][0]["request"], json!({ "method": "DELETE", "url": "Encounter/old" }));
    // The last line has no end, and its patient is there.
    assert_eq!(one(&records, "Encounter/e7@7").position, "Condition.ndjson:6");
    let nameless: Vec<_> = records.iter().filter(|record| record.message_id.is_empty()).collect();
    let positions: BTreeSet<_> = nameless.iter().map(|record| record.position.as_str()).collect();
    assert_eq!(positions, BTreeSet::from(["Condition.ndjson:3", "Condition.ndjson:4"]));
    let told = format!("vardstrom: a message of {} bytes was left out, the limit is 16384 bytes", long.len() + 1);
    assert!(nameless.iter().any(|record| record.payload == told.as_bytes()));
    assert!(!connector.log().contains("Testsson"), "{}", connector.log());
}

#[test]
fn an_export_killed_in_the_middle_of_a_file_goes_on_where_it_was() {
    let setup = Setup::mllp("13").limits("window = 20");
    let folder = setup.path("export");
    export(&folder, MANY);
    let position = folder.join("Encounter.ndjson.position");
    let send = || {
        let mut command = setup.command("fhir");
        command.arg(&folder).args(["--region", "13", "--config"]).arg(setup.config());
        command
    };
    let mut killed = Connector::of(send().spawn().expect("it starts"));
    wait_for_offset(&position);
    killed.kill();
    let (offset, size) = (kept_offset(&position), fs::metadata(folder.join("Encounter.ndjson")).expect("there").len());
    assert!(offset > 0 && offset < size, "killed in the middle, at {offset} of {size}");
    let output = send().output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("20052 resources of 4 files sent") && !said.contains("20052 of them now"), "{said}");
    assert!(!position.exists(), "files that were sent have no position");
    let records = setup.records("fhir", 20_052);
    assert_eq!(ids(&records).len(), 20_052);
    assert!((records.len() as u64) < 2 * MANY, "it did not start over");
    for record in records.iter().filter(|record| record.message_id.starts_with("Encounter/")) {
        let bundle: Value = serde_json::from_slice(&record.payload).expect("JSON");
        assert_eq!(bundle["entry"].as_array().map(Vec::len), Some(4), "{}", record.message_id);
        let number: u64 = record.message_id[11..].trim_end_matches("@7").parse().expect("a number");
        assert_eq!(record.position, format!("Encounter.ndjson:{}", number + 1), "lines are counted over the kill");
    }
}
