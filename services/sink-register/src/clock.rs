//! Instants as Swedish clocks show them: the model's times have no zone.

use jiff::tz::TimeZone;
use schemas::Timestamp;

const DAY_MICROS: i64 = 86_400_000_000;

/// Swedish time.
pub(crate) struct Clock(TimeZone);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(TimeZone::get("Europe/Stockholm").expect("the time zones are inside the program"))
    }

    /// Microseconds since 1970 began by that clock.
    pub(crate) fn wall(&self, instant: Timestamp) -> i64 {
        // Times outside of the calendar are the source's mistakes; the store has none.
        let Ok(known) = jiff::Timestamp::from_microsecond(instant.0) else { return instant.0 };
        instant.0 + i64::from(self.0.to_offset(known).seconds()) * 1_000_000
    }

    /// Days since 1970.
    pub(crate) fn day(&self, instant: Timestamp) -> i32 {
        i32::try_from(self.wall(instant).div_euclid(DAY_MICROS)).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swedish_day_begins_before_the_utc_one() {
        let check = |instant: &str, day: i32, wall: i64| {
            let instant = Timestamp(instant.parse::<jiff::Timestamp>().unwrap().as_microsecond());
            let clock = Clock::new();
            assert_eq!((clock.day(instant), clock.wall(instant)), (day, wall));
        };
        check("1970-01-01T23:30:00Z", 1, 88_200_000_000);
        check("2026-06-30T22:00:00Z", 20_635, 20_635 * DAY_MICROS);
        check("1969-12-31T22:59:00Z", -1, -60_000_000);
    }
}
