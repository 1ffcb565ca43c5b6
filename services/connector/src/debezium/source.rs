//! Keeps reading a region's topics: through outages, restarts, and faults that somebody has to mend.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::debezium::content::Content;
use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;
use runtime::health::Health;
use schemas::{Format, Timestamp};
use tokio::time::{MissedTickBehavior, interval};

use super::avro;
use super::change::{self, Message, Sent, Topic};
use super::consumer::{Consumer, KnownIds, Mark, Offsets};
use super::error::{Error, Held};
use super::registry::{Part, Registry, framed};
use super::written::Written;
use crate::config::Debezium;
use crate::files::{Interrupted, Window};
use crate::follow::{Upkeep, Words};
use crate::intake::{self, Arrival, Feed};
use crate::metrics::{DebeziumCounts, Oddity};

/// How often the group hears how far everything is stored.
const COMMIT_INTERVAL: Duration = Duration::from_millis(500);
/// Commits between two looks for new partitions and for topics that were made anew; so often everything is committed again.
const TICKS_PER_LOOK: u32 = 60;

/// Reads a region's topics until shutdown; `feeds` are those of the topics, in their order.
pub(crate) async fn follow(feeds: Vec<Arc<Feed>>, source: Debezium, health: Health) {
    let Some(first) = feeds.first() else { return };
    let counts = first.intake.metrics.of_debezium(first.region(), &source.name);
    let topic = |name| Topic {
        order: source.keys.get(name).map(String::as_str),
        full: source.full.contains(name),
        wall_clock: source.wall_clock.get(name),
        flattened: source.flattened.get(name).map(String::as_str),
    };
    let topics = source.topics.keys().map(topic).collect();
    let words = Words {
        component: format!("debezium {}", source.name),
        name: Some(&source.name),
        away: "the region's Kafka is away",
        back: "the region's Kafka is read again",
        ..Words::default()
    };
    let mut upkeep = Upkeep::new(first, health, words, &counts.connected, &counts.outages);
    let mut follower = Follower {
        feed: first,
        feeds: &feeds,
        source: &source,
        topics,
        counts,
        registry: None,
        known: KnownIds::new(),
        held: None,
    };
    while first.intake.wait_open().await
        && let Err(error) = follower.attempt(&mut upkeep).await
        && upkeep.again(&error).await
    {}
}

struct Follower<'a> {
    feed: &'a Feed,
    feeds: &'a [Arc<Feed>],
    source: &'a Debezium,
    /// What the configuration says of each topic.
    topics: Vec<Topic<'a>>,
    counts: DebeziumCounts,
    registry: Option<Registry>,
    known: KnownIds,
    /// The message that could not be read: nothing is well before it is, or was left out.
    held: Option<Mark>,
}

impl Follower<'_> {
    /// From a new consumer to whatever ends it.
    async fn attempt(&mut self, upkeep: &mut Upkeep<'_>) -> Result<(), Error> {
        let shutdown = self.feed.intake.shutdown.clone();
        let consumer = tokio::select! {
            opened = Consumer::open(self.source, self.counts.lag.clone(), &mut self.known) => Arc::new(opened?),
            () = shutdown.wait() => return Err(Interrupted::Stopping.into()),
        };
        if let (None, Some(settings)) = (&self.registry, &self.source.registry) {
            self.registry = Some(Registry::new(settings, self.source.registry_ids)?);
        }
        self.held = self.held.filter(|held| !consumer.began_behind(held));
        if self.held.is_none() {
            upkeep.well();
        }
        let mut way = Way {
            window: Window::new(self.feed),
            offsets: consumer.resumed(),
            passed: BTreeMap::new(),
            written: Vec::new(),
            deleted: BTreeMap::new(),
        };
        way.written.resize_with(self.feeds.len(), Written::default);
        let ended = tokio::select! {
            ended = self.read(&consumer, &mut way, upkeep) => ended,
            () = shutdown.wait() => Err(Interrupted::Stopping.into()),
        };
        if matches!(ended, Err(Error::Interrupted(Interrupted::Stopping) | Error::Held { .. })) {
            // What is not stored by then comes again.
            let _ = tokio::time::timeout(self.feed.intake.limits.drain.0, way.finish()).await;
        }
        consumer.commit_last(&way.offsets).await;
        ended
    }

    async fn read(
        &mut self,
        consumer: &Arc<Consumer>,
        way: &mut Way<'_>,
        upkeep: &mut Upkeep<'_>,
    ) -> Result<(), Error> {
        let mut ticks = interval(COMMIT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticked = 0;
        loop {
            tokio::select! {
                biased;
                _ = ticks.tick() => {
                    ticked += 1;
                    let look = ticked % TICKS_PER_LOOK == 0;
                    if look {
                        way.offsets.repeat();
                    }
                    consumer.commit(&mut way.offsets);
                    consumer.check().await?;
                    if look {
                        consumer.check_partitions().await?;
                    }
                }
                stored = way.window.stored(), if !way.window.is_empty() => {
                    let stored = stored?;
                    way.note(stored);
                }
                message = consumer.next() => {
                    let message = match message {
                        Ok(message) => message,
                        Err(error) => return Err(consumer.judged(error).await),
                    };
                    let topic = consumer.place(message.topic()).expect("only the topics of the source are assigned");
                    let mark = Mark { topic, partition: message.partition(), next: message.offset() + 1 };
                    self.message(&message, mark, way).await?;
                    if self.held == Some(mark) {
                        self.held = None;
                        upkeep.well();
                    }
                }
            }
        }
    }

    async fn message(&mut self, message: &BorrowedMessage<'_>, mark: Mark, way: &mut Way<'_>) -> Result<(), Error> {
        let (topic, feeds) = (message.topic(), self.feeds);
        let feed = &feeds[mark.topic];
        let limit = feed.intake.limits.message.as_bytes();
        let coordinates = format!("{topic}/{}@{}", mark.partition, mark.next - 1);
        let key = self.decoded(Part::Key, message, message.key(), mark).await?;
        let value = self.decoded(Part::Value, message, message.payload(), mark).await?;
        let sent = Sent { key: key.content(), value: value.content(), at: message.timestamp().to_millis() };
        let of_key = || match sent.key {
            Some(key) => feed.router.of_text(&key.shown()),
            // Without either the order within its partition is kept.
            None => feed.router.of_text(&format!("{topic}/{}", mark.partition)),
        };
        let read = match way.is_told(mark, sent) {
            true => Message::Tombstone,
            false => change::read(sent, self.topics[mark.topic], &mut way.written[mark.topic]),
        };
        if self.topics[mark.topic].flattened.is_some() {
            way.remember(mark, sent.key, &read);
        }
        let left_out;
        let (payload, at, partitions) = match &read {
            Message::Tombstone => {
                self.counts.tombstones.inc();
                way.pass(mark);
                return Ok(());
            }
            Message::Undeclared => return Err(self.held(message, mark, Held::FlattenedUndeclared)),
            Message::Unreadable => {
                feed.intake.metrics.oddities.of(Oddity::Unreadable).inc();
                let partition = of_key();
                (message.payload().unwrap_or_default(), None, partition..partition + 1)
            }
            // It concerns every row, and order holds within a partition only.
            Message::Change(change) if change.truncation => (&*change.envelope, change.at, 0..feed.router.partitions()),
            Message::Change(change) => {
                let partition = change.key.as_ref().map_or_else(of_key, |key| feed.router.of_text(key));
                (&*change.envelope, change.at, partition..partition + 1)
            }
        };
        let payload = if payload.len() as u64 > limit {
            feed.intake.metrics.oddities.of(Oddity::Oversized).inc();
            left_out = intake::left_out(payload.len() as u64, limit);
            left_out.as_bytes()
        } else {
            payload
        };
        self.counts.changes.inc();
        for partition in partitions.clone() {
            let arrival = Arrival {
                format: Format::Debezium,
                message_id: &coordinates,
                received_at: intake::now(),
                recorded_at: at.map(|at| Timestamp(at.saturating_mul(1000))),
                position: &coordinates,
                payload,
                partition,
            };
            let last = partition + 1 == partitions.end;
            let stored = way.window.send_to(feed, arrival, last.then_some(mark)).await?;
            way.note(stored);
        }
        Ok(())
    }

    /// A part of a message as JSON, where a schema explains it; as it is where it is not of that schema, or not Avro.
    async fn decoded<'m>(
        &mut self,
        part: Part,
        message: &BorrowedMessage<'_>,
        bytes: Option<&'m [u8]>,
        mark: Mark,
    ) -> Result<Decoded<'m>, Error> {
        let Some(bytes) = bytes else { return Ok(Decoded::Missing) };
        let Some(framed) = framed(part, message, bytes) else { return Ok(Decoded::Plain(bytes)) };
        let schema = match (&mut self.registry, part) {
            (Some(registry), _) => registry.schema(framed.id).await.map_err(Held::from),
            // It tells rows apart all the same.
            (None, Part::Key) => Ok(None),
            (None, Part::Value) => Err(Held::RegistryUnnamed),
        };
        let schema = schema.map_err(|held| self.held(message, mark, held))?;
        let decoded = schema.and_then(|schema| Some(Decoded::Avro(schema.json(framed.datum)?, schema)));
        Ok(decoded.unwrap_or(Decoded::Plain(bytes)))
    }

    fn held(&mut self, message: &BorrowedMessage<'_>, mark: Mark, source: Held) -> Error {
        self.held = Some(mark);
        let (group, topic) = (self.source.group.clone(), message.topic().to_owned());
        Error::Held { group, topic, partition: mark.partition, offset: message.offset(), source }
    }
}

/// A part of a message.
enum Decoded<'m> {
    Missing,
    Plain(&'m [u8]),
    /// As JSON, with its schema.
    Avro(String, Arc<avro::Schema>),
}

impl Decoded<'_> {
    fn content(&self) -> Option<Content<'_>> {
        match self {
            Self::Missing => None,
            Self::Plain(bytes) => Some(Content::of(bytes)),
            Self::Avro(text, schema) => Some(Content { schema: Some(schema.connect()), text: text.as_bytes() }),
        }
    }
}

/// Records under way, and how far everything is stored.
struct Way<'a> {
    window: Window<'a, Option<Mark>>,
    offsets: Offsets,
    /// Messages that made no record, of partitions whose records are still under way.
    passed: BTreeMap<(usize, i32), Mark>,
    /// What is known of each topic's schema.
    written: Vec<Written>,
    /// By topic and partition the key of the row whose deletion was the last message, where topics are flattened.
    deleted: BTreeMap<(usize, i32), String>,
}

impl Way<'_> {
    /// Whether a value is missing because the message before it has told the deletion (`rewrite-with-tombstone`).
    fn is_told(&self, mark: Mark, sent: Sent<'_>) -> bool {
        let is_missing = sent.value.is_none_or(|value| value.is_missing());
        let told = self.deleted.get(&(mark.topic, mark.partition)).filter(|_| is_missing);
        told.is_some_and(|told| sent.key.is_some_and(|key| *told == key.shown()))
    }

    fn remember(&mut self, mark: Mark, key: Option<Content<'_>>, read: &Message<'_>) {
        let place = (mark.topic, mark.partition);
        self.deleted.remove(&place);
        if let (Message::Change(change), Some(key)) = (read, key)
            && change.deletion
        {
            self.deleted.insert(place, key.shown().into_owned());
        }
    }

    fn note(&mut self, stored: Option<Option<Mark>>) {
        if let Some(mark) = stored.flatten() {
            self.offsets.note(mark);
        }
        self.settle();
    }

    /// A message that makes no record.
    fn pass(&mut self, mark: Mark) {
        self.passed.insert((mark.topic, mark.partition), mark);
        self.settle();
    }

    /// With nothing under way, what was passed over is done with.
    fn settle(&mut self) {
        if self.window.is_empty() && !self.window.has_failed() {
            for mark in std::mem::take(&mut self.passed).into_values() {
                self.offsets.note(mark);
            }
        }
    }

    async fn finish(&mut self) -> Result<(), Interrupted> {
        while !self.window.is_empty() {
            let stored = self.window.stored().await?;
            self.note(stored);
        }
        Ok(())
    }
}
