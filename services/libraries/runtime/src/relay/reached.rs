//! How far a partition had come, as its outputs say.
//!
//! Where the group has forgotten what was committed (an outage longer than `offsets.retention.minutes`, a group that was
//! deleted), a partition would begin anew at its oldest record, and what retention took meanwhile would be skipped without
//! a word. Every output carries the offset of the record that it came from, so the outputs remember.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::Route;
use crate::broker;
use crate::config;
use crate::header;
use crate::origin::{self, Origin};
use crate::policy;

/// Records at the end of each output that are looked at. Other inputs write to the same outputs; one that wrote less than
/// one record in so many since is not found, and then nothing is known of it.
const LOOKED_AT_MAX: i64 = 10_000;
/// How long looking may take in all.
const LOOK_MAX: Duration = Duration::from_secs(60);
const POLL_MAX: Duration = Duration::from_millis(500);

/// The highest offset of this input partition that an output came from; `None` where the outputs' ends name none.
pub(super) fn offset(
    kafka: &config::Kafka,
    input: &str,
    partition: i32,
    routes: &[Route],
) -> Result<Option<i64>, KafkaError> {
    let mut client =
        kafka.client().map_err(|_| KafkaError::ClientCreation("the settings were good before".to_owned()))?;
    client
        // librdkafka wants a group's name even where no group is joined.
        .set("group.id", topics::group::REACHED)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer = client.create()?;
    kafka.log_in(consumer.client())?;
    let mut list = TopicPartitionList::new();
    for topic in routes.iter().filter(|route| route.input == input).flat_map(|route| &route.outputs) {
        let (low, high) = broker::range(&consumer, topic, partition)?;
        if high > low {
            list.add_partition_offset(topic, partition, Offset::Offset(low.max(high - LOOKED_AT_MAX)))?;
        }
    }
    let mut left = list.count();
    consumer.assign(&list)?;
    let begun = Instant::now();
    let mut reached = None;
    while left > 0 {
        if begun.elapsed() > LOOK_MAX {
            return Err(KafkaError::MessageConsumption(policy::LATE));
        }
        match consumer.poll(POLL_MAX) {
            Some(Ok(message)) => {
                let origin = header::first(&message, origin::HEADER).and_then(|value| Origin::parse(value).ok());
                let ours = origin.filter(|origin| origin.topic == input && origin.partition == partition);
                reached = reached.max(ours.map(|origin| origin.position.offset));
            }
            Some(Err(KafkaError::PartitionEOF(_))) => left -= 1,
            Some(Err(error)) => return Err(error),
            None => {}
        }
    }
    Ok(reached)
}
