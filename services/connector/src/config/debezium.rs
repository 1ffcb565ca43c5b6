//! A region's own Debezium topics in the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use runtime::config::{Kafka, Registry};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// Debezium topics of a region's own Kafka.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debezium {
    /// Names it in messages and metrics: a-z, 0-9 and -.
    pub name: String,
    /// The region's Kafka; need not be ours.
    pub kafka: Kafka,
    /// The consumer group that keeps our offsets there; used by nobody else.
    pub group: String,
    /// By topic there the feed here, the last part of our topic's name.
    pub topics: BTreeMap<String, String>,
    /// By topic: rows with the same value in this column stay in order. Without one, messages with the same key do.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// Topics of tables with REPLICA IDENTITY FULL: of the row before a change everything is believed. Of the others only the
    /// message's key, unless the schema around the change proves more: Debezium invents what PostgreSQL does not tell.
    #[serde(default)]
    pub full: BTreeSet<String>,
    /// By topic, where Debezium has `time.precision.mode=isostring` and writes no schemas: the columns of times without a
    /// zone, which that mode writes with `Z` as it does instants.
    #[serde(default)]
    pub wall_clock: BTreeMap<String, BTreeSet<String>>,
    /// Topics whose messages are rows, made by Debezium's ExtractNewRecordState: a value without content there is a deletion.
    /// By topic the prefix of the columns that it adds, its `add.fields.prefix`, `__` unless it is set.
    #[serde(default)]
    pub flattened: BTreeMap<String, String>,
    /// The schema registry that their Avro converter writes to: the address of Confluent's interface, or Apicurio's own, which
    /// has `/apis/registry/` in it. The address alone, or a table like the platform's own `[registry]`.
    #[serde(default, deserialize_with = "registry")]
    pub registry: Option<Registry>,
    /// What the ids before a datum are, of Apicurio's own interface only: the converter's `use-id`.
    pub registry_ids: Option<RegistryIds>,
    /// HSA-id of the system that writes the database, when it is not the region's.
    pub source_system: Option<String>,
}

/// What Apicurio's ids name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistryIds {
    /// A content, whatever artifacts have it.
    Content,
    /// A version of one artifact.
    Global,
}

/// A registry by its address, or by a table.
fn registry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Registry>, D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = Registry;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an address, or { url = \"https://...\", tls = { ... }, login = { ... } }")
        }
        fn visit_str<E: Error>(self, url: &str) -> Result<Registry, E> {
            Ok(Registry::at(url))
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Registry, A::Error> {
            Registry::deserialize(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_any(Either).map(Some)
}
