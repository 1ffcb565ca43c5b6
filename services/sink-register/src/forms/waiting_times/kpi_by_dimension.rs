//! `kpi_by_dimension.csv`: the figures of each hospital and of the whole region, broken down.

use super::{
    dimension::Dimension,
    figures::{self, Figures},
    silence::Says,
    withheld::{Completed, Hospital},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("kpi_by_dimension.csv");

/// The scope of lines about the whole region.
pub(super) const REGION: &str = "region";

/// Writes the file, sorted by scope, dimension and value in byte order: digits come before `region`.
///
/// A group that says nothing has its line without figures; a hospital's breakdown that is withheld has one line without a value.
pub(super) fn file(completed: &Completed<'_>) -> File {
    let columns = ["scope", "dimension", "value"].into_iter().chain(figures::COLUMNS);
    let mut table = Table::new(&FILE, columns);
    // A code that sorts after the word would otherwise break the order.
    let (before, after): (Vec<_>, Vec<_>) = completed.hospitals().partition(|(code, _)| *code < REGION);
    let is_empty = before.is_empty() && after.is_empty();
    before.into_iter().for_each(|(code, hospital)| of_hospital(&mut table, code, &hospital));
    for dimension in Dimension::ALL.into_iter().filter(|_| !is_empty) {
        for ((value, figures), says) in completed.groups(dimension) {
            line(&mut table, [REGION, dimension.name(), value], figures, says, completed.limit);
        }
    }
    after.into_iter().for_each(|(code, hospital)| of_hospital(&mut table, code, &hospital));
    table.finish()
}

fn of_hospital(table: &mut Table, code: &str, hospital: &Hospital<'_>) {
    for dimension in Dimension::ALL {
        if !hospital.is_divided(dimension) {
            line(table, [code, dimension.name(), ""], &Figures::default(), Says::NOTHING, hospital.limit);
            continue;
        }
        for (value, figures) in hospital.hospital.groups(dimension).sorted() {
            line(table, [code, dimension.name(), value], figures, Says::ALL, hospital.limit);
        }
    }
}

fn line(table: &mut Table, keys: [&str; 3], figures: &Figures, says: Says, limit: u32) {
    table.row(keys.map(str::to_owned).into_iter().chain(figures.cells(says, limit)));
}
