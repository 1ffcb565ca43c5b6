//! A row of a cost table (KPP) becomes a Cost.

use schemas::{Cost, SourceRecord};

use super::{Mapping, Period, Places, Statement, Statements, Whom, as_old_as_the_file, care_form, stated};
use crate::findings::Findings;
use crate::mapping::Slots;
use crate::pipeline::envelope::Head;
use crate::pipeline::event_time::Stated;
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// Components may differ from the total by rounding: one krona, in öre.
const SUM_TOLERANCE: i64 = 100;

/// The places of the fields.
mod place {
    use crate::mapping::cost::FIELDS;
    use crate::mapping::place_of;
    use crate::pipeline::statement::Places;

    pub(super) const CONTACT_ID: usize = place_of(FIELDS, "contact_id");
    pub(super) const PERIOD: usize = place_of(FIELDS, "period");
    pub(super) const COST_RUN_ID: usize = place_of(FIELDS, "cost_run_id");
    pub(super) const CARE_FORM: usize = place_of(FIELDS, "care_form");
    pub(super) const STARTED_AT: usize = place_of(FIELDS, "started_at");
    pub(super) const ENDED_AT: usize = place_of(FIELDS, "ended_at");
    pub(super) const HOSPITAL_CODE: usize = place_of(FIELDS, "hospital_code");
    pub(super) const HOSPITAL_NAME: usize = place_of(FIELDS, "hospital_name");
    pub(super) const UNIT: usize = place_of(FIELDS, "unit");
    pub(super) const MVO: usize = place_of(FIELDS, "mvo");
    pub(super) const ADMISSION_MODE: usize = place_of(FIELDS, "admission_mode");
    pub(super) const DISCHARGE_MODE: usize = place_of(FIELDS, "discharge_mode");
    pub(super) const MAIN_DIAGNOSIS: usize = place_of(FIELDS, "main_diagnosis");
    pub(super) const DIAGNOSES: usize = place_of(FIELDS, "diagnoses");
    pub(super) const PROCEDURES: usize = place_of(FIELDS, "procedures");
    pub(super) const DRG: usize = place_of(FIELDS, "drg");
    pub(super) const DRG_WEIGHT: usize = place_of(FIELDS, "drg_weight");
    pub(super) const TOTAL_ORE: usize = place_of(FIELDS, "total_ore");
    pub(super) const OUTLIER: usize = place_of(FIELDS, "outlier");
    pub(super) const WHOM: Places = Places::of(FIELDS);
    pub(super) const LKF: usize = place_of(FIELDS, "lkf");
}

/// Rows of cost tables (KPP).
pub(super) struct Costs;

impl Statements for Costs {
    const PERIOD: usize = place::PERIOD;
    const WHOM: Places = place::WHOM;

    /// A cost arises when the contact ends, else when it begins; without either it is as old as the file.
    fn occurred<'s>(slots: &'s Slots<'_>, source: &SourceRecord<'_>) -> Stated<'s> {
        let stated = |place: usize| stated(slots.at(place));
        stated(place::ENDED_AT).or(stated(place::STARTED_AT)).unwrap_or(as_old_as_the_file(source))
    }

    /// The year that a row states, or that the contact ended in.
    fn period<'s>(slots: &'s Slots<'_>, mapping: &Mapping<'_>) -> Result<Option<Period<'s>>, Stop> {
        if let Some(stated) = slots.at(place::PERIOD).text() {
            return Ok(Some(Period { text: stated.into(), derived: None }));
        }
        let time = |place: usize| slots.at(place).time();
        let Some(ended) = time(place::ENDED_AT).or(time(place::STARTED_AT)) else {
            return Err(Stop::refuse(Rule::CostPeriodMissing, mapping.program.column_of(place::PERIOD)));
        };
        let text = format!("{:04}", mapping.context.stockholm.date(ended.0).0).into();
        Ok(Some(Period { text, derived: Some(Rule::CostPeriodDerived) }))
    }

    fn write<S: Sink>(mapping: &mut Mapping<'_>, statement: &Statement<'_, '_>, sink: &mut S) {
        let Mapping { context, program } = mapping;
        let Statement { slots, period, correction, ordinal } = *statement;
        let withdrawn = statement.is_withdrawn();
        let text = |place: usize| slots.at(place).text();
        let time = |place: usize| slots.at(place).time();
        let total = slots.at(place::TOTAL_ORE).wide_number();
        if !withdrawn {
            check_sum(total, &slots.components, program.column_of(place::TOTAL_ORE), context.findings);
        }

        let occurred = Self::occurred(slots, context.source);
        let whom = Whom::of(statement, &Self::WHOM, Some(Rule::CostSubjectMissing), occurred.at, mapping);
        let context = &mut mapping.context;

        let mut head = Head::of_row(context, occurred).numbered(ordinal);
        let event_type = match withdrawn {
            _ if !statement.is_of_contact() => "cost.emptied",
            true => "cost.withdrawn",
            false => "cost.stated",
        };
        let mut envelope = head.envelope(event_type, correction, whom.about(), context.findings.list());
        envelope.extensions = slots.extensions.iter().map(|(name, text)| (*name, text.as_ref())).collect();
        sink.event(&Cost {
            envelope,
            contact_id: text(place::CONTACT_ID).unwrap_or_default(),
            period,
            cost_run_id: text(place::COST_RUN_ID),
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
            main_diagnosis: text(place::MAIN_DIAGNOSIS),
            diagnoses: slots.at(place::DIAGNOSES).list(),
            procedures: slots.at(place::PROCEDURES).list(),
            drg: text(place::DRG),
            drg_weight: text(place::DRG_WEIGHT),
            total_ore: total,
            components_ore: slots.components.iter().copied().collect(),
            outlier: slots.at(place::OUTLIER).flag(),
            sex: whom.sex,
            birth_year: whom.birth_year,
            lkf: text(place::LKF),
            verbatim: slots.verbatim_texts(),
        });
    }
}

/// Notes components that do not add up to the total; without components there is nothing to add.
fn check_sum(total: Option<i64>, components: &[(&'static str, i64)], column: &'static str, findings: &mut Findings) {
    let Some(total) = total else {
        findings.add(Rule::CostTotalMissing, column);
        return;
    };
    let sum = components.iter().fold(0_i64, |sum, (_, ore)| sum.saturating_add(*ore));
    if !components.is_empty() && sum.saturating_sub(total).saturating_abs() > SUM_TOLERANCE {
        findings.add(Rule::CostSumDiffers, column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_add_up_but_for_rounding() {
        let check = |total, components: &[(&'static str, i64)], expected: &[&str]| {
            let mut findings = Findings::default();
            check_sum(total, components, "total", &mut findings);
            let found: Vec<&str> = findings.list().iter().map(|finding| finding.rule).collect();
            assert_eq!(found, expected);
        };
        check(Some(1_000), &[("lab", 400), ("bild", 600)], &[]);
        check(Some(1_000), &[("lab", 400), ("bild", 700)], &[]);
        check(Some(1_000), &[("lab", 400), ("bild", 701)], &["cost-sum-differs"]);
        check(Some(1_000), &[], &[]);
        check(None, &[("lab", 1)], &["cost-total-missing"]);
        check(Some(i64::MIN), &[("lab", i64::MAX)], &["cost-sum-differs"]);
    }
}
