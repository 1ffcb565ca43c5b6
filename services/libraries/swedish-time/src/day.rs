//! Days of Swedish calendars: from one midnight to the next, whatever the clocks do in between.

use jiff::civil::{Date, Time};

use crate::clock::{SECOND, known, nearest, wall};

const DAY: i64 = 86_400 * SECOND;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01.
pub type Day = i32;

/// The number of the day that an instant lies in, of microseconds since 1970 in UTC.
pub fn day(micros: i64) -> Day {
    // All microseconds that a number of 64 bits can hold are of some hundred million days.
    wall(micros).div_euclid(DAY) as Day
}

/// The number of a date.
pub fn day_of(date: Date) -> Day {
    date.duration_since(EPOCH).as_hours().div_euclid(24) as Day
}

/// The first instant of a day, in microseconds since 1970 in UTC.
pub fn day_begin(day: Date) -> i64 {
    nearest(day.to_datetime(Time::midnight()))
}

/// The first instant of the next day, in microseconds since 1970 in UTC.
pub fn day_end(day: Date) -> i64 {
    day.tomorrow().map_or_else(|_| known(i64::MAX).as_microsecond(), day_begin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::date;
    use jiff::Timestamp;

    #[test]
    fn a_day_has_23_hours_when_summer_time_begins_and_25_when_it_ends() {
        let check = |day: &str, begin: &str, hours: i64| {
            let (day, begin): (Date, Timestamp) = (day.parse().unwrap(), begin.parse().unwrap());
            let (begin, end) = (begin.as_microsecond(), day_end(day));
            assert_eq!((day_begin(day), end - begin), (begin, hours * 3_600 * SECOND), "{day}");
            for (instant, of) in
                [(begin - 1, day.yesterday()), (begin, Ok(day)), (end - 1, Ok(day)), (end, day.tomorrow())]
            {
                let of = of.unwrap();
                assert_eq!((date(instant), self::day(instant)), (of, day_of(of)), "{day}");
            }
        };
        check("1970-01-01", "1969-12-31T23:00:00Z", 24);
        check("2026-02-10", "2026-02-09T23:00:00Z", 24);
        check("2026-03-29", "2026-03-28T23:00:00Z", 23);
        check("2026-07-01", "2026-06-30T22:00:00Z", 24);
        check("2026-10-25", "2026-10-24T22:00:00Z", 25);
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!([EPOCH, EPOCH.yesterday().unwrap(), jiff::civil::date(2026, 7, 1)].map(day_of), [0, -1, 20_635]);
        assert!(day(i64::MAX) > 100_000_000 && day(i64::MIN) < -100_000_000);
    }

    #[test]
    fn the_first_and_the_last_day_are_cut_off_with_the_calendar() {
        assert_eq!(day_end(Date::MAX), known(i64::MAX).as_microsecond());
        assert_eq!(day_begin(Date::MIN), known(i64::MIN).as_microsecond());
    }
}
