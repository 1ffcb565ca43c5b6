//! Figures of the platform beside the bare clients.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the output, progress goes beside them")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{Parser, Subcommand};
use load_tests::{
    bench::{
        Error,
        chain::{self, Extent},
        extract, mapping, peers, relaying,
        report::{Machine, Report},
        rest, restart, sources, store, streams, viewers, walls,
    },
    run_folder::RunFolder,
    simulator,
};
use local_stack::{Kafka, Postgres};
use serde::Serialize;
use topics::Region;

/// Measure the platform on this machine, beside what the bare clients do with the same bytes.
///
/// Starts private servers, takes minutes, prints a table on stdout and writes the same figures as JSON. Nothing passes
/// or fails here: judge ratios, and compare absolute figures only between runs on one idle machine.
#[derive(Parser)]
#[command(
    name = "bench",
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  bench                                  everything\n  bench --only topics --rounds 3         only the processor beside the copy loop\n  bench --only chain --rate 500          only sender to board, at 500 messages/s\n  bench --only rest                      what broker and services use when little comes\n  bench --only restart                   a board that is killed while its window holds a million events\n  bench --only topics --before ../before/target/release/bench\n                                         the processor beside that of another build\n  bench --only topics --threads 2        the processor with two threads, too\n  bench --only topics --sealed           what sealed source records cost the processor\n  bench peers --only flink --only processor\n\nExit codes: 0 measured, 1 failed, 2 wrong usage."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Task>,
    /// Measure only this part; repeatable.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Source records are sealed: from topic to topic beside the plain ones, of tables and of the chain in their place (`walls` has all variants).
    #[arg(long)]
    sealed: bool,
    /// The bench of another build, whose processor takes its turn from topic to topic.
    #[arg(long, value_name = "BENCH")]
    before: Option<PathBuf>,
    /// Threads of another processor that takes its turn from topic to topic, at most one for each of the topic's two partitions.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=2))]
    threads: u16,
    /// Rounds of each comparison.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Source records per round from topic to topic.
    #[arg(long, default_value_t = 500_000)]
    messages: u64,
    /// Rows per round into PostgreSQL.
    #[arg(long, default_value_t = 50_000)]
    rows: usize,
    /// Contacts of the register extract.
    #[arg(long, default_value_t = 2_000_000)]
    contacts: usize,
    /// Rows of the table that goes to the store as a file, as a snapshot and as changes.
    #[arg(long, default_value_t = 300_000)]
    table_rows: u64,
    /// MLLP connections, two for each region.
    #[arg(long, default_value_t = 42)]
    connections: usize,
    /// Messages per second of the run whose delay is measured.
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
    /// Messages of that run.
    #[arg(long, default_value_t = 60_000)]
    messages_timed: usize,
    /// Viewers of the board.
    #[arg(long, default_value_t = 2_000)]
    viewers: usize,
    /// Messages per second at rest, over all regions.
    #[arg(long, default_value_t = 20.0)]
    rest_rate: f64,
    /// How long processor time is counted at rest.
    #[arg(long, default_value_t = 60)]
    rest_seconds: u64,
    /// Messages of the two weeks that the board starts from.
    #[arg(long, default_value_t = 700_000)]
    restart_messages: u64,
    /// Where the figures are written.
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
}

#[derive(Subcommand)]
enum Task {
    /// The same small job by other stream processors, beside the bare copy and the processor.
    ///
    /// Fetches and builds them from Maven, Go's modules and PyPI; who cannot be built is left out and named.
    Peers(peers::Arguments),
    /// One round from topic to topic, in a process of its own.
    #[command(hide = true)]
    Round(relaying::Round),
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Processor, relay and bare copy loop.
    Topics,
    /// Store and bare COPY.
    Store,
    /// A declared mapping beside one that is written by hand.
    Mapping,
    /// A register extract of a large region.
    Extract,
    /// A file and a followed database to the store.
    Sources,
    /// MLLP to board.
    Chain,
    /// A board that many watch, behind a login and without.
    Viewers,
    /// Streams of the country's page, compressed and not, and the memory of the board.
    Streams,
    /// The chain in plain, with sealed records, over TLS, and with both.
    Walls,
    /// Processor time of broker and services when little comes.
    Rest,
    /// A board that is killed while its window holds much.
    Restart,
}

fn main() -> ExitCode {
    let arguments = runtime::command_line::parse::<Arguments>();
    let folder = || RunFolder::new().map_err(|source| Error::Io { what: "a folder for the run", source });
    let result = match &arguments.command {
        Some(Task::Peers(arguments)) => folder().and_then(|_folder| compare(arguments)),
        Some(Task::Round(round)) => relaying::run(round).and_then(|used| {
            let line = serde_json::to_string(&used);
            line.map(|line| println!("{line}")).map_err(|error| Error::Io { what: "figures", source: error.into() })
        }),
        None => folder().and_then(|_folder| measure(&arguments)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {}", runtime::exit::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Error> {
    let start = Instant::now();
    let mut progress = |text: &str| eprintln!("[{:5.1} s] {text}", start.elapsed().as_secs_f64());
    let wanted = |part: Part| arguments.only.is_empty() || arguments.only.contains(&part);
    let mut report = Report {
        machine: Machine::here(),
        rounds: arguments.rounds,
        is_sealed: arguments.sealed,
        moving: Vec::new(),
        storing: None,
        mapping: None,
        extract: None,
        sources: None,
        chain: None,
        viewers: None,
        streams: None,
        walls: Vec::new(),
        rest: None,
        restart: None,
    };
    if wanted(Part::Topics) || wanted(Part::Store) {
        bare(arguments, &wanted, &mut report, &mut progress)?;
    }
    if wanted(Part::Mapping) {
        report.mapping = Some(mapping::measure(arguments.rounds, &mut progress)?);
    }
    if wanted(Part::Extract) {
        report.extract = Some(extract::measure(arguments.contacts, &mut progress)?);
    }
    if wanted(Part::Sources) {
        report.sources = Some(sources::measure(arguments.table_rows, arguments.sealed, &mut progress)?);
    }
    if wanted(Part::Chain) {
        let extent = Extent {
            messages_fast: arguments.messages_timed,
            connections: arguments.connections,
            rate: arguments.rate,
            messages_timed: arguments.messages_timed,
            is_sealed: arguments.sealed,
        };
        report.chain = Some(chain::measure(extent, &mut progress)?);
    }
    if wanted(Part::Viewers) {
        report.viewers = Some(viewers::measure(arguments.viewers, arguments.rounds, &mut progress)?);
    }
    if wanted(Part::Streams) {
        report.streams = Some(streams::measure(arguments.viewers, arguments.rounds, &mut progress)?);
    }
    if wanted(Part::Walls) {
        let extent = walls::Extent {
            connections: arguments.connections,
            rate: arguments.rate,
            messages: arguments.messages_timed,
            rounds: arguments.rounds,
        };
        report.walls = walls::measure(extent, &mut progress)?;
    }
    if wanted(Part::Rest) {
        report.rest = Some(rest::measure(arguments.rest_rate, arguments.rest_seconds, &mut progress)?);
    }
    if wanted(Part::Restart) {
        report.restart = Some(restart::measure(arguments.restart_messages, arguments.rounds, &mut progress)?);
    }
    print!("{}", report.table());
    write(&arguments.json, &report)
}

fn compare(arguments: &peers::Arguments) -> Result<(), Error> {
    let start = Instant::now();
    let report = peers::measure(arguments, &mut |text| eprintln!("[{:6.1} s] {text}", start.elapsed().as_secs_f64()))?;
    print!("{}", report.table());
    write(&arguments.json, &report)
}

fn write(path: &Path, report: &impl Serialize) -> Result<(), Error> {
    let written = serde_json::to_vec_pretty(report).map_err(Into::into).and_then(|json| {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, json)
    });
    written.map_err(|source| Error::Io { what: "the figures' file", source })
}

/// The two comparisons with bare clients: they share a broker and its events.
fn bare(
    arguments: &Arguments,
    wanted: &dyn Fn(Part) -> bool,
    report: &mut Report,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let region = Region::all().find(|region| region.code() == "14").unwrap_or_else(|| {
        // The list of regions is fixed by law and has 21 entries.
        unreachable!("region 14 exists")
    });
    let plan = simulator::Plan { seed: 1, start_micros: 1_767_225_600_000_000, regions: vec![region] };
    // Half as many more messages than rows, for those that become no encounter.
    let different = (arguments.rows * 3 / 2).min(usize::try_from(arguments.messages).unwrap_or(usize::MAX));
    progress(&format!("simulating {different} messages"));
    let (sent, _) = simulator::run(&plan, different, 100_000);
    let messages: Vec<Vec<u8>> = sent.into_iter().map(|sent| sent.content).collect();
    progress("starting Apache Kafka");
    let kafka = Kafka::start_own()?;
    let registry = schemas::registry::server::spawn("127.0.0.1:0")
        .map_err(|source| Error::Io { what: "the schema registry", source })?;
    progress(&format!("writing {} source records", arguments.messages));
    relaying::prepare(kafka.bootstrap(), region, &messages, arguments.messages, None)?;
    if arguments.sealed {
        progress("writing them sealed, too");
        let sealer = Some(relaying::sealer());
        relaying::prepare(kafka.bootstrap(), relaying::sealed_region(), &messages, arguments.messages, sealer)?;
    }
    let counts = (arguments.messages, messages.len() as u64);
    // The store's rows are what the processor made of the messages, so at least one round runs for it.
    let rounds = if wanted(Part::Topics) { arguments.rounds } else { 1 };
    let extent = relaying::Extent {
        rounds,
        is_sealed: arguments.sealed,
        threads: usize::from(arguments.threads),
        before: arguments.before.as_deref(),
    };
    let moving = relaying::compare(kafka.bootstrap(), &registry.url(), region, counts, extent, progress)?;
    if wanted(Part::Topics) {
        report.moving = moving;
    }
    if wanted(Part::Store) {
        progress("reading the events back");
        let records = store::records(kafka.bootstrap(), region, arguments.rows)?;
        drop(kafka);
        progress("starting PostgreSQL");
        let postgres = Postgres::start()?;
        report.storing = Some(store::compare(&postgres, region, &records, arguments.rounds, progress)?);
    }
    Ok(())
}
