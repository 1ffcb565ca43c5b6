//! Mornings: 06:00, when beds are counted all over the country.

use jiff::civil::Date;

use crate::clock::{date, nearest};

/// The hour of the national count (SKR, every morning since 2012).
const HOUR: i8 = 6;

/// 06:00 of a day, in microseconds since 1970 in UTC. It exists once on every day: clocks change at 02:00 and 03:00.
pub fn morning(day: Date) -> i64 {
    nearest(day.at(HOUR, 0, 0, 0))
}

/// The days from one to another, both included, each with its 06:00, in order.
pub fn mornings(first: Date, last: Date) -> impl Iterator<Item = (Date, i64)> {
    let days = first.series(jiff::Span::new().days(1)).take_while(move |day| *day <= last);
    days.map(|day| (day, morning(day)))
}

/// The last 06:00 that is not after an instant, both in microseconds since 1970 in UTC: the cut-off of morning figures.
pub fn last_morning(micros: i64) -> i64 {
    let today = date(micros);
    let at = morning(today);
    if at <= micros { at } else { morning(today.yesterday().unwrap_or(today)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn six_o_clock_follows_the_change_of_clocks() {
        let month = |first: &str| {
            let first: Date = first.parse().unwrap();
            mornings(first, first.last_of_month()).collect::<Vec<_>>()
        };
        let march = month("2026-03-01");
        assert_eq!(march.len(), 31);
        assert_eq!(march[27], (jiff::civil::date(2026, 3, 28), at("2026-03-28T05:00:00Z")));
        assert_eq!(march[28].1, at("2026-03-29T04:00:00Z"));
        assert_eq!(month("2026-10-01")[24].1, at("2026-10-25T05:00:00Z"));
        assert_eq!(mornings(march[1].0, march[0].0).count(), 0);
    }

    #[test]
    fn the_last_morning_is_of_the_day_before_until_it_has_come() {
        for (now, last) in [
            ("2026-10-24T10:00:00Z", "2026-10-24T04:00:00Z"),
            ("2026-10-25T10:00:00Z", "2026-10-25T05:00:00Z"),
            ("2026-10-25T05:00:00Z", "2026-10-25T05:00:00Z"),
            ("2026-10-25T04:59:59Z", "2026-10-24T04:00:00Z"),
            // Half past midnight after the day of 23 hours, and a quarter to midnight of the day of 25.
            ("2026-03-29T22:30:00Z", "2026-03-29T04:00:00Z"),
            ("2026-10-25T22:45:00Z", "2026-10-25T05:00:00Z"),
        ] {
            assert_eq!(last_morning(at(now)), at(last), "{now}");
        }
        assert!(last_morning(i64::MIN) < last_morning(i64::MAX));
    }
}
