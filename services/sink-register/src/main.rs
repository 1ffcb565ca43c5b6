//! The command line of the register extracts.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use parcel::{Identity, Manifest, Period, Series, Trusted};
use runtime::exit::Failure;
use runtime::shutdown::Shutdown;
use sink_register::config::Config;
use sink_register::definition::Definitions;
use sink_register::follow::{self, BACK_MAX, Follow};
use sink_register::{Delivery, Error, Order, Outcome, Session, Task};
use topics::Region;

const EXAMPLES: &str = "\
A month, from the store to its recipient:
  sink-register plan --region 14 --period 2026-02 --extract waiting-times --out parcels
  sink-register run  --region 14 --period 2026-02 --extract waiting-times --out parcels
  sink-register show parcels/waiting-times_14_2026-02_v1
  sink-register deliver parcels/waiting-times_14_2026-02_v1

Late statements have come: the same command makes version 2, which says what it replaces and what differs:
  sink-register run  --region 14 --period 2026-02 --extract waiting-times --out parcels --reason 'late file from SU'

Kept up to date, the present month and two before it, looked at every ten minutes, until Ctrl-C:
  sink-register follow --region 14 --extract waiting-times --out parcels --back 2 --pause 600

The same bytes again, whatever has come since:
  sink-register run  --region 14 --period 2026-02 --extract waiting-times --out elsewhere \\
                     --as-of parcels/waiting-times_14_2026-02_v1/manifest.json

Whoever gets a parcel needs this program, the sender's public key and, for files with a row per person, their own identity:
  sink-register key
  sink-register verify waiting-times_14_2026-02_v1 --public-key 3b6a27bc... --identity identity.txt

Recipients with a token fetch what was delivered for them; put a proxy with TLS before it:
  sink-register serve

What has left a region, for its data protection officer:
  sink-register ledger --region 14 --csv > disclosures.csv

The configuration is sink-register.toml in this folder, or --config, or SINK_REGISTER_CONFIG; sink-register.sample.toml explains every key.

Exit codes:
  0  done, also when there was nothing to do
  1  failed; the last line on stderr says what to do
  2  wrong usage or configuration";

/// Makes what a region owes to registers from the common events in the store: parcels that can be repeated and checked.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what a run would make and what has changed. Writes nothing.
    Plan {
        #[command(flatten)]
        asked: Asked,
        /// The folder of earlier parcels, to say what differs from the latest.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Make a parcel. Running it twice changes nothing.
    Run {
        #[command(flatten)]
        asked: Asked,
        /// The folder of parcels, earlier ones included.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Make the parcel of this manifest again, from the positions in it.
        #[arg(long, value_name = "MANIFEST", conflicts_with = "reason")]
        as_of: Option<PathBuf>,
        /// Why there is a new version, when there is one.
        #[arg(long, value_name = "TEXT", default_value = parcel::REASON)]
        reason: String,
    },
    /// Keep extracts up to date: make the present period and those before it again and again, until stopped.
    Follow {
        #[command(flatten)]
        file: ConfigFile,
        /// The regions' lanskods.
        #[arg(long, value_name = "NN", required = true, value_delimiter = ',')]
        region: Vec<Region>,
        /// The extracts: names of definitions.
        #[arg(long, value_name = "NAME", required = true, value_delimiter = ',')]
        extract: Vec<String>,
        /// The folder of parcels, earlier ones included.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Periods before the present one that are looked at too: months, or years where an extract is of years.
        #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=i64::from(BACK_MAX)))]
        back: u8,
        /// Seconds from the end of a turn to the next.
        #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
        pause: u64,
        /// Deliver each parcel to its recipient at once.
        #[arg(long)]
        deliver: bool,
    },
    /// Put a parcel where its recipient takes it from, once.
    Deliver {
        #[command(flatten)]
        file: ConfigFile,
        /// The parcel's folder.
        #[arg(value_name = "PARCEL")]
        parcel: PathBuf,
    },
    /// Let recipients fetch the parcels that were delivered for them, and confirm them, until SIGTERM or Ctrl-C.
    Serve(ConfigFile),
    /// Print a parcel's manifest, to be read. Checks nothing.
    Show {
        /// The parcel's folder.
        #[arg(value_name = "PARCEL")]
        parcel: PathBuf,
    },
    /// Check that a parcel is whole, unchanged and signed by somebody trusted.
    Verify {
        #[command(flatten)]
        file: ConfigFile,
        /// The parcel's folder.
        #[arg(value_name = "PARCEL")]
        parcel: PathBuf,
        /// The sender's public key; without it, the keys of the configuration.
        #[arg(long, value_name = "HEX", value_parser = public_key)]
        public_key: Option<Trusted>,
        /// The recipient's secret age key: also open the encrypted files and compare what they hold.
        #[arg(long, value_name = "AGE_KEY_FILE")]
        identity: Option<PathBuf>,
    },
    /// Print what was made and delivered of a region, when, to whom and on which ground.
    Ledger {
        #[command(flatten)]
        file: ConfigFile,
        /// The region's lanskod.
        #[arg(long, value_name = "NN")]
        region: Region,
        /// As CSV, for a spreadsheet.
        #[arg(long)]
        csv: bool,
    },
    /// Print the public key that belongs to the signing key.
    Key(ConfigFile),
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "sink-register.toml", env = "SINK_REGISTER_CONFIG")]
    config: PathBuf,
}

#[derive(Args)]
struct Asked {
    #[command(flatten)]
    file: ConfigFile,
    /// The region's lanskod.
    #[arg(long, value_name = "NN")]
    region: Region,
    /// The month, as 2026-02, or the year, as 2025.
    #[arg(long, value_name = "YYYY-MM")]
    period: Period,
    /// The extract: the name of a definition.
    #[arg(long, value_name = "NAME")]
    extract: String,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli.command) {
        Err(error) if error.is_usage() => {
            tracing::error!("{}", runtime::exit::chain(&error));
            ExitCode::from(2)
        }
        result => runtime::exit::code(result.map_err(Failure::failed)),
    }
}

fn execute(command: Command) -> Result<(), Error> {
    match command {
        Command::Plan { asked, out } => plan(&asked, out.as_deref()),
        Command::Run { asked, out, as_of, reason } => run(&asked, &out, as_of.as_deref(), &reason),
        Command::Follow { file, region, extract, out, back, pause, deliver } => {
            let pause = Duration::from_secs(pause);
            follow(&file, &Follow { folder: out, regions: region, extracts: extract, back, pause, deliver })
        }
        Command::Deliver { file, parcel } => deliver(&file, &parcel),
        Command::Serve(file) => {
            let config = load(&file)?;
            block_on(async { sink_register::serve::run(config, Shutdown::install().map_err(Error::Signals)?).await })
        }
        Command::Show { parcel } => {
            runtime::logs::init(&runtime::config::Log::default());
            let (manifest, manifest_sha256) = Manifest::read(&parcel)?;
            print(&sink_register::manifest_text(&manifest, &manifest_sha256));
            Ok(())
        }
        Command::Verify { file, parcel, public_key, identity } => {
            verify(&file, &parcel, public_key, identity.as_deref())
        }
        Command::Ledger { file, region, csv } => {
            let config = load(&file)?;
            block_on(async {
                let mut session = Session::open(config.database_url()?.expose()).await?;
                let lines = sink_register::ledger::lines(&mut session, region).await?;
                let text = if csv { sink_register::ledger_csv(&lines) } else { sink_register::ledger_text(&lines) };
                print(&text);
                Ok(())
            })
        }
        Command::Key(file) => {
            print(&format!("{}\n", load(&file)?.seed()?.public_key()));
            Ok(())
        }
    }
}

fn plan(asked: &Asked, out: Option<&Path>) -> Result<(), Error> {
    let config = load(&asked.file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    let order = order(asked, &definitions, &config)?;
    block_on(async {
        let mut session = Session::open(config.database_url()?.expose()).await?;
        let plan = sink_register::plan(&mut session, order, out, &config.trusted()?).await?;
        let series = Series { extract: asked.extract.clone(), region: asked.region, period: asked.period };
        print(&sink_register::plan_text(&plan, |version| series.name(version)));
        Ok(())
    })
}

fn run(asked: &Asked, folder: &Path, as_of: Option<&Path>, reason: &str) -> Result<(), Error> {
    let config = load(&asked.file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    let task = Task { order: order(asked, &definitions, &config)?, folder, reason: Some(reason), as_of };
    block_on(async {
        let mut session = Session::open(config.database_url()?.expose()).await?;
        let made = sink_register::run(&mut session, &config, task).await?;
        let outcome = match made.outcome {
            Outcome::Made => "made",
            Outcome::Unchanged => "unchanged",
        };
        let mut text = format!("{outcome} {}\n", made.place.display());
        for file in &made.manifest.files {
            let suffix = if file.encrypted { ".age" } else { "" };
            text.push_str(&format!("  {}{suffix}: {} rows\n", file.name, file.rows));
        }
        print(&text);
        Ok(())
    })
}

fn follow(file: &ConfigFile, task: &Follow) -> Result<(), Error> {
    let config = load(file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    block_on(async {
        let shutdown = Shutdown::install().map_err(Error::Start)?;
        follow::follow(&config, &definitions, task, &shutdown).await
    })
}

fn order<'a>(asked: &Asked, definitions: &'a Definitions, config: &'a Config) -> Result<Order<'a>, Error> {
    let definition = definitions.named(&asked.extract)?;
    if asked.period.kind() != definition.period {
        let (extract, wanted) = (definition.name.clone(), definition.period);
        return Err(Error::PeriodKind { extract, wanted, period: asked.period });
    }
    Ok(Order { definition, region: asked.region, period: asked.period, flags: &config.flags })
}

fn deliver(file: &ConfigFile, parcel: &Path) -> Result<(), Error> {
    let config = load(file)?;
    block_on(async {
        let mut session = Session::open(config.database_url()?.expose()).await?;
        let (outcome, manifest) = sink_register::deliver(&mut session, &config, parcel).await?;
        let outcome = match outcome {
            Delivery::Delivered => "delivered",
            Delivery::AlreadyThere => "already delivered",
            Delivery::Offered => "offered",
        };
        print(&format!("{outcome} {} to {}\n", manifest.name(), manifest.recipient));
        Ok(())
    })
}

fn verify(file: &ConfigFile, folder: &Path, public_key: Option<Trusted>, identity: Option<&Path>) -> Result<(), Error> {
    let trusted = match public_key {
        // A recipient has a key and no configuration.
        Some(key) => {
            runtime::logs::init(&runtime::config::Log::default());
            key
        }
        None => load(file)?.trusted()?,
    };
    let identity = identity.map(Identity::read).transpose()?;
    let checked = parcel::check(folder, &trusted, identity.as_ref())?;
    let total = checked.manifest.files.len();
    let mut text = format!("{} is whole and signed\n", checked.manifest.name());
    text.push_str(&format!("  manifest sha256 {}\n", checked.manifest_sha256));
    text.push_str(&format!("  content of {} of {total} files compared with the manifest\n", checked.opened));
    if checked.opened < total {
        text.push_str("  the others are encrypted: give --identity to open them\n");
    }
    print(&text);
    Ok(())
}

fn load(file: &ConfigFile) -> Result<Config, Error> {
    let loaded = runtime::config::load::<Config>(&file.config);
    runtime::logs::init(&loaded.as_ref().map_or_else(|_| runtime::config::Log::default(), |config| config.log.clone()));
    Ok(loaded?)
}

fn public_key(text: &str) -> Result<Trusted, String> {
    Trusted::parse(text).ok_or_else(|| "not 64 hexadecimal digits, as `sink-register key` prints them".to_owned())
}

fn block_on(task: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(Error::Start)
        .and_then(|runtime| runtime.block_on(task))
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
fn print(text: &str) {
    print!("{text}");
}
