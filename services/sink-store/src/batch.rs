//! From records to rows: pure, one pass, nothing read but the records.
//!
//! A batch holds records of one region in the order they were read. It gives the rows of `events` in chunks of binary
//! COPY and, when all are given, the [`Facts`] that the same transaction writes beside them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use runtime::failpoint;
use runtime::origin::{Origin, Position, Watermarks};
use schemas::stored::{storable, storable_option};
use schemas::{
    BedStatus, Common, CorrectionKind, Decoder, Envelope, Event, Finding, SOURCE_TABLE, Subject, Timestamp, Visitor,
    topic,
};
use uuid::Uuid;

use crate::copy::Rows;
use crate::node::{self, Named};
use crate::time::Time;

/// Columns of `events`, in the order in which a batch writes them.
pub(crate) const COLUMNS: &str = "region, event_id, subject, event_type, schema_version, source_system, source_message_id, \
     origin_topic, origin_partition, origin_offset, origin_ordinal, occurred_at, recorded_at, ingested_at, correction, \
     target_event_id, subject_token, key_id, protected_identity, trigger, episode_id, unit, period, contact, source_table, record";
const COLUMN_COUNT: i16 = 26;

/// An event that claims to have happened later than this after it was received says nothing of how far time has come.
const FUTURE_MAX: i64 = 24 * 3_600_000_000;

/// A topic that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `region.<nn>.common.<subject>`
    pub topic: String,
    /// Länskod.
    pub region: String,
    /// What the topic's events are about.
    pub subject: Subject,
}

impl Source {
    /// The common topics of a region.
    #[must_use]
    pub fn of_region(region: &str) -> [Self; Subject::ALL.len()] {
        Subject::ALL.map(|subject| Self { topic: topic::common(region, subject), region: region.to_owned(), subject })
    }
}

/// Every topic of a region that is read: those of its events, then the one of what persons say of their use.
pub fn topics_of(region: &str) -> impl Iterator<Item = String> {
    Source::of_region(region).into_iter().map(|source| source.topic).chain([topic::objections(region)])
}

/// A record as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Index of the topic among the [`Source`]s; of an objection among the store's topics.
    pub source: usize,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Value of the `origin` header.
    pub origin: Option<&'a [u8]>,
    /// The record.
    pub value: &'a [u8],
}

/// Why a record cannot be stored. A record that our own processor writes never meets any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Without the coordinates of its source record.
    OriginMalformed,
    /// Not a record of the topic's subject.
    NotDecodable,
    /// The registry does not know its schema.
    SchemaUnknown,
    /// The event id is not a UUID.
    EventIdMalformed,
    /// The event says that it belongs to another region than its topic.
    RegionForeign,
    /// A time outside the years 1 to 9999.
    TimeImpossible,
    /// The database itself refuses the row.
    RowRefused,
    /// A fault of this program broke off its reading.
    Panicked,
}

impl Rejection {
    /// The reason as `delivery.rejected` shows it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OriginMalformed => "origin-malformed",
            Self::NotDecodable => "not-decodable",
            Self::SchemaUnknown => "schema-unknown",
            Self::EventIdMalformed => "event-id-malformed",
            Self::RegionForeign => "region-foreign",
            Self::TimeImpossible => "time-impossible",
            Self::RowRefused => "row-refused",
            Self::Panicked => "panicked",
        }
    }
}

/// What a transaction writes beside the rows.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Rows given, in order: their event ids and sources.
    pub rows: Vec<(Uuid, usize)>,
    /// Events that were in the batch already, per source.
    pub repeated: BTreeMap<usize, i64>,
    /// Records at or below the watermark: replays of the processor.
    pub replayed: u64,
    /// Next offset per source and partition.
    pub progress: BTreeMap<(usize, i32), i64>,
    /// Highest origin per source, origin topic and partition.
    pub marks: Vec<(usize, String, i32, Position)>,
    /// Edges that the events make; an empty second node is an event that stands alone.
    pub edges: HashSet<(String, String)>,
    /// How far in event time the events reach.
    pub horizon: Option<Time>,
    /// Latest status per bed.
    pub beds: BTreeMap<BedKey, BedRow>,
    /// Findings per event.
    pub findings: Vec<(Uuid, FindingKey)>,
    /// Records that cannot be stored.
    pub rejected: Vec<(usize, i32, i64, Rejection)>,
    /// When each stored event was received, for the latency.
    pub ingested: Vec<Timestamp>,
    /// Events that are left out, because their person is erased.
    pub erased: u64,
    /// What such an event names besides: it may be the person, too.
    pub beside_erased: HashSet<String>,
}

pub(crate) type BedKey = (String, String, String);

/// A bed's status. Ordered by what decides: later wins, the event id settles ties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BedRow {
    /// When it came to be so.
    pub occurred_at: Time,
    /// When the source recorded it.
    pub recorded_at: Time,
    pub event_id: Uuid,
    pub status: &'static str,
    pub status_code: String,
}

/// What findings are counted by: subject, rule, severity and the day (days since 1970, UTC) of the event.
pub(crate) type FindingKey = (&'static str, String, &'static str, i32);

/// Records of one region on their way to rows.
pub(crate) struct Batch<'a> {
    region: &'a str,
    sources: &'a [Source],
    records: &'a [Record<'a>],
    decoder: &'a Decoder,
    /// Watermarks before the batch.
    marks: &'a Watermarks,
    unusable: &'a HashSet<u32>,
    /// The nodes of who is erased.
    erased: &'a HashSet<String>,
    refuse: bool,
    next: usize,
    rows: Rows,
    ended: bool,
    seen: HashSet<Uuid>,
    /// Watermarks with what this batch has applied so far.
    applied: Watermarks,
    facts: Facts,
}

impl<'a> Batch<'a> {
    /// `unusable` are schema ids that the registry does not know; every other id must be in `decoder`. `erased` are the nodes of
    /// persons whose events are left out.
    #[must_use]
    pub(crate) fn new(
        region: &'a str,
        sources: &'a [Source],
        records: &'a [Record<'a>],
        decoder: &'a Decoder,
        marks: &'a Watermarks,
        unusable: &'a HashSet<u32>,
        erased: &'a HashSet<String>,
    ) -> Self {
        Self {
            region,
            sources,
            records,
            decoder,
            marks,
            unusable,
            erased,
            refuse: false,
            next: 0,
            rows: Rows::new(COLUMN_COUNT),
            ended: false,
            seen: HashSet::with_capacity(records.len()),
            applied: marks.clone(),
            facts: Facts::default(),
        }
    }

    /// Gives no rows: every record is set aside, because the database refuses it.
    #[must_use]
    pub(crate) fn refusing(mut self) -> Self {
        self.refuse = true;
        self
    }

    /// The next chunk of binary COPY; `None` after the last.
    pub(crate) fn chunk(&mut self) -> Option<Bytes> {
        while let Some(record) = self.records.get(self.next) {
            self.next += 1;
            self.take(record);
            if let Some(chunk) = self.rows.chunk() {
                return Some(chunk);
            }
        }
        (!std::mem::replace(&mut self.ended, true)).then(|| self.rows.end())
    }

    /// What belongs into the same transaction. Complete once [`Batch::chunk`] has returned `None`.
    #[must_use]
    pub(crate) fn into_facts(mut self) -> Facts {
        let before = |source, origin: &Origin<'_>| self.marks.get(source, origin.topic, origin.partition);
        self.facts.marks = self
            .applied
            .iter()
            .filter(|(source, origin)| before(*source, origin) != Some(origin.position))
            .map(|(source, origin)| (source, origin.topic.to_owned(), origin.partition, origin.position))
            .collect();
        self.facts
    }

    /// One record: a row, or nothing and the reason.
    fn take(&mut self, record: &Record<'a>) {
        self.facts.progress.insert((record.source, record.partition), record.offset + 1);
        let Some(origin) = record.origin.and_then(|value| Origin::parse(value).ok()) else {
            return self.reject(record, Rejection::OriginMalformed);
        };
        if !self.applied.admit(record.source, &origin) {
            self.facts.replayed += 1;
            return;
        }
        let stored = if self.refuse { Err(Rejection::RowRefused) } else { self.store_whole(record) };
        if let Err(rejection) = stored {
            self.reject(record, rejection);
        }
    }

    fn reject(&mut self, record: &Record<'_>, rejection: Rejection) {
        self.facts.rejected.push((record.source, record.partition, record.offset, rejection));
    }

    /// A row and its facts, or nothing of either. What a record says is read without looking elsewhere, so a panic comes
    /// again at every attempt and one is enough.
    fn store_whole(&mut self, record: &Record<'a>) -> Result<(), Rejection> {
        let (rows, seen) = (self.rows.mark(), self.facts.rows.len());
        let stored = catch_unwind(AssertUnwindSafe(|| self.store(record)));
        stored.unwrap_or_else(|_| {
            self.rows.back_to(rows);
            for (event_id, _) in self.facts.rows.drain(seen..) {
                self.seen.remove(&event_id);
                self.facts.findings.retain(|(id, _)| *id != event_id);
            }
            self.facts.ingested.truncate(seen);
            Err(Rejection::Panicked)
        })
    }

    fn store(&mut self, record: &Record<'a>) -> Result<(), Rejection> {
        let source = &self.sources[record.source];
        failpoint::reach("store", || format!("{}/{}/{}", source.topic, record.partition, record.offset));
        if schema_id(record.value).is_some_and(|id| self.unusable.contains(&id)) {
            return Err(Rejection::SchemaUnknown);
        }
        source.subject.visit(Storing { batch: self, record })
    }

    /// Writes the row; `None` when the batch has the event already.
    fn row<'e, E: Common<'e>>(&mut self, record: &Record<'_>, event: &E) -> Result<Option<Uuid>, Rejection> {
        let (envelope, index) = (event.envelope(), event.index());
        let event_id = Uuid::parse_str(envelope.event_id).map_err(|_| Rejection::EventIdMalformed)?;
        if envelope.region != self.region {
            return Err(Rejection::RegionForeign);
        }
        let times = [Some(envelope.occurred_at), envelope.recorded_at, Some(envelope.ingested_at)];
        if times.iter().flatten().any(|time| !Time::is_storable(*time)) {
            return Err(Rejection::TimeImpossible);
        }
        if !self.seen.insert(event_id) {
            *self.facts.repeated.entry(record.source).or_default() += 1;
            return Ok(None);
        }
        let subject = E::SUBJECT.name();
        let target = envelope.correction.target_event_id.and_then(|id| Uuid::parse_str(id).ok());
        let rows = &mut self.rows;
        rows.row();
        rows.text(envelope.region);
        rows.bytes(event_id.as_bytes());
        rows.text(subject);
        rows.text(&storable(envelope.event_type));
        rows.int4(envelope.schema_version);
        rows.text(&storable(envelope.source_system));
        rows.text(&storable(envelope.source_message_id));
        rows.text(&storable(envelope.origin.topic));
        rows.int4(envelope.origin.partition);
        rows.int8(envelope.origin.offset);
        rows.int4(envelope.origin.ordinal);
        rows.time(envelope.occurred_at.into());
        rows.time_option(envelope.recorded_at.map(Time::from));
        rows.time(envelope.ingested_at.into());
        rows.text(correction_name(envelope.correction.kind));
        match target {
            Some(id) => rows.bytes(id.as_bytes()),
            None => rows.null(),
        }
        rows.text_option(storable_option(envelope.subject_token).as_deref());
        rows.text_option(storable_option(envelope.key_id).as_deref());
        rows.bool(envelope.protected_identity);
        rows.text_option(storable_option(index.trigger).as_deref());
        rows.text_option(storable_option(index.episode).as_deref());
        rows.text_option(storable_option(index.unit).as_deref());
        rows.text_option(storable_option(index.period).as_deref());
        // Of a table that was emptied there is no contact.
        rows.text_option(storable_option(index.contact.filter(|contact| !contact.is_empty())).as_deref());
        rows.text_option(storable_option(envelope.extensions.get(SOURCE_TABLE).copied()).as_deref());
        rows.bytes(record.value);

        self.facts.rows.push((event_id, record.source));
        self.facts.ingested.push(envelope.ingested_at);
        if E::SUBJECT.moves_horizon() {
            self.facts.horizon = self.facts.horizon.max(horizon(envelope));
        }
        let findings = finding_keys(subject, envelope.occurred_at, &envelope.quality);
        self.facts.findings.extend(findings.map(|key| (event_id, key)));
        Ok(Some(event_id))
    }
}

/// Stores a record of a batch.
struct Storing<'b, 'a> {
    batch: &'b mut Batch<'a>,
    record: &'b Record<'a>,
}

impl<'a> Visitor<'a> for Storing<'_, 'a> {
    type Output = Result<(), Rejection>;

    fn visit<E: Common<'a>>(self) -> Result<(), Rejection> {
        let Self { batch, record } = self;
        let event: E = batch.decoder.decode(record.value).map_err(|_| Rejection::NotDecodable)?;
        let times = match event.event() {
            Event::BedCapacity(capacity) => [Some(capacity.valid_from), capacity.valid_to],
            Event::Encounter(_) | Event::Person(_) | Event::BedStatus(_) | Event::Statement(_) => [None; 2],
        };
        if times.iter().flatten().any(|time| !Time::is_storable(*time)) {
            return Err(Rejection::TimeImpossible);
        }
        if !batch.erased.is_empty() {
            let named = Named::of(&event);
            if named.deciding().iter().any(|node| batch.erased.contains(node)) {
                batch.facts.erased += 1;
                batch.facts.beside_erased.extend(named.all().filter(|node| !batch.erased.contains(node)));
                return Ok(());
            }
        }
        if let Some(event_id) = batch.row(record, &event)? {
            batch.facts.edges.extend(node::edges(node::of(&event)));
            batch.facts.note_bed(event.event(), event_id);
        }
        Ok(())
    }
}

impl Facts {
    /// Keeps the latest status of each bed.
    pub(crate) fn note_bed(&mut self, event: Event<'_, '_>, event_id: Uuid) {
        match event {
            Event::BedStatus(status) => {
                let (bed, row) = bed(status, event_id);
                let latest = self.beds.entry(bed).or_insert_with(|| row.clone());
                *latest = row.max(latest.clone());
            }
            Event::Encounter(_) | Event::Person(_) | Event::BedCapacity(_) | Event::Statement(_) => {}
        }
    }
}

/// How far in event time an event shows the region to have come: not at all when it lies implausibly far ahead of its
/// own arrival, so that one mistyped year does not move every snapshot.
pub(crate) fn horizon(envelope: &Envelope<'_>) -> Option<Time> {
    let at = envelope.recorded_at.map_or(envelope.occurred_at, |recorded| recorded.min(envelope.occurred_at));
    (at.0.saturating_sub(envelope.ingested_at.0) <= FUTURE_MAX).then_some(Time::from(at))
}

/// What the findings of an event are counted under; a rule twice in one event counts once.
pub(crate) fn finding_keys<'a>(
    subject: &'static str,
    occurred_at: Timestamp,
    quality: &'a [Finding<'_>],
) -> impl Iterator<Item = FindingKey> + 'a {
    let day = day_of(occurred_at);
    let keys: BTreeSet<_> = quality
        .iter()
        .map(|finding| (subject, storable(finding.rule).into_owned(), severity_name(finding.severity), day))
        .collect();
    keys.into_iter()
}

/// The day of an instant, UTC, counted from 1970.
pub(crate) fn day_of(at: Timestamp) -> i32 {
    // The years 1 to 9999 fit in days of 32 bits.
    i32::try_from(at.0.div_euclid(86_400_000_000)).unwrap_or(i32::MAX)
}

/// A bed and its status.
fn bed(event: &BedStatus<'_>, event_id: Uuid) -> (BedKey, BedRow) {
    let part = |text: Option<&str>| storable(text.unwrap_or_default()).into_owned();
    let place = &event.place;
    let key = (storable(place.unit).into_owned(), part(place.room), part(place.bed));
    let envelope = &event.envelope;
    let row = BedRow {
        occurred_at: envelope.occurred_at.into(),
        recorded_at: envelope.recorded_at.unwrap_or(envelope.occurred_at).into(),
        event_id,
        status: bed_state_name(event.status),
        status_code: storable(event.status_code).into_owned(),
    };
    (key, row)
}

/// The schema id of a framed record.
pub(crate) fn schema_id(value: &[u8]) -> Option<u32> {
    match value {
        [0, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

const fn correction_name(kind: CorrectionKind) -> &'static str {
    match kind {
        CorrectionKind::New => "NEW",
        CorrectionKind::Update => "UPDATE",
        CorrectionKind::Cancel => "CANCEL",
        CorrectionKind::Replace => "REPLACE",
    }
}

pub(crate) const fn severity_name(severity: schemas::Severity) -> &'static str {
    match severity {
        schemas::Severity::Info => "INFO",
        schemas::Severity::Warning => "WARNING",
        schemas::Severity::Error => "ERROR",
    }
}

const fn bed_state_name(state: schemas::BedState) -> &'static str {
    match state {
        schemas::BedState::Closed => "CLOSED",
        schemas::BedState::Housekeeping => "HOUSEKEEPING",
        schemas::BedState::Occupied => "OCCUPIED",
        schemas::BedState::Unoccupied => "UNOCCUPIED",
        schemas::BedState::Contaminated => "CONTAMINATED",
        schemas::BedState::Isolated => "ISOLATED",
        schemas::BedState::Unknown => "UNKNOWN",
    }
}
