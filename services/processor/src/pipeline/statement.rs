//! What a package has read of a row becomes the event of its subject.

use hl7::time::Stockholm;
use identity::{Claim, Options, Pseudonymiser, Reserve, Subject as Person};
use schemas::{CareForm, CorrectionKind, Origin, Sex, SourceRecord};

use super::event_time::Stated;
use super::findings::Findings;
use super::sink::Sink;
use super::stop::Stop;
use super::verbatim::Guard;
use super::{clinical, cost, wait, ward_capacity};
use crate::directory::Directory;
use crate::mapping::{Program, Slot, Slots, Subject};
use crate::rules::Rule;

/// What mapping a row needs besides its fields.
pub(crate) struct Mapping<'m> {
    pub source: &'m SourceRecord<'m>,
    pub origin: Origin<'m>,
    /// New, an update, or a statement that is taken back.
    pub correction: CorrectionKind,
    pub program: &'m Program,
    pub key_id: &'m str,
    pub directory: &'m Directory,
    pub guard: &'m Guard<'m>,
    pub stockholm: &'m Stockholm,
    pub pseudonymiser: &'m Pseudonymiser,
    /// Whether the region uses interim numbers (T-nummer).
    pub interim: bool,
    pub reserves: &'m [Reserve],
    pub findings: &'m mut Findings,
}

impl Mapping<'_> {
    /// One event.
    pub(crate) fn map<S: Sink>(self, slots: &Slots<'_>, sink: &mut S) -> Result<u32, Stop> {
        match self.program.subject() {
            Subject::Wait => wait::map(self, slots, sink),
            Subject::Cost => cost::map(self, slots, sink),
            Subject::Clinical => clinical::map(self, slots, sink),
            Subject::BedCapacity => ward_capacity::map(self, slots, sink),
        }
    }

    /// Whether the statement is taken back.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.correction == CorrectionKind::Cancel
    }
}

/// A time that a row states.
pub(crate) fn stated<'s>(slot: &'s Slot<'_>) -> Option<Stated<'s>> {
    slot.time().map(|at| Stated { at, text: slot.time_text() })
}

/// When a row happened that states no time.
pub(crate) fn as_old_as_the_file(source: &SourceRecord<'_>) -> Stated<'static> {
    Stated { at: source.recorded_at.unwrap_or(source.received_at), text: "" }
}

/// The person of the row: a Swedish identifier, or a number of the source's own. `missing` notes a row without.
pub(crate) fn person<'s>(
    slot: &Slot<'s>,
    source_system: &'s str,
    options: &Options<'_>,
    column: &'static str,
    missing: Rule,
    findings: &mut Findings,
) -> Option<Person<'s>> {
    let Slot::Identity(value) = slot else {
        findings.add(missing, column);
        return None;
    };
    let person = Person::read(Claim { system: "", value }, options)?;
    if person.kind().is_some() {
        return Some(person);
    }
    findings.add(Rule::IdentityInvalid, column);
    Person::read(Claim { system: source_system, value }, options)
}

/// As the row says, else as the identifier does.
pub(crate) fn sex(slot: &Slot<'_>, person: Option<&Person<'_>>) -> Sex {
    match (slot.text(), person.and_then(Person::sex)) {
        (Some("MALE"), _) | (None, Some(identity::Sex::Male)) => Sex::Male,
        (Some("FEMALE"), _) | (None, Some(identity::Sex::Female)) => Sex::Female,
        (Some("OTHER"), _) => Sex::Other,
        _ => Sex::Unknown,
    }
}

/// Vardform.
pub(crate) fn care_form(slot: &Slot<'_>) -> CareForm {
    match slot.text() {
        Some("INPATIENT") => CareForm::Inpatient,
        Some("OUTPATIENT") => CareForm::Outpatient,
        Some("PRIMARY") => CareForm::Primary,
        Some("HOME") => CareForm::Home,
        _ => CareForm::Unknown,
    }
}
