//! A row of a contact's codes (PAR) becomes a Clinical.

use identity::{Date, Purpose, Subject as Person};
use schemas::{Clinical, Code, Format, SourceRecord};

use super::envelope::{About, Head};
use super::event_time::Stated;
use super::findings::Findings;
use super::sink::Sink;
use super::statement::{Mapping, Period, Statement, as_old_as_the_file, care_form, person, sex, stated};
use super::stop::Stop;
use crate::mapping::Slots;
use crate::rules::Rule;

/// The places of the fields, checked against the subject's table by a test.
pub(crate) mod place {
    pub(super) const STATEMENT_ID: usize = 0;
    pub(super) const CONTACT_ID: usize = 1;
    pub(super) const EPISODE_ID: usize = 2;
    pub(super) const SUBJECT: usize = 3;
    pub(super) const PROTECTED: usize = 4;
    pub(super) const RECORDED_AT: usize = 5;
    pub(super) const PERIOD: usize = 6;
    pub(super) const CARE_FORM: usize = 7;
    pub(super) const STARTED_AT: usize = 8;
    pub(crate) const ENDED_AT: usize = 9;
    pub(super) const HOSPITAL_CODE: usize = 10;
    pub(super) const HOSPITAL_NAME: usize = 11;
    pub(super) const UNIT: usize = 12;
    pub(super) const MVO: usize = 13;
    pub(super) const ADMISSION_MODE: usize = 14;
    pub(super) const DISCHARGE_MODE: usize = 15;
    pub(super) const PLANNED: usize = 16;
    pub(super) const DRG: usize = 17;
    pub(super) const FINAL: usize = 18;
    pub(super) const SEX: usize = 19;
    pub(super) const BIRTH_YEAR: usize = 20;
    pub(super) const LKF: usize = 21;
}

/// The month that a row states, else that of the contact's end, else of what was done.
pub(super) fn period<'s>(slots: &'s Slots<'_>, mapping: &Mapping<'_>) -> Result<Option<Period<'s>>, Stop> {
    if let Some(stated) = slots.at(place::PERIOD).text() {
        return Ok(Some(Period { text: stated.into(), derived: None }));
    }
    let time = |place: usize| slots.at(place).time();
    let done = || slots.codes.iter().filter_map(|code| code.performed_at).max();
    let Some(counted) = time(place::ENDED_AT).or(time(place::STARTED_AT)).or_else(done) else {
        return Err(Stop::refuse(Rule::ClinicalPeriodMissing, mapping.program.column_of(place::ENDED_AT)));
    };
    let (year, month, _) = mapping.stockholm.date(counted.0);
    Ok(Some(Period { text: format!("{year:04}-{month:02}").into(), derived: None }))
}

/// One event.
pub(super) fn write<S: Sink>(
    mapping: &Mapping<'_>,
    statement: &Statement<'_, '_>,
    findings: &mut Findings,
    sink: &mut S,
) {
    let Mapping { source, origin, program, key_id, guard, pseudonymiser, identities, .. } = *mapping;
    let Statement { slots, period, correction, ordinal } = *statement;
    let withdrawn = statement.is_withdrawn();
    let text = |place: usize| slots.at(place).text();
    let time = |place: usize| slots.at(place).time();
    let occurred = occurred(slots, source);
    let options = identities.options(Date::of_utc_micros(occurred.at.0));
    let subject_column = program.column_of(place::SUBJECT);
    let subject = slots.at(place::SUBJECT);
    let person = statement.is_of_contact().then(|| {
        person(subject, source.source_system, &options, subject_column, Rule::ClinicalSubjectMissing, findings)
    });
    let person = person.flatten();
    let token = person.as_ref().map(|person| pseudonymiser.subject(Purpose::Care, person));
    let protected = slots.at(place::PROTECTED).flag().unwrap_or(false);

    let mut head = Head::of_row(source, origin, key_id, occurred, guard, findings).numbered(ordinal);
    // Files may come in any order, so the row's own word counts; a database commits in order and knows it better.
    if let Some(recorded) = stated(slots.at(place::RECORDED_AT)).filter(|_| source.format != Format::Debezium) {
        head.recorded_by(recorded, guard);
    }
    let event_type = match withdrawn {
        _ if !statement.is_of_contact() => "clinical.emptied",
        true => "clinical.withdrawn",
        false => "clinical.stated",
    };
    let about = About { subject: token.as_ref().map(|token| token.as_str()), aliases: Vec::new(), protected };
    let mut envelope = head.envelope(event_type, correction, about, findings.list());
    envelope.extensions = slots.extensions.iter().map(|(name, text)| (*name, text.as_ref())).collect();
    let birth_year = slots.at(place::BIRTH_YEAR).number();
    let born = || person.as_ref().and_then(Person::birth).map(|birth| i32::from(birth.year));
    sink.event(&Clinical {
        contact_id: text(place::CONTACT_ID),
        episode_id: text(place::EPISODE_ID),
        period,
        care_form: care_form(slots.at(place::CARE_FORM)),
        started_at: time(place::STARTED_AT),
        started_is_date: slots.at(place::STARTED_AT).is_date(),
        ended_at: time(place::ENDED_AT),
        ended_is_date: slots.at(place::ENDED_AT).is_date(),
        hospital_code: text(place::HOSPITAL_CODE),
        hospital_name: text(place::HOSPITAL_NAME),
        unit: text(place::UNIT),
        mvo: text(place::MVO),
        admission_mode: text(place::ADMISSION_MODE),
        discharge_mode: text(place::DISCHARGE_MODE),
        planned: slots.at(place::PLANNED).flag(),
        codes: codes(slots),
        drg: text(place::DRG),
        r#final: slots.at(place::FINAL).flag(),
        sex: sex(slots.at(place::SEX), person.as_ref()),
        birth_year: birth_year.or_else(born),
        // Where somebody under protection lives is told to nobody.
        lkf: text(place::LKF).filter(|_| !protected),
        verbatim: slots.verbatim_texts(),
        ..Clinical::bare(envelope, text(place::STATEMENT_ID).unwrap_or_default())
    });
}

fn codes<'s>(slots: &'s Slots<'_>) -> Vec<Code<'s>> {
    let code = |slot: &'s crate::mapping::CodeSlot<'_>| Code {
        role: slot.role,
        system: slot.system,
        code: &slot.code,
        verbatim: slot.verbatim.as_deref(),
        performed_at: slot.performed_at,
        performed_is_date: slot.performed_is_date,
        laterality: slot.laterality,
        // A row has at most some hundred codes.
        belongs_to: slot.belongs_to.and_then(|at| i32::try_from(at).ok()),
    };
    slots.codes.iter().map(code).collect()
}

/// What was found and done is known when the contact ends, else when it begins; without either it is as old as the file.
fn occurred<'s>(slots: &'s Slots<'_>, source: &SourceRecord<'_>) -> Stated<'s> {
    let stated = |place: usize| stated(slots.at(place));
    stated(place::ENDED_AT).or(stated(place::STARTED_AT)).unwrap_or(as_old_as_the_file(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Subject;

    #[test]
    fn places_are_those_of_the_table() {
        for (name, place) in [
            ("statement_id", place::STATEMENT_ID),
            ("contact_id", place::CONTACT_ID),
            ("episode_id", place::EPISODE_ID),
            ("subject", place::SUBJECT),
            ("protected", place::PROTECTED),
            ("recorded_at", place::RECORDED_AT),
            ("period", place::PERIOD),
            ("care_form", place::CARE_FORM),
            ("started_at", place::STARTED_AT),
            ("ended_at", place::ENDED_AT),
            ("hospital_code", place::HOSPITAL_CODE),
            ("hospital_name", place::HOSPITAL_NAME),
            ("unit", place::UNIT),
            ("mvo", place::MVO),
            ("admission_mode", place::ADMISSION_MODE),
            ("discharge_mode", place::DISCHARGE_MODE),
            ("planned", place::PLANNED),
            ("drg", place::DRG),
            ("final", place::FINAL),
            ("sex", place::SEX),
            ("birth_year", place::BIRTH_YEAR),
            ("lkf", place::LKF),
        ] {
            assert_eq!(Subject::Clinical.place(name), Some(place), "{name}");
        }
        assert_eq!(Subject::Clinical.fields().len(), place::LKF + 1);
    }
}
