//! `/healthz`, `/readyz` and `/metrics`, and whatever routes a service adds; and any further HTTP listener of a service.
//!
//! Every listener is bounded, by one set of settings ([`config::Http`]): connections of the port and of one address
//! ([`crate::door`]), times for a request's head, its body, the answer and the silence between requests ([`connection`]),
//! and what a request meets before any route ([`terms`]): how often its client may ask, how long its body may be, and
//! whether another site's page has sent it. Every answer to a request that can be read has the headers of
//! one table ([`headers`]). A request that came with a client certificate carries it ([`ClientCertificate`]).
//!
//! Without a login, who reads readiness and metrics is said by the configuration where other machines reach the port ([`config::Probes`]).
//!
//! Whatever serves HTTP goes through a [`Listener`], so that no route can be without any of it.

mod connection;
pub mod cookie;
pub mod headers;
mod probes;
mod rate;
mod same_site;
mod terms;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tls::ClientCertificate;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::config;
use crate::descriptors;
use crate::door::{Counts, Door, Place};
use crate::health::Health;
use crate::metrics::{self, Counter, Family, Gauge, Keys, Registry};
use crate::shutdown::Shutdown;
use connection::Ended;
use terms::Terms;

/// The label of the listener that every service has.
const MAIN: &str = "http";
const HEALTH: &str = "/healthz";
const READY: &str = "/readyz";

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be taken.
    #[error("listen for HTTP on {listen}, see `http`")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why not.
        source: Unbound,
    },
    /// The connections that are allowed would need more file descriptors than there may be.
    #[error("hold the connections of `http.connections`")]
    Descriptors(#[from] descriptors::Error),
    /// The metrics are registered twice.
    #[error("register metrics of HTTP")]
    Metrics(#[from] metrics::Error),
    /// Other machines could read what nobody has opened to them.
    #[error("serve readiness and metrics, see `http`")]
    Probes(#[from] config::Fault),
}

/// Why a port is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Unbound {
    /// The address cannot be taken.
    #[error("another process may hold the port")]
    Port(#[from] std::io::Error),
    /// TLS cannot be used as configured.
    #[error("encrypt it")]
    Tls(#[from] tls::Error),
}

/// Label `listener`.
#[derive(Clone, Copy, Debug)]
pub enum ListenerName {}

impl Keys for ListenerName {
    const NAMES: &'static [&'static str] = &["listener"];
}

/// Labels `listener` and `reason`. Of connections: `full` and `address-full` were refused; `handshake`, `replaced`, `header`
/// and `idle` were ended by us. Of requests: `rate`, `body`, `foreign` and `probe` met no route, of `slow` the answer was given up.
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
        /// HTTP requests that met no route, or whose answer was given up, by listener and reason.
        pub refused: Family<ListenerReason, Counter> = "requests_refused_total",
    }
}

/// A port that is taken and not yet served.
#[derive(Debug)]
pub struct Listener {
    door: Door,
    encryption: Option<Arc<ServerConfig>>,
    terms: Arc<Terms>,
    handshake: Counter,
    header: Counter,
    idle: Counter,
}

impl Listener {
    /// Takes the port that a table of the configuration names.
    ///
    /// # Errors
    /// When the port cannot be taken, or the files of its TLS cannot be used.
    pub async fn bind(http: &config::Http, metrics: &Metrics, name: &str) -> Result<Self, Unbound> {
        let turned = |reason| metrics.turned.of(&[name, reason]);
        let counts = Counts {
            open: metrics.open.of(&[name]),
            accepted: metrics.accepted.of(&[name]),
            full: turned("full"),
            address_full: turned("address-full"),
            replaced: turned("replaced"),
        };
        let encryption = http.tls.as_ref().map(tls::Listener::config).transpose()?;
        let door = Door::bind(http.listen, http.bounds(), counts).await?;
        let terms = Arc::new(Terms::new(http, |reason| metrics.refused.of(&[name, reason])));
        let (handshake, header, idle) = (turned("handshake"), turned("header"), turned("idle"));
        Ok(Self { door, encryption, terms, handshake, header, idle })
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
            // Who is gone already is served nothing.
            let Ok(peer) = stream.peer_addr() else { continue };
            let (router, terms, encryption) = (router.clone(), Arc::clone(&self.terms), self.encryption.clone());
            let (handshake, header, idle) = (self.handshake.clone(), self.header.clone(), self.idle.clone());
            connections.spawn(async move {
                let ended = match encryption {
                    None => connection::serve(stream, peer.ip(), None, place, router, terms).await,
                    Some(encryption) => encrypted(encryption, stream, peer.ip(), place, router, terms).await,
                };
                match ended {
                    Ended::Handshake => handshake.inc(),
                    Ended::Header => header.inc(),
                    Ended::Idle => idle.inc(),
                    // A place that is wanted was counted when it was asked for.
                    Ended::Itself | Ended::Wanted => {}
                }
            });
        }
    }
}

/// Serves a connection once it is encrypted.
async fn encrypted(
    encryption: Arc<ServerConfig>,
    stream: TcpStream,
    peer: IpAddr,
    place: Place,
    router: Router,
    terms: Arc<Terms>,
) -> Ended {
    let shaken = tokio::select! {
        shaken = timeout(terms.times.header, TlsAcceptor::from(encryption).accept(stream)) => shaken,
        () = place.wanted() => return Ended::Wanted,
    };
    match shaken {
        Ok(Ok(stream)) => {
            let shown = ClientCertificate::of(stream.get_ref().1);
            connection::serve(stream, peer, shown, place, router, terms).await
        }
        Ok(Err(_)) | Err(_) => Ended::Handshake,
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

/// Starts serving; returns as soon as the port is taken. Open connections end at shutdown. For a service without a login: who
/// reads readiness and metrics is what [`config::Http::probes`] says.
pub async fn serve(
    http: &config::Http,
    registry: Registry,
    health: Health,
    extra: Router,
    shutdown: Shutdown,
) -> Result<Server, Error> {
    let readers = http.readers()?;
    let behind = |routes, metrics: &Metrics| probes::before(routes, readers, metrics.refused.of(&[MAIN, "probe"]));
    start(behind, |routes| routes, http, registry, health, extra, shutdown).await
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
    start(|routes, _| routes, before, http, registry, health, extra, shutdown).await
}

async fn start(
    behind: impl FnOnce(Router, &Metrics) -> Router,
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
    let probes = Router::new()
        .route(READY, get(ready))
        .with_state(health)
        .merge(Router::new().route("/metrics", get(scrape)).with_state(registry));
    let router = Router::new().route(HEALTH, get(|| async { "ok\n" })).merge(behind(probes, &metrics)).merge(extra);
    let task = tokio::spawn(listener.run(before(router), shutdown));
    let encrypted = http.tls.is_some();
    tracing::info!(%address, encrypted, "listening for HTTP on {address}");
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
