//! From a source record to common events: pure, stateless, deterministic. Same bytes and same configuration, same output.
//!
//! Goes in: one [`SourceRecord`] and its coordinates. Comes out, through a [`Sink`]: one or more common events, or one parked
//! record (with whom it marks as protected all the same), or nothing; and always exactly one [`Outcome`]. No clock, no randomness, no I/O: "now" is the record's
//! `received_at`. Events are made only after everything that could refuse the record has been looked at.

mod bed_capacity;
mod bed_status;
mod context;
mod debezium;
mod encounter;
mod envelope;
mod event_time;
mod fhir;
pub mod kept;
mod mark;
mod message;
mod named;
mod park;
mod person;
mod place;
mod protect;
mod region;
mod rekeyed;
mod row;
mod sink;
mod statement;
mod subject;
mod text;
mod trigger;
mod visit;

use std::borrow::Cow;
use std::sync::Arc;

use delimited::letters::decoded;
use hl7::time::Stockholm;
use identity::{Claim, Date, PseudonymError, Pseudonymiser, Purpose, RegionRules, Subject, Token};
use runtime::fate::Fate;
use schemas::{CorrectionKind, FileFault, Format, Origin, SOURCE_TABLE, SourceRecord, Timestamp};
use zeroize::Zeroizing;

use self::debezium::Told;
use crate::code_lists::CodeLists;
use crate::directory::Directory;
use crate::findings::Findings;
use crate::mapping::{Program, Reading, Slot, Slots, Whole};
use crate::rules::Rule;
use crate::stop::Stop;
use crate::verbatim::Guard;
use context::Context;
use envelope::{Head, HeadParts};
use named::Named;
use protect::Protecting;
use region::Region;
use trigger::Shape;

pub use crate::stop::Rejection;
pub use sink::Sink;

/// What became of one source record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// So many events.
    Mapped(u32),
    /// Nothing to say, by this rule.
    Ignored(Rule),
    /// Refused or unreadable; the sink got a parked record.
    Rejected(Rejection),
}

impl Outcome {
    /// The fate as the runtime counts it.
    pub fn fate(&self) -> Fate {
        match self {
            Outcome::Mapped(events) => Fate::Mapped(*events),
            Outcome::Ignored(_) => Fate::Ignored,
            Outcome::Rejected(rejection) => match rejection.fate() {
                schemas::ParkedFate::Refused => Fate::Refused(rejection.rule.code()),
                schemas::ParkedFate::Parked => Fate::Parked(rejection.rule.code()),
            },
        }
    }
}

/// How one region's records are read.
pub struct Settings {
    /// Länskod.
    pub region: String,
    /// The region's pseudonymisation key.
    pub key: identity::Key,
    /// Its version, `v1`.
    pub key_id: String,
    /// What the region's codes mean.
    pub directory: Directory,
    /// The mapping packages of its tables, at most one per feed.
    pub programs: Vec<Program>,
    /// Whether the region uses interim numbers (T-nummer).
    pub interim: bool,
}

/// The pipeline of one region. Keep one per thread: it reuses its buffers.
pub struct Pipeline {
    region: Region,
    programs: Vec<Program>,
    stockholm: Stockholm,
    findings: Findings,
}

impl Pipeline {
    /// A pipeline; refuses a region or key id that cannot stand in a pseudonym.
    pub fn new(settings: Settings) -> Result<Pipeline, PseudonymError> {
        let pseudonymiser = Pseudonymiser::new(&settings.region, &settings.key_id, &settings.key)?;
        let region = Region {
            identities: RegionRules::new(&settings.region, settings.interim, Vec::new()),
            code: settings.region,
            key_id: settings.key_id,
            pseudonymiser,
            earlier: Vec::new(),
            named: None,
            directory: settings.directory,
            code_lists: CodeLists::built_in(),
        };
        Ok(Pipeline { region, programs: settings.programs, stockholm: Stockholm::new(), findings: Findings::default() })
    }

    /// With these code lists in place of the shipped ones.
    #[must_use]
    pub fn with_code_lists(mut self, lists: Arc<CodeLists>) -> Pipeline {
        let programs = std::mem::take(&mut self.programs).into_iter();
        self.programs = programs.map(|program| program.with_code_lists(Arc::clone(&lists))).collect();
        self.region.code_lists = lists;
        self
    }

    /// With these placeholders of the region's own, in any notation: they name nobody.
    #[must_use]
    pub fn with_placeholders(mut self, placeholders: Vec<String>) -> Pipeline {
        self.region.identities.placeholders = placeholders;
        self
    }

    /// With keys that were the region's before, each with its version: whoever a record names is joined to the pseudonyms by them.
    ///
    /// # Errors
    /// When a version is none, or no earlier one.
    pub fn with_earlier_keys(mut self, keys: Vec<(String, identity::Key)>) -> Result<Pipeline, PseudonymError> {
        for (key_id, key) in keys {
            let earlier = Pseudonymiser::new(&self.region.code, &key_id, &key)?;
            self.region.pseudonymiser.follows(&earlier)?;
            if self.region.earlier.iter().any(|other| other.key_id() == key_id) {
                return Err(PseudonymError::NotEarlier);
            }
            self.region.earlier.push(earlier);
        }
        if !self.region.earlier.is_empty() {
            self.region.named.get_or_insert_default();
        }
        Ok(self)
    }

    /// Handing on what is to be kept of whomever a record names ([`Sink::identity`]).
    #[must_use]
    pub fn keeping_identities(mut self) -> Pipeline {
        self.region.named.get_or_insert_default();
        self
    }

    /// The pseudonym by the current key of an identity that was kept, from a record of the feed [`kept::FEED`].
    pub fn turned(&self, payload: &[u8]) -> Option<Token> {
        let (_, kept) = kept::read(payload)?;
        Some(self.region.pseudonymiser.of_kept(Purpose::Care, &kept))
    }

    /// With codes of texts that hold numbers by this key, and not by that of pseudonyms: they stay when that one turns.
    #[must_use]
    pub fn with_codes_of(mut self, key: &identity::Key) -> Pipeline {
        self.region.pseudonymiser = self.region.pseudonymiser.with_codes_of(key);
        self
    }

    /// Processes one record. `origin.ordinal` is not looked at: the pipeline counts.
    pub fn process<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) -> Outcome {
        self.findings.clear();
        self.stockholm.assume(None);
        // Whom a record names that a panic left half-way.
        drop(self.region.named.as_ref().map(Named::take));
        let sink = &mut Protecting(sink);
        let made = match source.format {
            _ if source.region != self.region.code => Err(Stop::refuse(Rule::RegionMismatch, "region")),
            _ if source.feed == kept::FEED => kept::map(&self.region, source, origin, sink),
            Format::Hl7v2 => self.message(source, origin, sink),
            Format::Delimited => self.delimited(source, origin, sink),
            Format::Debezium => self.change(source, origin, sink),
            Format::Fhir => self.resource(source, origin, sink),
        };
        let outcome = match made {
            Ok(count) => Outcome::Mapped(count),
            Err(Stop::Ignore(rule)) => Outcome::Ignored(rule),
            Err(Stop::Park(rejection)) => {
                let (origin, mut line) = (Origin { ordinal: 0, ..origin }, String::new());
                sink.parked(&park::record(&self.region.code, source, origin, rejection, &mut line));
                Outcome::Rejected(rejection)
            }
        };
        let named = self.region.named.as_ref().map(Named::take).unwrap_or_default();
        match outcome {
            Outcome::Mapped(events) => rekeyed::tell(&self.region, source, origin, events, named, sink),
            Outcome::Ignored(_) => {}
            Outcome::Rejected(_) => self.keep_mark(source, origin, sink),
        }
        outcome
    }

    /// Hands on whom a rejected record marks as protected. What says that it is another region's is not believed.
    #[cold]
    fn keep_mark<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) {
        if source.region == self.region.code {
            let (guard, mut odd) = (Guard::of_unit(&self.region.pseudonymiser), Findings::default());
            let context = Context::new(source, origin, &self.region, &guard, &mut self.stockholm, &mut odd);
            let program = self.programs.iter_mut().find(|program| program.feed() == source.feed);
            let marked = mark::keep(context, program, sink);
            let named = self.region.named.as_ref().map(Named::take).unwrap_or_default();
            if marked > 0 {
                rekeyed::tell(&self.region, source, origin, 1 + marked, named, sink);
            }
        }
    }

    /// The number of the person that a table's row is about: for a delivery that the law wants it in, made inside the region.
    /// Nothing when the row has none, or one that is no national number.
    pub fn disclosed_number(&mut self, source: &SourceRecord<'_>) -> Option<Zeroizing<String>> {
        self.findings.clear();
        let program = self.programs.iter_mut().find(|program| program.feed() == source.feed)?;
        let guard = Guard::of_unit(&self.region.pseudonymiser);
        let (stockholm, findings) = (&mut self.stockholm, &mut self.findings);
        let received_at = Some(source.received_at);
        let mut reading = Reading { stockholm, guard: &guard, findings, received_at };
        let target = program.target();
        let options = self.region.identities.options(Date::of_utc_micros(source.received_at.0));
        let number = |slots: &Slots<'_>| match slots.named(target, "subject") {
            Slot::Identity(value) => {
                let claim = Claim { system: "", kind: "", source: source.source_system, value };
                Subject::read(claim, &options).ok()?.disclosed()
            }
            _ => None,
        };
        match source.format {
            Format::Delimited => {
                let (text, mut unquoted) = (decoded(source.payload), String::new());
                number(&program.read(&text, &mut unquoted, Whole::Yes, &mut reading).ok()?)
            }
            Format::Debezium => {
                let Told::Row(change) = debezium::read(source.payload, program).ok()? else { return None };
                number(&program.read_named(&change.cells, Whole::No, &mut reading).ok()?)
            }
            Format::Hl7v2 | Format::Fhir => None,
        }
    }

    /// The pseudonyms that the region's events may have of a person, by the region's key and by those before it that are still
    /// joined to it. The number is one that somebody has written down, in any notation that a source may use; the century of a short
    /// form is that of `at`. None for what only its own system understands.
    pub fn pseudonyms(&self, text: &str, at: Timestamp) -> Vec<Token> {
        let claim = Claim { system: "", kind: "", source: "", value: text };
        let subject = Subject::read(claim, &self.region.identities.options(Date::of_utc_micros(at.0)));
        let Some(subject) = subject.ok().filter(|subject| !subject.is_local()) else { return Vec::new() };
        let keys = std::iter::once(&self.region.pseudonymiser).chain(&self.region.earlier);
        keys.map(|key| key.subject(Purpose::Care, &subject)).collect()
    }

    /// What was odd about the last record.
    pub fn found(&self) -> &[Rule] {
        self.findings.found()
    }

    /// A message's own id, safe to print; `None` when there is none to be read.
    pub fn message_id(&mut self, payload: &[u8]) -> Option<String> {
        let text = text::of(payload, &mut Findings::default());
        let message = hl7::Message::parse(&text).or_else(|_| hl7::Message::parse_header(&text)).ok()?;
        let guard = Guard::of_message(&self.region.pseudonymiser, &message);
        shown_id(&message, &guard, &mut Findings::default()).map(Cow::into_owned)
    }

    /// An HL7 v2 message, step by step.
    fn message<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) -> Result<u32, Stop> {
        let findings = &mut self.findings;
        let text = text::of(source.payload, findings);
        let message = message::read(&text, findings)?;
        let trigger = trigger::of(&message, findings)?;
        let times = event_time::of(&message, trigger, source.received_at, &mut self.stockholm, findings)?;
        message::inspect_header(&message, findings);
        let guard = Guard::of_message(&self.region.pseudonymiser, &message).in_region(&self.region.identities);
        let context = Context::new(source, origin, &self.region, &guard, &mut self.stockholm, &mut self.findings);
        let parts = HeadParts {
            message_id: message.control_id(),
            message_id_shown: shown_id(&message, &guard, context.findings).unwrap_or(Cow::Borrowed("")),
            occurred: times.occurred,
            recorded: times.recorded,
        };
        let head = Head::new(&context, parts);
        let facility = message.at(hl7::field::MSH_SENDING_FACILITY).component(1).namespace();
        let mut mapping = encounter::Mapping {
            sending_facility: guard.text(facility, "MSH-4", context.findings),
            sequence: sequence(message.at(hl7::field::MSH_SEQUENCE), &guard),
            pseudonymising: context.pseudonymising(times.occurred.at),
            context,
            trigger,
            times,
            head,
            sink,
        };
        match trigger.shape {
            Shape::BedStatus => bed_status::map(&mut mapping, &message)?,
            Shape::Swap => mapping.swap(&message)?,
            Shape::Merge => mapping.merges(&message)?,
            Shape::VisitMove => mapping.visit_moves(&message)?,
            Shape::Link => mapping.link(&message)?,
            Shape::Update => mapping.update(&message)?,
            Shape::PersonDelete => mapping.person_delete(&message)?,
            Shape::Placement
            | Shape::PlacementIfPlaced
            | Shape::Discharge
            | Shape::Cancellation
            | Shape::Record
            | Shape::Nothing => mapping.episode(&message)?,
        }
        Ok(mapping.head.made())
    }

    /// A row of a table, by the package of its feed; capacity has a reader of its own.
    fn delimited<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) -> Result<u32, Stop> {
        if let Some((fault, line)) = FileFault::of_payload(source.payload) {
            // Every fault has its rule: a test holds that.
            return Err(Stop::file(Rule::of_code(fault.code()).unwrap_or(Rule::RowUnreadable), line));
        }
        let Some(program) = self.programs.iter_mut().find(|program| program.feed() == source.feed) else {
            return if source.feed == "capacity" {
                self.capacity(source, origin, sink)
            } else {
                Err(Stop::park(Rule::FeedUnmapped))
            };
        };
        let text = decoded(source.payload);
        let guard = Guard::of_unit(&self.region.pseudonymiser);
        let mut context = Context::new(source, origin, &self.region, &guard, &mut self.stockholm, &mut self.findings);
        let mut unquoted = String::new();
        let slots = program.read(&text, &mut unquoted, Whole::Yes, &mut context.reading())?;
        let row = statement::Row { slots: &slots, correction: CorrectionKind::New, before: None };
        statement::Mapping { context, program }.map(&row, sink)
    }

    /// A change of a table, by the package of its feed.
    fn change<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) -> Result<u32, Stop> {
        let Some(program) = self.programs.iter_mut().find(|program| program.feed() == source.feed) else {
            return Err(Stop::park(Rule::FeedUnmapped));
        };
        let guard = Guard::of_unit(&self.region.pseudonymiser);
        let mut context = Context::new(source, origin, &self.region, &guard, &mut self.stockholm, &mut self.findings);
        let change = match debezium::read(source.payload, program)? {
            Told::Row(change) => change,
            Told::Emptied { table, committed_at } => {
                // The same record stands in every partition, and each voids what stands in its own.
                let message_id = &*format!("{}/{}", source.message_id, origin.partition);
                let recorded_at = source.recorded_at.or(committed_at);
                let source = &SourceRecord { message_id, recorded_at, ..source.clone() };
                let table = context.pass(Cow::Owned(table), SOURCE_TABLE);
                return statement::Mapping { context: Context { source, ..context }, program }.emptied(table, sink);
            }
        };
        if change.before_unvouched {
            context.findings.add(Rule::BeforeUnvouched, "before");
        }
        if change.before_untold {
            context.findings.add(Rule::BeforeUntold, "before");
        }
        for column in &change.maybe_missing {
            context.findings.add(Rule::ValueMaybeMissing, column);
        }
        let is_deletion = change.correction == CorrectionKind::Cancel;
        let whole = if is_deletion { Whole::No } else { Whole::Yes };
        let slots = program.read_named(&change.cells, whole, &mut context.reading());
        let mut slots = slots.map_err(|stop| if is_deletion { stop.of_deletion() } else { stop })?;
        if let Some(table) = &change.table {
            slots.extensions.push((SOURCE_TABLE, context.pass(Cow::Borrowed(table), SOURCE_TABLE)));
        }
        // What was odd about the row as it was, its own record has told.
        let mut told = Findings::default();
        let mut quiet = context.noting(&mut told);
        let mut before =
            change.before.as_ref().and_then(|cells| program.read_named(cells, Whole::No, &mut quiet.reading()).ok());
        if let (Some(before), Some(table)) = (&mut before, &change.table) {
            before.extensions.push((SOURCE_TABLE, quiet.pass(Cow::Borrowed(table), SOURCE_TABLE)));
        }
        // A database knows when a change was committed; the transport does not.
        let source = &SourceRecord { recorded_at: source.recorded_at.or(change.committed_at), ..source.clone() };
        let row = statement::Row { slots: &slots, correction: change.correction, before: before.as_ref() };
        statement::Mapping { context: Context { source, ..context }, program }.map(&row, sink)
    }

    /// A version of a FHIR resource.
    fn resource<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) -> Result<u32, Stop> {
        let bundle = fhir::read(source.payload)?;
        let guard = Guard::of_numbers(&self.region.pseudonymiser, bundle.numbers_of_persons())
            .in_region(&self.region.identities);
        let recorded = source.recorded_at.unwrap_or(source.received_at);
        let context = Context::new(source, origin, &self.region, &guard, &mut self.stockholm, &mut self.findings);
        let recorded = event_time::Stated { at: recorded, text: "" };
        let tools = fhir::Tools { context, bundle: &bundle, recorded, is_protected: false };
        fhir::map(tools, sink)
    }

    /// A capacity row, step by step.
    fn capacity<S: Sink>(&mut self, source: &SourceRecord<'_>, origin: Origin<'_>, sink: &mut S) -> Result<u32, Stop> {
        let row = row::read(source.payload, Some(source.received_at), &mut self.stockholm, &mut self.findings)?;
        let guard = Guard::of_unit(&self.region.pseudonymiser);
        let mut context = Context::new(source, origin, &self.region, &guard, &mut self.stockholm, &mut self.findings);
        Ok(bed_capacity::map(&mut context, &row, "enhet", &[], sink))
    }
}

/// MSH-13, unless it reads as a personal number.
fn sequence(value: hl7::Value<'_>, guard: &Guard<'_>) -> Option<i64> {
    let text = value.text()?;
    let said = guard.instead_of_identifier(&text, "MSH-13", &mut Findings::default());
    if said.is_some() { None } else { text.parse().ok() }
}

/// MSH-10 past the guard.
fn shown_id<'a>(message: &hl7::Message<'a>, guard: &Guard<'_>, findings: &mut Findings) -> Option<Cow<'a, str>> {
    guard.text(message.at(hl7::field::MSH_CONTROL_ID), "MSH-10", findings)
}
