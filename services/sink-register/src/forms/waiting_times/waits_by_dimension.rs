//! `waits_by_dimension.csv`: the figures of the whole region by status and step, broken down.

use super::{
    dimension::Dimension,
    step::{Status, Step},
    step_figures::{StepFigures, Steps},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("waits_by_dimension.csv");

/// Writes the file: waiting before completed, first visit before treatment, then by dimension and value in byte order.
pub(super) fn file(steps: &Steps) -> File {
    let keys = ["status", "step", "dimension", "value"];
    let mut table = Table::new(&FILE, keys.into_iter().chain(StepFigures::columns()));
    for status in Status::ALL {
        for step in Step::ALL {
            for dimension in Dimension::ALL {
                for (value, figures) in steps.groups(status, step, dimension).sorted() {
                    let keys = [status.name(), step.name(), dimension.name(), value].map(str::to_owned);
                    table.row(keys.into_iter().chain(figures.cells()));
                }
            }
        }
    }
    table.finish()
}
