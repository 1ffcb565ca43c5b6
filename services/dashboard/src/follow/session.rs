//! One attempt at following some regions: the state from the store, events applied to it, earlier events recalled.
//!
//! Whatever fails here fails for one region: a panic is caught around one record, and what it left half done is thrown
//! away with that region's state.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use axum::body::Bytes;
use board::live::{Applied, Filling};
use postgresql::Address;
use runtime::exit::chain;
use runtime::failpoint;
use runtime::origin::{self, Origin, Position, Watermarks};
use runtime::tail::{Record, Start};
use schemas::registry::client;
use schemas::{Common, DecodeError, Decoder, Encounter, Event as Told, Node, Subject, Timestamp, Visitor, stored};
use timeline::{EpisodeKey, Event};
use topics::Region;

use super::aside::Coordinates;
use super::{Follower, GATHER, Interrupted, STORE, Topic};
use crate::hub::Hub;
use crate::metrics::Fate;
use crate::store::{self, Store, Stored};

/// Regions that cannot go on with the others, and why.
pub(super) type Failures = BTreeMap<Region, String>;

/// What one attempt knows beside the live state.
pub(super) struct Session<'a> {
    follower: &'a Follower,
    store: Option<Store>,
    decoder: Decoder,
    marks: Watermarks,
    /// Records at which workers ended before; they are passed over.
    aside: HashSet<Coordinates>,
    gathered: Vec<u8>,
    flushed: Instant,
}

impl<'a> Session<'a> {
    /// An attempt at these regions.
    pub(super) fn new(follower: &'a Follower, regions: &[Region]) -> Self {
        Self {
            follower,
            store: None,
            decoder: Decoder::new(),
            marks: Watermarks::new(),
            aside: follower.aside(regions),
            gathered: Vec::new(),
            flushed: Instant::now(),
        }
    }

    /// How long the next record may be waited for: what is gathered is told in time.
    pub(super) fn patience(&self) -> Option<std::time::Duration> {
        (!self.gathered.is_empty()).then(|| GATHER.saturating_sub(self.flushed.elapsed()))
    }

    /// Fills the live state of the regions from the store and says where each topic goes on. A region of which an event
    /// cannot be loaded keeps what was held of it and is named.
    pub(super) fn start(
        &mut self,
        regions: &[Region],
        topics: &[Topic],
    ) -> Result<(Vec<Start>, Failures), Interrupted> {
        let hub = &self.follower.hub;
        let now = hub.now();
        let mut starts: Vec<Start> = topics.iter().map(|topic| Start::at_beginning(&topic.name)).collect();
        let mut failures = Failures::new();
        hub.metrics.bootstraps.inc();
        let Some(address) = &self.follower.store else {
            self.follower.health.set_ready(STORE, true, "none is configured; the board starts from the topics");
            regions.iter().for_each(|region| hub.live().forget(region.code()));
            return Ok((starts, failures));
        };
        let since = hub.live().horizon(now);
        let begun = Instant::now();
        let queue = Mutex::new(regions.to_vec());
        let readers = thread::available_parallelism().map_or(1, usize::from).min(regions.len());
        let (follower, aside, queue) = (self.follower, &self.aside, &queue);
        let read = thread::scope(|scope| {
            let spawn = |_| {
                let reading = move || Reader { follower, aside, decoder: Decoder::new() }.read(address, since, queue);
                thread::Builder::new().name("start".to_owned()).spawn_scoped(scope, reading)
            };
            let spawned = (0..readers).map(spawn).collect::<Result<Vec<_>, _>>().map_err(Interrupted::Thread)?;
            spawned
                .into_iter()
                .map(|reader| reader.join().unwrap_or(Err(Interrupted::Panicked)))
                .collect::<Result<Vec<_>, _>>()
        });
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                if let Interrupted::Store(error) = &error {
                    self.follower.health.set_ready(STORE, false, chain(error));
                }
                return Err(error);
            }
        };
        self.follower.health.set_ready(STORE, true, "the board has started from it");
        let index: BTreeMap<&str, usize> = topics.iter().map(|topic| topic.name.as_str()).zip(0..).collect();
        let mut count = 0;
        for (store, begun) in read {
            self.store = Some(store);
            for Begun { region, start, events, failure } in begun {
                for (id, avsc) in &start.schemas {
                    if let Err(error) = self.decoder.insert(*id, avsc) {
                        tracing::warn!("{}", chain(&error));
                    }
                }
                for (topic, partition, offset) in start.progress {
                    if let Some(at) = index.get(topic.as_str()) {
                        starts[*at].offsets.insert(partition, offset);
                    }
                }
                for (topic, origin_topic, partition, offset, ordinal) in &start.origins {
                    if let Some(at) = index.get(topic.as_str()) {
                        let position =
                            Position { offset: *offset, ordinal: u32::try_from(*ordinal).unwrap_or_default() };
                        self.marks.restore(*at, &Origin { topic: origin_topic, partition: *partition, position });
                    }
                }
                count += events;
                failures.extend(failure.map(|reason| (region, reason)));
            }
        }
        tracing::info!(events = count, milliseconds = begun.elapsed().as_millis() as u64, "started from the store");
        Ok((starts, failures))
    }

    /// Applies records to the state; the regions at whose records a worker ended, or whose history cannot be had.
    pub(super) fn apply(&mut self, topics: &[Topic], records: &[Record<'_>]) -> Failures {
        let mut failures = Failures::new();
        for record in records {
            let topic = &topics[record.topic()];
            if failures.contains_key(&topic.region) {
                continue;
            }
            let metrics = &self.follower.hub.metrics;
            if !self.aside.is_empty() && self.aside.contains(&coordinates(topic, record)) {
                metrics.records.of(Fate::Aside).inc();
                continue;
            }
            match catch_unwind(AssertUnwindSafe(|| self.apply_one(topic, record))) {
                Ok(Ok(fate)) => metrics.records.of(fate).inc(),
                Ok(Err(interrupted)) => {
                    failures.insert(topic.region, chain(&interrupted));
                }
                Err(_) => {
                    // Half of the event may be in it.
                    self.follower.hub.live().forget(topic.region.code());
                    let coordinates = coordinates(topic, record);
                    self.follower.strike(topic.region, &coordinates);
                    failures.insert(topic.region, format!("applying record {coordinates} ended in a panic"));
                }
            }
        }
        failures
    }

    /// Gives a record its fate, the state its event.
    fn apply_one(&mut self, topic: &Topic, record: &Record<'_>) -> Result<Fate, Interrupted> {
        failpoint::reach("apply", || coordinates(topic, record));
        let unreadable = |error: &dyn std::error::Error| {
            let (partition, offset) = (record.partition(), record.offset());
            tracing::error!(topic = topic.name, partition, offset, "{error}");
            Ok(Fate::Unreadable)
        };
        match record.origin() {
            Ok(origin) if !self.marks.admit(record.topic(), &origin) => return Ok(Fate::Replayed),
            Ok(_) => {}
            Err(error) => return unreadable(&error),
        }
        match self.apply_event(topic.region, topic.subject, record) {
            Ok(()) => Ok(Fate::Applied),
            Err(Unapplied::Unreadable(error)) => unreadable(&error),
            Err(Unapplied::Interrupted(interrupted)) => Err(interrupted),
        }
    }

    fn apply_event(&mut self, region: Region, subject: Subject, record: &Record<'_>) -> Result<(), Unapplied> {
        let hub = self.follower.hub.clone();
        let payload = record.payload();
        loop {
            let now = hub.now();
            let result = subject.visit(Applying { decoder: &self.decoder, region, record: payload, hub: &hub, now });
            match result {
                Ok((ingested_at, Applied::Yes)) => {
                    self.applied(record, ingested_at, now);
                    return Ok(());
                }
                Ok((ingested_at, Applied::NeedsHistory(key))) => {
                    self.recall(region, &key)?;
                    let event: Encounter<'_> = decode(&self.decoder, region, payload)?;
                    hub.live().encounter_recalled(&event);
                    self.applied(record, ingested_at, now);
                    return Ok(());
                }
                Err(Unreadable::Decode(DecodeError::UnknownSchema(id))) if self.learn(id)? => {}
                Err(error) => return Err(Unapplied::Unreadable(error)),
            }
        }
    }

    /// Brings back the events of an episode that memory may have let go.
    fn recall(&mut self, region: Region, key: &EpisodeKey) -> Result<(), Interrupted> {
        let Some(address) = self.follower.store.clone() else { return Ok(()) };
        let hub = self.follower.hub.clone();
        hub.metrics.recalls.inc();
        let nodes = [stored::node(&key.source_system, Node::Episode(&key.episode))];
        let handle = self.follower.runtime.clone();
        let held = self.store.take().filter(|store| !store.is_closed());
        let (store, records) = handle
            .block_on(async {
                let mut store = match held {
                    Some(store) => store,
                    None => Store::connect(&address).await?,
                };
                let records = store.component(region.code(), &nodes).await?;
                Ok::<_, store::Error>((store, records))
            })
            .map_err(Interrupted::Recall)?;
        self.store = Some(store);
        let mut events = Vec::with_capacity(records.len());
        for (subject, record) in &records {
            if subject != Subject::Encounter.name() {
                continue;
            }
            loop {
                match self.decoder.decode::<Encounter<'_>>(record) {
                    Ok(encounter) => events.push(Event::from(&encounter)),
                    Err(DecodeError::UnknownSchema(id)) if self.learn(id)? => continue,
                    Err(error) => tracing::error!("a record of the store cannot be read: {error}"),
                }
                break;
            }
        }
        hub.live().recall(region.code(), events);
        Ok(())
    }

    /// Fetches a schema; false when there is none, and the record counts as unreadable.
    fn learn(&mut self, id: u32) -> Result<bool, Interrupted> {
        learn(&self.follower.registry, &mut self.decoder, id)
    }

    fn applied(&mut self, record: &Record<'_>, ingested_at: Timestamp, now: Timestamp) {
        self.follower.hub.metrics.delay.observe(now.0.saturating_sub(ingested_at.0).max(0) as f64 / 1_000_000.0);
        let Some(id) = record.header(origin::EVENT_ID_HEADER) else { return };
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
    pub(super) fn flush(&mut self, now: bool) {
        if self.gathered.is_empty() || (!now && self.flushed.elapsed() < GATHER) {
            return;
        }
        self.flushed = Instant::now();
        self.gathered.extend_from_slice(b"]}\n\n");
        self.follower.hub.tell_applied(Bytes::from(std::mem::take(&mut self.gathered)));
    }
}

/// Reads regions from the store, one after the other, with a connection of its own.
struct Reader<'a> {
    follower: &'a Follower,
    aside: &'a HashSet<Coordinates>,
    decoder: Decoder,
}

/// A region that was read from the store: its state is what everybody sees, unless it failed.
struct Begun {
    region: Region,
    start: store::Start,
    events: usize,
    failure: Option<String>,
}

impl Reader<'_> {
    /// Reads what is left in the queue. Gives back the connection, for later.
    fn read(
        mut self,
        address: &Address,
        since: Timestamp,
        queue: &Mutex<Vec<Region>>,
    ) -> Result<(Store, Vec<Begun>), Interrupted> {
        let handle = self.follower.runtime.clone();
        let mut store = handle.block_on(Store::connect(address))?;
        let mut begun = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(region) = next else { return Ok((store, begun)) };
            let read = handle.block_on(self.begin(&mut store, region, since));
            if read.is_err() {
                // Everybody starts over.
                queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            begun.push(read?);
        }
    }

    /// Fills a region's live state. One of which an event cannot be loaded keeps what was held of it.
    async fn begin(&mut self, store: &mut Store, region: Region, since: Timestamp) -> Result<Begun, store::Error> {
        let hub = &self.follower.hub;
        let snapshot = store.snapshot(region.code(), since).await?;
        let start = snapshot.start().await?;
        for (id, avsc) in &start.schemas {
            // Whoever puts the regions together says so.
            let _ = self.decoder.insert(*id, avsc);
        }
        let (empty, is_careful) = (hub.live().emptied(), self.follower.is_careful(region));
        let mut filling = if is_careful { Filling::one_by_one(empty) } else { Filling::new(empty) };
        for (source_system, at) in &start.heard {
            filling.heard(region.code(), source_system, *at);
        }
        if start.is_partial {
            filling.begin_partial(region.code());
        }
        let (mut events, mut failure) = (0, None);
        snapshot
            .events(|stored| {
                events += 1;
                if failure.is_none() {
                    failure = self.load_guarded(&mut filling, region, &stored).err();
                }
            })
            .await?;
        if failure.is_none() {
            let settle = || {
                if !is_careful {
                    failpoint::reach("settle", || region.code());
                }
                filling.into_live()
            };
            match catch_unwind(AssertUnwindSafe(settle)) {
                Ok(live) => hub.live().replace([region.code()], live),
                Err(_) => failure = Some(self.follower.be_careful(region)),
            }
        }
        Ok(Begun { region, start, events, failure })
    }

    /// Loads an event unless it is set aside; an error when a worker ends at it.
    fn load_guarded(&mut self, filling: &mut Filling, region: Region, stored: &Stored<'_>) -> Result<(), String> {
        let coordinates = || Coordinates::Event(stored.event_id.into());
        if !self.aside.is_empty() && self.aside.contains(&coordinates()) {
            self.follower.hub.metrics.records.of(Fate::Aside).inc();
            return Ok(());
        }
        let loaded = catch_unwind(AssertUnwindSafe(|| self.load(filling, region, stored))).map_err(|_| {
            self.follower.strike(region, &coordinates());
            format!("loading event {} of the store ended in a panic", coordinates())
        })?;
        loaded.map_err(|interrupted| chain(&interrupted))
    }

    /// Takes an event from the store into a state.
    fn load(&mut self, filling: &mut Filling, region: Region, stored: &Stored<'_>) -> Result<(), Interrupted> {
        let Some(subject) = Subject::of_name(stored.subject) else { return Ok(()) };
        failpoint::reach("load", || Coordinates::Event(stored.event_id.into()));
        let loaded = loop {
            let result = subject.visit(Loading { decoder: &self.decoder, region, record: stored.record, filling });
            match result {
                Err(Unreadable::Decode(DecodeError::UnknownSchema(id)))
                    if learn(&self.follower.registry, &mut self.decoder, id)? => {}
                other => break other,
            }
        };
        if let Err(error) = loaded {
            self.follower.hub.metrics.records.of(Fate::Unreadable).inc();
            tracing::error!(subject = stored.subject, "a record of the store cannot be read: {error}");
        }
        Ok(())
    }
}

fn learn(registry: &client::Client, decoder: &mut Decoder, id: u32) -> Result<bool, Interrupted> {
    match registry.schema(id) {
        Ok(avsc) => Ok(decoder.insert(id, &avsc).is_ok()),
        Err(error @ client::Error::Refused { status: 404, .. }) => {
            tracing::error!(schema_id = id, "{}", chain(&error));
            Ok(false)
        }
        Err(source) => Err(Interrupted::Schema { id, source }),
    }
}

enum Unapplied {
    Unreadable(Unreadable),
    Interrupted(Interrupted),
}

impl From<Interrupted> for Unapplied {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

impl From<Unreadable> for Unapplied {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

/// Why a record is no event of its region.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("the record names another region than the one in whose place it lies")]
    Foreign,
}

fn coordinates(topic: &Topic, record: &Record<'_>) -> Coordinates {
    Coordinates::Topic { topic: topic.name.as_str().into(), partition: record.partition(), offset: record.offset() }
}

/// Reads a record, which must be of the region whose topic or row it lies in: no region speaks for another.
fn decode<'r, E: Common<'r>>(decoder: &Decoder, region: Region, record: &'r [u8]) -> Result<E, Unreadable> {
    let event: E = decoder.decode(record)?;
    if event.envelope().region == region.code() { Ok(event) } else { Err(Unreadable::Foreign) }
}

/// Takes a record of the store into a state.
struct Loading<'s, 'r> {
    decoder: &'s Decoder,
    region: Region,
    record: &'r [u8],
    filling: &'s mut Filling,
}

impl<'r> Visitor<'r> for Loading<'_, 'r> {
    type Output = Result<(), Unreadable>;

    fn visit<E: Common<'r>>(self) -> Result<(), Unreadable> {
        let event: E = decode(self.decoder, self.region, self.record)?;
        match event.event() {
            Told::Encounter(encounter) => self.filling.encounter(encounter),
            Told::BedCapacity(capacity) => self.filling.capacity(capacity),
            Told::BedStatus(status) => self.filling.bed_status(status),
            Told::Person(_) | Told::Statement(_) => {}
        }
        Ok(())
    }
}

/// Takes a record of a topic into the state that everybody sees: when it was received, and whether more is needed.
struct Applying<'s, 'r> {
    decoder: &'s Decoder,
    region: Region,
    record: &'r [u8],
    hub: &'s Hub,
    now: Timestamp,
}

impl<'r> Visitor<'r> for Applying<'_, 'r> {
    type Output = Result<(Timestamp, Applied), Unreadable>;

    fn visit<E: Common<'r>>(self) -> Self::Output {
        let event: E = decode(self.decoder, self.region, self.record)?;
        let mut applied = Applied::Yes;
        match event.event() {
            Told::Encounter(encounter) => applied = self.hub.live().encounter(encounter, self.now),
            Told::BedCapacity(capacity) => self.hub.live().capacity(capacity),
            Told::BedStatus(status) => self.hub.live().bed_status(status),
            Told::Person(person) => self.hub.live().heard(&person.envelope),
            Told::Statement(_) => {}
        }
        Ok((event.envelope().ingested_at, applied))
    }
}
