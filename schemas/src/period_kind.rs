//! What statements count for.

use std::fmt;

use serde::Deserialize;

/// A calendar month or a calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeriodKind {
    /// A calendar month, written `2026-02`.
    Month,
    /// A calendar year, written `2025`.
    Year,
}

impl fmt::Display for PeriodKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Month => "a month, for example 2026-02",
            Self::Year => "a year, for example 2025",
        })
    }
}
