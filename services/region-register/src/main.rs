//! The command line of a region's own register deliveries.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use parcel::Period;
use region_register::config::Config;
use region_register::{Days, Error, Layout};
use runtime::config;
use runtime::exit::Failure;
use runtime::shutdown::Shutdown;

const EXAMPLES: &str = "\
Three months up to March, from the region's own rows to a sealed parcel:
  region-register par --period 2026-03 --out parcels

The official layout in place of ours:
  region-register layout > par.toml        # edit it, name it as delivery.layout in the configuration

The configuration is region-register.toml in this folder, or --config, or REGION_REGISTER_CONFIG; config.sample.toml explains
every key. `sink-register show` and `verify` read the parcels.

Exit codes: 0 done, also when there was nothing to do; 1 failed; 2 wrong usage or configuration.";

/// Makes deliveries that by law carry personal numbers, inside the region: what it makes is encrypted to its recipient.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the delivery of inpatient care to the patient register. Running it twice changes nothing.
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
    /// Print the layout that is shipped, to begin from.
    Layout,
    /// Read and check the configuration and the layout; start nothing.
    Check(ConfigFile),
}

#[derive(clap::Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "region-register.toml", env = "REGION_REGISTER_CONFIG")]
    config: PathBuf,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Par { file, period, months, out } => runtime::exit::code(par(&file, period, months, &out)),
        Command::Layout => {
            print(Layout::shipped());
            ExitCode::SUCCESS
        }
        Command::Check(file) => runtime::exit::code(load(&file).map(|_| print("the configuration can be used\n"))),
    }
}

fn par(file: &ConfigFile, period: Period, months: u8, out: &std::path::Path) -> Result<(), Failure> {
    let (config, layout) = load(file)?;
    let days = days(period, months).expect("the argument is a month");
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let tokio = tokio.map_err(Failure::failed)?;
    let shutdown = tokio.block_on(async { Shutdown::install() }).map_err(Failure::failed)?;
    let mut pipeline = config.region.pipeline().map_err(|fault| Failure::failed(fault.under("region")))?;
    let topic = topics::name::source(config.region.code, &config.delivery.feed);
    let gathered =
        region_register::read(&config.kafka, &config.registry.url, &topic, &mut pipeline, days.clone(), &shutdown)
            .map_err(Failure::failed)?;
    let made = region_register::make(&config, &layout, period, &days, gathered, out).map_err(Failure::failed)?;
    let mut text = format!("{} {}\n", if made.is_new { "made" } else { "unchanged" }, made.place.display());
    for file in &made.manifest.files {
        let suffix = if file.encrypted { ".age" } else { "" };
        text.push_str(&format!("  {}{suffix}: {} rows\n", file.name, file.rows));
    }
    print(&text);
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
    let loaded = config::load::<Config>(&file.config);
    runtime::logs::init(&loaded.as_ref().map_or_else(|_| config::Log::default(), |config| config.log.clone()));
    let config = loaded?;
    let layout = Layout::load(config.delivery.layout.as_deref()).map_err(|error| match error {
        Error::Config(error) => Failure::from(error),
        other => Failure::failed(other),
    })?;
    Ok((config, layout))
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
fn print(text: &str) {
    print!("{text}");
}
