//! A row of a region's own table of beds, by a mapping package, becomes the same BedCapacity as a row of the capacity feed.

use std::borrow::Cow;

use schemas::CorrectionKind;

use super::bed_capacity;
use super::findings::Findings;
use super::row::{FigureNames, Figures, Row};
use super::sink::Sink;
use super::statement::{self, Mapping, stated};
use super::stop::Stop;
use crate::rules::Rule;

/// The places of the fields, checked against the subject's table by a test.
mod place {
    pub(super) const UNIT: usize = 0;
    pub(super) const VALID_FROM: usize = 1;
    pub(super) const VALID_TO: usize = 2;
    pub(super) const FASTSTALLDA: usize = 3;
    pub(super) const DISPONIBLA: usize = 4;
    pub(super) const STANGDA: usize = 5;
    pub(super) const STANGDA_REASON: usize = 6;
}

/// One event.
pub(super) fn map<S: Sink>(
    mapping: &Mapping<'_>,
    row: &statement::Row<'_, '_>,
    findings: &mut Findings,
    sink: &mut S,
) -> Result<u32, Stop> {
    let Mapping { source, origin, program, key_id, directory, guard, .. } = *mapping;
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
    let stangda_reason = figures.judged(named, findings)?;
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
    let event = bed_capacity::Mapping {
        source,
        origin,
        key_id,
        directory,
        guard,
        findings,
        unit_column,
        extensions: &extensions,
    };
    Ok(event.map(&row, sink))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Subject;

    #[test]
    fn places_are_those_of_the_table() {
        for (name, place) in [
            ("unit", place::UNIT),
            ("valid_from", place::VALID_FROM),
            ("valid_to", place::VALID_TO),
            ("faststallda", place::FASTSTALLDA),
            ("disponibla", place::DISPONIBLA),
            ("stangda", place::STANGDA),
            ("stangda_reason", place::STANGDA_REASON),
        ] {
            assert_eq!(Subject::BedCapacity.place(name), Some(place), "{name}");
        }
        assert_eq!(Subject::BedCapacity.fields().len(), place::STANGDA_REASON + 1);
    }
}
