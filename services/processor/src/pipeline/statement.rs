//! What a package has read of a row becomes the event of its subject.

use std::borrow::Cow;

use hl7::time::Stockholm;
use identity::{Claim, Options, Pseudonymiser, RegionRules, Subject as Person};
use schemas::{CareForm, CorrectionKind, Origin, SOURCE_TABLE, Sex, SourceRecord};

use super::event_time::Stated;
use super::findings::Findings;
use super::sink::Sink;
use super::stop::Stop;
use super::subject::noted;
use super::verbatim::Guard;
use super::{clinical, cost, wait, ward_capacity};
use crate::directory::Directory;
use crate::mapping::{KEY, Program, Slot, Slots, Subject};
use crate::rules::Rule;

/// What mapping a row needs besides its fields.
pub(crate) struct Mapping<'m> {
    pub source: &'m SourceRecord<'m>,
    pub origin: Origin<'m>,
    pub program: &'m Program,
    pub key_id: &'m str,
    pub directory: &'m Directory,
    pub guard: &'m Guard<'m>,
    pub stockholm: &'m Stockholm,
    pub pseudonymiser: &'m Pseudonymiser,
    /// How the region reads identifiers.
    pub identities: &'m RegionRules,
}

/// A row as it is read, and what it says.
pub(crate) struct Row<'r, 't> {
    pub slots: &'r Slots<'t>,
    /// New, an update, or a statement that is taken back.
    pub correction: CorrectionKind,
    /// Of a changed row: as it was, as far as the database tells.
    pub before: Option<&'r Slots<'t>>,
}

/// What becomes an event.
pub(crate) struct Statement<'r, 't> {
    pub slots: &'r Slots<'t>,
    pub period: Option<&'r str>,
    pub correction: CorrectionKind,
    /// Which event of its record it is, from 0.
    pub ordinal: u32,
}

impl Statement<'_, '_> {
    /// Whether it is about one contact, and not about all of a table.
    pub(crate) fn is_of_contact(&self) -> bool {
        !self.slots.at(KEY).is_absent()
    }

    /// Whether the statement is taken back.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.correction == CorrectionKind::Cancel
    }
}

/// The period that a statement belongs to.
pub(crate) struct Period<'s> {
    pub text: Cow<'s, str>,
    /// Why it is this, when the row does not say it.
    pub derived: Option<Rule>,
}

impl Mapping<'_> {
    /// One event; or two, when the row stated another contact or period before: that statement is taken back first, for
    /// the latest statement is looked for by contact and period. All that could refuse the row is looked at before.
    pub(crate) fn map<S: Sink>(&self, row: &Row<'_, '_>, findings: &mut Findings, sink: &mut S) -> Result<u32, Stop> {
        let Row { slots, correction, before } = *row;
        if self.program.subject() == Subject::BedCapacity {
            return ward_capacity::map(self, row, findings, sink);
        }
        let period = match self.period(slots) {
            Ok(None) | Err(_) if correction == CorrectionKind::Cancel => {
                return Err(Stop::refuse(Rule::DeleteIncomplete, self.period_column()));
            }
            period => period?,
        };
        if let Some(rule) = period.as_ref().and_then(|period| period.derived) {
            findings.add(rule, self.period_column());
        }
        let period = period.as_ref().map(|period| period.text.as_ref());
        let mut ordinal = 0;
        if let Some(before) = before
            && let Ok(Some(earlier)) = self.period(before)
            && (before.at(KEY).text() != slots.at(KEY).text() || Some(earlier.text.as_ref()) != period)
        {
            let correction = CorrectionKind::Cancel;
            let displaced = Statement { slots: before, period: Some(&earlier.text), correction, ordinal };
            // What is odd about the earlier statement was told with it.
            self.write(&displaced, &mut Findings::default(), sink);
            ordinal += 1;
        }
        self.write(&Statement { slots, period, correction, ordinal }, findings, sink);
        Ok(ordinal + 1)
    }

    /// One event that takes back all statements of a table: it names the table and no contact.
    pub(crate) fn emptied<S: Sink>(&self, table: Cow<'_, str>, sink: &mut S) -> Result<u32, Stop> {
        if self.program.subject() == Subject::BedCapacity {
            return Err(Stop::refuse(Rule::TableTruncated, "op"));
        }
        let mut slots = Slots::default();
        slots.extensions.push((SOURCE_TABLE, table));
        let statement = Statement { slots: &slots, period: None, correction: CorrectionKind::Cancel, ordinal: 0 };
        self.write(&statement, &mut Findings::default(), sink);
        Ok(1)
    }

    fn period<'s>(&self, slots: &'s Slots<'_>) -> Result<Option<Period<'s>>, Stop> {
        match self.program.subject() {
            Subject::Wait => wait::period(slots, self),
            Subject::Cost => cost::period(slots, self),
            Subject::Clinical => clinical::period(slots, self),
            Subject::BedCapacity => Ok(None),
        }
    }

    fn period_column(&self) -> &'static str {
        match self.program.subject() {
            Subject::Wait => self.program.column_of(wait::place::PERIOD),
            Subject::Cost => self.program.column_of(cost::place::PERIOD),
            Subject::Clinical => self.program.column_of(clinical::place::ENDED_AT),
            Subject::BedCapacity => "",
        }
    }

    fn write<S: Sink>(&self, statement: &Statement<'_, '_>, findings: &mut Findings, sink: &mut S) {
        match self.program.subject() {
            Subject::Wait => wait::write(self, statement, findings, sink),
            Subject::Cost => cost::write(self, statement, findings, sink),
            Subject::Clinical => clinical::write(self, statement, findings, sink),
            Subject::BedCapacity => {}
        }
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

/// The person of the row: a Swedish identifier, or a number of the source's own, which is noted. `missing` notes a row
/// without. What names nobody, a placeholder or an invalid number, is noted too.
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
    let claim = Claim { system: "", kind: "", source: source_system, value };
    let person = noted(Person::read(claim, options), column, findings)?;
    if person.is_local() {
        findings.add(Rule::IdentityLocal, column);
    }
    Some(person)
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
