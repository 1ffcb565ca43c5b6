//! Reads topics from given offsets: the store's and the dashboard's way out of Kafka.
//!
//! Partitions are assigned, not subscribed: there is no group to rebalance, and the reader's own offsets (the store's,
//! kept with its rows) decide where it starts. Nothing is ever committed to Kafka. One tail can hold hundreds of
//! topics; memory is bounded by `queue_size`. Runs on the caller's OS thread and blocks.
//!
//! While Kafka is away `poll_batch` returns nothing, readiness says why, and reading goes on by itself afterwards. Readiness goes
//! too when Kafka answers nothing, or nobody polls, for [`crate::health::SILENCE_MAX`].

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use serde::Deserialize;

use crate::broker::{self, Link, Probe, Watch, watched};
use crate::config::{self, Fault, Period, Size};
use crate::header;
use crate::health::{Health, Pulse};
use crate::origin::{self, Origin};
use crate::relay::clients::FETCH_BYTES_MIN;
use crate::shutdown::Shutdown;

const METADATA_WAIT_MAX: Duration = Duration::from_secs(5);
/// A topic made a moment ago may not be known everywhere; what is refused so often stays refused.
const REFUSED_MAX: u32 = 20;

/// How topics are read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Upper bound of the memory for records fetched and not yet taken.
    pub queue_size: Size,
    /// How long Kafka may gather records before it answers; a full answer comes at once. Every answer costs the broker a look
    /// at every partition.
    pub fetch_wait: Period,
    /// How often the topics are looked over for new partitions.
    pub topics_refresh: Period,
}

impl Default for Settings {
    fn default() -> Self {
        Self { queue_size: Size::mib(16), fetch_wait: Period::milliseconds(25), topics_refresh: Period::seconds(30) }
    }
}

/// Where reading a topic starts. A partition that is not named starts at its oldest record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The topic.
    pub topic: String,
    /// Offset of the next record wanted, by partition.
    pub offsets: BTreeMap<i32, i64>,
}

impl Start {
    /// All of a topic, from its oldest record.
    pub fn at_beginning(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), offsets: BTreeMap::new() }
    }
}

/// Why reading cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client cannot be set up.
    #[error("set up a Kafka consumer")]
    Setup(#[source] Fault),
    /// Kafka refuses, or a topic cannot be used.
    #[error(transparent)]
    Kafka(#[from] broker::Error),
    /// The partitions cannot be assigned.
    #[error("assign partitions")]
    Assign(#[source] KafkaError),
}

impl Error {
    /// The topic whose reading cannot go on, when it is one topic's matter and no other's.
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Kafka(error) => error.topic(),
            Self::Setup(_) | Self::Assign(_) => None,
        }
    }
}

/// A topic that was not taken up, and why.
#[derive(Debug)]
pub struct Absent {
    /// Which topic, as an index into the starts.
    pub topic: usize,
    /// Why.
    pub error: Error,
}

/// A record, still in librdkafka's memory.
pub struct Record<'a> {
    topic: usize,
    message: BorrowedMessage<'a>,
}

impl Record<'_> {
    /// Which topic, as an index into the starts given to [`Tail::assign`].
    pub fn topic(&self) -> usize {
        self.topic
    }

    /// The partition.
    pub fn partition(&self) -> i32 {
        self.message.partition()
    }

    /// The offset.
    pub fn offset(&self) -> i64 {
        self.message.offset()
    }

    /// When the record was written, in milliseconds since 1970.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.message.timestamp().to_millis()
    }

    /// The Kafka key.
    pub fn key(&self) -> Option<&[u8]> {
        self.message.key()
    }

    /// The value; a record without one has an empty one.
    pub fn payload(&self) -> &[u8] {
        self.message.payload().unwrap_or_default()
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        header::first(&self.message, name)
    }

    /// Where the record came from; a missing header is malformed too.
    pub fn origin(&self) -> Result<Origin<'_>, origin::Malformed> {
        Origin::parse(self.header(origin::HEADER).ok_or(origin::Malformed)?)
    }
}

/// How far reading a partition has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which topic, as an index into the starts.
    pub topic: usize,
    /// The partition.
    pub partition: i32,
    /// Offset of the next record wanted.
    pub next: i64,
    /// Offset after the last record there is, as of at most two seconds ago.
    pub end: i64,
}

impl Progress {
    /// Records there are and that have not been taken.
    pub fn lag(&self) -> i64 {
        (self.end - self.next).max(0)
    }
}

struct Context {
    watch: Watch,
}

watched!(Context);

impl ConsumerContext for Context {}

struct Partition {
    next: i64,
    /// The end when reading started: what has to be read before the reader has caught up.
    end_at_start: i64,
    end: i64,
}

/// A reader of topics.
pub struct Tail {
    consumer: BaseConsumer<Context>,
    settings: Settings,
    topics: Vec<String>,
    index: HashMap<String, usize>,
    partitions: Vec<Vec<Partition>>,
    /// Topics that are read no more, see [`Tail::leave`]; they have no partitions.
    left: Vec<bool>,
    probe: Probe,
    pulse: Pulse,
    refreshed: Instant,
    shutdown: Shutdown,
}

impl Tail {
    /// Starts reading. Waits until Kafka answers; a topic that does not exist is an error.
    pub fn assign(
        kafka: &config::Kafka,
        settings: Settings,
        starts: &[Start],
        health: Health,
        shutdown: Shutdown,
    ) -> Result<Self, Error> {
        let mut tail = Self::new(kafka, settings, starts, health, shutdown)?;
        let names: Vec<&str> = tail.topics.iter().map(String::as_str).collect();
        let counts = broker::partition_counts(
            tail.consumer.client(),
            || broker::serve(&tail.consumer),
            tail.consumer.context().watch.link(),
            &names,
            &tail.shutdown,
        )?;
        let mut assignment = TopicPartitionList::new();
        for (topic, (start, count)) in starts.iter().zip(counts).enumerate() {
            for partition in 0..count {
                tail.add(topic, partition, start.offsets.get(&partition).copied(), &mut assignment)?;
            }
        }
        tail.consumer.assign(&assignment).map_err(Error::Assign)?;
        Ok(tail)
    }

    /// Starts reading those topics that can be read from where they start, as [`Tail::assign`] does, and names the others:
    /// they count as left. What is wrong with one topic keeps nobody from the rest.
    pub fn assign_present(
        kafka: &config::Kafka,
        settings: Settings,
        starts: &[Start],
        health: Health,
        shutdown: Shutdown,
    ) -> Result<(Self, Vec<Absent>), Error> {
        let mut tail = Self::new(kafka, settings, starts, health, shutdown)?;
        let names: Vec<&str> = tail.topics.iter().map(String::as_str).collect();
        let counts = broker::partition_counts_each(
            tail.consumer.client(),
            || broker::serve(&tail.consumer),
            tail.consumer.context().watch.link(),
            &names,
            &tail.shutdown,
        )?;
        let mut assignment = TopicPartitionList::new();
        let mut absent = Vec::new();
        for (topic, (start, count)) in starts.iter().zip(counts).enumerate() {
            let mut own = TopicPartitionList::new();
            let taken = count.map_err(Error::from).and_then(|count| {
                (0..count).try_for_each(|partition| {
                    tail.add(topic, partition, start.offsets.get(&partition).copied(), &mut own)
                })
            });
            match taken {
                Ok(()) => {
                    for element in own.elements() {
                        assignment
                            .add_partition_offset(element.topic(), element.partition(), element.offset())
                            .map_err(Error::Assign)?;
                    }
                }
                Err(Error::Kafka(broker::Error::Stopped)) => return Err(broker::Error::Stopped.into()),
                Err(error) => {
                    tail.partitions[topic].clear();
                    tail.left[topic] = true;
                    absent.push(Absent { topic, error });
                }
            }
        }
        tail.consumer.assign(&assignment).map_err(Error::Assign)?;
        Ok((tail, absent))
    }

    /// A client that reads nothing yet.
    fn new(
        kafka: &config::Kafka,
        settings: Settings,
        starts: &[Start],
        health: Health,
        shutdown: Shutdown,
    ) -> Result<Self, Error> {
        let mut config = kafka.client().map_err(Error::Setup)?;
        let queue_kib = (settings.queue_size.as_bytes() / 1024).max(1024);
        config
            // librdkafka wants a group's name even where no group is joined.
            .set("group.id", topics::group::TAIL)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // A start that is gone is an error, never a silent jump.
            .set("auto.offset.reset", "error")
            .set("fetch.queue.backoff.ms", "5")
            .set("fetch.wait.max.ms", settings.fetch_wait.0.as_millis().to_string())
            .set("fetch.min.bytes", FETCH_BYTES_MIN.to_string())
            .set("queued.max.messages.kbytes", queue_kib.to_string())
            // One answer of the broker must not be larger than the queue.
            .set("fetch.max.bytes", (queue_kib * 1024 / 2).max(2 << 20).to_string())
            .set("fetch.message.max.bytes", (1 << 20).to_string())
            .set("statistics.interval.ms", "2000");
        let pulse = health.pulse(broker::COMPONENT, "no answer of Kafka was taken");
        let context = Context { watch: Watch::new(Link::new(kafka, health)) };
        let consumer: BaseConsumer<Context> = BaseConsumer::from_config_and_context(&config, context)
            .map_err(|error| Error::Setup(Fault::new("kafka", error.to_string())))?;
        let topics: Vec<String> = starts.iter().map(|start| start.topic.clone()).collect();
        let index = topics.iter().cloned().zip(0..).collect();
        Ok(Self {
            partitions: topics.iter().map(|_| Vec::new()).collect(),
            left: vec![false; topics.len()],
            consumer,
            settings,
            topics,
            index,
            probe: Probe::new(),
            pulse,
            refreshed: Instant::now(),
            shutdown,
        })
    }

    /// Reads these topics no more; every other one is read on as if nothing had been. Leaving twice changes nothing.
    pub fn leave(&mut self, topics: &[usize]) -> Result<(), Error> {
        let mut gone = TopicPartitionList::new();
        for &topic in topics {
            self.left[topic] = true;
            for partition in 0..std::mem::take(&mut self.partitions[topic]).len() {
                gone.add_partition(&self.topics[topic], i32::try_from(partition).unwrap_or(i32::MAX));
            }
        }
        if gone.count() > 0 {
            self.consumer.incremental_unassign(&gone).map_err(Error::Assign)?;
        }
        Ok(())
    }

    /// The topics, in the order of the starts.
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// Up to `max` records, in order within each partition. Waits at most `wait` for the first one, then takes what is
    /// there. Empty when nothing came.
    pub fn poll_batch(&mut self, max: usize, wait: Duration) -> Result<Vec<Record<'_>>, Error> {
        self.refresh()?;
        let deadline = Instant::now() + wait;
        let mut records = Vec::with_capacity(max.min(1024));
        let mut last = None;
        let consumer = &self.consumer;
        while records.len() < max {
            let patience =
                if records.is_empty() { deadline.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
            match consumer.poll(patience) {
                Some(Ok(message)) => {
                    let topic = match last {
                        Some(topic) if self.topics[topic] == message.topic() => topic,
                        _ => *self.index.get(message.topic()).expect("only the topics given are assigned"),
                    };
                    last = Some(topic);
                    if self.left[topic] {
                        continue;
                    }
                    let partition = usize::try_from(message.partition()).expect("a record has a partition");
                    self.partitions[topic][partition].next = message.offset() + 1;
                    records.push(Record { topic, message });
                }
                Some(Err(error)) => {
                    let positions = self.topics.iter().zip(&self.partitions).flat_map(|(topic, partitions)| {
                        (0..).zip(partitions).map(move |(number, state)| (topic.as_str(), number, state.next))
                    });
                    broker::judge(consumer, consumer.context().watch.link(), &self.shutdown, positions, &error)?;
                }
                None if records.is_empty() && patience > Duration::ZERO => {}
                None => break,
            }
        }
        if !records.is_empty() {
            consumer.context().watch.link().up();
        }
        if let Some(at) = self.answered() {
            self.pulse.beat(at);
        }
        Ok(records)
    }

    /// When Kafka last answered, as of at most two seconds ago: what it had then has been taken or waits here. Of several brokers
    /// the one that has been silent longest counts. `None` until that is known.
    pub fn answered(&self) -> Option<Instant> {
        self.consumer.context().watch.answered()
    }

    /// How far each partition has been read.
    pub fn progress(&mut self) -> impl Iterator<Item = Progress> {
        let mut ends = self.consumer.context().watch.ends();
        if ends.take_changed() {
            for (topic, partitions) in self.partitions.iter_mut().enumerate() {
                for (partition, state) in (0_i32..).zip(partitions) {
                    state.end = ends.of(&self.topics[topic], partition).unwrap_or(state.end).max(state.end);
                }
            }
        }
        drop(ends);
        self.partitions.iter().enumerate().flat_map(|(topic, partitions)| {
            (0_i32..).zip(partitions).map(move |(partition, state)| Progress {
                topic,
                partition,
                next: state.next,
                end: state.end.max(state.next),
            })
        })
    }

    /// Whether everything that was there when reading started has been taken.
    pub fn has_caught_up(&self) -> bool {
        self.partitions.iter().flatten().all(|partition| partition.next >= partition.end_at_start)
    }

    /// The same for one topic; true of one that has been left.
    pub fn has_caught_up_with(&self, topic: usize) -> bool {
        self.partitions[topic].iter().all(|partition| partition.next >= partition.end_at_start)
    }

    fn refresh(&mut self) -> Result<(), Error> {
        let link = self.consumer.context().watch.link();
        self.probe.ask(link, self.consumer.client(), self.topics.first().map(String::as_str));
        if self.refreshed.elapsed() < self.settings.topics_refresh.0 || !link.is_up() {
            return Ok(());
        }
        self.refreshed = Instant::now();
        let Ok(metadata) = self.consumer.fetch_metadata(None, METADATA_WAIT_MAX) else { return Ok(()) };
        let mut added = TopicPartitionList::new();
        for found in metadata.topics() {
            let Some(&topic) = self.index.get(found.name()).filter(|topic| !self.left[**topic]) else { continue };
            for partition in self.partitions[topic].len()..found.partitions().len() {
                let partition = i32::try_from(partition).unwrap_or(i32::MAX);
                match broker::range(&self.consumer, found.name(), partition) {
                    Ok(range) => self.take(topic, partition, None, range, &mut added)?,
                    // It is found again next time.
                    Err(error) => {
                        self.consumer.context().watch.link().down(&error.to_string());
                        break;
                    }
                }
            }
        }
        if added.count() > 0 {
            tracing::info!(count = added.count(), "new partitions found");
            self.consumer.incremental_assign(&added).map_err(Error::Assign)?;
        }
        Ok(())
    }

    /// Adds a partition to what is to be read, after a look at what it holds, however long that takes. Nothing is read yet.
    fn add(
        &mut self,
        topic: usize,
        partition: i32,
        start: Option<i64>,
        assignment: &mut TopicPartitionList,
    ) -> Result<(), Error> {
        let name = &self.topics[topic];
        let mut refused_count = 0;
        let range = loop {
            match broker::range(&self.consumer, name, partition) {
                Ok(range) => break range,
                Err(error) => {
                    refused_count += 1;
                    if let Some(refused) = broker::refusal(&error).filter(|_| refused_count >= REFUSED_MAX) {
                        return Err(refused.into());
                    }
                    self.consumer.context().watch.link().down(&error.to_string());
                }
            }
            broker::serve(&self.consumer);
            if self.shutdown.sleep(Duration::from_millis(250)) {
                return Err(broker::Error::Stopped.into());
            }
        };
        self.take(topic, partition, start, range, assignment)
    }

    /// Adds a partition that holds what is between these offsets to what is read.
    fn take(
        &mut self,
        topic: usize,
        partition: i32,
        start: Option<i64>,
        (low, high): (i64, i64),
        assignment: &mut TopicPartitionList,
    ) -> Result<(), Error> {
        let name = &self.topics[topic];
        self.consumer.context().watch.link().up();
        let next = start.unwrap_or(low);
        broker::check_position(name, partition, next, (low, high))?;
        self.partitions[topic].push(Partition { next, end_at_start: high, end: high });
        assignment.add_partition_offset(name, partition, Offset::Offset(next)).map_err(Error::Assign)
    }
}
