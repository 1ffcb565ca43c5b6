//! Rules that are in no table of ours: a mapping package brings them.

use schemas::Severity;

/// A rule of a package, as findings and parked records name it. Packages are compiled once and live as long as the
/// program, so their rules do too.
#[derive(Debug, PartialEq, Eq)]
pub struct PackageRule {
    pub(crate) code: &'static str,
    /// An error refuses the row; a warning or an information is a finding.
    pub severity: Severity,
    /// The column that it looks at, never a value.
    pub column: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}
