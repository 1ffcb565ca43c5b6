//! The store's command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use runtime::exit::{self, Failure};
use runtime::shutdown::Shutdown;
use sink_store::config::Config;
use sink_store::{Error, Session};

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
#[command(version, after_help = EXAMPLES)]
struct Cli {
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
        #[arg(long = "region", value_name = "NN", value_parser = sink_store::config::region)]
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
        /// The region's lanskod.
        #[arg(long, value_name = "NN", value_parser = sink_store::config::region)]
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

fn main() -> ExitCode {
    let cli = Cli::parse();
    exit::code(execute(cli.command))
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(file) => {
            let config = load(&file)?;
            block_on(async {
                let shutdown =
                    Shutdown::install().map_err(|source| Error::System { attempt: "listen for signals", source })?;
                sink_store::run(config, shutdown).await
            })
        }
        Command::Check(file) => load(&file).map(|_| print("configuration is usable")),
        Command::Migrate { database, regions } => {
            runtime::logs::init(&runtime::config::Log::default());
            let regions =
                if regions.is_empty() { schemas::region_code::ALL.map(str::to_owned).to_vec() } else { regions };
            block_on(async {
                let session = Session::open(&database.database_url).await?;
                let outcome = sink_store::migrate(&session, &regions).await?;
                print(&format!("database went from version {} to {}", outcome.before, outcome.after));
                Ok(())
            })
        }
        Command::Revert { database, to } => {
            runtime::logs::init(&runtime::config::Log::default());
            block_on(async {
                let session = Session::open(&database.database_url).await?;
                let outcome = sink_store::revert(&session, to).await?;
                print(&format!("database went from version {} to {}", outcome.before, outcome.after));
                Ok(())
            })
        }
        Command::Fingerprint { database } => {
            runtime::logs::init(&runtime::config::Log::default());
            block_on(async {
                let session = Session::open(&database.database_url).await?;
                print(&sink_store::fingerprint(&session).await?.to_string());
                Ok(())
            })
        }
        Command::Rebuild { database, region } => {
            runtime::logs::init(&runtime::config::Log::default());
            block_on(async {
                let session = Session::open(&database.database_url).await?;
                let projected = sink_store::rebuild(&session, &region).await?;
                print(&format!("region {region}: {} events read, {} stays written", projected.events, projected.stays));
                Ok(())
            })
        }
    }
}

fn load(file: &ConfigFile) -> Result<Config, Failure> {
    let loaded = runtime::config::load::<Config>(&file.config);
    runtime::logs::init(&loaded.as_ref().map_or_else(|_| runtime::config::Log::default(), |config| config.log.clone()));
    Ok(loaded?)
}

fn block_on(task: impl Future<Output = Result<(), Error>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|source| Error::System { attempt: "start", source })
        .and_then(|runtime| runtime.block_on(task))
        .map_err(Failure::failed)
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
fn print(text: &str) {
    println!("{text}");
}
