//! The declaration of every topic, `catalogue.toml`.

use std::{collections::BTreeMap, time::Duration};

use schemas::Kind;
use serde::Deserialize;
use settings::Size;

use crate::Region;

/// Stands for a region's länskod in a declared name.
pub(crate) const REGION_MARK: &str = "<nn>";

/// Every topic pattern, with what is said of all of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Partitions of every topic that does not say otherwise.
    pub partitions: i32,
    /// Copies of every partition.
    pub replication_factor: i32,
    /// What stands outside of the topics, for the map.
    pub outside: Vec<Outside>,
    /// Services that write and read no topic.
    pub beside: Vec<String>,
    /// Services of another organisation than the regions' and the centre's, which have to do with no topic either.
    #[serde(default)]
    pub elsewhere: Vec<String>,
    /// Services that ask how far each region's source topics are processed, and read no record of them.
    #[serde(default)]
    pub watchers: Vec<String>,
    /// What each service may take of the cluster, per principal.
    #[serde(default)]
    pub quotas: Vec<Allowance>,
    /// One per topic pattern.
    #[serde(rename = "topic")]
    pub declarations: Vec<Declaration>,
}

/// A flow between a service and something that is not a topic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// Where it comes from.
    pub from: String,
    pub(crate) to: Vec<String>,
    /// What flows.
    pub flow: String,
}

/// What one principal of a service may take of the whole cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The service.
    pub service: String,
    /// What it may write per second.
    pub write: Size,
    /// What it may read per second.
    pub read: Size,
    /// Time of the brokers' threads in percent, 100 being one thread.
    pub requests: u32,
}

/// One topic per region.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Name with `<nn>` in place of the region.
    pub name: String,
    /// What it is for, one sentence.
    pub purpose: String,
    /// Services that write it.
    pub producers: Vec<String>,
    /// Services that read it.
    pub consumers: Vec<String>,
    /// Name of the [`Kind`] that it carries.
    pub schema: String,
    /// How long records are kept; of a compacted topic nothing is said.
    #[serde(with = "humantime_serde", default)]
    pub(crate) retention: Option<Duration>,
    /// Whether the last record of each key is kept for good, and no other.
    #[serde(default)]
    pub compacted: bool,
    /// Whether every record is sealed, whatever the region does elsewhere: only then identities may be kept for good.
    #[serde(default)]
    pub sealed: bool,
    /// The longest time that one segment is written to; a segment is deleted or compacted whole. A day unless declared.
    #[serde(with = "humantime_serde", default = "one_day")]
    pub segment: Duration,
    /// Where records go that cannot be processed.
    pub dead_letter: Option<String>,
    /// Partitions, where they differ from the catalogue's.
    pub partitions: Option<i32>,
}

fn one_day() -> Duration {
    Duration::from_secs(24 * 60 * 60)
}

/// Where a topic lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// With the region: identities are readable.
    Region,
    /// With the centre: pseudonyms only.
    Central,
}

/// One topic of one region, as it shall be on the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Number of partitions.
    pub partitions: i32,
    /// Copies of every partition.
    pub replication_factor: i32,
    /// The broker's own settings for it, sorted by name.
    pub settings: BTreeMap<String, String>,
}

/// A text that is not a catalogue.
#[derive(Debug, thiserror::Error)]
#[error("the catalogue of topics is not valid TOML of the expected form")]
pub struct Invalid(#[from] toml::de::Error);

impl Catalogue {
    /// The catalogue that is compiled in.
    pub fn load() -> Self {
        Self::parse(include_str!("../catalogue.toml")).expect("a test parses our own catalogue")
    }

    /// A catalogue from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        toml::from_str(text).map_err(Invalid)
    }

    /// Every service: those that write or read a topic in the order in which data meets them, then those beside the topics and
    /// elsewhere.
    pub fn services(&self) -> Vec<&str> {
        let touching = self.declarations.iter().flat_map(Declaration::services);
        let mut services = Vec::new();
        for service in touching.chain(self.beside.iter().chain(&self.elsewhere).map(String::as_str)) {
            if !services.contains(&service) {
                services.push(service);
            }
        }
        services
    }

    /// A service lives in the region if it touches anything that stays there.
    pub fn zone_of(&self, service: &str) -> Zone {
        let touched = |declaration: &&Declaration| declaration.services().any(|name| name == service);
        self.declarations.iter().filter(touched).map(Declaration::zone).min().unwrap_or(Zone::Central)
    }

    /// Partitions of a declaration's topics.
    pub fn partitions_of(&self, declaration: &Declaration) -> i32 {
        declaration.partitions.unwrap_or(self.partitions)
    }

    /// Every topic of these regions.
    pub fn topics(&self, regions: &[Region], partitions: Option<i32>, replication_factor: Option<i32>) -> Vec<Topic> {
        let replication_factor = replication_factor.unwrap_or(self.replication_factor);
        let of_region = |region: &Region| {
            let region = *region;
            self.declarations.iter().map(move |declaration| Topic {
                name: declaration.topic(region),
                partitions: partitions.unwrap_or(self.partitions_of(declaration)),
                replication_factor,
                settings: declaration.settings(replication_factor),
            })
        };
        regions.iter().flat_map(of_region).collect()
    }
}

impl Outside {
    /// Both ends: where it comes from, then where it goes.
    pub fn ends(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.from).chain(&self.to).map(String::as_str)
    }
}

impl Declaration {
    /// The topic's name in a region.
    pub fn topic(&self, region: Region) -> String {
        self.name.replace(REGION_MARK, region.code())
    }

    /// The services that write it, then those that read it.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.producers.iter().chain(&self.consumers).map(String::as_str)
    }

    /// The kind of record it carries.
    pub fn kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == self.schema)
    }

    /// Where it lives: only the common model leaves the region, and what is said of the use of it.
    pub fn zone(&self) -> Zone {
        let leaves = self.name.contains(".common.") || self.kind() == Some(Kind::Objection);
        if leaves { Zone::Central } else { Zone::Region }
    }

    /// A topic that others name as their dead letter topic.
    pub fn is_dead_letter(&self, catalogue: &Catalogue) -> bool {
        catalogue.declarations.iter().any(|other| other.dead_letter.as_deref() == Some(&self.name))
    }

    fn settings(&self, replication_factor: i32) -> BTreeMap<String, String> {
        // One copy may be away without stopping anybody, but two must have a record before it counts as written.
        let in_sync_min = (replication_factor - 1).clamp(1, 2);
        // A rule holds that a topic is compacted or says how long: without either nothing is ever deleted.
        let retention = self.retention.map_or("-1".to_owned(), |retention| retention.as_millis().to_string());
        let settings = [
            ("cleanup.policy", if self.compacted { "compact" } else { "delete" }.to_owned()),
            ("min.insync.replicas", in_sync_min.to_string()),
            ("retention.ms", retention),
            ("segment.ms", self.segment.as_millis().to_string()),
        ];
        settings.map(|(name, value)| (name.to_owned(), value)).into()
    }
}
