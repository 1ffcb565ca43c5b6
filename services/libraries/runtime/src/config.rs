//! Configuration: one typed struct per concern, unknown keys refused, everything checked before anything starts. How a file
//! is read is [`settings`]' own; here are the tables that services share.
//!
//! A service's own `Config` holds the shared tables below and its own, each with `#[serde(deny_unknown_fields)]`
//! (never `flatten`, through which serde cannot refuse unknown keys), and implements [`Check`].
//! Secrets are named, never written: `key = { env = "NAME" }` or `key = { file = "PATH" }`.

mod probes;

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::Path;

use axum::http::HeaderName;
use rustix::fs::Access;
use serde::Deserialize;

pub use schemas::registry::Settings as Registry;
pub use settings::{Check, Error, Fault, Period, Secret, SecretValue, Size, load, read};
pub use topics::{Kafka, Mechanism, Sasl, Setting};

use crate::door::Bounds;
pub use probes::Probes;
pub(crate) use probes::Readers;

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
    /// How long an answer may take to begin; a stream that has begun goes on. A minute unless the service says so.
    pub answer: Option<Period>,
    /// The longest body of a request. 1 MiB unless the service says so.
    pub body_max: Option<Size>,
    /// Requests of one client per second in the long run. Each service has its own usual number; 100 unless it says so.
    pub requests_per_second: Option<NonZeroU32>,
    /// Requests of one client at once, before that rate holds; 1000 unless the service says so.
    pub requests_burst: Option<NonZeroU32>,
    /// Proxies whose word is taken for whom they serve: each client behind them is one, not all together.
    #[serde(default)]
    pub proxies: Vec<IpAddr>,
    /// The header in which they say it, a list of addresses to which each proxy adds at the end: `X-Forwarded-For`.
    pub client_header: Option<Box<str>>,
    /// Further addresses that browsers read our pages under (`https://tavla.region.example`), when a proxy rewrites `Host`.
    #[serde(default)]
    pub origins: Vec<Box<str>>,
    /// Encryption. Without it the port speaks plain text.
    pub tls: Option<tls::Listener>,
    /// Who reads `/readyz` and `/metrics`, of a service that has no login. Needed where other machines reach the port.
    pub probes: Option<Probes>,
    /// Beginnings of paths whose requests are not counted: what a page loads beside itself, and streams, which the bounds
    /// on connections hold. A request with `Authorization` is. The service's own, not the file's.
    #[serde(skip)]
    pub unlimited: &'static [&'static str],
}

/// Room for probes, a Prometheus or two, and whoever looks; few enough to leave the descriptors to what matters.
const CONNECTIONS: usize = 64;
const CONNECTIONS_PER_ADDRESS: usize = 16;
/// More than any service needs, and far from what a machine has.
const CONNECTIONS_MAX: usize = 65_536;
/// A time shorter than this cuts off honest peers.
const HTTP_TIME_MIN: Period = Period::milliseconds(100);

/// Longer than any page or answer takes to make, a parcel of gigabytes aside.
const ANSWER: Period = Period::seconds(60);
/// More than any form or receipt, and little enough to be held for every connection.
const BODY_MAX: Size = Size::mib(1);
/// Far more than one client needs, be it a proxy with a few readers, and far less than would keep a core busy.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
const REQUESTS_BURST: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

fn header() -> Period {
    Period::seconds(10)
}

fn idle() -> Period {
    Period::seconds(60)
}

impl Http {
    /// At an address, with the usual bounds.
    pub fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            connections: None,
            connections_per_address: None,
            header: header(),
            idle: idle(),
            answer: None,
            body_max: None,
            requests_per_second: None,
            requests_burst: None,
            proxies: Vec::new(),
            client_header: None,
            origins: Vec::new(),
            tls: None,
            probes: None,
            unlimited: &[],
        }
    }

    /// How long an answer may take to begin.
    pub fn answer(&self) -> Period {
        self.answer.unwrap_or(ANSWER)
    }

    /// The longest body of a request.
    pub fn body_max(&self) -> Size {
        self.body_max.unwrap_or(BODY_MAX)
    }

    /// Requests of one client per second, and at once.
    pub fn rate(&self) -> (NonZeroU32, NonZeroU32) {
        (self.requests_per_second.unwrap_or(REQUESTS_PER_SECOND), self.requests_burst.unwrap_or(REQUESTS_BURST))
    }

    /// The usual rate where this service says nothing: never less than every service's.
    pub fn usually(&mut self, per_second: u32, burst: u32) {
        let at_least = |least: NonZeroU32, count| NonZeroU32::new(count).map_or(least, |count| count.max(least));
        self.requests_per_second.get_or_insert(at_least(REQUESTS_PER_SECOND, per_second));
        self.requests_burst.get_or_insert(at_least(REQUESTS_BURST, burst));
    }

    /// The check of a port that serves readiness and metrics with no login before them.
    pub fn check_alone(&self) -> Result<(), Fault> {
        self.check()?;
        self.readers().map(drop)
    }

    pub(crate) fn readers(&self) -> Result<Readers, Fault> {
        Readers::of(self)
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
        for (key, time) in [("header", self.header), ("idle", self.idle), ("answer", self.answer())] {
            if time < HTTP_TIME_MIN {
                return Err(Fault::new(key, "must be at least \"100ms\""));
            }
        }
        if self.client_header.is_some() == self.proxies.is_empty() {
            return Err(Fault::new("proxies", "and client_header go together: name both, or neither"));
        }
        if self.client_header.as_ref().is_some_and(|name| HeaderName::try_from(name.as_ref()).is_err()) {
            return Err(Fault::new("client_header", "is no name of a header"));
        }
        for origin in &self.origins {
            let host = origin.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme));
            if host.is_none_or(|(_, host)| host.is_empty() || host.contains('/')) {
                return Err(Fault::new(
                    "origins",
                    "must be addresses without a path, such as \"https://tavla.region.example\"",
                ));
            }
        }
        self.tls.as_ref().map_or(Ok(()), |tls| tls.check().map_err(|fault| fault.under("tls")))
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
