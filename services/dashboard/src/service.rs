//! Runs the service: configuration, metrics, health, the follower's thread, the task that makes boards, the server.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use board::instant::rfc3339;
use board::live::Live;
use board::stopped::Stopped;
use figures::published::{Library, Reading};
use login::Login;
use postgresql::Address;
use runtime::config::{self, Log};
use runtime::exit::{self, Failure};
use runtime::health::Health;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use runtime::{broker, http, logs, start};
use schemas::Timestamp;

use crate::asks;
use crate::away;
use crate::config::Config;
use crate::follow::{BOARD, Follower, STORE, Struck};
use crate::hub::{Clock, Hub};
use crate::memory;
use crate::metrics::Metrics;
use crate::operations;
use crate::reader;
use crate::server;
use crate::store::{self, Store};

/// How often a board is made.
const TURN: Duration = Duration::from_secs(1);
/// How often what is usual is looked for while there is none; once found it holds for the hour.
const USUAL_RETRY: Duration = Duration::from_secs(60);
/// How long the store may take to find it.
const USUAL_WAIT: Duration = Duration::from_secs(300);

/// Reads and checks a configuration without starting anything.
pub fn check(path: &Path) -> ExitCode {
    logs::init(&Log::default());
    exit::code(config::load::<Config>(path).map(|_| ()).map_err(Failure::from))
}

/// Runs until shutdown.
pub fn run(path: &Path) -> ExitCode {
    let loaded = start::load(path, |config: &Config| &config.log).map_err(Failure::from);
    exit::code(loaded.and_then(|config| serve(&config)))
}

pub(crate) fn system_clock() -> Clock {
    Arc::new(|| Timestamp(jiff::Timestamp::now().as_microsecond()))
}

fn serve(config: &Config) -> Result<(), Failure> {
    start::block_on(Some(2), async {
        let shutdown = Shutdown::install().map_err(Failure::failed)?;
        let registry = Registry::new();
        let log = config.access_log.as_ref().map(|log| log.open(asks::SITE.service)).transpose();
        let log = log.map_err(Failure::failed)?.map(Arc::new);
        let login = Login::open(config.login.as_ref(), log, asks::SITE, &registry).map_err(Failure::failed)?;
        let health = Health::new(&[&[BOARD, STORE, broker::COMPONENT], login.components()].concat());
        let metrics = Metrics::register(&registry, "dashboard").map_err(Failure::failed)?;
        let live = Live::new(config.board.memory.0, config.board.late_after.0);
        let hub = Arc::new(Hub::new(live, system_clock(), config.freshness, config.rules(), config.bounds(), metrics));
        hub.follow(&config.board.regions);
        hub.shelf.set_manner(config.manner());
        hub.set_restless(config.restless());
        hub.set_guide(config.guide().map_err(Failure::failed)?);
        let routes = server::router(hub.clone());
        let before = |routes| login.around(routes);
        let server = http::serve_behind(before, &config.http(), registry, health.clone(), routes, shutdown.clone())
            .await
            .map_err(Failure::failed)?;
        let keeping = tokio::spawn(login.keep(health.clone(), shutdown.clone()));
        let store = match &config.store {
            Some(store) => Some(store.address().map_err(|fault| Failure::failed(NoStore(fault)))?),
            None => None,
        };
        let follower = Follower {
            hub: hub.clone(),
            kafka: config.kafka.clone(),
            tail: config.tail.clone(),
            registry: schemas::registry::Client::connect(&config.registry).map_err(Failure::failed)?,
            store: store.clone(),
            regions: config.board.regions.clone(),
            health: health.clone(),
            shutdown: shutdown.clone(),
            runtime: tokio::runtime::Handle::current(),
            struck: Struck::default(),
        };
        let thread = std::thread::Builder::new()
            .name("follower".into())
            .spawn(move || follower.run())
            .map_err(Failure::failed)?;
        let turning = tokio::spawn(turn(hub.clone(), health.clone(), shutdown.clone()));
        tokio::spawn(memory::keep_small(shutdown.clone()));
        let reading = store.clone().map(|address| {
            hub.shelf.put(Library::of(Reading::NotYet, [], 0));
            tokio::spawn(reader::follow(hub.clone(), address, shutdown.clone()))
        });
        let pinging =
            store.clone().map(|address| tokio::spawn(away::follow(hub.clone(), address, health, shutdown.clone())));
        let (kafka, group) = (config.kafka.clone(), config.board.processor_group.clone());
        let watching = tokio::spawn(operations::follow(hub.clone(), kafka, group, store.clone(), shutdown.clone()));
        let asking = store.map(|address| tokio::spawn(ask_usual(hub, address, shutdown.clone())));
        let ended = tokio::task::spawn_blocking(move || thread.join()).await.map_err(Failure::failed)?;
        // The follower ends only at shutdown: it catches what panics, a region at a time. If it ended otherwise, nothing on
        // the board can be trusted any more.
        shutdown.request();
        server.stopped().await;
        // It says of how many requests nothing was entered; a panic of it has been logged.
        let _ = keeping.await;
        turning.abort();
        watching.abort();
        for task in [asking, reading, pinging].into_iter().flatten() {
            task.abort();
        }
        ended.map_err(|_| Failure::failed(Panicked))
    })
}

/// Makes a board every second, and says in readiness whose data have stopped; a slow one delays the next and is never made up for.
pub async fn turn(hub: Arc<Hub>, health: Health, shutdown: Shutdown) {
    let mut told = Stopped::default();
    let mut ticks = tokio::time::interval(TURN);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.wait() => return,
            _ = ticks.tick() => {
                let turned = hub.clone();
                // Counting and rendering take milliseconds of a core, which the reactor must not wait for.
                if tokio::task::spawn_blocking(move || turned.turn()).await.is_err() {
                    tracing::error!("making a board panicked; the last one stays on the pages");
                }
                let stopped = hub.picture().board.stopped.clone();
                let anything = stopped.since(None).or(told.since(None)).is_some();
                if anything && stopped != told {
                    tell_stopped(&health, &stopped);
                }
                told = stopped;
            }
        }
    }
}

/// Only when the data of every region have stopped the board is not ready, as when every region has failed.
fn tell_stopped(health: &Health, stopped: &Stopped) {
    let Some(since) = stopped.since(None).map(rfc3339) else {
        tracing::info!("data come again");
        return health.set_ready_of(BOARD, "data", true, "data come");
    };
    let regions: Vec<&str> = stopped.regions().collect();
    let reason = format!(
        "data of regions {} have stopped since {since}: Kafka answers nothing, or its answers are not taken",
        regions.join(", ")
    );
    tracing::warn!("{reason}");
    health.set_ready_of(BOARD, "data", !stopped.is_all(), reason);
}

async fn ask_usual(hub: Arc<Hub>, address: Address, shutdown: Shutdown) {
    const HOUR: i64 = 3_600_000_000;
    loop {
        let now = hub.now();
        let found = async { Store::connect(&address).await?.usual(now).await };
        let wait = match store::within(USUAL_WAIT, found).await {
            Ok(usual) => {
                let is_told = usual.is_told();
                hub.set_usual(usual);
                let hour = Duration::from_micros(u64::try_from(HOUR - now.0.rem_euclid(HOUR)).unwrap_or(0))
                    + Duration::from_secs(5);
                if is_told { hour } else { hour.min(USUAL_RETRY) }
            }
            Err(error) => {
                tracing::debug!("{}", exit::chain(&error));
                USUAL_RETRY
            }
        };
        if shutdown.within(wait).await {
            return;
        }
    }
}

/// The follower's thread panicked; the panic hook has logged where.
#[derive(Debug, thiserror::Error)]
#[error("following the topics ended in a panic")]
struct Panicked;

/// The check at start read the address and its files, and now one is gone.
#[derive(Debug, thiserror::Error)]
#[error("read the store's address again")]
struct NoStore(#[source] config::Fault);
