//! Many intervals in days, kept as a count per number of days: exact medians without a list of contacts.
//!
//! A sorted vector and not a tree: there can be tens of thousands of groups with four of these each, most of them small,
//! and the time goes where memory is scattered. A new number of days moves those after it, but a group meets only some
//! hundred different ones.

use std::ops::RangeInclusive;

use swedish_time::Day;

/// How many contacts had how many days.
#[derive(Debug, Default)]
pub(super) struct Days {
    /// Sorted by day; each day once.
    counts: Vec<(Day, u32)>,
    count: u64,
    sum: i64,
}

impl Days {
    pub(super) fn add(&mut self, day: Day) {
        self.add_many(day, 1);
    }

    pub(super) fn merge(&mut self, other: &Days) {
        for (day, count) in &other.counts {
            self.add_many(*day, *count);
        }
    }

    fn add_many(&mut self, day: Day, count: u32) {
        match self.counts.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(place) => self.counts[place].1 += count,
            Err(place) => self.counts.insert(place, (day, count)),
        }
        self.count += u64::from(count);
        self.sum += i64::from(day) * i64::from(count);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Contacts with so many days.
    pub(super) fn within(&self, days: RangeInclusive<Day>) -> u64 {
        let from = self.counts.partition_point(|(day, _)| day < days.start());
        let days = self.counts[from..].iter().take_while(|(day, _)| days.contains(day));
        days.map(|(_, count)| u64::from(*count)).sum()
    }

    /// The arithmetic mean; none without contacts.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The middle value, or the mean of the middle two; none without contacts. Always whole or a half.
    pub(super) fn median(&self) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let (lower, upper) = (self.at(last / 2)?, self.at(self.count / 2)?);
        Some((i64::from(lower) + i64::from(upper)) as f64 / 2.0)
    }

    /// The median of at least so many: of fewer it would be somebody's own.
    pub(super) fn median_of(&self, least: u32) -> Option<f64> {
        self.median().filter(|_| self.count >= u64::from(least))
    }

    /// The value at a place, from 0, when all are sorted.
    fn at(&self, place: u64) -> Option<Day> {
        let mut passed = 0;
        for (day, count) in &self.counts {
            passed += u64::from(*count);
            if place < passed {
                return Some(*day);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: &[Day], median: Option<f64>, mean: Option<f64>) {
        let mut all = Days::default();
        for day in days {
            all.add(*day);
        }
        assert_eq!((all.median(), all.mean()), (median, mean), "{days:?}");
        let (mut left, mut right) = (Days::default(), Days::default());
        for (index, day) in days.iter().enumerate() {
            if index % 2 == 0 { left.add(*day) } else { right.add(*day) }
        }
        left.merge(&right);
        assert_eq!((left.median(), left.mean()), (median, mean), "merged {days:?}");
    }

    #[test]
    fn medians_are_the_middle_or_between_the_middle_two() {
        check(&[], None, None);
        check(&[7], Some(7.0), Some(7.0));
        check(&[1, 2], Some(1.5), Some(1.5));
        check(&[9, 1, 2], Some(2.0), Some(4.0));
        check(&[3, 3, 3, 100], Some(3.0), Some(27.25));
        check(&[-4, -3], Some(-3.5), Some(-3.5));
        check(&[0, 0, 0, -1, 5, 5], Some(0.0), Some(1.5));
    }
}
