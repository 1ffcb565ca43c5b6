//! A port and who may hold a connection to it: every listener of every service accepts through a [`Door`].
//!
//! In: a bound on the port's connections and one on those of each remote address. Out: connections, each with its
//! [`Place`]. A port's places are its own: whatever happens at one port, another accepts. When they are taken, a
//! connection that has delivered nothing yet gives way first, and an address that holds much to one that holds less
//! ([`places`]); only when nobody can give way is the newcomer refused. Refusals are counted, and told once a minute.
//!
//! Refused: a bound over all ports together, which lets the peers of one port shut out those of another.

pub mod places;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::metrics::{Counter, Gauge};
pub use places::{Bounds, LEAVING_MAX, Place, Places, Refusal, Work};

/// Pause after the system refused to accept, for example because no file descriptor was left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// A refusal is told at most so often for each port; the metrics have every one.
const TELL_PAUSE: Duration = Duration::from_secs(60);
/// A peer is asked whether it is still there after so long without a byte, then so often, so many times. A peer that was
/// switched off, or that a firewall has forgotten, leaves its place after four minutes; one that only says nothing keeps it.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(120);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEPALIVE_COUNT: u32 = 4;

/// What is counted at a port.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Connections that hold a place.
    pub open: Gauge,
    /// Connections that got one.
    pub accepted: Counter,
    /// Connections refused because all of the port's places were taken.
    pub full: Counter,
    /// Connections refused because their address held as many as one may.
    pub address_full: Counter,
    /// Connections that were closed so that another could have their place.
    pub replaced: Counter,
}

/// A port that is listened on.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    places: Places,
    counts: Counts,
    refusals: Tellings,
    failures: Tellings,
}

impl Door {
    /// Takes the port.
    pub async fn bind(listen: SocketAddr, bounds: Bounds, counts: Counts) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (refusals, failures) = (Tellings::default(), Tellings::default());
        Ok(Self { listener, address, places: Places::new(bounds), counts, refusals, failures })
    }

    /// The address it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection that gets a place. May be dropped and asked again without losing one.
    pub async fn next(&mut self) -> (TcpStream, Place) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.tell_failure(&error);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            match self.places.admit(peer.ip(), &self.counts) {
                Ok(place) => {
                    // Without it a dead peer only keeps its place longer.
                    let _ = keep_alive(&stream);
                    return (stream, place);
                }
                Err(refusal) => self.tell_refusal(refusal),
            }
        }
    }

    fn tell_refusal(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Full => self.counts.full.inc(),
            Refusal::AddressFull => self.counts.address_full.inc(),
        }
        let Some(refused) = self.refusals.tell(Instant::now()) else { return };
        let (address, reason, bounds) = (self.address, refusal.reason(), self.places.bounds());
        let (connections, per_address) = (bounds.connections, bounds.per_address);
        tracing::warn!(
            %address, reason, refused, connections, per_address,
            "{refused} connections to {address} were refused ({reason}): it has places for {connections}, {per_address} of one address"
        );
    }

    fn tell_failure(&mut self, error: &io::Error) {
        let Some(failed) = self.failures.tell(Instant::now()) else { return };
        let address = self.address;
        tracing::warn!(%error, %address, failed, "connections to {address} could not be accepted: {error}");
    }
}

fn keep_alive(stream: &TcpStream) -> rustix::io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_COUNT)
}

/// How often something that may happen a thousand times a second is told.
#[derive(Debug, Default)]
struct Tellings {
    last: Option<Instant>,
    untold: u64,
}

impl Tellings {
    /// It has happened: how often since it was last told, if it is to be told now.
    fn tell(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        if self.last.is_some_and(|last| now.duration_since(last) < TELL_PAUSE) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_once_a_minute_with_its_size() {
        let (mut tellings, start) = (Tellings::default(), Instant::now());
        assert_eq!(tellings.tell(start), Some(1));
        for second in 0..59 {
            assert_eq!(tellings.tell(start + Duration::from_secs(second)), None);
        }
        assert_eq!(tellings.tell(start + TELL_PAUSE), Some(60));
    }
}
