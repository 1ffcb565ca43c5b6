//! A row of a contact's codes (PAR) becomes a Clinical.

use schemas::{Clinical, Code, Format, SourceRecord};

use super::{Mapping, Period, Places, Statement, Statements, Whom, as_old_as_the_file, care_form, stated};
use crate::mapping::{CodeSlot, Slots};
use crate::pipeline::envelope::Head;
use crate::pipeline::event_time::Stated;
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// The places of the fields.
mod place {
    use crate::mapping::clinical::FIELDS;
    use crate::mapping::place_of;
    use crate::pipeline::statement::Places;

    pub(super) const STATEMENT_ID: usize = place_of(FIELDS, "statement_id");
    pub(super) const CONTACT_ID: usize = place_of(FIELDS, "contact_id");
    pub(super) const EPISODE_ID: usize = place_of(FIELDS, "episode_id");
    pub(super) const RECORDED_AT: usize = place_of(FIELDS, "recorded_at");
    pub(super) const PERIOD: usize = place_of(FIELDS, "period");
    pub(super) const CARE_FORM: usize = place_of(FIELDS, "care_form");
    pub(super) const STARTED_AT: usize = place_of(FIELDS, "started_at");
    pub(super) const ENDED_AT: usize = place_of(FIELDS, "ended_at");
    pub(super) const HOSPITAL_CODE: usize = place_of(FIELDS, "hospital_code");
    pub(super) const HOSPITAL_NAME: usize = place_of(FIELDS, "hospital_name");
    pub(super) const UNIT: usize = place_of(FIELDS, "unit");
    pub(super) const MVO: usize = place_of(FIELDS, "mvo");
    pub(super) const ADMISSION_MODE: usize = place_of(FIELDS, "admission_mode");
    pub(super) const DISCHARGE_MODE: usize = place_of(FIELDS, "discharge_mode");
    pub(super) const PLANNED: usize = place_of(FIELDS, "planned");
    pub(super) const DRG: usize = place_of(FIELDS, "drg");
    pub(super) const FINAL: usize = place_of(FIELDS, "final");
    pub(super) const WHOM: Places = Places::of(FIELDS);
    pub(super) const LKF: usize = place_of(FIELDS, "lkf");
}

/// Rows of contacts' codes (PAR).
pub(super) struct Codes;

impl Statements for Codes {
    const PERIOD: usize = place::ENDED_AT;
    const WHOM: Places = place::WHOM;

    /// What was found and done is known when the contact ends, else when it begins; without either it is as old as the file.
    fn occurred<'s>(slots: &'s Slots<'_>, source: &SourceRecord<'_>) -> Stated<'s> {
        let stated = |place: usize| stated(slots.at(place));
        stated(place::ENDED_AT).or(stated(place::STARTED_AT)).unwrap_or(as_old_as_the_file(source))
    }

    /// The month that a row states, else that of the contact's end, else of what was done.
    fn period<'s>(slots: &'s Slots<'_>, mapping: &Mapping<'_>) -> Result<Option<Period<'s>>, Stop> {
        if let Some(stated) = slots.at(place::PERIOD).text() {
            return Ok(Some(Period { text: stated.into(), derived: None }));
        }
        let time = |place: usize| slots.at(place).time();
        let done = || slots.codes.iter().filter_map(|code| code.performed_at).max();
        let Some(counted) = time(place::ENDED_AT).or(time(place::STARTED_AT)).or_else(done) else {
            return Err(Stop::refuse(Rule::ClinicalPeriodMissing, mapping.program.column_of(place::ENDED_AT)));
        };
        let (year, month, _) = mapping.context.stockholm.date(counted.0);
        Ok(Some(Period { text: format!("{year:04}-{month:02}").into(), derived: None }))
    }

    fn write<S: Sink>(mapping: &mut Mapping<'_>, statement: &Statement<'_, '_>, sink: &mut S) {
        let Statement { slots, period, correction, ordinal } = *statement;
        let withdrawn = statement.is_withdrawn();
        let text = |place: usize| slots.at(place).text();
        let time = |place: usize| slots.at(place).time();
        let occurred = Self::occurred(slots, mapping.context.source);
        let whom = Whom::of(statement, &Self::WHOM, Some(Rule::ClinicalSubjectMissing), occurred.at, mapping);
        let context = &mut mapping.context;

        let mut head = Head::of_row(context, occurred).numbered(ordinal);
        // Files may come in any order, so the row's own word counts; a database commits in order and knows it better.
        if let Some(recorded) =
            stated(slots.at(place::RECORDED_AT)).filter(|_| context.source.format != Format::Debezium)
        {
            head.recorded_by(recorded, context.guard);
        }
        let event_type = match withdrawn {
            _ if !statement.is_of_contact() => "clinical.emptied",
            true => "clinical.withdrawn",
            false => "clinical.stated",
        };
        let mut envelope = head.envelope(event_type, correction, whom.about(), context.findings.list());
        envelope.extensions = slots.extensions.iter().map(|(name, text)| (*name, text.as_ref())).collect();
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
            sex: whom.sex,
            birth_year: whom.birth_year,
            lkf: text(place::LKF),
            verbatim: slots.verbatim_texts(),
            ..Clinical::bare(envelope, text(place::STATEMENT_ID).unwrap_or_default())
        });
    }
}

fn codes<'s>(slots: &'s Slots<'_>) -> Vec<Code<'s>> {
    let code = |slot: &'s CodeSlot<'_>| Code {
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
