//! The wall between regions, as the program's own login meets it.

use crate::world::{Desk, Feeder, connect, database, login, month, statement};

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_one_region_reads_and_writes_nothing_of_another() {
    let database = database(&["13", "14"]).await;
    Feeder::new(&database, "13").await.feed(&month(7)).await;
    Feeder::new(&database, "14").await.feed(&[statement("A")]).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    let client = connect(&database.login).await;
    // The login may become either region's roles; within a transaction it is one of them, and app.region is a word.
    for role in ["vardstrom_reader_r14", "vardstrom_register_r14"] {
        client.batch_execute(&format!("BEGIN; SET LOCAL ROLE {role}; SET LOCAL app.region = '13'")).await.unwrap();
        for (sql, expected) in [
            ("SELECT count(*) FROM events WHERE region = '13'", 0_i64),
            ("SELECT count(*) FROM events", 1),
            ("SELECT count(*) FROM delivery.origin WHERE region = '13'", 0),
            ("SELECT count(*) FROM register.ledger", 1),
        ] {
            assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), expected, "{role}: {sql}");
        }
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    let register = "BEGIN; SET LOCAL ROLE vardstrom_register_r14";
    let insert = |region: &str| {
        format!(
            "{register}; SET LOCAL app.region = '13'; INSERT INTO register.ledger (region, action, \
             extract, definition, period, version, recipient, legal_ground, record_count, manifest_sha256, origin) \
             VALUES ('{region}', 'made', 'x', '1', '2026-01', 1, 'x', 'x', 0, 'x', '[]')"
        )
    };
    let refused = [
        insert("13"),
        format!("{register}; DELETE FROM register.ledger"),
        format!("{register}; UPDATE register.ledger SET note = ''"),
        insert("14").replacen("vardstrom_register_r14", "vardstrom_reader_r14", 1),
        "BEGIN; SET LOCAL ROLE vardstrom_reader".to_owned(),
        "BEGIN; SET LOCAL ROLE vardstrom_register".to_owned(),
        "BEGIN; SET LOCAL ROLE vardstrom_writer_r14".to_owned(),
        "BEGIN; SELECT FROM events".to_owned(),
        "BEGIN; SELECT FROM events_r13".to_owned(),
    ];
    for sql in refused {
        let error = client.batch_execute(&sql).await.expect_err(&sql);
        assert_eq!(error.code().unwrap().code(), "42501", "{sql}");
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    client.batch_execute(&insert("14")).await.unwrap();
    client.batch_execute("ROLLBACK").await.unwrap();
    // Asked for the other region, the program makes that one's parcel from that one's statements.
    let other = ["plan", "--region", "13", "--period", "2026-02", "--extract", "waiting-times"];
    assert!(desk.done(&other).starts_with("7 statements"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_without_a_role_is_named_with_the_grant_that_it_needs() {
    let database = database(&["13", "14"]).await;
    Feeder::new(&database, "14").await.feed(&[statement("A")]).await;
    let mut desk = Desk::new(&database);
    desk.url = login(&database.superuser, "register_of_14", &["14"]).await;
    desk.run(&[]);
    let period = ["--period", "2026-02", "--extract", "waiting-times", "--out", "parcels"];
    let grant = |region: &str| format!("`GRANT vardstrom_register_r{region} TO register_of_14_{}`", std::process::id());
    desk.refused(&[&["run", "--region", "13"], &period[..]].concat(), 1, &grant("13"));
    desk.refused(&["ledger", "--region", "13"], 1, &grant("13"));
    // Before the first turn, also when another region has its role; and where the database has no such region at all.
    let follow = |regions| ["follow", "--region", regions, "--extract", "waiting-times", "--out", "parcels"];
    desk.refused(&follow("14,13"), 1, &grant("13"));
    desk.refused(&follow("14,01"), 1, &grant("01"));
}
