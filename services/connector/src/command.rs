//! The command line, and what each command does.

mod check;
mod database;
mod one_file;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use runtime::exit::{self, Failure};
use runtime::shutdown::Shutdown;
use runtime::start;

use crate::config::Config;
use crate::service::Service;

/// Receives what a region's source systems send and makes it durable in Kafka before it is acknowledged.
#[derive(Parser)]
#[command(name = "connector", after_help = EXAMPLES, max_term_width = 110)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  connector check --config connector.toml
      Says whether the configuration can be used, what it opens, and whether its sealing keys open. Needs neither Kafka nor
      the sources.
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

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        exit::code(execute(self.command))
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(file) => in_threads(run(load(&file)?)),
        Command::Check(file) => check::check(&load(&file)?),
        Command::Replay(arguments) => in_threads(one_file::replay(load(&arguments.config)?, &arguments)),
        Command::Table(arguments) => in_threads(one_file::table(load(&arguments.config)?, &arguments)),
        Command::Fhir(arguments) => in_threads(one_file::fhir(load(&arguments.config)?, &arguments)),
        Command::Cdc(command) => in_threads(database::run(load(command.config())?, &command)),
    }
}

/// Sources keep every core busy.
fn in_threads(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    start::block_on(None, task)
}

fn load(file: &ConfigFile) -> Result<Config, Failure> {
    Ok(start::load(&file.config, |config: &Config| &config.log)?)
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
