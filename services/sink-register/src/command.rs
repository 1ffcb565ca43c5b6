//! The command line, and what each command does.

mod extracts;
mod parcels;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use runtime::exit::{self, Failure};
use runtime::shutdown::Shutdown;
use runtime::start;
use topics::Region;

use crate::config::Config;
use crate::follow::{BACK_MAX, Follow};
use crate::ledger;
use crate::serve;
use crate::session::Session;
use crate::show::{ledger_csv, ledger_text};
use parcel::Period;
use parcel::REASON;
use parcel::Trusted;

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
#[command(after_help = EXAMPLES)]
pub struct CommandLine {
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
        #[arg(long, value_name = "TEXT", default_value = REASON)]
        reason: String,
        /// Begin the series anew where its earlier parcels have pseudonyms of another key: nobody can then be followed between them.
        #[arg(long, conflicts_with = "as_of")]
        new_pseudonyms: bool,
    },
    /// Keep extracts up to date: make the present period and those before it again and again, until stopped.
    Follow {
        #[command(flatten)]
        file: ConfigFile,
        /// The regions' länskoder.
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
        /// In the first turn begin series anew whose earlier parcels have pseudonyms of another key, as `run --new-pseudonyms` does.
        #[arg(long)]
        new_pseudonyms: bool,
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
        /// The region's länskod.
        #[arg(long, value_name = "NN")]
        region: Region,
        /// As CSV, for a spreadsheet.
        #[arg(long)]
        csv: bool,
    },
    /// Open values that a definition has encrypted, one a line from stdin, with the key of the extract's series.
    Reveal {
        #[command(flatten)]
        file: ConfigFile,
        /// The region's länskod.
        #[arg(long, value_name = "NN")]
        region: Region,
        /// The extract: the name of a definition.
        #[arg(long, value_name = "NAME")]
        extract: String,
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
    /// The region's länskod.
    #[arg(long, value_name = "NN")]
    region: Region,
    /// The month, as 2026-02, or the year, as 2025.
    #[arg(long, value_name = "YYYY-MM")]
    period: Period,
    /// The extract: the name of a definition.
    #[arg(long, value_name = "NAME")]
    extract: String,
}

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        exit::code(execute(self.command))
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Plan { asked, out } => extracts::plan(&asked, out.as_deref()),
        Command::Run { asked, out, as_of, reason, new_pseudonyms } => {
            extracts::run(&asked, &out, as_of.as_deref(), &reason, new_pseudonyms)
        }
        Command::Follow { file, region, extract, out, back, pause, deliver, new_pseudonyms } => {
            let pause = Duration::from_secs(pause);
            let (folder, regions, extracts) = (out, region, extract);
            extracts::follow(&file, &Follow { folder, regions, extracts, back, pause, deliver, new_pseudonyms })
        }
        Command::Deliver { file, parcel } => parcels::deliver(&file, &parcel),
        Command::Serve(file) => {
            let config = load(&file)?;
            block_on(async { Ok(serve::run(config, Shutdown::install().map_err(Failure::failed)?).await?) })
        }
        Command::Show { parcel } => parcels::show(&parcel),
        Command::Verify { file, parcel, public_key, identity } => {
            parcels::verify(&file, &parcel, public_key, identity.as_deref())
        }
        Command::Ledger { file, region, csv } => {
            let config = load(&file)?;
            block_on(async {
                let lines = ledger::lines(&mut open(&config).await?, region).await?;
                print(&if csv { ledger_csv(&lines) } else { ledger_text(&lines) });
                Ok(())
            })
        }
        Command::Reveal { file, region, extract } => extracts::reveal(&file, region, &extract),
        Command::Key(file) => {
            print(&format!("{}\n", load(&file)?.seed()?.public_key()));
            Ok(())
        }
    }
}

fn load(file: &ConfigFile) -> Result<Config, Failure> {
    Ok(start::load(&file.config, |config: &Config| &config.log)?)
}

async fn open(config: &Config) -> Result<Session, Failure> {
    Ok(Session::connect(&config.address()?).await?)
}

fn public_key(text: &str) -> Result<Trusted, String> {
    Trusted::parse(text).ok_or_else(|| "not 64 hexadecimal digits, as `sink-register key` prints them".to_owned())
}

fn block_on(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    start::block_on(Some(1), task)
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
fn print(text: &str) {
    print!("{text}");
}
