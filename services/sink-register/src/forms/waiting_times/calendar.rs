//! Calendar days and wall-clock times in Sweden.
//!
//! A wait is counted in calendar days of Europe/Stockholm, so two moments of one UTC day can be a day apart. The time zone
//! database is asked once per stretch between two changes of the clock; millions of contacts of some years then cost a
//! search among a few dozen stretches each. There are at most two changes a year, which bounds what is kept.

use jiff::{
    Timestamp as Moment,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};
use schemas::Timestamp;

const DAY_SECONDS: i64 = 86_400;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01.
pub(super) type Day = i32;

/// Swedish wall-clock time; remembers the offsets that it has looked up.
#[derive(Debug)]
pub(super) struct Calendar {
    zone: TimeZone,
    /// Sorted and disjoint.
    stretches: Vec<Stretch>,
}

/// From one change of the clock to the next.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Moment,
    /// Not included.
    until: Moment,
    offset: Offset,
}

impl Calendar {
    pub(super) fn new() -> Calendar {
        let zone =
            TimeZone::get("Europe/Stockholm").expect("the time zone database is built in (jiff, tzdb-bundle-always)");
        Calendar { zone, stretches: Vec::new() }
    }

    /// The local day of a moment.
    pub(super) fn day(&mut self, at: Timestamp) -> Day {
        let moment = moment(at);
        let local = moment.as_microsecond().div_euclid(1_000_000) + i64::from(self.offset(moment).seconds());
        // jiff's moments end in the years -9999 and 9999: fewer than four million days.
        local.div_euclid(DAY_SECONDS) as Day
    }

    /// The local date and time of a moment.
    pub(super) fn clock(&mut self, at: Timestamp) -> DateTime {
        let moment = moment(at);
        self.offset(moment).to_datetime(moment)
    }

    fn offset(&mut self, moment: Moment) -> Offset {
        let place = self.stretches.partition_point(|stretch| stretch.until <= moment);
        if let Some(stretch) = self.stretches.get(place)
            && stretch.from <= moment
        {
            return stretch.offset;
        }
        let stretch = self.stretch(moment);
        self.stretches.insert(place, stretch);
        stretch.offset
    }

    fn stretch(&self, moment: Moment) -> Stretch {
        let until = self.zone.following(moment).next().map_or(Moment::MAX, |change| change.timestamp());
        // A change at this very moment begins the stretch; `preceding` alone would give the one before it.
        let after = moment.checked_add(jiff::SignedDuration::from_micros(1)).unwrap_or(Moment::MAX);
        let from = self.zone.preceding(after).next().map_or(Moment::MIN, |change| change.timestamp());
        Stretch { from, until, offset: self.zone.to_offset(moment) }
    }
}

/// The number of a date.
pub(super) fn day_of(date: Date) -> Day {
    date.duration_since(EPOCH).as_hours().div_euclid(24) as Day
}

/// Times beyond jiff's range are its ends: they are mistypings, and a wait of millennia shows them.
fn moment(at: Timestamp) -> Moment {
    Moment::from_microsecond(at.0).unwrap_or(if at.0 < 0 { Moment::MIN } else { Moment::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<Moment>().unwrap().as_microsecond())
    }

    #[test]
    fn days_begin_at_swedish_midnight() {
        let mut calendar = Calendar::new();
        let day = day_of(jiff::civil::date(2026, 2, 10));
        assert_eq!(calendar.day(at("2026-02-09T22:59:59Z")), day - 1);
        assert_eq!(calendar.day(at("2026-02-09T23:00:00Z")), day);
        let summer = day_of(jiff::civil::date(2026, 7, 1));
        assert_eq!(calendar.day(at("2026-06-30T21:59:59.999999Z")), summer - 1);
        assert_eq!(calendar.day(at("2026-06-30T22:00:00Z")), summer);
    }

    #[test]
    fn remembered_offsets_are_those_of_the_time_zone_database() {
        let mut calendar = Calendar::new();
        // Around both changes of 1980 to 2039, in an order that fills the memory from the middle.
        for step in 0..40_000_i64 {
            let hours = (step * 7_919) % (60 * 366 * 24);
            let moment = "1980-01-01T00:00:00Z".parse::<Moment>().unwrap() + jiff::SignedDuration::from_hours(hours);
            let expected = calendar.zone.to_datetime(moment);
            assert_eq!(calendar.clock(Timestamp(moment.as_microsecond())), expected, "{moment}");
            assert_eq!(calendar.day(Timestamp(moment.as_microsecond())), day_of(expected.date()), "{moment}");
        }
        for edge in ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z"] {
            let mut fresh = Calendar::new();
            let expected = fresh.zone.to_datetime(edge.parse().unwrap());
            assert_eq!(fresh.clock(at(edge)), expected, "{edge}");
            assert_eq!(calendar.clock(at(edge)), expected, "{edge}");
        }
        assert!(calendar.stretches.len() <= 2 * 62, "{}", calendar.stretches.len());
    }

    #[test]
    fn impossible_times_do_not_stop_the_extract() {
        let mut calendar = Calendar::new();
        assert!(calendar.day(Timestamp(i64::MAX)) > calendar.day(Timestamp(i64::MIN)));
    }
}
