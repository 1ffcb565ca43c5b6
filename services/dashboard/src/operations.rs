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
use schemas::{Kind, Timestamp};
use topics::{group, name};

use crate::hub::Hub;
use crate::store::{self, Store};

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(60);
/// How long an answer is waited for.
const WAIT: Duration = Duration::from_secs(10);
/// Seconds that the oldest record of a source topic can be old: what the catalogue allows, and a day for its segment.
const KEPT: i64 = 8 * 24 * 3_600;
/// Halvings that leave a second of them.
const STEPS: u32 = (KEPT + 1).ilog2() + 1;
/// Most partitions that are asked for.
const PARTITIONS_MAX: usize = 5_000;

/// Asks until shutdown; what does not answer keeps its last answer, with its time.
pub async fn follow(hub: Arc<Hub>, kafka: Kafka, group: String, store: Option<Address>, shutdown: Shutdown) {
    let mut state = State::default();
    loop {
        let now = hub.now();
        let (asked, group) = (kafka.clone(), group.clone());
        match tokio::task::spawn_blocking(move || ask_kafka(&asked, &group, now)).await {
            Ok(Ok((feeds, parked))) => state.answered(feeds, parked, now),
            Ok(Err(error)) => {
                tracing::warn!("fates are not read: {}", exit::chain(&error));
                state.kafka = Some((now, false));
            }
            Err(_) => state.kafka = Some((now, false)),
        }
        if let Some(address) = &store {
            let read = store::within(WAIT, async { Store::connect(address).await?.deliveries().await }).await;
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

/// Source topics to which something was ever written, with their fates, and how many records lie parked. `group` is the processors',
/// `<nn>` standing for a region. Offsets are asked for, and no record.
///
/// # Errors
/// When Kafka does not answer.
pub fn ask_kafka(kafka: &Kafka, group: &str, now: Timestamp) -> Result<(Vec<Feed>, BTreeMap<String, i64>), Error> {
    let mut config = kafka.client().map_err(Error::Settings)?;
    let client: BaseConsumer = config.create()?;
    kafka.log_in(client.client()).map_err(KafkaError::from)?;
    let metadata = client.fetch_metadata(None, WAIT)?;
    let mut sources: BTreeMap<String, TopicPartitionList> = BTreeMap::new();
    let mut source_count = 0;
    let mut parked: BTreeMap<String, i64> = BTreeMap::new();
    for topic in metadata.topics() {
        let Some(region) = name::region_of(topic.name()) else { continue };
        // Kept identities are written as source records are, and nobody processes them.
        let kind = Kind::of_topic(topic.name()).filter(|_| topic.name() != name::identities(region));
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
    // By topic and partition the first record that waits.
    let mut waiting: BTreeMap<(String, i32), i64> = BTreeMap::new();
    for (group, sources) in sources {
        // Never subscribed: the client only asks what the group has committed and is no member of it.
        let client: BaseConsumer = config.set("group.id", group).set("enable.auto.commit", "false").create()?;
        for element in client.committed_offsets(sources, WAIT)?.elements() {
            let (low, high) = client.fetch_watermarks(element.topic(), element.partition(), WAIT)?;
            if high == 0 {
                continue;
            }
            let feed = feeds.entry(element.topic().to_owned()).or_insert_with(|| Feed {
                topic: element.topic().to_owned(),
                fates: FateCounts::default(),
                passed: 0,
                waiting: 0,
                oldest: None,
                is_unreadable: false,
            });
            let next = element.offset().to_raw().map_or(low, |next| next.max(low));
            if next < high {
                waiting.insert((element.topic().to_owned(), element.partition()), next);
            }
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
    match written_at(&client, &waiting, now) {
        Ok(written) => {
            for ((topic, _), at) in written {
                let Some(feed) = feeds.get_mut(&topic) else { continue };
                feed.oldest = Some(feed.oldest.map_or(at, |oldest| oldest.min(at)));
            }
        }
        Err(error) => tracing::warn!("how long records wait is not known: {}", exit::chain(&error)),
    }
    Ok((feeds.into_values().collect(), parked))
}

/// When records were written, by topic, partition and offset, to the second. Kafka tells the first record that is not older than an instant, to
/// who may describe the topic; so the instant is looked for, of all at a time, within the longest that a source topic keeps records.
fn written_at(
    client: &BaseConsumer,
    records: &BTreeMap<(String, i32), i64>,
    now: Timestamp,
) -> Result<BTreeMap<(String, i32), Timestamp>, KafkaError> {
    let now = now.0.div_euclid(1_000_000);
    // The record was written before the second, and not before the first.
    let mut bounds: BTreeMap<&(String, i32), (i64, i64)> =
        records.keys().map(|at| (at, (now - KEPT, now + 1))).collect();
    for _ in 0..STEPS {
        let mut asked = TopicPartitionList::new();
        for ((topic, partition), (from, until)) in &bounds {
            asked.add_partition_offset(topic, *partition, Offset::Offset(from.midpoint(*until) * 1_000))?;
        }
        for element in client.offsets_for_times(asked, WAIT)?.elements() {
            element.error()?;
            let at = (element.topic().to_owned(), element.partition());
            let (Some(record), Some((from, until))) = (records.get(&at), bounds.get_mut(&at)) else { continue };
            let middle = from.midpoint(*until);
            match element.offset() {
                Offset::Offset(first) if first <= *record => *from = middle,
                _ => *until = middle,
            }
        }
    }
    Ok(bounds.into_iter().map(|(at, (from, _))| (at.clone(), Timestamp(from * 1_000_000))).collect())
}
