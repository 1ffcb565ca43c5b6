//! What the tables say depends on the set of events alone.

use crate::world::{DAY, Dice, Feeder, HOUR, MONDAY, Visit, connect, content, count, database, wait, weeks};
use sink_store::Session;

/// Stores in batches of random size, computing at random moments, and gives the fingerprint.
async fn stored(events: &[crate::world::Made], seed: u64) -> String {
    let url = database(&["14"]).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let mut dice = Dice(seed);
    let mut rest = events;
    while !rest.is_empty() {
        let size = usize::try_from(1 + dice.roll(60)).unwrap().min(rest.len());
        let (batch, after) = rest.split_at(size);
        feeder.write(batch).await;
        if dice.roll(3) == 0 {
            feeder.project().await;
        }
        rest = after;
    }
    feeder.project().await;
    let fingerprint = content(&url).await;
    let session = Session::open(&url).await.unwrap();
    sink_store::rebuild(&session, "14").await.expect("the region is rebuilt");
    assert_eq!(content(&url).await, fingerprint, "a rebuild gives the same tables, seed {seed}");
    fingerprint
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_batching_and_repetition_of_events_give_the_same_tables() {
    let seed = 20_260_105;
    let events = weeks("14", seed, 150);
    let expected = stored(&events, 1).await;
    for name in [
        "episode_stay",
        "episode_finding",
        "snapshot_0600",
        "unit_census",
        "unit_capacity",
        "person",
        "bed_status",
        "quality",
    ] {
        let line = expected.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(!line.starts_with(&format!("{name} 0 ")), "{name} holds something");
    }
    for seed in 2..5 {
        let mut dice = Dice(seed);
        let mut shuffled = events.clone();
        for _ in 0..events.len() / 5 {
            let again = events[usize::try_from(dice.roll(events.len() as u64)).unwrap()].clone();
            shuffled.push(again);
        }
        dice.shuffle(&mut shuffled);
        assert_eq!(stored(&shuffled, seed).await, expected, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_in_one_event_is_a_difference_in_the_fingerprint() {
    let events = weeks("14", 7, 20);
    let all = stored(&events, 1).await;
    assert_ne!(stored(&events[..events.len() - 1], 1).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_join_episodes_that_arrived_apart() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let admitted = |subject, episode, at| Visit::new("A01", at, subject, episode).to("AVA", "1").made("14");
    feeder.feed(&[admitted("s1", "E1", MONDAY)]).await;
    feeder.feed(&[admitted("s2", "E2", MONDAY + HOUR)]).await;
    feeder.feed(&[Visit::new("A03", MONDAY + 2 * HOUR, "s1", "E1").made("14")]).await;
    // Which episode a discharge without visit number closes is known only once both persons are one.
    feeder.feed(&[Visit { episode: None, ..Visit::new("A03", MONDAY + 3 * HOUR, "s1", "") }.made("14")]).await;
    let open = "SELECT count(*) FROM episode_stay WHERE ended_at IS NULL";
    assert_eq!(count(&client, open).await, 1);
    let mut merge = Visit { episode: None, ..Visit::new("A40", MONDAY + 9 * DAY, "s1", "") };
    merge.prior_subjects = vec!["s2"];
    feeder.feed(&[merge.made("14")]).await;
    assert_eq!(count(&client, open).await, 0);
    assert_eq!(count(&client, "SELECT count(*) FROM episode_stay WHERE subject_token = 's1'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_cancellation_opens_a_stay_that_ended_long_ago() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.feed(&[Visit::new("A01", MONDAY, "s1", "E1").to("AVA", "1").made("14")]).await;
    feeder.feed(&[Visit::new("A03", MONDAY + DAY, "s1", "E1").to("AVA", "1").made("14")]).await;
    // Much later, something else has moved the region's clock on.
    feeder.feed(&[Visit::new("A01", MONDAY + 60 * DAY, "s9", "E9").to("AVA", "2").made("14")]).await;
    let snapshots = "SELECT count(*) FROM snapshot_0600 WHERE belagda = 1";
    assert_eq!(count(&client, snapshots).await, 1);
    feeder.feed(&[Visit::new("A13", MONDAY + DAY, "s1", "E1").made("14")]).await;
    let open =
        "SELECT count(*) FROM episode_stay WHERE ended_at IS NULL AND started_at = '2026-01-05 00:00 Europe/Stockholm'";
    assert_eq!(count(&client, open).await, 1);
    assert_eq!(count(&client, snapshots).await, 60, "every morning since");
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_are_kept_by_period_and_contact_and_leave_the_wards_alone() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.feed(&weeks("14", 7, 20)).await;
    let horizon = "SELECT extract(epoch FROM at)::int8 FROM region_horizon WHERE region = '14'";
    let stays = "SELECT count(*) FROM episode_stay";
    let before = (count(&client, horizon).await, count(&client, stays).await);
    let far = MONDAY + 300 * DAY;
    let waits = [
        wait("14", far, "OPT-å1", "2026-02", None),
        wait("14", far + 1, "OPT-å1", "2026-02", Some("wait-guarantee-missing")),
        wait("14", far, "OPT-2", "2026-03", None),
    ];
    feeder.feed(&waits).await;
    feeder.feed(&waits).await;
    assert_eq!((count(&client, horizon).await, count(&client, stays).await), before);
    let kept = "SELECT count(*) FROM events WHERE subject = 'wait' AND period = '2026-02' AND contact = 'OPT-å1'";
    assert_eq!(count(&client, kept).await, 2);
    assert_eq!(count(&client, "SELECT sum(findings)::int8 FROM quality WHERE subject = 'wait'").await, 1);
    let fingerprint = content(&url).await;
    let session = Session::open(&url).await.expect("the database answers");
    sink_store::rebuild(&session, "14").await.expect("the region is rebuilt");
    assert_eq!(content(&url).await, fingerprint, "a rebuild gives the same tables");
}
