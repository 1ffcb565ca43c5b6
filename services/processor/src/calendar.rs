//! The time that anything told of can have been in.
//!
//! Databases, spreadsheets and forms write days outside of it for "unknown" and for "open": what is written there is no time.

use schemas::Timestamp;

/// 1900-01-02 in Sweden: databases and spreadsheets write days before it for "unknown" (0001-01-01, 1753-01-01, 1899-12-30,
/// 1900-01-01), and no care that is told of now was then.
const FIRST: i64 = -2_208_906_000_000_000;
/// 2200-01-01 in Sweden: dates from there on (2999-12-31, 9999-12-31) are written for "open".
const LAST: i64 = 7_258_114_800_000_000;
pub(crate) const YEARS: std::ops::Range<i16> = 1900..2200;

/// Whether a time can be one.
pub(crate) fn holds(at: Timestamp) -> bool {
    (FIRST..LAST).contains(&at.0)
}
