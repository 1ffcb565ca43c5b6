//! Each example file is processed and compared with its snapshot; together they show every rule of HL7 records.

use std::collections::BTreeSet;
use std::path::PathBuf;

use processor::dry_run::{self, Options};
use processor::rules::TABLE;
use schemas::Format;

use crate::support;

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let entries = std::fs::read_dir(folder).expect("the examples");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "hl7"));
    files.sort();
    files
}

fn dry_run(file: &PathBuf) -> String {
    let options = Options { directory: support::sample_directory(), ..support::dry_run_options() };
    let mut output = Vec::new();
    dry_run::run(options, std::fs::File::open(file).expect("an example"), &mut output).expect("a dry run");
    String::from_utf8(output).expect("JSON lines are UTF-8")
}

#[test]
fn every_example_becomes_what_its_snapshot_says() {
    for file in files() {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(name, dry_run(&file));
    }
}

#[test]
fn the_same_bytes_give_the_same_output() {
    for file in files() {
        assert_eq!(dry_run(&file), dry_run(&file));
    }
}

/// Rules of rows, files and resources, which `capacity`, `mapping`, `debezium` and `fhir` show.
fn is_of_tables(code: &str) -> bool {
    let of_packages = [
        "feed-unmapped",
        "column-missing",
        "code-unknown",
        "key-rounded",
        "id-rounded",
        "date-placeholder",
        "date-implausible",
        "date-open-end",
        "amount-ambiguous",
    ];
    let of_changes = [
        "change-unreadable",
        "change-encoded",
        "change-flattened",
        "change-cloud-event",
        "change-stringified",
        "table-truncated",
        "column-unavailable",
        "column-unreadable",
        "before-untold",
        "before-unvouched",
        "value-maybe-missing",
        "delete-incomplete",
        "delete-unvouched",
        "tombstone",
        "database-message",
    ];
    ["capacity-", "file-", "field-", "package-rule-", "wait-", "cost-", "fhir-"]
        .iter()
        .any(|prefix| code.starts_with(prefix))
        || of_packages.contains(&code)
        || of_changes.contains(&code)
        || crate::clinical::SHOWN.contains(&code)
}

/// The rules that need bytes an example file cannot show, with the test that shows them.
const SHOWN_ELSEWHERE: [&str; 25] = [
    "record-unreadable",       // service: a record that is not Avro
    "region-mismatch",         // below
    "second-header",           // below
    "segments-too-many",       // below
    "message-too-long",        // below
    "charset-contradicted",    // below
    "charset-unknown",         // below
    "charset-mixed",           // wire
    "message-shortened",       // wire
    "control-character",       // wire
    "escape-doubtful",         // wire
    "time-imprecise",          // feeds
    "zone-of-message",         // feeds
    "clock-of-utc",            // event_time: it needs a moment of receipt
    "time-impossible",         // feeds
    "record-panicked",         // service: a panic that the test asks for
    "seal-missing",            // sealing
    "seal-key-unknown",        // sealing
    "seal-key-wrong",          // sealing
    "seal-broken",             // sealing
    "identity-unreadable",     // rekeyed
    "identity-key-unknown",    // rekeyed
    "identity-of-another-key", // rekeyed
    "identity-joined",         // rekeyed
    "technical-beds-stated",   // technical_beds: it is the unit directory that says so
];

#[test]
fn every_rule_is_shown() {
    let lines: String = files().iter().map(dry_run).collect();
    let mut shown: BTreeSet<&str> = SHOWN_ELSEWHERE.into();
    for entry in TABLE {
        if lines.contains(&format!("\"{}\"", entry.code)) || is_of_tables(entry.code) {
            shown.insert(entry.code);
        }
    }
    let missing: Vec<&str> = TABLE
        .iter()
        .filter(|entry| !shown.contains(entry.code) && entry.code != "row-unreadable")
        .map(|entry| entry.code)
        .collect();
    assert_eq!(missing, [""; 0], "rules that no example and no test shows");
}

#[test]
fn rules_of_bytes_and_coordinates() {
    let mut pipeline = support::pipeline(support::sample_directory());
    let mut code = |format, payload: &[u8]| {
        let (outcome, kept) = support::process(&mut pipeline, format, payload);
        let parked = kept.parked.first().map(|parked| parked["rule"].as_str().unwrap_or_default().to_owned());
        let quality = kept.events.first().map(|event| event["envelope"]["quality"].to_string());
        (parked.or(quality).unwrap_or_default(), outcome)
    };
    let message = "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A01|1|P|2.5|||AL|NE|SWE|UNICODE UTF-8\rEVN|A01\rPID|1||77^^^SU\rPV1||I|MAVA||||||||||||||||V1\r";
    assert_eq!(code(Format::Hl7v2, message.as_bytes()).0, "[]");
    assert_eq!(code(Format::Fhir, message.as_bytes()).0, "fhir-unreadable");
    assert_eq!(code(Format::Debezium, b"{}").0, "feed-unmapped");
    assert_eq!(code(Format::Hl7v2, message.repeat(2).as_bytes()).0, "second-header");
    let many = format!("{message}{}", "NPU|1\r".repeat(hl7::SEGMENTS_MAX));
    assert_eq!(code(Format::Hl7v2, many.as_bytes()).0, "segments-too-many");
    let long = format!("{message}ZZZ|{}\r", "x".repeat(hl7::MESSAGE_BYTES_MAX));
    assert_eq!(code(Format::Hl7v2, long.as_bytes()).0, "message-too-long");
    let latin = message.replace("MAVA", "Ögon").chars().map(|letter| letter as u8).collect::<Vec<u8>>();
    let (quality, _) = code(Format::Hl7v2, &latin);
    assert!(quality.contains("charset-contradicted"), "{quality}");
    let other = message.replace("UNICODE UTF-8", "BIG-5").replace("MAVA", "Ögon");
    let (quality, _) = code(Format::Hl7v2, other.as_bytes());
    assert!(quality.contains("charset-unknown"), "{quality}");
}

#[test]
fn a_record_may_not_change_region() {
    let mut pipeline = support::pipeline(support::sample_directory());
    let mut source = support::source(Format::Hl7v2, b"MSH|^~\\&|");
    source.region = "12";
    let mut kept = support::Kept::default();
    pipeline.process(&source, support::ORIGIN, &mut kept);
    insta::assert_json_snapshot!("region-mismatch", kept.parked);
}

#[test]
fn an_admission_has_all_its_fields() {
    let mut pipeline = support::pipeline(support::sample_directory());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/admission-transfer-discharge.hl7");
    let bytes = std::fs::read(file).expect("the example");
    let message = hl7::batch::messages(&bytes).next().expect("a message");
    let (_, kept) = support::process(&mut pipeline, Format::Hl7v2, message);
    insta::assert_json_snapshot!("admission-in-full", kept.events);
}

#[test]
fn a_capacity_row_has_all_its_fields() {
    let mut pipeline = support::pipeline(support::sample_directory());
    let row = "enhet;giltig_fran;faststallda;disponibla;stangda;skal\nMAVA;2026-01-06T08:00;24;20;4;personal";
    let (_, kept) = support::process(&mut pipeline, Format::Delimited, row.as_bytes());
    insta::assert_json_snapshot!("capacity-in-full", kept.events);
    let (_, kept) = support::process(&mut pipeline, Format::Delimited, row.replace("20;4", "x;4").as_bytes());
    insta::assert_json_snapshot!("capacity-refused", kept.parked);
}
