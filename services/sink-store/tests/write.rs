//! The batch writer: once, whatever happens.

use crate::world::{
    DAY, Dice, Feeder, HOUR, MINUTE, MONDAY, Made, Visit, connect, content, count, database, owned, person, weeks,
};
use schemas::Kind;
use sink_store::{Error, Record, Store};

#[tokio::test(flavor = "multi_thread")]
async fn events_sent_again_are_counted_and_stored_once() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let events = weeks("14", 3, 60);
    let mut first = events.clone();
    first.push(events[5].clone());
    let written = feeder.write(&first).await;
    assert!(!written.safe, "a repetition inside a batch does not leave the fast path");
    assert_eq!(written.duplicates.values().sum::<i64>(), 1);
    feeder.project().await;
    let before = content(&url).await;
    let rows = count(&client, "SELECT count(*) FROM events").await;
    assert_eq!(rows, i64::try_from(events.len()).unwrap());
    // The whole file again: after the first surprise no batch tries the fast path in vain.
    for part in events.chunks(20) {
        let written = feeder.write(part).await;
        assert!(written.safe);
        assert_eq!((written.rows, written.duplicates.values().sum::<i64>()), (0, i64::try_from(part.len()).unwrap()));
    }
    feeder.project().await;
    assert_eq!(content(&url).await, before);
    let counted = count(&client, "SELECT sum(count)::int8 FROM delivery.duplicates").await;
    assert_eq!(counted, rows + 1);
    // New events again: one clean batch on the safe path, then the fast one.
    let fresh = |n: i64| vec![person("14", MONDAY + 30 * DAY + n, "s1", 1970)];
    assert!(feeder.write(&fresh(1)).await.safe);
    assert!(!feeder.write(&fresh(2)).await.safe);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_of_a_processor_are_ignored_by_the_watermark() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut store = Store::open(&url, &owned(&["14"])).await.unwrap();
    store
        .add_schema("14", schemas::registry::development_id_current(Kind::Encounter), Kind::Encounter.avsc())
        .await
        .unwrap();
    let events: Vec<Made> = (0..4).map(|n| Visit::new("A01", MONDAY + n, "s", "E").to("AVA", "1").made("14")).collect();
    let record = |n: usize, offset: i64, origin: &'static str| Record {
        source: 0,
        partition: 0,
        offset,
        origin: Some(origin.as_bytes()),
        value: &events[n].value,
    };
    let first = [record(0, 0, "s/0/7/0"), record(1, 1, "s/0/7/1"), record(1, 2, "s/0/7/1"), record(2, 3, "s/0/8/0")];
    let written = store.write("14", &first).await.unwrap();
    assert_eq!((written.rows, written.replayed), (3, 1));
    drop(store);
    let mut store = Store::open(&url, &owned(&["14"])).await.unwrap();
    let second = [record(0, 4, "s/0/7/0"), record(2, 5, "s/0/8/0"), record(3, 6, "s/0/8/1")];
    let written = store.write("14", &second).await.unwrap();
    assert_eq!((written.rows, written.replayed), (1, 2));
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.duplicates").await, 0);
    assert_eq!(count(&client, "SELECT next_offset FROM delivery.progress").await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_instance_can_write_nothing_after_a_newer_one_has_claimed() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let events = weeks("14", 5, 30);
    let mut old = Feeder::new(&url, "14").await;
    old.write(&events[..40]).await;
    let mut new = Feeder::new(&url, "14").await;
    let refused = old.try_write(&events[40..80]).await;
    assert!(matches!(refused, Err(Error::Superseded { .. })), "{refused:?}");
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 40);
    new.write(&events[40..]).await;
    let refused = old.try_write(&events[..80]).await;
    assert!(matches!(refused, Err(Error::Superseded { .. })), "the safe path is fenced too: {refused:?}");
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, i64::try_from(events.len()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_set_aside_with_its_coordinates_and_stops_nobody() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let good = |n: i64| Visit::new("A01", MONDAY + n * MINUTE, "s", "E").to("AVA", "1").made("14");
    let foreign = Visit::new("A01", MONDAY, "s", "E").made("12");
    let rubbish = Made { kind: Kind::Encounter, value: b"{\"not\":\"ours\"}".to_vec() };
    let mut cut = good(3);
    cut.value.truncate(40);
    let ancient = Visit::new("A01", i64::MIN / 4, "s", "E").made("14");
    let nul = Visit::new("A01", MONDAY + HOUR, "s\0s", "E\0").to("AV\0A", "1").made("14");
    let long = "x".repeat(5_000);
    let long = Visit::new("A01", MONDAY + HOUR, &long, &long).to(&long, &long).made("14");
    let written = feeder.write(&[good(1), foreign, rubbish, cut, good(2), ancient, nul, long, good(4)]).await;
    assert_eq!((written.rows, written.rejected.len()), (5, 4));
    feeder.project().await;
    assert_eq!(count(&client, "SELECT count(DISTINCT unit) FROM episode_stay").await, 3);
    let rows =
        client.query("SELECT reason, record_offset FROM delivery.rejected ORDER BY record_offset", &[]).await.unwrap();
    let rows: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [("region-foreign", 1), ("not-decodable", 2), ("not-decodable", 3), ("time-impossible", 5)];
    assert_eq!(rows, expected.map(|(reason, offset)| (reason.to_owned(), offset)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_refuses_is_found_among_many() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    // Stands for anything the program did not foresee.
    client.batch_execute("ALTER TABLE events ADD CHECK (trigger <> 'A47')").await.unwrap();
    let mut events = weeks("14", 9, 30);
    for n in [3, 50] {
        events.insert(n, Visit::new("A47", MONDAY, &format!("s{n}"), "E").made("14"));
    }
    let written = feeder.write(&events).await;
    assert_eq!(written.rejected.len(), 2);
    assert_eq!(written.rows, events.len() as u64 - 2);
    let rejected = "SELECT count(*) FROM delivery.rejected WHERE reason = 'row-refused' AND record_offset IN (3, 50)";
    assert_eq!(count(&client, rejected).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows_take_the_fast_path() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let mut dice = Dice(1);
    let events: Vec<Made> = (0..100_000)
        .map(|n| {
            let subject = format!("r14.v1.{:020}", dice.roll(30_000));
            Visit::new("A02", MONDAY + n, &subject, &format!("E{}", n / 5)).to("AVA", "1").made("14")
        })
        .collect();
    let mut fast = 0;
    for part in events.chunks(5_000) {
        fast += usize::from(!feeder.write(part).await.safe);
    }
    assert_eq!(fast, 20);
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 100_000);
    assert_eq!(count(&client, "SELECT next_offset FROM delivery.progress").await, 100_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_benchmark_and_its_yardstick_write_the_same_rows() {
    let records: Vec<(Vec<u8>, Vec<u8>)> = (0..2_500)
        .map(|n| {
            let event = Visit::new("A02", MONDAY + n, "s", &format!("E{n}")).to("AVA", "1").made("14");
            (event.value, format!("region.14.source.adt/0/{n}/0").into_bytes())
        })
        .collect();
    let ours = database(&["14"]).await;
    let bare = database(&["14"]).await;
    sink_store::bench::store(&ours, "14", &records, 1_000).await.unwrap();
    sink_store::bench::bare_copy(&bare, "14", &records, 1_000).await.unwrap();
    for url in [&ours, &bare] {
        assert_eq!(count(&connect(url).await, "SELECT count(*) FROM events").await, 2_500);
    }
    let hash = "SELECT hashtextextended(string_agg(event_id::text || episode_id, '' ORDER BY event_id), 0) FROM events";
    assert_eq!(count(&connect(&ours).await, hash).await, count(&connect(&bare).await, hash).await);
}
