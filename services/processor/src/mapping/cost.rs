//! The fields of a Cost.

use super::field::{CONTACT, Field, FieldKind, PERSON, field, joined, required};

/// `schemas::Cost`; `subject` and `protected` go to its envelope.
pub(crate) const FIELDS: &[Field] = &joined::<24>(&[
    &[
        required("contact_id", FieldKind::Text),
        field("subject", FieldKind::Identity),
        field("protected", FieldKind::Flag),
        field("period", FieldKind::Year),
        field("cost_run_id", FieldKind::Text),
    ],
    &CONTACT,
    &[
        field("main_diagnosis", FieldKind::Icd),
        field("diagnoses", FieldKind::IcdList),
        field("procedures", FieldKind::KvaList),
        field("drg", FieldKind::Text),
        field("drg_weight", FieldKind::Decimal),
        field("total_ore", FieldKind::Money),
        field("outlier", FieldKind::Flag),
    ],
    &PERSON,
]);
