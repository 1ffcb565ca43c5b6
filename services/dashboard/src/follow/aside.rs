//! Records at which a worker ended: known by their coordinates, and set aside at the second time.
//!
//! A record that ends whoever applies it would end every next one too, for starting again leads back to it. So the
//! first end is taken for chance and the second for the record's own. Kept in memory only: a new process tries again,
//! which costs it two starts of that region and lets a mended version take the record.

use std::collections::VecDeque;
use std::fmt;

use data_encoding::HEXLOWER;

/// From so many ends on a record is set aside.
const STRIKES: u32 = 2;
/// Coordinates kept per region; the ones struck longest ago leave first, and would be tried again.
const KEPT_MAX: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Coordinates {
    Topic {
        topic: Box<str>,
        partition: i32,
        offset: i64,
    },
    /// In the store, by the event's id.
    Event(Box<[u8]>),
}

impl fmt::Display for Coordinates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic { topic, partition, offset } => write!(formatter, "{topic}/{partition}/{offset}"),
            Self::Event(id) => write!(formatter, "{}", HEXLOWER.encode_display(id)),
        }
    }
}

/// What ended workers of one region, and how often.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    counts: VecDeque<(Coordinates, u32)>,
    is_careful: bool,
}

impl Strikes {
    /// A worker ended at this record; true when the record is set aside from now on.
    pub(super) fn strike(&mut self, coordinates: Coordinates) -> bool {
        let held = self.counts.iter().position(|(held, _)| *held == coordinates);
        let count = held.and_then(|index| self.counts.remove(index)).map_or(0, |(_, count)| count) + 1;
        if self.counts.len() == KEPT_MAX {
            self.counts.pop_front();
        }
        self.counts.push_back((coordinates, count));
        count >= STRIKES
    }

    /// A worker ended at records that were computed together: from now on each is by itself, so that it can be named.
    pub(super) fn be_careful(&mut self) {
        self.is_careful = true;
    }

    /// Whether records are computed one by one.
    pub(super) fn is_careful(&self) -> bool {
        self.is_careful
    }

    /// The records that are set aside.
    pub(super) fn aside(&self) -> impl Iterator<Item = &Coordinates> {
        self.counts.iter().filter(|(_, count)| *count >= STRIKES).map(|(coordinates, _)| coordinates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: i64) -> Coordinates {
        Coordinates::Topic { topic: "t".into(), partition: 0, offset }
    }

    #[test]
    fn the_second_end_at_a_record_sets_it_aside() {
        let mut strikes = Strikes::default();
        assert!(!strikes.strike(at(1)));
        assert!(!strikes.strike(at(2)) && !strikes.strike(Coordinates::Event([1].into())));
        assert_eq!(strikes.aside().count(), 0);
        assert!(strikes.strike(at(1)));
        assert_eq!(strikes.aside().collect::<Vec<_>>(), [&at(1)]);
        assert_eq!(at(1).to_string(), "t/0/1");
        assert_eq!(Coordinates::Event([10, 255].into()).to_string(), "0aff");
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_leaves() {
        let mut strikes = Strikes::default();
        for offset in 0..2 * KEPT_MAX as i64 {
            strikes.strike(at(offset));
        }
        assert_eq!(strikes.counts.len(), KEPT_MAX);
        assert!(strikes.strike(at(2 * KEPT_MAX as i64 - 1)), "the newest is kept");
        assert!(!strikes.strike(at(0)), "the oldest has left");
    }
}
