//! Not a promise but a measurement: `cargo test -p sink-register --release -- --ignored speed --nocapture`.

use std::time::Instant;

use crate::world::{Desk, Feeder, RUN, database, month};

/// Statements in the store; `SPEED_STATEMENTS` says otherwise.
const STATEMENTS: usize = 500_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes"]
#[expect(clippy::print_stderr, reason = "a measurement is printed")]
async fn speed() {
    let count = std::env::var("SPEED_STATEMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(STATEMENTS);
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    let started = Instant::now();
    let mut statements = month(count);
    // Contacts come in no order: neighbours in time are far apart in the index.
    let stride = 7_919;
    statements.sort_by_key(|statement| statement.contact[1..].parse::<usize>().unwrap_or(0) * stride % count);
    feeder.feed(&statements).await;
    eprintln!("{count} statements stored in {:?}", started.elapsed());
    let desk = Desk::new(&database);
    if std::env::var("SPEED_ANALYZE").is_ok() {
        crate::world::connect(&database.superuser).await.batch_execute("ANALYZE events").await.unwrap();
    }
    let started = Instant::now();
    eprint!("{}", desk.run(&[]));
    eprintln!("first run: {:?}", started.elapsed());
    let started = Instant::now();
    eprint!("{}", desk.done(&RUN));
    eprintln!("second run: {:?}", started.elapsed());
}
