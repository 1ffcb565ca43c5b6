//! What the dashboard counts; a field's comment is its help text.

use runtime::labels;
use runtime::metrics::{By, Counter, Family, Gauge, Histogram, Region};

labels! {
    /// What became of a record.
    pub enum Fate("fate") {
        /// Part of the live state.
        Applied = "applied",
        /// Not above the watermark of its origin: seen before.
        Replayed = "replayed",
        /// It could not be read; the log names its coordinates.
        Unreadable = "unreadable",
    }
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
        /// Events held in memory.
        pub events_held: Gauge = "events_held",
        /// Events that left memory because their episodes are closed and old.
        pub events_retired: Counter = "events_retired_total",
        /// Times an event's earlier events had to be fetched from the store.
        pub recalls: Counter = "recalls_total",
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
