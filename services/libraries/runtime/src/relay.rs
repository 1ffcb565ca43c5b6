//! The loop that reads source records, lets a [`Step`] decide each one's fate, and writes its outputs.
//!
//! The promise: an offset is committed only after every output of all earlier records is acknowledged, and the commit
//! carries the [`FateCounts`] of exactly the records below it. A crash therefore replays a suffix and never skips; the
//! replayed outputs carry the same origins, so consumers that follow the one-compare rule see each once.
//!
//! How it is kept:
//! - One OS thread owns the consumer, the producer and all state; librdkafka's threads do the network. No lock is
//!   contended and nothing is allocated per record except inside librdkafka. More threads are more relays: each is a member
//!   of the group of its own, as if it were another process.
//! - Each assigned partition has a ring of records whose outputs wait for acknowledgement. The ring's front moves only
//!   when its record's outputs are all acknowledged, and the front is what is committed.
//! - The producer is idempotent and gapless: within an output partition nothing is written after a record that failed,
//!   so a consumer's watermark cannot pass over a hole. A failed delivery ends the process.
//! - Group membership is static and cooperative: a restart takes its partitions back without moving anyone else's. The
//!   group hands a known member its old partitions whatever it asks for, so the member's name says what is read: a process
//!   that is started with other routes is a new member, and the old one's partitions come to it after the session timeout.
//! - A partition of which the group has forgotten what was committed goes on only where its outputs show no gap.
//! - A record at which the step panics is tried once more and then set aside, where the step knows how.
//!   Rebalances are only noted in librdkafka's callback and carried out by the loop, which drains and commits first.
//!
//! Refused: Kafka transactions (librdkafka lacks KIP-890, so a timeout can tear one), and committing what was polled
//! rather than what was acknowledged (a crash would skip).

pub mod clients;
pub mod gap;
mod held;
mod membership;
mod outputs;
mod reached;
mod receipts;
mod slot;
mod worker;

use std::error::Error as StdError;
use std::io;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use serde::Deserialize;

use crate::broker;
use crate::config::{self, Fault, Period, Size};
use crate::fate::{Fate, FateCounts};
use crate::health::Health;
use crate::metrics::{Counter, Family, Gauge, Histogram, Keys, TopicPartition};
use crate::policy;
use crate::shutdown::Shutdown;

pub use outputs::{Output, Outputs};

/// Name of the health component that says whether the group has given this process its partitions.
pub const COMPONENT: &str = "relay";

/// With more, a thread's share of the memory would be less than one answer of the broker.
const THREADS_MAX: usize = 8;

/// How records are relayed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The consumer group, the same for all instances of a service.
    pub group: String,
    /// This instance's name, its own and the same after every restart.
    pub instance: String,
    /// For how many threads a service makes a step ([`Relay::spawn_each`]). Each has its own partitions, and its share of the bounds
    /// below.
    #[serde(default = "Settings::threads")]
    pub threads: usize,
    /// How long an output waits for company before a batch is sent.
    #[serde(default = "Settings::linger")]
    pub linger: Period,
    /// How long Kafka may gather records before it answers; a full answer comes at once.
    #[serde(default = "Settings::fetch_wait")]
    pub fetch_wait: Period,
    /// How often offsets are committed.
    #[serde(default = "Settings::commit_interval")]
    pub commit_interval: Period,
    /// After so long without a sign of life the group gives this instance's partitions to others.
    #[serde(default = "Settings::session_timeout")]
    pub session_timeout: Period,
    /// How long outputs may still be acknowledged when stopping or handing over a partition.
    #[serde(default = "Settings::drain_max")]
    pub drain_max: Period,
    /// Upper bound of records read whose outputs are not all acknowledged.
    #[serde(default = "Settings::pending_max")]
    pub pending_max: usize,
    /// Upper bound of the memory for records fetched and not yet read.
    #[serde(default = "Settings::queue_size")]
    pub fetch_queue_size: Size,
    /// Upper bound of the memory for outputs not yet acknowledged.
    #[serde(default = "Settings::queue_size")]
    pub send_queue_size: Size,
}

impl Settings {
    /// The defaults, for this group and instance.
    pub fn new(group: impl Into<String>, instance: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            instance: instance.into(),
            threads: Self::threads(),
            linger: Self::linger(),
            fetch_wait: Self::fetch_wait(),
            commit_interval: Self::commit_interval(),
            session_timeout: Self::session_timeout(),
            drain_max: Self::drain_max(),
            pending_max: Self::pending_max(),
            fetch_queue_size: Self::queue_size(),
            send_queue_size: Self::queue_size(),
        }
    }

    /// The settings of one of so many threads: a name of its own, and its share of what may wait.
    pub fn of_thread(&self, at: usize, count: usize) -> Self {
        let share = |size: Size| Size::bytes(size.as_bytes() / count as u64);
        let instance = match at {
            0 => self.instance.clone(),
            _ => format!("{}.{}", self.instance, at + 1),
        };
        Self {
            instance,
            pending_max: (self.pending_max / count).max(1),
            fetch_queue_size: share(self.fetch_queue_size),
            send_queue_size: share(self.send_queue_size),
            ..self.clone()
        }
    }

    /// What the group calls this instance (`group.instance.id`): its name, and a sum over the topics that it reads.
    pub fn member(&self, routes: &[Route]) -> String {
        let mut topics: Vec<&str> = routes.iter().map(|route| route.input.as_str()).collect();
        topics.sort_unstable();
        // FNV-1a: two sets of topics with one sum would only share a name, as all of them would without it.
        let add = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        format!("{}.{:08x}", self.instance, topics.join("\n").bytes().fold(0x811C_9DC5, add))
    }

    // What a second one brings depends on how many partitions and cores there are.
    const fn threads() -> usize {
        1
    }

    // Long enough to fill batches under load, short beside the promise of 250 ms.
    const fn linger() -> Period {
        Period::milliseconds(5)
    }

    // Every answer costs the broker a look at every partition, so an answer per record is what would fill it first.
    const fn fetch_wait() -> Period {
        Period::milliseconds(10)
    }

    const fn commit_interval() -> Period {
        Period::milliseconds(200)
    }

    const fn session_timeout() -> Period {
        Period::seconds(30)
    }

    const fn drain_max() -> Period {
        Period::seconds(20)
    }

    const fn pending_max() -> usize {
        50_000
    }

    const fn queue_size() -> Size {
        Size::mib(16)
    }
}

impl config::Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        for (key, value) in [("group", &self.group), ("instance", &self.instance)] {
            if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
                return Err(Fault::new(key, "must be letters, digits, `.`, `-` and `_`"));
            }
        }
        if !(1..=THREADS_MAX).contains(&self.threads) {
            return Err(Fault::new("threads", format!("must be from 1 to {THREADS_MAX}")));
        }
        // Kafka's own bounds for a session, group.min and group.max.session.timeout.ms.
        if !(Period::seconds(6)..=Period::seconds(1800)).contains(&self.session_timeout) {
            return Err(Fault::new("session_timeout", "must be from 6s to 30m"));
        }
        if self.pending_max == 0 {
            return Err(Fault::new("pending_max", "must be at least 1"));
        }
        Ok(())
    }
}

/// A topic to read and the topics its outputs go to. Input partition n writes output partition n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The topic that is read.
    pub input: String,
    /// The topics that are written; a step names them by index.
    pub outputs: Vec<String>,
}

/// A source record, still in librdkafka's memory.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Which route it came by, as an index into the routes.
    pub route: usize,
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// When it was written, in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
    /// The Kafka key.
    pub key: Option<&'a [u8]>,
    /// The value; a record without one has an empty one.
    pub payload: &'a [u8],
}

/// What a service does with a record.
///
/// The contract: the same record gives the same outputs and the same fate, always, because after a crash a suffix of the
/// records comes again. A step holds no state that outlives a record, apart from caches; one that leaves out what it has written
/// before leaves it out at the end of a record's outputs, and forgets when it is told.
pub trait Step: Send {
    /// Decides the record's fate and writes its outputs. On a failure the outputs are dropped.
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure>;

    /// Decides the fate of a record at which [`Step::step`] panicked twice: writes where the record is, and reads nothing of
    /// it. Where a step does not say how, the relay ends.
    fn set_aside(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        let _ = (record, outputs);
        Err(Failure::Stop(Box::new(Panicked)))
    }

    /// Forgets which outputs it has written. Called whenever partitions come or go: records whose outputs have not arrived are
    /// read again then, here or elsewhere.
    fn forget(&mut self) {}
}

impl<S: Step> Step for &mut S {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        S::step(self, record, outputs)
    }

    fn set_aside(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        S::set_aside(self, record, outputs)
    }

    fn forget(&mut self) {
        S::forget(self);
    }
}

/// A step panicked at a record; the panic hook has logged where in the program.
#[derive(Debug, thiserror::Error)]
#[error("deciding the record panicked")]
struct Panicked;

/// Why a step cannot decide a record's fate for now. What the record itself says is never a failure but a fate.
#[derive(Debug)]
pub enum Failure {
    /// Something the step needs is away. The relay reads nothing, is not ready, and tries the record again.
    Retry(Box<dyn StdError + Send + Sync>),
    /// Trying again changes nothing. The process ends.
    Stop(Box<dyn StdError + Send + Sync>),
}

/// Why relaying ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The clients cannot be set up.
    #[error("set up the Kafka clients")]
    Setup(#[source] Fault),
    /// Kafka refuses, or a topic cannot be used.
    #[error(transparent)]
    Kafka(#[from] broker::Error),
    /// An output topic has fewer partitions than its input.
    #[error(
        "topic {output} has {output_count} partitions and its input {input} has {input_count}; give both the same \
             count with `topics apply`"
    )]
    Partitions {
        /// The input topic.
        input: String,
        /// Its partitions.
        input_count: i32,
        /// The output topic.
        output: String,
        /// Its partitions.
        output_count: i32,
    },
    /// The group cannot be used.
    #[error("{attempt}")]
    Group {
        /// What was attempted.
        attempt: &'static str,
        /// What the client said.
        source: KafkaError,
    },
    /// The committed offset carries another program's metadata.
    #[error("read the fates committed for {topic} partition {partition}")]
    Fates {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Why they cannot be read.
        source: crate::fate::Unreadable,
    },
    /// An output was not taken.
    #[error("write to {topic} partition {partition}: {code}; {remedy}")]
    Delivery {
        /// The output topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Kafka's word for it.
        code: RDKafkaErrorCode,
        /// What the operator should do.
        remedy: &'static str,
    },
    /// The step gave up.
    #[error("process {topic} partition {partition} offset {offset}")]
    Step {
        /// The source topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The record.
        offset: i64,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// Labels `topic`, `partition` and `fate`.
#[derive(Clone, Copy, Debug)]
pub enum TopicPartitionFate {}

impl Keys for TopicPartitionFate {
    const NAMES: &'static [&'static str] = &["topic", "partition", "fate"];
}

crate::metrics! {
    /// What the relay counts, per source partition held by this process. Counts go on across restarts: they are kept
    /// with the committed offset, and a partition that moves takes its counts along.
    pub struct Metrics {
        /// Source records settled, by fate; the sum over the fates is the count of records consumed. A record is settled
        /// when all its outputs are acknowledged.
        pub records: Family<TopicPartitionFate, Counter> = "records_total",
        /// Events that mapped source records became.
        pub events: Family<TopicPartition, Counter> = "events_total",
        /// Source records in Kafka that are not settled, as of at most two seconds ago.
        pub lag: Family<TopicPartition, Gauge> = "lag_records",
        /// Source records read whose outputs are not all acknowledged.
        pub pending: Gauge = "pending_records",
        /// Time from the writing of a source record to the acknowledgement of its outputs; one sample per partition and
        /// round of the loop.
        pub settle_time: Histogram = "settle_seconds",
        /// Commits of offsets that were sent to Kafka.
        pub commits: Counter = "commits_total",
        /// Times the queue to Kafka was full and the loop waited.
        pub queue_full: Counter = "queue_full_total",
        /// Records at which the step panicked twice; they were set aside with their coordinates.
        pub panicked: Counter = "panicked_records_total",
        /// Records that were gone from the topic before they were read: at the group's first start, or in a gap that was accepted.
        /// Kept with the committed offset, as the fates are.
        pub gone: Family<TopicPartition, Gauge> = "gone_records",
        /// Times the group took this process for another one and it joined again.
        pub rejoins: Counter = "rejoins_total",
    }
}

/// Everything a relay needs.
#[derive(Clone, Debug)]
pub struct Relay {
    /// Where Kafka is.
    pub kafka: config::Kafka,
    /// How records are relayed.
    pub settings: Settings,
    /// What is read and where it goes.
    pub routes: Vec<Route>,
    /// What is counted.
    pub metrics: Metrics,
    /// Where readiness is said; components [`broker::COMPONENT`] and [`COMPONENT`].
    pub health: Health,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Relay {
    /// Relays on a thread of its own until shutdown. An error requests the shutdown of the whole service.
    pub fn spawn(self, step: impl Step + 'static) -> io::Result<JoinHandle<Result<(), Error>>> {
        let shutdown = self.shutdown.clone();
        thread::Builder::new().name("relay".to_owned()).spawn(move || {
            // Also when the step panics: a service whose relay is gone must not look alive.
            let _stop = StopOnDrop(shutdown);
            self.run(step)
        })
    }

    /// The same on a thread for each of these steps, as members of the group that share its partitions, and this relay's bounds,
    /// metrics and health.
    pub fn spawn_each<S: Step + 'static>(self, steps: Vec<S>) -> io::Result<Vec<JoinHandle<Result<(), Error>>>> {
        let count = steps.len();
        let spawn = |(at, step)| Relay { settings: self.settings.of_thread(at, count), ..self.clone() }.spawn(step);
        steps.into_iter().enumerate().map(spawn).collect()
    }

    fn say(&self, ready: bool, reason: impl Into<String>) {
        self.health.set_ready_of(COMPONENT, &self.settings.instance, ready, reason);
    }

    /// Relays on the calling thread until shutdown, then drains, commits and returns.
    ///
    /// A broker that was away may take this process for an older one of its name. It joins again, and ends only when it is
    /// pushed out at once once more: then another process of that name lives.
    pub fn run(self, mut step: impl Step) -> Result<(), Error> {
        let mut joined_again: Option<Instant> = None;
        loop {
            let result = worker::Worker::start(self.clone(), &mut step).and_then(worker::Worker::run);
            let error = match result {
                Ok(()) | Err(Error::Kafka(broker::Error::Stopped)) => return Ok(()),
                Err(error) => error,
            };
            let lives_elsewhere = joined_again.is_some_and(|at| at.elapsed() < self.settings.session_timeout.0 * 2);
            if !error.is_fenced() || lives_elsewhere || self.shutdown.requested() {
                return Err(error);
            }
            tracing::warn!("the group took this process for another one of its name; joining again");
            self.metrics.rejoins.inc();
            joined_again = Some(Instant::now());
        }
    }
}

impl Error {
    /// Whether the group takes another process for the one of this name.
    fn is_fenced(&self) -> bool {
        let code = match self {
            Error::Kafka(broker::Error::Refused { code, .. }) => Some(*code),
            Error::Group { source, .. } => source.rdkafka_error_code(),
            _ => None,
        };
        code.is_some_and(policy::is_fence)
    }
}

/// The fates that were committed with an offset.
fn fates(topic: &str, partition: i32, metadata: &str) -> Result<FateCounts, Error> {
    if metadata.is_empty() {
        tracing::warn!(topic, partition, "the committed offset was set by hand; fates are counted from zero");
        return Ok(FateCounts::default());
    }
    metadata.parse().map_err(|source| Error::Fates { topic: topic.to_owned(), partition, source })
}

struct StopOnDrop(Shutdown);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.request();
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, THREADS_MAX};
    use crate::config::Check;

    #[test]
    fn threads_have_names_of_their_own_and_no_more_memory_together() {
        let all = Settings { threads: THREADS_MAX, ..Settings::new("group", "processor-1") };
        all.check().expect("a sensible number");
        let each: Vec<Settings> = (0..THREADS_MAX).map(|at| all.of_thread(at, THREADS_MAX)).collect();
        let names: Vec<&str> = each.iter().map(|settings| settings.instance.as_str()).collect();
        assert_eq!(names[..3], ["processor-1", "processor-1.2", "processor-1.3"]);
        let bounds = |settings: &Settings| {
            [settings.fetch_queue_size.as_bytes(), settings.send_queue_size.as_bytes(), settings.pending_max as u64]
        };
        for (at, bound) in bounds(&all).into_iter().enumerate() {
            let sum: u64 = each.iter().map(|settings| bounds(settings)[at]).sum();
            assert!(sum <= bound && sum > bound / 2, "{sum} of {bound}");
        }
        for threads in [0, THREADS_MAX + 1] {
            let refused = Settings { threads, ..all.clone() }.check().expect_err("no sensible number");
            assert!(refused.to_string().contains("from 1 to 8"), "{refused}");
        }
    }
}
