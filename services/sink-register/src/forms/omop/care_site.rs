//! Care sites: units and hospitals of the visits in an extract.

use std::collections::{BTreeMap, HashMap};

use schemas::Encounter;

use super::id::key;
use super::tables::CARE_SITE;

/// A unit or a hospital.
#[derive(Debug, Clone)]
pub(super) struct CareSite {
    pub(super) name: Option<Box<str>>,
    /// HSA-id where it is known, else the source's code.
    pub(super) source_value: Box<str>,
    pub(super) hospital_code: Option<Box<str>>,
}

/// What encounter events say of units and hospitals, and which of them visits were at.
#[derive(Default)]
pub(super) struct CareSites {
    units: HashMap<Box<str>, CareSite>,
    hospitals: HashMap<Box<str>, Box<str>>,
    used: BTreeMap<i64, CareSite>,
}

impl CareSites {
    /// Learns from an event; of several the last one called wins.
    pub(super) fn learn(&mut self, event: &Encounter<'_>) {
        if let Some((code, name)) = event.hospital_code.zip(event.hospital_name) {
            learn(&mut self.hospitals, code, || name.into(), |known| **known == *name);
        }
        let Some(place) = &event.place else { return };
        let site = || CareSite {
            name: event.unit_name.map(Into::into),
            source_value: event.unit_hsa_id.unwrap_or(place.unit).into(),
            hospital_code: event.hospital_code.map(Into::into),
        };
        let same = |known: &CareSite| {
            known.name.as_deref() == event.unit_name
                && *known.source_value == *event.unit_hsa_id.unwrap_or(place.unit)
                && known.hospital_code.as_deref() == event.hospital_code
        };
        learn(&mut self.units, place.unit, site, same);
    }

    /// A unit of the encounter events.
    pub(super) fn unit(&mut self, unit: &str) -> i64 {
        let site = self.units.get(unit).cloned();
        let site = site.unwrap_or_else(|| CareSite { name: None, source_value: unit.into(), hospital_code: None });
        self.use_site(&["unit", unit], site)
    }

    pub(super) fn hospital(&mut self, code: &str, name: Option<&str>) -> i64 {
        let name = self.hospitals.get(code).cloned().or(name.map(Into::into));
        let site = CareSite { name, source_value: code.into(), hospital_code: Some(code.into()) };
        self.use_site(&["hospital", code], site)
    }

    /// The clinic of a statement, whose codes are the source's own; the hospital where it names none.
    pub(super) fn clinic(
        &mut self,
        source_system: &str,
        (hospital, hospital_name): (Option<&str>, Option<&str>),
        unit: Option<&str>,
    ) -> Option<i64> {
        let Some(unit) = unit else { return hospital.map(|code| self.hospital(code, hospital_name)) };
        let site = CareSite { name: None, source_value: unit.into(), hospital_code: hospital.map(Into::into) };
        Some(self.use_site(&["clinic", source_system, hospital.unwrap_or_default(), unit], site))
    }

    fn use_site(&mut self, parts: &[&str], site: CareSite) -> i64 {
        let key = key(&CARE_SITE, parts);
        self.used.entry(key).or_insert(site);
        key
    }

    /// Those that visits were at.
    pub(super) fn used(&self) -> impl Iterator<Item = (i64, &CareSite)> {
        self.used.iter().map(|(key, site)| (*key, site))
    }
}

/// Most events say what is known: nothing is allocated for them.
fn learn<V>(map: &mut HashMap<Box<str>, V>, key: &str, value: impl Fn() -> V, same: impl Fn(&V) -> bool) {
    match map.get_mut(key) {
        Some(known) if same(known) => {}
        Some(known) => *known = value(),
        None => {
            map.insert(key.into(), value());
        }
    }
}
