//! The region's Kafka: partitions assigned from the group's offsets, and the offsets committed there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{CommitMode, Consumer as _, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Fault;
use runtime::metrics::Gauge;

use super::error::Error;
use crate::config::Debezium;

/// How long one question may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long the last commit may take.
const COMMIT_MAX: Duration = Duration::from_secs(5);
/// Messages fetched and not yet taken.
const QUEUE_KIB: u32 = 16 << 10;
/// How often the lag is measured.
const STATISTICS_MS: u32 = 2_000;

/// Pause before a group's offsets are asked for again.
const COORDINATOR_PAUSE: Duration = Duration::from_millis(100);

/// What librdkafka tells, on threads of its own. Its log lines may quote what it reads and are not passed on.
pub struct Context {
    away: AtomicBool,
    uncommitted: AtomicBool,
    lag: Gauge,
}

impl ClientContext for Context {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, _: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.away.store(true, Ordering::Relaxed);
        }
    }

    fn stats(&self, statistics: Statistics) {
        let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
        self.lag.set(partitions.map(|partition| partition.consumer_lag.max(0)).sum());
    }
}

impl ConsumerContext for Context {
    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if result.is_err() {
            self.uncommitted.store(true, Ordering::Relaxed);
        }
    }
}

/// Where a message is: the topic by its place in the configuration, the partition, and the offset after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The topic.
    pub topic: usize,
    /// The partition.
    pub partition: i32,
    /// The next offset that is wanted.
    pub next: i64,
}

/// How far each partition is stored.
#[derive(Default)]
pub struct Offsets {
    next: BTreeMap<(usize, i32), i64>,
    moved: bool,
}

impl Offsets {
    /// Stored up to here.
    pub fn note(&mut self, mark: Mark) {
        let known = self.next.entry((mark.topic, mark.partition)).or_insert(mark.next);
        *known = mark.next.max(*known);
        self.moved = true;
    }
}

/// Topics being read.
pub struct Consumer {
    inner: Arc<StreamConsumer<Context>>,
    bootstrap: String,
    topics: Vec<String>,
    counts: Vec<usize>,
}

impl Consumer {
    /// Looks at the topics and starts to read them where the group is.
    pub async fn open(source: &Debezium, lag: Gauge) -> Result<Self, Error> {
        let mut config = source.kafka.client()?;
        config
            .set("group.id", &source.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // An offset that is gone is an error, never a silent jump.
            .set("auto.offset.reset", "error")
            .set("queued.max.messages.kbytes", QUEUE_KIB.to_string())
            .set("fetch.wait.max.ms", "100")
            .set("statistics.interval.ms", STATISTICS_MS.to_string());
        let context = Context { away: AtomicBool::new(false), uncommitted: AtomicBool::new(false), lag };
        let inner = StreamConsumer::from_config_and_context(&config, context)
            .map_err(|error| Fault::new("kafka", error.to_string()))?;
        let topics: Vec<String> = source.topics.keys().cloned().collect();
        let (inner, bootstrap, group) = (Arc::new(inner), source.kafka.bootstrap.clone(), source.group.clone());
        let mut consumer = Self { inner, bootstrap, topics, counts: Vec::new() };
        let opened = tokio::task::spawn_blocking(move || {
            consumer.counts = consumer.look()?;
            consumer.assign(&group)?;
            Ok(consumer)
        });
        // A panic has been logged with its place.
        opened.await.unwrap_or(Err(crate::files::Interrupted::NotStored.into()))
    }

    /// How many partitions each topic has.
    fn look(&self) -> Result<Vec<usize>, Error> {
        let count = |topic: &String| {
            let metadata = self
                .inner
                .fetch_metadata(Some(topic), ANSWER_MAX)
                .map_err(|error| self.failed("ask for the topics", error))?;
            match metadata.topics().first().map(|found| found.partitions().len()) {
                None | Some(0) => Err(Error::TopicMissing { topic: topic.clone(), bootstrap: self.bootstrap.clone() }),
                Some(count) => Ok(count),
            }
        };
        self.topics.iter().map(count).collect()
    }

    fn assign(&self, group: &str) -> Result<(), Error> {
        let mut wanted = TopicPartitionList::new();
        for (topic, count) in self.topics.iter().zip(&self.counts) {
            for partition in 0..i32::try_from(*count).unwrap_or(i32::MAX) {
                wanted.add_partition(topic, partition);
            }
        }
        let committed = self.committed(&wanted).map_err(|error| self.failed("ask for the group's offsets", error))?;
        let mut assignment = TopicPartitionList::new();
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let (low, high) = self
                .inner
                .fetch_watermarks(topic, partition, ANSWER_MAX)
                .map_err(|error| self.failed("ask how far the topics reach", error))?;
            let offset = match element.offset() {
                Offset::Offset(offset) if offset < low || offset > high => {
                    let (group, topic) = (group.to_owned(), topic.to_owned());
                    return Err(Error::OffsetGone { group, topic, partition, offset, low, high });
                }
                Offset::Offset(offset) => offset,
                // Never read: from the oldest message on.
                _ => low,
            };
            assignment
                .add_partition_offset(topic, partition, Offset::Offset(offset))
                .map_err(|error| self.failed("assign partitions", error))?;
        }
        self.inner.assign(&assignment).map_err(|error| self.failed("assign partitions", error))
    }

    /// The group's offsets. A broker that has just started, or been asked for a group for the first time, needs a moment.
    fn committed(&self, wanted: &TopicPartitionList) -> KafkaResult<TopicPartitionList> {
        let start = Instant::now();
        loop {
            match self.inner.committed_offsets(wanted.clone(), ANSWER_MAX) {
                Err(error) if is_no_coordinator(&error) && start.elapsed() < ANSWER_MAX => {
                    std::thread::sleep(COORDINATOR_PAUSE);
                }
                committed => return committed,
            }
        }
    }

    /// The next message. May be cancelled.
    pub async fn next(&self) -> Result<BorrowedMessage<'_>, Error> {
        loop {
            match self.inner.recv().await {
                // A lost connection is made again; whether there is anybody is looked at by `check`.
                Err(error) if is_lost_connection(&error) => self.inner.context().away.store(true, Ordering::Relaxed),
                received => return received.map_err(|error| self.failed("read from the topics", error)),
            }
        }
    }

    /// The topic's place in the configuration.
    pub fn place(&self, topic: &str) -> Option<usize> {
        self.topics.iter().position(|known| known == topic)
    }

    /// Tells whether no broker can be reached, after a connection was lost.
    pub async fn check(self: &Arc<Self>) -> Result<(), Error> {
        if self.inner.context().away.swap(false, Ordering::Relaxed) { self.check_partitions().await } else { Ok(()) }
    }

    /// Tells whether there are new partitions.
    pub async fn check_partitions(self: &Arc<Self>) -> Result<(), Error> {
        let own = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || own.look()).await;
        let counts = looked.unwrap_or(Err(crate::files::Interrupted::NotStored.into()))?;
        if counts == self.counts { Ok(()) } else { Err(Error::Grown) }
    }

    /// Tells the group how far everything is stored, without waiting; again when the last time failed.
    pub fn commit(&self, offsets: &mut Offsets) {
        let failed = self.inner.context().uncommitted.swap(false, Ordering::Relaxed);
        if (std::mem::take(&mut offsets.moved) || failed) && !offsets.next.is_empty() {
            let committed = self.list(offsets).and_then(|list| self.inner.commit(&list, CommitMode::Async));
            offsets.moved = committed.is_err();
        }
    }

    /// Tells the group how far everything is stored, and waits a while for it. What it does not hear of comes again.
    pub async fn commit_last(&self, offsets: &Offsets) {
        let Ok(list) = self.list(offsets) else { return };
        if list.count() == 0 || self.inner.context().away.load(Ordering::Relaxed) {
            return;
        }
        let inner = Arc::clone(&self.inner);
        let commit = tokio::task::spawn_blocking(move || inner.commit(&list, CommitMode::Sync));
        // Without it the same records come again, and count as duplicates downstream.
        let _ = tokio::time::timeout(COMMIT_MAX, commit).await;
    }

    fn list(&self, offsets: &Offsets) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), next) in &offsets.next {
            list.add_partition_offset(&self.topics[*topic], *partition, Offset::Offset(*next))?;
        }
        Ok(list)
    }

    fn failed(&self, what: &'static str, source: KafkaError) -> Error {
        Error::Kafka { what, bootstrap: self.bootstrap.clone(), source }
    }
}

fn is_lost_connection(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut, Resolve};
    let code = error.rdkafka_error_code();
    matches!(code, Some(AllBrokersDown | BrokerTransportFailure | OperationTimedOut | Resolve))
}

fn is_no_coordinator(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator};
    let code = error.rdkafka_error_code();
    matches!(code, Some(CoordinatorLoadInProgress | CoordinatorNotAvailable | NotCoordinator))
}
