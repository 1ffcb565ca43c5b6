//! A region's own table of beds, by a package, says the same as the capacity feed.

use std::path::Path;

use identity::Key;
use processor::mapping::Program;
use processor::pipeline::{Outcome, Pipeline, Settings};
use schemas::{Format, SourceRecord};
use serde_json::{Value, json};

use crate::support::{self, Kept};

fn process(feed: &'static str, format: Format, payload: &str) -> (Outcome, Kept) {
    let mut pipeline = Pipeline::new(Settings {
        region: "14".into(),
        key: Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key"),
        key_id: "v1".into(),
        directory: support::sample_directory(),
        programs: vec![Program::load(Path::new("ward-capacity")).expect("shipped")],
        interim: false,
    })
    .expect("a pipeline");
    let source = SourceRecord { feed, ..support::source(format, payload.as_bytes()) };
    let mut kept = Kept::default();
    let outcome = pipeline.process(&source, support::ORIGIN, &mut kept);
    (outcome, kept)
}

/// The event without what is the payload's own: its hash is in the event id, and columns have other names.
fn said(kept: &Kept) -> Value {
    let mut event = kept.events[0].clone();
    event["envelope"]["event_id"] = Value::Null;
    for finding in event["envelope"]["quality"].as_array_mut().expect("a list") {
        finding["field"] = Value::Null;
    }
    event
}

#[test]
fn the_event_is_that_of_the_capacity_feed() {
    for row in [
        "MAVA;2026-01-06T08:00;;24;20;4;personal",
        "MAVA;2026-01-06;2026-01-07;24;20;4;ombyggnad",
        "Medicin;20260106;;;12;;",
        "OKÄND;2026-01-06;;20;20;4;semester",
        "MAVA;2026-01-06;;20;20;4;",
    ] {
        let own = format!("enhet;giltig_fran;giltig_till;faststallda;disponibla;stangda;skal\n{row}");
        let table = format!("Avdelning;Gäller från;Gäller till;Fastställda;Disponibla;Stängda;Skäl\n{row}");
        let (_, feed) = process("capacity", Format::Delimited, &own);
        let (_, package) = process("ward-capacity", Format::Delimited, &table);
        assert_eq!(said(&package), said(&feed), "{row}");
    }
}

#[test]
fn a_row_that_says_nothing_or_cannot_be_read_is_refused() {
    let refused = |row: &str| {
        let payload = format!("avdelning;galler_fran;galler_till;faststallda;disponibla;stangda;skal\n{row}");
        let (_, kept) = process("ward-capacity", Format::Delimited, &payload);
        kept.parked[0]["rule"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(refused("MAVA;2026-01-06;;;;;"), "capacity-empty");
    assert_eq!(refused("MAVA;2026-01-06;;24;x;;"), "field-invalid");
    assert_eq!(refused("MAVA;2026-01-06;;24;-1;;"), "field-invalid");
    assert_eq!(refused("MAVA;2026-01-06;snart;24;20;;"), "field-invalid");
    assert_eq!(refused(";2026-01-06;;24;20;;"), "field-missing");
}

#[test]
fn a_change_is_a_new_statement_and_a_deletion_is_refused() {
    let row = json!({"avdelning": "MAVA", "galler_fran": "2026-01-06T08:00:00", "faststallda": 24, "disponibla": 20, "stangda": 4, "skal": "P"});
    let envelope = json!({"before": null, "after": row, "op": "u"}).to_string();
    let (_, kept) = process("ward-capacity", Format::Debezium, &envelope);
    let event = &kept.events[0];
    assert_eq!((event["disponibla"].as_i64(), event["stangda_reason"].as_str()), (Some(20), Some("PERSONAL")));
    let envelope = json!({"before": row, "after": null, "op": "d", "replica_identity": "full"}).to_string();
    let (outcome, kept) = process("ward-capacity", Format::Debezium, &envelope);
    assert!(matches!(outcome, Outcome::Rejected(_)));
    assert_eq!(kept.parked[0]["rule"], "capacity-deleted");
}
