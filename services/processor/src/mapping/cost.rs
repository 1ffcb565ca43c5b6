//! The fields of a Cost.

use super::field::{Field, FieldKind, YEARS, field, required};
use super::read::When;

/// `schemas::Cost`; `subject` and `protected` go to its envelope.
pub(crate) const FIELDS: &[Field] = &[
    required("contact_id", FieldKind::Text),
    field("subject", FieldKind::Identity),
    field("protected", FieldKind::Flag),
    field("period", FieldKind::Year),
    field("cost_run_id", FieldKind::Text),
    field("care_form", FieldKind::Code(&["INPATIENT", "OUTPATIENT", "PRIMARY", "HOME"])),
    field("started_at", FieldKind::Time(When::Happened)),
    field("ended_at", FieldKind::Time(When::Happened)),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("unit", FieldKind::Text),
    field("mvo", FieldKind::Mvo),
    field("admission_mode", FieldKind::Text),
    field("discharge_mode", FieldKind::Text),
    field("main_diagnosis", FieldKind::Icd),
    field("diagnoses", FieldKind::IcdList),
    field("procedures", FieldKind::KvaList),
    field("drg", FieldKind::Text),
    field("drg_weight", FieldKind::Decimal),
    field("total_ore", FieldKind::Money),
    field("outlier", FieldKind::Flag),
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
];
