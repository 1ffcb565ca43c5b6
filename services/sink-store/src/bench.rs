//! For `make bench`: the batch writer alone, and a bare binary COPY of the same rows into the same table.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, pin_mut};
use runtime::origin::Watermarks;
use schemas::{Decoder, Kind};

use crate::batch::{Batch, COLUMNS, Record, Source};
use crate::error::{Attempt, Error};
use crate::session::{Purpose, Session};
use crate::store::Store;

/// Encounter records as they stand in Kafka, of one region: value and `origin` header, in order.
pub type Records = [(Vec<u8>, Vec<u8>)];

/// Stores the records in batches as `run` does (decode, watermark, COPY, position, dirty nodes), and says how long it took.
/// The events must not be in the table yet, and their schema is the development registry's.
///
/// # Errors
/// When the database does not answer.
pub async fn store(url: &str, region: &str, records: &Records, batch: usize) -> Result<Duration, Error> {
    let mut store = Store::open(url, &[region.to_owned()]).await?;
    let id = schemas::registry::development_id_current(Kind::Encounter);
    store.add_schema(region, id, Kind::Encounter.avsc()).await?;
    let records = borrowed(records);
    let started = Instant::now();
    for part in records.chunks(batch) {
        store.write(region, part).await?;
    }
    Ok(started.elapsed())
}

/// Copies the same rows, encoded beforehand, in as many transactions, and does nothing else.
///
/// # Errors
/// When the database does not answer.
pub async fn bare_copy(url: &str, region: &str, records: &Records, batch: usize) -> Result<Duration, Error> {
    let sources = Source::of_region(region);
    let decoder = Decoder::development();
    let (marks, unusable, erased) = (Watermarks::new(), HashSet::new(), HashSet::new());
    let records = borrowed(records);
    let encoded: Vec<Vec<Bytes>> = records
        .chunks(batch)
        .map(|part| {
            let mut batch = Batch::new(region, &sources, part, &decoder, &marks, &unusable, &erased);
            std::iter::from_fn(|| batch.chunk()).collect()
        })
        .collect();
    let session = Session::open(url).await?;
    let attempt = || "copy".to_owned();
    let copy = session.prepared(region, &format!("COPY events_r{region} ({COLUMNS}) FROM STDIN (FORMAT binary)")).await;
    let copy = copy.attempt(attempt)?;
    let started = Instant::now();
    for chunks in encoded {
        session.begin(region, Purpose::Write).await.attempt(attempt)?;
        let sink = session.client().copy_in::<_, Bytes>(&copy).await.attempt(attempt)?;
        pin_mut!(sink);
        for chunk in chunks {
            sink.send(chunk).await.attempt(attempt)?;
        }
        sink.finish().await.attempt(attempt)?;
        session.commit().await.attempt(attempt)?;
    }
    Ok(started.elapsed())
}

fn borrowed(records: &Records) -> Vec<Record<'_>> {
    (0..)
        .zip(records)
        .map(|(offset, (value, origin))| Record { source: 0, partition: 0, offset, origin: Some(origin), value })
        .collect()
}
