//! Hiding of small cells, on the server and before anything is rendered.
//!
//! One figure tells of persons beyond what the counts of beds tell: how many are utlokaliserade. A region may say
//! below which number it is hidden per ward. So that no subtraction brings a hidden number back, a hospital never has
//! exactly one hidden cell, and a sum that holds some of a hospital's hidden cells but not all is hidden as well.
//! Where the page takes counts of beds (belagda, disponibla) they are shown as they are: they are the board's purpose.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::shown::Shown;
use crate::ward::Ward;

/// Below which number utlokaliserade are hidden, by länskod; a region that is not named hides nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Rules {
    below: BTreeMap<Box<str>, u32>,
}

/// The wards whose figure is hidden on one board.
#[derive(Debug, Clone, Default)]
pub struct Hidden {
    below: BTreeMap<Box<str>, u32>,
    wards: BTreeMap<(Box<str>, Box<str>), Box<str>>,
    by_hospital: BTreeMap<(Box<str>, Box<str>), u32>,
}

impl Rules {
    /// Rules from limits by länskod.
    pub fn new(below: impl IntoIterator<Item = (Box<str>, u32)>) -> Self {
        Self { below: below.into_iter().collect() }
    }

    /// The limits by länskod.
    pub fn limits(&self) -> impl Iterator<Item = (&str, u32)> {
        self.below.iter().map(|(region, limit)| (&**region, *limit))
    }

    /// Chooses what is hidden.
    pub fn choose<'a>(&self, wards: impl IntoIterator<Item = &'a Ward>) -> Hidden {
        let mut hospitals: BTreeMap<(Box<str>, Box<str>), Vec<&Ward>> = BTreeMap::new();
        for ward in wards {
            if self.below.contains_key(&ward.region) {
                hospitals.entry((ward.region.clone(), ward.hospital_code.clone())).or_default().push(ward);
            }
        }
        let mut hidden = Hidden { below: self.below.clone(), ..Hidden::default() };
        for ((region, hospital), mut wards) in hospitals {
            let limit = self.below[&region];
            wards.sort_by_key(|ward| ward.occupancy.utlokaliserade);
            let small = |ward: &&&Ward| (1..limit).contains(&ward.occupancy.utlokaliserade);
            let mut codes: BTreeSet<&str> = wards.iter().filter(small).map(|ward| &*ward.code).collect();
            if codes.len() == 1
                && let Some(next) = wards.iter().find(|ward| !codes.contains(&*ward.code))
            {
                codes.insert(&next.code);
            }
            for code in &codes {
                hidden.wards.insert((region.clone(), (*code).into()), hospital.clone());
            }
            if !codes.is_empty() {
                hidden.by_hospital.insert((region, hospital), codes.len() as u32);
            }
        }
        hidden
    }
}

impl Hidden {
    /// A ward's utlokaliserade, or the word for a small number.
    pub fn ward(&self, ward: &Ward) -> Shown {
        if self.wards.contains_key(&(ward.region.clone(), ward.code.clone())) {
            return Shown::FewerThan(self.below.get(&ward.region).copied().unwrap_or_default());
        }
        Shown::Number(i64::from(ward.occupancy.utlokaliserade))
    }

    /// Counts of persons on one ward, as a row: small ones are hidden, and never exactly one, for the others and what the
    /// ward's beds show would tell it.
    pub fn row<const N: usize>(&self, region: &str, counts: [u32; N]) -> [Shown; N] {
        let limit = self.limit(Some(region));
        let small = counts.map(|count| (1..limit).contains(&count));
        let mut shown = std::array::from_fn(|at| match small[at] {
            true => Shown::FewerThan(limit),
            false => Shown::Number(counts[at].into()),
        });
        let next = (0..N).filter(|at| !small[*at]).min_by_key(|at| counts[*at]);
        if let (1, Some(next)) = (small.iter().filter(|small| **small).count(), next) {
            shown[next] = Shown::Withheld;
        }
        shown
    }

    /// Whether a sum over these wards may be shown: it holds all of a hospital's hidden cells, or none. A hospital
    /// with a single ward that is hidden hides its sum too.
    pub fn sum_shown<'a>(&self, wards: impl IntoIterator<Item = &'a Ward>) -> bool {
        if self.wards.is_empty() {
            return true;
        }
        let mut inside: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for ward in wards {
            if let Some(hospital) = self.wards.get(&(ward.region.clone(), ward.code.clone())) {
                *inside.entry((&ward.region, hospital)).or_default() += 1;
            }
        }
        inside.iter().all(|((region, hospital), count)| {
            let all = self.by_hospital.get(&(Box::from(*region), Box::from(*hospital))).copied().unwrap_or_default();
            *count == all && all > 1
        })
    }
}

impl Hidden {
    /// The limit that a region names; the largest of all for the country.
    pub fn limit(&self, region: Option<&str>) -> u32 {
        match region {
            Some(region) => self.below.get(region).copied().unwrap_or_default(),
            None => self.below.values().copied().max().unwrap_or_default(),
        }
    }

    /// Whether a region hides anything at all; then no history of the figure is drawn, for it would tell it.
    pub fn hides(&self, region: Option<&str>) -> bool {
        self.limit(region) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_never_has_exactly_one_hidden_count() {
        let hidden = Rules::new([("14".into(), 5)]).choose([]);
        let (small, number) = (Shown::FewerThan(5), Shown::Number);
        for (counts, expected) in [
            ([7, 0, 3, 0, 0], [number(7), Shown::Withheld, small, number(0), number(0)]),
            ([1, 2, 0, 9, 0], [small, small, number(0), number(9), number(0)]),
            ([5, 6, 0, 9, 0], [number(5), number(6), number(0), number(9), number(0)]),
        ] {
            assert_eq!(hidden.row("14", counts), expected);
        }
        assert_eq!(hidden.row("01", [1, 0]), [number(1), number(0)]);
    }
}
