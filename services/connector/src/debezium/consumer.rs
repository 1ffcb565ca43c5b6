//! The region's Kafka: partitions assigned from the group's offsets, and the offsets committed there.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{self, Waker};
use std::time::{Duration, Instant};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{CommitMode, Consumer as _, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::{Offset, TopicPartitionList};
use runtime::config::Fault;
use runtime::estrangement::Judge;
use runtime::exit::chain;
use runtime::metrics::Gauge;
use runtime::parting::Parting;
use runtime::policy;

use super::error::Error;
use super::topic_id;
use crate::config::Debezium;

/// How long one question may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long the last commit may take.
const COMMIT_MAX: Duration = Duration::from_secs(5);
/// Messages fetched and not yet taken.
const QUEUE_KIB: u32 = 16 << 10;
/// How often the lag is measured.
const STATISTICS_MS: u32 = 2_000;

/// What librdkafka has to tell before anything is read, at most.
const SERVED_MAX: u32 = 64;

/// Pause before a group's offsets are asked for again.
const COORDINATOR_PAUSE: Duration = Duration::from_millis(100);

/// Before the id of its topic in the metadata of an offset.
const TOPIC_ID: &str = "topic-id ";

/// By name the ids of the topics whose changes have been read. Survives outages, not restarts: for those the metadata of the
/// offsets has them, as long as Kafka has the offsets, which it forgets with a topic that is deleted.
pub(super) type KnownIds = BTreeMap<String, String>;

/// What librdkafka tells whoever asks for messages. Its log lines may quote what it reads and are not passed on.
pub(super) struct Context {
    away: AtomicBool,
    uncommitted: AtomicBool,
    lag: Gauge,
    judge: Judge,
    strange: Mutex<Strange>,
}

/// What says that a broker and we do not know each other.
#[derive(Default)]
struct Strange {
    /// The last line of the log that says so.
    line: Option<String>,
    /// Why there was no token when one was last asked for.
    tokenless: Option<String>,
}

impl Context {
    fn strange(&self) -> MutexGuard<'_, Strange> {
        self.strange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why we are not let in, or nobody is there whom we know; blocks for seconds at most.
    fn reason(&self) -> Option<String> {
        let (line, tokenless) = {
            let strange = self.strange();
            (strange.line.clone(), strange.tokenless.clone())
        };
        tokenless.or_else(|| self.judge.reason(&line?))
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, _: RDKafkaLogLevel, _: &str, line: &str) {
        if self.judge.concerns(line) {
            self.strange().line = Some(line.to_owned());
        }
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let endpoint = self.judge.endpoint().ok_or("no token is needed")?;
        // Other tasks of this thread go on meanwhile.
        let token = tokio::task::block_in_place(|| endpoint.token()).map_err(|error| chain(&error));
        self.strange().tokenless = token.as_ref().err().cloned();
        Ok(token?)
    }

    fn error(&self, error: KafkaError, _: &str) {
        if policy::are_all_down(&error) {
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
pub(super) struct Mark {
    pub topic: usize,
    pub partition: i32,
    /// The next offset that is wanted.
    pub next: i64,
}

/// How far each partition is stored.
#[derive(Clone, Default)]
pub(super) struct Offsets {
    next: BTreeMap<(usize, i32), i64>,
    moved: bool,
}

impl Offsets {
    /// The group is to hear of it again: Kafka forgets the offsets of a group that commits nothing for
    /// `offsets.retention.minutes`, also while it reads, because nobody is a member who assigns partitions to itself.
    pub(super) fn repeat(&mut self) {
        self.moved = true;
    }

    pub(super) fn note(&mut self, mark: Mark) {
        let known = self.next.entry((mark.topic, mark.partition)).or_insert(mark.next);
        *known = mark.next.max(*known);
        self.moved = true;
    }
}

pub(super) struct Consumer {
    inner: Arc<Parting<StreamConsumer<Context>>>,
    bootstrap: String,
    group: String,
    topics: Vec<String>,
    looks: Looks,
    resumed: Offsets,
    /// By topic and partition where reading began.
    begins: BTreeMap<(usize, i32), i64>,
}

#[derive(Default, PartialEq, Eq)]
struct Looks {
    counts: Vec<usize>,
    /// The id of each, where the broker has ids.
    ids: Vec<Option<String>>,
}

impl Consumer {
    /// Looks at the topics and starts to read them where the group is. `known` are the ids that they had before, and have
    /// afterwards.
    pub(super) async fn open(source: &Debezium, lag: Gauge, known: &mut KnownIds) -> Result<Self, Error> {
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
        let context = Context {
            away: AtomicBool::new(false),
            uncommitted: AtomicBool::new(false),
            lag,
            judge: Judge::of(&source.kafka),
            strange: Mutex::default(),
        };
        let inner = StreamConsumer::from_config_and_context(&config, context)
            .map_err(|error| Fault::new("kafka", error.to_string()))?;
        let topics: Vec<String> = source.topics.keys().cloned().collect();
        let (inner, bootstrap, group) =
            (Arc::new(Parting::new(inner, Duration::ZERO)), source.kafka.bootstrap.clone(), source.group.clone());
        let looks = Looks::default();
        let mut consumer =
            Self { inner, bootstrap, group, topics, looks, resumed: Offsets::default(), begins: BTreeMap::new() };
        let before = known.clone();
        let opened = tokio::task::spawn_blocking(move || {
            consumer.serve();
            consumer.looks = consumer.look()?;
            consumer.assign(&before)?;
            Ok::<_, Error>(consumer)
        });
        // A panic has been logged with its place.
        let consumer: Self = opened.await.unwrap_or(Err(crate::files::Interrupted::NotStored.into()))?;
        for (topic, id) in consumer.topics.iter().zip(&consumer.looks.ids) {
            known.extend(id.clone().map(|id| (topic.clone(), id)));
        }
        Ok(consumer)
    }

    /// Serves what librdkafka has to tell while nothing is read yet: that it wants a token, and why it is not let in.
    fn serve(&self) {
        let mut context = task::Context::from_waker(Waker::noop());
        for _ in 0..SERVED_MAX {
            // Errors are told to the client's context, too.
            let _ = pin!(self.inner.recv()).poll(&mut context);
        }
    }

    /// How the topics look now.
    fn look(&self) -> Result<Looks, Error> {
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
        let counts = self.topics.iter().map(count).collect::<Result<_, _>>()?;
        let ids = match topic_id::of(self.inner.client(), &self.topics, ANSWER_MAX) {
            // A broker that knows no ids is read without them.
            Err(error) if policy::is_unsupported(&error) => vec![None; self.topics.len()],
            asked => asked.map_err(|error| self.failed("ask for the ids of the topics", error))?,
        };
        self.inner.context().strange().line = None;
        Ok(Looks { counts, ids })
    }

    fn assign(&mut self, known: &KnownIds) -> Result<(), Error> {
        let mut wanted = TopicPartitionList::new();
        for (topic, count) in self.topics.iter().zip(&self.looks.counts) {
            for partition in 0..i32::try_from(*count).unwrap_or(i32::MAX) {
                wanted.add_partition(topic, partition);
            }
        }
        let committed = self.committed(&wanted).map_err(|error| self.failed("ask for the group's offsets", error))?;
        let mut assignment = TopicPartitionList::new();
        let (mut resumed, mut unnamed) = (Offsets::default(), Offsets::default());
        let mut begins = BTreeMap::new();
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let id = self.id(topic);
            let kept = kept_id(element.offset(), element.metadata(), known.get(topic).map(String::as_str));
            if let (Some(kept), Some(now)) = (kept, id)
                && kept != now
            {
                if !matches!(element.offset(), Offset::Offset(_)) {
                    self.mark(topic, partition, kept);
                }
                return Err(Error::TopicAnew { group: self.group.clone(), topic: topic.to_owned() });
            }
            let (low, high) = self
                .inner
                .fetch_watermarks(topic, partition, ANSWER_MAX)
                .map_err(|error| self.failed("ask how far the topics reach", error))?;
            let offset = match element.offset() {
                Offset::Offset(offset) if offset < low || offset > high => {
                    let (group, topic) = (self.group.clone(), topic.to_owned());
                    return Err(Error::OffsetGone { group, topic, partition, offset, low, high });
                }
                Offset::Offset(offset) => {
                    if let Some(topic) = self.place(topic) {
                        let mark = Mark { topic, partition, next: offset };
                        resumed.note(mark);
                        if kept.is_none() {
                            unnamed.note(mark);
                        }
                    }
                    offset
                }
                // Never read: from the oldest message on.
                _ => low,
            };
            begins.extend(self.place(topic).map(|topic| ((topic, partition), offset)));
            assignment
                .add_partition_offset(topic, partition, Offset::Offset(offset))
                .map_err(|error| self.failed("assign partitions", error))?;
        }
        self.inner.assign(&assignment).map_err(|error| self.failed("assign partitions", error))?;
        self.begins = begins;
        self.resumed = resumed;
        // Offsets that do not say of which topic they are, for the next start; without it they are taken on trust again.
        let _ = self.list(&unnamed).and_then(|list| match list.count() {
            0 => Ok(()),
            _ => self.inner.commit(&list, CommitMode::Sync),
        });
        Ok(())
    }

    /// How far everything is stored before anything is read.
    pub(super) fn resumed(&self) -> Offsets {
        self.resumed.clone()
    }

    fn id(&self, topic: &str) -> Option<&str> {
        self.looks.ids.get(self.place(topic)?)?.as_deref()
    }

    /// Keeps the id of the topic that the group has read, where Kafka has forgotten it with the topic: until somebody sets the
    /// offset, a start finds it.
    fn mark(&self, topic: &str, partition: i32, kept: &str) {
        let mut list = TopicPartitionList::new();
        if list.add_partition_offset(topic, partition, Offset::Offset(0)).is_err() {
            return;
        }
        list.elements()[0].set_metadata(format!("{TOPIC_ID}{kept}"));
        // Without it, what is known in memory says the same until the process ends.
        let _ = self.inner.commit(&list, CommitMode::Sync);
    }

    /// The group's offsets. A broker that has just started, or been asked for a group for the first time, needs a moment.
    fn committed(&self, wanted: &TopicPartitionList) -> KafkaResult<TopicPartitionList> {
        let start = Instant::now();
        loop {
            match self.inner.committed_offsets(wanted.clone(), ANSWER_MAX) {
                Err(error) if policy::lacks_coordinator(&error) && start.elapsed() < ANSWER_MAX => {
                    std::thread::sleep(COORDINATOR_PAUSE);
                }
                committed => return committed,
            }
        }
    }

    /// The next message. May be cancelled.
    pub(super) async fn next(&self) -> KafkaResult<BorrowedMessage<'_>> {
        loop {
            match self.inner.recv().await {
                // A lost connection is made again; whether there is anybody is looked at by `check`.
                Err(error) if policy::is_unreached(&error) => self.inner.context().away.store(true, Ordering::Relaxed),
                received => return received,
            }
        }
    }

    /// What an error in place of a message means.
    pub(super) async fn judged(self: &Arc<Self>, error: KafkaError) -> Error {
        let own = Arc::clone(self);
        let judged = tokio::task::spawn_blocking(move || own.failed("read from the topics", error)).await;
        judged.unwrap_or_else(|_| crate::files::Interrupted::NotStored.into())
    }

    /// Whether reading began behind a message.
    pub(super) fn began_behind(&self, mark: &Mark) -> bool {
        self.begins.get(&(mark.topic, mark.partition)).is_none_or(|begin| *begin >= mark.next)
    }

    /// The topic's place in the configuration.
    pub(super) fn place(&self, topic: &str) -> Option<usize> {
        self.topics.iter().position(|known| known == topic)
    }

    /// Tells whether no broker can be reached, after a connection was lost.
    pub(super) async fn check(self: &Arc<Self>) -> Result<(), Error> {
        if self.inner.context().away.swap(false, Ordering::Relaxed) { self.check_partitions().await } else { Ok(()) }
    }

    /// Tells whether there are new partitions, or another topic of the same name.
    pub(super) async fn check_partitions(self: &Arc<Self>) -> Result<(), Error> {
        let own = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || own.look()).await;
        let looks = looked.unwrap_or(Err(crate::files::Interrupted::NotStored.into()))?;
        for (topic, (before, now)) in self.topics.iter().zip(self.looks.ids.iter().zip(&looks.ids)) {
            if before.is_some() && now.is_some() && before != now {
                return Err(Error::TopicAnew { group: self.group.clone(), topic: topic.clone() });
            }
        }
        if looks.counts == self.looks.counts { Ok(()) } else { Err(Error::Grown) }
    }

    /// Tells the group how far everything is stored, without waiting; again when the last time failed.
    pub(super) fn commit(&self, offsets: &mut Offsets) {
        let failed = self.inner.context().uncommitted.swap(false, Ordering::Relaxed);
        if (std::mem::take(&mut offsets.moved) || failed) && !offsets.next.is_empty() {
            let committed = self.list(offsets).and_then(|list| self.inner.commit(&list, CommitMode::Async));
            offsets.moved = committed.is_err();
        }
    }

    /// Tells the group how far everything is stored, and waits a while for it. What it does not hear of comes again.
    pub(super) async fn commit_last(&self, offsets: &Offsets) {
        let Ok(list) = self.list(offsets) else { return };
        // Where nothing was read, somebody may be setting the offsets just now.
        if offsets.next == self.resumed.next || self.inner.context().away.load(Ordering::Relaxed) {
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
        for mut element in list.elements() {
            if let Some(id) = self.id(element.topic()) {
                let metadata = format!("{TOPIC_ID}{id}");
                element.set_metadata(metadata);
            }
        }
        Ok(list)
    }

    fn failed(&self, what: &'static str, source: KafkaError) -> Error {
        if self.begins.is_empty() {
            self.serve();
        }
        let is_asked = policy::is_unreached(&source) || policy::is_estranged(&source);
        match is_asked.then(|| self.inner.context().reason()).flatten() {
            Some(reason) => Error::Estranged { reason },
            None => Error::Kafka { what, bootstrap: self.bootstrap.clone(), source },
        }
    }
}

/// The id of the topic that an offset of the group is of: as its metadata says, else as it was known before where the group
/// has no offset, for Kafka forgets them with the topic. An offset without it was set by somebody, or by an earlier release.
fn kept_id<'a>(offset: Offset, metadata: &'a str, known: Option<&'a str>) -> Option<&'a str> {
    match offset {
        Offset::Offset(_) => metadata.strip_prefix(TOPIC_ID),
        _ => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_of_the_topic_that_it_names_and_one_that_is_gone_of_the_one_that_was_read() {
        let set = Offset::Offset(5);
        assert_eq!(kept_id(set, "topic-id abc", Some("def")), Some("abc"));
        assert_eq!(kept_id(set, "", Some("def")), None, "somebody has set it");
        assert_eq!(kept_id(set, "of another tool", Some("def")), None);
        assert_eq!(kept_id(Offset::Invalid, "", Some("def")), Some("def"));
        assert_eq!(kept_id(Offset::Invalid, "", None), None);
    }
}
