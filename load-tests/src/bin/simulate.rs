//! Writes simulated ADT messages to a file.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use load_tests::{simulated, simulator};
use topics::Region;

/// Write the ADT messages of one invented region to stdout, blank lines between them.
#[derive(Parser)]
#[command(
    name = "simulate",
    after_help = "Example:\n  simulate --region 14 --messages 2000 --seed 7 > adt.hl7\n  processor dry-run --region 14 --census adt.hl7"
)]
struct Arguments {
    /// Länskod.
    #[arg(long, default_value = "14")]
    region: Region,
    /// How many messages; about half fill the beds, the rest is live.
    #[arg(long, default_value_t = 2_000)]
    messages: usize,
    /// The same seed writes the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the region's unit directory instead.
    #[arg(long, conflicts_with = "capacity")]
    mapping: bool,
    /// Write the region's capacity file instead.
    #[arg(long)]
    capacity: bool,
}

fn main() -> ExitCode {
    let arguments = runtime::command_line::parse::<Arguments>();
    let plan = simulated::fixed_plan(arguments.seed, vec![arguments.region]);
    let (sent, simulator) = simulator::run(&plan, arguments.messages, simulated::STEP_MICROS);
    let mut out = io::stdout().lock();
    let written = if arguments.mapping {
        out.write_all(simulator.mapping_file(arguments.region).as_bytes())
    } else if arguments.capacity {
        out.write_all(simulator.capacity_file(arguments.region).as_bytes())
    } else {
        sent.iter().try_for_each(|message| out.write_all(&message.content).and_then(|()| out.write_all(b"\n\n")))
    };
    match written.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulate: {error}");
            ExitCode::FAILURE
        }
    }
}
