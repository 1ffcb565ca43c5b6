//! Runs the whole platform while services, brokers, PostgreSQL and the registry are killed, and adds up.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the output, progress goes beside it")]

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use load_tests::{
    chaos::{self, Plan},
    run_folder::RunFolder,
    schedule::Extent,
    stack::Servers,
};

/// Send messages of two regions through the real platform while everything is killed in turn, and check that nothing is lost,
/// doubled or leaked.
///
/// Faults come in an order that the seed decides. Afterwards a loss, a double and a leak are planted, and the accounts must
/// find each. Prints one line of JSON on stdout: n messages, and the 95 % bound 3/n of what the run cannot exclude.
#[derive(Parser)]
#[command(
    name = "chaos",
    after_help = "Examples:\n  chaos                                          some minutes\n  chaos --messages 100000 --kills 500 --pauses 20 --database-stops 20 --poison-every 1000\n  chaos --calm --rate 100                        the same messages without a fault, for comparison\n  chaos --apart --rate 60 --kills 100            what one region's failures cost the other\n\nExit codes: 0 everything holds, 1 something does not (said on stderr), 2 the run could not be made."
)]
struct Arguments {
    /// How many messages, of both regions together.
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// Messages per second; without it, as fast as they are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Seed of messages and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Brokers of the cluster.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    brokers: u8,
    /// Times that connector, processor, store or (not with --apart) dashboard is killed.
    #[arg(long, default_value_t = 40)]
    kills: usize,
    /// Times that all brokers pause.
    #[arg(long, default_value_t = 3)]
    pauses: usize,
    /// Times that PostgreSQL stops at once.
    #[arg(long, default_value_t = 3)]
    database_stops: usize,
    /// Times that the registry is away.
    #[arg(long, default_value_t = 2)]
    registry_kills: usize,
    /// Times that one broker is killed.
    #[arg(long, default_value_t = 3)]
    one_broker: usize,
    /// Times that two brokers at once are killed.
    #[arg(long, default_value_t = 3)]
    two_brokers: usize,
    /// Times that all brokers are restarted in turn.
    #[arg(long, default_value_t = 1)]
    rolls: usize,
    /// Times that the disk of Kafka is full; needs --kafka-folder.
    #[arg(long, default_value_t = 0, requires = "kafka_folder")]
    full_disks: usize,
    /// Where Kafka keeps its data: for --full-disks a small file system of its own.
    #[arg(long)]
    kafka_folder: Option<PathBuf>,
    /// Messages between two records of poison in the first region's topics; 0: no poison.
    #[arg(long, default_value_t = 100)]
    poison_every: usize,
    /// Give each region a connector, a processor and a store of its own, and kill only the first region's: the other's delays
    /// then show what one region's failures cost its neighbour.
    #[arg(long)]
    apart: bool,
    /// No fault, whatever the counts say.
    #[arg(long)]
    calm: bool,
}

fn main() -> ExitCode {
    let arguments = runtime::command_line::parse::<Arguments>();
    let _folder = match RunFolder::new() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("chaos: cannot make a folder for the run: {error}");
            return ExitCode::from(2);
        }
    };
    let extent = Extent {
        kills: arguments.kills,
        pauses: arguments.pauses,
        database_stops: arguments.database_stops,
        registry_kills: arguments.registry_kills,
        one_broker: arguments.one_broker,
        two_brokers: arguments.two_brokers,
        rolls: arguments.rolls,
        full_disks: arguments.full_disks,
    };
    let plan = Plan {
        seed: arguments.seed,
        messages: arguments.messages,
        rate: arguments.rate,
        extent: if arguments.calm { Extent::default() } else { extent },
        apart: arguments.apart,
        poison_every: (arguments.poison_every > 0).then_some(arguments.poison_every),
        servers: Servers {
            brokers: usize::from(arguments.brokers),
            kafka_folder: arguments.kafka_folder.unwrap_or_else(tempfile::env::temp_dir),
        },
    };
    let start = Instant::now();
    let report = chaos::run(plan, &mut |text| eprintln!("[{:6.1} s] {text}", start.elapsed().as_secs_f64()));
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            eprintln!("chaos: {error}");
            return ExitCode::from(2);
        }
    };
    match serde_json::to_string(&report) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("chaos: {error}"),
    }
    for fault in &report.faults {
        eprintln!("does not add up: {fault}");
    }
    for planted in &report.planted_and_missed {
        eprintln!("planted and not found: {planted}");
    }
    if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
