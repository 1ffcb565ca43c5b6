//! What Swedish clocks show at an instant, and when they show a time.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::zone::zone;

pub(crate) const SECOND: i64 = 1_000_000;

/// The date and time that the clocks show, of microseconds since 1970 in UTC.
pub fn local(micros: i64) -> DateTime {
    zone().to_datetime(known(micros))
}

/// The date that the calendars show, of microseconds since 1970 in UTC.
pub fn date(micros: i64) -> Date {
    local(micros).date()
}

/// How far the clocks are ahead of UTC then, of microseconds since 1970 in UTC.
pub fn offset_seconds(micros: i64) -> i64 {
    i64::from(zone().to_offset(known(micros)).seconds())
}

/// Microseconds from midnight of 1970-01-01 to what the clocks show, as if they had never been changed: the form of columns
/// that have no zone. Of microseconds since 1970 in UTC.
pub fn wall(micros: i64) -> i64 {
    micros.saturating_add(offset_seconds(micros) * SECOND)
}

/// When the clocks show a time, in microseconds since 1970 in UTC. Of two such instants the first; a time that is left out
/// is as long after the change as it would have been without. `None` beyond the calendar.
pub fn instant(local: DateTime) -> Option<i64> {
    zone().to_ambiguous_timestamp(local).compatible().ok().map(Timestamp::as_microsecond)
}

/// The same; beyond the calendar it is its end.
pub(crate) fn nearest(local: DateTime) -> i64 {
    instant(local).unwrap_or_else(|| known(if local.year() < 0 { i64::MIN } else { i64::MAX }).as_microsecond())
}

/// The instant; beyond the calendar its end.
pub(crate) fn known(micros: i64) -> Timestamp {
    let within = micros.clamp(Timestamp::MIN.as_second() * SECOND, Timestamp::MAX.as_second() * SECOND);
    Timestamp::from_microsecond(within).expect("it lies within the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn the_clocks_are_an_hour_ahead_in_winter_and_two_in_summer() {
        let check = |instant: &str, shown: &str, offset: i64| {
            assert_eq!(local(at(instant)).to_string(), shown);
            assert_eq!(date(at(instant)).to_string(), shown[..10]);
            assert_eq!(offset_seconds(at(instant)), offset, "{instant}");
            assert_eq!(wall(at(instant)), at(&format!("{shown}Z")), "{instant}");
        };
        check("1969-12-31T22:59:00Z", "1969-12-31T23:59:00", 3_600);
        check("1970-01-01T23:30:00Z", "1970-01-02T00:30:00", 3_600);
        check("2026-03-29T00:59:59Z", "2026-03-29T01:59:59", 3_600);
        check("2026-03-29T01:00:00Z", "2026-03-29T03:00:00", 7_200);
        check("2026-06-30T22:00:00Z", "2026-07-01T00:00:00", 7_200);
        check("2026-10-25T00:59:59Z", "2026-10-25T02:59:59", 7_200);
        check("2026-10-25T01:00:00Z", "2026-10-25T02:00:00", 3_600);
    }

    #[test]
    fn a_repeated_time_is_the_first_and_one_that_is_left_out_is_an_hour_later() {
        let check = |shown: &str, expected: &str| {
            assert_eq!(instant(shown.parse().unwrap()), Some(at(expected)), "{shown}");
        };
        check("2026-10-25T02:30:00", "2026-10-25T00:30:00Z");
        check("2026-10-25T03:00:00", "2026-10-25T02:00:00Z");
        check("2026-03-29T02:30:00", "2026-03-29T01:30:00Z");
        check("2026-03-29T03:30:00", "2026-03-29T01:30:00Z");
    }

    #[test]
    fn beyond_the_calendar_is_its_end() {
        assert_eq!(local(i64::MAX).year(), 9_999);
        assert_eq!(local(i64::MIN).year(), -9_999);
        assert!(wall(i64::MAX) == i64::MAX && wall(i64::MIN) < 0);
        assert_eq!(instant(DateTime::MAX), None);
        assert_eq!(nearest(DateTime::MAX), known(i64::MAX).as_microsecond());
        assert_eq!(nearest(DateTime::MIN), known(i64::MIN).as_microsecond());
    }
}
