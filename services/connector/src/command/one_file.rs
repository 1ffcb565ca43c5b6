//! The commands that send one file: with progress, from where it was left, and not giving up while Kafka is away.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use runtime::config::Http;
use runtime::exit::Failure;
use runtime::health::Health;
use runtime::shutdown::Shutdown;

use crate::config::{Config, Encoding, Region};
use crate::fhir::files as bulk;
use crate::files::{Error, shown_path};
use crate::intake::Feed;
use crate::metrics::{Metrics, Source};
use crate::position::Position;
use crate::service::{Entrance, Feeds};
use crate::table::check::Demand;
use crate::{replay, table};

/// Pause before a record that was not stored in time is sent again.
const AGAIN_PAUSE: Duration = Duration::from_secs(1);
/// How often progress is logged where there is no terminal to show it on.
const TOLD_INTERVAL: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(super) struct OneFile {
    /// The file.
    file: PathBuf,
    /// Länskod of the region it belongs to; must be in the configuration.
    #[arg(long, value_name = "NN")]
    region: topics::Region,
    /// HSA-id of the system that wrote it, when it is not the region's.
    #[arg(long, value_name = "HSA-ID")]
    source_system: Option<String>,
    /// Where the position is kept until the file has been sent [default: beside the file, with .position added].
    #[arg(long, value_name = "FILE")]
    position: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Replay {
    #[command(flatten)]
    one: OneFile,
    /// The feed.
    #[arg(long, value_name = "NAME", default_value = "adt")]
    feed: String,
    #[command(flatten)]
    pub config: super::ConfigFile,
}

#[derive(Args)]
pub(super) struct Table {
    #[command(flatten)]
    one: OneFile,
    /// The feed. When a [[region.table]] of the region has it, its key, columns, encoding and source_system hold.
    #[arg(long, value_name = "NAME")]
    feed: String,
    /// Rows with the same value in this column stay in order.
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    #[command(flatten)]
    pub config: super::ConfigFile,
}

#[derive(Args)]
pub(super) struct Fhir {
    #[command(flatten)]
    one: OneFile,
    /// The feed.
    #[arg(long, value_name = "NAME", default_value = "fhir")]
    feed: String,
    #[command(flatten)]
    pub config: super::ConfigFile,
}

/// Why a file is not sent.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("region {0} is not in the configuration; add a [[region]] table with its source_system")]
    Region(topics::Region),
}

/// Sends one HL7 file.
#[allow(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn replay(config: Config, arguments: &Replay) -> Result<(), Failure> {
    let region = region_of(&config, &arguments.one)?;
    let source_system = arguments.one.source_system.as_ref().unwrap_or(&region.source_system).clone();
    let way = Way { feed: &arguments.feed, source_system, source: Source::Replay };
    way.send(config, &arguments.one, async |feed, position, shutdown| {
        let mut sender = replay::Sender::new(feed, &arguments.one.file, position).map_err(Failure::failed)?;
        let start = sender.position();
        let mut progress = Progress::new(start, "messages");
        until_sent(shutdown, async || sender.send(|position| progress.tell(position)).await).await?;
        forget(position);
        let messages = sender.position().messages;
        println!("{messages} messages sent, {} of them now", messages - start.messages);
        Ok(())
    })
    .await
}

/// Sends the rows of one delimited file; fails with what is wrong when the file is left out.
#[allow(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn table(config: Config, arguments: &Table) -> Result<(), Failure> {
    let region = region_of(&config, &arguments.one)?;
    let source = region.table.iter().find(|source| source.feed == arguments.feed);
    let mut demand = match source {
        Some(source) => Demand::of(source, &config.limits),
        None => Demand { encoding: Encoding::Detect, columns: Vec::new(), key: None, row_max: config.limits.message },
    };
    demand.key = arguments.key.clone().or(demand.key);
    let own = arguments.one.source_system.as_ref().or(source.and_then(|source| source.source_system.as_ref()));
    let source_system = own.unwrap_or(&region.source_system).clone();
    let way = Way { feed: &arguments.feed, source_system, source: Source::Table };
    way.send(config, &arguments.one, async |feed, position, shutdown| {
        let mut sender = table::Sender::new(feed, &arguments.one.file, &demand, position).map_err(Failure::failed)?;
        let start = sender.position();
        let mut progress = Progress::new(start, "rows");
        let sent = until_sent(shutdown, async || sender.send(|position| progress.tell(position)).await).await?;
        forget(position);
        let rows = sender.position().messages;
        match sent {
            table::Sent::Whole => println!("{rows} rows sent, {} of them now", rows - start.messages),
            table::Sent::LeftOut(left_out) => return Err(Failure::failed(left_out)),
        }
        Ok(())
    })
    .await
}

/// Sends the resources of one NDJSON file, or of every one of a folder; each keeps its position beside itself until all of
/// them are sent, unless one file's position is kept elsewhere.
#[allow(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn fhir(config: Config, arguments: &Fhir) -> Result<(), Failure> {
    let region = region_of(&config, &arguments.one)?;
    let source_system = arguments.one.source_system.as_ref().unwrap_or(&region.source_system).clone();
    let way = Way { feed: &arguments.feed, source_system, source: Source::Fhir };
    let listed = bulk::listed(&arguments.one.file, config.limits.files);
    let listed = listed.map_err(|source| Failure::failed(Error::Read { path: arguments.one.file.clone(), source }))?;
    way.send(config, &arguments.one, async |feed, position, shutdown| {
        let (mut index, mut resources, mut sent) = (bulk::Bulk::default(), 0, 0);
        let positions: Vec<PathBuf> = listed
            .iter()
            .map(|file| if *file == arguments.one.file { position.to_owned() } else { beside(file) })
            .collect();
        for (file, position) in listed.iter().zip(&positions) {
            let (mut sender, done) = bulk::Sender::new(feed, file, position).map_err(Failure::failed)?;
            let start = sender.position();
            if !done {
                let mut progress = Progress::new(start, "resources");
                until_sent(shutdown, async || sender.send(&mut index, |position| progress.tell(position)).await)
                    .await?;
            }
            resources += sender.position().messages;
            sent += sender.position().messages - start.messages;
        }
        positions.iter().for_each(|position| forget(position));
        println!("{resources} resources of {} files sent, {sent} of them now", listed.len());
        Ok(())
    })
    .await
}

fn beside(file: &Path) -> PathBuf {
    let mut path = file.to_owned().into_os_string();
    path.push(".position");
    path.into()
}

fn region_of<'c>(config: &'c Config, one: &OneFile) -> Result<&'c Region, Failure> {
    let region = config.region.iter().find(|region| region.code == one.region);
    region.ok_or_else(|| Failure::failed(Refused::Region(one.region)))
}

/// From a file into its topic.
struct Way<'a> {
    feed: &'a str,
    source_system: String,
    source: Source,
}

impl Way<'_> {
    /// Opens the way, lets `send` use it, and closes it. `send` is given where to keep its position.
    async fn send(
        self,
        mut config: Config,
        one: &OneFile,
        send: impl AsyncFnOnce(&Feed, &Path, &Shutdown) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let shutdown = Shutdown::install().map_err(Failure::failed)?;
        let position = one.position.clone().unwrap_or_else(|| beside(&one.file));
        // It may run beside a connector with the same configuration, so it takes no fixed port.
        config.http = Http::at(([127, 0, 0, 1], 0).into());
        let registry = runtime::metrics::Registry::new();
        let metrics = Metrics::register(&registry, "connector").map_err(Failure::failed)?;
        let health = Health::new(&[runtime::broker::COMPONENT]);
        let entrance = Entrance::open(&config, metrics, health, shutdown.clone()).map_err(Failure::failed)?;
        let watching = tokio::spawn({
            let intake = entrance.intake.clone();
            async move { intake.watch_broker().await }
        });
        let mut feeds = Feeds::new(&entrance);
        let feed = feeds.feed(one.region, self.feed, &self.source_system, self.source).await;
        let feed = feed.map_err(Failure::failed)?;
        let sent = send(&feed, &position, &shutdown).await;
        shutdown.request();
        // It ends with the shutdown; it has nothing to say.
        let _ = watching.await;
        entrance.intake.close().await;
        sent
    }
}

/// Goes on after every interruption, until the file has been sent or the process is to stop.
async fn until_sent<T>(shutdown: &Shutdown, mut send: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, Failure> {
    loop {
        match send().await {
            Ok(sent) => return Ok(sent),
            Err(Error::Interrupted(_)) if !shutdown.requested() => {
                tracing::warn!("a record was not stored in time; going on from the last one that was");
                tokio::time::sleep(AGAIN_PAUSE).await;
            }
            Err(error) => return Err(Failure::failed(error)),
        }
    }
}

/// Sent: the next time this file is sent from its beginning.
fn forget(position: &Path) {
    if let Err(error) = std::fs::remove_file(position)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "{} could not be removed: {error}", shown_path(position));
    }
}

/// A bar on a terminal, and a line of the log now and then elsewhere.
struct Progress {
    bar: indicatif::ProgressBar,
    size: u64,
    what: &'static str,
    told: Instant,
}

impl Progress {
    /// At the start, of a file with so many of something.
    fn new(start: Position, what: &'static str) -> Self {
        if start.messages > 0 {
            tracing::info!(resumed = start.messages, "going on after {} {what}", start.messages);
        }
        let size = start.version.size;
        let bar = indicatif::ProgressBar::new(size);
        let template = format!("{{bar:30}} {{bytes}}/{{total_bytes}} {{msg}} {what}, {{eta}} left");
        if let Ok(style) = indicatif::ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self { bar, size, what, told: Instant::now() }
    }

    fn tell(&mut self, position: &Position) {
        self.bar.set_position(position.offset);
        self.bar.set_message(position.messages.to_string());
        if self.bar.is_hidden() && self.told.elapsed() > TOLD_INTERVAL {
            self.told = Instant::now();
            let (what, count) = (self.what, position.messages);
            tracing::info!(count, "sent {} of {} bytes, {count} {what}", position.offset, self.size);
        }
    }
}

impl Drop for Progress {
    /// Whatever happened is told by a line of its own.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
