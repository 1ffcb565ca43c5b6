//! What the store is told.

use std::time::Duration;

use runtime::config::{self, Check, Fault, Period};
use runtime::tail;
use serde::Deserialize;

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) kafka: config::Kafka,
    /// Where the schema registry answers.
    pub registry: config::Registry,
    /// Where health and metrics are served.
    pub http: config::Http,
    /// What is logged.
    #[serde(default)]
    pub log: config::Log,
    /// The database.
    pub database: postgresql::Settings,
    /// What is stored.
    #[serde(default)]
    pub regions: Regions,
    /// How it is stored.
    #[serde(default)]
    pub store: Settings,
    #[serde(default)]
    pub(crate) tail: tail::Settings,
}

/// What is stored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Regions {
    /// Länskoder; without any, all 21.
    pub codes: Vec<String>,
}

/// How it is stored.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Workers, each with a thread, a connection and its share of the regions.
    pub shards: usize,
    /// Records taken from Kafka at once.
    pub batch_records: usize,
    /// Least time between two batches while there is no backlog: fewer, larger transactions.
    pub write_interval: Period,
    /// Least time between two projections of a region.
    pub projection_interval: Period,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shards: 1,
            batch_records: 5_000,
            write_interval: Period::milliseconds(250),
            projection_interval: Period::seconds(1),
        }
    }
}

/// A longer pause between writes would look like a worker that hangs.
const WRITE_INTERVAL_MAX: Duration = Duration::from_secs(5);
/// More would hold too much of a backlog in memory at once.
const BATCH_RECORDS_MAX: usize = 20_000;

impl Regions {
    /// The regions, ascending.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let mut regions = if self.codes.is_empty() {
            schemas::region_code::ALL.map(str::to_owned).to_vec()
        } else {
            self.codes.clone()
        };
        regions.sort();
        regions.dedup();
        regions
    }
}

/// Whether a text is the länskod of a region.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn region(text: &str) -> Result<String, String> {
    if schemas::region_code::ALL.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("not a lanskod; one of {}", schemas::region_code::ALL.join(", ")))
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        self.http.check_alone().map_err(|fault| fault.under("http"))?;
        for (n, code) in self.regions.codes.iter().enumerate() {
            region(code).map_err(|message| Fault::new(format!("regions.codes.{n}"), message))?;
        }
        self.store.check().map_err(|fault| fault.under("store"))?;
        if self.store.shards > self.regions.all().len() {
            return Err(Fault::new("store.shards", "must be at most the number of regions"));
        }
        self.database.check().map_err(|fault| fault.under("database"))
    }
}

impl Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        if self.shards == 0 {
            return Err(Fault::new("shards", "must be at least 1"));
        }
        if self.write_interval.0 > WRITE_INTERVAL_MAX {
            return Err(Fault::new("write_interval", format!("must be at most {WRITE_INTERVAL_MAX:?}")));
        }
        if self.batch_records == 0 || self.batch_records > BATCH_RECORDS_MAX {
            return Err(Fault::new("batch_records", format!("must be between 1 and {BATCH_RECORDS_MAX}")));
        }
        Ok(())
    }
}
