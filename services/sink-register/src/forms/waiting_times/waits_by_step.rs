//! `waits_by_step.csv`: a line per status, hospital and step; waiting contacts, the measure of specialised care, come first.

use super::{
    hospital,
    step::Status,
    step_figures::{StepFigures, Steps},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("waits_by_step.csv");

/// Writes the file: waiting before completed, hospitals by code, first visit before treatment.
pub(super) fn file(steps: &Steps) -> File {
    let keys = ["status", "hospital_code", "hospital_name", "step"];
    let mut table = Table::new(&FILE, keys.into_iter().chain(StepFigures::columns()));
    for status in Status::ALL {
        for (code, hospital) in steps.hospitals(status) {
            let (code, name) = (&**code, hospital::name(code, &hospital.names));
            for (step, figures) in hospital.steps() {
                let keys = [status.name(), code, name, step.name()].map(str::to_owned);
                table.row(keys.into_iter().chain(figures.cells()));
            }
        }
    }
    table.finish()
}
