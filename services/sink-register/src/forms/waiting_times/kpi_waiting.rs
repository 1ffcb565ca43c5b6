//! `kpi_waiting.csv`: one line per hospital with contacts that are waited for.

use std::collections::BTreeMap;

use super::{
    Settings, figures,
    hospital::{self, WaitingHospital},
    interval::INTERVALS,
    silence::{Earlier, among},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("kpi_waiting.csv");

/// Writes the file, hospitals by code.
pub(super) fn file(settings: &Settings, hospitals: &BTreeMap<Box<str>, WaitingHospital>) -> File {
    let mut columns = vec!["hospital_code", "hospital_name", "waiting"];
    columns.extend(&figures::COLUMNS[1..=4]);
    columns.extend(INTERVALS.map(|interval| interval.column));
    let mut table = Table::new(&FILE, columns);
    let earlier = Earlier::read(&settings.earlier, &FILE.name, &["hospital_code"], "waiting");
    let said: Vec<_> = hospitals.keys().map(|code| earlier.said([&**code])).collect();
    let sizes: Vec<_> = hospitals.values().map(|hospital| hospital.figures.size()).collect();
    let choice = among(&sizes, &said, settings.hide_below);
    for ((code, hospital), says) in hospitals.iter().zip(choice.lines) {
        let mut cells = vec![code.to_string(), hospital::name(code, &hospital.names).to_owned()];
        // The count, the guarantee and the median; a mean of waits that go on is not asked for.
        cells.extend_from_slice(&hospital.figures.cells(says, settings.hide_below)[0..=4]);
        cells.extend(hospital.figures.interval_cells(says));
        table.row(cells);
    }
    table.finish()
}
