//! The command line, and what each command does.

mod subject;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use parcel::Period;
use parcel::made_text;
use runtime::config::Fault;
use runtime::exit::{self, Failure};
use runtime::shutdown::Shutdown;
use runtime::start;
use zeroize::Zeroizing;

use crate::blind;
use crate::config::Config;
use crate::days::Days;
use crate::gather::{Protection, Reader, WITHHELD, read};
use crate::layout::Layout;
use crate::make::make;
use crate::protected;
use crate::rotate::{Rotated, rotate};

const EXAMPLES: &str = "\
Three months up to March, from the region's own rows to a sealed parcel:
  region-register par --period 2026-03 --out parcels

The persons of a permit, blinded for its key holder and its hub (`permit --help` has the whole way):
  region-register blind p17.json --key-file region-14.key --out p17 < numbers

The official layout in place of ours:
  region-register layout > par.toml        # edit it, name it as delivery.layout in the configuration

A person opposes a quality register; a hundred opt out of research; a decision erases one, seen first and then done:
  region-register subject oppose --register rikshoft        # numbers from standard input, one a line; end with Ctrl-D
  region-register subject opt-out --purpose research list.txt
  region-register subject show                              # what is held of one person, by pseudonym
  region-register subject erase --ground 'PDL 8 kap. 4 §' --case 'IVO 8.4-2026-1' --dry-run
Everybody who was ever seen joined to the pseudonyms by the new key:
  region-register rotate --to v2

The configuration is region-register.toml in this folder, or --config, or REGION_REGISTER_CONFIG; config.sample.toml explains
every key. `sink-register show` and `verify` read the parcels.

Exit codes: 0 done, also when there was nothing to do; 1 failed; 2 wrong usage or configuration.";

const SUBJECT: &str = "\
Persons are named by numbers in a file or on standard input, one a line, in any notation: personnummer, samordningsnummer, reserve
number. They are never an argument, are not printed and not kept: what leaves is the region's pseudonym, to region.<nn>.objections.

PAR is no matter of these: the patient register is a duty to report, which neither oppose nor opt-out stops. What was delivered
before is not called back. An erasure cannot be taken back.

Each person is an entry of the access log where [access_log] is configured. Said again, nothing is written.

Exit codes: 0 done; 1 failed, or some lines name nobody (the others are entered); 2 wrong usage or configuration.";

/// Makes deliveries that by law carry personal numbers, inside the region: what it makes is encrypted to its recipient.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the delivery of inpatient care to the patient register: who was discharged in the months, or still admitted when they
    /// ended. Running it twice changes nothing.
    Par {
        #[command(flatten)]
        file: ConfigFile,
        /// The last month, as 2026-03.
        #[arg(long, value_name = "YYYY-MM", value_parser = month)]
        period: Period,
        /// Months that it covers.
        #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=36))]
        months: u8,
        /// The folder of parcels, earlier ones included.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Enter what persons say of the use of their data, and whom a decision erases.
    #[command(subcommand, after_help = SUBJECT)]
    Subject(subject::Subject),
    /// Tell the processor every identity that the region keeps once more, after its key has turned, so that everybody who was ever seen is
    /// joined to the pseudonym by the new key. Running it again goes on where it was, and says how many are left.
    Rotate {
        #[command(flatten)]
        file: ConfigFile,
        /// The new key's version, which the configuration must have as key_id; the earlier ones among earlier_keys.
        #[arg(long, value_name = "VERSION")]
        to: String,
        /// Say how many are left, and tell nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Blind the persons of a permit: a personal number a line on stdin, in any notation. Makes signed batches for the key holder, and
    /// the blinds beside them, sealed to the hub.
    Blind {
        #[command(flatten)]
        file: ConfigFile,
        /// The permit's record, JSON.
        #[arg(value_name = "FILE")]
        permit: PathBuf,
        /// What the region signs with, an Ed25519 seed: a file of 64 hexadecimal digits.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// The folder for batches and blinds; nothing that is there is replaced.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print the layout that is shipped, to begin from.
    Layout,
    /// Read and check the configuration and the layout, say whether the sealing keys open; start nothing.
    Check(ConfigFile),
}

#[derive(clap::Args)]
pub(crate) struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "region-register.toml", env = "REGION_REGISTER_CONFIG")]
    pub(crate) config: PathBuf,
}

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        exit::code(match self.command {
            Command::Par { file, period, months, out } => par(&file, period, months, &out),
            Command::Subject(subject) => subject.execute(),
            Command::Rotate { file, to, dry_run } => rotated(&file, &to, dry_run),
            Command::Blind { file, permit, key_file, out } => blind(&file, &permit, &key_file, &out),
            Command::Layout => {
                print(Layout::shipped());
                Ok(())
            }
            Command::Check(file) => check(&file),
        })
    }
}

fn check(file: &ConfigFile) -> Result<(), Failure> {
    let (config, layout) = load(file)?;
    config.region.try_sealing(&mut |line| print(&format!("{line}\n")))?;
    if let Some(warning) = layout.warning() {
        print(&format!("{warning}\n"));
    }
    print("the configuration can be used\n");
    Ok(())
}

fn par(file: &ConfigFile, period: Period, months: u8, out: &Path) -> Result<(), Failure> {
    let (config, layout) = load(file)?;
    if config.access_log.is_none() {
        tracing::warn!("{}", access_log::WITHOUT);
    }
    if let Some(warning) = layout.warning() {
        tracing::warn!("{warning}");
    }
    let days = days(period, months).expect("the argument is a month");
    start::block_on(Some(1), async {
        let shutdown = Shutdown::install().map_err(Failure::failed)?;
        let mut pipeline = config.region.pipeline().map_err(|fault| Failure::failed(fault.under("region")))?;
        let mut opener = config.region.opener().map_err(|fault| Failure::failed(fault.under("region")))?;
        let topic = topics::name::source(config.region.code, &config.delivery.feed);
        let (kafka, registry, delivery) = (&config.kafka, &config.registry, &config.delivery);
        let known = protected::read(kafka, registry, config.region.code, &shutdown)?;
        let protection = Protection { known, is_covered: delivery.covers_protected };
        let reader = Reader { opener: &mut opener, pipeline: &mut pipeline };
        let gathered = read(kafka, registry, &topic, reader, days.clone(), protection, &shutdown)?;
        if let Some(withheld) = gathered.counts.get(WITHHELD) {
            tracing::warn!(
                code = "protected-withheld",
                "{withheld} contacts of persons with protected identity are left out; say delivery.covers_protected = true if the \
                 delivery's legal_ground names such persons"
            );
        }
        let made = make(&config, &layout, period, &days, gathered, out)?;
        print(&made_text(made.is_new, &made.place, &made.manifest));
        Ok(())
    })
}

fn rotated(file: &ConfigFile, to: &str, dry_run: bool) -> Result<(), Failure> {
    let (config, _) = load(file)?;
    let region = config.region.code;
    start::block_on(Some(1), async {
        let shutdown = Shutdown::install().map_err(Failure::failed)?;
        let mut progress = |told: usize, rotated: Rotated| {
            print(&format!("region {region}: {told} of at most {} identities told once more\n", rotated.earlier));
        };
        let Rotated { earlier, left, unopened } = rotate(&config, to, dry_run, &shutdown, &mut progress).await?;
        if unopened > 0 {
            print(&format!("region {region}: {unopened} records of identities do not open and are left out\n"));
        }
        print(&match (left, dry_run) {
            (0, _) => format!("region {region}: all of {earlier} identities by earlier keys are joined to {to}\n"),
            (_, true) => {
                format!("region {region}: {left} of {earlier} identities by earlier keys are not joined to {to} yet\n")
            }
            (_, false) => format!(
                "region {region}: {left} of {earlier} identities by earlier keys told once more; when the processor has read them, this \
                 says that all are joined\n"
            ),
        });
        Ok(())
    })
}

fn blind(file: &ConfigFile, permit: &Path, key_file: &Path, out: &Path) -> Result<(), Failure> {
    let (config, _) = load(file)?;
    let text = |path: &Path| {
        let read = std::fs::read_to_string(path).map(Zeroizing::new);
        read.map_err(|source| Failure::failed(blind::Error::File { attempt: "read", path: path.to_owned(), source }))
    };
    let permit = permit::Permit::read(&text(permit)?).map_err(Failure::usage)?;
    let key = access_log::Key::parse(&text(key_file)?).ok_or_else(|| {
        let what = "is not 64 hexadecimal digits; make them with `openssl rand -hex 32`";
        Failure::usage(Fault::new("key-file", format!("{} {what}", key_file.display())))
    })?;
    let today = swedish_time::date(jiff::Timestamp::now().as_microsecond());
    let today =
        identity::Date::new(today.year().unsigned_abs(), today.month().unsigned_abs(), today.day().unsigned_abs());
    let today = today.expect("a clock's date is one");
    let made = blind::blind(std::io::stdin().lock(), &config.region, &permit, today).map_err(Failure::failed)?;
    blind::write(&made, &permit, &key, out).map_err(Failure::failed)?;
    print(&format!(
        "{} region {}: {} persons in {} batches; left out: {} named again, {} local numbers, {} unreadable\n",
        permit.id,
        config.region.code.code(),
        made.persons,
        made.batches.len(),
        made.again,
        made.local,
        made.unreadable
    ));
    Ok(())
}

fn month(text: &str) -> Result<Period, String> {
    match text.parse() {
        Ok(period @ Period::Month(_)) => Ok(period),
        _ => Err("must be a month, as 2026-03: a delivery covers whole months".to_owned()),
    }
}

/// The first day of the first month and the last day of the last.
fn days(period: Period, months: u8) -> Option<Days> {
    let Period::Month(month) = period else { return None };
    let first = month.first_day().checked_sub(jiff::Span::new().months(i64::from(months) - 1)).ok()?;
    Some(Days { first: first.to_string(), last: month.last_day().to_string() })
}

fn load(file: &ConfigFile) -> Result<(Config, Layout), Failure> {
    let config = start::load(&file.config, |config: &Config| &config.log)?;
    config.region.log_warnings();
    let layout = Layout::load(config.delivery.layout.as_deref())?;
    Ok((config, layout))
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
pub(crate) fn print(text: &str) {
    print!("{text}");
}
