//! Whether data still come. Pure.
//!
//! A board is true at the instant of the newest event in it, and of the instants after that only as long as Kafka answers that
//! there is nothing newer. When it answers nothing, or nobody takes its answers, data have stopped, and the board says so.

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::Timestamp;

/// The last answer of Kafka that was taken for a region.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// When, by the board's clock.
    pub at: Timestamp,
    /// How long ago, by a clock that nobody sets.
    pub age: Duration,
}

/// Regions whose data have stopped, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stopped {
    since: BTreeMap<Box<str>, Timestamp>,
    /// Some region's data come.
    others_come: bool,
}

impl Stopped {
    /// Judges the last answers, by region: older than `silence_max` means stopped. A region that was never answered for is not
    /// here: it is being read.
    pub fn of<'a>(answers: impl IntoIterator<Item = (&'a str, Answer)>, silence_max: Duration) -> Self {
        let mut stopped = Self::default();
        for (region, answer) in answers {
            if answer.age > silence_max {
                stopped.since.insert(region.into(), answer.at);
            } else {
                stopped.others_come = true;
            }
        }
        stopped
    }

    /// Since when nothing of a region, or of the first of all regions to stop, has come.
    pub fn since(&self, region: Option<&str>) -> Option<Timestamp> {
        match region {
            Some(region) => self.since.get(region).copied(),
            None => self.since.values().copied().min(),
        }
    }

    /// The regions.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.since.keys().map(AsRef::as_ref)
    }

    /// Whether data of every region have stopped.
    pub fn is_all(&self) -> bool {
        !self.since.is_empty() && !self.others_come
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_stopped_when_its_last_answer_is_too_old() {
        let answer = |at: i64, seconds: u64| Answer { at: Timestamp(at), age: Duration::from_secs(seconds) };
        let of = |answers: &[(&'static str, Answer)]| Stopped::of(answers.iter().copied(), Duration::from_secs(8));
        assert_eq!(of(&[]), Stopped::default());
        assert_eq!(of(&[("01", answer(5, 8))]).since(None), None);
        let one = of(&[("01", answer(5, 9)), ("14", answer(7, 0))]);
        assert_eq!((one.since(Some("01")), one.since(Some("14"))), (Some(Timestamp(5)), None));
        assert_eq!((one.since(None), one.is_all()), (Some(Timestamp(5)), false));
        let both = of(&[("01", answer(5, 9)), ("14", answer(3, 20))]);
        assert_eq!((both.since(None), both.is_all()), (Some(Timestamp(3)), true));
        assert_eq!(both.regions().collect::<Vec<_>>(), ["01", "14"]);
    }
}
