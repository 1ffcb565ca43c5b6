//! The places of one port: who holds them, and who gives way.
//!
//! 1. An address that holds as many as one may, gets another only in the place of one of its own.
//! 2. When all places are taken, an address gets one of an address that holds more than it does.
//! 3. Who has delivered nothing gives way before who has, then whose address holds most, then who has been silent longest, then who
//!    came first.
//!    Who has delivered gives way only when it rests: nothing of it under way, and silent for [`REST`].
//!
//! So silence alone never costs a sender its place, and a stranger can take no more than its address's share.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Counts;
use crate::metrics::Gauge;

/// Silent for so long, a connection that has delivered counts as resting.
pub const REST: Duration = Duration::from_secs(2);
/// Connections that have been asked to give way and are still there, beyond the bound: they may be writing an answer.
pub const LEAVING_MAX: usize = 16;

/// How many connections a port holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// All together.
    pub connections: usize,
    /// Of one remote address; of IPv6, of one network of 64 bits, which one machine may use as it likes.
    pub per_address: usize,
}

impl Bounds {
    /// File descriptors that the port may take.
    pub fn descriptors(self) -> u64 {
        (self.connections + LEAVING_MAX) as u64
    }
}

/// Why a connection gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// All of the port's are taken, and nobody can give way.
    Full,
    /// Its address holds as many as one may, and none of them can give way.
    AddressFull,
}

impl Refusal {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Full => "all places are taken",
            Self::AddressFull => "the address has its share",
        }
    }
}

/// The places of one port.
#[derive(Clone, Debug)]
pub struct Places {
    bounds: Bounds,
    started: Instant,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    /// At most [`Bounds::connections`] and [`LEAVING_MAX`].
    held: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    origin: IpAddr,
    marks: Arc<Marks>,
}

/// What a connection says of itself.
#[derive(Debug)]
struct Marks {
    /// When its last byte moved, in milliseconds since the port was opened.
    moved: AtomicU64,
    delivered: AtomicBool,
    works: AtomicUsize,
    leaving: AtomicBool,
    leave: Notify,
}

/// What the choice looks at.
#[derive(Clone, Copy, Debug)]
struct Seen {
    number: u64,
    origin: IpAddr,
    standing: Standing,
    silent: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Has delivered nothing.
    Stranger,
    /// Has delivered, and nothing is under way.
    Known,
    Working,
    /// Has been asked to give way.
    Leaving,
}

/// What becomes of a newcomer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Free,
    InPlaceOf(u64),
    Refused(Refusal),
}

impl Places {
    /// All free.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, started: Instant::now(), table: Arc::default() }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// A place for a connection from this address, perhaps another's, who is asked to leave.
    pub fn admit(&self, address: IpAddr, counts: &Counts) -> Result<Place, Refusal> {
        let (origin, now) = (origin(address), self.now());
        let mut table = self.lock();
        let seen: Vec<Seen> = table.held.iter().map(|(number, held)| held.seen(*number, now)).collect();
        match judge(&seen, origin, self.bounds) {
            Verdict::Free => {}
            Verdict::InPlaceOf(number) => {
                if let Some(held) = table.held.get(&number) {
                    held.marks.leaving.store(true, Ordering::Relaxed);
                    held.marks.leave.notify_one();
                    counts.replaced.inc();
                }
            }
            Verdict::Refused(refusal) => return Err(refusal),
        }
        table.next += 1;
        let number = table.next;
        let marks = Arc::new(Marks {
            moved: AtomicU64::new(now),
            delivered: AtomicBool::new(false),
            works: AtomicUsize::new(0),
            leaving: AtomicBool::new(false),
            leave: Notify::new(),
        });
        table.held.insert(number, Held { origin, marks: Arc::clone(&marks) });
        counts.accepted.inc();
        counts.open.inc();
        Ok(Place { places: self.clone(), number, marks, open: counts.open.clone() })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn seen(&self, number: u64, now: u64) -> Seen {
        let marks = &self.marks;
        let standing = if marks.leaving.load(Ordering::Relaxed) {
            Standing::Leaving
        } else if marks.works.load(Ordering::Relaxed) > 0 {
            Standing::Working
        } else if marks.delivered.load(Ordering::Relaxed) {
            Standing::Known
        } else {
            Standing::Stranger
        };
        Seen { number, origin: self.origin, standing, silent: marks.silent(now) }
    }
}

impl Marks {
    fn silent(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.moved.load(Ordering::Relaxed)))
    }
}

/// One connection's place; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    number: u64,
    marks: Arc<Marks>,
    open: Gauge,
}

impl Place {
    /// Bytes have moved.
    pub fn moved(&self) {
        self.marks.moved.store(self.places.now(), Ordering::Relaxed);
    }

    /// It has delivered what the port is for: it is no stranger any more.
    pub fn delivered(&self) {
        self.marks.delivered.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub fn has_delivered(&self) -> bool {
        self.marks.delivered.load(Ordering::Relaxed)
    }

    /// For how long no byte has moved.
    pub fn silent(&self) -> Duration {
        self.marks.silent(self.places.now())
    }

    /// Something of it is under way until the value is dropped: it is not asked to leave meanwhile.
    pub fn work(&self) -> Work {
        self.marks.works.fetch_add(1, Ordering::Relaxed);
        Work(Arc::clone(&self.marks))
    }

    /// Waits until the place is wanted for another. The connection is to end soon: a stranger's at once.
    pub async fn wanted(&self) {
        self.marks.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().held.remove(&self.number);
        self.open.dec();
    }
}

/// Something that is under way on a connection.
#[derive(Debug)]
pub struct Work(Arc<Marks>);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.works.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What counts as one address: an IPv6 network of 64 bits is one machine's, and an IPv4 address in IPv6 is itself.
pub(crate) fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// The rule of this module.
fn judge(seen: &[Seen], newcomer: IpAddr, bounds: Bounds) -> Verdict {
    let staying: Vec<&Seen> = seen.iter().filter(|seen| seen.standing != Standing::Leaving).collect();
    let mut holds: HashMap<IpAddr, usize> = HashMap::new();
    for seen in &staying {
        *holds.entry(seen.origin).or_default() += 1;
    }
    let own = holds.get(&newcomer).copied().unwrap_or_default();
    let refusal = if own >= bounds.per_address {
        Refusal::AddressFull
    } else if staying.len() >= bounds.connections {
        Refusal::Full
    } else {
        return Verdict::Free;
    };
    let may_leave = |seen: &Seen| match (refusal, seen.standing) {
        (_, Standing::Working | Standing::Leaving) => false,
        (Refusal::AddressFull, _) if seen.origin != newcomer => false,
        (Refusal::AddressFull, Standing::Stranger) => true,
        (Refusal::AddressFull, Standing::Known) => seen.silent >= REST,
        (Refusal::Full, Standing::Stranger) => holds[&seen.origin] > own,
        // So much more that it still holds as many as the newcomer: two that have delivered do not take turns.
        (Refusal::Full, Standing::Known) => holds[&seen.origin] > own + 1 && seen.silent >= REST,
    };
    let rank =
        |seen: &Seen| (seen.standing == Standing::Stranger, holds[&seen.origin], seen.silent, Reverse(seen.number));
    let gives_way = staying.iter().filter(|seen| may_leave(seen)).max_by_key(|seen| rank(seen));
    match gives_way {
        Some(chosen) if seen.len() - staying.len() < LEAVING_MAX => Verdict::InPlaceOf(chosen.number),
        _ => Verdict::Refused(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { connections: 6, per_address: 4 };

    /// Connections as `address standing silent-seconds`, numbered from 0; what a newcomer from an address meets.
    #[track_caller]
    fn check(held: &[(u8, Standing, u64)], newcomer: u8, expected: Verdict) {
        let address = |last: u8| IpAddr::from([10, 0, 0, last]);
        let numbered = held.iter().zip(0..);
        let seen: Vec<Seen> = numbered
            .map(|(&(last, standing, seconds), number)| Seen {
                number,
                origin: address(last),
                standing,
                silent: Duration::from_secs(seconds),
            })
            .collect();
        assert_eq!(judge(&seen, address(newcomer), BOUNDS), expected);
    }

    #[test]
    fn a_stranger_s_address_gives_way_to_one_that_holds_less() {
        use Standing::{Known, Leaving, Stranger, Working};
        let (full, address_full) = (Verdict::Refused(Refusal::Full), Verdict::Refused(Refusal::AddressFull));
        check(&[(1, Stranger, 9); 3], 1, Verdict::Free);
        check(&[(1, Stranger, 9), (1, Stranger, 12), (1, Known, 99), (1, Stranger, 3)], 1, Verdict::InPlaceOf(1));
        check(&[(1, Stranger, 9), (1, Stranger, 12), (1, Known, 99), (1, Stranger, 3)], 2, Verdict::Free);
        // Who has delivered keeps its place while a stranger holds one, however long it has been silent.
        let taken =
            [(1, Known, 9999), (2, Stranger, 1), (2, Stranger, 2), (2, Stranger, 0), (2, Known, 50), (3, Known, 7)];
        check(&taken, 4, Verdict::InPlaceOf(2));
        check(&taken, 3, Verdict::InPlaceOf(2));
        // Six addresses with one each: strangers give way to who holds none, and not to one of themselves.
        let each = [1, 2, 3, 4, 5, 6].map(|last| (last, Stranger, u64::from(last)));
        check(&each, 7, Verdict::InPlaceOf(5));
        check(&each, 1, full);
        check(&each.map(|(last, _, seconds)| (last, Known, seconds)), 7, full);
        // An address that holds several gives one that rests, never one that works.
        let several =
            [(1, Known, 5), (1, Working, 500), (1, Known, 1), (2, Known, 400), (3, Working, 1), (4, Working, 1)];
        check(&several, 5, Verdict::InPlaceOf(0));
        check(&[(1, Working, 99); 4], 1, address_full);
        check(&[(1, Known, 1); 4], 1, address_full);
        check(&[(1, Known, 2); 4], 1, Verdict::InPlaceOf(0));
        // Who is asked to leave holds nothing any more, but only so many may be on their way.
        check(&[(1, Leaving, 9); LEAVING_MAX], 1, Verdict::Free);
        let mut crowd = vec![(1, Stranger, 1); 4];
        crowd.extend([(1, Leaving, 1); LEAVING_MAX]);
        check(&crowd, 1, address_full);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let of = |text: &str| origin(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
