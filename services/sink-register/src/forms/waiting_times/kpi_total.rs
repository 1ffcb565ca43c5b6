//! `kpi_total.csv`: one line per hospital with completed contacts.

use super::{
    age_group::AGE_GROUPS,
    dimension::{Dimension, FEMALE, MALE},
    figures, hospital,
    interval::INTERVALS,
    withheld::{Completed, Hospital},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("kpi_total.csv");

/// Writes the file, hospitals by code.
pub(super) fn file(completed: &Completed<'_>) -> File {
    let mut table = Table::new(&FILE, columns());
    for (code, hospital) in completed.hospitals() {
        table.row(cells(code, &hospital));
    }
    table.finish()
}

fn columns() -> Vec<&'static str> {
    let mut columns = vec!["hospital_code", "hospital_name"];
    columns.extend(figures::COLUMNS);
    columns.extend(["men", "women"]);
    columns.extend(AGE_GROUPS.map(|group| group.column));
    columns.extend(INTERVALS.map(|interval| interval.column));
    columns
}

fn cells(code: &str, of: &Hospital<'_>) -> Vec<String> {
    let Hospital { hospital, says, limit, .. } = *of;
    let count = |dimension: Dimension, value: &str| {
        if of.is_divided(dimension) { hospital.count(dimension, value).to_string() } else { String::new() }
    };
    let mut cells = vec![code.to_owned(), hospital::name(code, &hospital.names).to_owned()];
    cells.extend(hospital.figures.cells(says, limit));
    cells.extend([MALE, FEMALE].map(|sex| count(Dimension::Sex, sex)));
    cells.extend(AGE_GROUPS.map(|group| count(Dimension::AgeGroup, group.name)));
    cells.extend(hospital.figures.interval_cells(says));
    cells
}
