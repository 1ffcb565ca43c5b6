//! Into PostgreSQL: the store's batch writer beside a bare binary COPY of the same rows into the same table.

use std::{collections::HashSet, process::Command, time::Duration};

use local_stack::Postgres;
use runtime::origin;
use schemas::Subject;
use topics::Region;

use super::{
    Error,
    report::{Spread, Storing},
};
use crate::{stack, topic_read};

/// Rows of one transaction, as the store takes them under load.
const BATCH: usize = 5_000;

/// An event as it stands in Kafka: its value and its `origin` header.
pub type Event = (Vec<u8>, Vec<u8>);

/// Encounter events as they stand in Kafka, each event once.
///
/// # Errors
/// When Kafka does not answer.
pub fn records(bootstrap: &str, region: Region, count_max: usize) -> Result<Vec<Event>, Error> {
    let client = topic_read::client(bootstrap, "bench-store")?;
    let encounter = topics::name::common(region, Subject::Encounter);
    let mut ends = topic_read::ends(&client, &|topic| topic == encounter)?;
    // The first round's outputs hold every event; a message that was sent twice gives the same one again.
    for end in ends.values_mut() {
        *end = (*end).min(2 * count_max as i64);
    }
    let (mut seen, mut records) = (HashSet::new(), Vec::new());
    topic_read::read(&client, &ends, &mut |record| {
        let header = |name: &str| record.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let (Some(id), Some(origin)) = (header(origin::EVENT_ID_HEADER), header(origin::HEADER)) else { return };
        if records.len() < count_max && seen.insert(id) {
            records.push((record.payload, origin));
        }
    })?;
    Ok(records)
}

/// Stores the records and copies them, in turn, each into a new database.
///
/// # Errors
/// When PostgreSQL refuses something.
pub fn compare(
    postgres: &Postgres,
    region: Region,
    records: &[Event],
    rounds: usize,
    progress: &mut dyn FnMut(&str),
) -> Result<Storing, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Io { what: "a runtime", source })?;
    let failed = |error| Error::Store(Box::new(error));
    let per_second = |took: Duration| records.len() as f64 / took.as_secs_f64();
    let (mut stored, mut copied) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        progress(&format!("bare COPY of {} rows, round {} of {rounds}", records.len(), round + 1));
        let url = migrated(postgres)?;
        copied.push(per_second(
            runtime.block_on(sink_store::bench::bare_copy(&url, region.code(), records, BATCH)).map_err(failed)?,
        ));
        progress(&format!("sink-store, round {} of {rounds}", round + 1));
        let url = migrated(postgres)?;
        stored.push(per_second(
            runtime.block_on(sink_store::bench::store(&url, region.code(), records, BATCH)).map_err(failed)?,
        ));
    }
    Ok(Storing {
        ratio: Spread::of(stored.iter().zip(&copied).map(|(stored, copied)| stored / copied)),
        store_rows_per_second: Spread::of(stored),
        copy_rows_per_second: Spread::of(copied),
    })
}

/// A new database with the store's tables. What earlier rounds wrote is flushed first, so that no round pays for another.
fn migrated(postgres: &Postgres) -> Result<String, Error> {
    let url = postgres.fresh_database()?;
    let program = stack::program("sink-store").map_err(|source| Error::Io { what: "sink-store", source })?;
    let output = Command::new(program)
        .args(["migrate", "--database-url", &url])
        .output()
        .map_err(|source| Error::Io { what: "sink-store migrate", source })?;
    if output.status.success() {
        return Ok(url);
    }
    Err(Error::Round { variant: "migration", output: String::from_utf8_lossy(&output.stderr).into_owned() })
}
