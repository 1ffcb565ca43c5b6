//! A time as the source tells it.

use jiff::tz::TimeZone;
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
    pub(crate) fn day(self, zone: &TimeZone) -> String {
        self.format("%Y-%m-%d", zone)
    }

    /// In UTC.
    pub(crate) fn utc(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ", &TimeZone::UTC)
    }

    pub(crate) fn format(self, format: &str, zone: &TimeZone) -> String {
        // What lies beyond the calendar was mistyped; the mapping has refused it.
        let at = jiff::Timestamp::from_microsecond(self.at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(zone.clone()).strftime(format).to_string()
    }
}
