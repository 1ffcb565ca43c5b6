use rdkafka::TopicPartitionList;

use super::Metrics;
use super::slot::Slot;
use crate::fate::FateCounts;
use crate::metrics::{Counter, Gauge};
use crate::origin;

/// A partition this process holds, or held until the last receipt that is outstanding.
pub(super) struct Held {
    pub(super) route: usize,
    pub(super) topic: String,
    pub(super) partition: i32,
    /// False once it belongs to someone else.
    pub(super) owned: bool,
    pub(super) epoch: u64,
    pub(super) slot: Slot,
    pub(super) origins: origin::Writer,
    meters: Meters,
}

/// The partition's own metrics, kept at hand so that counting is an addition and not a search.
struct Meters {
    mapped: Counter,
    ignored: Counter,
    refused: Counter,
    parked: Counter,
    events: Counter,
    lag: Gauge,
    gone: Gauge,
}

const FATES: [&str; 4] = ["mapped", "ignored", "refused", "parked"];

impl Held {
    /// Takes a partition on; its metrics go on from the counts that came with its offset.
    pub(super) fn new(route: usize, topic: &str, partition: i32, slot: Slot, epoch: u64, metrics: &Metrics) -> Self {
        let number = partition.to_string();
        let [mapped, ignored, refused, parked] = FATES.map(|fate| metrics.records.of(&[topic, &number, fate]));
        let labels = [topic, &number];
        let (events, lag, gone) = (metrics.events.of(&labels), metrics.lag.of(&labels), metrics.gone.of(&labels));
        let meters = Meters { mapped, ignored, refused, parked, events, lag, gone };
        let origins = origin::Writer::new(topic, partition);
        let held = Self { route, topic: topic.to_owned(), partition, owned: true, epoch, slot, origins, meters };
        held.count(held.slot.counts());
        held.meters.gone.set(i64::try_from(held.slot.counts().gone).unwrap_or(i64::MAX));
        held
    }

    /// Gives the partition up; its metrics go with it, so that the sum over all instances stays exact.
    pub(super) fn disown(&mut self, metrics: &Metrics) {
        self.owned = false;
        let number = self.partition.to_string();
        for fate in FATES {
            metrics.records.remove(&[&self.topic, &number, fate]);
        }
        metrics.events.remove(&[&self.topic, &number]);
        metrics.lag.remove(&[&self.topic, &number]);
        metrics.gone.remove(&[&self.topic, &number]);
    }

    /// Whether this is that partition, and still ours.
    pub(super) fn is(&self, topic: &str, partition: i32) -> bool {
        self.owned && self.partition == partition && self.topic == topic
    }

    /// Whether this partition is in the list.
    pub(super) fn is_in(&self, list: &TopicPartitionList) -> bool {
        list.find_partition(&self.topic, self.partition).is_some()
    }

    /// Adds fates that were settled.
    pub(super) fn count(&self, counts: &FateCounts) {
        self.meters.mapped.inc_by(counts.mapped);
        self.meters.ignored.inc_by(counts.ignored);
        self.meters.refused.inc_by(counts.refused);
        self.meters.parked.inc_by(counts.parked);
        self.meters.events.inc_by(counts.events);
    }

    /// Shows how far the partition's end is.
    pub(super) fn show_lag(&self, end: i64) {
        self.meters.lag.set((end - self.slot.next()).max(0));
    }
}
