//! Asks Kafka and the store once a minute how the services are doing, in a task of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use figures::report::operations::{Feed, State};
use postgresql::Address;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Kafka;
use runtime::exit;
use runtime::fate::FateCounts;
use runtime::shutdown::Shutdown;
use schemas::Kind;

use crate::hub::Hub;
use crate::store::Store;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(60);
/// How long an answer of Kafka is waited for.
const WAIT: Duration = Duration::from_secs(10);
/// The consumer group whose committed offsets carry the fates: the processor's as shipped.
pub const PROCESSOR_GROUP: &str = "processor";
/// Most partitions that are asked for.
const PARTITIONS_MAX: usize = 5_000;

/// Asks until shutdown; what does not answer keeps its last answer, with its time.
pub async fn follow(hub: Arc<Hub>, kafka: Kafka, store: Option<Address>, shutdown: Shutdown) {
    let mut state = State::default();
    loop {
        let now = hub.now();
        let asked = kafka.clone();
        match tokio::task::spawn_blocking(move || ask_kafka(&asked)).await {
            Ok(Ok((feeds, parked))) => {
                (state.feeds, state.parked) = (Some(feeds), parked);
                state.kafka = Some((now, true));
            }
            Ok(Err(error)) => {
                tracing::warn!("fates are not read: {}", exit::chain(&error));
                state.kafka = Some((now, false));
            }
            Err(_) => state.kafka = Some((now, false)),
        }
        if let Some(address) = &store {
            let read = async { Store::connect(address).await?.deliveries().await }.await;
            state.store = Some((now, read.is_ok()));
            match read {
                Ok(deliveries) => state.deliveries = Some(deliveries),
                Err(error) => tracing::warn!("the store's positions are not read: {}", exit::chain(&error)),
            }
        }
        hub.shelf.set_operations(state.clone());
        if shutdown.within(EVERY).await {
            return;
        }
    }
}

/// Why Kafka told nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting cannot be used.
    #[error("set up a client for Kafka; check [kafka]")]
    Settings(#[source] runtime::config::Fault),
    /// Kafka did not answer.
    #[error("ask Kafka for positions; check that the broker is up and that group `{PROCESSOR_GROUP}` may be described")]
    Ask(#[from] KafkaError),
}

/// Source topics with their fates, and how many records lie parked.
///
/// # Errors
/// When Kafka does not answer.
pub fn ask_kafka(kafka: &Kafka) -> Result<(Vec<Feed>, BTreeMap<String, i64>), Error> {
    let mut config = kafka.client().map_err(Error::Settings)?;
    // Never subscribed: the client only asks what the group has committed and is no member of it.
    config.set("group.id", PROCESSOR_GROUP).set("enable.auto.commit", "false");
    let client: BaseConsumer = config.create()?;
    kafka.log_in(client.client()).map_err(KafkaError::from)?;
    let metadata = client.fetch_metadata(None, WAIT)?;
    let mut sources = TopicPartitionList::new();
    let mut parked: BTreeMap<String, i64> = BTreeMap::new();
    for topic in metadata.topics() {
        let kind = Kind::of_topic(topic.name());
        for partition in topic.partitions() {
            if kind == Some(Kind::SourceRecord) && sources.count() < PARTITIONS_MAX {
                sources.add_partition(topic.name(), partition.id());
            } else if kind == Some(Kind::Parked) {
                let (low, high) = client.fetch_watermarks(topic.name(), partition.id(), WAIT)?;
                *parked.entry(topic.name().to_owned()).or_default() += high - low;
            }
        }
    }
    let mut feeds: BTreeMap<String, Feed> = BTreeMap::new();
    if sources.count() > 0 {
        for element in client.committed_offsets(sources, WAIT)?.elements() {
            let (low, high) = client.fetch_watermarks(element.topic(), element.partition(), WAIT)?;
            let feed = feeds.entry(element.topic().to_owned()).or_insert_with(|| Feed {
                topic: element.topic().to_owned(),
                fates: FateCounts::default(),
                passed: 0,
                waiting: 0,
                is_unreadable: false,
            });
            let Offset::Offset(passed) = element.offset() else {
                feed.waiting += high - low;
                continue;
            };
            feed.passed += passed;
            feed.waiting += (high - passed).max(0);
            match element.metadata().parse::<FateCounts>() {
                Ok(fates) => feed.fates.merge(&fates),
                Err(_) => feed.is_unreadable |= passed > 0,
            }
        }
    }
    Ok((feeds.into_values().collect(), parked))
}
