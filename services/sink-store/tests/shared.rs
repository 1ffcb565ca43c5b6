//! An identifier that too many persons carry ties nothing together, whenever that comes to light.

use sink_store::Session;

use crate::world::{DAY, Feeder, HOUR, MINUTE, MONDAY, Made, Visit, connect, content, count, database};

fn admissions(persons: &[String]) -> Vec<Made> {
    let admitted = |(at, person): (usize, &String)| {
        let at = MONDAY + i64::try_from(at).unwrap() * MINUTE;
        Visit::new("A01", at, "placeholder", &format!("E{person}")).with_alias(person).to("AVA", person).made("14")
    };
    persons.iter().enumerate().map(admitted).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placeholder_makes_no_component_of_a_region() {
    let persons: Vec<String> = (0..200).map(|person| format!("p{person:03}")).collect();
    let admitted = admissions(&persons);
    let deleted = Visit::new("A29", MONDAY + DAY, "placeholder", "").with_alias("p007").made("14");
    let discharged = Visit::new("A03", MONDAY + DAY + HOUR, "placeholder", "").with_alias("p011").made("14");
    let mut contents = Vec::new();
    // One by one, all at once, and the deletion before the placeholder shows.
    for portions in [1, 200, 7] {
        let url = database(&["14"]).await;
        let mut feeder = Feeder::new(&url, "14").await;
        let mut events = admitted.clone();
        events.insert(if portions == 7 { 3 } else { 200 }, deleted.clone());
        events.push(discharged.clone());
        for portion in events.chunks(portions) {
            feeder.feed(portion).await;
        }
        let client = connect(&url).await;
        assert_eq!(count(&client, "SELECT count(*) FROM episode_stay").await, 199);
        assert_eq!(count(&client, "SELECT count(*) FROM episode_stay WHERE ended_at IS NULL").await, 198);
        assert_eq!(count(&client, "SELECT count(*) FROM shared_identifier").await, 1);
        let said = "SELECT count(*) FROM episode_finding WHERE rule = 'identifier-shared'";
        assert_eq!(count(&client, said).await, 202);
        contents.push(content(&url).await);
        // What a board loads of one of them, when it looks back.
        let loaded = "SELECT count(*) FROM board_component('14', ARRAY['e:SE2321000131-S000000000014/Ep150'])";
        assert!(count(&client, loaded).await <= 3);
        let session = Session::open(&url).await.unwrap();
        sink_store::rebuild(&session, "14").await.unwrap();
        contents.push(content(&url).await);
    }
    for other in &contents[1..] {
        assert_eq!(*other, contents[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_patient_under_a_placeholder_costs_what_the_first_did() {
    let persons: Vec<String> = (0..400).map(|person| format!("q{person:03}")).collect();
    let url = database(&["14"]).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let admitted = admissions(&persons);
    feeder.feed(&admitted[..399]).await;
    feeder.write(&admitted[399..]).await;
    let most = feeder.project().await;
    assert!(most <= 4, "{most} events were computed together");
}
