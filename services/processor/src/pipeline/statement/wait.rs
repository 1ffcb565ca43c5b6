//! A row of a waiting-time file becomes a Wait.

use schemas::{Deviation, SourceRecord, Wait, WaitStatus};

use super::{Mapping, Period, Places, Statement, Statements, Whom, as_old_as_the_file, stated};
use crate::mapping::{Slot, Slots};
use crate::pipeline::envelope::Head;
use crate::pipeline::event_time::Stated;
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// The places of the fields.
mod place {
    use crate::mapping::place_of;
    use crate::mapping::wait::FIELDS;
    use crate::pipeline::statement::Places;

    pub(super) const CONTACT_ID: usize = place_of(FIELDS, "contact_id");
    pub(super) const REFERRAL_ID: usize = place_of(FIELDS, "referral_id");
    pub(super) const STATUS: usize = place_of(FIELDS, "status");
    pub(super) const PERIOD: usize = place_of(FIELDS, "period");
    pub(super) const PHASE: usize = place_of(FIELDS, "phase");
    pub(super) const GUARANTEE: usize = place_of(FIELDS, "guarantee");
    pub(super) const DEVIATION: usize = place_of(FIELDS, "deviation");
    pub(super) const DECIDED_AT: usize = place_of(FIELDS, "decided_at");
    pub(super) const STARTED_AT: usize = place_of(FIELDS, "started_at");
    pub(super) const MEDICAL_TARGET_AT: usize = place_of(FIELDS, "medical_target_at");
    pub(super) const REFERRAL_AT: usize = place_of(FIELDS, "referral_at");
    pub(super) const ARRIVED_AT: usize = place_of(FIELDS, "arrived_at");
    pub(super) const MVO: usize = place_of(FIELDS, "mvo");
    pub(super) const ACTIVITY: usize = place_of(FIELDS, "activity");
    pub(super) const ACTIVITY_KVA: usize = place_of(FIELDS, "activity_kva");
    pub(super) const ACTIVITY_ICD: usize = place_of(FIELDS, "activity_icd");
    pub(super) const KVA: usize = place_of(FIELDS, "kva");
    pub(super) const BOOKING: usize = place_of(FIELDS, "booking");
    pub(super) const CONTACT_TYPE: usize = place_of(FIELDS, "contact_type");
    pub(super) const PROFESSION: usize = place_of(FIELDS, "profession");
    pub(super) const EMERGENCY_KIND: usize = place_of(FIELDS, "emergency_kind");
    pub(super) const REFERRER_KIND: usize = place_of(FIELDS, "referrer_kind");
    pub(super) const REFERRER_HSA_ID: usize = place_of(FIELDS, "referrer_hsa_id");
    pub(super) const REGION_CODE: usize = place_of(FIELDS, "region_code");
    pub(super) const REGION_HSA_ID: usize = place_of(FIELDS, "region_hsa_id");
    pub(super) const PROVIDER_HSA_ID: usize = place_of(FIELDS, "provider_hsa_id");
    pub(super) const CARE_UNIT_HSA_ID: usize = place_of(FIELDS, "care_unit_hsa_id");
    pub(super) const UNIT_HSA_ID: usize = place_of(FIELDS, "unit_hsa_id");
    pub(super) const HOSPITAL_CODE: usize = place_of(FIELDS, "hospital_code");
    pub(super) const HOSPITAL_NAME: usize = place_of(FIELDS, "hospital_name");
    pub(super) const WHOM: Places = Places::of(FIELDS);
    pub(super) const LKF: usize = place_of(FIELDS, "lkf");
    pub(super) const LISTING_HSA_ID: usize = place_of(FIELDS, "listing_hsa_id");
    pub(super) const STATED_WAIT_DAYS: usize = place_of(FIELDS, "stated_wait_days");
}

pub(super) struct Waits;

impl Statements for Waits {
    const PERIOD: usize = place::PERIOD;
    const WHOM: Places = place::WHOM;

    /// A completed contact happened when it started, a waiting one began to wait when it was decided; without either it is as
    /// old as the file.
    fn occurred<'s>(slots: &'s Slots<'_>, source: &SourceRecord<'_>) -> Stated<'s> {
        let stated = |place: usize| stated(slots.at(place));
        let started = stated(place::STARTED_AT).filter(|_| status(slots) == WaitStatus::Completed);
        started.or(stated(place::DECIDED_AT)).unwrap_or(as_old_as_the_file(source))
    }

    /// The period that a row states, or that its start lies in; none of a completed one without either: it is in no figure,
    /// and its own findings say why.
    fn period<'s>(slots: &'s Slots<'_>, mapping: &Mapping<'_>) -> Result<Option<Period<'s>>, Stop> {
        if let Some(stated) = slots.at(place::PERIOD).text() {
            return Ok(Some(Period { text: stated.into(), derived: None }));
        }
        if status(slots) != WaitStatus::Completed {
            return Err(Stop::refuse(Rule::WaitPeriodMissing, mapping.program.column_of(place::PERIOD)));
        }
        Ok(slots.at(place::STARTED_AT).time().map(|started| {
            let (year, month, _) = mapping.context.stockholm.date(started.0);
            Period { text: format!("{year:04}-{month:02}").into(), derived: Some(Rule::WaitPeriodDerived) }
        }))
    }

    fn write<S: Sink>(mapping: &mut Mapping<'_>, statement: &Statement<'_, '_>, sink: &mut S) {
        let Statement { slots, period, correction, ordinal } = *statement;
        let status = status(slots);
        let occurred = Self::occurred(slots, mapping.context.source);
        // Files of waiting times name nobody as a rule: a row without a person is no finding.
        let whom = Whom::of(statement, &Self::WHOM, None, occurred.at, mapping);
        let context = &mut mapping.context;
        let mut head = Head::of_row(context, occurred).numbered(ordinal);
        let event_type = match status {
            _ if !statement.is_of_contact() => "wait.emptied",
            _ if statement.is_withdrawn() => "wait.withdrawn",
            WaitStatus::Completed => "wait.completed",
            WaitStatus::Waiting => "wait.waiting",
            WaitStatus::Unknown => "wait.stated",
        };
        let mut envelope = head.envelope(event_type, correction, whom.about(), context.findings.list());
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
            sex: whom.sex,
            birth_year: whom.birth_year,
            lkf: text(place::LKF),
            listing_hsa_id: text(place::LISTING_HSA_ID),
            stated_wait_days: slots.at(place::STATED_WAIT_DAYS).number(),
            verbatim: slots.verbatim_texts(),
        });
    }
}

fn status(slots: &Slots<'_>) -> WaitStatus {
    match slots.at(place::STATUS).text() {
        Some("COMPLETED") => WaitStatus::Completed,
        Some("WAITING") => WaitStatus::Waiting,
        _ => WaitStatus::Unknown,
    }
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
