//! Debezium topics in Avro: schemas of a registry, one that is away, and ids that it does not know.

use std::collections::{BTreeMap, BTreeSet};

use apache_avro::types::Value as Datum;
use apache_avro::{Schema, writer::datum::GenericDatumWriter};
use serde_json::{Value, json};

use super::debezium::{Theirs, metric};
use super::registered::Registered;
use super::stack::{Connector, KAFKA, Setup};

/// As a converter registers a key; the second after the table was altered.
const KEYS: [&str; 2] = [
    r#"{"type":"record","name":"Key","namespace":"t","fields":[{"name":"id","type":"long"}],"connect.name":"t.Key"}"#,
    r#"{"type":"record","name":"Key","namespace":"t","fields":[{"name":"id","type":"long"}],"connect.name":"t.Key","doc":"2"}"#,
];

const VALUE: &str = r#"{"type":"record","name":"Envelope","namespace":"t","fields":[
    {"name":"before","type":["null",{"type":"record","name":"Value","fields":[{"name":"id","type":"long"},
        {"name":"decided","type":["null",{"type":"int","connect.version":1,"connect.name":"io.debezium.time.Date"}],"default":null}]}],"default":null},
    {"name":"after","type":["null","Value"],"default":null},
    {"name":"op","type":"string"},{"name":"ts_ms","type":["null","long"],"default":null}]}"#;

fn datum(schema: &str, value: Datum) -> Vec<u8> {
    let schema = Schema::parse_str(schema).expect("a schema");
    GenericDatumWriter::builder(&schema).build().expect("a writer").write_value_to_vec(value).expect("a datum")
}

fn record(fields: Vec<(&str, Datum)>) -> Datum {
    Datum::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn key(row: i64) -> Vec<u8> {
    datum(KEYS[0], record(vec![("id", Datum::Long(row))]))
}

fn created(row: i64, day: i32) -> Vec<u8> {
    let some = |value| Datum::Union(1, Box::new(value));
    let none = || Datum::Union(0, Box::new(Datum::Null));
    let after = record(vec![("id", Datum::Long(row)), ("decided", some(Datum::Int(day)))]);
    let op = Datum::String("c".to_owned());
    datum(VALUE, record(vec![("before", none()), ("after", some(after)), ("op", op), ("ts_ms", some(Datum::Long(7)))]))
}

/// Before a datum: an id of four bytes.
fn framed(id: u32, datum: &[u8]) -> Vec<u8> {
    [&[0], &id.to_be_bytes()[..], datum].concat()
}

fn wait_unready(connector: &mut Connector, words: &str) -> String {
    connector.wait(words, |connector| connector.get("/readyz").contains(words));
    connector.get("/readyz")
}

fn wait_ready(connector: &mut Connector) {
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
}

/// What is told of each row, in the order of their ids.
fn told(setup: &Setup, count: usize) -> Vec<Value> {
    let records = setup.records("ward-capacity", count);
    let told: BTreeMap<_, _> = records.iter().map(|record| (&record.message_id, &record.payload)).collect();
    assert_eq!(told.len(), records.len(), "nothing is sent twice");
    told.values().map(|payload| serde_json::from_slice(payload).expect("JSON")).collect()
}

fn expected(row: i64, day: &str) -> Value {
    json!({ "before": null, "after": { "id": row, "decided": day }, "op": "c", "ts_ms": 7 })
}

#[test]
fn a_change_in_avro_is_the_record_that_json_gives_and_its_row_stays_together() {
    const ROWS: i64 = 16;
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.avro.contact");
    let registry = Registered::start();
    registry.hold(1, KEYS[0]);
    registry.hold(2, KEYS[1]);
    registry.hold(3, VALUE);
    for row in 0..ROWS {
        // The key's schema changes with the table; Apicurio writes ids as eight bytes unless it is told otherwise.
        theirs.write_bytes(0, &framed(1, &key(row)), Some(&framed(3, &created(row, 20_454))), &[]);
        theirs.write_bytes(0, &framed(2, &key(row)), Some(&framed(3, &created(row, 20_455))), &[]);
        let long = |id, datum: &[u8]| framed(0, &[&id_bytes(id)[..], datum].concat());
        theirs.write_bytes(0, &long(2, &key(row)), Some(&long(3, &created(row, 20_456))), &[]);
    }
    theirs.write_bytes(0, &framed(2, &key(0)), None, &[]);
    theirs.flush();
    let setup = theirs.setup("01", &format!("registry = \"http://{}\"", registry.address()));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed()[0] == 3 * ROWS + 1);
    assert_eq!(metric(&connector, "01", "tombstones_total"), 1.0);
    let mut partitions: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    let records = setup.records("ward-capacity", 3 * ROWS as usize);
    for (row, day) in (0..ROWS).flat_map(|row| ["2026-01-01", "2026-01-02", "2026-01-03"].map(|day| (row, day))) {
        let is_told =
            |payload: &[u8]| serde_json::from_slice::<Value>(payload).is_ok_and(|told| told == expected(row, day));
        let found: Vec<_> = records.iter().filter(|record| is_told(&record.payload)).collect();
        assert_eq!((found.len(), found[0].recorded_at), (1, Some(7_000)), "{row} {day}");
        partitions.entry(row.to_string()).or_default().insert(found[0].partition);
    }
    assert!(partitions.values().all(|of_row| of_row.len() == 1), "{partitions:?}");
    assert!(partitions.values().collect::<BTreeSet<_>>().len() > 1, "{partitions:?}");
    // Each schema is asked for once.
    assert_eq!([1, 2, 3].map(|id| registry.asked(&format!("/schemas/ids/{id}"))), [1, 1, 1]);
    assert_eq!(connector.stop(), 0);
}

fn id_bytes(id: u32) -> [u8; 4] {
    id.to_be_bytes()
}

#[test]
fn ids_in_headers_are_looked_up_by_apicurios_own_interface() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.avro.headers");
    let registry = Registered::start();
    registry.hold_as("/apis/registry/v3/ids/contentIds/11", VALUE);
    registry.hold_as("/apis/registry/v3/ids/globalIds/16", VALUE);
    registry.hold_as("/apis/registry/v3/ids/globalIds/9", KEYS[0]);
    let id = |id: u64| id.to_be_bytes();
    let of_key = ("apicurio.key.globalId", &id(9)[..]);
    let encoding = ("apicurio.value.encoding", &b"BINARY"[..]);
    for (row, header) in [(1, ("apicurio.value.contentId", id(11))), (2, ("apicurio.value.globalId", id(16)))] {
        let headers = [of_key, ("another", b"x"), (header.0, &header.1[..]), encoding];
        theirs.write_bytes(0, &key(row), Some(&created(row, 20_454)), &headers);
    }
    theirs.write_bytes(0, &framed(9, &key(3)), Some(&framed(16, &created(3, 20_454))), &[]);
    theirs.flush();
    // Confluent's interface does not know them, and says so.
    let url = |path: &str| format!("registry = \"http://{}{path}\"", registry.address());
    let mut connector = theirs.setup("03", &url("")).start_unready();
    let told_of = wait_unready(&mut connector, "Apicurio's id in a header");
    assert!(told_of.contains("journal.avro.headers/0@0"), "{told_of}");
    assert_eq!(connector.stop(), 0);
    let setup = theirs.setup("03", &format!("{}\nregistry_ids = \"global\"", url("/apis/registry/v3")));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed()[0] == 3);
    assert_eq!(told(&setup, 3), [1, 2, 3].map(|row| expected(row, "2026-01-01")));
    assert_eq!(connector.stop(), 0);
}

#[test]
fn a_registry_that_is_away_is_waited_for_and_told() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.avro.away");
    let address = ([127, 0, 0, 1], local_stack::free_port().expect("a port")).into();
    theirs.write(0, "1", Some(&json!({ "op": "c", "after": { "id": 1 } }).to_string()));
    theirs.write_bytes(0, &framed(1, &key(2)), Some(&framed(3, &created(2, 20_454))), &[]);
    theirs.write(0, "3", Some(&json!({ "op": "c", "after": { "id": 3 } }).to_string()));
    // Another that waits for the same, and is met first now and then.
    theirs.write_bytes(1, &framed(1, &key(4)), Some(&framed(3, &created(4, 20_454))), &[]);
    theirs.flush();
    let setup = theirs.setup("04", &format!("registry = \"http://{address}\""));
    let mut connector = setup.start_unready();
    wait_unready(&mut connector, "the schema registry does not answer at");
    assert_eq!(metric(&connector, "04", "connected"), 0.0);
    // What came before it is stored, and what comes after it waits, through several tries.
    connector.wait("the offsets", |_| theirs.committed()[0] == 1);
    let tries = |connector: &Connector| metric(connector, "04", "changes_total");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(connector.get("/readyz").contains("does not answer"), "it is not well between two tries");
    assert_eq!((theirs.committed()[0], tries(&connector)), (1, 1.0));
    assert_eq!(connector.log().matches("the schema registry does not answer at").count(), 1, "{}", connector.log());
    let registry = Registered::at(address);
    registry.hold(1, KEYS[0]);
    registry.hold(3, VALUE);
    connector.wait("the offsets", |_| theirs.committed() == [3, 1, -1]);
    wait_ready(&mut connector);
    assert_eq!(metric(&connector, "04", "connected"), 1.0);
    let told = told(&setup, 4);
    assert_eq!([&told[1], &told[3]], [&expected(2, "2026-01-01"), &expected(4, "2026-01-01")]);
    assert_eq!(connector.stop(), 0);
}

#[test]
fn an_id_that_the_registry_does_not_know_is_told_and_can_be_mended_or_left_out() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.avro.unknown");
    let registry = Registered::start();
    registry.hold(1, KEYS[0]);
    registry.hold(3, VALUE);
    for (row, id) in [(1, 3), (2, 17), (3, 18), (4, 3)] {
        theirs.write_bytes(0, &framed(1, &key(row)), Some(&framed(id, &created(row, 20_454))), &[]);
    }
    theirs.flush();
    let setup = theirs.setup("05", &format!("registry = \"http://{}\"", registry.address()));
    let mut connector = setup.start_unready();
    let told_of = wait_unready(&mut connector, "journal.avro.unknown/0@1");
    for words in
        ["has no such schema at", "/schemas/ids/17", "--topic journal.avro.unknown:0 --reset-offsets --to-offset 2"]
    {
        assert!(told_of.contains(words), "{words}: {told_of}");
    }
    // Registered anew.
    registry.hold(17, VALUE);
    let told_of = wait_unready(&mut connector, "journal.avro.unknown/0@2");
    assert!(told_of.contains("/schemas/ids/18") && !told_of.contains("/schemas/ids/17"), "{told_of}");
    // Left out.
    theirs.commit(0, 3);
    connector.wait("the offsets", |_| theirs.committed()[0] == 4);
    wait_ready(&mut connector);
    assert_eq!(told(&setup, 3), [1, 2, 4].map(|row| expected(row, "2026-01-01")));
    assert_eq!(connector.stop(), 0);
}

#[test]
fn avro_without_a_registry_waits_for_one_to_be_named() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.avro.unnamed");
    theirs.write_bytes(1, &framed(1, &key(1)), Some(&framed(3, &created(1, 20_454))), &[]);
    theirs.flush();
    let mut connector = theirs.setup("06", "").start_unready();
    let told_of = wait_unready(&mut connector, "journal.avro.unnamed/1@0");
    assert!(told_of.contains("name that one as `registry`"), "{told_of}");
    assert_eq!((theirs.committed(), connector.stop()), (vec![-1, -1, -1], 0));
    let registry = Registered::start();
    registry.hold(1, KEYS[0]);
    registry.hold(3, VALUE);
    let setup = theirs.setup("06", &format!("registry = \"http://{}\"", registry.address()));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed() == [-1, 1, -1]);
    assert_eq!(told(&setup, 1), [expected(1, "2026-01-01")]);
    assert_eq!(connector.stop(), 0);
}

#[test]
fn what_is_of_another_kind_or_does_not_fit_its_schema_is_recorded_as_it_is() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.avro.other");
    let registry = Registered::start();
    registry
        .hold_as("/schemas/ids/4", &json!({ "schema": "syntax = \"proto3\";", "schemaType": "PROTOBUF" }).to_string());
    registry.hold(3, VALUE);
    let cut = &created(1, 20_454)[..5];
    for value in [framed(4, &[0, 8, 1]), framed(3, cut)] {
        theirs.write_bytes(0, b"{\"id\":1}", Some(&value), &[]);
    }
    theirs.flush();
    let setup = theirs.setup("07", &format!("registry = \"http://{}\"", registry.address()));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed()[0] == 2);
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"unreadable\"}"), 2.0);
    let payloads: BTreeSet<_> = setup.records("ward-capacity", 2).into_iter().map(|record| record.payload).collect();
    assert_eq!(payloads, BTreeSet::from([framed(4, &[0, 8, 1]), framed(3, cut)]));
    assert_eq!(connector.stop(), 0);
}
