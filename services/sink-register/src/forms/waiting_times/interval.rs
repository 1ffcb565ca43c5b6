//! The six intervals that SKR shows waits in.

use std::ops::RangeInclusive;

use swedish_time::Day;

use super::figures::GUARANTEE_DAYS;

/// Waits from one number of days to another.
#[derive(Debug)]
pub(super) struct Interval {
    pub(super) column: &'static str,
    pub(super) name: &'static str,
    from: Day,
    to: Day,
}

/// All of them, together every wait that is counted.
pub(super) const INTERVALS: [Interval; 6] = [
    Interval { column: "days_0_30", name: "0-30", from: 0, to: 30 },
    Interval { column: "days_31_60", name: "31-60", from: 31, to: 60 },
    Interval { column: "days_61_90", name: "61-90", from: 61, to: 90 },
    Interval { column: "days_91_120", name: "91-120", from: 91, to: 120 },
    Interval { column: "days_121_180", name: "121-180", from: 121, to: 180 },
    Interval { column: "days_over_180", name: ">180", from: 181, to: Day::MAX },
];

impl Interval {
    /// Its days.
    pub(super) fn days(&self) -> RangeInclusive<Day> {
        self.from..=self.to
    }

    /// Whether its waits are within the care guarantee; the guarantee ends where an interval ends.
    pub(super) fn is_within_guarantee(&self) -> bool {
        self.to <= GUARANTEE_DAYS
    }
}
