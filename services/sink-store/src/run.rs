//! `sink-store run`: starts the workers and what watches over them, and waits for all of them.

use axum::Router;
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use schemas::registry;

use crate::config::Config;
use crate::control;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::worker::{End, Worker};

/// What is wrong with a worker that gives no sign of life; `… for 12 s` follows.
const WAITING: &str =
    "nothing is stored: a statement waits for the database, or for a lock that another session holds,";

/// Runs until shutdown.
///
/// # Errors
/// When a newer instance has taken over every shard, or something needs an operator.
pub async fn run(config: Config, shutdown: Shutdown) -> Result<(), Error> {
    let database = config.database.address().map_err(Error::Settings)?;
    let regions = config.regions.all();
    let metrics_registry = runtime::metrics::Registry::new();
    let metrics = Metrics::register(&metrics_registry, "store")?;
    for region in &regions {
        metrics.lag.of(&[region]);
        metrics.dirty.of(&[region]);
        metrics.region_failed.of(&[region]);
    }
    let components: Vec<&'static str> = (0..config.store.shards).map(component).collect();
    let mut parts = vec!["kafka", "registry", control::COMPONENT];
    parts.extend(&components);
    let health = Health::new(&parts);
    // Asked only when a schema turns up that nobody has seen, so it is ready until then.
    health.set_ready("registry", true, "not needed yet");
    let server =
        runtime::http::serve(&config.http, metrics_registry, health.clone(), Router::new(), shutdown.clone()).await?;
    let watch = tokio::spawn({
        let (database, regions) = (database.clone(), regions.clone());
        let (metrics, health, shutdown) = (metrics.clone(), health.clone(), shutdown.clone());
        async move { control::watch(&database, regions, metrics, health, shutdown).await }
    });
    let mut shards: Vec<Vec<String>> = vec![Vec::new(); config.store.shards];
    for (n, region) in regions.into_iter().enumerate() {
        shards[n % config.store.shards].push(region);
    }
    let is_only = shards.iter().map(Vec::len).sum::<usize>() == 1;
    let registry = registry::Client::connect(&config.registry).map_err(Error::Settings)?;
    let worker = |component: &'static str, regions: Vec<String>| Worker {
        component,
        regions,
        kafka: config.kafka.clone(),
        tail: config.tail.clone(),
        registry: registry.clone(),
        database: database.clone(),
        settings: config.store.clone(),
        metrics: metrics.clone(),
        health: health.clone(),
        pulse: health.pulse(component, WAITING),
        shutdown: shutdown.clone(),
        is_only,
    };
    let mut workers = tokio::task::JoinSet::new();
    for (component, regions) in components.into_iter().zip(shards) {
        start(worker(component, regions), &mut workers)?;
    }
    let mut failure = None;
    while let Some(ended) = workers.join_next().await {
        let (component, mut regions, end) = ended.unwrap_or_else(|_| {
            let source = std::io::Error::other("panicked");
            ("", Vec::new(), End::Failed(Error::System { attempt: "run a worker", source }))
        });
        match end {
            End::Stopped => {}
            End::Parted { region, error } => {
                let reason = runtime::exit::chain(&error);
                tracing::error!(region, reason, "a region cannot be stored; it is tried by itself, the others go on");
                let alone: &'static str = format!("region-{region}").leak();
                health.set_ready(alone, false, reason);
                regions.retain(|other| *other != region);
                start(worker(component, regions), &mut workers)?;
                start(worker(alone, vec![region]), &mut workers)?;
            }
            // Another shard may still be ours when one was taken over.
            End::Failed(error @ Error::Superseded { .. }) => {
                tracing::warn!("{error}");
                failure.get_or_insert(error);
            }
            // Anything else needs an operator.
            End::Failed(error) => {
                shutdown.request();
                failure.get_or_insert(error);
            }
        }
    }
    shutdown.request();
    server.stopped().await;
    // It ends with shutdown; its only failure is an address that the workers have met too.
    let _ = watch.await;
    failure.map_or(Ok(()), Err)
}

type Ended = (&'static str, Vec<String>, End);

/// Runs a worker on a thread of its own. A region leaves its shard at most once, so there are fewer threads than regions and
/// shards together.
fn start(worker: Worker, workers: &mut tokio::task::JoinSet<Ended>) -> Result<(), Error> {
    let (component, regions) = (worker.component, worker.regions.clone());
    let (done, ended) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name(component.to_owned())
        .spawn(move || {
            // Nobody listens any more only when the process ends.
            let _ = done.send(worker.run());
        })
        .map_err(|source| Error::System { attempt: "start a worker's thread", source })?;
    workers.spawn(async move {
        let panicked = || Error::System { attempt: "run a worker", source: std::io::Error::other("panicked") };
        (component, regions, ended.await.unwrap_or_else(|_| End::Failed(panicked())))
    });
    Ok(())
}

/// `database` for the first shard, then `database-1` and so on. Made once per process and shard.
fn component(shard: usize) -> &'static str {
    match shard {
        0 => "database",
        n => Box::leak(format!("database-{n}").into_boxed_str()),
    }
}
