//! Who opposes a register or has opted out of a use: left out of everything, in a version of its own, and told by number only where
//! they are many.

use schemas::{Encoder, Held, Kind, Objection, Timestamp, Verb, registry};
use serde_json::Value;
use sink_store::{Record, Store};

use crate::world::{
    DAY, Database, Desk, Feeder, RUN, Statement, TENTH, V1, V2, connect, content, database, month, statement,
};

const PLAN: [&str; 7] = ["plan", "--region", "14", "--period", "2026-02", "--extract", "waiting-times"];

/// The definition of waiting times, with what it is for.
fn aim(desk: &Desk, lines: &str) {
    desk.cover_protected("waiting-times");
    let path = desk.path("definitions/waiting-times.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{lines}\n{text}")).unwrap();
}

fn manifest(desk: &Desk, parcel: &str) -> Value {
    serde_json::from_slice(&content(&desk.path(parcel))["manifest.json"]).unwrap()
}

/// Has persons say something, by the store's own way.
async fn say(database: &Database, persons: &[&str], verb: Verb, scope: &str, held: &[(i64, Option<i64>)], at: i64) {
    let (kind, region) = (Kind::Objection, "14");
    let id = registry::development_id_current(kind);
    let mut store = Store::open(&database.superuser, &[region.to_owned()]).await.unwrap();
    store.add_schema(region, id, kind.avsc()).await.unwrap();
    let held = held.iter().map(|(since, until)| Held { since: Timestamp(*since), until: until.map(Timestamp) });
    let held: Vec<Held> = held.collect();
    let mut encoder = Encoder::new(kind, id);
    let values: Vec<Vec<u8>> = persons
        .iter()
        .map(|subject_token| {
            let (held, stated_at) = (held.clone(), Timestamp(at));
            let said = Objection { region, subject_token, verb, scope, held, ground: "test", case_id: None, stated_at };
            let mut value = Vec::new();
            encoder.encode(&said, &mut value).unwrap();
            value
        })
        .collect();
    let source = store.sources().len();
    let record = |(offset, value): (i64, _)| Record { source, partition: 0, offset, origin: None, value };
    let records: Vec<Record<'_>> = (at..).zip(values.iter().map(Vec::as_slice)).map(record).collect();
    assert_eq!(store.hear(region, &records).await.unwrap().changed, persons.len() as u64);
    if store.is_erasing(region) {
        store.erase(region).await.unwrap();
    }
}

/// Statements of six persons, one contact each, and a month of others.
async fn six(database: &Database) -> [&'static str; 6] {
    let persons = ["p-1", "p-2", "p-3", "p-4", "p-5", "p-6"];
    let mut feeder = Feeder::new(database, "14").await;
    feeder.feed(&month(9)).await;
    feeder.feed(&persons.map(|subject| Statement { subject, ..statement(subject) })).await;
    persons
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opposes_the_register_is_in_no_file_of_the_next_version() {
    let database = database(&["14"]).await;
    let persons = six(&database).await;
    let desk = Desk::new(&database);
    aim(&desk, "register = \"rikshoft\"");
    desk.run(&[]);
    let completed = |parcel: &str| manifest(&desk, parcel)["totals"]["completed"].as_i64().unwrap();
    assert_eq!(manifest(&desk, V1)["left_out"], Value::Null);

    // Another register, and another verb, change nothing.
    say(&database, &persons, Verb::Oppose, "swedeheart", &[(TENTH, None)], TENTH).await;
    say(&database, &persons, Verb::OptOut, "all", &[(TENTH, None)], TENTH + 10).await;
    assert!(desk.run(&[]).starts_with("unchanged"));

    say(&database, &persons, Verb::Oppose, "rikshoft", &[(TENTH, None)], TENTH + 20).await;
    let planned = desk.done(&PLAN);
    assert!(planned.contains("left out, for they object: 6 persons, 6 events (oppose rikshoft)"), "{planned}");
    desk.run(&[]);
    let second = manifest(&desk, V2);
    assert_eq!(second["reason"], "who objects since, or does no longer");
    let expected = serde_json::json!([{"ground": "oppose rikshoft", "persons": 6, "events": 6}]);
    assert_eq!(second["left_out"], expected);
    // In the figures neither.
    assert_eq!(completed(V1) - completed(V2), 6);
    assert!(desk.run(&[]).starts_with("unchanged"));
    // What the first version said of them is not said again.
    desk.refused(&[&RUN[..], &["--as-of", V1]].concat(), 1, "cannot be reproduced");
    assert!(desk.run(&["--as-of", V2]).starts_with("unchanged"));

    // Withdrawn by two: how many are left is few, and not told.
    let ended = [(TENTH, Some(TENTH + DAY))];
    say(&database, &persons[..2], Verb::Oppose, "rikshoft", &ended, TENTH + DAY).await;
    desk.run(&[]);
    let third = manifest(&desk, "parcels/waiting-times_14_2026-02_v3");
    let expected = serde_json::json!([{"ground": "oppose rikshoft", "persons": null, "events": null}]);
    assert_eq!((&third["left_out"], &third["reason"]), (&expected, &"who objects since, or does no longer".into()));
    assert_eq!(completed("parcels/waiting-times_14_2026-02_v3") - completed(V2), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_leaves_out_who_had_opted_out_when_it_was_permitted() {
    let database = database(&["14"]).await;
    let persons = six(&database).await;
    // Opted out from the tenth to the twentieth; one of all uses, for good.
    say(&database, &persons[..5], Verb::OptOut, "research", &[(TENTH, Some(TENTH + 10 * DAY))], TENTH + 10 * DAY).await;
    say(&database, &persons[5..], Verb::OptOut, "all", &[(TENTH, None)], TENTH + 10 * DAY + 10).await;
    let count = |lines: &str| {
        let desk = Desk::new(&database);
        aim(&desk, lines);
        let planned = desk.done(&PLAN);
        let latest = planned.split("of which ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        latest.parse::<i64>().unwrap()
    };
    let all = count("");
    let check = |lines: &str, left_out: i64| assert_eq!(all - count(lines), left_out, "{lines}");
    check("purpose = \"research\"", 1);
    check("purpose = \"statistics\"", 1);
    check("purpose = \"research\"\napproved = \"2026-02-09\"", 0);
    // On the day itself both count: nobody knows the hour.
    check("purpose = \"research\"\napproved = \"2026-02-10\"", 6);
    check("purpose = \"research\"\napproved = \"2026-02-15\"", 6);
    check("purpose = \"research\"\napproved = \"2026-02-25\"", 1);
    check("register = \"research\"", 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_in_no_version_from_then_on() {
    let database = database(&["14"]).await;
    let persons = six(&database).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    say(&database, &persons[..2], Verb::Erase, "", &[], TENTH).await;
    desk.run(&[]);
    let completed = |parcel: &str| manifest(&desk, parcel)["totals"]["completed"].as_i64().unwrap();
    assert_eq!(completed(V1) - completed(V2), 2);
    assert_eq!(manifest(&desk, V2)["reason"], "persons erased since");
    // How many is no matter of the recipient's.
    assert_eq!(manifest(&desk, V2)["left_out"], Value::Null);
    assert!(desk.run(&[]).starts_with("unchanged"));
    desk.refused(&[&RUN[..], &["--as-of", V1]].concat(), 1, "cannot be reproduced");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_left_out_under_every_pseudonym() {
    let database = database(&["14"]).await;
    six(&database).await;
    let link =
        "INSERT INTO episode_link (region, node, other) VALUES ('14', 's:p-1', 's:card'), ('14', 's:card', 's:p-1')";
    connect(&database.superuser).await.batch_execute(link).await.unwrap();
    say(&database, &["card"], Verb::Oppose, "rikshoft", &[(TENTH, None)], TENTH).await;
    let desk = Desk::new(&database);
    aim(&desk, "register = \"rikshoft\"");
    let planned = desk.done(&PLAN);
    assert!(planned.contains("left out, for they object: fewer than 5 persons (oppose rikshoft)"), "{planned}");
}

#[test]
fn what_a_definition_says_wrongly_is_told() {
    let text = include_str!("../definitions/omop.toml");
    let check = |from: &str, to: &str, expected: &str| {
        assert!(text.contains(from), "{from}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("own.toml"), text.replacen(from, to, 1)).unwrap();
        let error = sink_register::definition::Definitions::load(Some(folder.path())).unwrap_err();
        assert!(runtime::exit::chain(&error).contains(expected), "{to}: {}", runtime::exit::chain(&error));
    };
    let purpose = "purpose = \"research\"";
    check(purpose, "purpose = \"Research\"", "purpose: must be lower case");
    check(purpose, "approved = \"2026-01-31\"", "approved: is of a purpose");
    check(purpose, "purpose = \"research\"\napproved = \"2026-02-31\"", "approved: must be a day");
}
