//! Where the live state, the boards made from it and the readers meet.
//!
//! One board per second ([`Hub::turn`]). A page address with readers is rendered once per board and language, and every
//! reader of that address gets the same bytes. A reader is told only the newest version: one that is slow, paused or
//! was away gets what changed since it last looked, at most the whole page, so nobody's backlog can grow.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use axum::body::Bytes;
use board::age::Limits;
use board::detail::Detail;
use board::guide::Guide;
use board::hiding::{Hidden, Rules};
use board::language::Language;
use board::lately::Lately;
use board::live::Live;
use board::restless::Restless;
use board::standing::{Standing, Standings};
use board::stopped::{Answer, Stopped};
use board::usual::Usual;
use board::{Board, Builder, Scope};
use runtime::health::SILENCE_MAX;
use schemas::Timestamp;
use tokio::sync::{Semaphore, broadcast, watch};
use topics::Region;

use crate::address::{self, Query, View};
use crate::gzip::Part;
use crate::http::Params;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::page::{self, Picture, Sight, Subject, feeds};
use crate::shelf::Shelf;

/// Tells the time; a test's clock stands still.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Flushes of event ids that a reader of `/api/v1/stream` may lag behind before it is told that it missed some.
const APPLIED_BACKLOG: usize = 4096;

/// What a reader reads: an address and a language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The page.
    pub subject: Subject,
    pub(crate) query: Query,
    /// Its language.
    pub language: Language,
}

impl Topic {
    /// A page of what needs attention, or its stream: scope and query stand in the pairs.
    pub(crate) fn attention(language: Language, pairs: &Params) -> Self {
        let text = |name: &str| pairs.get(name).map(String::as_str);
        let query = Query::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let subject = Subject::Attention(address::attention_scope(text("region"), text("sjukhus")));
        Self { subject, query: query.with_view(View::Desk), language }
    }
}

/// The newest version of a topic.
#[derive(Clone)]
pub struct Edition {
    /// Names this run of the topic; versions of another run mean nothing here.
    pub epoch: Arc<str>,
    /// Counts up with every change.
    pub version: u64,
    /// The living part of the page.
    pub node: Arc<Node>,
    /// What changed from the version before; none in the first.
    delta: Option<Arc<Part>>,
    /// Everything, once somebody who knows nothing has asked for it.
    whole: Arc<OnceLock<Arc<Part>>>,
    /// The board it was made from.
    pub generation: u64,
    /// The clock's line that goes before every message.
    pub(crate) pulse: Arc<Part>,
}

struct Running {
    sender: watch::Sender<Edition>,
}

/// Bounds of what the hub holds.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most readers of streams at a time.
    pub clients_max: usize,
    /// Most addresses rendered at a time.
    pub topics_max: usize,
}

/// State shared by the thread that applies events, the task that makes boards, and the readers.
pub struct Hub {
    clock: Clock,
    limits: Limits,
    bounds: Bounds,
    rules: Rules,
    live: Mutex<Live>,
    builder: Mutex<Builder>,
    standings: Mutex<Standings>,
    /// When Kafka last answered for each region, by both clocks.
    answers: Mutex<BTreeMap<Region, (Instant, Timestamp)>>,
    /// When the store last answered, by both clocks; nothing where there is none.
    store: Mutex<Option<(Instant, Timestamp)>>,
    restless: ArcSwap<Restless>,
    usual: ArcSwap<Usual>,
    guide: ArcSwap<Guide>,
    picture: ArcSwap<Picture>,
    topics: Mutex<HashMap<Topic, Arc<Running>>>,
    epochs: AtomicU64,
    boot: i64,
    applied: broadcast::Sender<Arc<Part>>,
    clients: Arc<Semaphore>,
    /// Published figures.
    pub shelf: Shelf,
    pub(crate) metrics: Metrics,
}

/// Too many different addresses are being read.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("too many different views are open, at most {0}; close some or raise stream.topics_max")]
pub struct TooManyTopics(usize);

impl Hub {
    /// A hub around an empty state.
    pub fn new(live: Live, clock: Clock, limits: Limits, rules: Rules, bounds: Bounds, metrics: Metrics) -> Self {
        let now = clock();
        let picture = Picture {
            board: Arc::new(Board::empty(now, limits)),
            hidden: Arc::new(Hidden::default()),
            usual: Arc::new(Usual::default()),
            guide: Arc::new(Guide::default()),
        };
        Self {
            clock,
            limits,
            bounds,
            rules,
            live: Mutex::new(live),
            builder: Mutex::new(Builder::default()),
            standings: Mutex::new(Standings::default()),
            answers: Mutex::default(),
            store: Mutex::default(),
            restless: ArcSwap::from_pointee(Restless::default()),
            usual: ArcSwap::from_pointee(Usual::default()),
            guide: ArcSwap::from_pointee(Guide::default()),
            picture: ArcSwap::from_pointee(picture),
            topics: Mutex::new(HashMap::new()),
            epochs: AtomicU64::new(0),
            boot: now.0,
            applied: broadcast::Sender::new(APPLIED_BACKLOG),
            clients: Arc::new(Semaphore::new(bounds.clients_max)),
            shelf: Shelf::default(),
            metrics,
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The live state. Hold it shortly: pages read boards, not this.
    pub fn live(&self) -> MutexGuard<'_, Live> {
        // A panic while applying leaves one region half changed, and whoever caught it throws that region away.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which regions will be read; nothing of them is complete yet.
    pub fn follow(&self, regions: &[Region]) {
        let standings = Standings::loading(regions);
        let board = Board { standings: standings.clone(), ..Board::empty(self.now(), self.limits) };
        let picture = Picture { board: Arc::new(board), ..Picture::clone(&self.picture()) };
        *self.standings() = standings;
        self.picture.store(Arc::new(picture));
    }

    /// Says how far a region has come.
    pub fn set_standing(&self, region: Region, standing: Standing) {
        self.standings().set(region, standing);
    }

    /// How far each region has come.
    pub fn standings(&self) -> MutexGuard<'_, Standings> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kafka answered for these regions at this instant, and what it had then is in the live state or soon will be. Who does not
    /// say so again in time has stopped.
    pub fn answered(&self, regions: &[Region], at: Instant) {
        let told = self.by_clock(at);
        let mut answers = self.answers();
        for region in regions {
            let held = answers.entry(*region).or_insert((at, told));
            if held.0 <= at {
                *held = (at, told);
            }
        }
    }

    fn by_clock(&self, at: Instant) -> Timestamp {
        let ago = i64::try_from(at.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.now().0.saturating_sub(ago))
    }

    /// The store answered what was asked at this instant.
    pub fn store_answered(&self, at: Instant) {
        let told = self.by_clock(at);
        *self.store.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, told));
    }

    /// Since when the store has not answered, when that is too long.
    pub fn store_away(&self) -> Option<Timestamp> {
        let held = *self.store.lock().unwrap_or_else(PoisonError::into_inner);
        held.filter(|(heard, _)| heard.elapsed() > SILENCE_MAX).map(|(_, at)| at)
    }

    fn answers(&self) -> MutexGuard<'_, BTreeMap<Region, (Instant, Timestamp)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Regions whose data have stopped.
    pub fn stopped(&self) -> Stopped {
        let answers = self.answers();
        let answers =
            answers.iter().map(|(region, (heard, at))| (region.code(), Answer { at: *at, age: heard.elapsed() }));
        Stopped::of(answers, SILENCE_MAX)
    }

    /// Says which feeds are never silent for how long.
    pub fn set_restless(&self, restless: Restless) {
        self.restless.store(Arc::new(restless));
    }

    /// Sets what is usual at the present hour.
    pub fn set_usual(&self, usual: Usual) {
        self.usual.store(Arc::new(usual));
    }

    /// Sets names of specialities and places of hospitals.
    pub fn set_guide(&self, guide: Guide) {
        self.guide.store(Arc::new(guide));
    }

    /// The newest board.
    pub fn picture(&self) -> Arc<Picture> {
        self.picture.load_full()
    }

    /// The metrics' and pages' bound of readers: `None` when all places are taken.
    pub fn admit(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        self.clients.clone().try_acquire_owned().ok()
    }

    /// How many readers there are.
    pub fn client_count(&self) -> usize {
        self.bounds.clients_max - self.clients.available_permits()
    }

    /// Tells readers of `/api/v1/stream` which events have been applied.
    pub fn tell_applied(&self, message: Bytes) {
        // Nobody listening is no error.
        let _ = self.applied.send(Arc::new(Part::of(message)));
    }

    pub(crate) fn listen_applied(&self) -> broadcast::Receiver<Arc<Part>> {
        self.applied.subscribe()
    }

    /// Makes a new board and brings every address with readers up to date.
    pub fn turn(&self) {
        let started = Instant::now();
        // Held to the end: of two turns at once the older must not be shown last.
        let mut builder = self.builder.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        let standings = self.standings().clone();
        let mut board = builder.build(&self.live(), self.limits, standings, now);
        board.stopped = self.stopped();
        board.store_away = self.store_away();
        board.silent = self.restless.load().silent(&board.heard, now);
        let stopped = &board.stopped;
        board.silent.retain(|(region, _), _| stopped.since(Some(region)).is_none());
        self.count_findings(&board);
        for (region, failed) in board.standings.failures() {
            self.metrics.region_failed.of(&[region]).set(failed.into());
        }
        let hidden = self.rules.choose(board.wards.values().map(AsRef::as_ref));
        let (usual, guide) = (self.usual.load_full(), self.guide.load_full());
        let picture = Picture { board: Arc::new(board), hidden: Arc::new(hidden), usual, guide };
        self.picture.store(Arc::new(picture));
        let running: Vec<(Topic, Arc<Running>)> = {
            let mut topics = self.topics();
            topics.retain(|_, running| running.sender.receiver_count() > 0);
            topics.iter().map(|(topic, running)| (topic.clone(), running.clone())).collect()
        };
        let picture = self.picture();
        for (topic, running) in &running {
            // An edition is replaced as a whole, so a page that cannot be made keeps its last one, and the others go on.
            if catch_unwind(AssertUnwindSafe(|| self.bring_up(topic, running, &picture))).is_err() {
                tracing::error!("making a page panicked; the last one stays");
            }
        }
        self.metrics.topics.set(i64::try_from(running.len()).unwrap_or(i64::MAX));
        self.metrics.clients.set(i64::try_from(self.client_count()).unwrap_or(i64::MAX));
        self.metrics.turn.observe(started.elapsed().as_secs_f64());
    }

    fn count_findings(&self, board: &Board) {
        let mut alarms: BTreeMap<&str, i64> = board.unplaced.keys().map(|region| (&**region, 0)).collect();
        for ward in board.wards.values().filter(|ward| ward.doubt.is_alarm()) {
            *alarms.entry(&ward.region).or_default() += 1;
        }
        for (region, count) in alarms {
            self.metrics.wards_in_alarm.of(&[region]).set(count);
        }
        for ((region, rule), count) in &board.findings {
            self.metrics.set_findings(region, *rule, *count);
        }
    }

    /// The newest edition of an address and a way to wait for the next. The address counts as read while the receiver
    /// lives.
    pub fn read(&self, topic: &Topic) -> Result<watch::Receiver<Edition>, TooManyTopics> {
        let picture = self.picture();
        let (running, receiver) = {
            let mut topics = self.topics();
            if let Some(running) = topics.get(topic) {
                (running.clone(), running.sender.subscribe())
            } else {
                if topics.len() >= self.bounds.topics_max {
                    topics.retain(|_, running| running.sender.receiver_count() > 0);
                }
                if topics.len() >= self.bounds.topics_max {
                    return Err(TooManyTopics(self.bounds.topics_max));
                }
                let number = self.epochs.fetch_add(1, Ordering::Relaxed);
                let mut node = self.render(topic, &picture);
                // An empty tree is version 0: everything in the first edition is newer than nothing.
                node.compare(&Node::default(), 1);
                let edition = Edition {
                    epoch: format!("{:x}.{number:x}", self.boot).into(),
                    version: 1,
                    node: Arc::new(node),
                    delta: None,
                    whole: Arc::default(),
                    generation: picture.board.generation,
                    pulse: pulse(&picture.board, &topic.subject),
                };
                let (sender, receiver) = watch::channel(edition);
                let running = Arc::new(Running { sender });
                topics.insert(topic.clone(), running.clone());
                (running, receiver)
            }
        };
        self.bring_up(topic, &running, &picture);
        Ok(receiver)
    }

    fn bring_up(&self, topic: &Topic, running: &Running, picture: &Picture) {
        if running.sender.borrow().generation >= picture.board.generation {
            return;
        }
        let mut node = self.render(topic, picture);
        running.sender.send_if_modified(|edition| {
            edition.generation = picture.board.generation;
            edition.pulse = pulse(&picture.board, &topic.subject);
            let next = edition.version + 1;
            if !node.compare(&edition.node, next) {
                return false;
            }
            edition.node = Arc::new(std::mem::take(&mut node));
            edition.version = next;
            edition.delta = Some(message(edition, edition.version - 1));
            edition.whole = Arc::default();
            true
        });
    }

    fn render(&self, topic: &Topic, picture: &Picture) -> Node {
        match &topic.subject {
            Subject::Attention(scope) => page::attention_tree(&picture.sight(topic, scope)),
            Subject::Definitions | Subject::Api | Subject::Report(_) => Node::default(),
            Subject::Board(scope) => {
                let (detail, lately) = self.pasts(topic, scope, picture.board.now);
                Sight { detail: detail.as_ref(), lately: lately.as_ref(), ..picture.sight(topic, scope) }.tree()
            }
        }
    }

    /// A ward's past, for its page.
    pub fn detail(&self, scope: &Scope, now: Timestamp) -> Option<Detail> {
        Detail::of(&self.live(), scope, now)
    }

    /// What a page tells of before now: a ward's past on its page, the last hour in the view of it.
    pub(crate) fn pasts(&self, topic: &Topic, scope: &Scope, now: Timestamp) -> (Option<Detail>, Option<Lately>) {
        let lately = topic.query.view == View::Lately && !matches!(scope, Scope::Ward(..));
        let lately = lately.then(|| Lately::of(&self.live(), scope, now));
        (self.detail(scope, now), lately)
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Topic, Arc<Running>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Picture {
    /// What a topic's page is made from.
    pub fn sight<'a>(&'a self, topic: &'a Topic, scope: &'a Scope) -> Sight<'a> {
        Sight {
            board: &self.board,
            hidden: &self.hidden,
            usual: &self.usual,
            guide: &self.guide,
            language: topic.language,
            scope,
            query: &topic.query,
            detail: None,
            lately: None,
        }
    }
}

impl Edition {
    /// The id of the edition, as a client gives it back in `Last-Event-ID`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.epoch, self.version)
    }

    /// The version that an id names, if it is of this run; otherwise none, and the client gets everything.
    pub fn version_of(&self, id: &str) -> u64 {
        id.rsplit_once('-')
            .filter(|(epoch, _)| *epoch == &*self.epoch)
            .and_then(|(_, version)| version.parse().ok())
            .filter(|version| *version <= self.version)
            .unwrap_or(0)
    }

    /// What a client at `version` has to be told; nothing when it knows everything.
    pub(crate) fn since(&self, version: u64) -> Option<Arc<Part>> {
        match (self.version.checked_sub(version), &self.delta) {
            (None | Some(0), _) => None,
            (Some(1), Some(delta)) => Some(delta.clone()),
            (Some(_), _) if version == 0 => Some(self.whole.get_or_init(|| message(self, 0)).clone()),
            (Some(_), _) => Some(message(self, version)),
        }
    }
}

/// One server-sent event with everything that changed after `version`.
fn message(edition: &Edition, version: u64) -> Arc<Part> {
    let mut text = format!("id: {}\ndata: ", edition.id());
    let start = text.len();
    for node in edition.node.changed_since(version) {
        node.write_partial(&mut text);
    }
    // A line break would end the field.
    let data = text.split_off(start).replace(['\n', '\r'], " ");
    text.push_str(&data);
    text.push_str("\n\n");
    Arc::new(Part::of(text.into()))
}

/// The server's clock, and when each source of what a page shows was last heard.
fn pulse(board: &Board, subject: &Subject) -> Arc<Part> {
    let seconds = board.now.0.div_euclid(1_000_000);
    Arc::new(Part::of(format!("event: puls\ndata: {seconds} {}\n\n", feeds(board, subject)).into()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use runtime::metrics::Registry;

    use super::*;

    #[test]
    fn readers_share_one_page_and_leave_nothing_of_it() {
        let metrics = Metrics::register(&Registry::new(), "dashboard").unwrap();
        let bounds = Bounds { clients_max: 10, topics_max: 10 };
        let live = Live::new(Duration::from_secs(3600), Duration::from_secs(60));
        let hub = Hub::new(live, Arc::new(|| Timestamp(0)), Limits::default(), Rules::default(), bounds, metrics);
        let topic = Topic::attention(Language::Sv, &axum::extract::Query(HashMap::new()));
        let readers: Vec<_> = (0..9).map(|_| hub.read(&topic).unwrap()).collect();
        hub.turn();
        let (node, whole) = {
            let edition = readers[0].borrow();
            let whole = edition.since(0).unwrap();
            assert!(whole.bytes(true).len() < whole.bytes(false).len());
            (Arc::downgrade(&edition.node), Arc::downgrade(&whole))
        };
        assert_eq!((node.strong_count(), whole.strong_count()), (1, 1), "nine readers, one page");
        drop(readers);
        hub.turn();
        assert_eq!((node.strong_count(), whole.strong_count()), (0, 0), "the last one has left");
        assert!(hub.topics().is_empty());
    }
}
