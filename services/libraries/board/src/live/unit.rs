//! One unit: who stays there, what beds it has, what it said.

use std::collections::{HashSet, VecDeque};

use schemas::{BedCapacity, CareType, ClosedReason, Envelope, Timestamp};
use timeline::{Capacity, CapacityHistory, EpisodeKey, Finding, Occupancy, Stay, occupancy};

use super::{Facilities, Found, LogKind, LogLine};
use crate::doubt::{self, Doubt, SHOWN_FOR};

/// Longest log kept per unit; older lines leave first.
pub(super) const LOG_MAX: usize = 200;
/// The extension by which a capacity statement says that the unit does not receive patients.
const NOT_RECEIVING: &str = "tar_inte_emot";

/// One unit's part of the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unit {
    pub code: Box<str>,
    /// From the region's unit directory.
    pub name: Option<Box<str>>,
    /// Sjukhuskod.
    pub hospital_code: Option<Box<str>>,
    pub hospital_name: Option<Box<str>>,
    /// Medicinskt verksamhetsområde.
    pub mvo: Option<Box<str>>,
    /// Somatic or psychiatric.
    pub care_type: Option<CareType>,
    pub telephone: Option<Box<str>>,
    /// The source system that last spoke of patients here.
    pub source_system: Option<Box<str>>,
    /// The last event on the unit.
    pub changed: Option<Timestamp>,
    pub capacity: CapacityHistory,
    /// Set while the unit says that it receives nobody.
    pub not_receiving: Option<NotReceiving>,
    pub log: VecDeque<LogLine>,
    /// What the timeline found here.
    pub found: Found,
    /// Under which facilities' names patients were placed here.
    pub facilities: Facilities,
    /// Raised by every change, so that readers can tell whether they have seen it.
    pub version: u64,
    stays: Vec<Stay>,
}

/// A unit that receives nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotReceiving {
    /// From when.
    pub from: Timestamp,
    /// Until when, if said.
    pub until: Option<Timestamp>,
    pub reason: ClosedReason,
}

/// What an event says of the unit itself.
pub(super) struct Description<'a> {
    pub name: Option<&'a str>,
    pub hospital_code: Option<&'a str>,
    pub hospital_name: Option<&'a str>,
    pub mvo: Option<&'a str>,
    pub care_type: CareType,
    pub telephone: Option<&'a str>,
}

impl Unit {
    pub(super) fn new(code: &str) -> Self {
        Self { code: code.into(), ..Self::default() }
    }

    /// Counts the unit at an instant, by the one function behind every figure.
    pub(crate) fn occupancy(&self, at: Timestamp) -> Occupancy {
        occupancy(&self.stays, self.capacity.at(at), at)
    }

    /// What the unit has at an instant.
    pub(crate) fn capacity_at(&self, at: Timestamp) -> Option<&Capacity> {
        self.capacity.at(at)
    }

    /// Admitted patients at an instant.
    pub(crate) fn belagda(&self, at: Timestamp) -> u32 {
        occupancy(&self.stays, None, at).belagda
    }

    /// Instants in `[from, to]` at which the count of patients or the capacity changes, in order, `from` first.
    pub(crate) fn turns(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let stays = self.stays.iter().flat_map(|stay| [Some(stay.from), stay.to]).flatten();
        let capacity =
            self.capacity.statements().flat_map(|statement| [Some(statement.valid_from), statement.valid_to]).flatten();
        let mut turns: Vec<Timestamp> = stays.chain(capacity).filter(|at| *at > from && *at <= to).collect();
        turns.push(from);
        turns.sort_unstable();
        turns.dedup();
        turns
    }

    /// What makes the unit's figures doubtful at `at`.
    pub(crate) fn doubt(&self, at: Timestamp) -> Doubt {
        let since = Timestamp(at.0.saturating_sub(SHOWN_FOR));
        let here = self.open_episodes();
        let (warnings, first) = self.found.warnings(since, |finding| is_here(&here, finding));
        let (again, again_since) = doubt::again(&self.stays, at);
        let (facilities, shared_since) = self.facilities.since(since);
        let facilities = if shared_since.is_some() { facilities } else { Vec::new() };
        Doubt { warnings, since: first, again, again_since, facilities, shared_since }
    }

    fn open_episodes(&self) -> HashSet<&EpisodeKey> {
        self.stays.iter().filter(|stay| stay.to.is_none()).map(|stay| &stay.episode).collect()
    }

    /// Whether the unit says at `at` that it receives nobody.
    pub(crate) fn not_receiving_at(&self, at: Timestamp) -> Option<NotReceiving> {
        self.not_receiving.filter(|closed| closed.from <= at && closed.until.is_none_or(|until| at < until))
    }

    /// The last correction that changed the number shown, since `after`. An event that only came late corrects nothing.
    pub(crate) fn corrected_since(&self, after: Timestamp) -> Option<Timestamp> {
        let corrects = |line: &&LogLine| line.kind.corrects() && line.before != line.after && line.received >= after;
        self.log.iter().rev().find(corrects).map(|line| line.received)
    }

    /// Whether the unit has no vårdplatser. It has said so, and nobody is admitted there; or it has never said anything of
    /// beds, nobody in memory lay in a bed there, and most who came were not admitted, as in an emergency department.
    pub(crate) fn is_without_beds(&self, at: Timestamp) -> bool {
        if let Some(capacity) = self.capacity.at(at) {
            return capacity.faststallda == Some(0) && capacity.disponibla == Some(0) && self.belagda(at) == 0;
        }
        let admitted = self.stays.iter().filter(|stay| stay.admitted).count();
        let arrivals = self.stays.len() - admitted;
        self.capacity.statements().next().is_none()
            && arrivals > 0
            && arrivals >= admitted
            && self.stays.iter().all(|stay| stay.place.bed.as_deref().is_none_or(str::is_empty))
    }

    /// Who is there or has been, as far as memory reaches.
    pub(crate) fn stays(&self) -> &[Stay] {
        &self.stays
    }

    pub(super) fn describe(&mut self, description: &Description<'_>) {
        let set = |field: &mut Option<Box<str>>, value: Option<&str>| {
            if let Some(value) = value
                && field.as_deref() != Some(value)
            {
                *field = Some(value.into());
            }
        };
        set(&mut self.name, description.name);
        set(&mut self.hospital_code, description.hospital_code);
        set(&mut self.hospital_name, description.hospital_name);
        set(&mut self.mvo, description.mvo);
        set(&mut self.telephone, description.telephone);
        if description.care_type != CareType::Unknown {
            self.care_type = Some(description.care_type);
        }
    }

    /// An event was received at this instant, from this [`speaker`].
    pub(super) fn touch(&mut self, at: Timestamp, speaker: Option<&str>) {
        self.version += 1;
        self.changed = self.changed.max(Some(at));
        if speaker.is_some() && self.source_system.as_deref() != speaker {
            self.source_system = speaker.map(Into::into);
        }
    }

    pub(super) fn declare(&mut self, statement: &BedCapacity<'_>) {
        let envelope = &statement.envelope;
        let disponibla_at = |unit: &Self| unit.capacity.at(envelope.ingested_at.max(statement.valid_from))?.disponibla;
        let before = disponibla_at(self);
        if !self.capacity.insert(statement) {
            return;
        }
        self.touch(envelope.ingested_at, speaker(envelope));
        let after = disponibla_at(self);
        if self.not_receiving.is_none_or(|closed| closed.from <= statement.valid_from) {
            self.not_receiving = envelope.extensions.get(NOT_RECEIVING).map(|reason| NotReceiving {
                from: statement.valid_from,
                until: statement.valid_to,
                reason: closed_reason(reason),
            });
        }
        self.note(LogLine {
            received: envelope.ingested_at,
            valid: statement.valid_from,
            kind: LogKind::Declared,
            before: before.map(i64::from),
            after: after.map(i64::from),
            rule: None,
            findings: None,
        });
    }

    pub(super) fn note(&mut self, line: LogLine) {
        let later = self.log.iter().rev().take_while(|held| held.received > line.received).count();
        self.log.insert(self.log.len() - later, line);
        if self.log.len() > LOG_MAX {
            self.log.pop_front();
        }
    }

    pub(super) fn enter(&mut self, stay: Stay) {
        self.version += 1;
        self.stays.push(stay);
    }

    pub(super) fn leave(&mut self, stay: &Stay) {
        self.version += 1;
        if let Some(index) = self.stays.iter().position(|held| held == stay) {
            self.stays.swap_remove(index);
        }
    }

    /// Patients were placed here under a facility's name.
    pub(super) fn see_facility(&mut self, code: Option<&str>, at: Timestamp) {
        self.version += u64::from(self.facilities.see(code, at));
    }

    pub(super) fn retire(&mut self, before: Timestamp) {
        let here: HashSet<EpisodeKey> = self.open_episodes().into_iter().cloned().collect();
        self.found.retire(before, |finding| finding.episode.as_ref().is_some_and(|key| here.contains(key)));
        self.stays.retain(|stay| stay.to.is_none_or(|to| to >= before));
        self.log.retain(|line| line.received >= before);
    }
}

/// The source system of an event that speaks of a patient.
pub(super) fn speaker<'a>(envelope: &Envelope<'a>) -> Option<&'a str> {
    envelope.subject_token.map(|_| envelope.source_system)
}

fn is_here(open: &HashSet<&EpisodeKey>, finding: &Finding) -> bool {
    finding.episode.as_ref().is_some_and(|key| open.contains(key))
}

fn closed_reason(code: &str) -> ClosedReason {
    match code {
        "PERSONAL" => ClosedReason::Personal,
        "HYGIEN" => ClosedReason::Hygien,
        "MATERIAL" => ClosedReason::Material,
        "LOKAL" => ClosedReason::Lokal,
        _ => ClosedReason::Other,
    }
}
