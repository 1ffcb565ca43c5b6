//! `kpi_waiting.csv`: one line per hospital with contacts that are waited for.

use std::collections::BTreeMap;

use super::{
    figures,
    hospital::{self, WaitingHospital},
    interval::INTERVALS,
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("kpi_waiting.csv");

/// Writes the file, hospitals by code.
pub(super) fn file(hospitals: &BTreeMap<Box<str>, WaitingHospital>) -> File {
    let mut columns = vec!["hospital_code", "hospital_name", "waiting"];
    columns.extend(&figures::COLUMNS[1..=4]);
    columns.extend(INTERVALS.map(|interval| interval.column));
    let mut table = Table::new(&FILE, columns);
    for (code, hospital) in hospitals {
        let mut cells = vec![code.to_string(), hospital::name(code, &hospital.names).to_owned()];
        // The count, the guarantee and the median; a mean of waits that go on is not asked for.
        cells.extend_from_slice(&hospital.figures.cells()[0..=4]);
        cells.extend(hospital.figures.interval_cells());
        table.row(cells);
    }
    table.finish()
}
