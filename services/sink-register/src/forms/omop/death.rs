//! Deaths: persons whose visit ended with a code that says so. The day is the visit's last one; the hour of a discharge is
//! not that of a death.
//!
//! Of a death outside of care nothing here knows the day. Who is said to be dead without such a visit is counted.

use std::collections::{BTreeMap, BTreeSet};

use super::Omop;
use super::visit::Visit;

/// Utskrivningssätt of PAR and KPP: 4 is "avliden"; and FHIR's own code, which FHIR's contacts say in the same place.
pub(super) fn is_death_mode(code: &str) -> bool {
    matches!(code, "4" | "exp")
}

/// PV1-36: those of HL7's suggested codes that say it, and FHIR's. Its 4 is another kind of care, so a feed that writes
/// utskrivningssätt there says no death: the contact's codes or costs do.
pub(super) fn is_death_disposition(code: &str) -> bool {
    matches!(code, "20" | "40" | "41" | "42" | "exp")
}

impl Omop {
    /// Of each person with a row who has left a visit dead, that visit; of several the last one.
    pub(super) fn deaths(&self) -> BTreeMap<&str, &Visit> {
        let mut deaths: BTreeMap<&str, &Visit> = BTreeMap::new();
        for visit in self.kept_visits().filter(|visit| visit.died) {
            let known = deaths.entry(&visit.subject).or_insert(visit);
            if (known.to, known.key) < (visit.to, visit.key) {
                *known = visit;
            }
        }
        deaths
    }

    /// Counts persons who are said to be dead and have no row, and those whose row is before a visit.
    pub(super) fn count_deaths(&mut self) {
        let deaths = self.deaths();
        let dead = self.persons.iter().filter(|(_, facts)| facts.birth_year().is_some() && facts.is_dead());
        let without = dead.filter(|(subject, _)| !deaths.contains_key(subject)).count();
        let is_later = |visit: &&Visit| {
            let from = swedish_time::day(visit.from.0);
            deaths.get(&*visit.subject).is_some_and(|death| swedish_time::day(death.to.0) < from)
        };
        let before: BTreeSet<&str> = self.kept_visits().filter(is_later).map(|visit| &*visit.subject).collect();
        let before = before.len();
        self.count("deaths_without_day", i64::try_from(without).unwrap_or(i64::MAX));
        self.count("deaths_before_a_visit", i64::try_from(before).unwrap_or(i64::MAX));
    }
}
