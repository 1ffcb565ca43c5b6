//! Which statements are read: the latest of each contact, in order, as they stood at given positions.

use parcel::Positions;
use schemas::{DecodeError, Wait, WaitStatus};
use sink_register::definition::{Definition, Definitions, Subject};
use sink_register::{Extract, Figures, Reader, Snapshot, Stored, Taken};

use crate::world::{Database, Feeder, REPORTED, Statement, database, month, statement};

/// Keeps what it is given.
#[derive(Default)]
struct Found(Vec<(String, String, i64)>);

impl Figures for Found {
    fn take<'r>(&mut self, reader: &'r Reader<'_>, stored: &Stored<'r>) -> Result<Taken<'r>, DecodeError> {
        let wait: Wait<'r> = reader.read(stored)?;
        let taken = Taken::of(&wait.envelope);
        if !taken.withdrawn {
            let days = (crate::world::TENTH - wait.decided_at.unwrap().0) / crate::world::DAY;
            self.0.push((wait.envelope.source_system.to_owned(), wait.contact_id.to_owned(), days));
        }
        Ok(taken)
    }
}

fn waiting_times() -> Definition {
    Definitions::load(None).unwrap().named("waiting-times").unwrap().clone()
}

/// Contact and wait of every statement that is read.
async fn read(database: &Database, as_of: Option<&Positions>) -> (Vec<(String, String, i64)>, Positions) {
    let mut session = database.session().await;
    let (region, period) = ("14".parse().unwrap(), "2026-02".parse().unwrap());
    let snapshot = Snapshot::begin(&mut session, region, Subject::Wait, period).await.unwrap();
    let survey = Extract::survey(&snapshot, &waiting_times(), period, as_of).await.unwrap();
    let mut found = Found::default();
    snapshot.latest(&survey.origin, false, &mut found).await.unwrap();
    (found.0, survey.origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_statement_wins_and_order_of_arrival_does_not_matter() {
    let with = |days, recorded: Option<i64>, ingested| Statement { days, recorded, ingested, ..statement("A") };
    // Ascending: without a time of recording is earliest, then by recording, then by reception.
    let statements = [
        with(1, None, REPORTED + 900),
        with(2, Some(REPORTED), REPORTED + 800),
        with(3, Some(REPORTED + 1), REPORTED + 100),
        with(4, Some(REPORTED + 1), REPORTED + 200),
        Statement { system: "SE2321000131-E000000000000", days: 7, ..statement("Z") },
        Statement { period: "2026-03", days: 8, ..statement("A") },
        Statement { days: 9, ..statement("Å") },
    ];
    let mut reversed = statements.to_vec();
    reversed.reverse();
    for order in [statements.to_vec(), reversed] {
        let database = database(&["14"]).await;
        Feeder::new(&database, "14").await.feed(&order).await;
        let (found, _) = read(&database, None).await;
        let short: Vec<(&str, i64)> = found.iter().map(|(_, contact, days)| (contact.as_str(), *days)).collect();
        assert_eq!(short, [("Z", 7), ("A", 4), ("Å", 9)], "by source system, then contact in byte order");
    }
}

/// A row that was changed twice in one transaction: one time of recording, perhaps one of reception, one partition.
#[tokio::test(flavor = "multi_thread")]
async fn of_equal_times_the_later_record_of_the_source_topic_counts() {
    let tied: Vec<Statement> = (1..=6).map(|days| Statement { days, ..statement("A") }).collect();
    let mut reversed = tied.clone();
    reversed.reverse();
    for (order, last) in [(tied, 6), (reversed, 1)] {
        let database = database(&["14"]).await;
        let mut feeder = Feeder::new(&database, "14").await;
        feeder.feed(&order).await;
        // What is sent again, at later places, is the same event: the first place counts.
        feeder.feed(&order[..5]).await;
        let found = read(&database, None).await.0;
        assert_eq!(found.iter().map(|(.., days)| *days).collect::<Vec<_>>(), [last]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_bound_what_is_read() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&month(20)).await;
    let (before, origin) = read(&database, None).await;
    let corrected: Vec<Statement> =
        month(20).into_iter().map(|one| Statement { days: 99, recorded: Some(REPORTED + 1), ..one }).collect();
    feeder.feed(&corrected).await;
    feeder.feed(&[statement("new")]).await;
    let (after, later) = read(&database, None).await;
    assert_ne!(before, after);
    assert_eq!(after.len(), 21);
    assert_eq!(read(&database, Some(&origin)).await.0, before);
    assert_eq!(read(&database, Some(&later)).await.0, after);
    assert_eq!(origin.0.len(), 2, "both partitions of the source topic");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_was_taken_back_is_not_read() {
    let database = database(&["14"]).await;
    let withdrawn = Statement { withdrawn: true, recorded: Some(REPORTED + 5), ..statement("A") };
    let waiting = Statement { status: WaitStatus::Waiting, ..statement("B") };
    Feeder::new(&database, "14").await.feed(&[statement("A"), withdrawn, waiting]).await;
    let (found, _) = read(&database, None).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, "B");
}

/// TRUNCATE of a followed table, and the rows that it gets afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_table_takes_back_what_it_said_before_and_nothing_else() {
    let followed = |contact: &str, partition, later: i64| Statement {
        table: Some("lis.public.vantetid"),
        partition: Some(partition),
        recorded: Some(REPORTED + later),
        ..statement(contact)
    };
    let emptied = |partition| Statement { withdrawn: true, ..followed("", partition, 1) };
    let before = [
        followed("A", 0, 0),
        followed("B", 0, 0),
        followed("C", 1, 0),
        Statement { table: Some("lis.public.annan"), ..followed("D", 0, 0) },
        Statement { system: "SE2321000131-E000000000000", ..followed("E", 0, 0) },
        Statement { table: None, ..followed("F", 0, 0) },
        // What a file says of the same contact earlier holds again when the table's word is void.
        Statement { table: None, days: 7, recorded: Some(REPORTED - 1), ..followed("B", 0, 0) },
    ];
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&before).await;
    let short = |found: &[(String, String, i64)]| -> Vec<(String, i64)> {
        found.iter().map(|(_, contact, days)| (contact.clone(), *days)).collect()
    };
    let as_expected = |expected: &[(&str, i64)]| -> Vec<(String, i64)> {
        expected.iter().map(|(contact, days)| ((*contact).to_owned(), *days)).collect()
    };
    let (found, origin) = read(&database, None).await;
    assert_eq!(short(&found), as_expected(&[("E", 40), ("A", 40), ("B", 40), ("C", 40), ("D", 40), ("F", 40)]));
    // Only the first partition's record has come: the other's rows still hold.
    feeder.feed(&[emptied(0)]).await;
    assert_eq!(
        short(&read(&database, None).await.0),
        as_expected(&[("E", 40), ("B", 7), ("C", 40), ("D", 40), ("F", 40)])
    );
    feeder
        .feed(&[Statement { recorded: Some(REPORTED + 2), ..emptied(1) }, followed("A", 0, 1), followed("G", 1, 3)])
        .await;
    let expected = as_expected(&[("E", 40), ("A", 40), ("B", 7), ("D", 40), ("F", 40), ("G", 40)]);
    assert_eq!(short(&read(&database, None).await.0), expected);
    // As it stood before, also now.
    assert_eq!(read(&database, Some(&origin)).await.0, found);
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_the_store_has_not_reached_and_positions_it_has_lost_are_refused() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&month(4)).await;
    let (_, mut ahead) = read(&database, None).await;
    ahead.0[0].offset += 1;
    let mut session = database.session().await;
    let (region, period) = ("14".parse().unwrap(), "2026-02".parse().unwrap());
    let snapshot = Snapshot::begin(&mut session, region, Subject::Wait, period).await.unwrap();
    let error = Extract::survey(&snapshot, &waiting_times(), period, Some(&ahead)).await.unwrap_err().to_string();
    assert!(
        error.contains("region.14.source.waiting-times partition 0 up to offset 2, the manifest says 3"),
        "{error}"
    );
    drop(snapshot);
    // An operator has made the store read the topic again, and it has not come far.
    let client = crate::world::connect(&database.superuser).await;
    client.batch_execute("DELETE FROM delivery.origin").await.unwrap();
    let snapshot = Snapshot::begin(&mut session, region, Subject::Wait, period).await.unwrap();
    let error = Extract::survey(&snapshot, &waiting_times(), period, None).await.unwrap_err().to_string();
    assert!(error.contains("4 statements of region 14 for 2026-02 lie above the store's positions"), "{error}");
}
