//! Persons whose identity is protected: known late, left out unless a ground names them, and told. That every form does so in
//! every order of coming is held by `load-tests`.

use serde_json::Value;

use crate::duckdb::open;
use crate::world::{
    Desk, Feeder, REPORTED, RUN, Statement, V1, V2, connect, content, database, entries, month, pseudonyms, statement,
};

/// Another feed says that the identity of `t-0001` is protected.
const SAID: &str = "INSERT INTO events (region, event_id, subject, event_type, schema_version, source_system, \
     source_message_id, origin_topic, origin_partition, origin_offset, origin_ordinal, occurred_at, ingested_at, correction, \
     subject_token, protected_identity, record) VALUES ('14', gen_random_uuid(), 'person', 'person.updated', 1, 'test', \
     'test', 'test', 0, 0, 0, now(), now(), 'NEW', 't-0001', true, '')";

fn manifest(desk: &Desk, parcel: &str) -> Value {
    serde_json::from_slice(&content(&desk.path(parcel))["manifest.json"]).unwrap()
}

/// The rows of completed contacts, opened, with the two contacts' numbers in place of their pseudonyms.
fn rows(desk: &Desk, parcel: &str) -> String {
    let text = std::fs::read_to_string(open(desk, parcel).path().join("riv_ta_completed.xml")).unwrap();
    let skr = pseudonyms("skr", "waiting-times");
    ["OURS", "THEIRS"].iter().fold(text, |text, contact| text.replace(&skr.number(contact), contact))
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_that_is_known_late_makes_a_version_and_no_earlier_one_is_made_again() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    let theirs = Statement { subject: "t-0001", ..statement("THEIRS") };
    feeder.feed(&month(9)).await;
    feeder.feed(std::slice::from_ref(&theirs)).await;
    let desk = Desk::new(&database);
    // So few contacts would say nothing.
    desk.define("waiting-times", |text| text.replace("hide_below = 20", "hide_below = 1"));
    desk.run(&[]);
    assert!(rows(&desk, V1).contains("THEIRS"));
    assert_eq!(manifest(&desk, V1)["findings"]["protected-identity"], Value::Null);

    // Said with a contact of another month, about the person and not about the contact.
    let said = Statement { period: "2026-03", protected: true, subject: "t-0001", ..statement("OTHER") };
    feeder.feed(&[said]).await;
    let plan = ["plan", "--region", "14", "--period", "2026-02", "--extract", "waiting-times", "--out", "parcels"];
    assert!(desk.done(&plan).contains("rows of 1 events of persons with protected identity are left out"));
    desk.run(&[]);
    let second = manifest(&desk, V2);
    assert_eq!(second["reason"], "later statements");
    for finding in ["protected-identity", "protected-withheld"] {
        assert_eq!(second["findings"][finding], 1, "{finding}");
    }
    assert!(!rows(&desk, V2).contains("THEIRS"));
    // The figures count the contact, without where the person lives.
    assert_eq!(second["totals"]["completed"], manifest(&desk, V1)["totals"]["completed"]);
    let figures = |parcel: &str| {
        let text = String::from_utf8(content(&desk.path(parcel))["waits_by_dimension.csv"].clone()).unwrap();
        text.lines().filter(|line| line.contains(";1480;")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(figures(V1), figures(V2));
    assert!(desk.run(&[]).starts_with("unchanged"));

    // What the first version said of the person is not said again.
    desk.refused(&[&RUN[..], &["--as-of", V1]].concat(), 1, "cannot be reproduced");
    assert_eq!(entries(&desk).len(), 2);
    // Protection is not taken back by a later statement that does not mark it.
    feeder.feed(&[Statement { recorded: Some(REPORTED + 9), ..theirs }]).await;
    assert!(desk.run(&[]).starts_with("unchanged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_is_the_reason_of_a_version_that_nothing_else_has_caused() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&[Statement { subject: "t-0001", ..statement("THEIRS") }, statement("OURS")]).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    connect(&database.superuser).await.batch_execute(SAID).await.unwrap();
    desk.run(&[]);
    assert_eq!(manifest(&desk, V2)["reason"], "identities of persons protected since");
    assert!(rows(&desk, V2).contains("OURS") && !rows(&desk, V2).contains("THEIRS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_protection_changes_nothing_of_is_made_again_with_the_findings_of_its_time() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&[Statement { subject: "t-0001", ..statement("THEIRS") }, statement("OURS")]).await;
    let desk = Desk::new(&database);
    desk.cover_protected("waiting-times");
    let path = desk.path("definitions/waiting-times.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("    \"") || line.contains("waits_by_step")).collect();
    std::fs::write(&path, kept.join("\n")).unwrap();
    desk.run(&[]);
    connect(&database.superuser).await.batch_execute(SAID).await.unwrap();
    assert!(desk.run(&[]).starts_with("unchanged"));
    assert!(desk.run(&["--as-of", V1]).starts_with("unchanged"));
    assert_eq!(manifest(&desk, V1)["findings"]["protected-identity"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ground_that_names_protected_persons_has_their_rows_without_where_they_live() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&[Statement { subject: "t-0001", protected: true, ..statement("THEIRS") }, statement("OURS")]).await;
    let desk = Desk::new(&database);
    desk.cover_protected("waiting-times");
    desk.run(&[]);
    let rows = rows(&desk, V1);
    let row = |contact: &str| rows.lines().find(|line| line.contains(contact)).unwrap().to_owned();
    assert!(row("OURS").contains("<Lkf>1480</Lkf>") && row("OURS").contains("HSAIdPatientListning"));
    assert!(row("THEIRS").contains("<Lkf>0000</Lkf>") && !row("THEIRS").contains("HSAIdPatientListning"));
    let findings = &manifest(&desk, V1)["findings"];
    assert_eq!((&findings["protected-identity"], &findings["protected-withheld"]), (&1.into(), &Value::Null));
}
