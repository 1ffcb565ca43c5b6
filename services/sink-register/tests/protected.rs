//! Persons whose identity is protected: known late, left out unless a ground names them, and told. That every form does so in
//! every order of coming is held by `load-tests`.

use serde_json::Value;

use crate::duckdb::open;
use crate::world::{Desk, Feeder, REPORTED, RUN, Statement, V1, V2, content, database, entries, month, statement};

fn manifest(desk: &Desk, parcel: &str) -> Value {
    serde_json::from_slice(&content(&desk.path(parcel))["manifest.json"]).unwrap()
}

/// The rows of completed contacts, opened.
fn rows(desk: &Desk, parcel: &str) -> String {
    std::fs::read_to_string(open(desk, parcel).path().join("riv_ta_completed.xml")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_that_is_known_late_makes_a_version_that_says_why_and_no_earlier_one_is_made_again() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    let theirs = Statement { subject: "t-0001", ..statement("THEIRS") };
    feeder.feed(&month(9)).await;
    feeder.feed(std::slice::from_ref(&theirs)).await;
    let desk = Desk::new(&database);
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
    assert_eq!(second["reason"], "later statements; identities of persons protected since");
    for finding in ["protected-identity", "protected-withheld"] {
        assert_eq!(second["findings"][finding], 1, "{finding}");
    }
    assert!(!rows(&desk, V2).contains("THEIRS"));
    // The figures count the contact, without where the person lives.
    assert_eq!(second["totals"]["completed"], manifest(&desk, V1)["totals"]["completed"]);
    let figures = |parcel: &str| {
        let text = String::from_utf8(content(&desk.path(parcel))["kpi_by_dimension.csv"].clone()).unwrap();
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
