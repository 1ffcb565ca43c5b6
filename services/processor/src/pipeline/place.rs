//! PL locations: where a patient is or was, or which bed a status is about.
//!
//! Codes stay as sent. A component that comes as an HD (`AVD5&1.2.3&ISO`) is its namespace. The facility (PV1-3.4) is part of a
//! place; where the region lists a unit's code by facility, the unit is called `code@facility`.

use std::borrow::Cow;

use hl7::Value;
use schemas::Place;

use crate::directory::Directory;
use crate::findings::Findings;
use crate::verbatim::Guard;

/// Components of PL that are read, and how findings name them.
const UNIT: usize = 0;
const ROOM: usize = 1;
const BED: usize = 2;
const FACILITY: usize = 3;
const BUILDING: usize = 6;
const FLOOR: usize = 7;

/// How findings name the components of one PL field.
pub(crate) type Paths = [&'static str; 8];

pub(crate) const PV1_3: Paths =
    ["PV1-3.1", "PV1-3.2", "PV1-3.3", "PV1-3.4", "PV1-3.5", "PV1-3.6", "PV1-3.7", "PV1-3.8"];
pub(crate) const PV1_6: Paths =
    ["PV1-6.1", "PV1-6.2", "PV1-6.3", "PV1-6.4", "PV1-6.5", "PV1-6.6", "PV1-6.7", "PV1-6.8"];
pub(crate) const NPU_1: Paths =
    ["NPU-1.1", "NPU-1.2", "NPU-1.3", "NPU-1.4", "NPU-1.5", "NPU-1.6", "NPU-1.7", "NPU-1.8"];

/// A location whose texts have passed the guard.
#[derive(Debug)]
pub(crate) struct Location<'a> {
    unit: Cow<'a, str>,
    room: Option<Cow<'a, str>>,
    bed: Option<Cow<'a, str>>,
    facility: Option<Cow<'a, str>>,
    building: Option<Cow<'a, str>>,
    floor: Option<Cow<'a, str>>,
}

impl Location<'_> {
    /// As common events carry it.
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            unit: &self.unit,
            room: self.room.as_deref(),
            bed: self.bed.as_deref(),
            facility: self.facility.as_deref(),
            building: self.building.as_deref(),
            floor: self.floor.as_deref(),
        }
    }
}

/// Whether the field names a place: a unit, a room or a bed.
pub(crate) fn is_named(field: Value<'_>) -> bool {
    let [unit, room, bed] = field.components();
    unit.given().is_some() || room.given().is_some() || bed.given().is_some()
}

/// Reads a location; `None` when it names neither unit, room nor bed.
pub(crate) fn read<'a>(
    field: Value<'a>,
    paths: &Paths,
    directory: &Directory,
    guard: &Guard<'_>,
    findings: &mut Findings,
) -> Option<Location<'a>> {
    let components: [Value<'a>; 8] = field.components();
    if [UNIT, ROOM, BED].iter().all(|at| components[*at].given().is_none()) {
        return None;
    }
    let is_plain = !field.has_subcomponents();
    let mut text = |at: usize| {
        let component = if is_plain { components[at] } else { components[at].namespace() };
        guard.text(component, paths[at], findings)
    };
    let facility = text(FACILITY);
    let unit = directory.ward(text(UNIT).unwrap_or(Cow::Borrowed("")), facility.as_deref());
    Some(Location { unit, room: text(ROOM), bed: text(BED), facility, building: text(BUILDING), floor: text(FLOOR) })
}
