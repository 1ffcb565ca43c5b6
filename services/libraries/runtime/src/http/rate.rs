//! How often a client may ask: a bucket of tokens each, in a table with a bound.
//!
//! A client is a remote address (of IPv6 a network of 64 bits, as at the door). Behind a proxy that the configuration
//! trusts it is the address that the proxy has seen, in the header that the configuration names; nobody else's header is
//! believed. When the table is full, its clients keep their buckets and all newcomers together have one.
//!
//! `governor` counts (GCRA: one time per bucket); its own tables grow with every address that knocks, so the table is ours.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::door::places::origin;

/// Clients with a bucket of their own; so many take less than a MiB.
const CLIENTS_MAX: usize = 10_000;
/// Who has a full bucket again is forgotten after so many requests of anybody.
const SWEEP_EVERY: u32 = 1024;

/// The buckets of one listener.
pub(super) struct Rate<C: Clock = MonotonicClock> {
    limiter: RateLimiter<IpAddr, Table, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    asked: AtomicU32,
}

impl<C: Clock> fmt::Debug for Rate<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who has asked is nobody's business.
        f.debug_struct("Rate").finish_non_exhaustive()
    }
}

impl<C: Clock + Clone> Rate<C> {
    pub(super) fn new(quota: Quota, clock: C) -> Self {
        let limiter = RateLimiter::new(quota, Table::default(), clock.clone());
        Self { limiter, clock, asked: AtomicU32::new(0) }
    }

    /// Takes a token of this client's.
    ///
    /// # Errors
    /// How long it is until there is one.
    pub(super) fn take(&self, client: IpAddr) -> Result<(), Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&origin(client)).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// When each client's bucket is full again. `None` are all who found no room.
#[derive(Debug, Default)]
struct Table(Mutex<HashMap<Option<IpAddr>, Nanos>>);

impl Table {
    fn lock(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Table {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, client: &IpAddr, judge: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut buckets = self.lock();
        let own = Some(*client);
        let bucket = if buckets.len() < CLIENTS_MAX || buckets.contains_key(&own) { own } else { None };
        let (outcome, full) = judge(buckets.get(&bucket).copied())?;
        buckets.insert(bucket, full);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<IpAddr> for Table {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().retain(|_, full| *full > drop_below);
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

/// Which proxies are believed, and where they say whom they serve.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    pub addresses: Box<[IpAddr]>,
    pub header: HeaderName,
}

impl Proxies {
    /// Whose request it is. Proxies add at the end, so the last address that is no proxy's is one that a proxy has seen.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_proxy = |address: IpAddr| self.addresses.contains(&address.to_canonical());
        if !is_proxy(peer) {
            return peer;
        }
        let lines = headers.get_all(&self.header).iter().rev();
        let said =
            lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(|text| address(text.trim()));
        said.map_while(|address| address).find(|address| !is_proxy(*address)).unwrap_or(peer)
    }
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn of(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn rate(per_second: u32, burst: u32) -> (Rate<FakeRelativeClock>, FakeRelativeClock) {
        let [per_second, burst] = [per_second, burst].map(|count| NonZeroU32::new(count).unwrap());
        let clock = FakeRelativeClock::default();
        (Rate::new(Quota::per_second(per_second).allow_burst(burst), clock.clone()), clock)
    }

    #[test]
    fn each_client_has_its_burst_and_then_its_rate() {
        let (rate, clock) = rate(2, 5);
        let (one, other) = (of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!((0..9).filter(|_| rate.take(one).is_ok()).count(), 5);
        assert_eq!(rate.take(one), Err(Duration::from_millis(500)));
        assert_eq!(rate.take(other), Ok(()), "another's bucket is its own");
        clock.advance(Duration::from_secs(1));
        assert_eq!((0..9).filter(|_| rate.take(one).is_ok()).count(), 2);
        clock.advance(Duration::from_secs(60));
        assert_eq!((0..9).filter(|_| rate.take(one).is_ok()).count(), 5);
        // One machine's IPv6 addresses are one client.
        assert_eq!((0..9).filter(|last| rate.take(of(&format!("2001:db8::{last}"))).is_ok()).count(), 5);
    }

    #[test]
    fn a_flood_of_addresses_takes_no_memory_and_no_client_s_bucket() {
        let (rate, clock) = rate(1, 2);
        let honest = of("192.0.2.1");
        assert_eq!(rate.take(honest), Ok(()));
        let flood = (0..30_000_u32).map(|number| IpAddr::from((0x0a00_0000 + number).to_be_bytes()));
        let admitted = flood.filter(|address| rate.take(*address).is_ok()).count();
        assert_eq!(admitted, CLIENTS_MAX - 1 + 2, "who found no room shares one bucket");
        assert!(rate.limiter.len() <= CLIENTS_MAX + 1);
        assert_eq!(rate.take(honest), Ok(()), "it keeps what it had");
        clock.advance(Duration::from_secs(10));
        for _ in 0..SWEEP_EVERY {
            let _ = rate.take(honest);
        }
        assert!(rate.limiter.len() < 10, "{} are remembered", rate.limiter.len());
    }

    #[track_caller]
    fn check(peer: &str, said: &[&'static str], expected: &str) {
        let addresses = ["10.1.1.1", "10.1.1.2"].map(of).into();
        let proxies = Proxies { addresses, header: HeaderName::from_static("x-forwarded-for") };
        let mut headers = HeaderMap::new();
        for line in said {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        assert_eq!(proxies.client(of(peer), &headers), of(expected), "{peer} {said:?}");
    }

    #[test]
    fn only_a_trusted_proxy_names_another_client() {
        check("192.0.2.9", &["198.51.100.1"], "192.0.2.9");
        check("10.1.1.1", &[], "10.1.1.1");
        check("::ffff:10.1.1.1", &["198.51.100.1"], "198.51.100.1");
        // What the client itself has written stands before what the proxies have seen.
        check("10.1.1.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1");
        check("10.1.1.1", &["1.1.1.1", "198.51.100.1, 10.1.1.2"], "198.51.100.1");
        check("10.1.1.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("10.1.1.1", &["2001:db8::7"], "2001:db8::7");
        check("10.1.1.1", &["198.51.100.1, unknown"], "10.1.1.1");
    }
}
