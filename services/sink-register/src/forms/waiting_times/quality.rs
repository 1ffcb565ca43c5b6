//! `quality.csv`: how many statements were set aside, and how many carry which finding.

use super::{Settings, totals::Totals};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const FILE: FileKind = FileKind::of_groups("quality.csv");

/// Writes the file: every reason, also at zero, then the rules that found something, each sorted by name.
pub(super) fn file(settings: &Settings, totals: &Totals) -> File {
    let mut table = Table::new(&FILE, ["region", "period", "reason", "statements"]);
    let mut reasons: Vec<_> = totals.set_aside().collect();
    reasons.sort_unstable();
    for (reason, statements) in reasons.into_iter().chain(totals.findings()) {
        table.row([settings.region.code(), &settings.period.to_string(), reason, &statements.to_string()]);
    }
    table.finish()
}
