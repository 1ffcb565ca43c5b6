//! `waits_by_dimension.csv`: the figures of the whole region by status and step, broken down.

use super::{
    Settings,
    dimension::Dimension,
    lines::{Group, REASON, under_one_sum},
    silence::Earlier,
    step::{Status, Step},
    step_figures::{StepFigures, Steps},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("waits_by_dimension.csv");

/// Writes the file: waiting before completed, first visit before treatment, then by dimension and value in byte order.
pub(super) fn file(settings: &Settings, steps: &Steps) -> File {
    let keys = ["status", "step", "dimension", "value"];
    let mut table = Table::new(&FILE, keys.into_iter().chain(StepFigures::columns()).chain([REASON]));
    let earlier = Earlier::read(&settings.earlier, &FILE.name, &keys, "contacts");
    for status in Status::ALL {
        for step in Step::ALL {
            for dimension in Dimension::ALL {
                let keys = |value| [status.name(), step.name(), dimension.name(), value];
                let groups = steps.groups(status, step, dimension).sorted().into_iter();
                let groups: Vec<Group<'_>> =
                    groups.map(|(value, figures)| (keys(value), figures, earlier.said(keys(value)))).collect();
                let lines = under_one_sum(&groups, keys(""), settings.hide_below);
                lines.into_iter().for_each(|line| line.write(&mut table));
            }
        }
    }
    table.finish()
}
