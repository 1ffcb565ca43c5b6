//! What persons say of the use of their data: the latest word holds, of all of a person's pseudonyms.

use schemas::Verb;
use sink_store::{Rejection, Session, rebuild};

use crate::world::{DAY, Feeder, HOUR, MONDAY, Made, Visit, connect, content, count, database, objection};

/// Opted out, withdrawn, and opted out again; and a register opposed, under another pseudonym.
fn said() -> [Made; 4] {
    let [first, second] = [(MONDAY, Some(MONDAY + DAY)), (MONDAY + 2 * DAY, None)];
    [
        objection("14", "new", Verb::OptOut, "research", &[(MONDAY, None)], MONDAY),
        objection("14", "new", Verb::OptOut, "research", &[first], MONDAY + DAY),
        objection("14", "new", Verb::OptOut, "research", &[first, second], MONDAY + 2 * DAY),
        objection("14", "old", Verb::Oppose, "rikshoft", &[(MONDAY, None)], MONDAY),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_word_holds_in_whatever_order_they_come() {
    let mut contents = Vec::new();
    for order in [[0, 1, 2, 3], [0, 2, 1, 3], [1, 0, 2, 3], [1, 2, 0, 3], [2, 0, 1, 3], [3, 2, 1, 0]] {
        for portion in [1, 4] {
            let url = database(&["14"]).await;
            let mut feeder = Feeder::new(&url, "14").await;
            let said = order.map(|at| said()[at].clone());
            for part in said.chunks(portion) {
                feeder.hear(part).await;
            }
            assert_eq!(feeder.hear(&said).await.changed, 0, "said again");
            contents.push(content(&url).await);
            rebuild(&Session::open(&url).await.unwrap(), "14").await.unwrap();
            contents.push(content(&url).await);
            let client = connect(&url).await;
            let held = "SELECT count(*) FROM objection WHERE verb = 'opt-out' AND upper_inf(held) AND isempty(held) IS FALSE \
                        AND held @> '2026-01-05 12:00+01'::timestamptz AND NOT held @> '2026-01-06 12:00+01'::timestamptz";
            assert_eq!(count(&client, held).await, 1);
        }
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
    assert!(contents[0].lines().any(|line| line.starts_with("objection 2 ")), "{}", contents[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_objects_is_the_whole_person_and_nobody_else() {
    let url = database(&["14"]).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let merge = Visit { prior_subjects: vec!["old"], ..Visit::new("A40", MONDAY + DAY, "new", "") };
    let theirs = Visit::new("A01", MONDAY, "new", "V1").to("AVA", "1");
    let other = Visit::new("A01", MONDAY + HOUR, "other", "V2").to("AVA", "2");
    feeder.feed(&[merge.made("14"), theirs.made("14"), other.made("14")]).await;
    feeder.hear(&said()).await;
    feeder.hear(&[objection("14", "other", Verb::OptOut, "all", &[(MONDAY, Some(MONDAY + DAY))], MONDAY + DAY)]).await;
    let client = connect(&url).await;
    let nodes = async |verb: &str, scopes: &[&str], span: &str| -> Vec<String> {
        let sql =
            "SELECT format('%s %s', node, person) FROM objecting_nodes('14', $1, $2, $3::text::tstzrange) ORDER BY 1";
        client.query(sql, &[&verb, &scopes, &span]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let episode = |person: &str, visit: &str| format!("e:{}/{visit} {person}", crate::world::SYSTEM);
    let now = "[2026-02-01,2026-02-02)";
    assert_eq!(nodes("oppose", &["rikshoft"], now).await, [&*episode("s:old", "V1"), "s:new s:old", "s:old s:old"]);
    assert_eq!(nodes("oppose", &["swedeheart"], now).await, [""; 0]);
    assert_eq!(
        nodes("opt-out", &["research", "all"], now).await,
        [&*episode("s:new", "V1"), "s:new s:new", "s:old s:new"]
    );
    // A permit that was approved before, while it held, and after it was withdrawn.
    let between = "[2026-01-06 06:00+01,2026-01-06 07:00+01)";
    let during = "[2026-01-05 06:00+01,2026-01-05 07:00+01)";
    assert_eq!(nodes("opt-out", &["research"], "[2026-01-04 06:00+01,2026-01-04 07:00+01)").await, [""; 0]);
    assert_eq!(nodes("opt-out", &["research"], between).await, [""; 0]);
    let both = [episode("s:new", "V1"), episode("s:other", "V2")].into_iter();
    let both: Vec<String> = both.chain(["s:new s:new", "s:old s:new", "s:other s:other"].map(str::to_owned)).collect();
    assert_eq!(nodes("opt-out", &["research", "all"], during).await, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_set_aside_and_stops_nobody() {
    let url = database(&["14"]).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let [backwards, far] = [(MONDAY, Some(MONDAY)), (i64::MAX, None)];
    let broken = Made { value: b"\0\0\0\0\x01nothing".to_vec(), ..said()[0].clone() };
    let empty = Made { value: Vec::new(), ..broken.clone() };
    let heard = feeder
        .hear(&[
            objection("12", "s", Verb::Oppose, "rikshoft", &[(MONDAY, None)], MONDAY),
            objection("14", "s", Verb::Oppose, "rikshoft", &[backwards], MONDAY),
            objection("14", "s", Verb::Oppose, "rikshoft", &[far], MONDAY),
            broken,
            empty,
            objection("14", "s", Verb::Oppose, "rikshoft", &[(MONDAY, None)], MONDAY),
        ])
        .await;
    let expected =
        [Rejection::RegionForeign, Rejection::TimeImpossible, Rejection::TimeImpossible, Rejection::NotDecodable];
    assert_eq!((heard.changed, &heard.rejected[..]), (1, &expected[..]));
    let client = connect(&url).await;
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.rejected WHERE topic = 'region.14.objections'").await, 4);
    let next = "SELECT next_offset FROM delivery.progress WHERE topic = 'region.14.objections'";
    assert_eq!(count(&client, next).await, 6);
}
