//! Why a region's topics are not read right now, and what follows from it.

use rdkafka::error::KafkaError;
use runtime::config::Fault;
use runtime::exit::chain;
use runtime::policy;

use super::registry;
use crate::files::Interrupted;
use crate::follow::{Mend, Remedy};

/// Why a region's topics are not read right now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration does not make a consumer.
    #[error("set up the clients of the region's Kafka and of its schema registry")]
    Setup(#[from] Fault),
    /// The region's Kafka does not answer, or not what was asked for.
    #[error("{what} of the region's Kafka at {bootstrap}")]
    Kafka { what: &'static str, bootstrap: String, source: KafkaError },
    /// The region's Kafka and we do not know each other.
    #[error("{reason}")]
    Estranged {
        /// The service's one judgement of it.
        reason: String,
    },
    /// A topic is not there.
    #[error(
        "topic {topic} is not in the region's Kafka at {bootstrap}, or may not be read; see `topics` and the user's rights"
    )]
    TopicMissing { topic: String, bootstrap: String },
    /// Changes were removed before they were read.
    #[error(
        "offset {offset} of {topic} partition {partition} is gone, the region's Kafka holds {low} to {high}: changes are \
         lost. Set the offset with kafka-consumer-groups --group {group} --topic {topic} --reset-offsets --to-earliest \
         --execute, then have Debezium take its snapshot again"
    )]
    OffsetGone {
        group: String,
        topic: String,
        partition: i32,
        /// The next offset that was wanted.
        offset: i64,
        low: i64,
        /// The next to be written.
        high: i64,
    },
    /// The offsets are those of an earlier topic of this name.
    #[error(
        "topic {topic} was deleted and made anew: changes may be lost, and the group's offsets are those of the old one. Set \
         them with kafka-consumer-groups --group {group} --topic {topic} --reset-offsets --to-earliest --execute, then have \
         Debezium take its snapshot again if it has not"
    )]
    TopicAnew { group: String, topic: String },
    /// A message cannot be read before somebody does something.
    #[error(
        "message {topic}/{partition}@{offset} of the region's Kafka waits, and what comes after it. To leave it out for good: \
         kafka-consumer-groups --group {group} --topic {topic}:{partition} --reset-offsets --to-offset {next} --execute",
        next = offset + 1
    )]
    Held {
        group: String,
        topic: String,
        partition: i32,
        offset: i64,
        /// Why, and what to do.
        source: Held,
    },
    /// There are more partitions than before.
    #[error("the topics have new partitions")]
    Grown,
    /// Sending again goes on where it was.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Why a message cannot be read now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Held {
    /// Its schema is in a registry that the configuration does not name.
    #[error(
        "it is written by an Avro converter, or another that keeps schemas in a registry: name that one as `registry` of this \
         source in [[region.debezium]]"
    )]
    RegistryUnnamed,
    /// Its schema is not to be had.
    #[error("its schema is not known")]
    Schema(#[from] registry::Error),
    /// Deletions of its topic are missing values, which elsewhere say nothing.
    #[error(
        "it is a row without an envelope (ExtractNewRecordState), and deletions there are missing values: name the topic in \
         `flattened` of this source in [[region.debezium]], or set delete.tombstone.handling.mode=rewrite there"
    )]
    FlattenedUndeclared,
}

impl Mend for Error {
    fn remedy(&self) -> Remedy {
        match self {
            Self::Kafka { source, .. } if policy::is_denied(source) => Remedy::Operator,
            Self::Kafka { .. } => Remedy::Wait,
            Self::Setup(_)
            | Self::Estranged { .. }
            | Self::TopicMissing { .. }
            | Self::OffsetGone { .. }
            | Self::TopicAnew { .. }
            | Self::Held { .. } => Remedy::Operator,
            Self::Grown => Remedy::Repeat,
            Self::Interrupted(interrupted) => (*interrupted).into(),
        }
    }

    fn thing(&self) -> String {
        match self {
            Self::Held { source, .. } => chain(source),
            _ => chain(self),
        }
    }
}
