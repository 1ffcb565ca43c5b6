//! `kpi_total.csv`: one line per hospital with completed contacts.

use std::collections::BTreeMap;

use super::{
    age_group::AGE_GROUPS,
    dimension::{Dimension, FEMALE, MALE},
    figures,
    hospital::{self, CompletedHospital},
    interval::INTERVALS,
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("kpi_total.csv");

/// Writes the file, hospitals by code.
pub(super) fn file(hospitals: &BTreeMap<Box<str>, CompletedHospital>) -> File {
    let mut table = Table::new(&FILE, columns());
    for (code, hospital) in hospitals {
        table.row(cells(code, hospital));
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

fn cells(code: &str, hospital: &CompletedHospital) -> Vec<String> {
    let mut cells = vec![code.to_owned(), hospital::name(code, &hospital.names).to_owned()];
    cells.extend(hospital.figures.cells());
    cells.extend([MALE, FEMALE].map(|sex| hospital.count(Dimension::Sex, sex).to_string()));
    cells.extend(AGE_GROUPS.map(|group| hospital.count(Dimension::AgeGroup, group.name).to_string()));
    cells.extend(hospital.figures.interval_cells());
    cells
}
