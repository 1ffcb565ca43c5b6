//! The live state: what every unit looks like, from the set of events seen so far.
//!
//! In go common events in any order, any number of times; out come [`crate::ward::Ward`]s, one per unit, at an
//! instant that the caller names. Nothing here reads a clock, a socket or a file.
//!
//! Bound: episodes that are closed and older than the memory leave, see [`Live::retire`]; an event for one that
//! has left asks for its events back by [`Applied::NeedsHistory`].

mod facility;
mod filling;
mod found;
mod log;
mod unit;

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::{BedCapacity, BedStatus, CorrectionKind, Encounter, Envelope, TechnicalBeds, Timestamp};
use timeline::{Change, EpisodeKey, Event, Finding, Ledger, Stay, Trigger};

use crate::doubt::{Doubt, SHOWN_FOR};

use facility::Facilities;
pub use filling::Filling;
use found::Found;
pub use log::{LogKind, LogLine};
pub(crate) use unit::{NotReceiving, Unit};

/// Everything that is known, by region.
pub struct Live {
    /// By länskod.
    pub(crate) regions: BTreeMap<Box<str>, Region>,
    /// How long closed episodes stay in memory.
    pub(crate) memory: Duration,
    /// An event older than this when it arrives is logged as a late report.
    pub(crate) late_after: Duration,
}

/// What orders capacity statements: when they were received, and their id.
type Stamp = (Timestamp, Box<str>);

/// One region's part of the state.
#[derive(Default)]
pub(crate) struct Region {
    ledger: Ledger,
    /// By the code that ADT sends.
    pub units: BTreeMap<Box<str>, Unit>,
    /// When each source system was last heard, by its HSA-id.
    pub heard: BTreeMap<Box<str>, Timestamp>,
    /// What the timeline found that no unit is known of.
    pub unplaced: Found,
    /// What the latest capacity statement says of technical beds.
    technical_beds: Option<(Stamp, Option<TechnicalBeds>)>,
    /// Something old has been left out: an episode that is not held may have earlier events in the store.
    is_partial: bool,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is part of the state.
    Yes,
    /// The episode may have been forgotten: its earlier events must be loaded by [`Live::recall`] first.
    NeedsHistory(EpisodeKey),
}

impl Live {
    /// An empty state.
    pub fn new(memory: Duration, late_after: Duration) -> Self {
        Self { regions: BTreeMap::new(), memory, late_after }
    }

    /// Another empty state with the same settings.
    pub fn emptied(&self) -> Self {
        Self::new(self.memory, self.late_after)
    }

    /// Says that a region's state begins without everything that is old.
    pub fn begin_partial(&mut self, region: &str) {
        self.region(region).is_partial = true;
    }

    /// Puts a newly built state of some regions in the place of what was held of them; other regions stay as they are.
    pub fn replace<'a>(&mut self, regions: impl IntoIterator<Item = &'a str>, mut fresh: Self) {
        for region in regions {
            match fresh.regions.remove_entry(region) {
                Some((code, state)) => drop(self.regions.insert(code, state)),
                None => self.forget(region),
            }
        }
    }

    /// Lets all go that is held of a region.
    pub fn forget(&mut self, region: &str) {
        self.regions.remove(region);
    }

    /// Applies an event of an episode, unless the episode may have been forgotten.
    pub fn encounter(&mut self, encounter: &Encounter<'_>, now: Timestamp) -> Applied {
        let event = Event::from(encounter);
        if let Some(key) = self.forgotten(&encounter.envelope, &event, now) {
            return Applied::NeedsHistory(key);
        }
        self.place(encounter, event);
        Applied::Yes
    }

    /// Applies an event whose earlier events, if there are any, have been loaded.
    pub fn encounter_recalled(&mut self, encounter: &Encounter<'_>) {
        self.place(encounter, Event::from(encounter));
    }

    /// Takes back events of an episode that had been forgotten; nothing is logged, for nothing is news.
    pub fn recall(&mut self, region: &str, events: Vec<Event>) {
        let region = self.region(region);
        let change = region.ledger.insert(events);
        region.follow(change, None);
    }

    /// Applies a statement of capacity.
    pub fn capacity(&mut self, statement: &BedCapacity<'_>) {
        let envelope = &statement.envelope;
        let region = self.region(envelope.region);
        region.hear(envelope.source_system, envelope.ingested_at);
        region.decide(envelope);
        let unit = region.unit(statement.unit);
        unit.describe(&unit::Description {
            name: statement.unit_name,
            hospital_code: statement.hospital_code,
            hospital_name: statement.hospital_name,
            mvo: statement.mvo,
            care_type: statement.care_type,
            telephone: statement.telephone,
        });
        unit.declare(statement);
    }

    /// Applies a bed's housekeeping status: today it only tells that the unit lives.
    pub fn bed_status(&mut self, status: &BedStatus<'_>) {
        let envelope = &status.envelope;
        let region = self.region(envelope.region);
        region.hear(envelope.source_system, envelope.ingested_at);
        let unit = region.unit(status.place.unit);
        unit.describe(&unit::Description {
            name: status.unit_name,
            hospital_code: status.hospital_code,
            hospital_name: status.hospital_name,
            mvo: status.mvo,
            care_type: status.care_type,
            telephone: None,
        });
        unit.touch(envelope.ingested_at, unit::speaker(envelope));
    }

    /// Notes that a source lives, from an event that says nothing about beds.
    pub fn heard(&mut self, envelope: &Envelope<'_>) {
        self.region(envelope.region).hear(envelope.source_system, envelope.ingested_at);
    }

    /// Forgets closed episodes of a region that are older than the memory; returns how many events went.
    pub fn retire(&mut self, region: &str, now: Timestamp) -> usize {
        let before = self.horizon(now);
        let Some(region) = self.regions.get_mut(region) else { return 0 };
        let gone = region.ledger.retire(before);
        for unit in region.units.values_mut() {
            unit.retire(before);
        }
        region.unplaced.retire(before, |_| false);
        region.is_partial |= gone > 0;
        gone
    }

    /// How many events are held.
    pub fn event_count(&self) -> usize {
        self.regions.values().map(|region| region.ledger.event_count()).sum()
    }

    /// Before this instant nothing closed is remembered.
    pub fn horizon(&self, now: Timestamp) -> Timestamp {
        Timestamp(now.0.saturating_sub(i64::try_from(self.memory.as_micros()).unwrap_or(i64::MAX)))
    }

    fn region(&mut self, code: &str) -> &mut Region {
        if !self.regions.contains_key(code) {
            self.regions.insert(code.into(), Region::default());
        }
        self.regions.get_mut(code).expect("inserted above")
    }

    /// The episode of an event that may continue something forgotten: one that is not held, and that either is not
    /// new or is older than the memory.
    fn forgotten(&self, envelope: &Envelope<'_>, event: &Event, now: Timestamp) -> Option<EpisodeKey> {
        let region = self.regions.get(envelope.region).filter(|region| region.is_partial)?;
        let key = event.episode_key().filter(|key| !region.ledger.knows_episode(key))?;
        let starts = matches!(event.trigger, Trigger::Admit | Trigger::Register);
        (event.trigger.has_effect() && (!starts || event.occurred_at < self.horizon(now))).then_some(key)
    }

    fn place(&mut self, encounter: &Encounter<'_>, event: Event) {
        let kind = self.noted(encounter, &event);
        let envelope = &encounter.envelope;
        let region = self.region(envelope.region);
        region.see(encounter, &event);
        let change = region.ledger.insert([event]);
        region.follow(change, Some(Cause::of(kind, envelope)));
    }

    /// As what an event is a line of the log, if it is one.
    fn noted(&self, encounter: &Encounter<'_>, event: &Event) -> Option<LogKind> {
        let late_after = i64::try_from(self.late_after.as_micros()).unwrap_or(i64::MAX);
        let envelope = &encounter.envelope;
        match envelope.correction.kind {
            CorrectionKind::Cancel => Some(LogKind::Cancelled),
            CorrectionKind::Replace => Some(LogKind::Replaced),
            CorrectionKind::New | CorrectionKind::Update => (event.trigger.has_effect()
                && envelope.ingested_at.0.saturating_sub(envelope.occurred_at.0) > late_after)
                .then_some(LogKind::Late),
        }
    }
}

/// The event behind a change of stays.
#[derive(Clone, Copy)]
struct Cause<'a> {
    kind: Option<LogKind>,
    /// When it was received, and the time it is about.
    received: Timestamp,
    valid: Timestamp,
    /// The source system, of an event that names a patient.
    speaker: Option<&'a str>,
}

impl<'a> Cause<'a> {
    fn of(kind: Option<LogKind>, envelope: &Envelope<'a>) -> Self {
        let speaker = unit::speaker(envelope);
        Self { kind, received: envelope.ingested_at, valid: envelope.occurred_at, speaker }
    }
}

impl Region {
    fn hear(&mut self, source_system: &str, at: Timestamp) {
        match self.heard.get_mut(source_system) {
            Some(heard) => *heard = (*heard).max(at),
            None => {
                self.heard.insert(source_system.into(), at);
            }
        }
    }

    /// Takes what an event says beside where its patient is: that its source lives, and of the unit it names.
    fn see(&mut self, encounter: &Encounter<'_>, event: &Event) {
        let envelope = &encounter.envelope;
        self.hear(envelope.source_system, envelope.ingested_at);
        let Some(place) = &encounter.place else { return };
        let unit = self.unit(place.unit);
        unit.describe(&unit::Description {
            name: encounter.unit_name,
            hospital_code: encounter.hospital_code,
            hospital_name: encounter.hospital_name,
            mvo: encounter.mvo,
            care_type: encounter.care_type,
            telephone: None,
        });
        unit.see_facility(place.facility, envelope.ingested_at);
        if event.trigger.has_effect() {
            unit.touch(envelope.ingested_at, unit::speaker(envelope));
        }
    }

    /// Takes what a capacity statement says of the region's technical beds.
    fn decide(&mut self, envelope: &Envelope<'_>) {
        let stamp = (envelope.ingested_at, Box::from(envelope.event_id));
        if self.technical_beds.as_ref().is_none_or(|(held, _)| *held < stamp) {
            self.technical_beds = Some((stamp, TechnicalBeds::said_by(envelope)));
        }
    }

    /// Whether the region counts technical beds, if it says so.
    pub(crate) fn technical_beds(&self) -> Option<TechnicalBeds> {
        self.technical_beds.as_ref()?.1
    }

    fn unit(&mut self, code: &str) -> &mut Unit {
        if !self.units.contains_key(code) {
            self.units.insert(code.into(), Unit::new(code));
        }
        self.units.get_mut(code).expect("inserted above")
    }

    /// How many findings there are of each rule that has any, by rule.
    pub(crate) fn found(&self) -> impl Iterator<Item = (timeline::FindingRule, u32)> {
        self.units.values().map(|unit| &unit.found).chain([&self.unplaced]).flat_map(Found::counts)
    }

    /// What is doubtful and no unit is known of.
    pub(crate) fn doubt(&self, at: Timestamp) -> Doubt {
        let (warnings, since) = self.unplaced.warnings(Timestamp(at.0.saturating_sub(SHOWN_FOR)), |_| false);
        Doubt { warnings, since, ..Doubt::default() }
    }

    fn follow(&mut self, change: Change, cause: Option<Cause<'_>>) {
        let received = cause.map(|cause| cause.received);
        self.move_stays(change.before, change.after, cause);
        for finding in &change.findings_before {
            // The unit may have become known since the finding came.
            self.unplaced.remove(finding);
            if let Some(unit) = self.unit_of(finding) {
                unit.version += 1;
                unit.found.remove(finding);
            }
        }
        for finding in change.findings_after {
            let received = received.unwrap_or(finding.at);
            match self.unit_of(&finding) {
                Some(unit) => {
                    unit.version += 1;
                    unit.found.add(finding, received);
                }
                None => self.unplaced.add(finding, received),
            }
        }
    }

    fn unit_of(&mut self, finding: &Finding) -> Option<&mut Unit> {
        self.units.get_mut(finding.unit.as_deref()?)
    }

    fn move_stays(&mut self, before: Vec<Stay>, after: Vec<Stay>, cause: Option<Cause<'_>>) {
        let mut touched: Vec<Box<str>> = before.iter().chain(&after).map(|stay| stay.place.unit.clone()).collect();
        touched.sort_unstable();
        touched.dedup();
        let at = cause.map(|cause| cause.received);
        let counts: Vec<u32> = match at {
            Some(at) => touched.iter().map(|code| self.unit(code).belagda(at)).collect(),
            None => Vec::new(),
        };
        for stay in before {
            self.unit(&stay.place.unit.clone()).leave(&stay);
        }
        for stay in after {
            self.unit(&stay.place.unit.clone()).enter(stay);
        }
        let Some(cause) = cause else { return };
        for (code, before) in touched.iter().zip(counts) {
            let unit = self.unit(code);
            unit.touch(cause.received, cause.speaker);
            if let Some(kind) = cause.kind {
                let after = unit.belagda(cause.received);
                unit.note(LogLine {
                    received: cause.received,
                    valid: cause.valid,
                    kind,
                    before: Some(i64::from(before)),
                    after: Some(i64::from(after)),
                    rule: None,
                    findings: None,
                });
            }
        }
    }
}
