//! What the store counts.

use runtime::metrics::{By, Counter, Family, Gauge, Histogram, Region};

use crate::batch::Rejection;

runtime::labels! {
    /// How a batch was written.
    pub enum Path("path") {
        /// Straight into the region's partition.
        Fast = "fast",
        /// Through a temporary table, because the source had sent something again.
        Safe = "safe",
    }
}

runtime::labels! {
    /// Why a record was set aside.
    pub enum Reason("reason") {
        /// See [`Rejection::OriginMalformed`].
        OriginMalformed = "origin-malformed",
        /// See [`Rejection::NotDecodable`].
        NotDecodable = "not-decodable",
        /// See [`Rejection::SchemaUnknown`].
        SchemaUnknown = "schema-unknown",
        /// See [`Rejection::EventIdMalformed`].
        EventIdMalformed = "event-id-malformed",
        /// See [`Rejection::RegionForeign`].
        RegionForeign = "region-foreign",
        /// See [`Rejection::TimeImpossible`].
        TimeImpossible = "time-impossible",
        /// See [`Rejection::RowRefused`].
        RowRefused = "row-refused",
        /// See [`Rejection::Panicked`].
        Panicked = "panicked",
    }
}

impl From<Rejection> for Reason {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::OriginMalformed => Self::OriginMalformed,
            Rejection::NotDecodable => Self::NotDecodable,
            Rejection::SchemaUnknown => Self::SchemaUnknown,
            Rejection::EventIdMalformed => Self::EventIdMalformed,
            Rejection::RegionForeign => Self::RegionForeign,
            Rejection::TimeImpossible => Self::TimeImpossible,
            Rejection::RowRefused => Self::RowRefused,
            Rejection::Panicked => Self::Panicked,
        }
    }
}

runtime::metrics! {
    pub struct Metrics {
        /// Events added to the store.
        pub rows: Counter = "rows_total",
        /// Events that the source had sent before.
        pub duplicates: Counter = "duplicates_total",
        /// Statements of persons about the use of their data that have come to hold.
        pub objections: Counter = "objections_total",
        /// Events taken out or left out, because their person is erased.
        pub erased: Counter = "erased_events_total",
        /// Records that a processor had written before (one-compare rule).
        pub replayed: Counter = "replayed_total",
        /// Records set aside, by reason; delivery.rejected has their coordinates.
        pub rejected: By<Reason, Counter> = "rejected_total",
        /// Transactions that stored a batch, by path.
        pub transactions: By<Path, Counter> = "transactions_total",
        /// Time of a transaction that stored a batch.
        pub transaction: Histogram = "transaction_seconds",
        /// Time of a transaction that computed projections.
        pub projection: Histogram = "projection_seconds",
        /// Events read to compute projections.
        pub projection_events: Counter = "projection_events_total",
        /// Events of the largest projection step since start; a placeholder used as identity makes it grow for ever.
        pub projection_events_max: Gauge = "projection_events_max",
        /// Stays that projections removed or added.
        pub projection_stays: Counter = "projection_stays_total",
        /// Time from an event's reception by the connector to its commit here.
        pub end_to_end: Histogram = "end_to_end_seconds",
        /// Records in Kafka that are not stored yet, by region.
        pub lag: Family<Region, Gauge> = "lag_records",
        /// 1 while what fails for a region alone keeps it from being stored, by region.
        pub region_failed: Family<Region, Gauge> = "region_failed",
        /// Batches whose projections are still to be computed, by region.
        pub dirty: Family<Region, Gauge> = "dirty_batches",
        /// Records taken from Kafka and not yet committed.
        pub queue: Gauge = "queue_records",
        /// Failures of a worker's database connection; it connects again.
        pub database_failures: Counter = "database_failures_total",
        /// Shards that stopped because a newer instance has taken over.
        pub epochs_lost: Counter = "epochs_lost_total",
        /// Workers connected to the database.
        pub workers: Gauge = "workers_connected",
    }
}
