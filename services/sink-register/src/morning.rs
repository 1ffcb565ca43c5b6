//! Swedish mornings and wall-clock texts.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use schemas::Timestamp;

use parcel::Month;

/// The hour of the national count (SKR, every morning since 2012).
const HOUR: i8 = 6;

/// The days of a month with the instant of each one's 06:00, by Swedish clocks, in order.
pub(crate) fn mornings(month: Month) -> Vec<(Date, Timestamp)> {
    let days = month.first_day().series(jiff::Span::new().days(1)).take_while(|day| *day <= month.last_day());
    days.map(|day| (day, at(day))).collect()
}

/// 06:00 exists once on every day: Swedish clocks change at 02:00 and 03:00.
fn at(day: Date) -> Timestamp {
    let instant = zone().to_ambiguous_timestamp(day.at(HOUR, 0, 0, 0)).compatible();
    Timestamp(instant.expect("days of years 1000 to 9999 have a 06:00").as_microsecond())
}

/// The local date and time. Times beyond the calendar are its ends: the source mistyped them.
pub(crate) fn clock(at: Timestamp) -> DateTime {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    zone().to_datetime(jiff::Timestamp::from_microsecond(at.0).unwrap_or(end))
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Stockholm").expect("the time zones are inside the program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_o_clock_follows_the_change_of_clocks() {
        let instant = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        let march = mornings("2026-03".parse().unwrap());
        assert_eq!(march.len(), 31);
        assert_eq!(march[27], (jiff::civil::date(2026, 3, 28), instant("2026-03-28T05:00:00Z")));
        assert_eq!(march[28].1, instant("2026-03-29T04:00:00Z"));
        assert_eq!(mornings("2026-10".parse().unwrap())[24].1, instant("2026-10-25T05:00:00Z"));
        assert_eq!(clock(instant("2026-03-29T04:00:00Z")).to_string(), "2026-03-29T06:00:00");
    }
}
