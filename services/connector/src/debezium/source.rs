//! Keeps reading a region's topics: through outages, restarts, and faults that somebody has to mend.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::Message as _;
use runtime::health::Health;
use schemas::{Format, Timestamp};
use tokio::time::{MissedTickBehavior, interval};

use super::change::{self, Message, Topic};
use super::consumer::{Consumer, KnownIds, Mark, Offsets};
use super::error::{Error, Remedy};
use super::written::Written;
use crate::config::Debezium;
use crate::files::{Interrupted, Window};
use crate::intake::{self, Arrival, Feed};
use crate::metrics::{DebeziumCounts, Oddity};

/// Pause before the first try after the region's Kafka went away.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest pause, after several; also how often it is looked whether a fault has been mended.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// How often the group hears how far everything is stored.
const COMMIT_INTERVAL: Duration = Duration::from_millis(500);
/// Commits between two looks for new partitions and for topics that were made anew; so often everything is committed again.
const TICKS_PER_LOOK: u32 = 60;

/// Reads a region's topics until shutdown; `feeds` are those of the topics, in their order.
pub async fn follow(feeds: Vec<Arc<Feed>>, source: Debezium, health: Health) {
    let Some(first) = feeds.first() else { return };
    // Health keeps names for as long as the process lives; there is one for every source of the configuration.
    let component: &'static str = Box::leak(format!("debezium {}", source.name).into_boxed_str());
    health.set_ready(component, true, "nothing is wrong");
    let counts = first.intake.metrics.of_debezium(first.region(), &source.name);
    let topic = |name| Topic {
        order: source.keys.get(name).map(String::as_str),
        full: source.full.contains(name),
        wall_clock: source.wall_clock.get(name),
    };
    let topics = source.topics.keys().map(topic).collect();
    Follower {
        feed: first,
        feeds: &feeds,
        source: &source,
        topics,
        counts,
        known: KnownIds::new(),
        told: None,
        health,
        component,
    }
    .run()
    .await;
}

struct Follower<'a> {
    feed: &'a Feed,
    feeds: &'a [Arc<Feed>],
    source: &'a Debezium,
    /// What the configuration says of each topic.
    topics: Vec<Topic<'a>>,
    counts: DebeziumCounts,
    known: KnownIds,
    /// What is wrong, said once.
    told: Option<String>,
    health: Health,
    component: &'static str,
}

impl Follower<'_> {
    async fn run(&mut self) {
        let shutdown = self.feed.intake.shutdown.clone();
        let mut pause = PAUSE_MIN;
        while self.feed.intake.wait_open().await {
            let tried = self.attempt().await;
            self.counts.connected.set(0);
            let Err(error) = tried else { return };
            if self.told.is_none() {
                pause = PAUSE_MIN;
            }
            match error.remedy() {
                Remedy::Stop => return,
                Remedy::Repeat => {
                    let name = &self.source.name;
                    tracing::warn!(region = self.feed.region(), name, "reading again from what is stored: {error}");
                }
                Remedy::Wait => self.away(&error),
                Remedy::Operator => self.fault(&error),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = PAUSE_MAX.min(pause * 2),
                () = shutdown.wait() => return,
            }
        }
    }

    /// The region's Kafka is away: said once, until it is back.
    fn away(&mut self, error: &Error) {
        if self.told.is_none() {
            self.counts.outages.inc();
            let text = runtime::exit::chain(error);
            tracing::warn!(region = self.feed.region(), name = self.source.name, "the region's Kafka is away: {text}");
            self.told = Some(text);
        }
    }

    /// Somebody must do something: said once for every thing.
    fn fault(&mut self, error: &Error) {
        let text = runtime::exit::chain(error);
        if self.told.as_ref() != Some(&text) {
            tracing::error!(region = self.feed.region(), name = self.source.name, "{text}");
            self.health.set_ready(self.component, false, text.clone());
            self.told = Some(text);
        }
    }

    fn well(&mut self) {
        self.counts.connected.set(1);
        if self.told.take().is_some() {
            tracing::info!(region = self.feed.region(), name = self.source.name, "the region's Kafka is read again");
            self.health.set_ready(self.component, true, "nothing is wrong");
        }
    }

    /// From a new consumer to whatever ends it.
    async fn attempt(&mut self) -> Result<(), Error> {
        let shutdown = self.feed.intake.shutdown.clone();
        let consumer = tokio::select! {
            opened = Consumer::open(self.source, self.counts.lag.clone(), &mut self.known) => Arc::new(opened?),
            () = shutdown.wait() => return Err(Interrupted::Stopping.into()),
        };
        self.well();
        let mut way = Way {
            window: Window::new(self.feed),
            offsets: consumer.resumed(),
            passed: BTreeMap::new(),
            written: Vec::new(),
        };
        way.written.resize_with(self.feeds.len(), Written::default);
        let ended = tokio::select! {
            ended = self.read(&consumer, &mut way) => ended,
            () = shutdown.wait() => Err(Interrupted::Stopping.into()),
        };
        if matches!(ended, Err(Error::Interrupted(Interrupted::Stopping))) {
            // What is not stored by then comes again.
            let _ = tokio::time::timeout(self.feed.intake.limits.drain.0, way.finish()).await;
        }
        consumer.commit_last(&way.offsets).await;
        ended
    }

    async fn read(&self, consumer: &Arc<Consumer>, way: &mut Way<'_>) -> Result<(), Error> {
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
                    let message = message?;
                    let topic = consumer.place(message.topic()).expect("only the topics of the source are assigned");
                    let mark = Mark { topic, partition: message.partition(), next: message.offset() + 1 };
                    self.message(message.topic(), message.key(), message.payload(), mark, way).await?;
                }
            }
        }
    }

    /// Sends one message on.
    async fn message(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        mark: Mark,
        way: &mut Way<'_>,
    ) -> Result<(), Error> {
        let feed = &self.feeds[mark.topic];
        let limit = feed.intake.limits.message.as_bytes();
        let coordinates = format!("{topic}/{}@{}", mark.partition, mark.next - 1);
        let of_key = || match key {
            Some(key) => feed.router.of_text(&String::from_utf8_lossy(key)),
            // Without either the order within its partition is kept.
            None => feed.router.of_text(&format!("{topic}/{}", mark.partition)),
        };
        let read = change::read(key, value, self.topics[mark.topic], &mut way.written[mark.topic]);
        let size = value.map_or(0, <[u8]>::len) as u64;
        let left_out;
        let (payload, at, partitions) = match &read {
            Message::Tombstone => {
                self.counts.tombstones.inc();
                way.pass(mark);
                return Ok(());
            }
            Message::Unreadable => {
                feed.intake.metrics.oddities.of(Oddity::Unreadable).inc();
                let partition = of_key();
                (value.unwrap_or_default(), None, partition..partition + 1)
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
            left_out = intake::left_out(size, limit);
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
}

/// Records under way, and how far everything is stored.
struct Way<'a> {
    window: Window<'a, Option<Mark>>,
    offsets: Offsets,
    /// Messages that made no record, of partitions whose records are still under way.
    passed: BTreeMap<(usize, i32), Mark>,
    /// What is known of each topic's schema.
    written: Vec<Written>,
}

impl Way<'_> {
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
