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
    /// Whether a committed offset carries no fates.
    pub is_unreadable: bool,
}

impl Feed {
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
