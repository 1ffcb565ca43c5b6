//! Puts the connector together: the way into Kafka first, then the sources, so that nothing is accepted that cannot be
//! delivered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use identity::{PartitionKey, RegionRules};
use runtime::config::{self, Period, Size};
use runtime::health::Health;
use runtime::metrics::Registry;
use runtime::producer::{self, Producer};
use runtime::shutdown::Shutdown;
use runtime::{broker, descriptors, http};
use schemas::registry;
use sealing::{Keys, Sealer};
use tokio::task::JoinSet;

use crate::config::{Config, Region};
use crate::fhir::hook::Bells;
use crate::intake::{Feed, FeedName, Intake, OUTPUT, now};
use crate::metrics::{Metrics, Source};
use crate::mllp::{self, Gate, Listener};
use crate::route::{self, Router};
use crate::{capacity, cdc, debezium, fetch, fhir, replay, table};

/// Name of the health component that says whether every source is open.
const SOURCES: &str = "sources";
/// Name of the health component that says whether schema ids are known.
const REGISTRY: &str = "registry";
/// Pause before the registry is asked again.
const REGISTRY_PAUSE: Duration = Duration::from_secs(1);
/// What librdkafka's queue holds beyond the payloads' own bytes, as a factor on them: the budget is the bound.
const QUEUE_FACTOR: u64 = 2;

/// Why the connector cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The metrics are registered twice.
    #[error("register metrics")]
    Metrics(#[from] runtime::metrics::Error),
    /// Health and metrics cannot be served.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// The configuration does not make a producer, or the partition key is gone from the environment.
    #[error("connect to Kafka")]
    Producer(#[from] config::Fault),
    /// A topic cannot be used.
    #[error(transparent)]
    Topic(#[from] broker::Error),
    /// The registry refuses the schema of what we write.
    #[error("ask for the schema id of {topic}")]
    Registry { topic: String, source: registry::client::Error },
    #[error(transparent)]
    FhirHook(#[from] fhir::hook::Error),
    #[error(transparent)]
    Listener(#[from] mllp::Error),
    /// The connections that are allowed would need more file descriptors than there may be.
    #[error("hold the connections of `limits.connections`, [http] and [fhir_hook]")]
    Descriptors(#[from] descriptors::Error),
    /// Asked to stop while starting.
    #[error("stopped before everything was started")]
    Stopped,
}

pub(crate) struct Service {
    intake: Arc<Intake>,
    tasks: JoinSet<()>,
    http: http::Server,
}

impl Service {
    /// Starts everything that the configuration names. Waits for Kafka, the registry and the schemas in it as long as it takes.
    pub(crate) async fn start(config: Config, shutdown: Shutdown) -> Result<Self, Error> {
        // Before anything is open: what one listener may hold is never another's.
        descriptors::secure(config.descriptors())?;
        let health = Health::new(&[broker::COMPONENT, REGISTRY, SOURCES]);
        let metrics_registry = Registry::new();
        let metrics = Metrics::register(&metrics_registry, "connector")?;
        let http =
            http::serve(&config.http, metrics_registry, health.clone(), axum::Router::new(), shutdown.clone()).await?;
        let entrance = Entrance::open(&config, metrics, health.clone(), shutdown.clone())?;
        let mut tasks = JoinSet::new();
        let intake = Arc::clone(&entrance.intake);
        tasks.spawn({
            let intake = Arc::clone(&intake);
            async move { intake.watch_broker().await }
        });

        let ports = config.region.iter().map(|region| region.mllp.len()).sum();
        let gate = Gate::new(&config.limits, ports, now().0);
        let mut feeds = Feeds::new(&entrance);
        // Every feed is found before the first source is opened: a missing topic is told before anything is accepted.
        let mut open = Vec::new();
        for region in config.region {
            open.push(feeds.of_region(&region).await.map(|found| (region, found))?);
        }
        let mut bells = Bells::default();
        for (region, found) in open {
            for (settings, feed) in region.mllp.into_iter().zip(found.mllp) {
                let listener = Listener::bind(settings, feed, Arc::clone(&gate)).await?;
                tasks.spawn(listener.run());
            }
            for (source, feed) in region.capacity.into_iter().zip(found.capacity) {
                tasks.spawn(capacity::watch(feed, source));
            }
            for (source, feed) in region.replay.into_iter().zip(found.replay) {
                tasks.spawn(replay::watch(feed, source));
            }
            for (source, feed) in region.table.into_iter().zip(found.table) {
                match source.sftp.clone() {
                    Some(server) => tasks.spawn(fetch::follow(feed, source, server, health.clone())),
                    None => tasks.spawn(table::watch(feed, source)),
                };
            }
            for (source, feed) in region.cdc.into_iter().zip(found.cdc) {
                tasks.spawn(cdc::follow(feed, source, health.clone()));
            }
            for (source, feed) in region.fhir_files.into_iter().zip(found.fhir_files) {
                tasks.spawn(fhir::files::watch(feed, source));
            }
            for (source, feeds) in region.debezium.into_iter().zip(found.debezium) {
                tasks.spawn(debezium::follow(feeds, source, health.clone()));
            }
            for (source, feed) in region.fhir.into_iter().zip(found.fhir) {
                let wake = Arc::default();
                if let Some(secret) = fhir::hook::secret(&source)? {
                    let notified = intake.metrics.of_fhir(feed.region(), &source.name).notified;
                    bells.add(&source.name, secret.expose(), Arc::clone(&wake), notified);
                }
                tasks.spawn(fhir::follow(feed, source, health.clone(), wake));
            }
        }
        if let Some(hook) = &config.fhir_hook {
            tasks.spawn(fhir::hook::listen(hook, bells, http.metrics(), shutdown).await?);
        }
        health.set_ready(SOURCES, true, "every source is open");
        Ok(Self { intake, tasks, http })
    }

    /// Runs until shutdown, then until what is under way has been answered.
    pub(crate) async fn run(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if ended.is_err() {
                // Logged by the panic hook. The others are asked to stop: a source that is silently gone is worse.
                tracing::error!("a source ended in a panic, stopping");
                self.intake.shutdown.request();
            }
        }
        self.intake.close().await;
        self.http.stopped().await;
        tracing::info!("stopped");
    }
}

/// The way into Kafka, without any source.
pub(crate) struct Entrance {
    pub intake: Arc<Intake>,
    key: Arc<PartitionKey>,
    /// How each region reads identifiers.
    identities: HashMap<topics::Region, Arc<RegionRules>>,
    /// With what each region's records are sealed.
    sealing: HashMap<topics::Region, Arc<Keys>>,
    client: registry::Client,
    producer: Producer,
    health: Health,
}

impl Entrance {
    /// Starts the producer. Does not wait for Kafka.
    pub(crate) fn open(config: &Config, metrics: Metrics, health: Health, shutdown: Shutdown) -> Result<Self, Error> {
        let limits = config.limits;
        let settings = producer::Settings {
            linger: Period::milliseconds(1),
            queue_size: Size::bytes(QUEUE_FACTOR * limits.in_flight.as_bytes()),
            delivery_wait_max: limits.acknowledge,
            stuck_after: limits.stall,
        };
        let producer = Producer::start(&config.kafka, settings, health.clone())?;
        let key = Arc::new(route::partition_key(&config.routing.key)?);
        let intake = Intake::new(producer.clone(), limits, metrics, health.clone(), shutdown);
        let rules = |region: &Region| {
            let rules = RegionRules::new(region.code.code(), region.interim, region.placeholders.clone());
            (region.code, Arc::new(rules))
        };
        let identities = config.region.iter().map(rules).collect();
        let sealing = sealing_keys(&config.region)?;
        let client = registry::Client::connect(&config.registry)?;
        Ok(Self { intake, key, identities, sealing, client, producer, health })
    }

    /// How many partitions a topic has, and the id of the schema of what is written into it.
    async fn topic(&self, topic: &str) -> Result<(i32, u32), Error> {
        let shutdown = &self.intake.shutdown;
        let partitions = self.producer.partition_count(topic, shutdown).await?;
        let mut logged = String::new();
        loop {
            let (client, name) = (self.client.clone(), topic.to_owned());
            let asked = tokio::task::spawn_blocking(move || client.id_of(&name, OUTPUT));
            let answer = tokio::select! {
                answer = asked => answer,
                () = shutdown.wait() => return Err(Error::Stopped),
            };
            match answer {
                Ok(Ok(id)) => {
                    self.health.set_ready(REGISTRY, true, "schema ids are known");
                    return Ok((partitions, id));
                }
                Ok(Err(error)) if error.passes() => {
                    let reason = runtime::exit::chain(&error);
                    if logged != reason {
                        tracing::warn!(reason, "waiting for the schema registry");
                        logged.clone_from(&reason);
                    }
                    self.health.set_ready(REGISTRY, false, reason);
                }
                Ok(Err(source)) => return Err(Error::Registry { topic: topic.to_owned(), source }),
                Err(_) => return Err(Error::Stopped),
            }
            if shutdown.within(REGISTRY_PAUSE).await {
                return Err(Error::Stopped);
            }
        }
    }
}

/// The sealing keys of the regions that have any. Says once which have none.
fn sealing_keys(regions: &[Region]) -> Result<HashMap<topics::Region, Arc<Keys>>, config::Fault> {
    let (mut keys, mut plain) = (HashMap::new(), Vec::new());
    for region in regions {
        match &region.sealing {
            Some(settings) => {
                keys.insert(region.code, Arc::new(settings.keys(region.code.code())?));
            }
            None => plain.push(region.code.code()),
        }
    }
    if !plain.is_empty() {
        let regions = plain.join(", ");
        tracing::warn!(regions, "source payloads travel readable: [region.sealing] is not there for {regions}");
    }
    Ok(keys)
}

/// Finds feeds, asking once per topic.
pub(crate) struct Feeds<'a> {
    entrance: &'a Entrance,
    topics: HashMap<String, (i32, u32)>,
}

struct RegionFeeds {
    mllp: Vec<Arc<Feed>>,
    capacity: Vec<Arc<Feed>>,
    replay: Vec<Arc<Feed>>,
    table: Vec<Arc<Feed>>,
    cdc: Vec<Arc<Feed>>,
    fhir: Vec<Arc<Feed>>,
    fhir_files: Vec<Arc<Feed>>,
    /// Of each source the feeds of its topics, in their order.
    debezium: Vec<Vec<Arc<Feed>>>,
}

impl<'a> Feeds<'a> {
    /// Nothing asked yet.
    pub(crate) fn new(entrance: &'a Entrance) -> Self {
        Self { entrance, topics: HashMap::new() }
    }

    /// A feed of a region, from one of its sources.
    pub(crate) async fn feed(
        &mut self,
        region: topics::Region,
        feed: &str,
        source_system: &str,
        source: Source,
    ) -> Result<Arc<Feed>, Error> {
        let topic = topics::name::source(region, feed);
        let (partitions, schema_id) = match self.topics.get(&topic) {
            Some(known) => *known,
            None => {
                let found = self.entrance.topic(&topic).await?;
                self.topics.insert(topic.clone(), found);
                found
            }
        };
        let identities = self.entrance.identities.get(&region).cloned();
        let identities = identities.unwrap_or_else(|| Arc::new(RegionRules::new(region.code(), false, Vec::new())));
        let router = Router::new(Arc::clone(&self.entrance.key), partitions, source_system, identities);
        let sealer = self.entrance.sealing.get(&region).map(|keys| Sealer::new(Arc::clone(keys), topic.clone()));
        let name = FeedName {
            region: region.code().to_owned(),
            feed: feed.to_owned(),
            source_system: source_system.to_owned(),
            topic,
        };
        Ok(Arc::new(Feed::new(Arc::clone(&self.entrance.intake), router, name, schema_id, source, sealer)))
    }

    async fn of_region(&mut self, region: &Region) -> Result<RegionFeeds, Error> {
        let mut found = RegionFeeds {
            mllp: Vec::new(),
            capacity: Vec::new(),
            replay: Vec::new(),
            table: Vec::new(),
            cdc: Vec::new(),
            fhir: Vec::new(),
            fhir_files: Vec::new(),
            debezium: Vec::new(),
        };
        let system = |own: &Option<String>| own.clone().unwrap_or_else(|| region.source_system.clone());
        for source in &region.mllp {
            let system = system(&source.source_system);
            found.mllp.push(self.feed(region.code, &source.feed, &system, Source::Mllp).await?);
        }
        for source in &region.capacity {
            let system = system(&source.source_system);
            found.capacity.push(self.feed(region.code, &source.feed, &system, Source::Capacity).await?);
        }
        for source in &region.replay {
            let system = system(&source.source_system);
            found.replay.push(self.feed(region.code, &source.feed, &system, Source::Replay).await?);
        }
        for source in &region.table {
            let system = system(&source.source_system);
            found.table.push(self.feed(region.code, &source.feed, &system, Source::Table).await?);
        }
        for source in &region.cdc {
            let system = system(&source.source_system);
            found.cdc.push(self.feed(region.code, &source.feed, &system, Source::Cdc).await?);
        }
        for source in &region.fhir {
            let system = system(&source.source_system);
            found.fhir.push(self.feed(region.code, &source.feed, &system, Source::Fhir).await?);
        }
        for source in &region.fhir_files {
            let system = system(&source.source_system);
            found.fhir_files.push(self.feed(region.code, &source.feed, &system, Source::Fhir).await?);
        }
        for source in &region.debezium {
            let system = system(&source.source_system);
            let mut feeds = Vec::new();
            for feed in source.topics.values() {
                feeds.push(self.feed(region.code, feed, &system, Source::Debezium).await?);
            }
            found.debezium.push(feeds);
        }
        Ok(found)
    }
}
