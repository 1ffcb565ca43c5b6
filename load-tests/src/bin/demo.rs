//! Everything on this machine: Kafka, PostgreSQL, all services, and 21 simulated regions that send live.

#![allow(clippy::print_stderr, reason = "what a user of the demo reads")]

use std::process::ExitCode;

use clap::Parser;
use load_tests::{
    demo::{self, Demo},
    run_folder::RunFolder,
};
use runtime::shutdown::Shutdown;

/// Run the whole platform on this machine with simulated regions, and print the bed board's address.
///
/// Every server runs on a free port of 127.0.0.1 with a private folder, and ends with this program. Persons, hospitals
/// and wards are invented; identities are test numbers that belong to nobody.
#[derive(Parser)]
#[command(
    name = "demo",
    after_help = "Examples:\n  demo                        20 messages a second\n  demo --rate 200 --port 8080\n\nCtrl-C stops all of it; a second Ctrl-C at once."
)]
struct Arguments {
    /// Live messages per second, all regions together.
    #[arg(long, default_value_t = 20.0, value_parser = rate)]
    rate: f64,
    /// Port of the bed board; without it, any free one.
    #[arg(long)]
    port: Option<u16>,
    /// Messages that fill the beds before the country goes live; without it, as many as fill them.
    #[arg(long)]
    backlog: Option<usize>,
    /// Begin with today's patients: no days before, nothing usual, no published figures. It starts faster.
    #[arg(long)]
    without_past: bool,
    /// Ask for a login: start Keycloak with users of each role in two regions, and print them.
    #[arg(long)]
    login: bool,
    /// Seed of the country.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && (0.0..=100_000.0).contains(rate));
    rate.ok_or_else(|| "a number from 0 to 100000".to_owned())
}

fn main() -> ExitCode {
    let arguments = runtime::command_line::parse::<Arguments>();
    // Signals are watched on a thread of their own.
    let watching = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let (shutdown, _watching) = match watching.and_then(|watching| {
        let _entered = watching.enter();
        let shutdown = Shutdown::install()?;
        Ok((shutdown, watching))
    }) {
        Ok(watched) => watched,
        Err(error) => {
            eprintln!("demo: cannot listen for Ctrl-C: {error}");
            return ExitCode::FAILURE;
        }
    };
    let _folder = match RunFolder::new() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("demo: cannot make a folder for the run: {error}");
            return ExitCode::FAILURE;
        }
    };
    let demo = Demo {
        seed: arguments.seed,
        rate: arguments.rate,
        backlog: arguments.backlog,
        past: !arguments.without_past,
        port: arguments.port,
        login: arguments.login,
    };
    match demo::run(&demo, &shutdown, &mut |text| eprintln!("{text}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {}", runtime::exit::chain(&error));
            ExitCode::FAILURE
        }
    }
}
