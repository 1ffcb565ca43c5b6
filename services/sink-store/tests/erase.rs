//! Who is erased: the store says what a store says that never had the person, whatever came first.

use schemas::Verb;
use sink_store::{Session, rebuild};
use tokio_postgres::Client;

use crate::world::{
    DAY, Feeder, HOUR, MONDAY, Made, SYSTEM, Visit, capacity, codes, connect, content, count, database, objection,
    person, wait_of,
};

/// Somebody else, of the same unit and with the same visit number as the person.
fn others() -> Vec<Made> {
    vec![
        Visit::new("A01", MONDAY + HOUR, "mother", "V1").to("AVA", "3").made("14"),
        Visit::new("A03", MONDAY + 2 * DAY, "mother", "V1").to("AVA", "3").made("14"),
        person("14", MONDAY + HOUR, "mother", 1990),
        wait_of("14", MONDAY, "mother", &[]),
        capacity("14", MONDAY, "AVA", MONDAY, None, 4),
    ]
}

/// The person's own, under three pseudonyms. The last event is later than all others, is the latest to name a unit, and has a finding.
fn own() -> [Made; 5] {
    let admitted = Visit { finding: Some("unit-unknown"), ..Visit::new("A01", MONDAY + 60 * DAY, "new", "V1") };
    let merge = Visit { prior_subjects: vec!["old"], ..Visit::new("A40", MONDAY + DAY, "new", "") };
    [
        admitted.to("AVA", "1").made("14"),
        Visit::new("A01", MONDAY, "old", "V2").to("ONLY THEIRS", "1").made("14"),
        merge.made("14"),
        wait_of("14", MONDAY, "old", &["card"]),
        codes("14", MONDAY, "V2"),
    ]
}

fn erasure(subject: &str) -> Made {
    objection("14", subject, Verb::Erase, "", &[], MONDAY)
}

/// Every order of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1).into_iter();
    let longer = |order: Vec<usize>| {
        (0..count).map(move |at| {
            let mut order = order.clone();
            order.insert(at, count - 1);
            order
        })
    };
    shorter.flat_map(longer).collect()
}

/// Empties the store.
async fn reset(client: &Client) {
    let sql = "SELECT string_agg('DELETE FROM ' || c.oid::regclass, '; ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'delivery') \
               AND c.relname NOT IN ('schema_migration', 'record_schema')";
    let deletes: String = client.query_one(sql, &[]).await.unwrap().get(0);
    client.batch_execute(&deletes).await.unwrap();
}

/// What a store says that never had the person.
async fn without(url: &str) -> String {
    Feeder::new(url, "14").await.feed(&others()).await;
    content(url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_it_is_a_store_that_never_had_the_person() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let expected = without(&url).await;
    let own = own();
    let last = own.len();
    let mut most = 0;
    // A seventh of the 720 orders, in which each stands at each place; all of them take some minutes.
    let step = if std::env::var_os("VARDSTROM_ALL_ORDERS").is_some() { 1 } else { 7 };
    for (number, order) in orders(last + 1).into_iter().enumerate().step_by(step) {
        reset(&client).await;
        let mut feeder = Feeder::new(&url, "14").await;
        feeder.feed(&others()).await;
        // One by one, and as many at once as the decision lets.
        let portion = if number % 4 == 0 { 1 } else { last };
        let place = order.iter().position(|at| *at == last).unwrap();
        let made = |part: &[usize]| part.iter().map(|at| own[*at].clone()).collect::<Vec<_>>();
        for part in made(&order[..place]).chunks(portion) {
            feeder.feed(part).await;
        }
        most = most.max(count(&client, "SELECT count(*) FROM events").await);
        feeder.hear(&[erasure("old")]).await;
        for part in made(&order[place + 1..]).chunks(portion) {
            feeder.feed(part).await;
        }
        // Sent again, to a store that was started anew.
        let mut feeder = Feeder::new(&url, "14").await;
        feeder.feed(&made(&order.iter().copied().filter(|at| *at != last).collect::<Vec<_>>())).await;
        assert_eq!(content(&url).await, expected, "order {order:?}, by {portion}");
    }
    assert_eq!(most, i64::try_from(others().len() + own.len()).unwrap(), "all was there once");
    let kept = "SELECT count(*) FROM delivery.erased WHERE done";
    // Three pseudonyms and two episodes.
    assert_eq!(count(&client, kept).await, 5);
    rebuild(&Session::open(&url).await.unwrap(), "14").await.unwrap();
    assert_eq!(content(&url).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_said_goes_too_and_only_the_erasure_is_kept() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let expected = without(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let opposed = |subject| objection("14", subject, Verb::Oppose, "rikshoft", &[(MONDAY, None)], MONDAY);
    feeder.hear(&[opposed("new"), opposed("old"), opposed("mother")]).await;
    let with_mother = count(&client, "SELECT count(*) FROM objection").await;
    assert_eq!(with_mother, 3);
    feeder.feed(&own()).await;
    assert_ne!(content(&url).await, expected);
    assert_eq!(feeder.hear(&[erasure("card")]).await.changed, 1);
    assert_eq!(count(&client, "SELECT count(*) FROM objection").await, 1);
    assert_eq!(feeder.hear(&[opposed("old"), erasure("card")]).await.changed, 0);
    client.batch_execute("DELETE FROM objection").await.unwrap();
    assert_eq!(content(&url).await, expected);
    let said = "SELECT format('%s %s', node, ground) FROM delivery.erased WHERE said";
    let said: Vec<String> = client.query(said, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(said, ["s:card test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_many_carry_erases_nobody() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let tokens: Vec<String> = (0..30).map(|n| format!("person{n}")).collect();
    let visits: Vec<Made> = tokens
        .iter()
        .map(|token| Visit::new("A01", MONDAY, token, token).with_alias("placeholder").to("AVA", "1").made("14"))
        .collect();
    feeder.feed(&visits).await;
    let before = content(&url).await;
    feeder.hear(&[erasure("placeholder")]).await;
    assert_eq!(content(&url).await, before);
    feeder.hear(&[erasure("person3")]).await;
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 29);
    let theirs = format!("SELECT count(*) FROM episode_link WHERE node IN ('s:person3', 'e:{SYSTEM}/person3')");
    assert_eq!(count(&client, &theirs).await, 0);
    // Somebody new with the placeholder is still taken in.
    feeder.feed(&[Visit::new("A01", MONDAY, "fresh", "F").with_alias("placeholder").to("AVA", "2").made("14")]).await;
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_a_killed_store_had_not_carried_out_is_carried_out_by_the_next() {
    let url = database(&["14"]).await;
    let expected = without(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.feed(&own()).await;
    let pending = "INSERT INTO delivery.erased (region, node, said, done, names_nobody) VALUES ('14', 's:new', true, false, false)";
    connect(&url).await.batch_execute(pending).await.unwrap();
    let mut next = Feeder::new(&url, "14").await;
    next.feed(&[]).await;
    assert_eq!(content(&url).await, expected);
}
