//! Debezium topics whose messages are rows: what ExtractNewRecordState leaves of a change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::debezium::{Theirs, envelope, metric};
use super::stack::{KAFKA, Setup};

/// What is told of each message, in the order of their offsets.
fn told(setup: &Setup, count: usize) -> Vec<Value> {
    let records = setup.records("ward-capacity", count);
    let told: BTreeMap<_, _> = records.iter().map(|record| (&record.message_id, &record.payload)).collect();
    assert_eq!(told.len(), count);
    told.values().map(|payload| serde_json::from_slice(payload).expect("JSON")).collect()
}

#[test]
fn a_row_without_an_envelope_is_a_change_and_a_missing_value_its_deletion() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.flat.contact");
    // Debezium 3.6 with the transform's defaults: nothing is added, and of a deletion there is nothing but the key. Then with
    // add.fields=op,source.ts_ms,table and rewrite-with-tombstone. First an envelope of before the transform was set.
    theirs.write(0, r#"{"id":1}"#, Some(&envelope("c", json!({ "id": 1, "patient": "p" })).to_string()));
    theirs.write(0, r#"{"id":1}"#, Some(r#"{"id":1,"patient":"p"}"#));
    theirs.write(0, r#"{"id":1}"#, Some("null"));
    theirs.write(
        0,
        r#"{"id":2}"#,
        Some(r#"{"id":2,"patient":"p","__deleted":"false","__op":"c","__source_ts_ms":7,"__table":"w"}"#),
    );
    theirs.write(
        0,
        r#"{"id":2}"#,
        Some(r#"{"id":2,"patient":"","__deleted":"true","__op":"d","__source_ts_ms":8,"__table":"w"}"#),
    );
    theirs.write(0, r#"{"id":2}"#, None);
    theirs.write(0, r#"{"id":3}"#, None);
    theirs.flush();
    let topic = &theirs.topic;
    let setup =
        theirs.setup("09", &format!("keys = {{ \"{topic}\" = \"patient\" }}\nflattened = {{ \"{topic}\" = \"__\" }}"));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed()[0] == 7);
    // The tombstone after the deletion that a row has told.
    assert_eq!(metric(&connector, "09", "tombstones_total"), 1.0);
    let told = told(&setup, 6);
    let said: Vec<_> =
        told.iter().map(|told| [&told["op"], &told["before"], &told["after"], &told["flattened"]]).collect();
    let (row, none) = (json!({ "id": 1, "patient": "p" }), Value::Null);
    let (of_1, of_2, of_3) = (json!({ "id": 1 }), json!({ "id": 2 }), json!({ "id": 3 }));
    let row_2 = json!({ "id": 2, "patient": "p" });
    let yes = json!(true);
    assert_eq!(
        said,
        [
            [&json!("c"), &none, &row, &none],
            [&json!("u"), &none, &row, &yes],
            [&json!("d"), &of_1, &none, &yes],
            [&json!("c"), &none, &row_2, &yes],
            [&json!("d"), &of_2, &none, &yes],
            [&json!("d"), &of_3, &none, &yes],
        ]
    );
    assert_eq!(told[3]["source"], json!({ "ts_ms": 7, "table": "w" }));
    // What has no time of its own has that of its message.
    let records = setup.records("ward-capacity", 6);
    let at = |offset: u32| {
        records.iter().find(|record| record.message_id == format!("{topic}/0@{offset}")).expect("there").recorded_at
    };
    assert_eq!((at(3), at(4)), (Some(7_000), Some(8_000)));
    for offset in [1, 2, 6] {
        let at = at(offset).expect("a time");
        assert!(at > 1_700_000_000_000_000 && at % 1_000 == 0, "{at}");
        assert_eq!(told[offset as usize - usize::from(offset == 6)]["ts_ms"], at / 1_000);
    }
    assert_eq!(connector.stop(), 0);
}

#[test]
fn a_flattened_topic_that_says_its_deletions_needs_no_word_and_another_waits_for_one() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.flat.queue");
    theirs.write(0, r#"{"id":1}"#, Some(r#"{"id":1,"__deleted":"false"}"#));
    theirs.write(0, r#"{"id":1}"#, Some(r#"{"id":1,"__deleted":"true"}"#));
    theirs.write(0, r#"{"id":1}"#, None);
    // A row that nothing gives away is for the processor to park.
    theirs.write(0, r#"{"id":3}"#, Some(r#"{"id":3}"#));
    theirs.write(0, r#"{"id":2}"#, Some(r#"{"id":2,"__op":"c"}"#));
    theirs.write(0, r#"{"id":2}"#, None);
    theirs.flush();
    let mut connector = theirs.setup("10", "").start_unready();
    connector.wait("the remedy", |connector| connector.get("/readyz").contains("journal.flat.queue/0@4"));
    let ready = connector.get("/readyz");
    assert!(ready.contains("name the topic in `flattened`") && ready.contains("mode=rewrite"), "{ready}");
    connector.wait("the offsets", |_| theirs.committed()[0] == 4);
    assert_eq!(metric(&connector, "10", "tombstones_total"), 1.0);
    assert_eq!(connector.stop(), 0);
    let topic = &theirs.topic;
    let setup = theirs.setup("10", &format!("flattened = {{ \"{topic}\" = \"__\" }}"));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed()[0] == 6);
    let told = told(&setup, 5);
    let operations: Vec<_> = told.iter().map(|told| told["op"].as_str().unwrap_or_default()).collect();
    assert_eq!(operations, ["u", "d", "", "c", "d"]);
    assert_eq!(told[2], json!({ "id": 3 }));
    assert_eq!(connector.stop(), 0);
}
