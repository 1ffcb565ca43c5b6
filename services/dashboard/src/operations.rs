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
use topics::{group, name};

use crate::hub::Hub;
use crate::store::Store;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(60);
/// How long an answer of Kafka is waited for.
const WAIT: Duration = Duration::from_secs(10);
/// Most partitions that are asked for.
const PARTITIONS_MAX: usize = 5_000;

/// Asks until shutdown; what does not answer keeps its last answer, with its time.
pub async fn follow(hub: Arc<Hub>, kafka: Kafka, group: String, store: Option<Address>, shutdown: Shutdown) {
    let mut state = State::default();
    loop {
        let now = hub.now();
        let (asked, group) = (kafka.clone(), group.clone());
        match tokio::task::spawn_blocking(move || ask_kafka(&asked, &group)).await {
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
    #[error("ask Kafka for positions; check that the broker is up and that board.processor_group may be described")]
    Ask(#[from] KafkaError),
}

/// Source topics with their fates, and how many records lie parked. `group` is the processors', `<nn>` standing for a region.
///
/// # Errors
/// When Kafka does not answer.
pub fn ask_kafka(kafka: &Kafka, group: &str) -> Result<(Vec<Feed>, BTreeMap<String, i64>), Error> {
    let mut config = kafka.client().map_err(Error::Settings)?;
    let client: BaseConsumer = config.create()?;
    kafka.log_in(client.client()).map_err(KafkaError::from)?;
    let metadata = client.fetch_metadata(None, WAIT)?;
    let mut sources: BTreeMap<String, TopicPartitionList> = BTreeMap::new();
    let mut source_count = 0;
    let mut parked: BTreeMap<String, i64> = BTreeMap::new();
    for topic in metadata.topics() {
        let Some(region) = name::region_of(topic.name()) else { continue };
        let kind = Kind::of_topic(topic.name());
        for partition in topic.partitions() {
            if kind == Some(Kind::SourceRecord) && source_count < PARTITIONS_MAX {
                let of_group = sources.entry(group::named(group, region)).or_default();
                of_group.add_partition(topic.name(), partition.id());
                source_count += 1;
            } else if kind == Some(Kind::Parked) {
                let (low, high) = client.fetch_watermarks(topic.name(), partition.id(), WAIT)?;
                *parked.entry(topic.name().to_owned()).or_default() += high - low;
            }
        }
    }
    let mut feeds: BTreeMap<String, Feed> = BTreeMap::new();
    for (group, sources) in sources {
        // Never subscribed: the client only asks what the group has committed and is no member of it.
        let client: BaseConsumer = config.set("group.id", group).set("enable.auto.commit", "false").create()?;
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
