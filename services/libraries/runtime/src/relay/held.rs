use rdkafka::TopicPartitionList;

use super::Metrics;
use super::slot::Slot;
use crate::fate::FateCounts;
use crate::metrics::{Counter, Gauge, Taken};
use crate::origin;

/// A partition this process holds, or held until the last receipt that is outstanding.
pub(super) struct Held {
    pub(super) route: usize,
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) epoch: u64,
    pub(super) slot: Slot,
    pub(super) origins: origin::Writer,
    /// Nothing once it belongs to someone else.
    meters: Option<Meters>,
}

/// The partition's own metrics, kept at hand so that counting is an addition and not a search. They go when this does, so that the
/// sum over all holders stays exact, also where one ends without giving anything up.
struct Meters {
    mapped: Taken<Counter>,
    ignored: Taken<Counter>,
    refused: Taken<Counter>,
    parked: Taken<Counter>,
    events: Taken<Counter>,
    lag: Taken<Gauge>,
    /// Said once.
    _gone: Taken<Gauge>,
}

const FATES: [&str; 4] = ["mapped", "ignored", "refused", "parked"];

impl Held {
    /// Takes a partition on; its metrics go on from the counts that came with its offset.
    pub(super) fn new(route: usize, topic: &str, partition: i32, slot: Slot, epoch: u64, metrics: &Metrics) -> Self {
        let number = partition.to_string();
        let [mapped, ignored, refused, parked] = FATES.map(|fate| metrics.records.take(&[topic, &number, fate]));
        let labels = [topic, &number];
        let (events, lag, gone) = (metrics.events.take(&labels), metrics.lag.take(&labels), metrics.gone.take(&labels));
        gone.set(i64::try_from(slot.counts().gone).unwrap_or(i64::MAX));
        let meters = Some(Meters { mapped, ignored, refused, parked, events, lag, _gone: gone });
        let origins = origin::Writer::new(topic, partition);
        let held = Self { route, topic: topic.to_owned(), partition, epoch, slot, origins, meters };
        held.count(held.slot.counts());
        held
    }

    /// Gives the partition up, and its metrics with it.
    pub(super) fn disown(&mut self) {
        self.meters = None;
    }

    /// Whether it is ours, or only waits for receipts.
    pub(super) fn is_owned(&self) -> bool {
        self.meters.is_some()
    }

    /// Whether this is that partition, and still ours.
    pub(super) fn is(&self, topic: &str, partition: i32) -> bool {
        self.is_owned() && self.partition == partition && self.topic == topic
    }

    /// Whether this partition is in the list.
    pub(super) fn is_in(&self, list: &TopicPartitionList) -> bool {
        list.find_partition(&self.topic, self.partition).is_some()
    }

    /// Adds fates that were settled.
    pub(super) fn count(&self, counts: &FateCounts) {
        let Some(meters) = &self.meters else { return };
        meters.mapped.inc_by(counts.mapped);
        meters.ignored.inc_by(counts.ignored);
        meters.refused.inc_by(counts.refused);
        meters.parked.inc_by(counts.parked);
        meters.events.inc_by(counts.events);
    }

    /// Shows how far the partition's end is.
    pub(super) fn show_lag(&self, end: i64) {
        if let Some(meters) = &self.meters {
            meters.lag.set((end - self.slot.next()).max(0));
        }
    }
}
