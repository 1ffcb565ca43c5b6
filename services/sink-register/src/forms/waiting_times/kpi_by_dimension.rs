//! `kpi_by_dimension.csv`: the figures of each hospital and of the whole region, broken down.

use std::collections::BTreeMap;

use super::{
    dimension::Dimension,
    figures,
    groups::Groups,
    hospital::{CompletedHospital, region_groups},
};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("kpi_by_dimension.csv");

/// The scope of lines about the whole region.
const REGION: &str = "region";

/// Writes the file, sorted by scope, dimension and value in byte order: digits come before `region`.
pub(super) fn file(hospitals: &BTreeMap<Box<str>, CompletedHospital>) -> File {
    let columns = ["scope", "dimension", "value"].into_iter().chain(figures::COLUMNS);
    let mut table = Table::new(&FILE, columns);
    let region = region_groups(hospitals);
    // A code that sorts after the word would otherwise break the order.
    let (before, after): (Vec<_>, Vec<_>) = hospitals.iter().partition(|(code, _)| &***code < REGION);
    for (code, hospital) in before {
        scope(&mut table, code, |dimension| hospital.groups(dimension));
    }
    if !hospitals.is_empty() {
        scope(&mut table, REGION, |dimension| &region[dimension as usize]);
    }
    for (code, hospital) in after {
        scope(&mut table, code, |dimension| hospital.groups(dimension));
    }
    table.finish()
}

fn scope<'a>(table: &mut Table, scope: &str, groups: impl Fn(Dimension) -> &'a Groups) {
    for dimension in Dimension::ALL {
        for (value, figures) in groups(dimension).sorted() {
            let keys = [scope.to_owned(), dimension.name().to_owned(), value.to_string()];
            table.row(keys.into_iter().chain(figures.cells()));
        }
    }
}
