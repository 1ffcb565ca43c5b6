//! FHIR servers in the configuration.

use std::path::PathBuf;

use ::fhir::Type;
use runtime::config::{Period, Secret, Size};
use serde::Deserialize;

/// Files of FHIR resources, one a line (NDJSON), whose lines are sent once each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FhirFiles {
    /// A folder whose `.ndjson` files are read, or one file; resources refer to others of the folder.
    pub path: PathBuf,
    /// A folder of ours that remembers how far each file has been sent.
    pub positions: PathBuf,
    /// Name of the feed, the last part of the topic name.
    #[serde(default = "feed")]
    pub feed: String,
    /// HSA-id of the system that writes them, when it is not the region's.
    pub source_system: Option<String>,
    /// How often it is looked at. A file is read when two looks in a row find it unchanged.
    #[serde(default = "super::every_second")]
    pub poll: Period,
}

/// A FHIR R4 server whose resources are read as they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fhir {
    /// Names it in messages, metrics and files of ours: a-z, 0-9 and -.
    pub name: String,
    /// The base address, before the resource types: `https://fhir.example/r4`.
    pub base: String,
    /// PEM file with the authority of the server's certificate; without it those that the machine trusts.
    pub ca: Option<PathBuf>,
    /// A bearer token, in the environment.
    pub token: Option<Secret>,
    /// The secret that the server shows when it tells us of a change (`Authorization: Bearer ...`), in the environment;
    /// needs `[fhir_hook]`.
    pub hook: Option<Secret>,
    /// The types that are read.
    #[serde(default = "every_type")]
    pub types: Vec<Type>,
    /// Whether what goes with a resource is asked for with it (`_include`). A server that refuses is asked without.
    #[serde(default = "yes")]
    pub include: bool,
    /// Whether each type's history (`_history`) is looked at for what was deleted: a search does not say so.
    #[serde(default)]
    pub deletions: bool,
    /// Changes before this time are not read; without it, everything that the server has.
    pub since: Option<jiff::Timestamp>,
    /// A folder of ours that remembers how far each type was sent.
    pub positions: PathBuf,
    /// Name of the feed, the last part of the topic name.
    #[serde(default = "feed")]
    pub feed: String,
    /// HSA-id of the system behind it, when it is not the region's.
    pub source_system: Option<String>,
    /// How often the server is asked what has changed.
    #[serde(default = "half_a_minute")]
    pub poll: Period,
    /// How much later than its time says a change may be committed and still be found.
    #[serde(default = "five_minutes")]
    pub overlap: Period,
    /// Resources of one page (`_count`).
    #[serde(default = "page")]
    pub page: u32,
    /// The longest page that is read.
    #[serde(default = "page_size")]
    pub page_size: Size,
    /// Pages of one type before the next type has its turn.
    #[serde(default = "pages")]
    pub pages: u32,
    /// How long an answer may take.
    #[serde(default = "half_a_minute")]
    pub timeout: Period,
}

fn every_type() -> Vec<Type> {
    Type::ALL.to_vec()
}

fn yes() -> bool {
    true
}

fn feed() -> String {
    "fhir".to_owned()
}

fn half_a_minute() -> Period {
    Period::seconds(30)
}

fn five_minutes() -> Period {
    Period::seconds(300)
}

fn page() -> u32 {
    100
}

fn page_size() -> Size {
    Size::mib(8)
}

fn pages() -> u32 {
    100
}
