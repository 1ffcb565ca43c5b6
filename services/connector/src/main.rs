//! The connector's command line.

mod database;
mod one_file;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use connector::config::Config;
use connector::service::Service;
use runtime::config::{self, Log};
use runtime::exit::{self, Failure};
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
      Listens for MLLP, watches capacity files and folders of HL7 files and tables, fetches tables by SFTP, follows
      databases, FHIR servers and Debezium topics, until SIGTERM or Ctrl-C.
  connector replay january.hl7 --region 14 --config connector.toml
      Sends one HL7 file on the same path. Killed and started again, it goes on where it was.
  connector table january.csv --region 14 --feed waiting-times --config connector.toml
      Sends the rows of one delimited file in the same way, or says what is wrong with it and sends no row.

  connector fhir export --region 14 --config connector.toml
      Sends the resources of a bulk export (a folder of .ndjson files) in the same way.

  connector cdc resnapshot --region 14 --slot vardstrom_14 --config connector.toml
      Gives a slot up that was lost; a connector that runs takes the snapshot of its tables again.

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
    Replay(one_file::Replay),
    /// Send the rows of one delimited file, or say why it is left out; with progress, as replay.
    Table(one_file::Table),
    /// Send the resources of one NDJSON file, or of a folder of them, as replay does.
    Fhir(one_file::Fhir),
    /// Mend the way from a database whose changes are followed.
    #[command(subcommand)]
    Cdc(database::Command),
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE", default_value = "connector.toml", env = "VARDSTROM_CONNECTOR_CONFIG")]
    config: PathBuf,
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
            Command::Replay(arguments) => one_file::replay(load(&arguments.config)?, &arguments).await,
            Command::Cdc(command) => database::run(load(command.config())?, &command).await,
            Command::Fhir(arguments) => one_file::fhir(load(&arguments.config)?, &arguments).await,
            Command::Table(arguments) => one_file::table(load(&arguments.config)?, &arguments).await,
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
            println!("   capacity from {} to {}", shown(&source.path), topics::name::source(region.code, &source.feed));
        }
        for source in &region.replay {
            println!(
                "   HL7 files from {} to {}",
                shown(&source.path),
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.table {
            let order = match &source.key {
                Some(key) => format!(", in order by {key}"),
                None => String::new(),
            };
            let server = match &source.sftp {
                Some(server) => format!("{}@{}{} by way of ", server.user, server.place(), server.folder),
                None => String::new(),
            };
            println!(
                "   tables from {server}{} to {}{order}",
                if source.sftp.is_some() { source.path.display().to_string() } else { shown(&source.path) },
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.cdc {
            println!(
                "   changes of {} by slot {} and publication {} to {}",
                source.tables.join(", "),
                source.slot,
                source.publication,
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.fhir_files {
            println!(
                "   FHIR files from {} to {}",
                shown(&source.path),
                topics::name::source(region.code, &source.feed)
            );
        }
        for source in &region.debezium {
            for (topic, feed) in &source.topics {
                println!(
                    "   Debezium topic {topic} of the Kafka at {} by group {} to {}",
                    source.kafka.bootstrap,
                    source.group,
                    topics::name::source(region.code, feed)
                );
            }
            if let Some(registry) = &source.registry {
                println!("   their schemas at {registry}");
            }
        }
        for source in &region.fhir {
            let types: Vec<_> = source.types.iter().map(|kind| kind.name()).collect();
            println!(
                "   {} of the FHIR server at {} every {}s, {}s back, to {}",
                types.join(", "),
                source.base,
                source.poll.0.as_secs_f32(),
                source.overlap.0.as_secs_f32(),
                topics::name::source(region.code, &source.feed)
            );
            if let (Some(hook), Some(_)) = (&config.fhir_hook, &source.hook) {
                println!("      and at once when {} is called at /fhir/notify/{}", hook.listen, source.name);
            }
        }
    }
    println!("the configuration can be used");
}

/// A watched file or folder, and what is the matter with it now: it is another system's, and may come and go.
fn shown(path: &Path) -> String {
    let looked = std::fs::metadata(path).and_then(|found| match found.is_dir() {
        true => std::fs::read_dir(path).map(drop),
        false => std::fs::File::open(path).map(drop),
    });
    let matter = looked.err().map(|error| format!(" (now: {error}; it is looked at until it can be read)"));
    format!("{}{}", path.display(), matter.unwrap_or_default())
}
