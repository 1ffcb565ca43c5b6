//! The fields of a Clinical.

use super::field::{CONTACT, Field, FieldKind, PERSON, field, joined, required};
use super::read::When;

/// `schemas::Clinical`, but for its codes, which repeat and have a form of their own; `subject` and `protected` go to its
/// envelope, and so does `recorded_at`.
pub(crate) const FIELDS: &[Field] = &joined::<22>(&[
    &[
        required("statement_id", FieldKind::Text),
        field("contact_id", FieldKind::Text),
        field("episode_id", FieldKind::Text),
        field("subject", FieldKind::Identity),
        field("protected", FieldKind::Flag),
        field("recorded_at", FieldKind::Time(When::Happened)),
        field("period", FieldKind::Month),
    ],
    &CONTACT,
    &[field("planned", FieldKind::Flag), field("drg", FieldKind::Text), field("final", FieldKind::Flag)],
    &PERSON,
]);
