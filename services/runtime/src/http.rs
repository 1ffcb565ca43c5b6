//! `/healthz`, `/readyz` and `/metrics`, and whatever routes a service adds.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config;
use crate::health::Health;
use crate::metrics::{self, Registry};
use crate::shutdown::Shutdown;

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
}

/// A server that runs until shutdown.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// The address it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
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
    let failed = |source| Error::Listen { listen: http.listen, source };
    let listener = TcpListener::bind(http.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(health)
        .merge(Router::new().route("/metrics", get(scrape)).with_state(registry))
        .merge(extra);
    let task = tokio::spawn(async move {
        // Streams never end by themselves, so the server does not wait for its connections.
        tokio::select! {
            result = axum::serve(listener, router).into_future() => {
                if let Err(error) = result {
                    tracing::error!(%error, "the HTTP server stopped");
                }
            }
            () = shutdown.wait() => {}
        }
    });
    tracing::info!(%address, "listening for HTTP on {address}");
    Ok(Server { address, task })
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
