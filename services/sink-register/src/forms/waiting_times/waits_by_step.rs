//! `waits_by_step.csv`: a line per status, hospital and step; waiting contacts, the measure of specialised care, come first.

use super::{
    Settings, hospital,
    lines::{Group, REASON, under_one_sum},
    silence::Earlier,
    step::{Status, Step},
    step_figures::{StepFigures, Steps},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("waits_by_step.csv");

/// Writes the file: waiting before completed, hospitals by code, first visit before treatment.
pub(super) fn file(settings: &Settings, steps: &Steps) -> File {
    let keys = ["status", "hospital_code", "hospital_name", "step"];
    let mut table = Table::new(&FILE, keys.into_iter().chain(StepFigures::columns()).chain([REASON]));
    let earlier = Earlier::read(&settings.earlier, &FILE.name, &["status", "hospital_code", "step"], "contacts");
    for status in Status::ALL {
        let mut lines = Vec::new();
        for step in Step::ALL {
            let hospitals = steps.hospitals(status).iter().filter_map(|(code, hospital)| {
                let keys = [status.name(), code, hospital::name(code, &hospital.names), step.name()];
                Some((keys, hospital.of(step)?, earlier.said([status.name(), code, step.name()])))
            });
            let hospitals: Vec<Group<'_>> = hospitals.collect();
            lines.extend(under_one_sum(&hospitals, [status.name(), "", "", step.name()], settings.hide_below));
        }
        lines.sort_by_key(|line| (line.is_together(), line.keys[1]));
        lines.into_iter().for_each(|line| line.write(&mut table));
    }
    table.finish()
}
