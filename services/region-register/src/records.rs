//! Everything that topics hold now, record by record.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use parcel::{Position, Positions};
use runtime::config::Kafka;
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use runtime::tail::{Record, Settings, Start, Tail};
use schemas::Decoder;
use schemas::registry::{self, Client};

use crate::error::Error;

const BATCH: usize = 1000;
const WAIT: Duration = Duration::from_millis(200);
/// Without a record for so long Kafka counts as away.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gives each record to `take` with a decoder that knows its schema, those of a partition in its order. Ends where the topics ended
/// when it began; returns how far they were read.
///
/// # Errors
/// When Kafka or the registry does not answer, or `take` fails.
pub(crate) fn each(
    kafka: &Kafka,
    registry: &registry::Settings,
    topics: &[String],
    shutdown: &Shutdown,
    mut take: impl FnMut(&Decoder, &Record<'_>) -> Result<(), Error>,
) -> Result<Positions, Error> {
    let starts: Vec<Start> = topics.iter().map(Start::at_beginning).collect();
    let health = Health::new(&[runtime::broker::COMPONENT]);
    let mut tail = Tail::assign(kafka, Settings::default(), &starts, health, shutdown.clone())?;
    let (registry, mut decoder) = (Client::connect(registry)?, Decoder::new());
    let mut known = HashSet::new();
    let mut last = Instant::now();
    let mut positions: Vec<Position> = Vec::new();
    while !tail.has_caught_up() {
        if shutdown.requested() {
            return Err(Error::Stopped);
        }
        let records = tail.poll_batch(BATCH, WAIT)?;
        if records.is_empty() && last.elapsed() > PATIENCE {
            return Err(Error::Silent { topic: topics.join(", "), seconds: PATIENCE.as_secs() });
        }
        for record in &records {
            last = Instant::now();
            let (topic, partition, offset) = (&topics[record.topic()], record.partition(), record.offset());
            if let Some(id) = schema_id(record.payload()).filter(|id| known.insert(*id)) {
                let unreadable = |_| Error::unreadable(topic, record);
                decoder.insert(id, &registry.schema(id)?).map_err(unreadable)?;
            }
            take(&decoder, record)?;
            match positions.iter_mut().find(|held| held.partition == partition && held.topic == *topic) {
                Some(position) => position.offset = offset,
                None => {
                    positions.push(Position { topic: topic.clone(), partition, offset, ordinal: 0, subject: None });
                }
            }
        }
    }
    positions.sort();
    Ok(Positions(positions))
}

/// The schema id of a framed record.
fn schema_id(value: &[u8]) -> Option<u32> {
    match value {
        [0, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

impl Error {
    pub(crate) fn unreadable(topic: &str, record: &Record<'_>) -> Self {
        Self::Unreadable { topic: topic.to_owned(), partition: record.partition(), offset: record.offset() }
    }
}
