//! The wall between regions, as the program's own login meets it.

use crate::world::{Desk, Feeder, connect, database, month, statement};

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_one_region_reads_and_writes_nothing_of_another() {
    let database = database(&["13", "14"]).await;
    Feeder::new(&database, "13").await.feed(&month(7)).await;
    Feeder::new(&database, "14").await.feed(&[statement("A")]).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    let client = connect(&database.login).await;
    let begin = "BEGIN; SET LOCAL ROLE vardstrom_region_reader; SET LOCAL app.region = '14'";
    client.batch_execute(begin).await.unwrap();
    for (sql, expected) in [
        ("SELECT count(*) FROM events WHERE region = '13'", 0_i64),
        ("SELECT count(*) FROM events", 1),
        ("SELECT count(*) FROM delivery.origin WHERE region = '13'", 0),
        ("SELECT count(*) FROM register.ledger", 1),
    ] {
        assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), expected, "{sql}");
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    let insert = |region: &str| {
        format!(
            "BEGIN; SET LOCAL ROLE vardstrom_register; SET LOCAL app.region = '14'; INSERT INTO register.ledger (region, action, \
             extract, definition, period, version, recipient, legal_ground, record_count, manifest_sha256, origin) \
             VALUES ('{region}', 'made', 'x', '1', '2026-01', 1, 'x', 'x', 0, 'x', '[]')"
        )
    };
    let refused = [
        (insert("13"), "42501"),
        ("BEGIN; SET LOCAL ROLE vardstrom_register; SELECT count(*) FROM events".to_owned(), "42704"),
        ("BEGIN; SET LOCAL ROLE vardstrom_register; SET LOCAL app.region = '14'; DELETE FROM register.ledger".to_owned(), "42501"),
        ("BEGIN; SET LOCAL ROLE vardstrom_register; SET LOCAL app.region = '14'; UPDATE register.ledger SET note = ''".to_owned(), "42501"),
        ("BEGIN; SET LOCAL ROLE vardstrom_reader".to_owned(), "42501"),
        ("BEGIN; SELECT FROM events_r13".to_owned(), "42501"),
    ];
    for (sql, code) in refused {
        let error = client.batch_execute(&sql).await.expect_err(&sql);
        assert_eq!(error.code().unwrap().code(), code, "{sql}");
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    client.batch_execute(&insert("14")).await.unwrap();
    client.batch_execute("ROLLBACK").await.unwrap();
    // Asked for the other region, the program makes that one's parcel from that one's statements.
    let other = ["plan", "--region", "13", "--period", "2026-02", "--extract", "waiting-times"];
    assert!(desk.done(&other).starts_with("7 statements"));
}
