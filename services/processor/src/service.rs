//! Runs the service: configuration, metrics, health, and the relays on threads of their own.

use std::path::Path;
use std::process::ExitCode;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use runtime::config::{self, Log};
use runtime::exit::{self, Failure};
use runtime::health::Health;
use runtime::metrics::Registry;
use runtime::relay::{self, Relay};
use runtime::shutdown::Shutdown;
use runtime::{broker, http, logs, start};

use crate::config::{Config, RegionConfig};
use crate::leak;
use crate::metrics::Metrics;
use crate::worker::{self, Worker};

/// Health component that says whether schemas, keys and directories are loaded.
const COMPONENT: &str = "processor";

/// Between attempts at a registry that is away or has no schema yet.
const REGISTRY_PAUSE: Duration = Duration::from_secs(1);

/// Reads and checks a configuration without starting anything, and says whether its sealing keys open.
#[allow(clippy::print_stdout, reason = "the answer of the command")]
pub(crate) fn check(path: &Path) -> ExitCode {
    logs::init(&Log::default());
    let loaded = config::load(path).map_err(Failure::from);
    exit::code(loaded.and_then(|config: Config| {
        config.region.iter().for_each(RegionConfig::log_warnings);
        let tried = config.region.iter().map(|region| region.try_sealing(&mut |line| println!("{line}")));
        // Every region is tried and told; the first failure is the command's.
        tried.fold(Ok(()), Result::and)
    }))
}

/// Runs until shutdown.
pub(crate) fn run(path: &Path) -> ExitCode {
    let loaded = start::load(path, |config: &Config| &config.log).map_err(Failure::from);
    exit::code(loaded.and_then(serve))
}

fn serve(config: Config) -> Result<(), Failure> {
    if cfg!(feature = "leak-test") && std::env::var_os("VARDSTROM_LEAK_TEST").is_none() {
        return Err(Failure::failed(Leaks));
    }
    config.region.iter().for_each(RegionConfig::log_warnings);
    start::block_on(Some(1), async {
        let shutdown = Shutdown::install().map_err(Failure::failed)?;
        let health = Health::new(&[COMPONENT, broker::COMPONENT, relay::COMPONENT]);
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, "processor").map_err(Failure::failed)?;
        if cfg!(feature = "leak-test") {
            leak::register(&registry).map_err(Failure::failed)?;
        }
        let relay_metrics = relay::Metrics::register(&registry, "processor").map_err(Failure::failed)?;
        let server = http::serve(&config.http, registry, health.clone(), Router::new(), shutdown.clone())
            .await
            .map_err(Failure::failed)?;
        let routes = worker::routes(&config);
        let settings = config.relay.clone();
        let (kafka, threads) = (config.kafka.clone(), config.relay.threads);
        // The registry's client blocks.
        let made = tokio::task::spawn_blocking({
            let (health, shutdown) = (health.clone(), shutdown.clone());
            // Each thread has its own of everything that a record is looked up in, so that none waits for another.
            let make = move |_| make_worker(&config, &metrics, &health, &shutdown);
            move || (0..threads).map(make).collect::<Result<Option<Vec<Worker>>, _>>()
        });
        let Some(workers) = made.await.map_err(Failure::failed)?.map_err(Failure::failed)? else {
            server.stopped().await;
            return Ok(());
        };
        health.set_ready(COMPONENT, true, "schemas, keys and directories are loaded");
        let relay = Relay { kafka, settings, routes, metrics: relay_metrics, health, shutdown: shutdown.clone() };
        let threads = relay.spawn_each(workers).map_err(Failure::failed)?;
        let join = move || threads.into_iter().map(JoinHandle::join).collect::<Vec<_>>();
        let ended = tokio::task::spawn_blocking(join).await.map_err(Failure::failed)?;
        shutdown.request();
        server.stopped().await;
        ended.into_iter().try_for_each(|ended| match ended {
            Ok(result) => result.map_err(Failure::failed),
            Err(_) => Err(Failure::failed(Panicked)),
        })
    })
}

/// Makes the worker, however long the registry is away or lacks a schema; `None` when it is time to stop first.
fn make_worker(
    config: &Config,
    metrics: &Metrics,
    health: &Health,
    shutdown: &Shutdown,
) -> Result<Option<Worker>, worker::Error> {
    let mut logged = String::new();
    loop {
        let waiting = match Worker::new(config, metrics.clone()) {
            Err(worker::Error::Registry { topic, source }) if source.passes() => {
                worker::Error::Registry { topic, source }
            }
            made => return made.map(Some),
        };
        let reason = exit::chain(&waiting);
        if logged != reason {
            tracing::warn!(reason, "waiting for the schema registry");
            logged.clone_from(&reason);
        }
        health.set_ready(COMPONENT, false, reason);
        if shutdown.sleep(REGISTRY_PAUSE) {
            return Ok(None);
        }
    }
}

/// The build passes identifiers on.
#[derive(Debug, thiserror::Error)]
#[error("this build passes identifiers on (feature leak-test) and runs only in the test that catches it")]
struct Leaks;

/// The relay's thread panicked; the panic hook has logged where.
#[derive(Debug, thiserror::Error)]
#[error("the relay ended in a panic")]
struct Panicked;
