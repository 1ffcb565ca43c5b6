//! How the services are doing, as Kafka and the store tell.

use std::collections::BTreeMap;

use runtime::fate::FateCounts;
use schemas::Timestamp;

/// What is known; a part that was never answered is `None`.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Source topics and what became of their records.
    pub feeds: Option<Vec<Feed>>,
    /// Records in the topics of what was parked, by topic.
    pub parked: BTreeMap<String, i64>,
    /// When Kafka first answered: what was refused or parked before is no news.
    pub watched: Option<Timestamp>,
    /// When the records of a source topic that broke a rule were last seen to be more than before; without a rule its code is empty.
    pub grown: BTreeMap<(String, Box<str>), Timestamp>,
    /// When Kafka was last asked, and whether it answered.
    pub kafka: Option<(Timestamp, bool)>,
    /// What the store says of its own reading.
    pub deliveries: Option<Vec<Delivery>>,
    /// When the store was last asked, and whether it answered.
    pub store: Option<(Timestamp, bool)>,
}

/// A source topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// `region.<nn>.source.<feed>`.
    pub topic: String,
    /// What became of the records that the processor has consumed.
    pub fates: FateCounts,
    /// Records that it has passed, by its committed offsets.
    pub passed: i64,
    /// Records that lie in Kafka after them.
    pub waiting: i64,
    /// When the oldest of those was written; `None` when there is none, or when Kafka has not told.
    pub oldest: Option<Timestamp>,
    /// Whether a committed offset carries no fates.
    pub is_unreadable: bool,
}

impl State {
    /// Takes in what Kafka has answered, and notes what has grown since it last did.
    pub fn answered(&mut self, feeds: Vec<Feed>, parked: BTreeMap<String, i64>, now: Timestamp) {
        for feed in self.feeds.iter().flat_map(|_| &feeds) {
            let before = self.feeds.iter().flatten().find(|before| before.topic == feed.topic);
            let before: BTreeMap<&str, u64> = before.map(Feed::rejections).unwrap_or_default();
            for (rule, records) in feed.rejections() {
                if before.get(rule).is_none_or(|before| records > *before) {
                    self.grown.insert((feed.topic.clone(), rule.into()), now);
                }
            }
        }
        self.watched.get_or_insert(now);
        (self.feeds, self.parked, self.kafka) = (Some(feeds), parked, Some((now, true)));
    }
}

impl Feed {
    /// Refused and parked records by rule; those of which none is known under an empty code.
    pub fn rejections(&self) -> BTreeMap<&str, u64> {
        let known = self.fates.rules.iter().map(|(rule, records)| (&**rule, *records));
        known.chain(Some(("", self.fates.ruleless()))).filter(|(_, records)| *records > 0).collect()
    }

    /// Minutes since the oldest record was written that waits; `None` when that is not known.
    pub fn minutes(&self, now: Timestamp) -> Option<i64> {
        if self.waiting == 0 {
            return Some(0);
        }
        self.oldest.map(|at| now.0.saturating_sub(at.0).max(0) / 60_000_000)
    }

    /// Records passed of which nothing is known; other than 0 something does not add up.
    pub fn missing(&self) -> i64 {
        self.passed - i64::try_from(self.fates.passed()).unwrap_or(i64::MAX)
    }
}

/// What the store says of its own reading of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The länskod.
    pub region: Box<str>,
    /// Records read: the sum of the positions of its topics.
    pub next_offsets: i64,
    /// When a position last moved.
    pub updated_at: Option<Timestamp>,
    /// Events that had been stored already.
    pub duplicates: i64,
    /// Events that could not be stored.
    pub rejected: i64,
    /// Batches that the projections have still to look at.
    pub unprojected: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(refused: u64, rules: &[(&str, u64)]) -> Feed {
        let rules = rules.iter().map(|(rule, records)| ((*rule).into(), *records)).collect();
        let fates = FateCounts { refused, rules, ..FateCounts::default() };
        Feed { topic: "a".into(), fates, passed: 0, waiting: 2, oldest: None, is_unreadable: false }
    }

    #[test]
    fn a_message_without_a_fate_is_found() {
        let fates = FateCounts { mapped: 5, ignored: 2, refused: 1, events: 7, gone: 1, ..FateCounts::default() };
        let of = |passed| Feed { fates: fates.clone(), passed, ..feed(0, &[]) };
        assert_eq!((of(9).missing(), of(10).missing()), (0, 1));
    }

    #[test]
    fn what_grows_is_told_from_what_was_there() {
        let mut state = State::default();
        let mut answer = |feed, second: i64| {
            state.answered(vec![feed], BTreeMap::new(), Timestamp(second));
            state.grown.iter().map(|((_, rule), at)| (rule.to_string(), at.0)).collect::<Vec<_>>()
        };
        assert_eq!(answer(feed(5, &[("x", 3)]), 1), [], "what was there at the start is no news");
        assert_eq!(answer(feed(5, &[("x", 3)]), 2), []);
        assert_eq!(answer(feed(6, &[("x", 4)]), 3), [("x".to_owned(), 3)]);
        assert_eq!(answer(feed(8, &[("x", 4), ("y", 1)]), 4), [(String::new(), 4), ("x".into(), 3), ("y".into(), 4)]);
        assert_eq!(state.watched, Some(Timestamp(1)));
    }

    #[test]
    fn an_age_that_is_not_known_is_not_zero() {
        let now = Timestamp(600_000_000);
        let of = |waiting, oldest| Feed { waiting, oldest, ..feed(0, &[]) }.minutes(now);
        assert_eq!((of(0, None), of(1, None), of(1, Some(Timestamp(1)))), (Some(0), None, Some(9)));
    }
}
