//! Capacity over time is what the timeline says it is.

use schemas::{BedCapacity, Decoder, Timestamp};
use timeline::CapacityHistory;

use crate::world::{DAY, Feeder, HOUR, MONDAY, capacity, connect, content, count, database};

#[tokio::test(flavor = "multi_thread")]
async fn capacity_holds_from_its_start_and_the_statement_recorded_last_wins() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let unit = "MED 41";
    let mut statements = vec![
        capacity("14", MONDAY + HOUR, unit, MONDAY, None, 20),
        capacity("14", MONDAY, unit, MONDAY, None, 22),
        capacity("14", MONDAY, unit, MONDAY + DAY, Some(MONDAY + DAY + 8 * HOUR), 10),
        capacity("14", MONDAY, unit, MONDAY + 3 * DAY, Some(MONDAY + 9 * DAY), 12),
        capacity("14", MONDAY, unit, MONDAY + 4 * DAY, None, -1),
        // Equal in everything that decides but the event id.
        capacity("14", MONDAY, unit, MONDAY + 5 * DAY, None, 30),
        capacity("14", MONDAY, unit, MONDAY + 5 * DAY, None, 31),
    ];
    let decoder = Decoder::development();
    let mut history = CapacityHistory::default();
    for made in &statements {
        history.insert(&decoder.decode::<BedCapacity<'_>>(&made.value).unwrap());
    }
    let mut contents = Vec::new();
    for _ in 0..2 {
        for statement in &statements {
            feeder.feed(std::slice::from_ref(statement)).await;
        }
        for hour in -30..7 * 24 {
            let instant = MONDAY + hour * HOUR;
            let sql = "SELECT disponibla FROM unit_capacity WHERE valid_from <= to_timestamp($1::float8) \
                       AND COALESCE(valid_to, 'infinity') > to_timestamp($1::float8)";
            let rows = client.query(sql, &[&(instant as f64 / 1e6)]).await.unwrap();
            let found: Vec<Option<i32>> = rows.iter().map(|row| row.get(0)).collect();
            let expected: Vec<Option<i32>> =
                history.at(Timestamp(instant)).iter().map(|held| held.disponibla.map(|beds| beds as i32)).collect();
            assert_eq!(found, expected, "hour {hour}");
        }
        contents.push(content(&url).await);
        statements.reverse();
        client.batch_execute("DELETE FROM events; DELETE FROM unit_capacity; DELETE FROM unit").await.unwrap();
    }
    assert_eq!(contents[0], contents[1]);
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 0);
}
