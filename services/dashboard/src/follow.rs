//! Follows the common topics on threads of its own: starts from the store, then tails Kafka, for as long as it runs.
//!
//! The one-compare rule keeps replays out, and the live state is a function of the *set* of events, so nothing that
//! comes twice or late changes a figure wrongly. When the store or Kafka is away the thread waits and says so.
//!
//! One thread reads all regions. What fails for one region (a record at which applying or loading panics, a topic that
//! is missing, a position that is gone from Kafka, an episode that cannot be recalled, a schema that the registry does
//! not give now) *parts* it: its topics are left, and a thread of its own starts it again from the store, as often as it
//! takes, while the others are read on untouched.
//! A region that has been parted stays so until the process ends; there are at most as many threads as regions. A record
//! at which a region ended twice is set aside, see [`aside`].

mod aside;
mod session;

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use board::standing::Standing;
use postgresql::Address;
use runtime::broker;
use runtime::config;
use runtime::exit::chain;
use runtime::health::Health;
use runtime::metrics::Gauge;
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail};
use schemas::Subject;
use topics::{Region, name};

use self::aside::{Coordinates, Strikes};
use self::session::{Failures, Session};
use crate::hub::Hub;
use crate::store;

/// Health component: whether the board is complete.
pub const BOARD: &str = "board";
/// Health component: whether the store answers.
pub const STORE: &str = "store";

/// The subjects whose topics are read, of each region.
pub const INPUTS: [Subject; Subject::WARDS.len()] = Subject::WARDS;

const BATCH_MAX: usize = 500;
/// Ids of applied events are gathered so long at most.
const GATHER: Duration = Duration::from_millis(20);
const POLL_WAIT: Duration = Duration::from_millis(200);
const RETRY_AFTER: Duration = Duration::from_secs(2);
const LAG_EVERY: Duration = Duration::from_secs(2);
const RETIRE_EVERY: Duration = Duration::from_secs(600);
/// When reading regions together has ended so often in a row, before all were complete and for a reason that names no
/// region, each of them is parted: whichever is behind it must not hold the others.
const UNEXPLAINED_MAX: u32 = 3;

/// What the follower needs.
pub struct Follower {
    pub(crate) hub: Arc<Hub>,
    pub(crate) kafka: config::Kafka,
    pub(crate) tail: tail::Settings,
    /// Where schemas that the store does not know are fetched.
    pub registry: schemas::registry::Client,
    /// The store's address; without it the board starts from the topics' beginning.
    pub store: Option<Address>,
    /// The regions that are followed.
    pub regions: Vec<Region>,
    pub(crate) health: Health,
    pub(crate) shutdown: Shutdown,
    /// For talking to the store from the threads.
    pub runtime: tokio::runtime::Handle,
    /// Records at which a worker ended, by region.
    pub struck: Struck,
}

/// Records at which a worker ended, by region; see [`aside`]. Bounded per region.
#[derive(Default)]
pub struct Struck(Mutex<BTreeMap<Region, Strikes>>);

/// Why following has to start over.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Tail(#[from] tail::Error),
    #[error("the store is away while an episode's earlier events are needed")]
    Recall(#[source] store::Error),
    #[error("the schema registry does not give schema {id}, which records are written with")]
    Schema { id: u32, source: schemas::registry::client::Error },
    #[error("start a thread for a region of its own")]
    Thread(#[source] std::io::Error),
    #[error("a panic outside of any record; the log says where")]
    Panicked,
    /// A region that is read by itself failed.
    #[error("{0}")]
    Alone(String),
}

impl Interrupted {
    /// Whether one region can be behind it, though it names none: Kafka refuses something, or something panicked.
    fn may_be_one_regions(&self) -> bool {
        matches!(self, Self::Panicked | Self::Tail(tail::Error::Kafka(_) | tail::Error::Assign(_)))
    }
}

/// A topic that is followed.
struct Topic {
    region: Region,
    subject: Subject,
    name: String,
}

/// What becomes of a region that cannot go on with the others.
type Part<'a> = &'a dyn Fn(Region, String) -> Result<(), Interrupted>;

/// Regions that are followed together.
struct Group<'a> {
    regions: Vec<Region>,
    /// `None` for a region by itself, which has nobody to be parted from.
    part: Option<Part<'a>>,
    /// Where Kafka's readiness is said.
    kafka: Health,
    /// Attempts that ended before all were complete, in a row, and nobody knows for which region.
    unexplained_count: u32,
}

impl Follower {
    /// Runs until shutdown.
    pub fn run(&self) {
        self.hub.follow(&self.regions);
        for region in &self.regions {
            self.hub.metrics.begin(region.code());
        }
        self.tell();
        thread::scope(|scope| {
            let part = |region: Region, reason: String| {
                tracing::warn!(region = region.code(), "region {region} goes on by itself: {reason}");
                self.stand(&[region], &Standing::Failed(reason.into()));
                let alone = move || {
                    // Whether Kafka answers is said by those who are read together; here it is a reason like any other.
                    self.pause();
                    self.follow_always(Group {
                        regions: vec![region],
                        part: None,
                        kafka: quiet(),
                        unexplained_count: 0,
                    });
                };
                let name = format!("follower-{region}");
                thread::Builder::new().name(name).spawn_scoped(scope, alone).map(drop).map_err(Interrupted::Thread)
            };
            let part: Option<Part<'_>> = if self.regions.len() > 1 { Some(&part) } else { None };
            let regions = self.regions.clone();
            self.follow_always(Group { regions, part, kafka: self.health.clone(), unexplained_count: 0 });
        });
    }

    /// Follows a group until shutdown, or until every region of it has been parted.
    fn follow_always(&self, mut group: Group<'_>) {
        while !self.shutdown.requested() && !group.regions.is_empty() {
            let ended = catch_unwind(AssertUnwindSafe(|| self.follow(&mut group)));
            let Err(error) = ended.unwrap_or(Err(Interrupted::Panicked)) else { continue };
            let reason = chain(&error);
            group.unexplained_count += u32::from(error.may_be_one_regions());
            if group.unexplained_count >= UNEXPLAINED_MAX && group.part.is_some() {
                let all: Failures = group.regions.iter().map(|region| (*region, reason.clone())).collect();
                if self.part(&mut group, all).is_ok() {
                    continue;
                }
            }
            tracing::warn!("starting over in {} s: {reason}", RETRY_AFTER.as_secs());
            let standing = match group.part {
                Some(_) => Standing::Interrupted(reason.into()),
                None => Standing::Failed(reason.into()),
            };
            self.stand(&group.regions, &standing);
            self.pause();
        }
    }

    /// One attempt: from the store until shutdown, or until it has to start over.
    fn follow(&self, group: &mut Group<'_>) -> Result<(), Interrupted> {
        let regions = group.regions.clone();
        let topic = |region: Region, subject: Subject| Topic { region, subject, name: name::common(region, subject) };
        let topics: Vec<Topic> =
            regions.iter().flat_map(|region| INPUTS.map(|subject| topic(*region, subject))).collect();
        let mut session = Session::new(self, &regions);
        let (starts, failures) = session.start(&regions, &topics)?;
        self.part(group, failures)?;
        let health = group.kafka.clone();
        let opened = Tail::assign_present(&self.kafka, self.tail.clone(), &starts, health, self.shutdown.clone());
        let (mut tail, absent) = match opened {
            Ok(opened) => opened,
            Err(_) if self.shutdown.requested() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let failures = absent.iter().map(|absent| (topics[absent.topic].region, chain(&absent.error))).collect();
        self.part(group, failures)?;
        leave_parted(&mut tail, &topics, group)?;
        let lags: Vec<Gauge> = regions.iter().map(|region| self.hub.metrics.lag.of(&[region.code()])).collect();
        let mut loading: HashSet<Region> = group.regions.iter().copied().collect();
        let mut measured = Instant::now();
        let mut retired = Instant::now();
        while !self.shutdown.requested() && !group.regions.is_empty() {
            let failures = match tail.poll_batch(BATCH_MAX, session.patience().unwrap_or(POLL_WAIT)) {
                Ok(records) => session.apply(&topics, &records),
                Err(_) if self.shutdown.requested() => return Ok(()),
                Err(error) => match region_of(&topics, error.topic()) {
                    Some(region) => Failures::from([(region, chain(&error))]),
                    None => return Err(error.into()),
                },
            };
            if !failures.is_empty() {
                self.part(group, failures)?;
                leave_parted(&mut tail, &topics, group)?;
                loading.retain(|region| group.regions.contains(region));
            }
            session.flush(false);
            if let Some(at) = tail.answered() {
                self.hub.answered(&group.regions, at);
            }
            if !loading.is_empty() {
                self.note_complete(&mut loading, &topics, &tail);
                if loading.is_empty() {
                    group.unexplained_count = 0;
                    let complete: Vec<&str> = group.regions.iter().map(|region| region.code()).collect();
                    let events = self.hub.live().event_count();
                    tracing::info!(events, "the board is complete for regions {}", complete.join(", "));
                }
            }
            if measured.elapsed() >= LAG_EVERY {
                measured = Instant::now();
                let mut sums = vec![0; lags.len()];
                for progress in tail.progress() {
                    sums[progress.topic / INPUTS.len()] += progress.lag();
                }
                for ((region, gauge), lag) in regions.iter().zip(&lags).zip(sums) {
                    // Of a parted one its own thread tells.
                    if group.regions.contains(region) {
                        gauge.set(lag);
                    }
                }
                let held = self.hub.live().event_count();
                self.hub.metrics.events_held.set(i64::try_from(held).unwrap_or(i64::MAX));
            }
            if retired.elapsed() >= RETIRE_EVERY {
                retired = Instant::now();
                let failures = self.retire(&group.regions);
                self.part(group, failures)?;
                leave_parted(&mut tail, &topics, group)?;
            }
        }
        session.flush(true);
        Ok(())
    }

    /// Regions of which everything that was there at the start has been taken are complete.
    fn note_complete(&self, loading: &mut HashSet<Region>, topics: &[Topic], tail: &Tail) {
        let behind: HashSet<Region> = (0..)
            .zip(topics)
            .filter(|(index, _)| !tail.has_caught_up_with(*index))
            .map(|(_, topic)| topic.region)
            .collect();
        let complete: Vec<Region> = loading.iter().copied().filter(|region| !behind.contains(region)).collect();
        if !complete.is_empty() {
            loading.retain(|region| behind.contains(region));
            self.stand(&complete, &Standing::Complete);
        }
    }

    /// Lets old episodes go, a region at a time.
    fn retire(&self, regions: &[Region]) -> Failures {
        let mut failures = Failures::new();
        for region in regions {
            let now = self.hub.now();
            let gone = catch_unwind(AssertUnwindSafe(|| self.hub.live().retire(region.code(), now)));
            match gone {
                Ok(gone) => self.hub.metrics.events_retired.inc_by(gone as u64),
                Err(_) => {
                    self.hub.live().forget(region.code());
                    failures.insert(*region, "letting old episodes go ended in a panic".to_owned());
                }
            }
        }
        failures
    }

    /// Parts these regions from their group; the end of the attempt for one that is by itself.
    fn part(&self, group: &mut Group<'_>, failures: Failures) -> Result<(), Interrupted> {
        for (region, reason) in failures {
            if !group.regions.contains(&region) {
                continue;
            }
            let Some(part) = group.part else { return Err(Interrupted::Alone(reason)) };
            part(region, reason)?;
            group.regions.retain(|held| *held != region);
        }
        Ok(())
    }

    /// Says how far regions have come, to pages, metrics and readiness.
    fn stand(&self, regions: &[Region], standing: &Standing) {
        for region in regions {
            self.hub.set_standing(*region, standing.clone());
        }
        self.tell();
    }

    fn tell(&self) {
        // Held to the end: of two threads the one that looked first must not speak last.
        let standings = self.hub.standings();
        let (ready, reason) = standings.readiness();
        self.health.set_ready(BOARD, ready, reason);
    }

    fn pause(&self) {
        self.shutdown.sleep(RETRY_AFTER);
    }

    /// A worker ended at a record: says so with the record's coordinates, and whether it is set aside from now on.
    fn strike(&self, region: Region, coordinates: &Coordinates) {
        let aside = self.struck.held().entry(region).or_default().strike(coordinates.clone());
        let then = if aside { "it is set aside" } else { "the region starts again" };
        tracing::error!(region = region.code(), record = %coordinates, "a worker ended at record {coordinates}; {then}");
    }

    /// Computing what was loaded of a region ended in a panic, nobody knows at which event: the next starts compute at each.
    fn be_careful(&self, region: Region) -> String {
        self.struck.held().entry(region).or_default().be_careful();
        "computing the events of the store ended in a panic; they are taken one by one".to_owned()
    }

    fn is_careful(&self, region: Region) -> bool {
        self.struck.held().get(&region).is_some_and(Strikes::is_careful)
    }

    fn aside(&self, regions: &[Region]) -> HashSet<Coordinates> {
        let strikes = self.struck.held();
        regions.iter().filter_map(|region| strikes.get(region)).flat_map(Strikes::aside).cloned().collect()
    }
}

impl Struck {
    fn held(&self) -> MutexGuard<'_, BTreeMap<Region, Strikes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves every topic of a region that is not of the group any more.
fn leave_parted(tail: &mut Tail, topics: &[Topic], group: &Group<'_>) -> Result<(), tail::Error> {
    let parted: Vec<usize> =
        (0..).zip(topics).filter(|(_, topic)| !group.regions.contains(&topic.region)).map(|(index, _)| index).collect();
    tail.leave(&parted)
}

fn region_of(topics: &[Topic], name: Option<&str>) -> Option<Region> {
    topics.iter().find(|topic| Some(topic.name.as_str()) == name).map(|topic| topic.region)
}

/// A place to say things that nobody asks for.
fn quiet() -> Health {
    Health::new(&[broker::COMPONENT])
}
