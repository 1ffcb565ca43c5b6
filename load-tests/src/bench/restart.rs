//! A dashboard that is killed while its window holds much: how long until it is complete again, and how much memory that takes.
//!
//! Two weeks of messages are written to the source topics as connectors would have. What processor and store take to work that
//! backlog off, and what PostgreSQL and Kafka keep of it, stands beside: it is what a region's past costs when it is sent.

use std::{
    collections::BTreeMap,
    io, thread,
    time::{Duration, Instant},
};

use rdkafka::producer::{BaseRecord, Producer};
use schemas::{Encoder, Format, Kind, SourceRecord, Timestamp};
use serde::Serialize;
use topics::Region;

use super::{
    Error,
    costs::{self, POSTGRESQL, each, kept, process, used},
    relaying,
    report::Spread,
    usage,
};
use crate::{
    account, check_demo, simulated,
    simulator::{Plan, Sent, Simulator},
    stack::{Board, Keys, Options, Service, Stack, source_system},
};

const SEED: u64 = 1;
const WINDOW_DAYS: i64 = 14;
const WINDOW_MICROS: i64 = WINDOW_DAYS * 24 * 3_600_000_000;
/// What is told of the first hours would leave the window while the backlog is worked off.
const MARGIN_MICROS: i64 = 6 * 3_600_000_000;
/// A message is received so long after it was written.
const UNDER_WAY_MICROS: i64 = 500_000;
const DRAIN_MAX: Duration = Duration::from_secs(3_600);
/// Seldom: asking takes time from what is measured.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A board that starts again.
#[derive(Debug, Serialize)]
pub struct Restart {
    /// Messages that were sent.
    pub messages: u64,
    /// Rows of the store's table of events.
    pub events: u64,
    /// Those of episodes that the board holds when it is complete.
    pub events_held: f64,
    /// The backlog, from its first message to the last event in the store with everything that is computed of it.
    pub backlog_seconds: f64,
    /// Processor time in microseconds for each event, of the broker, PostgreSQL and each service, until then.
    pub backlog_cpu_us: BTreeMap<String, f64>,
    /// How often an event was read to compute what follows from it.
    pub computed_times: f64,
    /// What is kept of each event, in bytes: by table of the store, and in Kafka.
    pub bytes_per_event: BTreeMap<String, f64>,
    /// From `kill -9` until `/readyz` says that every region is complete.
    pub seconds: Spread,
    /// Processor time of the dashboard until then.
    pub dashboard_cpu_seconds: Spread,
    /// Processor time of PostgreSQL until then.
    pub postgresql_cpu_seconds: Spread,
    /// The most memory that the dashboard has held by then, in MiB.
    pub memory_peak_mib: Spread,
    /// What it holds then.
    pub memory_mib: Spread,
}

/// Fills the store, then kills the dashboard once each round.
///
/// # Errors
/// When the stack does not start, the backlog does not arrive, or the board shows other figures after a start than before.
pub fn measure(messages: u64, rounds: usize, progress: &mut dyn FnMut(&str)) -> Result<Restart, Error> {
    let start_micros = simulated::now_micros() - WINDOW_MICROS + MARGIN_MICROS;
    let plan = Plan { seed: SEED, start_micros, regions: Region::all().collect() };
    let mut simulator = Simulator::new(&plan);
    let first = simulator.backlog(start_micros, usize::try_from(messages / 2).unwrap_or(usize::MAX));
    let keys = Keys::random().map_err(|source| Error::Io { what: "random bytes", source })?;
    let options = simulated::options(&plan.regions, &simulator, keys);
    // However long the backlog takes: no source is too old for the sums.
    let ages = "[freshness]\nwarn_after = \"30d\"\nerror_after = \"30d\"\nlost_after = \"30d\"\n";
    let board = Board { lines: format!("memory = \"{WINDOW_DAYS}d\"\n{ages}"), ..Board::default() };
    let options = Options { partitions: simulated::partitions(), sealed: false, board, ..options };
    let mut stack = Stack::start(options, progress)?;

    let (begin, before) = (Instant::now(), used(&stack)?);
    progress(&format!("writing {messages} messages of {WINDOW_DAYS} days"));
    write(&stack, &mut simulator, first, messages, start_micros)?;
    progress("waiting until they are stored");
    drained(&stack)?;
    let (backlog_seconds, after) = (begin.elapsed().as_secs_f64(), used(&stack)?);
    let events = count(&stack, "select count(*) from events")?;
    let backlog_cpu_us = each(&before, &after, events);
    let computed_times = metric(&stack, Service::SinkStore, "vardstrom_store_projection_events_total")? / events as f64;
    let bytes_per_event = kept(&stack, events)?;

    stack.wait_until_ready(Service::Dashboard)?;
    thread::sleep(LOOK_EVERY);
    let shown = figures(&stack)?;
    let [mut seconds, mut of_dashboard, mut of_postgresql, mut peak, mut memory] = [const { Vec::new() }; 5];
    for round in 0..rounds {
        progress(&format!("killing the dashboard, round {} of {rounds}", round + 1));
        let before = used(&stack)?;
        let begin = Instant::now();
        stack.kill(Service::Dashboard)?;
        stack.spawn(Service::Dashboard)?;
        stack.wait_until_ready(Service::Dashboard)?;
        seconds.push(begin.elapsed().as_secs_f64());
        let after = used(&stack)?;
        let id = stack.process_id(Service::Dashboard).unwrap_or_default().to_string();
        let of = |used: &BTreeMap<String, Duration>, part: &str| used.get(part).copied().unwrap_or_default();
        of_dashboard.push(of(&after, Service::Dashboard.program()).as_secs_f64());
        of_postgresql.push(of(&after, POSTGRESQL).saturating_sub(of(&before, POSTGRESQL)).as_secs_f64());
        peak.push(process(usage::memory_peak_kib(&id))? as f64 / 1024.0);
        memory.push(process(usage::memory(&id))?.resident_kib as f64 / 1024.0);
        // A board is made once a second.
        thread::sleep(2 * LOOK_EVERY);
        let now = figures(&stack)?;
        if now != shown {
            return Err(failed(format!("the board showed {shown} before and {now} after")));
        }
    }
    let events_held = metric(&stack, Service::Dashboard, "vardstrom_dashboard_events_held")?;
    stack.stop();
    Ok(Restart {
        messages,
        events,
        events_held,
        backlog_seconds,
        backlog_cpu_us,
        computed_times,
        bytes_per_event,
        seconds: Spread::of(seconds),
        dashboard_cpu_seconds: Spread::of(of_dashboard),
        postgresql_cpu_seconds: Spread::of(of_postgresql),
        memory_peak_mib: Spread::of(peak),
        memory_mib: Spread::of(memory),
    })
}

/// Writes the messages as source records, each received a moment after its own time.
fn write(
    stack: &Stack,
    simulator: &mut Simulator,
    first: Vec<Sent>,
    messages: u64,
    start_micros: i64,
) -> Result<(), Error> {
    let producer = relaying::producer(stack.bootstrap())?;
    let mut encoder = Encoder::new(Kind::SourceRecord, schemas::registry::development_id_current(Kind::SourceRecord));
    let mut bytes = Vec::new();
    let mut send = |sent: &Sent, at_micros: i64| {
        let record = SourceRecord {
            region: sent.region.code(),
            source_system: &source_system(sent.region),
            feed: "adt",
            format: Format::Hl7v2,
            message_id: "",
            received_at: Timestamp(at_micros + UNDER_WAY_MICROS),
            recorded_at: None,
            source_position: "bench",
            payload: &sent.content,
            seal: None,
        };
        bytes.clear();
        encoder
            .encode(&record, &mut bytes)
            .map_err(|error| Error::Io { what: "a source record", source: io::Error::other(error) })?;
        let topic = topics::name::source(sent.region, "adt");
        while producer.send(BaseRecord::<(), [u8]>::to(&topic).payload(&bytes)).is_err() {
            producer.poll(Duration::from_millis(5));
        }
        Ok::<(), Error>(())
    };
    let live = messages.saturating_sub(first.len() as u64);
    for sent in &first {
        send(sent, start_micros)?;
    }
    let until_micros = simulated::now_micros();
    let step_micros = (until_micros - start_micros) / i64::try_from(live.max(1)).unwrap_or(i64::MAX);
    for index in 1..=i64::try_from(live).unwrap_or(i64::MAX) {
        let at_micros = start_micros + index * step_micros;
        send(&simulator.next(at_micros), at_micros)?;
    }
    for sent in simulator.drain() {
        send(&sent, until_micros)?;
    }
    producer.flush(Duration::from_secs(120))?;
    Ok(())
}

fn drained(stack: &Stack) -> Result<(), Error> {
    let begin = Instant::now();
    while !account::is_drained(stack).map_err(check_demo::Error::from)? {
        if begin.elapsed() > DRAIN_MAX {
            return Err(check_demo::Error::Stuck { what: "the drain", within: DRAIN_MAX }.into());
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn count(stack: &Stack, sql: &str) -> Result<u64, Error> {
    let rows = account::query(stack, sql).map_err(check_demo::Error::from)?;
    Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
}

/// What a service counts under this name.
fn metric(stack: &Stack, service: Service, name: &str) -> Result<f64, Error> {
    let metrics = stack.metrics(service).map_err(|error| failed(error.to_string()))?;
    let count = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    count.ok_or_else(|| failed(format!("no {name} among the metrics")))
}

fn failed(output: String) -> Error {
    Error::Round { variant: "restart", output }
}

/// The country's sums, as the API tells them.
fn figures(stack: &Stack) -> Result<String, Error> {
    let url = format!("{}/api/v1/regions", stack.url(Service::Dashboard));
    let mut answer = ureq::get(&url).call().map_err(|error| failed(error.to_string()))?;
    let answer: serde_json::Value = answer.body_mut().read_json().map_err(|error| failed(error.to_string()))?;
    Ok(answer["regions"].to_string())
}

impl Restart {
    /// For people.
    pub(super) fn lines(&self) -> Vec<String> {
        let spread = super::report::spread;
        vec![
            format!(
                "{} messages of {WINDOW_DAYS} days, {} events stored in {:.1} s, {} of episodes held by the board",
                self.messages, self.events, self.backlog_seconds, self.events_held
            ),
            format!("backlog, CPU us/event: {}", costs::line(&self.backlog_cpu_us, 1)),
            format!("read to compute, times an event: {:.2}", self.computed_times),
            format!("kept, bytes/event: {}", costs::line(&self.bytes_per_event, 0)),
            format!("{:28} {:>26} s", "kill -9 to complete", spread(self.seconds, 2)),
            format!("{:28} {:>26} s", "CPU of the dashboard", spread(self.dashboard_cpu_seconds, 2)),
            format!("{:28} {:>26} s", "CPU of PostgreSQL", spread(self.postgresql_cpu_seconds, 2)),
            format!("{:28} {:>26} MiB", "most memory until then", spread(self.memory_peak_mib, 0)),
            format!("{:28} {:>26} MiB", "memory when complete", spread(self.memory_mib, 0)),
        ]
    }
}
