//! Whose identity is protected: what one event says holds for all of the person's, whatever came first.

use sink_store::{Session, rebuild};

use crate::world::{
    DAY, Feeder, HOUR, MONDAY, Made, SYSTEM, Visit, connect, content, database, mark, person, protected_codes,
    protected_wait,
};

/// A person under an old and a new pseudonym, somebody else who shares a visit number with the person, and a placeholder.
fn events() -> [Made; 5] {
    let merge = Visit { prior_subjects: vec!["old"], ..Visit::new("A40", MONDAY + DAY, "new", "") };
    [
        person("14", MONDAY, "new", 1950),
        protected_wait("14", MONDAY + HOUR, "old", &["card"]),
        merge.made("14"),
        person("14", MONDAY, "other", 1960),
        Visit::new("A01", MONDAY, "other", "V1").with_alias("bystander").to("AVA", "1").made("14"),
    ]
}

/// All orders of the first three, the others between them.
fn orders() -> Vec<Vec<Made>> {
    let [person, wait, merge, other, visit] = events();
    let mut orders = Vec::new();
    for [first, second, third] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let three = [&person, &wait, &merge];
        orders.push([three[first], &other, three[second], &visit, three[third]].map(Clone::clone).to_vec());
    }
    orders
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_statement_says_holds_for_the_person_in_every_order() {
    let mut contents = Vec::new();
    for order in orders() {
        // One by one, and all at once.
        for portion in [1, order.len()] {
            let url = database(&["14"]).await;
            let mut feeder = Feeder::new(&url, "14").await;
            for events in order.chunks(portion) {
                feeder.feed(events).await;
            }
            let client = connect(&url).await;
            let read = async |sql: &str| -> Vec<String> {
                client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            };
            let said = "SELECT format('%s %s %s', subject_token, protected_identity, lkf) FROM person ORDER BY 1";
            assert_eq!(read(said).await, ["new t ", "other f 1480"]);
            let nodes = "SELECT node FROM protected_nodes('14', NULL) ORDER BY 1";
            assert_eq!(read(nodes).await, ["s:card", "s:new", "s:old"]);
            assert_eq!(read("SELECT node FROM protected_nodes('14', ARRAY['other'])").await, [""; 0]);
            contents.push(content(&url).await);
            rebuild(&Session::open(&url).await.unwrap(), "14").await.unwrap();
            contents.push(content(&url).await);
        }
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_by_itself_says_nothing_else_of_the_person() {
    let known = "SELECT format('%s %s %s %s', subject_token, protected_identity, birth_year, lkf) FROM person";
    let mut contents = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0]] {
        let events =
            [person("14", MONDAY, "known", 1950), mark("14", MONDAY + DAY, "known"), mark("14", MONDAY, "new")];
        let url = database(&["14"]).await;
        let mut feeder = Feeder::new(&url, "14").await;
        for at in order {
            feeder.feed(&events[at..=at]).await;
        }
        let client = connect(&url).await;
        let rows: Vec<String> = client.query(known, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(rows, ["known t 1950 "]);
        let nodes = client.query("SELECT node FROM protected_nodes('14', NULL) ORDER BY 1", &[]).await.unwrap();
        assert_eq!(nodes.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["s:known", "s:new"]);
        contents.push(content(&url).await);
    }
    assert_eq!(contents[0], contents[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn episodes_of_a_protected_person_are_and_a_neighbour_in_a_visit_number_is_not() {
    let url = database(&["14"]).await;
    let admitted = |subject| Visit::new("A01", MONDAY, subject, "V1").to("AVA", "1").made("14");
    let [mother, child] = [admitted("mother"), admitted("child")];
    let wait = protected_wait("14", MONDAY, "child", &[]);
    // Before the projection has looked at them, and after.
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.write(&[mother, child, wait]).await;
    let client = connect(&url).await;
    for projected in [false, true] {
        let nodes = client.query("SELECT node FROM protected_nodes('14', NULL) ORDER BY 1", &[]).await.unwrap();
        let nodes: Vec<String> = nodes.iter().map(|row| row.get(0)).collect();
        assert_eq!(nodes, [&*format!("e:{SYSTEM}/V1"), "s:child"], "projected: {projected}");
        feeder.project().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_names_nobody_is_of_its_episode_and_of_whoever_that_is_tied_to() {
    let admitted = |subject, episode| Visit::new("A01", MONDAY, subject, episode).to("AVA", "1").made("14");
    let mut events = [
        person("14", MONDAY, "theirs", 1950),
        admitted("theirs", "V1"),
        protected_codes("14", MONDAY, "V1"),
        person("14", MONDAY, "other", 1960),
        admitted("other", "V2"),
        protected_codes("14", MONDAY, "V3"),
    ];
    let mut contents = Vec::new();
    for _ in 0..events.len() {
        events.rotate_left(1);
        let url = database(&["14"]).await;
        let mut feeder = Feeder::new(&url, "14").await;
        for event in events.chunks(1) {
            feeder.feed(event).await;
        }
        let client = connect(&url).await;
        let read = async |sql: &str| -> Vec<String> {
            client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
        };
        let said = "SELECT format('%s %s %s', subject_token, protected_identity, lkf) FROM person ORDER BY 1";
        assert_eq!(read(said).await, ["other f 1480", "theirs t "]);
        let [first, third] = ["V1", "V3"].map(|episode| format!("e:{SYSTEM}/{episode}"));
        let theirs = "s:theirs".to_owned();
        let all = "SELECT node FROM protected_nodes('14', NULL) ORDER BY 1";
        assert_eq!(read(all).await, [first.clone(), third, theirs.clone()]);
        let given = "SELECT node FROM protected_nodes('14', ARRAY['theirs', 'other']) ORDER BY 1";
        assert_eq!(read(given).await, [first, theirs]);
        assert_eq!(read("SELECT node FROM protected_nodes('14', ARRAY['other'])").await, [""; 0]);
        contents.push(content(&url).await);
        rebuild(&Session::open(&url).await.unwrap(), "14").await.unwrap();
        contents.push(content(&url).await);
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
}
