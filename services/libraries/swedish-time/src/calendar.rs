//! What Swedish clocks show, for millions of instants.
//!
//! The time zone database is asked once per stretch between two changes of the clock; millions of instants of some years
//! then cost a search among a few dozen stretches each. There are at most two changes a year, which bounds what is kept.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::clock::{SECOND, known};
use crate::day::Day;
use crate::zone::zone;

const DAY_SECONDS: i64 = 86_400;

/// Swedish wall-clock time that remembers the offsets it has looked up. Keep one per thread.
#[derive(Debug, Default)]
pub struct Calendar {
    /// Sorted and disjoint.
    stretches: Vec<Stretch>,
}

/// From one change of the clock to the next.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Timestamp,
    until: Timestamp,
    offset: Offset,
}

impl Calendar {
    /// Nothing is looked up yet.
    pub fn new() -> Calendar {
        Calendar::default()
    }

    /// [`crate::day()`], from memory.
    pub fn day(&mut self, micros: i64) -> Day {
        let offset = self.offset(known(micros));
        let local = micros.div_euclid(SECOND) + i64::from(offset.seconds());
        local.div_euclid(DAY_SECONDS) as Day
    }

    /// [`crate::local`], from memory.
    pub fn local(&mut self, micros: i64) -> DateTime {
        let moment = known(micros);
        self.offset(moment).to_datetime(moment)
    }

    fn offset(&mut self, moment: Timestamp) -> Offset {
        let place = self.stretches.partition_point(|stretch| stretch.until <= moment);
        if let Some(stretch) = self.stretches.get(place)
            && stretch.from <= moment
        {
            return stretch.offset;
        }
        let stretch = Stretch::around(moment);
        self.stretches.insert(place, stretch);
        stretch.offset
    }
}

impl Stretch {
    fn around(moment: Timestamp) -> Stretch {
        let until = zone().following(moment).next().map_or(Timestamp::MAX, |change| change.timestamp());
        // A change at this very moment begins the stretch; `preceding` alone would give the one before it.
        let after = moment.checked_add(jiff::SignedDuration::from_micros(1)).unwrap_or(Timestamp::MAX);
        let from = zone().preceding(after).next().map_or(Timestamp::MIN, |change| change.timestamp());
        Stretch { from, until, offset: zone().to_offset(moment) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{day, local};

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn remembered_offsets_are_those_of_the_time_zone_database() {
        let mut calendar = Calendar::new();
        // Around both changes of 1980 to 2039, in an order that fills the memory from the middle.
        for step in 0..40_000_i64 {
            let hours = (step * 7_919) % (60 * 366 * 24);
            let instant = at("1980-01-01T00:00:00Z") + hours * 3_600 * SECOND;
            assert_eq!((calendar.local(instant), calendar.day(instant)), (local(instant), day(instant)), "{instant}");
        }
        for edge in ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z"] {
            let expected = local(at(edge));
            assert_eq!(Calendar::new().local(at(edge)), expected, "{edge}");
            assert_eq!(calendar.local(at(edge)), expected, "{edge}");
        }
        assert!(calendar.stretches.len() <= 2 * 62, "{}", calendar.stretches.len());
    }

    #[test]
    fn impossible_times_have_a_day_and_take_no_room() {
        let mut calendar = Calendar::new();
        for instant in [i64::MAX, i64::MIN, i64::MAX, i64::MIN] {
            assert_eq!(calendar.day(instant), day(instant));
        }
        assert_eq!(calendar.stretches.len(), 2, "each is remembered once");
    }
}
