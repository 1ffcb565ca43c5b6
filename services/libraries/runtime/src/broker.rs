//! What every Kafka client of ours shares: whether the broker is there, how far its topics reach, and clear words
//! when a topic is missing.

use std::collections::HashMap;
use std::error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::client::{Client, ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use crate::answers::{Answers, Partition, Statistics};
use crate::config::Kafka;
use crate::estrangement::Judge;
use crate::exit::chain;
use crate::health::Health;
use crate::policy::{self, Action};
use crate::shutdown::Shutdown;

/// Name of the health component that says whether Kafka answers.
pub const COMPONENT: &str = "kafka";

/// Answers without a topic before it counts as missing.
const ANSWERS_MAX: u32 = 4;
/// How long one question about topics may take.
const METADATA_WAIT_MAX: Duration = Duration::from_secs(5);
/// How often a broker that is away is asked whether it is back.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
const PROBE_WAIT_MAX: Duration = Duration::from_millis(500);
/// What librdkafka has to tell before a question is served for so long, in so many parts: each ends at an error.
const SERVED_MAX: u32 = 10;
const SERVE_WAIT: Duration = Duration::from_millis(1);

/// Why Kafka cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist.
    #[error("topic {topic} does not exist; {}", policy::MISSING_TOPIC)]
    TopicMissing {
        /// Its name.
        topic: String,
    },
    /// The position where reading should go on is not in the topic any more.
    #[error("offset {offset} of {topic} partition {partition} is not in Kafka, which holds {low} to {high}; {remedy}")]
    OffsetGone {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset that was wanted.
        offset: i64,
        /// The oldest offset there is.
        low: i64,
        /// The next offset to be written.
        high: i64,
        /// What the operator should do.
        remedy: &'static str,
    },
    /// Kafka refuses to be read.
    #[error("read from Kafka: {code}; {remedy}")]
    Refused {
        /// Kafka's word for it.
        code: RDKafkaErrorCode,
        /// What the operator should do.
        remedy: &'static str,
    },
    /// Nobody leads a partition, so nobody can read it.
    #[error("a partition of {topic} has no leader; start the brokers that hold it")]
    Leaderless {
        /// The topic.
        topic: String,
    },
    /// The service was asked to stop before Kafka answered.
    #[error("stopped before Kafka answered")]
    Stopped,
}

impl Error {
    /// The topic that it is about, when it is about one.
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::TopicMissing { topic } | Self::OffsetGone { topic, .. } | Self::Leaderless { topic } => Some(topic),
            Self::Refused { .. } | Self::Stopped => None,
        }
    }
}

/// Whether Kafka answers. Cheap to clone; a change is logged once and shown in the service's readiness.
#[derive(Clone, Debug)]
pub struct Link {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    health: Health,
    /// Which of the process's links it is.
    who: String,
    judge: Judge,
    up: AtomicBool,
    known: AtomicBool,
    /// That a broker and we do not know each other has been said, and is not said again until that has changed.
    estranged: AtomicBool,
    /// Why there was no token when one was last asked for; told once.
    tokenless: Mutex<Option<String>>,
}

impl Link {
    /// A link to this Kafka, not yet known to be up.
    pub fn new(kafka: &Kafka, health: Health) -> Self {
        Self::of(kafka, health, "")
    }

    /// One of several in a process: Kafka counts as there when each of them says so.
    pub(crate) fn of(kafka: &Kafka, health: Health, who: &str) -> Self {
        Self {
            shared: Arc::new(Shared {
                health,
                who: who.to_owned(),
                judge: Judge::of(kafka),
                up: AtomicBool::new(false),
                known: AtomicBool::new(false),
                estranged: AtomicBool::new(false),
                tokenless: Mutex::default(),
            }),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.shared.up.load(Ordering::Relaxed)
    }

    pub(crate) fn up(&self) {
        if self.is_up() {
            return;
        }
        self.shared.up.store(true, Ordering::Relaxed);
        self.shared.known.store(true, Ordering::Relaxed);
        self.shared.estranged.store(false, Ordering::Relaxed);
        self.say(true, "connected");
        tracing::info!("connected to Kafka");
    }

    /// Kafka does not answer.
    pub fn down(&self, reason: &str) {
        let was_up = self.shared.up.swap(false, Ordering::Relaxed);
        let was_known = self.shared.known.swap(true, Ordering::Relaxed);
        if was_up {
            self.shared.estranged.store(false, Ordering::Relaxed);
        }
        if was_up || !was_known {
            let tokenless = self.tokenless().clone();
            let why = tokenless.unwrap_or_else(|| "Kafka does not answer; retrying".to_owned());
            self.say(false, why);
            tracing::warn!(reason, "Kafka does not answer, retrying until it does");
        }
    }
}

impl Link {
    fn say(&self, ready: bool, reason: impl Into<String>) {
        self.shared.health.set_ready_of(COMPONENT, &self.shared.who, ready, reason);
    }

    /// A line of librdkafka's log about a connection that failed. The first that says that a broker and we do not know each
    /// other is told in words that name what is wrong and what to do.
    fn failed(&self, line: &str) {
        if !self.shared.judge.concerns(line) || self.shared.estranged.swap(true, Ordering::Relaxed) {
            return;
        }
        let (link, line) = (self.clone(), line.to_owned());
        // Not on librdkafka's thread, which the other brokers wait for.
        let look = move || match link.shared.judge.reason(&line) {
            Some(reason) => link.estranged(&reason),
            // It broke off for another reason; the next one is looked at again.
            None => link.shared.estranged.store(false, Ordering::Relaxed),
        };
        if let Err(error) = thread::Builder::new().name("handshake".to_owned()).spawn(look) {
            tracing::warn!(%error, "a failed handshake with Kafka is not looked into");
        }
    }

    fn estranged(&self, reason: &str) {
        tracing::warn!("{reason}. Retrying until it is mended");
        if !self.is_up() {
            self.shared.known.store(true, Ordering::Relaxed);
            self.say(false, reason);
        }
    }

    fn tokenless(&self) -> MutexGuard<'_, Option<String>> {
        self.shared.tokenless.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token to log in with. Why there is none is told once, and again when there is another reason; librdkafka asks anew
    /// every 10 s.
    fn token(&self) -> Result<OAuthToken, Box<dyn error::Error>> {
        let Some(endpoint) = self.shared.judge.endpoint() else { return Err("no token is needed".into()) };
        match endpoint.token() {
            Ok(token) => {
                if self.tokenless().take().is_some() {
                    tracing::info!("the token endpoint {} gives tokens again", endpoint.url);
                }
                Ok(token)
            }
            Err(error) => {
                let reason = chain(&error);
                if self.tokenless().replace(reason.clone()).as_ref() != Some(&reason) {
                    self.estranged(&reason);
                }
                Err(reason.into())
            }
        }
    }
}

/// What a client reports from within librdkafka: errors, log lines, how far the topics reach and who
/// answers.
#[derive(Debug)]
pub(crate) struct Watch {
    link: Link,
    ends: Mutex<Ends>,
    /// What was seen of the brokers, and when the last of them to answer did.
    answers: Mutex<(Answers, Option<Instant>)>,
}

/// The end of each partition as last seen by the fetcher: topic, then partition.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    offsets: HashMap<String, Vec<i64>>,
    changed: bool,
}

impl Ends {
    /// The offset after the last record; `None` when not known yet.
    pub(crate) fn of(&self, topic: &str, partition: i32) -> Option<i64> {
        let end = *self.offsets.get(topic)?.get(usize::try_from(partition).ok()?)?;
        (end >= 0).then_some(end)
    }

    /// Whether anything changed since this was last asked.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

impl Watch {
    pub(crate) fn new(link: Link) -> Self {
        Self { link, ends: Mutex::default(), answers: Mutex::default() }
    }

    fn answers(&self) -> MutexGuard<'_, (Answers, Option<Instant>)> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when no broker that is read from owes an answer, as of the last statistics; `None` before the first.
    pub(crate) fn answered(&self) -> Option<Instant> {
        self.answers().1
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Watch {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if facility == "FAIL" {
            self.link.failed(message);
        }
        // librdkafka repeats itself while a broker is away; `Link` has said it once already.
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::warn!(facility, message, "librdkafka: {message}");
            }
            _ => tracing::debug!(facility, message, "librdkafka: {message}"),
        }
    }

    /// Blocks whoever serves the client's events, for [`topics::token::ANSWER_MAX`] at most.
    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn error::Error>> {
        self.link.token()
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if policy::are_all_down(&error) {
            self.link.down(reason);
        } else {
            tracing::debug!(%error, reason, "librdkafka reports an error");
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let Ok(statistics) = serde_json::from_slice::<Statistics<'_>>(statistics) else {
            tracing::debug!("librdkafka's statistics cannot be read");
            return;
        };
        let mut answers = self.answers();
        let silence = answers.0.take(&statistics);
        answers.1 = Instant::now().checked_sub(silence).or(answers.1);
        drop(answers);
        let mut ends = self.ends();
        for (topic, statistics) in statistics.topics {
            if !ends.offsets.contains_key(topic) {
                ends.offsets.insert(topic.to_owned(), Vec::new());
            }
            let offsets = ends.offsets.get_mut(topic).expect("it was inserted above when missing");
            for (partition, Partition { hi_offset, .. }) in statistics.partitions {
                // Partition -1 is librdkafka's own, for records without one.
                let Ok(partition) = partition.parse::<usize>() else { continue };
                if offsets.len() <= partition {
                    offsets.resize(partition + 1, -1);
                }
                offsets[partition] = hi_offset;
            }
        }
        ends.changed = true;
    }
}

/// What librdkafka tells a client's context goes to its watch.
macro_rules! watched {
    ($context:ty) => {
        const _: () = {
            use ::rdkafka::client::{ClientContext, OAuthToken};
            use ::rdkafka::config::RDKafkaLogLevel;
            use ::rdkafka::error::KafkaError;

            impl ClientContext for $context {
                const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

                fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
                    self.watch.log(level, facility, message);
                }

                fn error(&self, error: KafkaError, reason: &str) {
                    self.watch.error(error, reason);
                }

                fn stats_raw(&self, statistics: &[u8]) {
                    self.watch.stats_raw(statistics);
                }

                fn generate_oauth_token(
                    &self,
                    config: Option<&str>,
                ) -> Result<OAuthToken, Box<dyn ::std::error::Error>> {
                    self.watch.generate_oauth_token(config)
                }
            }
        };
    };
}
pub(crate) use watched;

/// Serves what librdkafka has to tell a consumer that reads nothing yet: why it is not let in, and that it wants a token.
pub(crate) fn serve<C: ConsumerContext>(consumer: &BaseConsumer<C>) {
    for _ in 0..SERVED_MAX {
        // Errors go to the context, too, and there are no records before partitions are assigned.
        let _ = consumer.poll(SERVE_WAIT);
    }
}

/// Asks a broker that is away, now and then, whether it is back.
#[derive(Debug)]
pub(crate) struct Probe {
    last: Instant,
}

impl Probe {
    pub(crate) fn new() -> Self {
        Self { last: Instant::now() }
    }

    /// Does nothing while the link is up; blocks at most [`PROBE_WAIT_MAX`] once per [`PROBE_INTERVAL`] while it is down.
    /// True when the broker has just come back.
    pub(crate) fn ask<C: ClientContext>(&mut self, link: &Link, client: &Client<C>, topic: Option<&str>) -> bool {
        if link.is_up() || self.last.elapsed() < PROBE_INTERVAL {
            return false;
        }
        let is_back = client.fetch_metadata(topic, PROBE_WAIT_MAX).is_ok();
        if is_back {
            link.up();
        }
        self.last = Instant::now();
        is_back
    }
}

/// How many partitions each of these topics has. Waits for Kafka as long as it takes, but not for a missing topic; `serve`
/// serves the client's events before every try, where nobody else does.
pub(crate) fn partition_counts<C: ClientContext>(
    client: &Client<C>,
    serve: impl Fn(),
    link: &Link,
    topics: &[&str],
    shutdown: &Shutdown,
) -> Result<Vec<i32>, Error> {
    topics.iter().map(|topic| partition_count(client, &serve, link, topic, shutdown)).collect()
}

fn partition_count<C: ClientContext>(
    client: &Client<C>,
    serve: impl Fn(),
    link: &Link,
    topic: &str,
    shutdown: &Shutdown,
) -> Result<i32, Error> {
    let metadata =
        described(client, serve, link, Some(topic), shutdown, |metadata| count_in(metadata, topic).is_some())?;
    count_in(&metadata, topic).ok_or_else(|| Error::TopicMissing { topic: topic.to_owned() })
}

/// The same, each topic by itself: what is wrong with one is that one's answer. All are asked for together, so that many
/// that are missing take no longer than one.
pub(crate) fn partition_counts_each<C: ClientContext>(
    client: &Client<C>,
    serve: impl Fn(),
    link: &Link,
    topics: &[&str],
    shutdown: &Shutdown,
) -> Result<Vec<Result<i32, Error>>, Error> {
    let count = |metadata: &Metadata, topic: &str| {
        let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        if found.is_some_and(|found| found.partitions().iter().any(|partition| partition.leader() < 0)) {
            return Err(Error::Leaderless { topic: topic.to_owned() });
        }
        count_in(metadata, topic).ok_or_else(|| Error::TopicMissing { topic: topic.to_owned() })
    };
    let all_are_there = |metadata: &Metadata| topics.iter().all(|topic| count(metadata, topic).is_ok());
    let metadata = described(client, serve, link, None, shutdown, all_are_there)?;
    Ok(topics.iter().map(|topic| count(&metadata, topic)).collect())
}

/// What Kafka says of a topic, or of all. Waits for Kafka as long as it takes; what is not there yet is asked for a few times,
/// for a topic made a moment ago may not have reached every broker.
fn described<C: ClientContext>(
    client: &Client<C>,
    serve: impl Fn(),
    link: &Link,
    topic: Option<&str>,
    shutdown: &Shutdown,
    is_whole: impl Fn(&Metadata) -> bool,
) -> Result<Metadata, Error> {
    let mut answer_count = 0;
    loop {
        if shutdown.requested() {
            return Err(Error::Stopped);
        }
        serve();
        match client.fetch_metadata(topic, METADATA_WAIT_MAX) {
            Ok(metadata) => {
                link.up();
                answer_count += 1;
                if answer_count == ANSWERS_MAX || is_whole(&metadata) {
                    return Ok(metadata);
                }
            }
            Err(error) => link.down(&error.to_string()),
        }
        shutdown.sleep(Duration::from_millis(250));
    }
}

/// How many partitions a topic has, if it is there.
fn count_in(metadata: &Metadata, topic: &str) -> Option<i32> {
    let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none())?;
    (!found.partitions().is_empty()).then(|| i32::try_from(found.partitions().len()).unwrap_or(i32::MAX))
}

/// What an error says that no further try changes; `None` for one that passes.
pub(crate) fn refusal(error: &KafkaError) -> Option<Error> {
    let code = error.rdkafka_error_code()?;
    match policy::on_read(code) {
        Action::Retry => None,
        Action::Stop { remedy } => Some(Error::Refused { code, remedy }),
    }
}

/// The offsets a partition holds: the oldest, and the next to be written.
pub(crate) fn range<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
) -> Result<(i64, i64), KafkaError> {
    consumer.fetch_watermarks(topic, partition, METADATA_WAIT_MAX)
}

/// An error if the position is not in the topic any more.
pub(crate) fn check_position(topic: &str, partition: i32, offset: i64, (low, high): (i64, i64)) -> Result<(), Error> {
    if (low..=high).contains(&offset) {
        return Ok(());
    }
    let remedy = policy::OFFSET_GONE;
    Err(Error::OffsetGone { topic: topic.to_owned(), partition, offset, low, high, remedy })
}

/// What an error that a consumer reported means for whoever reads these topics from these positions: nothing that does
/// not pass by itself, or the end.
pub(crate) fn judge<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    link: &Link,
    shutdown: &Shutdown,
    positions: impl Iterator<Item = (&'a str, i32, i64)>,
    error: &KafkaError,
) -> Result<(), Error> {
    let code = policy::code(error);
    let remedy = match (policy::on_read(code), error) {
        (Action::Stop { remedy }, _) => remedy,
        (Action::Retry, KafkaError::MessageConsumptionFatal(_)) => "start again",
        (Action::Retry, _) => return Ok(()),
    };
    match code {
        // librdkafka does not say which partition, so each is compared with what Kafka holds.
        code if policy::is_out_of_range(code) => {
            for (topic, partition, offset) in positions {
                if let Ok(range) = range(consumer, topic, partition) {
                    check_position(topic, partition, offset, range)?;
                }
            }
            Err(Error::Refused { code, remedy })
        }
        // A broker that has just started may not know every topic yet; a topic that is gone stays unknown.
        code if policy::is_missing(code) => {
            let mut topics: Vec<&str> = positions.map(|(topic, ..)| topic).collect();
            topics.dedup();
            // Its events wait meanwhile: with them might come a record, for which nobody is ready here.
            partition_counts(consumer.client(), || (), link, &topics, shutdown).map(|_| ())
        }
        _ => Err(Error::Refused { code, remedy }),
    }
}
