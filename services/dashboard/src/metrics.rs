//! What the dashboard counts; a field's comment is its help text.

use runtime::labels;
use runtime::metrics::{By, Counter, Family, Gauge, Histogram, Keys, Region};
use schemas::Severity;
use timeline::FindingRule;

labels! {
    /// What became of a record.
    pub enum Fate("fate") {
        /// Part of the live state.
        Applied = "applied",
        /// Not above the watermark of its origin: seen before.
        Replayed = "replayed",
        /// It could not be read; the log names its coordinates.
        Unreadable = "unreadable",
        /// Set aside, for a worker ended at it twice; the log names its coordinates.
        Aside = "aside",
    }
}

/// Labels of a finding; the values are the regions that are followed and the timeline's own rules and levels.
#[derive(Clone, Copy, Debug)]
pub enum RegionRule {}

impl Keys for RegionRule {
    const NAMES: &'static [&'static str] = &["region", "rule", "severity"];
}

runtime::metrics! {
    /// The dashboard's metrics.
    pub struct Metrics {
        /// Records taken from the common topics, by what became of them.
        pub records: By<Fate, Counter> = "records_total",
        /// Records in Kafka that have not been taken, by region.
        pub lag: Family<Region, Gauge> = "lag_records",
        /// Time from the connector's receipt of a message to its effect on the live state.
        pub delay: Histogram = "event_delay_seconds",
        /// 1 while a region's board is parted from the others for a failure of its own and not complete, by region.
        pub region_failed: Family<Region, Gauge> = "region_failed",
        /// Events held in memory.
        pub events_held: Gauge = "events_held",
        /// Events that left memory because their episodes are closed and old.
        pub events_retired: Counter = "events_retired_total",
        /// Times an event's earlier events had to be fetched from the store.
        pub recalls: Counter = "recalls_total",
        /// Findings of the timeline that hold, as far as memory reaches, by region, rule and level.
        pub findings: Family<RegionRule, Gauge> = "timeline_findings",
        /// Wards whose figures are in alarm, by region.
        pub wards_in_alarm: Family<Region, Gauge> = "wards_in_alarm",
        /// Times the live state was built anew from the store.
        pub bootstraps: Counter = "bootstraps_total",
        /// Time to make a board and bring every read address up to date.
        pub turn: Histogram = "turn_seconds",
        /// Addresses that are being read.
        pub topics: Gauge = "views_open",
        /// Readers of streams.
        pub clients: Gauge = "stream_clients",
        /// Readers turned away because all places were taken.
        pub clients_refused: Counter = "stream_clients_refused_total",
        /// Pages, CSV files and API answers served.
        pub answers: Counter = "answers_total",
    }
}

impl Metrics {
    /// Says how many findings a region has of a rule.
    pub fn set_findings(&self, region: &str, rule: FindingRule, count: u32) {
        let level = match rule.entry().severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        self.findings.of(&[region, rule.code(), level]).set(count.into());
    }

    /// Lets every series of a region exist from the start, at zero.
    pub fn begin(&self, region: &str) {
        self.wards_in_alarm.of(&[region]).set(0);
        self.region_failed.of(&[region]).set(0);
        for rule in FindingRule::ALL {
            self.set_findings(region, *rule, 0);
        }
    }
}
