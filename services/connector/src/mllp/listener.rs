//! Accepts connections at one port, no more than the port may hold: no port depends on another's peers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime::door::{Counts, Door};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use crate::config::{Limits, Mllp};
use crate::intake::Feed;
use crate::metrics::Turned;

/// How long a TLS handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Long messages may reserve this part of the budget, divided among the ports.
const LONG_SHARE: u64 = 2;

/// Why a listener cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The address cannot be taken.
    #[error("listen for MLLP on {listen}; another process may hold the port, see `region.mllp.listen`")]
    Listen { listen: SocketAddr, source: std::io::Error },
    /// TLS cannot be used as configured.
    #[error("encrypt the listener on {listen}")]
    Tls { listen: SocketAddr, source: tls::Error },
}

/// What all listeners share: the numbers of connections, and how the budget's room for long messages is divided.
pub(crate) struct Gate {
    count: AtomicU64,
    long_messages: usize,
    started: i64,
}

impl Gate {
    /// For one process with so many ports.
    pub(crate) fn new(limits: &Limits, ports: usize, started: i64) -> Arc<Self> {
        Arc::new(Self { count: AtomicU64::new(0), long_messages: long_messages(limits, ports), started })
    }
}

/// How many long messages each port may be reading at a time.
fn long_messages(limits: &Limits, ports: usize) -> usize {
    let all = limits.in_flight.as_bytes() / LONG_SHARE / limits.message.as_bytes().max(1);
    usize::try_from(all).unwrap_or(usize::MAX).checked_div(ports).unwrap_or_default().max(1)
}

/// Who of a port's connections may be reading a long message, for which the budget's room is reserved until it has ended.
/// A stranger that begins one and does not end it keeps it from strangers only, and from none at another port.
#[derive(Clone)]
pub(super) struct LongMessages {
    of_strangers: Arc<Semaphore>,
    of_senders: Arc<Semaphore>,
}

impl LongMessages {
    fn new(count: usize) -> Self {
        Self { of_strangers: Arc::new(Semaphore::new(count)), of_senders: Arc::new(Semaphore::new(count)) }
    }

    pub(super) async fn turn(&self, has_delivered: bool) -> Option<OwnedSemaphorePermit> {
        let turns = if has_delivered { &self.of_senders } else { &self.of_strangers };
        Arc::clone(turns).acquire_owned().await.ok()
    }
}

pub(crate) struct Listener {
    door: Door,
    long_messages: LongMessages,
    acceptor: Option<TlsAcceptor>,
    settings: Arc<Mllp>,
    feed: Arc<Feed>,
    gate: Arc<Gate>,
}

impl Listener {
    pub(crate) async fn bind(settings: Mllp, feed: Arc<Feed>, gate: Arc<Gate>) -> Result<Self, Error> {
        let listen = settings.listen;
        let failed = |source| Error::Listen { listen, source };
        let encryption = settings
            .tls
            .as_ref()
            .map(tls::Listener::config)
            .transpose()
            .map_err(|source| Error::Tls { listen, source })?;
        let acceptor = encryption.map(TlsAcceptor::from);
        let door = Door::bind(listen, settings.bounds(&feed.intake.limits), counts(&feed)).await.map_err(failed)?;
        let address = door.address();
        let encrypted = acceptor.is_some();
        tracing::info!(region = feed.region(), %address, encrypted, "listening for MLLP on {address}");
        let long_messages = LongMessages::new(gate.long_messages);
        Ok(Self { door, long_messages, acceptor, settings: Arc::new(settings), feed, gate })
    }

    /// Accepts until shutdown, then waits until every connection has been answered and closed.
    pub(crate) async fn run(mut self) {
        let intake = Arc::clone(&self.feed.intake);
        let mut connections = JoinSet::new();
        // While Kafka is away new connections wait in the system's own queue, whose length it bounds.
        while intake.wait_open().await {
            let (stream, place) = tokio::select! {
                accepted = self.door.next() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                () = intake.shutdown.wait() => break,
            };
            let connection = Connection {
                feed: Arc::clone(&self.feed),
                settings: Arc::clone(&self.settings),
                place,
                long_messages: self.long_messages.clone(),
                port: self.door.address().port(),
                number: self.gate.count.fetch_add(1, Ordering::Relaxed) + 1,
                started: self.gate.started,
            };
            connections.spawn(serve(connection, stream, self.acceptor.clone()));
        }
        drop(self.door);
        while connections.join_next().await.is_some() {}
    }
}

/// What is counted at a port; all ports of the process together.
fn counts(feed: &Feed) -> Counts {
    let metrics = &feed.intake.metrics;
    let turned = |reason| metrics.connections_turned.of(reason).clone();
    Counts {
        open: metrics.connections_open.clone(),
        accepted: metrics.connections.clone(),
        full: turned(Turned::Full),
        address_full: turned(Turned::AddressFull),
        replaced: turned(Turned::Replaced),
    }
}

async fn serve(connection: Connection, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    // An answer is small and awaited: it must not wait for company. Failing to say so costs only time.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else {
        connection.serve(stream).await;
        return;
    };
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE_MAX, acceptor.accept(stream)) => shaken,
        () = connection.place.wanted() => return,
    };
    match shaken {
        Ok(Ok(stream)) => connection.serve(stream).await,
        Ok(Err(_)) | Err(_) => connection.feed.intake.metrics.connections_turned.of(Turned::Handshake).inc(),
    }
}

#[cfg(test)]
mod tests {
    use runtime::config::Size;

    use super::*;

    #[test]
    fn long_messages_never_take_the_whole_budget() {
        let limits = Limits { message: Size::kib(768), in_flight: Size::mib(24), ..Limits::default() };
        assert_eq!([1, 4, 16, 21].map(|ports| long_messages(&limits, ports)), [16, 4, 1, 1]);
        assert_eq!(long_messages(&limits, 0), 1);
    }
}
