//! A row of a waiting-time file becomes a Wait.

use schemas::{Deviation, Sex, SourceRecord, Wait, WaitStatus};

use super::envelope::{About, Head};
use super::event_time::Stated;
use super::findings::Findings;
use super::sink::Sink;
use super::statement::{Mapping, Period, Statement, as_old_as_the_file, stated};
use super::stop::Stop;
use crate::mapping::{Slot, Slots};
use crate::rules::Rule;

/// The places of the fields, checked against the subject's table by a test.
pub(crate) mod place {
    pub(super) const CONTACT_ID: usize = 0;
    pub(super) const REFERRAL_ID: usize = 1;
    pub(super) const STATUS: usize = 2;
    pub(crate) const PERIOD: usize = 3;
    pub(super) const PHASE: usize = 4;
    pub(super) const GUARANTEE: usize = 5;
    pub(super) const DEVIATION: usize = 6;
    pub(super) const DECIDED_AT: usize = 7;
    pub(super) const STARTED_AT: usize = 8;
    pub(super) const MEDICAL_TARGET_AT: usize = 9;
    pub(super) const REFERRAL_AT: usize = 10;
    pub(super) const ARRIVED_AT: usize = 11;
    pub(super) const MVO: usize = 12;
    pub(super) const ACTIVITY: usize = 13;
    pub(super) const ACTIVITY_KVA: usize = 14;
    pub(super) const ACTIVITY_ICD: usize = 15;
    pub(super) const KVA: usize = 16;
    pub(super) const BOOKING: usize = 17;
    pub(super) const CONTACT_TYPE: usize = 18;
    pub(super) const PROFESSION: usize = 19;
    pub(super) const EMERGENCY_KIND: usize = 20;
    pub(super) const REFERRER_KIND: usize = 21;
    pub(super) const REFERRER_HSA_ID: usize = 22;
    pub(super) const REGION_CODE: usize = 23;
    pub(super) const REGION_HSA_ID: usize = 24;
    pub(super) const PROVIDER_HSA_ID: usize = 25;
    pub(super) const CARE_UNIT_HSA_ID: usize = 26;
    pub(super) const UNIT_HSA_ID: usize = 27;
    pub(super) const HOSPITAL_CODE: usize = 28;
    pub(super) const HOSPITAL_NAME: usize = 29;
    pub(super) const SEX: usize = 30;
    pub(super) const BIRTH_YEAR: usize = 31;
    pub(super) const LKF: usize = 32;
    pub(super) const LISTING_HSA_ID: usize = 33;
    pub(super) const STATED_WAIT_DAYS: usize = 34;
}

/// The period that a row states, or that its start lies in; none of a completed one without either: it is in no figure,
/// and its own findings say why.
pub(super) fn period<'s>(slots: &'s Slots<'_>, mapping: &Mapping<'_>) -> Result<Option<Period<'s>>, Stop> {
    if let Some(stated) = slots.at(place::PERIOD).text() {
        return Ok(Some(Period { text: stated.into(), derived: None }));
    }
    if status(slots) != WaitStatus::Completed {
        return Err(Stop::refuse(Rule::WaitPeriodMissing, mapping.program.column_of(place::PERIOD)));
    }
    Ok(slots.at(place::STARTED_AT).time().map(|started| {
        let (year, month, _) = mapping.stockholm.date(started.0);
        Period { text: format!("{year:04}-{month:02}").into(), derived: Some(Rule::WaitPeriodDerived) }
    }))
}

fn status(slots: &Slots<'_>) -> WaitStatus {
    match slots.at(place::STATUS).text() {
        Some("COMPLETED") => WaitStatus::Completed,
        Some("WAITING") => WaitStatus::Waiting,
        _ => WaitStatus::Unknown,
    }
}

/// One event.
pub(super) fn write<S: Sink>(
    mapping: &Mapping<'_>,
    statement: &Statement<'_, '_>,
    findings: &mut Findings,
    sink: &mut S,
) {
    let Mapping { source, origin, key_id, guard, .. } = *mapping;
    let Statement { slots, period, correction, ordinal } = *statement;
    let status = status(slots);
    let occurred = occurred(slots, status, source);
    let mut head = Head::of_row(source, origin, key_id, occurred, guard, findings).numbered(ordinal);
    let event_type = match status {
        _ if !statement.is_of_contact() => "wait.emptied",
        _ if statement.is_withdrawn() => "wait.withdrawn",
        WaitStatus::Completed => "wait.completed",
        WaitStatus::Waiting => "wait.waiting",
        WaitStatus::Unknown => "wait.stated",
    };
    let mut envelope = head.envelope(event_type, correction, About::default(), findings.list());
    envelope.extensions = slots.extensions.iter().map(|(name, text)| (*name, text.as_ref())).collect();
    let text = |place: usize| slots.at(place).text();
    let time = |place: usize| slots.at(place).time();
    let is_date = |place: usize| slots.at(place).is_date();
    sink.event(&Wait {
        envelope,
        contact_id: text(place::CONTACT_ID).unwrap_or_default(),
        referral_id: text(place::REFERRAL_ID),
        status,
        period,
        phase: text(place::PHASE),
        guarantee: slots.at(place::GUARANTEE).flag(),
        deviation: deviation(slots.at(place::DEVIATION)),
        decided_at: time(place::DECIDED_AT),
        decided_is_date: is_date(place::DECIDED_AT),
        started_at: time(place::STARTED_AT),
        started_is_date: is_date(place::STARTED_AT),
        medical_target_at: time(place::MEDICAL_TARGET_AT),
        medical_target_is_date: is_date(place::MEDICAL_TARGET_AT),
        referral_at: time(place::REFERRAL_AT),
        referral_is_date: is_date(place::REFERRAL_AT),
        arrived_at: time(place::ARRIVED_AT),
        arrived_is_date: is_date(place::ARRIVED_AT),
        mvo: text(place::MVO),
        activity: text(place::ACTIVITY),
        activity_kva: text(place::ACTIVITY_KVA),
        activity_icd: text(place::ACTIVITY_ICD),
        kva: text(place::KVA),
        booking: text(place::BOOKING),
        contact_type: text(place::CONTACT_TYPE),
        profession: text(place::PROFESSION),
        emergency_kind: text(place::EMERGENCY_KIND),
        referrer_kind: text(place::REFERRER_KIND),
        referrer_hsa_id: text(place::REFERRER_HSA_ID),
        region_code: text(place::REGION_CODE),
        region_hsa_id: text(place::REGION_HSA_ID),
        provider_hsa_id: text(place::PROVIDER_HSA_ID),
        care_unit_hsa_id: text(place::CARE_UNIT_HSA_ID),
        unit_hsa_id: text(place::UNIT_HSA_ID),
        hospital_code: text(place::HOSPITAL_CODE),
        hospital_name: text(place::HOSPITAL_NAME),
        sex: sex(slots.at(place::SEX)),
        birth_year: slots.at(place::BIRTH_YEAR).number(),
        lkf: text(place::LKF),
        listing_hsa_id: text(place::LISTING_HSA_ID),
        stated_wait_days: slots.at(place::STATED_WAIT_DAYS).number(),
        verbatim: slots.verbatim_texts(),
    });
}

/// A completed contact happened when it started, a waiting one began to wait when it was decided; without either it is as
/// old as the file.
fn occurred<'s>(slots: &'s Slots<'_>, status: WaitStatus, source: &SourceRecord<'_>) -> Stated<'s> {
    let stated = |place: usize| stated(slots.at(place));
    let started = stated(place::STARTED_AT).filter(|_| status == WaitStatus::Completed);
    started.or(stated(place::DECIDED_AT)).unwrap_or(as_old_as_the_file(source))
}

fn deviation(slot: &Slot<'_>) -> Option<Deviation> {
    match slot {
        Slot::Code(Some("PVV")) => Some(Deviation::Pvv),
        Slot::Code(Some("MOV")) => Some(Deviation::Mov),
        Slot::Code(Some("SOV")) => Some(Deviation::Sov),
        Slot::Code(_) => Some(Deviation::Other),
        _ => None,
    }
}

fn sex(slot: &Slot<'_>) -> Sex {
    match slot.text() {
        Some("MALE") => Sex::Male,
        Some("FEMALE") => Sex::Female,
        Some("OTHER") => Sex::Other,
        _ => Sex::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Subject;

    const SUBJECT: Subject = Subject::Wait;

    #[test]
    fn places_are_those_of_the_table() {
        for (name, place) in [
            ("contact_id", place::CONTACT_ID),
            ("status", place::STATUS),
            ("period", place::PERIOD),
            ("guarantee", place::GUARANTEE),
            ("decided_at", place::DECIDED_AT),
            ("arrived_at", place::ARRIVED_AT),
            ("kva", place::KVA),
            ("referrer_hsa_id", place::REFERRER_HSA_ID),
            ("hospital_code", place::HOSPITAL_CODE),
            ("sex", place::SEX),
            ("stated_wait_days", place::STATED_WAIT_DAYS),
        ] {
            assert_eq!(SUBJECT.place(name), Some(place), "{name}");
        }
        assert_eq!(SUBJECT.fields().len(), place::STATED_WAIT_DAYS + 1);
    }
}
