//! Schema ids: a client for any Confluent-compatible registry, and a read-only one for development.

pub mod client;
pub mod server;
mod settings;
mod subjects;

pub use client::{Client, encryption};
pub use server::Server;
pub use subjects::Registered;

pub use self::settings::{Login, Settings};

use crate::Kind;

/// Id of a schema version in the development registry: 100 per kind, plus the version.
///
/// The ids follow from the code alone, so a restarted or second development registry agrees with the first.
pub fn development_id(kind: Kind, version: u32) -> u32 {
    100 * (kind as u32 + 1) + version
}

/// Id of the current schema version in the development registry.
pub fn development_id_current(kind: Kind) -> u32 {
    development_id(kind, kind.versions().len() as u32)
}

/// The registry subject of a topic's values (TopicNameStrategy).
pub fn subject(topic: &str) -> String {
    format!("{topic}-value")
}
