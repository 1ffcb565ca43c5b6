//! The regional pilots' figures: completed contacts of every phase in one share, as the pilots count them.
//!
//! Kept to the column and the value, so that a region can lay them beside what its pilot made. They are not SKR's published
//! figures, which [`super::WaitingTimes`] are: nothing is split by step, completed and not waiting contacts carry the share,
//! a first visit's clock starts at the stated decision, and waits chosen by the patient are in medians and intervals.
//!
//! What few have is left out of all files alike ([`super::withheld`]); the layout has no room for a reason.

use std::collections::BTreeMap;

use schemas::Wait;
use swedish_time::Calendar;

use super::{
    Settings, given,
    hospital::{self, CompletedHospital, Names, WaitingHospital},
    kpi_by_dimension, kpi_total, kpi_waiting, measure_reports, quality,
    statement::{self, Fate, Reason},
    totals::{Counted, Totals},
    withheld::Completed,
};
use crate::output::{FileKind, Output};

/// The files, in their order.
pub(crate) const FILES: [FileKind; 5] =
    [kpi_total::FILE, kpi_by_dimension::FILE, kpi_waiting::FILE, quality::FILE, measure_reports::FILE];

/// The pilots' extract while statements come in.
#[derive(Debug)]
pub struct PilotFigures {
    settings: Settings,
    period: String,
    calendar: Calendar,
    totals: Totals,
    completed: BTreeMap<Box<str>, CompletedHospital>,
    waiting: BTreeMap<Box<str>, WaitingHospital>,
    /// HSA-ids that completed contacts state for the region, to name the subject of the reports.
    region_hsa_ids: Names,
}

impl PilotFigures {
    /// An extract without statements.
    pub fn new(settings: Settings) -> PilotFigures {
        PilotFigures {
            period: settings.period.to_string(),
            calendar: Calendar::new(),
            totals: Totals::new(&Reason::OF_PILOTS),
            completed: BTreeMap::new(),
            waiting: BTreeMap::new(),
            region_hsa_ids: Names::default(),
            settings,
        }
    }

    /// Counts a statement. Each must be the latest of its source system and contact; the order changes no figure.
    pub fn add(&mut self, wait: &Wait<'_>) {
        if wait.period != Some(&self.period) {
            self.totals.of_another_period(wait);
            return;
        }
        let fate = statement::fate(wait, self.settings.period, &mut self.calendar);
        let code = given(wait.hospital_code);
        let counted = match fate {
            Fate::Completed(contact) => {
                self.region_hsa_ids.add(given(wait.region_hsa_id));
                hospital::of(&mut self.completed, code).add(wait, &contact);
                Counted::Completed
            }
            Fate::Waiting(measured) => {
                hospital::of(&mut self.waiting, code).add(wait, &measured);
                Counted::Waiting
            }
            Fate::SetAside(reason) => Counted::SetAside(reason),
        };
        self.totals.add(wait, counted);
    }

    /// Writes the files.
    pub fn finish(self) -> Output {
        let completed = Completed::of(&self.completed, &self.settings);
        let files = vec![
            kpi_total::file(&completed),
            kpi_by_dimension::file(&completed),
            kpi_waiting::file(&self.settings, &self.waiting),
            quality::file(&self.settings, &self.totals),
            measure_reports::file(&self.settings, &completed, self.region_hsa_ids.most_common()),
        ];
        Output { files, totals: self.totals.numbers() }
    }
}
