//! A live view that starts from the store sees what the store sees.

use std::collections::BTreeSet;

use schemas::{Decoder, Encounter, Kind};
use timeline::{Event, Stay, timeline};

use crate::world::{DAY, Feeder, MONDAY, Made, Visit, connect, count, database, weeks};

fn open_stays(events: &[Event]) -> BTreeSet<String> {
    let open = |stay: &&Stay| stay.to.is_none();
    timeline(events).stays.iter().filter(open).map(|stay| format!("{stay:?}")).collect()
}

fn events_of(made: &[Made]) -> Vec<Event> {
    let decoder = Decoder::development();
    made.iter()
        .filter(|made| made.kind == Kind::Encounter)
        .map(|made| Event::from(&decoder.decode::<Encounter<'_>>(&made.value).unwrap()))
        .collect()
}

async fn read(client: &tokio_postgres::Client, sql: &str) -> Vec<Event> {
    let decoder = Decoder::development();
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE vardstrom_reader")
        .await
        .unwrap();
    let rows = client.query(sql, &[]).await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    rows.iter()
        .filter(|row| row.get::<_, &str>("subject") == "encounter")
        .map(|row| Event::from(&decoder.decode::<Encounter<'_>>(row.get("record")).unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_live_components_give_the_open_stays_also_before_projections_are_computed() {
    let url = database(&["14", "12"]).await;
    let client = connect(&url).await;
    Feeder::new(&url, "12").await.feed(&weeks("12", 4, 30)).await;
    let events = weeks("14", 21, 150);
    let mut feeder = Feeder::new(&url, "14").await;
    let expected = |upto: usize| open_stays(&events_of(&events[..upto]));
    // Nothing at all occurred since then: only what is open, and what is still to be computed, is live.
    let sql = "SELECT * FROM board_events('2027-01-01', ARRAY['14'])";
    for (n, part) in events.chunks(100).enumerate() {
        if n % 2 == 0 {
            feeder.feed(part).await;
        } else {
            feeder.write(part).await;
        }
        let upto = (n * 100 + 100).min(events.len());
        let live = read(&client, sql).await;
        assert_eq!(open_stays(&live), expected(upto), "after {upto} events");
        let tokens: BTreeSet<_> = live.iter().map(|event| event.id).collect();
        assert_eq!(tokens.len(), live.len(), "each event once");
    }
    feeder.project().await;
    let all = events_of(&events).len();
    assert!(read(&client, sql).await.len() < all, "what is closed and old is left out");
    let everything = read(&client, "SELECT * FROM board_events('2000-01-01', ARRAY['14'])").await;
    assert_eq!(everything.len(), all);
    let both = read(&client, "SELECT * FROM board_events('2000-01-01', NULL)").await;
    assert_eq!(both.len(), all + events_of(&weeks("12", 4, 30)).len());
    assert_eq!(count(&client, "SELECT count(*) FROM board_progress").await, 8);
}

/// With a plan that looks through all nodes for each event, or through a partition for each node, this takes minutes.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_board_starts_from_is_looked_up_also_where_the_server_has_not_counted_the_rows() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let events = weeks("14", 5, 2_500);
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.write(&events).await;
    let of_persons = "subject IN ('encounter', 'person')";
    let stored = count(&client, &format!("SELECT count(*) FROM events WHERE {of_persons}")).await;
    client.batch_execute("SET jit = off; SET statement_timeout = '5s'").await.unwrap();
    let sql = format!("SELECT count(*) FROM board_region('14', '2000-01-01') WHERE {of_persons}");
    assert_eq!(count(&client, &sql).await, stored, "while everything is still to be computed");
    feeder.project().await;
    assert_eq!(count(&client, &sql).await, stored);
    client.batch_execute("ANALYZE").await.unwrap();
    assert_eq!(count(&client, &sql).await, stored, "when the server has counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_can_be_fetched_by_any_of_its_nodes() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let mut merge = Visit { episode: None, ..Visit::new("A40", MONDAY, "s1", "") };
    merge.prior_subjects = vec!["s2"];
    // A visit number that no column can hold as it is.
    let awkward = format!("E4\0{}", "9".repeat(600));
    let nobody = Visit { subject: None, ..Visit::new("A02", MONDAY, "", "E2") };
    feeder
        .feed(&[
            Visit::new("A01", MONDAY, "s1", "E1").to("AVA", "1").made("14"),
            Visit::new("A01", MONDAY, "s2", "E2").to("AVA", "2").made("14"),
            nobody.to("AVA", "3").made("14"),
            merge.made("14"),
            Visit::new("A01", MONDAY + DAY, "s3", "E3").to("AVA", "4").made("14"),
            Visit::new("A01", MONDAY + DAY, "s4", &awkward).to("AVA", "5").made("14"),
        ])
        .await;
    let component =
        async |node: &str| read(&client, &format!("SELECT * FROM board_component('14', ARRAY['{node}'])")).await.len();
    for node in ["s:s1", "s:s2", "e:SE2321000131-S000000000014/E1", "e:SE2321000131-S000000000014/E2"] {
        assert_eq!(component(node).await, 4, "{node}");
    }
    let node = schemas::stored::node("SE2321000131-S000000000014", schemas::Node::Episode(&awkward));
    assert_eq!(component(&node).await, 1, "{node}");
    assert_eq!(read(&client, "SELECT * FROM board_component('14', ARRAY['s:s3', 's:unknown'])").await.len(), 1);
}
