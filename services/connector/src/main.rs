//! The connector's command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use connector::config::Config;
use connector::metrics::{Metrics, Source};
use connector::replay::{Error as ReplayError, Sender};
use connector::service::{Entrance, Feeds, Service};
use runtime::config::{self, Http, Log};
use runtime::exit::{self, Failure};
use runtime::health::Health;
use runtime::logs;
use runtime::shutdown::Shutdown;

/// Receives what a region's source systems send and makes it durable in Kafka before it is acknowledged.
#[derive(Parser)]
#[command(name = "connector", version, after_help = EXAMPLES, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  connector check --config connector.toml
      Says whether the configuration can be used, and what it opens. Needs neither Kafka nor the sources.
  connector run --config connector.toml
      Listens for MLLP, watches capacity files and folders of HL7 files, until SIGTERM or Ctrl-C.
  connector replay january.hl7 --region 14 --config connector.toml
      Sends one HL7 file on the same path. Killed and started again, it goes on where it was.

A message is answered AA (or CA) only after Kafka has acknowledged it with acks=all. While Kafka is away nothing more
is read: senders wait, and /readyz and the metric vardstrom_connector_broker_available say so.

Files for replay hold messages separated by blank lines, batch files (FHS/BHS ... BTS/FTS) or MLLP frames. A file sent
twice gives the same records twice; whatever is stored from them is stored once.

Secrets are taken from the environment variables that the configuration names; see config.sample.toml.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 stopped by a second signal.";

#[derive(Subcommand)]
enum Command {
    /// Open every source of the configuration and run until told to stop.
    Run(ConfigFile),
    /// Read and check the configuration, and say what it would open.
    Check(ConfigFile),
    /// Send one HL7 file, with progress, and go on where it was after an interruption.
    Replay(Replay),
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE", default_value = "connector.toml", env = "VARDSTROM_CONNECTOR_CONFIG")]
    config: PathBuf,
}

#[derive(Args)]
struct Replay {
    /// The HL7 file.
    file: PathBuf,
    /// Lanskod of the region it belongs to; must be in the configuration.
    #[arg(long, value_name = "NN")]
    region: topics::Region,
    /// The feed.
    #[arg(long, value_name = "NAME", default_value = "adt")]
    feed: String,
    /// HSA-id of the system that wrote it, when it is not the region's.
    #[arg(long, value_name = "HSA-ID")]
    source_system: Option<String>,
    /// Where the position is kept until the file has been sent [default: beside the file, with .position added].
    #[arg(long, value_name = "FILE")]
    position: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Until the configuration says otherwise.
    let started = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match started {
        Ok(runtime) => runtime,
        Err(error) => {
            logs::init(&Log::default());
            return exit::code(Err(Failure::failed(error)));
        }
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Run(file) => run(load(&file)?).await,
            Command::Check(file) => load(&file).map(|config| check(&config)),
            Command::Replay(arguments) => replay(load(&arguments.config)?, &arguments).await,
        }
    });
    let code = exit::code(result);
    // A blocking call of a client library that hangs must not keep a process that is done.
    runtime.shutdown_timeout(Duration::from_secs(2));
    code
}

fn load(file: &ConfigFile) -> Result<Config, Failure> {
    match config::load::<Config>(&file.config) {
        Ok(config) => {
            logs::init(&config.log);
            Ok(config)
        }
        Err(error) => {
            logs::init(&Log::default());
            Err(error.into())
        }
    }
}

async fn run(config: Config) -> Result<(), Failure> {
    let shutdown = Shutdown::install().map_err(Failure::failed)?;
    match Service::start(config, shutdown.clone()).await {
        Ok(service) => {
            service.run().await;
            Ok(())
        }
        // Asked to stop while Kafka was still awaited: nothing was accepted, nothing is lost.
        Err(_) if shutdown.requested() => Ok(()),
        Err(error) => Err(Failure::failed(error)),
    }
}

#[allow(clippy::print_stdout, reason = "the answer of the command")]
fn check(config: &Config) {
    for region in &config.region {
        println!("{} {} from {}", region.code, region.code.name(), region.source_system);
        for mllp in &region.mllp {
            let encrypted = if mllp.tls.is_some() { " with TLS" } else { "" };
            println!("   MLLP on {}{encrypted} to {}", mllp.listen, topics::name::source(region.code, &mllp.feed));
        }
        for source in &region.capacity {
            println!(
                "   capacity from {} to {}",
                source.path.display(),
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.replay {
            println!(
                "   HL7 files from {} to {}",
                source.path.display(),
                topics::name::source(region.code, &source.feed)
            );
        }
    }
    println!("the configuration can be used");
}

/// Why a replay cannot start.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("region {0} is not in the configuration; add a [[region]] table with its source_system")]
    Region(topics::Region),
}

async fn replay(mut config: Config, arguments: &Replay) -> Result<(), Failure> {
    let shutdown = Shutdown::install().map_err(Failure::failed)?;
    let region = config.region.iter().find(|region| region.code == arguments.region);
    let Some(region) = region else { return Err(Failure::failed(Refused::Region(arguments.region))) };
    let source_system = arguments.source_system.clone().unwrap_or_else(|| region.source_system.clone());
    let position = arguments.position.clone().unwrap_or_else(|| {
        let mut path = arguments.file.clone().into_os_string();
        path.push(".position");
        path.into()
    });
    // It may run beside a connector with the same configuration, so it takes no fixed port.
    config.http = Http { listen: ([127, 0, 0, 1], 0).into() };
    let registry = runtime::metrics::Registry::new();
    let metrics = Metrics::register(&registry, "connector").map_err(Failure::failed)?;
    let health = Health::new(&[runtime::broker::COMPONENT]);
    let entrance = Entrance::open(&config, metrics, health, shutdown.clone()).map_err(Failure::failed)?;
    let watching = tokio::spawn({
        let intake = entrance.intake.clone();
        async move { intake.watch_broker().await }
    });
    let mut feeds = Feeds::new(&entrance);
    let feed = feeds.feed(arguments.region, &arguments.feed, &source_system, Source::Replay).await;
    let feed = feed.map_err(Failure::failed)?;
    let sent = send(&feed, arguments, &position, &shutdown).await;
    shutdown.request();
    // It ends with the shutdown; it has nothing to say.
    let _ = watching.await;
    entrance.intake.close().await;
    sent
}

#[allow(clippy::print_stdout, reason = "the answer of the command")]
async fn send(
    feed: &connector::intake::Feed,
    arguments: &Replay,
    position: &std::path::Path,
    shutdown: &Shutdown,
) -> Result<(), Failure> {
    let mut sender = Sender::new(feed, &arguments.file, position).map_err(Failure::failed)?;
    let size = sender.position().version.size;
    let resumed = sender.position().messages;
    if resumed > 0 {
        tracing::info!(resumed, "going on after message {resumed}");
    }
    let bar = indicatif::ProgressBar::new(size);
    if let Ok(style) =
        indicatif::ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg} messages, {eta} left")
    {
        bar.set_style(style);
    }
    let mut told = Instant::now();
    loop {
        let sending = sender.send(|position| {
            bar.set_position(position.offset);
            bar.set_message(position.messages.to_string());
            if bar.is_hidden() && told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                tracing::info!(messages = position.messages, "sent {} of {size} bytes", position.offset);
            }
        });
        match sending.await {
            Ok(()) => break,
            Err(ReplayError::Interrupted(_)) if !shutdown.requested() => {
                tracing::warn!("a record was not stored in time; going on from the last one that was");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => {
                bar.abandon();
                return Err(Failure::failed(error));
            }
        }
    }
    bar.finish_and_clear();
    let messages = sender.position().messages;
    // Sent: the next replay of this file starts at its beginning.
    if let Err(error) = std::fs::remove_file(position)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "{} could not be removed: {error}", position.display());
    }
    println!("{messages} messages sent, {} of them now", messages - resumed);
    Ok(())
}
