//! A time as the source tells it.

use schemas::Timestamp;

/// A time, or a day without one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    at: i64,
    pub(crate) is_date: bool,
}

impl Moment {
    pub(crate) fn new(at: Option<Timestamp>, is_date: bool) -> Option<Self> {
        at.map(|at| Self { at: at.0, is_date })
    }

    /// The day in Sweden, YYYY-MM-DD.
    pub(crate) fn day(self) -> String {
        self.format("%Y-%m-%d")
    }

    /// In UTC.
    pub(crate) fn utc(self) -> String {
        // What lies beyond the calendar was mistyped; the mapping has refused it.
        let at = jiff::Timestamp::from_microsecond(self.at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The time in Sweden, by a pattern of strftime.
    pub(crate) fn format(self, pattern: &str) -> String {
        swedish_time::local(self.at).strftime(pattern).to_string()
    }
}
