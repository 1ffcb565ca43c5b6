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
    silence::{Says, Size},
    step::{Status, Step, StepContact},
};
use crate::hiding::LIMIT;

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

    /// How many are behind it.
    pub(super) fn size(&self) -> Size {
        let contacts = self.wait.count();
        Size { contacts, persons: contacts + self.patient_chosen, guaranteed: self.guaranteed.count() }
    }

    /// Adds what a line withholds.
    pub(super) fn add_withheld(&mut self, other: &StepFigures, says: Says) {
        if !says.counts {
            self.patient_chosen += other.patient_chosen;
            self.medically_caused += other.medically_caused;
            self.without_referral += other.without_referral;
            self.wait.merge(&other.wait);
        }
        if !says.guarantee {
            self.guaranteed.merge(&other.guaranteed);
        }
    }

    /// The figures in the order of [`COLUMNS`], then contacts per interval; empty what is not said, and a median of few whatever the
    /// definition's limit is.
    pub(super) fn cells(&self, says: Says) -> Vec<String> {
        let (of, within) = (self.guaranteed.count(), self.guaranteed.within(0..=GUARANTEE_DAYS));
        let of_contacts = |text: String| if says.counts { text } else { String::new() };
        let of_guarantee = |text: String| if says.guarantee { text } else { String::new() };
        let counts = [self.wait.count(), self.patient_chosen, self.medically_caused, self.without_referral];
        let mut cells: Vec<String> = counts.map(|count| of_contacts(count.to_string())).into();
        cells.extend([of.to_string(), within.to_string(), or_empty(share(within, of), one_decimal)].map(of_guarantee));
        cells.push(of_contacts(or_empty(self.wait.median_of(LIMIT), whole_or_half)));
        cells.extend(INTERVALS.map(|interval| of_contacts(self.wait.within(interval.days()).to_string())));
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
    /// The figures of a step that it has contacts of.
    pub(super) fn of(&self, step: Step) -> Option<&StepFigures> {
        Some(&self.figures[step as usize]).filter(|figures| !figures.is_empty())
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
