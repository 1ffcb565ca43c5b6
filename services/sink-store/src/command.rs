//! The command line, and what each command does.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use runtime::config::Log;
use runtime::exit::{self, Failure};
use runtime::shutdown::Shutdown;
use runtime::{logs, start};
use schemas::region_code;

use crate::config::{self, Config};
use crate::error::Error;
use crate::fingerprint::fingerprint;
use crate::migration::{self, Outcome};
use crate::rebuild::rebuild;
use crate::run::run;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  sink-store migrate --database-url postgres://admin@db/vardstrom
  sink-store check --config sink-store.toml
  sink-store run --config sink-store.toml
  sink-store fingerprint --database-url postgres://reader@db/vardstrom
  sink-store rebuild --region 14 --database-url postgres://store@db/vardstrom

Exit codes:
  0  done
  1  failed; the last line on stderr says what to do
  2  wrong usage or configuration";

/// Stores every common event in PostgreSQL, once, and keeps stays, census and 06:00 snapshots in step.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service until SIGTERM or SIGINT.
    Run(ConfigFile),
    /// Check a configuration file and start nothing.
    Check(ConfigFile),
    /// Bring the database forward to this program's version. Running it twice changes nothing.
    Migrate {
        #[command(flatten)]
        database: Database,
        /// Make partitions for these regions only; without it, for all 21.
        #[arg(long = "region", value_name = "NN", value_parser = config::region)]
        regions: Vec<String>,
    },
    /// Take the database back to a version. Version 0 removes all tables and everything in them.
    Revert {
        #[command(flatten)]
        database: Database,
        /// The version to go back to.
        #[arg(long, value_name = "VERSION")]
        to: i32,
    },
    /// Print one line per table: name, rows, hash of the content; then the total.
    Fingerprint {
        #[command(flatten)]
        database: Database,
    },
    /// Compute all projections of a region anew from its events. The running store waits meanwhile.
    Rebuild {
        #[command(flatten)]
        database: Database,
        /// The region's länskod.
        #[arg(long, value_name = "NN", value_parser = config::region)]
        region: String,
    },
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file; config.sample.toml explains every key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Args)]
struct Database {
    /// Address of the database, better given in the environment: it holds a password.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        exit::code(execute(self.command))
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(file) => {
            let config = load(&file)?;
            block_on(async { Ok(run(config, Shutdown::install().map_err(Failure::failed)?).await?) })
        }
        Command::Check(file) => load(&file).map(|_| print("configuration is usable")),
        Command::Migrate { database, regions } => {
            let regions = if regions.is_empty() { region_code::ALL.map(str::to_owned).to_vec() } else { regions };
            on(&database, async |session| Ok(moved(&migration::migrate(&session, &regions).await?)))
        }
        Command::Revert { database, to } => {
            on(&database, async |session| Ok(moved(&migration::revert(&session, to).await?)))
        }
        Command::Fingerprint { database } => {
            on(&database, async |session| Ok(fingerprint(&session).await?.to_string()))
        }
        Command::Rebuild { database, region } => on(&database, async |session| {
            let projected = rebuild(&session, &region).await?;
            Ok(format!("region {region}: {} events read, {} stays written", projected.events, projected.stays))
        }),
    }
}

fn moved(outcome: &Outcome) -> String {
    format!("database went from version {} to {}", outcome.before, outcome.after)
}

/// Does something on a database, and prints what came of it.
fn on(database: &Database, act: impl AsyncFnOnce(Session) -> Result<String, Error>) -> Result<(), Failure> {
    logs::init(&Log::default());
    block_on(async {
        let session = Session::open(&database.database_url).await?;
        print(&act(session).await?);
        Ok(())
    })
}

fn load(file: &ConfigFile) -> Result<Config, Failure> {
    Ok(start::load(&file.config, |config: &Config| &config.log)?)
}

fn block_on(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    start::block_on(Some(1), task)
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
fn print(text: &str) {
    println!("{text}");
}
