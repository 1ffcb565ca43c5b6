//! Configuration: one typed struct per concern, unknown keys refused, everything checked before anything starts.
//!
//! A service's own `Config` holds the shared tables below and its own, each with `#[serde(deny_unknown_fields)]`
//! (never `flatten`, through which serde cannot refuse unknown keys), and implements [`Check`].
//! Secrets are named, never written: `key = { env = "NAME" }`.

mod duration;
mod error;
mod kafka;
mod secret;
mod size;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use duration::Period;
pub use error::{Error, Fault};
pub use kafka::{Kafka, Setting};
pub use secret::{Secret, SecretValue};
pub use size::Size;

/// Values that agree with each other and with the world, beyond what their types say.
///
/// A check reads no network and changes nothing. It may read environment variables and files the configuration names.
pub trait Check {
    /// The first thing that is wrong, by the key it concerns.
    fn check(&self) -> Result<(), Fault>;
}

/// Reads and checks a configuration file.
pub fn load<T: DeserializeOwned + Check>(path: &Path) -> Result<T, Error> {
    let text = text_of(path)?;
    let value: T = error::parse(path, &text)?;
    value.check().map_err(|fault| error::locate(path, &text, fault))?;
    Ok(value)
}

/// Reads a configuration file without checking it: for tests of the samples we ship, where no secret is set.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    error::parse(path, &text_of(path)?)
}

fn text_of(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Where the schema registry answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Base address, for example `http://127.0.0.1:8081`.
    pub url: String,
}

impl Check for Registry {
    fn check(&self) -> Result<(), Fault> {
        if self.url.starts_with("http://") || self.url.starts_with("https://") {
            return Ok(());
        }
        Err(Fault::new("url", "not an address; write for example \"http://127.0.0.1:8081\""))
    }
}

/// Where health and metrics are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one and logs it.
    pub listen: SocketAddr,
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
