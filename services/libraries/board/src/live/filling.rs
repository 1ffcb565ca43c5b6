//! A state from everything that is known at once, in any order: what events mean together is computed when all are there.

use std::cmp::Reverse;
use std::collections::HashMap;

use schemas::{BedCapacity, BedStatus, Encounter, Timestamp};
use timeline::Event;

use super::unit::LOG_MAX;
use super::{Cause, Live, LogKind, Region};

/// An event of a region that has a line in its units' logs.
type Noted = (Box<str>, LogKind, Event);

/// A [`Live`] that is being filled.
///
/// Events that correct others, and those that came late, have lines in their units' logs that say what they changed: they
/// are applied at the end, one by one, as they were received.
pub struct Filling {
    live: Live,
    noted: Vec<Noted>,
    one_by_one: bool,
}

impl Filling {
    /// Fills a state that is empty.
    pub fn new(live: Live) -> Self {
        Self { live, noted: Vec::new(), one_by_one: false }
    }

    /// The same, which computes at every event, so that one that cannot be computed is found.
    pub fn one_by_one(live: Live) -> Self {
        Self { one_by_one: true, ..Self::new(live) }
    }

    /// Says that a region's state begins without everything that is old.
    pub fn begin_partial(&mut self, region: &str) {
        self.live.begin_partial(region);
    }

    /// Takes an event of an episode.
    pub fn encounter(&mut self, encounter: &Encounter<'_>) {
        if self.one_by_one {
            return self.live.encounter_recalled(encounter);
        }
        let event = Event::from(encounter);
        let kind = self.live.noted(encounter, &event);
        let code = encounter.envelope.region;
        let region = self.live.region(code);
        region.see(encounter, &event);
        match kind {
            Some(kind) => self.noted.push((code.into(), kind, event)),
            None => region.ledger.load(event),
        }
    }

    /// Takes a statement of capacity.
    pub fn capacity(&mut self, statement: &BedCapacity<'_>) {
        self.live.capacity(statement);
    }

    /// Takes a bed's housekeeping status.
    pub fn bed_status(&mut self, status: &BedStatus<'_>) {
        self.live.bed_status(status);
    }

    /// Notes when a source was heard.
    pub fn heard(&mut self, region: &str, source_system: &str, at: Timestamp) {
        self.live.region(region).hear(source_system, at);
    }

    /// The state of all that was taken.
    pub fn into_live(mut self) -> Live {
        if self.one_by_one {
            return self.live;
        }
        let shown = self.load_what_no_log_shows();
        self.live.regions.values_mut().for_each(Region::settle);
        for (code, kind, event) in shown.into_iter().rev() {
            let system = event.subject.as_ref().map(|_| event.source_system.clone());
            let (received, valid) = (event.received.0, event.occurred_at);
            let cause = Cause { kind: Some(kind), received, valid, speaker: system.as_deref() };
            let region = self.live.region(&code);
            let change = region.ledger.insert([event]);
            region.follow(change, Some(cause));
        }
        self.live.regions.values_mut().for_each(Region::touch_left);
        self.live
    }

    /// What has lines in logs, the newest first. A late event that later ones push out of the log of each unit that it names is
    /// loaded with the rest: where a past was sent at once, nearly all of it.
    fn load_what_no_log_shows(&mut self) -> Vec<Noted> {
        let mut noted = std::mem::take(&mut self.noted);
        noted.sort_unstable_by_key(|(.., event)| Reverse((event.received, event.id)));
        let mut lines: HashMap<(Box<str>, Box<str>), usize> = HashMap::new();
        let mut shown = Vec::new();
        for (code, kind, event) in noted {
            let units = [&event.place, &event.prior_place].into_iter().flatten().map(|place| &place.unit);
            let mut is_shown = kind.corrects() || units.clone().next().is_none();
            for unit in units {
                let count = lines.entry((code.clone(), unit.clone())).or_default();
                *count += 1;
                is_shown |= *count <= LOG_MAX;
            }
            if is_shown {
                shown.push((code, kind, event));
            } else {
                self.live.region(&code).ledger.load(event);
            }
        }
        shown
    }
}

impl Region {
    /// Computes stays and findings of the events that were loaded and gives them to the units, which have none yet.
    fn settle(&mut self) {
        self.ledger.settle();
        let Self { ledger, units, unplaced, .. } = self;
        for (events, stays, findings) in ledger.groups() {
            for stay in stays {
                let code = &stay.place.unit;
                units.entry(code.clone()).or_insert_with(|| super::Unit::new(code)).enter(stay.clone());
            }
            for finding in findings {
                let by = events.iter().find(|event| event.id == finding.event);
                let received = by.map_or(finding.at, |event| event.received.0);
                match finding.unit.as_deref().and_then(|code| units.get_mut(code)) {
                    Some(unit) => unit.found.add(finding.clone(), received),
                    None => unplaced.add(finding.clone(), received),
                }
            }
        }
    }

    /// A unit that somebody has left has changed, also where the event did not name it.
    fn touch_left(&mut self) {
        for (events, stays, _) in self.ledger.groups() {
            for (stay, left_at) in stays.iter().filter_map(|stay| Some((stay, stay.to?))) {
                let ends = events.iter().filter(|event| event.occurred_at == left_at && event.trigger.has_effect());
                if let Some(unit) = self.units.get_mut(&stay.place.unit) {
                    unit.changed = unit.changed.max(ends.map(|event| event.received.0).max());
                }
            }
        }
    }
}
