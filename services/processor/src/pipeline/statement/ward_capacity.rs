//! A row of a region's own table of beds, by a mapping package, becomes the same BedCapacity as a row of the capacity feed.

use std::borrow::Cow;

use schemas::CorrectionKind;

use super::{Mapping, stated};
use crate::pipeline::bed_capacity;
use crate::pipeline::row::{FigureNames, Figures, Row};
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// The places of the fields.
mod place {
    use crate::mapping::place_of;
    use crate::mapping::ward_capacity::FIELDS;

    pub(super) const UNIT: usize = place_of(FIELDS, "unit");
    pub(super) const VALID_FROM: usize = place_of(FIELDS, "valid_from");
    pub(super) const VALID_TO: usize = place_of(FIELDS, "valid_to");
    pub(super) const FASTSTALLDA: usize = place_of(FIELDS, "faststallda");
    pub(super) const DISPONIBLA: usize = place_of(FIELDS, "disponibla");
    pub(super) const STANGDA: usize = place_of(FIELDS, "stangda");
    pub(super) const STANGDA_REASON: usize = place_of(FIELDS, "stangda_reason");
}

pub(super) fn map<S: Sink>(mapping: &mut Mapping<'_>, row: &super::Row<'_, '_>, sink: &mut S) -> Result<u32, Stop> {
    let Mapping { context, program } = mapping;
    let slots = row.slots;
    let unit_column = program.column_of(place::UNIT);
    if row.correction == CorrectionKind::Cancel {
        // Who reads capacity cannot yet take a statement back; figures that are gone must not come as if they held.
        return Err(Stop::refuse(Rule::CapacityDeleted, unit_column));
    }
    let number = |place: usize| slots.at(place).number();
    let figures = Figures {
        faststallda: number(place::FASTSTALLDA),
        disponibla: number(place::DISPONIBLA),
        stangda: number(place::STANGDA),
        reason: slots.at(place::STANGDA_REASON).text(),
    };
    let named = FigureNames {
        disponibla: program.column_of(place::DISPONIBLA),
        reason: program.column_of(place::STANGDA_REASON),
    };
    let stangda_reason = figures.judged(named, context.findings)?;
    // A row without a start is refused before it comes here.
    let valid_from = stated(slots.at(place::VALID_FROM))
        .ok_or(Stop::refuse(Rule::FieldMissing, program.column_of(place::VALID_FROM)))?;
    let Figures { faststallda, disponibla, stangda, .. } = figures;
    let row = Row {
        unit: slots.at(place::UNIT).text().unwrap_or_default().to_owned(),
        valid_from: valid_from.at,
        valid_from_text: valid_from.text.to_owned(),
        valid_to: slots.at(place::VALID_TO).time(),
        faststallda,
        disponibla,
        stangda,
        stangda_reason,
    };
    let extensions: Vec<(&'static str, Cow<'_, str>)> =
        slots.extensions.iter().map(|(name, text)| (*name, Cow::Borrowed(text.as_ref()))).collect();
    Ok(bed_capacity::map(context, &row, unit_column, &extensions, sink))
}
