//! The fields of a BedCapacity.

use super::field::{BEDS_MAX, Field, FieldKind, field, required, strict};
use super::read::When;

const BEDS: FieldKind = FieldKind::Number(0, BEDS_MAX as i64);

/// `schemas::BedCapacity`, but for what the unit directory says of the unit.
pub(crate) const FIELDS: &[Field] = &[
    required("unit", FieldKind::Text),
    required("valid_from", FieldKind::Time(When::Planned)),
    strict("valid_to", FieldKind::Time(When::Until)),
    strict("faststallda", BEDS),
    strict("disponibla", BEDS),
    strict("stangda", BEDS),
    field("stangda_reason", FieldKind::Text),
];
