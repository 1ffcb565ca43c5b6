//! The fields of a Clinical.

use super::field::{Field, FieldKind, YEARS, field, required};
use super::read::When;

/// `schemas::Clinical`, but for its codes, which repeat and have a form of their own; `subject` and `protected` go to its
/// envelope, and so does `recorded_at`.
pub(crate) const FIELDS: &[Field] = &[
    required("statement_id", FieldKind::Text),
    field("contact_id", FieldKind::Text),
    field("episode_id", FieldKind::Text),
    field("subject", FieldKind::Identity),
    field("protected", FieldKind::Flag),
    field("recorded_at", FieldKind::Time(When::Happened)),
    field("period", FieldKind::Month),
    field("care_form", FieldKind::Code(&["INPATIENT", "OUTPATIENT", "PRIMARY", "HOME"])),
    field("started_at", FieldKind::Time(When::Happened)),
    field("ended_at", FieldKind::Time(When::Happened)),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("unit", FieldKind::Text),
    field("mvo", FieldKind::Mvo),
    field("admission_mode", FieldKind::Text),
    field("discharge_mode", FieldKind::Text),
    field("planned", FieldKind::Flag),
    field("drg", FieldKind::Text),
    field("final", FieldKind::Flag),
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
];
