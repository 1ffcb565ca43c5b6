//! Runs the whole platform headless, sends messages over MLLP, waits until everything has drained, and adds up.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report is the output, progress goes beside it")]

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use load_tests::{
    check_demo::{self, Run},
    fault::Fault,
    message::Message,
    run_folder::RunFolder,
    simulated,
    stack::{Keys, Options, Service},
};
use topics::Region;

/// Send ADT messages through the real platform and check that every number adds up.
///
/// Starts Apache Kafka, PostgreSQL and all services on free ports, sends the messages over MLLP, waits until they have
/// drained, stops everything, prints one line of JSON on stdout, and exits 0 only if nothing is lost and every sum holds.
#[derive(Parser)]
#[command(
    name = "check-demo",
    after_help = "Examples:\n  check-demo                                   20,000 simulated messages of 21 regions\n  check-demo adt.hl7 --region 14               a file of one region\n  check-demo adt.hl7 --kill processor@0.5      kill -9 and restart in the middle\n  check-demo --tls --messages 2000             all services over TLS, with passwords\n\nExit codes: 0 every number adds up, 1 something does not (said on stderr), 2 the run could not be made."
)]
struct Arguments {
    /// HL7 file: messages apart by blank lines, batch envelopes or MLLP frames. Without it, the simulator.
    file: Option<PathBuf>,
    /// Länskod of the region that a file belongs to.
    #[arg(long, default_value = "14")]
    region: Region,
    /// Unit directory of that region.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// How many messages to simulate.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Seed of the simulator: the same seed sends the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// MLLP connections at a time.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Messages per second; without it, as fast as they are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Partitions per topic.
    #[arg(long, default_value_t = 2)]
    partitions: u32,
    /// Kill a service with SIGKILL when this share is answered, and start it again: SERVICE@SHARE. Repeatable.
    #[arg(long, value_parser = kill)]
    kill: Vec<(f64, Service)>,
    /// The services speak TLS to Kafka, the schema registry and PostgreSQL.
    #[arg(long)]
    tls: bool,
    /// Print the store's content hash, table by table, on stderr.
    #[arg(long)]
    fingerprint: bool,
}

fn kill(text: &str) -> Result<(f64, Service), String> {
    let (service, share) = text.split_once('@').ok_or("expected SERVICE@SHARE, for example processor@0.5")?;
    let share = share.parse::<f64>().ok().filter(|share| (0.0..1.0).contains(share));
    let service = Service::from_name(service).ok_or("the services are connector, processor, sink-store, dashboard")?;
    Ok((share.ok_or("the share is a number from 0 up to 1")?, service))
}

fn main() -> ExitCode {
    let mut arguments = runtime::command_line::parse::<Arguments>();
    arguments.kill.sort_by(|one, other| one.0.total_cmp(&other.0));
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("check-demo: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let keys = Keys::random()?;
    let (messages, mut options) = match &arguments.file {
        Some(path) => {
            let file = fs::read(path).map_err(|error| format!("read {}: {error}", path.display()))?;
            let region = arguments.region;
            let messages: Vec<Message> =
                hl7::batch::messages(&file).map(|content| Message { region, content: content.to_vec() }).collect();
            if messages.is_empty() {
                return Err(format!("{} holds no message", path.display()).into());
            }
            let mapping = arguments.mapping.as_ref().map(fs::read_to_string).transpose()?;
            let options = Options {
                partitions: arguments.partitions,
                mappings: mapping.map(|text| (region, text)).into_iter().collect(),
                ..simulated::one_region(region, keys)
            };
            (messages, options)
        }
        None => {
            let (messages, options, _) =
                simulated::country(arguments.seed, arguments.messages, arguments.partitions, keys);
            (messages, options)
        }
    };
    options.encrypted = arguments.tls;
    let _folder = RunFolder::new()?;
    let start = Instant::now();
    let run = Run {
        options,
        messages,
        connections: arguments.connections,
        rate: arguments.rate,
        faults: arguments
            .kill
            .iter()
            .map(|(at, service)| (*at, Fault::Kill((*service).into(), Duration::ZERO)))
            .collect(),
        poison: None,
    };
    let mut progress = |text: &str| eprintln!("[{:5.1} s] {text}", start.elapsed().as_secs_f64());
    let outcome = check_demo::run(run, &mut progress, &mut |_, _| {})?;
    if arguments.fingerprint {
        eprint!("{}", outcome.fingerprint);
    }
    println!("{}", serde_json::to_string(&outcome.report)?);
    for fault in &outcome.faults {
        eprintln!("does not add up: {fault}");
    }
    Ok(outcome.faults.is_empty())
}
