//! Findings of the timeline reach the store, its counts, and whoever may read it; and they end when what they missed comes.

use sink_store::Session;

use crate::world::{DAY, Feeder, HOUR, MINUTE, MONDAY, Visit, connect, content, count, database};

async fn rows(client: &tokio_postgres::Client, sql: &str) -> Vec<String> {
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

const FOUND: &str = "SELECT format('%s %s %s %s', rule, severity, unit, episode_id) FROM episode_finding ORDER BY 1";
const COUNTED: &str = "SELECT format('%s %s %s %s', rule, severity, day, findings) FROM quality \
                       WHERE subject = 'timeline' ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn findings_come_are_counted_and_end_and_a_rebuild_finds_the_same() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    // Two withdrawn discharges that never came, a move after a discharge, and one from another place than the patient's.
    feeder
        .feed(&[
            Visit::new("A01", MONDAY, "s1", "E1").to("AVA", "1").made("14"),
            Visit::new("A13", MONDAY + HOUR / 2, "s1", "E1").to("AVA", "1").made("14"),
            Visit::new("A13", MONDAY + DAY, "s1", "E1").to("AVA", "1").made("14"),
            Visit::new("A01", MONDAY, "s2", "E2").to("MED", "1").made("14"),
            Visit::new("A02", MONDAY + HOUR, "s2", "E2").from("KIR", "9").to("MED", "2").made("14"),
            Visit::new("A03", MONDAY + 2 * HOUR, "s2", "E2").to("MED", "2").made("14"),
            Visit::new("A02", MONDAY + 3 * HOUR, "s2", "E2").from("MED", "2").to("MED", "3").made("14"),
        ])
        .await;
    let all = [
        "cancellation-unmatched WARNING AVA E1",
        "cancellation-unmatched WARNING AVA E1",
        "placement-after-discharge WARNING MED E2",
        "prior-place-differs INFO MED E2",
    ];
    assert_eq!(rows(&client, FOUND).await, all);
    let counted = [
        "cancellation-unmatched WARNING 2026-01-04 1",
        "cancellation-unmatched WARNING 2026-01-05 1",
        "placement-after-discharge WARNING 2026-01-05 1",
        "prior-place-differs INFO 2026-01-05 1",
    ];
    assert_eq!(rows(&client, COUNTED).await, counted);
    let fingerprint = content(&url).await;
    sink_store::rebuild(&Session::open(&url).await.unwrap(), "14").await.unwrap();
    assert_eq!(content(&url).await, fingerprint);

    // The discharge comes: its cancellation finds it. Sent again, nothing changes and nothing is counted twice.
    let discharge = Visit::new("A03", MONDAY + HOUR / 2, "s1", "E1").to("AVA", "1").made("14");
    for _ in 0..2 {
        feeder.feed(std::slice::from_ref(&discharge)).await;
        assert_eq!(rows(&client, FOUND).await, all[1..]);
        assert_eq!(rows(&client, COUNTED).await, counted[1..]);
    }
    // The visit is deleted, and its findings with it.
    feeder.feed(&[Visit::new("A23", MONDAY + 2 * DAY, "s2", "E2").made("14")]).await;
    assert_eq!(rows(&client, FOUND).await, all[1..2]);
    assert_eq!(rows(&client, COUNTED).await, counted[1..2]);
    let fingerprint = content(&url).await;
    sink_store::rebuild(&Session::open(&url).await.unwrap(), "14").await.unwrap();
    assert_eq!(content(&url).await, fingerprint);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_processor_found_and_what_the_timeline_found_stand_beside_each_other() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let mut cancelled = Visit::new("A13", MONDAY + HOUR, "s1", "E1");
    cancelled.finding = Some("unit-unknown");
    feeder
        .feed(&[Visit::new("A01", MONDAY + MINUTE, "s1", "E1").to("AVA", "1").made("14"), cancelled.made("14")])
        .await;
    let both = "SELECT format('%s %s %s', subject, rule, findings) FROM quality ORDER BY 1";
    assert_eq!(rows(&client, both).await, ["encounter unit-unknown 1", "timeline cancellation-unmatched 1"]);
    // The event names no place: the finding stands without a unit and is not lost.
    assert_eq!(count(&client, "SELECT count(*) FROM episode_finding WHERE unit IS NULL").await, 1);
}
