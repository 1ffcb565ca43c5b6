//! What the pilots' files of completed contacts withhold, chosen once for all of them.
//!
//! A hospital's breakdown by a dimension is said whole or not at all: the region's line less the other hospitals' would tell a
//! line that is missing alone. Hospitals that withhold one are at least two, or none; and of each of the region's groups they have together
//! nobody, or at least the limit beside one each. Any share of that between them, and between their groups, is then possible.

use std::array;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Settings,
    dimension::Dimension,
    groups::Groups,
    hospital::{CompletedHospital, region_groups},
    kpi_by_dimension, kpi_total,
    silence::{Earlier, Says, Size, among},
};
use crate::hiding::is_few;

/// Completed contacts with what is said of them.
pub(super) struct Completed<'h> {
    pub(super) hospitals: &'h BTreeMap<Box<str>, CompletedHospital>,
    pub(super) region: [Groups; Dimension::ALL.len()],
    pub(super) limit: u32,
    says: Vec<Says>,
    region_says: [Vec<Says>; Dimension::ALL.len()],
    /// Places of the hospitals that withhold their breakdown.
    undivided: [BTreeSet<usize>; Dimension::ALL.len()],
}

/// Columns of `kpi_total.csv` in which a breakdown stands too.
const IN_TOTAL: [(Dimension, &str); 2] = [(Dimension::Sex, "men"), (Dimension::AgeGroup, "age_under_50")];

impl<'h> Completed<'h> {
    pub(super) fn of(hospitals: &'h BTreeMap<Box<str>, CompletedHospital>, settings: &Settings) -> Completed<'h> {
        let (limit, earlier) = (settings.hide_below, &settings.earlier);
        let total = |count| Earlier::read(earlier, &kpi_total::FILE.name, &["hospital_code"], count);
        let by_dimension =
            Earlier::read(earlier, &kpi_by_dimension::FILE.name, &["scope", "dimension", "value"], "completed");
        let sizes: Vec<Size> = hospitals.values().map(|hospital| hospital.figures.size()).collect();
        let (of_total, divided_in_total) =
            (total("completed"), IN_TOTAL.map(|(dimension, column)| (dimension, total(column))));
        let said: Vec<Says> = hospitals.keys().map(|code| of_total.said([&**code])).collect();
        let says = among(&sizes, &said, limit).lines;

        let region = region_groups(hospitals);
        let region_says = array::from_fn(|at| {
            let groups = region[at].sorted();
            let sizes: Vec<Size> = groups.iter().map(|(_, figures)| figures.size()).collect();
            let keys = |value| [kpi_by_dimension::REGION, Dimension::ALL[at].name(), value];
            let said: Vec<Says> = groups.iter().map(|(value, _)| by_dimension.said(keys(value))).collect();
            among(&sizes, &said, limit).lines
        });
        let mut completed =
            Completed { hospitals, region, limit, says, region_says, undivided: array::from_fn(|_| BTreeSet::new()) };
        for dimension in Dimension::ALL {
            let was_divided = |code: &str| {
                let in_total = divided_in_total.iter().filter(|(of, _)| *of == dimension);
                by_dimension.said([code, dimension.name(), ""]).counts
                    && in_total.into_iter().all(|(_, total)| total.said([code]).counts)
            };
            let few = |(at, (code, hospital)): (usize, (&str, &CompletedHospital))| {
                let groups = hospital.groups(dimension).sorted();
                let is_few = groups
                    .iter()
                    .map(|(_, figures)| figures.size())
                    .any(|size| is_few(size.contacts, limit) || is_few(size.guaranteed, limit));
                (is_few || completed.says[at] != Says::ALL || !was_divided(code)).then_some(at)
            };
            let few =
                hospitals.iter().map(|(code, hospital)| (&**code, hospital)).enumerate().filter_map(few).collect();
            completed.undivided[dimension as usize] = completed.extended(dimension, few);
        }
        completed
    }

    /// Hospitals that withhold their breakdown, with those that have to go with them: the next smallest first.
    fn extended(&self, dimension: Dimension, mut undivided: BTreeSet<usize>) -> BTreeSet<usize> {
        let hospitals: Vec<&CompletedHospital> = self.hospitals.values().collect();
        while !self.is_safe(dimension, undivided.iter().map(|at| hospitals[*at])) {
            let open = (0..hospitals.len()).filter(|at| !undivided.contains(at));
            let Some(next) = open.min_by_key(|at| hospitals[*at].figures.size().contacts) else { break };
            undivided.insert(next);
        }
        undivided
    }

    fn is_safe<'u>(&self, dimension: Dimension, undivided: impl Iterator<Item = &'u CompletedHospital>) -> bool {
        let (mut least, mut of_hospitals) = (u64::from(self.limit), [0; 2]);
        let mut of_groups: HashMap<&str, [u64; 2]> = HashMap::new();
        for hospital in undivided {
            least += 1;
            for (value, figures) in hospital.groups(dimension).sorted() {
                let of_group = of_groups.entry(value).or_default();
                let size = figures.size();
                *of_group = [of_group[0] + size.contacts, of_group[1] + size.guaranteed];
            }
            let size = hospital.figures.size();
            of_hospitals =
                [of_hospitals[0] + u64::from(size.contacts > 0), of_hospitals[1] + u64::from(size.guaranteed > 0)];
        }
        let region = self.region[dimension as usize].sorted();
        let mut withheld = [0; 2];
        let mut said = Vec::new();
        for ((value, _), says) in region.iter().zip(&self.region_says[dimension as usize]) {
            let sizes = of_groups.get(value).copied().unwrap_or_default();
            for (at, is_said) in [says.counts, says.guarantee].into_iter().enumerate() {
                if is_said {
                    said.push(sizes[at]);
                } else {
                    withheld[at] += sizes[at];
                }
            }
        }
        let enough = |sum: &u64| *sum == 0 || *sum >= least;
        of_hospitals.iter().all(|hospitals| *hospitals != 1) && said.iter().chain(&withheld).all(enough)
    }

    /// Hospitals by code, with what is said of them.
    pub(super) fn hospitals(&self) -> impl Iterator<Item = (&str, Hospital<'_>)> {
        let of = |(at, (code, hospital)): (usize, (&'h str, &'h CompletedHospital))| {
            let divided = array::from_fn(|dimension| !self.undivided[dimension].contains(&at));
            (code, Hospital { hospital, says: self.says[at], divided, limit: self.limit })
        };
        self.hospitals.iter().map(|(code, hospital)| (&**code, hospital)).enumerate().map(of)
    }

    /// The region's groups of a dimension, with what is said of them.
    pub(super) fn groups(
        &self,
        dimension: Dimension,
    ) -> impl Iterator<Item = ((&str, &super::figures::Figures), Says)> {
        self.region[dimension as usize].sorted().into_iter().zip(self.region_says[dimension as usize].iter().copied())
    }
}

/// A hospital's completed contacts, and what is said of them.
pub(super) struct Hospital<'h> {
    pub(super) hospital: &'h CompletedHospital,
    pub(super) says: Says,
    divided: [bool; Dimension::ALL.len()],
    pub(super) limit: u32,
}

impl Hospital<'_> {
    /// Whether its breakdown by a dimension is said.
    pub(super) fn is_divided(&self, dimension: Dimension) -> bool {
        self.divided[dimension as usize]
    }
}
