//! The fields of a Wait.

use super::field::{Field, FieldKind, YEARS, field, required};
use super::read::When;

/// Forty years; a longer wait is a mistyped year.
const DAYS: FieldKind = FieldKind::Number(-14_610, 14_610);

/// `schemas::Wait`, in the order of its schema; `subject` and `protected` go to its envelope.
pub(crate) const FIELDS: &[Field] = &[
    required("contact_id", FieldKind::Text),
    field("subject", FieldKind::Identity),
    field("protected", FieldKind::Flag),
    field("referral_id", FieldKind::Text),
    required("status", FieldKind::Code(&["COMPLETED", "WAITING"])),
    field("period", FieldKind::Month),
    field("phase", FieldKind::Text),
    field("guarantee", FieldKind::Flag),
    field("deviation", FieldKind::Code(&["PVV", "MOV", "SOV"])),
    field("decided_at", FieldKind::Time(When::Waited)),
    field("started_at", FieldKind::Time(When::Waited)),
    field("medical_target_at", FieldKind::Time(When::Planned)),
    field("referral_at", FieldKind::Time(When::Waited)),
    field("arrived_at", FieldKind::Time(When::Waited)),
    field("mvo", FieldKind::Mvo),
    field("activity", FieldKind::Text),
    field("activity_kva", FieldKind::Kva),
    field("activity_icd", FieldKind::Icd),
    field("kva", FieldKind::Kva),
    field("booking", FieldKind::Text),
    field("contact_type", FieldKind::Text),
    field("profession", FieldKind::Text),
    field("emergency_kind", FieldKind::Text),
    field("referrer_kind", FieldKind::Text),
    field("referrer_hsa_id", FieldKind::Text),
    field("region_code", FieldKind::Text),
    field("region_hsa_id", FieldKind::Text),
    field("provider_hsa_id", FieldKind::Text),
    field("care_unit_hsa_id", FieldKind::Text),
    field("unit_hsa_id", FieldKind::Text),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
    field("listing_hsa_id", FieldKind::Text),
    field("stated_wait_days", DAYS),
];
