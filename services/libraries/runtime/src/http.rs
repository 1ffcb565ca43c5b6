//! `/healthz`, `/readyz` and `/metrics`, and whatever routes a service adds; and any further HTTP listener of a service.
//!
//! Every listener is bounded: connections of the port and of one address ([`crate::door`]), and times for a request's
//! head, its body, and the silence between requests ([`connection`]).

pub mod connection;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use crate::config;
use crate::descriptors;
use crate::door::{Counts, Door};
use crate::health::Health;
use crate::metrics::{self, Counter, Family, Gauge, Keys, Registry};
use crate::shutdown::Shutdown;
use connection::{Ended, Times};

/// The label of the listener that every service has.
const MAIN: &str = "http";

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be taken.
    #[error("listen for HTTP on {listen}; another process may hold the port, see `http.listen`")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The connections that are allowed would need more file descriptors than there may be.
    #[error("hold the connections of `http.connections`")]
    Descriptors(#[from] descriptors::Error),
    /// The metrics are registered twice.
    #[error("register metrics of HTTP")]
    Metrics(#[from] metrics::Error),
}

/// Label `listener`.
#[derive(Clone, Copy, Debug)]
pub enum ListenerName {}

impl Keys for ListenerName {
    const NAMES: &'static [&'static str] = &["listener"];
}

/// Labels `listener` and `reason`: `full` and `address-full` were refused; `replaced`, `header` and `idle` were ended by us.
#[derive(Clone, Copy, Debug)]
pub enum ListenerReason {}

impl Keys for ListenerReason {
    const NAMES: &'static [&'static str] = &["listener", "reason"];
}

crate::metrics! {
    /// What is counted of HTTP, the same in every service.
    pub struct Metrics {
        /// HTTP connections that are open, by listener.
        pub open: Family<ListenerName, Gauge> = "connections",
        /// HTTP connections that were accepted, by listener.
        pub accepted: Family<ListenerName, Counter> = "connections_total",
        /// HTTP connections that were refused or ended by us, by listener and reason.
        pub turned: Family<ListenerReason, Counter> = "connections_turned_total",
    }
}

/// A port that is taken and not yet served.
#[derive(Debug)]
pub struct Listener {
    door: Door,
    times: Times,
    header: Counter,
    idle: Counter,
}

impl Listener {
    /// Takes the port that a table of the configuration names.
    pub async fn bind(http: &config::Http, metrics: &Metrics, name: &str) -> std::io::Result<Self> {
        let turned = |reason| metrics.turned.of(&[name, reason]);
        let counts = Counts {
            open: metrics.open.of(&[name]),
            accepted: metrics.accepted.of(&[name]),
            full: turned("full"),
            address_full: turned("address-full"),
            replaced: turned("replaced"),
        };
        let door = Door::bind(http.listen, http.bounds(), counts).await?;
        let times = Times { header: http.header.0, idle: http.idle.0 };
        Ok(Self { door, times, header: turned("header"), idle: turned("idle") })
    }

    /// The address it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Serves until shutdown. Streams never end by themselves, so open connections end with it.
    pub async fn run(mut self, router: Router, shutdown: Shutdown) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, place) = tokio::select! {
                accepted = self.door.next() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                () = shutdown.wait() => return,
            };
            let (router, times) = (router.clone(), self.times);
            let (header, idle) = (self.header.clone(), self.idle.clone());
            connections.spawn(async move {
                match connection::serve(stream, place, router, times).await {
                    Ended::Header => header.inc(),
                    Ended::Idle => idle.inc(),
                    // A place that is wanted was counted when it was asked for.
                    Ended::Itself | Ended::Wanted => {}
                }
            });
        }
    }
}

/// A server that runs until shutdown.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    metrics: Metrics,
    task: JoinHandle<()>,
}

impl Server {
    /// The address it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is counted of HTTP, for further listeners of the same service.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Waits until it has stopped.
    pub async fn stopped(self) {
        if self.task.await.is_err() {
            tracing::error!("the HTTP server ended in a panic");
        }
    }
}

/// Starts serving; returns as soon as the port is taken. Open connections end at shutdown.
pub async fn serve(
    http: &config::Http,
    registry: Registry,
    health: Health,
    extra: Router,
    shutdown: Shutdown,
) -> Result<Server, Error> {
    serve_behind(|routes| routes, http, registry, health, extra, shutdown).await
}

/// The same with something before every route, health and metrics among them: a login.
pub async fn serve_behind(
    before: impl FnOnce(Router) -> Router,
    http: &config::Http,
    registry: Registry,
    health: Health,
    extra: Router,
    shutdown: Shutdown,
) -> Result<Server, Error> {
    descriptors::secure(descriptors::OTHERS + http.bounds().descriptors())?;
    let metrics = Metrics::register(&registry, "http")?;
    let failed = |source| Error::Listen { listen: http.listen, source };
    let listener = Listener::bind(http, &metrics, MAIN).await.map_err(failed)?;
    let address = listener.address();
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(health)
        .merge(Router::new().route("/metrics", get(scrape)).with_state(registry))
        .merge(extra);
    let task = tokio::spawn(listener.run(before(router), shutdown));
    tracing::info!(%address, "listening for HTTP on {address}");
    Ok(Server { address, metrics, task })
}

async fn ready(State(health): State<Health>) -> Response {
    let status = if health.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let components: Vec<_> = health
        .report()
        .into_iter()
        .map(|(component, ready, reason)| json!({ "component": component, "ready": ready, "reason": reason }))
        .collect();
    (status, axum::Json(json!({ "ready": status == StatusCode::OK, "components": components }))).into_response()
}

async fn scrape(State(registry): State<Registry>) -> Response {
    match metrics::text(&registry) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
