//! Follows the common topics on a thread of its own: starts from the store, then tails Kafka, for as long as it runs.
//!
//! The one-compare rule keeps replays out, and the live state is a function of the *set* of events, so nothing that
//! comes twice or late changes a figure wrongly. When the store or Kafka is away the thread waits and says so; when a
//! position is gone from Kafka it starts over from the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use runtime::config;
use runtime::exit::chain;
use runtime::health::Health;
use runtime::metrics::Gauge;
use runtime::origin::{Origin, Position, Watermarks};
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Record, Start, Tail};
use schemas::{BedCapacity, BedStatus, DecodeError, Decoder, Encounter, Kind, Person, Timestamp};
use timeline::{EpisodeKey, Event};
use topics::{Region, name};

use crate::hub::Hub;
use crate::live::{Applied, Live};
use crate::metrics::Fate;
use crate::store::{self, Store};

/// Health component: whether the board is complete.
pub const BOARD: &str = "board";
/// Health component: whether the store answers.
pub const STORE: &str = "store";

const SUBJECTS: [&str; 4] = ["encounter", "bed-capacity", "bed-status", "person"];
const BATCH_MAX: usize = 500;
/// Ids of applied events are gathered so long at most.
const GATHER: Duration = Duration::from_millis(20);
const POLL_WAIT: Duration = Duration::from_millis(200);
const RETRY_AFTER: Duration = Duration::from_secs(2);
const LAG_EVERY: Duration = Duration::from_secs(2);
const RETIRE_EVERY: Duration = Duration::from_secs(600);

/// What the follower needs.
pub struct Follower {
    /// Where events go.
    pub hub: Arc<Hub>,
    /// Kafka.
    pub kafka: config::Kafka,
    /// How topics are read.
    pub tail: tail::Settings,
    /// Where schemas that the store does not know are fetched.
    pub registry: schemas::registry::Client,
    /// The store's address; without it the board starts from the topics' beginning.
    pub store: Option<String>,
    /// The regions that are followed.
    pub regions: Vec<Region>,
    /// Where readiness is said.
    pub health: Health,
    /// When to stop.
    pub shutdown: Shutdown,
    /// For talking to the store from the thread.
    pub runtime: tokio::runtime::Handle,
}

/// Why following has to start over.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Tail(#[from] tail::Error),
    #[error("the store is away while an episode's earlier events are needed")]
    Recall(#[source] store::Error),
}

struct Session<'a> {
    follower: &'a Follower,
    store: Option<Store>,
    decoder: Decoder,
    marks: Watermarks,
    gathered: Vec<u8>,
    flushed: Instant,
}

impl Follower {
    /// Runs until shutdown.
    pub fn run(&self) {
        self.health.set_ready(BOARD, false, "reading events from the store");
        for region in &self.regions {
            self.hub.metrics.begin(region.code());
        }
        while !self.shutdown.requested() {
            match self.follow() {
                Ok(()) => return,
                Err(error) => {
                    self.hub.set_ready(false);
                    let reason = chain(&error);
                    tracing::warn!("starting over in {} s: {reason}", RETRY_AFTER.as_secs());
                    self.health.set_ready(BOARD, false, reason);
                    self.shutdown.sleep(RETRY_AFTER);
                }
            }
        }
    }

    fn follow(&self) -> Result<(), Interrupted> {
        let mut session = Session {
            follower: self,
            store: None,
            decoder: Decoder::new(),
            marks: Watermarks::new(),
            gathered: Vec::new(),
            flushed: Instant::now(),
        };
        let topics: Vec<(Region, Kind, String)> = self
            .regions
            .iter()
            .flat_map(|region| SUBJECTS.map(|subject| (*region, name::common(*region, subject))))
            .filter_map(|(region, topic)| Kind::of_topic(&topic).map(|kind| (region, kind, topic)))
            .collect();
        let starts = session.start(&topics)?;
        let mut tail =
            match Tail::assign(&self.kafka, self.tail.clone(), &starts, self.health.clone(), self.shutdown.clone()) {
                Ok(tail) => tail,
                Err(_) if self.shutdown.requested() => return Ok(()),
                Err(error) => return Err(error.into()),
            };
        let lags: Vec<Gauge> = self.regions.iter().map(|region| self.hub.metrics.lag.of(&[region.code()])).collect();
        let mut complete = false;
        let mut measured = Instant::now();
        let mut retired = Instant::now();
        while !self.shutdown.requested() {
            let wait =
                if session.gathered.is_empty() { POLL_WAIT } else { GATHER.saturating_sub(session.flushed.elapsed()) };
            let records = match tail.poll_batch(BATCH_MAX, wait) {
                Ok(records) => records,
                Err(_) if self.shutdown.requested() => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            session.apply(&topics, &records)?;
            drop(records);
            session.flush(false);
            if !complete && tail.has_caught_up() {
                complete = true;
                self.hub.set_ready(true);
                self.health.set_ready(BOARD, true, "complete and following the topics");
                tracing::info!(events = self.hub.live().event_count(), "the board is complete");
            }
            if measured.elapsed() >= LAG_EVERY {
                measured = Instant::now();
                let mut sums = vec![0; lags.len()];
                for progress in tail.progress() {
                    sums[progress.topic / SUBJECTS.len()] += progress.lag();
                }
                for (gauge, lag) in lags.iter().zip(sums) {
                    gauge.set(lag);
                }
                let held = self.hub.live().event_count();
                self.hub.metrics.events_held.set(i64::try_from(held).unwrap_or(i64::MAX));
            }
            if retired.elapsed() >= RETIRE_EVERY {
                retired = Instant::now();
                let gone = self.hub.live().retire(self.hub.now());
                self.hub.metrics.events_retired.inc_by(gone as u64);
            }
        }
        session.flush(true);
        Ok(())
    }
}

impl Session<'_> {
    /// Fills the live state from the store and says where each topic goes on.
    fn start(&mut self, topics: &[(Region, Kind, String)]) -> Result<Vec<Start>, Interrupted> {
        let hub = &self.follower.hub;
        let now = hub.now();
        let mut starts: Vec<Start> = topics.iter().map(|(_, _, topic)| Start::at_beginning(topic)).collect();
        hub.metrics.bootstraps.inc();
        let Some(url) = &self.follower.store else {
            self.follower.health.set_ready(STORE, true, "none is configured; the board starts from the topics");
            hub.live().regions.clear();
            return Ok(starts);
        };
        let handle = self.follower.runtime.clone();
        let regions: Vec<String> = self.follower.regions.iter().map(|region| region.code().to_owned()).collect();
        let since = hub.live().horizon(now);
        let begun = Instant::now();
        let result = handle.block_on(async {
            let mut store = Store::connect(url).await?;
            let start = store.start(since, &regions).await?;
            Ok::<_, store::Error>((store, start))
        });
        let (store, start) = match result {
            Ok(found) => found,
            Err(error) => {
                self.follower.health.set_ready(STORE, false, chain(&error));
                return Err(error.into());
            }
        };
        self.follower.health.set_ready(STORE, true, "answers");
        self.store = Some(store);
        for (id, avsc) in &start.schemas {
            if let Err(error) = self.decoder.insert(*id, avsc) {
                tracing::warn!("{}", chain(&error));
            }
        }
        let index: BTreeMap<&str, usize> = topics.iter().map(|(_, _, topic)| topic.as_str()).zip(0..).collect();
        for (topic, partition, offset) in start.progress {
            if let Some(at) = index.get(topic.as_str()) {
                starts[*at].offsets.insert(partition, offset);
            }
        }
        for (topic, origin_topic, partition, offset, ordinal) in &start.origins {
            if let Some(at) = index.get(topic.as_str()) {
                let position = Position { offset: *offset, ordinal: u32::try_from(*ordinal).unwrap_or_default() };
                self.marks.restore(*at, &Origin { topic: origin_topic, partition: *partition, position });
            }
        }
        let mut fresh = hub.live().emptied();
        fresh.is_partial = start.is_partial;
        let count = start.events.len();
        for (subject, record) in &start.events {
            self.load(&mut fresh, subject, record);
        }
        *hub.live() = fresh;
        tracing::info!(events = count, milliseconds = begun.elapsed().as_millis() as u64, "started from the store");
        Ok(starts)
    }

    /// Takes an event from the store into a state.
    fn load(&mut self, live: &mut Live, subject: &str, record: &[u8]) {
        let Some(kind) = kind_of(subject) else { return };
        let loaded = loop {
            let result = match kind {
                Kind::Encounter => {
                    self.decoder.decode::<Encounter<'_>>(record).map(|event| live.encounter_recalled(&event))
                }
                Kind::BedCapacity => self.decoder.decode::<BedCapacity<'_>>(record).map(|event| live.capacity(&event)),
                Kind::BedStatus => self.decoder.decode::<BedStatus<'_>>(record).map(|event| live.bed_status(&event)),
                Kind::Person => self.decoder.decode::<Person<'_>>(record).map(|event| live.heard(&event.envelope)),
                Kind::SourceRecord | Kind::Parked | Kind::Wait | Kind::Cost | Kind::Clinical => Ok(()),
            };
            match result {
                Err(DecodeError::UnknownSchema(id)) if self.learn(id) => {}
                other => break other,
            }
        };
        if let Err(error) = loaded {
            self.follower.hub.metrics.records.of(Fate::Unreadable).inc();
            tracing::error!(subject, "a record of the store cannot be read: {error}");
        }
    }

    fn apply(&mut self, topics: &[(Region, Kind, String)], records: &[Record<'_>]) -> Result<(), Interrupted> {
        let hub = self.follower.hub.clone();
        let metrics = &hub.metrics;
        for record in records {
            let (region, kind, topic) = &topics[record.topic()];
            let fate = match record.origin() {
                Ok(origin) if !self.marks.admit(record.topic(), &origin) => Fate::Replayed,
                Ok(_) => match self.apply_one(*region, *kind, record) {
                    Ok(()) => Fate::Applied,
                    Err(Unapplied::Unreadable(error)) => {
                        tracing::error!(topic, partition = record.partition(), offset = record.offset(), "{error}");
                        Fate::Unreadable
                    }
                    Err(Unapplied::Interrupted(interrupted)) => return Err(interrupted),
                },
                Err(error) => {
                    tracing::error!(topic, partition = record.partition(), offset = record.offset(), "{error}");
                    Fate::Unreadable
                }
            };
            metrics.records.of(fate).inc();
        }
        Ok(())
    }

    fn apply_one(&mut self, region: Region, kind: Kind, record: &Record<'_>) -> Result<(), Unapplied> {
        let hub = self.follower.hub.clone();
        let payload = record.payload();
        loop {
            let now = hub.now();
            let result = match kind {
                Kind::Encounter => self.decoder.decode::<Encounter<'_>>(payload).map(|event| {
                    let applied = hub.live().encounter(&event, now);
                    (event.envelope.ingested_at, applied)
                }),
                Kind::BedCapacity => self.decoder.decode::<BedCapacity<'_>>(payload).map(|event| {
                    hub.live().capacity(&event);
                    (event.envelope.ingested_at, Applied::Yes)
                }),
                Kind::BedStatus => self.decoder.decode::<BedStatus<'_>>(payload).map(|event| {
                    hub.live().bed_status(&event);
                    (event.envelope.ingested_at, Applied::Yes)
                }),
                Kind::Person => self.decoder.decode::<Person<'_>>(payload).map(|event| {
                    hub.live().heard(&event.envelope);
                    (event.envelope.ingested_at, Applied::Yes)
                }),
                Kind::SourceRecord | Kind::Parked | Kind::Wait | Kind::Cost | Kind::Clinical => return Ok(()),
            };
            match result {
                Ok((ingested_at, Applied::Yes)) => {
                    self.applied(record, ingested_at, now);
                    return Ok(());
                }
                Ok((ingested_at, Applied::NeedsHistory(key))) => {
                    self.recall(region, &key).map_err(Unapplied::Interrupted)?;
                    let event: Encounter<'_> = self.decoder.decode(payload).map_err(Unapplied::Unreadable)?;
                    hub.live().encounter_recalled(&event);
                    self.applied(record, ingested_at, now);
                    return Ok(());
                }
                Err(DecodeError::UnknownSchema(id)) if self.learn(id) => {}
                Err(error) => return Err(Unapplied::Unreadable(error)),
            }
        }
    }

    /// Brings back the events of an episode that memory may have let go.
    fn recall(&mut self, region: Region, key: &EpisodeKey) -> Result<(), Interrupted> {
        if self.follower.store.is_none() {
            return Ok(());
        }
        let hub = self.follower.hub.clone();
        hub.metrics.recalls.inc();
        let nodes = [format!("e:{}/{}", key.source_system, key.episode)];
        let handle = self.follower.runtime.clone();
        let url = self.follower.store.clone().unwrap_or_default();
        let held = self.store.take().filter(|store| !store.is_closed());
        let (store, records) = handle
            .block_on(async {
                let mut store = match held {
                    Some(store) => store,
                    None => Store::connect(&url).await?,
                };
                let records = store.component(region.code(), &nodes).await?;
                Ok::<_, store::Error>((store, records))
            })
            .map_err(Interrupted::Recall)?;
        self.store = Some(store);
        let mut events = Vec::with_capacity(records.len());
        for (subject, record) in &records {
            if subject != "encounter" {
                continue;
            }
            loop {
                match self.decoder.decode::<Encounter<'_>>(record) {
                    Ok(encounter) => events.push(Event::from(&encounter)),
                    Err(DecodeError::UnknownSchema(id)) if self.learn(id) => continue,
                    Err(error) => tracing::error!("a record of the store cannot be read: {error}"),
                }
                break;
            }
        }
        hub.live().recall(region.code(), events);
        Ok(())
    }

    /// Fetches a schema; false when it cannot be had, and the record counts as unreadable.
    fn learn(&mut self, id: u32) -> bool {
        match self.follower.registry.schema(id) {
            Ok(avsc) => self.decoder.insert(id, &avsc).is_ok(),
            Err(error) => {
                tracing::error!(schema_id = id, "{}", chain(&error));
                false
            }
        }
    }

    fn applied(&mut self, record: &Record<'_>, ingested_at: Timestamp, now: Timestamp) {
        self.follower.hub.metrics.delay.observe(now.0.saturating_sub(ingested_at.0).max(0) as f64 / 1_000_000.0);
        let Some(id) = record.header(runtime::origin::EVENT_ID_HEADER) else { return };
        // A header that is not an id of ours goes nowhere near a page.
        if id.len() != 36 || !id.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-') {
            return;
        }
        let before: &[u8] = if self.gathered.is_empty() { b"event: applied\ndata: {\"events\":[\"" } else { b",\"" };
        self.gathered.extend_from_slice(before);
        self.gathered.extend_from_slice(id);
        self.gathered.push(b'"');
    }

    /// Tells which events have been applied, at most every few milliseconds.
    fn flush(&mut self, now: bool) {
        if self.gathered.is_empty() || (!now && self.flushed.elapsed() < GATHER) {
            return;
        }
        self.flushed = Instant::now();
        self.gathered.extend_from_slice(b"]}\n\n");
        self.follower.hub.tell_applied(Bytes::from(std::mem::take(&mut self.gathered)));
    }
}

enum Unapplied {
    Unreadable(DecodeError),
    Interrupted(Interrupted),
}

fn kind_of(subject: &str) -> Option<Kind> {
    match subject {
        "encounter" => Some(Kind::Encounter),
        "bed-capacity" => Some(Kind::BedCapacity),
        "bed-status" => Some(Kind::BedStatus),
        "person" => Some(Kind::Person),
        _ => None,
    }
}
