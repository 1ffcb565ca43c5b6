//! What is gathered per step while statements come in: by hospital, and by dimension of the whole region.

use std::collections::BTreeMap;

use schemas::Wait;

use super::{
    days::Days,
    dimension::Dimension,
    figures::{GUARANTEE_DAYS, share},
    given,
    groups::Groups,
    hospital::{self, Names},
    interval::INTERVALS,
    number::{one_decimal, or_empty, whole_or_half},
    step::{Status, Step, StepContact},
};

/// The figures of one group of contacts of a step.
#[derive(Debug, Default)]
pub(super) struct StepFigures {
    /// Left out of everything below.
    patient_chosen: u64,
    medically_caused: u64,
    without_referral: u64,
    wait: Days,
    /// Over the denominator of the care guarantee only.
    guaranteed: Days,
}

/// Of fewer contacts no median is said: it would be one patient's days, or lie between two. The project's limit for figures
/// of care, that of hip fractures and of costs.
const MEDIAN_MIN: u64 = 20;

/// Columns of [`StepFigures::cells`].
const COLUMNS: [&str; 8] = [
    "contacts",
    "patient_chosen",
    "medically_caused",
    "without_referral",
    "guarantee_denominator",
    "within_90_days",
    "share_percent",
    "median_wait",
];

impl StepFigures {
    fn add(&mut self, contact: &StepContact) {
        if contact.patient_chosen {
            self.patient_chosen += 1;
            return;
        }
        self.medically_caused += u64::from(contact.medically_caused);
        self.without_referral += u64::from(contact.without_referral);
        self.wait.add(contact.wait_days);
        if contact.guaranteed {
            self.guaranteed.add(contact.wait_days);
        }
    }

    fn is_empty(&self) -> bool {
        self.wait.count() == 0 && self.patient_chosen == 0
    }

    /// The figures in the order of [`COLUMNS`], then contacts per interval.
    pub(super) fn cells(&self) -> Vec<String> {
        let (of, within) = (self.guaranteed.count(), self.guaranteed.within(0..=GUARANTEE_DAYS));
        let counts = [self.wait.count(), self.patient_chosen, self.medically_caused, self.without_referral, of, within];
        let mut cells: Vec<String> = counts.map(|count| count.to_string()).into();
        cells.push(or_empty(share(within, of), one_decimal));
        let median = self.wait.median().filter(|_| self.wait.count() >= MEDIAN_MIN);
        cells.push(or_empty(median, whole_or_half));
        cells.extend(INTERVALS.map(|interval| self.wait.within(interval.days()).to_string()));
        cells
    }

    /// The names of [`StepFigures::cells`].
    pub(super) fn columns() -> impl Iterator<Item = &'static str> {
        COLUMNS.into_iter().chain(INTERVALS.map(|interval| interval.column))
    }
}

/// A hospital's contacts of one status.
#[derive(Debug, Default)]
pub(super) struct StepHospital {
    /// Names that its contacts give it.
    pub(super) names: Names,
    figures: [StepFigures; Step::ALL.len()],
}

impl StepHospital {
    /// The steps that it has contacts of.
    pub(super) fn steps(&self) -> impl Iterator<Item = (Step, &StepFigures)> {
        Step::ALL.into_iter().zip(&self.figures).filter(|(_, figures)| !figures.is_empty())
    }
}

type Divided = [Groups<StepFigures>; Dimension::ALL.len()];

/// All contacts of steps.
#[derive(Debug, Default)]
pub(super) struct Steps {
    hospitals: [BTreeMap<Box<str>, StepHospital>; Status::ALL.len()],
    region: [[Divided; Step::ALL.len()]; Status::ALL.len()],
}

impl Steps {
    pub(super) fn add(&mut self, wait: &Wait<'_>, contact: &StepContact) {
        let (status, step) = (contact.status as usize, contact.step as usize);
        let of_code = hospital::of(&mut self.hospitals[status], given(wait.hospital_code));
        of_code.names.add(given(wait.hospital_name));
        of_code.figures[step].add(contact);
        for dimension in Dimension::ALL {
            let groups = &mut self.region[status][step][dimension as usize];
            groups.of(dimension.value(wait, contact.age_years)).add(contact);
        }
    }

    /// Hospitals with contacts of a status, by code.
    pub(super) fn hospitals(&self, status: Status) -> &BTreeMap<Box<str>, StepHospital> {
        &self.hospitals[status as usize]
    }

    /// The region's groups of a dimension.
    pub(super) fn groups(&self, status: Status, step: Step, dimension: Dimension) -> &Groups<StepFigures> {
        &self.region[status as usize][step as usize][dimension as usize]
    }
}
