//! Lets every region's logins reach for every other region's data on real servers, and adds up.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the output, progress goes beside it")]

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use load_tests::{
    run_folder::RunFolder,
    wall::{self, Of, Plan},
};

/// Try the wall between regions from outside, with real logins on real servers, and check that nothing comes through.
///
/// Each surface starts its own servers on free ports of this machine, gives every region something to lose, and lets the logins of
/// every region try to get at every other region's. A probe has one fate: allowed (its own, as it must be), hidden (it runs and sees
/// nothing), or denied; and each denial must be in the log of whoever denied it. Afterwards walls are built wrong on purpose, and
/// the same probes must notice each: a run that does not is worth nothing.
///
/// Progress and a table go to stderr, one line of JSON to stdout.
#[derive(Parser)]
#[command(
    name = "check-wall",
    after_help = "Examples:\n  check-wall                              21 regions against each other, on every surface\n  check-wall --only topics                one surface; may be given again\n  check-wall --regions 3 --seed 7         a small run between three regions that the seed chooses\n\nWho logs a denial: PostgreSQL's server log, Kafka's authorizer log, the access logs of dashboard and sink-register.\nWhat PostgreSQL's row-level security hides is refused by nobody and stands in no log: it is counted as hidden.\n\nExit codes: 0 all of it adds up, 1 something does not (said on stderr), 2 the run could not be made."
)]
struct Arguments {
    /// How many regions are tried against each other.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u8).range(2..=21))]
    regions: u8,
    /// Try only this surface: tables, topics, api, parcels. Repeatable; without it, all.
    #[arg(long, value_parser = surface)]
    only: Vec<Of>,
    /// Decides which regions are taken, and between which of them walls are built wrong.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn surface(text: &str) -> Result<Of, String> {
    Of::from_name(text).ok_or_else(|| format!("the surfaces are {}", Of::ALL.map(Of::name).join(", ")))
}

fn main() -> ExitCode {
    let arguments = runtime::command_line::parse::<Arguments>();
    let _folder = match RunFolder::new() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("check-wall: cannot make a folder for the run: {error}");
            return ExitCode::from(2);
        }
    };
    let of = if arguments.only.is_empty() { Of::ALL.to_vec() } else { arguments.only };
    let plan = Plan { regions: usize::from(arguments.regions), seed: arguments.seed, of };
    let start = Instant::now();
    let report = match wall::run(&plan, &mut |text| eprintln!("[{:5.1} s] {text}", start.elapsed().as_secs_f64())) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("check-wall: {}", runtime::exit::chain(&error));
            return ExitCode::from(2);
        }
    };
    eprint!("\n{}", report.table());
    for surface in &report.surfaces {
        for fault in &surface.faults {
            eprintln!("does not hold: {}: {fault}", surface.name);
        }
        for planted in surface.planted.iter().filter(|planted| !planted.caught) {
            eprintln!("planted and not found: {}: {}", surface.name, planted.what);
        }
        if !surface.holds() && surface.faults.is_empty() {
            eprintln!("does not add up: {}", surface.name);
        }
    }
    match serde_json::to_string(&report) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("check-wall: {error}"),
    }
    if report.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
