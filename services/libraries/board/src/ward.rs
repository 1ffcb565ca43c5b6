//! One ward as it stands at an instant: the figures every page, CSV and API answer is made from.

use schemas::{CareType, ClosedReason, Timestamp};
use timeline::{Capacity, Occupancy};

use crate::age::{Freshness, Limits};
use crate::doubt::Doubt;
use crate::live::Unit;
use crate::shown::Shown;
use crate::status::{Kind, Status};

/// Hours of history behind a sparkline, the present hour included.
pub(crate) const HOURS: usize = 25;
const HOUR: i64 = 3_600_000_000;
/// How long a corrected figure carries its mark.
const CORRECTED_FOR: i64 = 4 * HOUR;

/// One ward at one instant.
#[derive(Debug, Clone)]
pub struct Ward {
    /// Länskod.
    pub region: Box<str>,
    /// The unit's code, as ADT sends it.
    pub code: Box<str>,
    /// Its name, or its code when the directory has none.
    pub name: Box<str>,
    /// Sjukhuskod, empty when none is given.
    pub hospital_code: Box<str>,
    /// Name of the hospital, or its code.
    pub hospital_name: Box<str>,
    /// Medicinskt verksamhetsområde.
    pub mvo: Option<Box<str>>,
    /// Somatic or psychiatric.
    pub care_type: CareType,
    /// The unit's own telephone.
    pub telephone: Option<Box<str>>,
    /// The counts.
    pub occupancy: Occupancy,
    /// What the unit has declared, if anything holds.
    pub capacity: Option<Capacity>,
    /// The source that covers the unit.
    pub source_system: Option<Box<str>>,
    /// When that source was last heard.
    pub heard: Option<Timestamp>,
    /// What the age of that says.
    pub freshness: Freshness,
    /// The last event on the unit.
    pub changed: Option<Timestamp>,
    /// When the number shown was last changed by a correction, if that was within four hours.
    pub corrected: Option<Timestamp>,
    /// The status word.
    pub status: Status,
    /// Since when the ward has its status, as far as memory reaches.
    pub status_since: Option<Timestamp>,
    /// On the hour for a day back, oldest first, the present last.
    pub hours: Box<[Hour]>,
    /// At the last 06:00.
    pub morning: Occupancy,
    /// What makes the figures doubtful.
    pub doubt: Doubt,
}

/// A ward's counts at a full hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hour {
    /// Patients.
    pub belagda: u32,
    /// Staffed beds.
    pub disponibla: Option<u32>,
    /// Överbeläggningar.
    pub overbelaggningar: u32,
    /// Utlokaliserade.
    pub utlokaliserade: u32,
    /// Closed beds.
    pub stangda: Option<u32>,
}

/// What of a ward changes only with its events or the hour: kept between instants.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    version: u64,
    hour: i64,
    hours: Box<[Hour]>,
    morning: Occupancy,
    doubt: Doubt,
    without_beds: bool,
}

impl Past {
    pub(crate) fn holds(&self, unit: &Unit, now: Timestamp) -> bool {
        self.version == unit.version && self.hour == now.0.div_euclid(HOUR)
    }

    /// Counts the hours behind `now`.
    pub(crate) fn of(unit: &Unit, now: Timestamp) -> Self {
        let hour = now.0.div_euclid(HOUR);
        let hours = (0..HOURS as i64 - 1)
            .map(|back| Timestamp((hour - (HOURS as i64 - 2) + back) * HOUR))
            .map(|at| Hour::of(&unit.occupancy(at)))
            .collect();
        Self {
            version: unit.version,
            hour,
            hours,
            morning: unit.occupancy(last_morning(now)),
            doubt: unit.doubt(now),
            without_beds: unit.is_without_beds(now),
        }
    }
}

impl Hour {
    fn of(occupancy: &Occupancy) -> Self {
        Self {
            belagda: occupancy.belagda,
            disponibla: occupancy.disponibla,
            overbelaggningar: occupancy.overbelaggningar,
            utlokaliserade: occupancy.utlokaliserade,
            stangda: occupancy.stangda,
        }
    }
}

/// The last 06:00 that has passed: the cut-off of the morning figure.
pub(crate) fn last_morning(now: Timestamp) -> Timestamp {
    Timestamp(swedish_time::last_morning(now.0))
}

impl Ward {
    /// The ward at `now`.
    pub(crate) fn of(
        region: &str,
        unit: &Unit,
        past: &Past,
        heard: Option<Timestamp>,
        limits: &Limits,
        now: Timestamp,
    ) -> Self {
        let occupancy = unit.occupancy(now);
        let freshness = limits.freshness(now, heard);
        let mut hours = past.hours.to_vec();
        hours.push(Hour::of(&occupancy));
        let known = |text: &Option<Box<str>>| text.as_deref().filter(|text| !text.trim().is_empty()).map(Box::from);
        let hospital_code: Box<str> = known(&unit.hospital_code).unwrap_or_default();
        Self {
            region: region.into(),
            code: unit.code.clone(),
            name: known(&unit.name).unwrap_or_else(|| unit.code.clone()),
            hospital_name: known(&unit.hospital_name).unwrap_or_else(|| hospital_code.clone()),
            hospital_code,
            mvo: known(&unit.mvo),
            care_type: unit.care_type.unwrap_or(CareType::Unknown),
            telephone: known(&unit.telephone),
            capacity: unit.capacity_at(now).copied(),
            source_system: unit.source_system.clone(),
            heard,
            freshness,
            changed: unit.changed,
            corrected: unit.corrected_since(Timestamp(now.0.saturating_sub(CORRECTED_FOR))),
            status: match past.without_beds {
                true => Status::UtanPlatser,
                false => Status::of(&occupancy, freshness, unit.not_receiving_at(now)),
            },
            status_since: None,
            hours: hours.into(),
            morning: past.morning,
            doubt: past.doubt.clone(),
            occupancy,
        }
    }

    /// Whether its figures are part of sums: it has beds, is heard, and has said how many beds it has.
    pub fn is_in_sums(&self) -> bool {
        self.has_beds() && self.counted().is_some_and(|occupancy| occupancy.disponibla.is_some())
    }

    /// Whether it is a unit with vårdplatser; one without is outside every sum and its denominator.
    pub fn has_beds(&self) -> bool {
        self.status != Status::UtanPlatser
    }

    /// Staffed free beds that are shown and can be had: `None` when they are not known, or nobody is received.
    pub fn can_take(&self) -> Option<u32> {
        let shown = self.freshness != Freshness::Lost && self.has_beds();
        self.lediga().filter(|_| shown && self.status.kind() != Kind::TarInteEmot)
    }

    /// Whether the ward's figures may enter a total; `None` in [`timeline::Total::add`] otherwise.
    pub fn counted(&self) -> Option<&Occupancy> {
        self.freshness.counts().then_some(&self.occupancy)
    }

    /// Överbeläggningar, or the word for not known.
    pub fn overbelaggningar(&self) -> Shown {
        Shown::or_missing(self.occupancy.overbelaggningar_known())
    }

    /// Staffed free beds, never below zero.
    pub fn lediga(&self) -> Option<u32> {
        self.occupancy.disponibla.map(|disponibla| disponibla.saturating_sub(self.occupancy.belagda))
    }

    /// Why beds are closed, when some are.
    pub fn closed_reason(&self) -> Option<ClosedReason> {
        self.capacity.and_then(|capacity| capacity.stangda_reason)
    }

    /// Stable id of the ward's row on a page: letters, digits and hyphens only.
    pub fn element_id(&self) -> String {
        element_id("u", &[&self.region, &self.code])
    }
}

/// Builds an id that is safe in HTML, in a selector and in an address fragment: other characters become their code.
pub fn element_id(prefix: &str, parts: &[&str]) -> String {
    let mut id = String::from(prefix);
    for part in parts {
        id.push('-');
        for letter in part.chars() {
            if letter.is_ascii_alphanumeric() {
                id.push(letter);
            } else {
                id.push_str(&format!("_{:x}_", letter as u32));
            }
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_safe_and_distinct() {
        assert_eq!(element_id("u", &["14", "MAVA"]), "u-14-MAVA");
        assert_eq!(element_id("u", &["14", "Å 1\""]), "u-14-_c5__20_1_22_");
        assert_ne!(element_id("u", &["14", "A_"]), element_id("u", &["14", "A__"]));
    }
}
