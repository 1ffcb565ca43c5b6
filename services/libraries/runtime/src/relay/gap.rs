//! Gaps: records that Kafka no longer holds and that the group has not read; and what accepts them.
//!
//! A relay that meets one ends. Somebody has to know of it, have the sources send that time again where they can, and say that
//! reading may go on; what is missing is counted for good, beside the fates.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::{Error, Route, Settings, clients, fates, reached};
use crate::broker;
use crate::config;
use crate::fate::FateCounts;
use crate::policy;

/// How long one question may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Between attempts to commit while the group has members, and how much longer than a session that may go on.
const PAUSE: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_secs(15);

/// Records of a partition that were not read and are not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The input topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Offset of the first record that is missing.
    pub first: i64,
    /// Offset of the oldest record that Kafka holds, or of the next one to be written.
    pub oldest: i64,
    /// The fates of what was read, with the gap counted.
    counts: FateCounts,
}

impl Gap {
    /// How many records are missing.
    pub fn count(&self) -> u64 {
        self.oldest.abs_diff(self.first)
    }
}

/// The group's gaps, in the order of the routes. Changes nothing and joins nothing; a Kafka that does not answer is an error.
pub fn find(kafka: &config::Kafka, settings: &Settings, routes: &[Route]) -> Result<Vec<Gap>, Error> {
    let consumer = consumer(kafka, settings)?;
    let asking = |source| Error::Group { attempt: "ask Kafka what it holds", source };
    let mut gaps = Vec::new();
    for topic in routes.iter().map(|route| &route.input) {
        let metadata = consumer.fetch_metadata(Some(topic), ANSWER_MAX).map_err(asking)?;
        let partitions = metadata.topics().first().map_or(0, |found| found.partitions().len());
        if partitions == 0 {
            return Err(broker::Error::TopicMissing { topic: topic.clone() }.into());
        }
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions).unwrap_or(i32::MAX) {
            list.add_partition(topic, partition);
        }
        for element in consumer.committed_offsets(list, ANSWER_MAX).map_err(asking)?.elements() {
            let partition = element.partition();
            let range = broker::range(&consumer, topic, partition).map_err(asking)?;
            let (first, counts) = match element.offset() {
                Offset::Offset(next) => (next, fates(topic, partition, element.metadata())?),
                // Where nothing is known, nothing is missed: the relay begins at the oldest record, and counts what is gone.
                _ => match reached::offset(kafka, topic, partition, routes).map_err(asking)? {
                    None => continue,
                    Some(last) => {
                        let forgotten = last.unsigned_abs() + 1;
                        (last + 1, FateCounts { forgotten, ..FateCounts::default() })
                    }
                },
            };
            if first < range.0 {
                let counts = FateCounts { gone: counts.gone + range.0.abs_diff(first), ..counts };
                gaps.push(Gap { topic: topic.clone(), partition, first, oldest: range.0, counts });
            } else {
                // A position behind the end is of another topic of that name, and nothing to accept.
                broker::check_position(topic, partition, first, range)?;
            }
        }
    }
    Ok(gaps)
}

/// Sets the group behind these gaps, with what is missing in its counts. Waits for members that have just ended to leave the
/// group, no longer than their session and a little.
pub fn accept(kafka: &config::Kafka, settings: &Settings, gaps: &[Gap]) -> Result<(), Error> {
    let consumer = consumer(kafka, settings)?;
    let committing = |source| Error::Group { attempt: "set the group's offsets", source };
    let mut list = TopicPartitionList::new();
    for gap in gaps {
        let mut element = list.add_partition(&gap.topic, gap.partition);
        element.set_metadata(gap.counts.to_string());
        element.set_offset(Offset::Offset(gap.oldest)).map_err(committing)?;
    }
    let until = Instant::now() + settings.session_timeout.0 + GRACE;
    let mut is_told = false;
    loop {
        let refused = match consumer.commit(&list, CommitMode::Sync) {
            Ok(()) => return Ok(()),
            Err(error) if policy::has_members(&error) => error,
            Err(error) => return Err(committing(error)),
        };
        if Instant::now() > until {
            let attempt = "set the group's offsets; stop every process of the group first";
            return Err(Error::Group { attempt, source: refused });
        }
        if !is_told {
            let group = &settings.group;
            tracing::info!(group, "the group still has members; waiting until their sessions are over");
            is_told = true;
        }
        std::thread::sleep(PAUSE);
    }
}

fn consumer(kafka: &config::Kafka, settings: &Settings) -> Result<BaseConsumer, Error> {
    let client = clients::reading(kafka, settings).map_err(Error::Setup)?;
    let failed = |source| Error::Group { attempt: "set up the Kafka client", source };
    let consumer: BaseConsumer = client.create().map_err(failed)?;
    kafka.log_in(consumer.client()).map_err(|error| failed(error.into()))?;
    Ok(consumer)
}
