//! Sends table files through the whole platform and makes a register extract of them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the output, progress goes beside it")]

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use load_tests::{
    check_register::{self, Run},
    run_folder::RunFolder,
    simulated,
    stack::{Keys, Service},
};
use topics::Region;

/// Send a region's table through file, connector, Kafka, processor and store, and make a register extract of it.
///
/// Starts Apache Kafka, PostgreSQL and all services on free ports, drops the file in the connector's folder, waits until
/// everything has drained, makes the extract, stops everything, prints one line of JSON on stdout, and exits 0 only if no
/// row is lost. What was refused or parked is in the line, with rule, column and remedy.
#[derive(Parser)]
#[command(
    name = "check-register",
    after_help = "Examples:\n  check-register waits.csv --region 14 --period 2026-02 --extract waiting-times --out out\n  check-register february.csv correction.csv --region 14 --period 2026-02 --extract waiting-times --out out\n\nExit codes: 0 every row is accounted for, 1 something is lost (said on stderr), 2 the run could not be made."
)]
struct Arguments {
    /// The files, in the order in which they are dropped.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Länskod of the region that they belong to.
    #[arg(long, default_value = "14")]
    region: Region,
    /// The month, as 2026-02.
    #[arg(long)]
    period: String,
    /// The extract.
    #[arg(long, default_value = "waiting-times")]
    extract: String,
    /// Folder for the extract's files and its parcel.
    #[arg(long)]
    out: PathBuf,
    /// Mapping package, when the table is not as the shipped one says.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Partitions per topic.
    #[arg(long, default_value_t = 2)]
    partitions: u32,
    /// Kill a service with SIGKILL while the first file is under way, and start it again. Repeatable.
    #[arg(long, value_parser = service)]
    kill: Vec<Service>,
}

fn service(text: &str) -> Result<Service, String> {
    Service::from_name(text).ok_or_else(|| "the services are connector, processor, sink-store".to_owned())
}

fn main() -> ExitCode {
    let arguments = runtime::command_line::parse::<Arguments>();
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("check-register: {}", runtime::exit::chain(error.as_ref()));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let options = simulated::one_region(arguments.region, Keys::random()?);
    let _folder = RunFolder::new()?;
    let start = Instant::now();
    let mut progress = |text: &str| eprintln!("[{:5.1} s] {text}", start.elapsed().as_secs_f64());
    let run = Run {
        files: arguments.files,
        region: arguments.region,
        period: arguments.period,
        extract: arguments.extract,
        out: arguments.out,
        package: arguments.mapping,
        kills: arguments.kill,
        options: load_tests::stack::Options { partitions: arguments.partitions, ..options },
    };
    let report = check_register::run(run, &mut progress)?;
    println!("{}", serde_json::to_string(&report)?);
    if report.lost > 0 {
        eprintln!("does not add up: {} rows are lost", report.lost);
    }
    Ok(report.lost == 0)
}
