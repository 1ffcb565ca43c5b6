//! Feeds that are never silent for long: their silence is told at once, whatever it does to their figures' freshness. Pure.
//!
//! A quiet ward is no fault, and most sources are quiet at night. But the feed of a whole region's admissions, or one whose system
//! sends a message every few seconds to say that it lives, says by its silence that something is broken.

use std::collections::BTreeMap;
use std::time::Duration;

use schemas::Timestamp;

/// A region, and a source system by its HSA-id.
pub type Feed = (Box<str>, Box<str>);

/// For how long a source system is silent at most, by its HSA-id, where somebody has said so.
#[derive(Debug, Clone, Default)]
pub struct Restless(BTreeMap<Box<str>, Duration>);

impl Restless {
    /// Of these source systems.
    pub fn new(silences: impl IntoIterator<Item = (Box<str>, Duration)>) -> Self {
        Self(silences.into_iter().collect())
    }

    /// Which of the feeds have fallen silent, and since when. A feed that was never heard has not.
    pub fn silent(&self, heard: &BTreeMap<Feed, Timestamp>, now: Timestamp) -> BTreeMap<Feed, Timestamp> {
        let is_silent = |source: &str, at: Timestamp| {
            let age = Duration::from_micros(u64::try_from(now.0.saturating_sub(at.0)).unwrap_or(0));
            self.0.get(source).is_some_and(|longest| age > *longest)
        };
        let silent = heard.iter().filter(|((_, source), at)| is_silent(source, **at));
        silent.map(|(feed, at)| (feed.clone(), *at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_feed_that_is_never_silent_so_long_has_fallen_silent() {
        let feed = |region: &str, source: &str| (Box::from(region), Box::from(source));
        let second = |second: i64| Timestamp(second * 1_000_000);
        let heard = BTreeMap::from([
            (feed("01", "a"), second(89)),
            (feed("14", "a"), second(90)),
            (feed("14", "b"), second(1)),
        ]);
        let restless = Restless::new([("a".into(), Duration::from_secs(10))]);
        assert_eq!(restless.silent(&heard, second(100)), BTreeMap::from([(feed("01", "a"), second(89))]));
        assert!(restless.silent(&heard, second(80)).is_empty(), "a clock that was set back");
        assert!(Restless::default().silent(&heard, second(100)).is_empty());
    }
}
