//! Configuration: one typed struct per concern, unknown keys refused, everything checked before anything starts. How a file
//! is read is [`settings`]' own; here are the tables that services share.
//!
//! A service's own `Config` holds the shared tables below and its own, each with `#[serde(deny_unknown_fields)]`
//! (never `flatten`, through which serde cannot refuse unknown keys), and implements [`Check`].
//! Secrets are named, never written: `key = { env = "NAME" }` or `key = { file = "PATH" }`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use rustix::fs::Access;
use serde::Deserialize;

pub use schemas::registry::Settings as Registry;
pub use settings::{Check, Error, Fault, Period, Secret, SecretValue, Size, load, read};
pub use topics::{Kafka, Mechanism, Sasl, Setting};

use crate::door::Bounds;

/// A port where HTTP is served, and how much of it a peer may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one and logs it.
    pub listen: SocketAddr,
    /// Open connections. Each service has its own usual number; 64 unless it says so.
    pub connections: Option<usize>,
    /// Open connections of one remote address; 16 unless the service says so. Behind a proxy every reader has its address.
    pub connections_per_address: Option<usize>,
    /// How long a peer may take for the head of a request, and again for its body.
    #[serde(default = "header")]
    pub header: Period,
    /// How long a connection may be silent between requests, and how long a peer may take nothing of an answer.
    #[serde(default = "idle")]
    pub idle: Period,
}

/// Room for probes, a Prometheus or two, and whoever looks; few enough to leave the descriptors to what matters.
const CONNECTIONS: usize = 64;
const CONNECTIONS_PER_ADDRESS: usize = 16;
/// More than any service needs, and far from what a machine has.
const CONNECTIONS_MAX: usize = 65_536;
/// A time shorter than this cuts off honest peers.
const HTTP_TIME_MIN: Period = Period::milliseconds(100);

fn header() -> Period {
    Period::seconds(10)
}

fn idle() -> Period {
    Period::seconds(60)
}

impl Http {
    /// At an address, with the usual bounds.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, connections: None, connections_per_address: None, header: header(), idle: idle() }
    }

    /// How many connections are held.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            connections: self.connections.unwrap_or(CONNECTIONS),
            per_address: self.connections_per_address.unwrap_or(CONNECTIONS_PER_ADDRESS),
        }
    }
}

impl Check for Http {
    fn check(&self) -> Result<(), Fault> {
        check_connections(self.connections, self.connections_per_address)?;
        for (key, time) in [("header", self.header), ("idle", self.idle)] {
            if time < HTTP_TIME_MIN {
                return Err(Fault::new(key, "must be at least \"100ms\""));
            }
        }
        Ok(())
    }
}

/// Checks what a table says under `connections` and `connections_per_address`.
pub fn check_connections(connections: Option<usize>, per_address: Option<usize>) -> Result<(), Fault> {
    for (key, count) in [("connections", connections), ("connections_per_address", per_address)] {
        if count.is_some_and(|count| count == 0 || count > CONNECTIONS_MAX) {
            return Err(Fault::new(key, format!("must be between 1 and {CONNECTIONS_MAX}")));
        }
    }
    Ok(())
}

/// Checks a folder of ours under this key: it must be there and take files.
pub fn check_folder(key: &str, path: &Path) -> Result<(), Fault> {
    let fault = |what: &str| Fault::new(key, format!("{} {what}", path.display()));
    match fs::metadata(path) {
        Err(error) => Err(fault(&format!(
            "cannot be used: {error}; make it, for the user that this service runs as and nobody else"
        ))),
        Ok(found) if !found.is_dir() => Err(fault("is not a folder; name one")),
        Ok(_) => rustix::fs::access(path, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| fault(&format!("takes no files: {error}; give it to the user that this service runs as"))),
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Text for people, JSON for machines.
    pub format: LogFormat,
    /// The least severe level that is written.
    pub level: LogLevel,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// How severe a log line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something stopped.
    Error,
    /// Something needs attention.
    Warn,
    /// Starts, stops and changes of state.
    #[default]
    Info,
    /// For whoever looks for a fault.
    Debug,
    /// Everything.
    Trace,
}
