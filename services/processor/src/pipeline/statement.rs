//! What a package has read of a row becomes the event of its target: the subjects that a package can fill, one file each.

mod clinical;
mod cost;
mod wait;
mod ward_capacity;

use std::borrow::Cow;

use identity::{Claim, Subject as Person, Token};
use schemas::{CareForm, CorrectionKind, SOURCE_TABLE, Sex, SourceRecord, Timestamp};

use super::context::Context;
use super::envelope::About;
use super::event_time::Stated;
use super::sink::Sink;
use super::subject::{Pseudonymising, Pseudonyms, noted};
use crate::findings::Findings;
use crate::mapping::{Field, KEY, Program, Slot, Slots, Target, place_of};
use crate::rules::Rule;
use crate::stop::Stop;
use clinical::Codes;
use cost::Costs;
use wait::Waits;

/// How rows become statements of a contact that count for a period.
trait Statements {
    /// The field that findings about the period name.
    const PERIOD: usize;

    /// Where a row says whom it is about.
    const WHOM: Places;

    /// When what a row says happened.
    fn occurred<'s>(slots: &'s Slots<'_>, source: &SourceRecord<'_>) -> Stated<'s>;

    /// The period that a row belongs to; none of a row that is in no figure.
    fn period<'s>(slots: &'s Slots<'_>, mapping: &Mapping<'_>) -> Result<Option<Period<'s>>, Stop>;

    fn write<S: Sink>(mapping: &mut Mapping<'_>, statement: &Statement<'_, '_>, sink: &mut S);
}

/// What mapping a row needs besides its fields.
pub(crate) struct Mapping<'m> {
    pub context: Context<'m>,
    pub program: &'m Program,
}

/// A row as it is read, and what it says.
pub(crate) struct Row<'r, 't> {
    pub slots: &'r Slots<'t>,
    /// New, an update, or a statement that is taken back.
    pub correction: CorrectionKind,
    /// Of a changed row: as it was, as far as the database tells.
    pub before: Option<&'r Slots<'t>>,
}

struct Statement<'r, 't> {
    pub slots: &'r Slots<'t>,
    pub period: Option<&'r str>,
    pub correction: CorrectionKind,
    /// Which event of its record it is, from 0.
    pub ordinal: u32,
}

impl Statement<'_, '_> {
    /// Whether it is about one contact, and not about all of a table.
    fn is_of_contact(&self) -> bool {
        !self.slots.at(KEY).is_absent()
    }

    /// Whether the statement is taken back.
    fn is_withdrawn(&self) -> bool {
        self.correction == CorrectionKind::Cancel
    }
}

/// The period that a statement belongs to.
struct Period<'s> {
    pub text: Cow<'s, str>,
    /// Why it is this, when the row does not say it.
    pub derived: Option<Rule>,
}

impl Mapping<'_> {
    /// The events of a row. All that could refuse it is looked at before.
    pub(crate) fn map<S: Sink>(&mut self, row: &Row<'_, '_>, sink: &mut S) -> Result<u32, Stop> {
        match self.program.target() {
            Target::Wait => self.state::<Waits, S>(row, sink),
            Target::Cost => self.state::<Costs, S>(row, sink),
            Target::Clinical => self.state::<Codes, S>(row, sink),
            Target::BedCapacity => ward_capacity::map(self, row, sink),
        }
    }

    /// One event that takes back all statements of a table: it names the table and no contact.
    pub(crate) fn emptied<S: Sink>(&mut self, table: Cow<'_, str>, sink: &mut S) -> Result<u32, Stop> {
        let mut slots = Slots::default();
        slots.extensions.push((SOURCE_TABLE, table));
        let statement = Statement { slots: &slots, period: None, correction: CorrectionKind::Cancel, ordinal: 0 };
        let mut told = Findings::default();
        let quiet = &mut Mapping { context: self.context.noting(&mut told), program: self.program };
        match self.program.target() {
            Target::Wait => Waits::write(quiet, &statement, sink),
            Target::Cost => Costs::write(quiet, &statement, sink),
            Target::Clinical => Codes::write(quiet, &statement, sink),
            Target::BedCapacity => return Err(Stop::refuse(Rule::TableTruncated, "op")),
        }
        Ok(1)
    }

    /// Whom a row that becomes no event marks as protected.
    pub(crate) fn marked(&mut self, slots: &Slots<'_>) -> Option<Pseudonyms> {
        match self.program.target() {
            Target::Wait => self.marked_by::<Waits>(slots),
            Target::Cost => self.marked_by::<Costs>(slots),
            Target::Clinical => self.marked_by::<Codes>(slots),
            Target::BedCapacity => None,
        }
    }

    fn marked_by<T: Statements>(&mut self, slots: &Slots<'_>) -> Option<Pseudonyms> {
        let occurred = T::occurred(slots, self.context.source).at;
        let statement = Statement { slots, period: None, correction: CorrectionKind::New, ordinal: 0 };
        let Whom { token, protected, .. } = Whom::of(&statement, &T::WHOM, None, occurred, self);
        protected.then_some(Pseudonyms { subject: token, ..Pseudonyms::default() })
    }

    /// One event; or two, when the row stated another contact or period before: that statement is taken back first, for
    /// the latest statement is looked for by contact and period.
    fn state<T: Statements, S: Sink>(&mut self, row: &Row<'_, '_>, sink: &mut S) -> Result<u32, Stop> {
        let Row { slots, correction, before } = *row;
        let program = self.program;
        let period_column = || program.column_of(T::PERIOD);
        let period = match T::period(slots, self) {
            Ok(None) | Err(_) if correction == CorrectionKind::Cancel => {
                return Err(Stop::refuse(Rule::DeleteIncomplete, period_column()));
            }
            period => period?,
        };
        if let Some(rule) = period.as_ref().and_then(|period| period.derived) {
            self.context.findings.add(rule, period_column());
        }
        let period = period.as_ref().map(|period| period.text.as_ref());
        let (mut ordinal, mut told) = (0, Findings::default());
        if let Some(before) = before
            && let Ok(Some(earlier)) = T::period(before, self)
            && (before.at(KEY).text() != slots.at(KEY).text() || Some(earlier.text.as_ref()) != period)
        {
            let correction = CorrectionKind::Cancel;
            let displaced = Statement { slots: before, period: Some(&earlier.text), correction, ordinal };
            // What is odd about the earlier statement was told with it.
            let context = self.context.noting(&mut told);
            T::write(&mut Mapping { context, program }, &displaced, sink);
            ordinal += 1;
        }
        T::write(self, &Statement { slots, period, correction, ordinal }, sink);
        Ok(ordinal + 1)
    }
}

/// A time that a row states.
fn stated<'s>(slot: &'s Slot<'_>) -> Option<Stated<'s>> {
    slot.time().map(|at| Stated { at, text: slot.time_text() })
}

/// When a row happened that states no time.
fn as_old_as_the_file(source: &SourceRecord<'_>) -> Stated<'static> {
    Stated { at: source.recorded_at.unwrap_or(source.received_at), text: "" }
}

/// Where a row says whom it is about.
struct Places {
    subject: usize,
    protected: usize,
    birth_year: usize,
    sex: usize,
}

impl Places {
    const fn of(fields: &[Field]) -> Places {
        let [subject, protected] = [place_of(fields, "subject"), place_of(fields, "protected")];
        Places { subject, protected, birth_year: place_of(fields, "birth_year"), sex: place_of(fields, "sex") }
    }
}

/// Whom a statement is about.
struct Whom {
    token: Option<Token>,
    /// The row marks protected identity.
    protected: bool,
    birth_year: Option<i32>,
    sex: Sex,
}

impl Whom {
    /// Of a row: a Swedish identifier, or a number of the source's own, which is noted. `missing` notes a row without. What
    /// names nobody, a placeholder or an invalid number, is noted too.
    fn of(
        statement: &Statement<'_, '_>,
        at: &Places,
        missing: Option<Rule>,
        occurred: Timestamp,
        mapping: &mut Mapping<'_>,
    ) -> Whom {
        let slots = statement.slots;
        let pseudonymising = mapping.context.pseudonymising(occurred);
        let (column, findings) = (mapping.program.column_of(at.subject), &mut *mapping.context.findings);
        let person = match slots.at(at.subject) {
            Slot::Identity(value) => named(value, &pseudonymising, column, findings),
            _ => {
                missing.filter(|_| statement.is_of_contact()).into_iter().for_each(|rule| findings.add(rule, column));
                None
            }
        };
        Whom {
            token: person.as_ref().map(|person| pseudonymising.token(person)),
            protected: slots.at(at.protected).flag().unwrap_or(false),
            birth_year: slots.at(at.birth_year).number().or_else(|| Some(person.as_ref()?.birth()?.year.into())),
            sex: sex(slots.at(at.sex), person.as_ref()),
        }
    }

    fn about(&self) -> About<'_> {
        About { subject: self.token.as_ref().map(Token::as_str), aliases: Vec::new(), protected: self.protected }
    }
}

fn named<'s>(
    value: &'s str,
    pseudonymising: &Pseudonymising<'s>,
    column: &'static str,
    findings: &mut Findings,
) -> Option<Person<'s>> {
    let claim = Claim { system: "", kind: "", source: pseudonymising.source_system, value };
    let person = noted(Person::read(claim, &pseudonymising.options), column, findings)?;
    if person.is_local() {
        findings.add(Rule::IdentityLocal, column);
    }
    Some(person)
}

/// As the row says, else as the identifier does.
fn sex(slot: &Slot<'_>, person: Option<&Person<'_>>) -> Sex {
    match (slot.text(), person.and_then(Person::sex)) {
        (Some("MALE"), _) | (None, Some(identity::Sex::Male)) => Sex::Male,
        (Some("FEMALE"), _) | (None, Some(identity::Sex::Female)) => Sex::Female,
        (Some("OTHER"), _) => Sex::Other,
        _ => Sex::Unknown,
    }
}

/// Vårdform.
fn care_form(slot: &Slot<'_>) -> CareForm {
    match slot.text() {
        Some("INPATIENT") => CareForm::Inpatient,
        Some("OUTPATIENT") => CareForm::Outpatient,
        Some("PRIMARY") => CareForm::Primary,
        Some("HOME") => CareForm::Home,
        _ => CareForm::Unknown,
    }
}
