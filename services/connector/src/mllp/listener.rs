//! Accepts connections, no more than the process may hold.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::tls;
use crate::config::{Limits, Mllp};
use crate::intake::Feed;
use crate::metrics::Turned;

/// How long a TLS handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Pause after the system refused to accept, for example because no file descriptor was left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Why a listener cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be taken.
    #[error("listen for MLLP on {listen}; another process may hold the port, see `region.mllp.listen`")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// TLS cannot be used as configured.
    #[error("encrypt the listener on {listen}")]
    Tls {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: tls::Error,
    },
}

/// What all listeners share: the bound on connections, and their numbers.
pub struct Gate {
    free: Arc<Semaphore>,
    count: AtomicU64,
    started: i64,
}

impl Gate {
    /// For one process.
    pub fn new(limits: &Limits, started: i64) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(limits.connections)), count: AtomicU64::new(0), started })
    }
}

/// A bound listener.
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    settings: Arc<Mllp>,
    feed: Arc<Feed>,
    gate: Arc<Gate>,
}

impl Listener {
    /// Takes the port.
    pub async fn bind(settings: Mllp, feed: Arc<Feed>, gate: Arc<Gate>) -> Result<Self, Error> {
        let listen = settings.listen;
        let failed = |source| Error::Listen { listen, source };
        let acceptor =
            settings.tls.as_ref().map(tls::acceptor).transpose().map_err(|source| Error::Tls { listen, source })?;
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let encrypted = acceptor.is_some();
        tracing::info!(region = feed.region(), %address, encrypted, "listening for MLLP on {address}");
        Ok(Self { listener, address, acceptor, settings: Arc::new(settings), feed, gate })
    }

    /// The address it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until shutdown, then waits until every connection has been answered and closed.
    pub async fn run(self) {
        let intake = Arc::clone(&self.feed.intake);
        let mut connections = JoinSet::new();
        // While Kafka is away new connections wait in the system's own queue, whose length it bounds.
        while intake.wait_open().await {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                () = intake.shutdown.wait() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, region = self.feed.region(), "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(free) = Arc::clone(&self.gate.free).try_acquire_owned() else {
                intake.metrics.connections_turned.of(Turned::Full).inc();
                continue;
            };
            intake.metrics.connections.inc();
            intake.metrics.connections_open.inc();
            let connection = Connection {
                feed: Arc::clone(&self.feed),
                settings: Arc::clone(&self.settings),
                port: self.address.port(),
                number: self.gate.count.fetch_add(1, Ordering::Relaxed) + 1,
                started: self.gate.started,
            };
            let (acceptor, intake) = (self.acceptor.clone(), Arc::clone(&intake));
            connections.spawn(async move {
                serve(connection, stream, acceptor).await;
                intake.metrics.connections_open.dec();
                drop(free);
            });
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

async fn serve(connection: Connection, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    // An answer is small and awaited: it must not wait for company. Failing to say so costs only time.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else {
        connection.serve(stream).await;
        return;
    };
    let turned = connection.feed.intake.metrics.connections_turned.of(Turned::Handshake).clone();
    match timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => connection.serve(stream).await,
        Ok(Err(_)) | Err(_) => turned.inc(),
    }
}
