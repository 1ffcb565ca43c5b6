//! From topic to topic: bare loops of the same clients, the relay, and the processor.
//!
//! - *bare copy*: reads each source record and writes its bytes, once, without headers.
//! - *bare, same outputs*: reads each source record and writes the very records that the processor makes of it, with keys
//!   and headers, from memory. Beside it stands what the processor itself does: decode, check, pseudonymise, map, encode.
//! - *relay, copying*: the bare copy with the delivery protocol.
//! - *processor*.
//! - *processor, sealed*, where it is asked for: the same records, sealed, from another region's topic.
//! - *processor, threads*: with more than one, where that is asked for.
//! - *processor, before*, where its bench is given: the processor of another build.
//!
//! Each round is a process of its own, so that its processor time and memory are its own. All read the same source topic
//! from the beginning with a new consumer group and write with the same client settings.

mod bare;
mod filling;
mod handing;

use std::{
    io,
    path::Path,
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use processor::{config::Config, metrics::Metrics, worker::Worker};
use runtime::{
    config::Kafka,
    fate::Fate,
    health::Health,
    metrics::Registry,
    relay::{self, Failure, Outputs, Record, Relay, Route, Settings, Step},
    shutdown::Shutdown,
};
use sealing::{Keys, Sealer};
use serde::{Deserialize, Serialize};
use topics::Region;

use super::{
    Error,
    report::{Moving, Spread},
    usage,
};
use bare::{Once, bare, made};
pub use filling::prepare;
pub(super) use filling::producer;

/// Where copies go: not a topic of the platform, for they are the source's bytes.
pub(super) const COPY_TOPIC: &str = "bench.copy";
pub(super) const PARTITIONS: i32 = 2;
const KEY_VARIABLE: &str = "VARDSTROM_BENCH_KEY";
/// Nobody's key: the bench's messages are invented too.
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SEALING_KEY_ID: &str = "bench";

/// What moves the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Variant {
    /// A plain consumer and a plain producer.
    Copy,
    /// The same, writing what the processor would.
    Outputs,
    /// The relay with a step that copies: what the delivery protocol costs.
    Relay,
    /// The processor.
    Processor,
    /// The processor on sealed records.
    Sealed,
}

impl Variant {
    const PLAIN: [Self; 4] = [Self::Copy, Self::Outputs, Self::Relay, Self::Processor];
    const ALL: [Self; 5] = [Self::Copy, Self::Outputs, Self::Relay, Self::Processor, Self::Sealed];

    const fn name(self) -> &'static str {
        match self {
            Self::Copy => "bare copy",
            Self::Outputs => "bare, same outputs",
            Self::Relay => "relay, copying",
            Self::Processor => "processor",
            Self::Sealed => "processor, sealed",
        }
    }

    const fn argument(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Outputs => "outputs",
            Self::Relay => "relay",
            Self::Processor => "processor",
            Self::Sealed => "sealed",
        }
    }
}

/// Whose topics hold the sealed records.
///
/// # Panics
/// Never: the region exists.
#[must_use]
pub fn sealed_region() -> Region {
    "01".parse().expect("a lanskod")
}

/// What seals the records of [`sealed_region`].
///
/// # Panics
/// Never: the bench's key is one.
#[must_use]
pub fn sealer() -> Sealer {
    let region = sealed_region();
    let keys = Keys::one(region.code(), SEALING_KEY_ID, KEY).expect("64 hexadecimal digits");
    Sealer::new(Arc::new(keys), topics::name::source(region, "adt"))
}

/// One round, as its process is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Round {
    /// What moves the records.
    #[arg(long)]
    pub variant: Variant,
    /// Kafka.
    #[arg(long)]
    pub bootstrap: String,
    /// The schema registry.
    #[arg(long)]
    pub registry: String,
    /// A consumer group that has read nothing.
    #[arg(long)]
    pub group: String,
    /// Records in the source topic.
    #[arg(long)]
    pub count: u64,
    /// How many of them differ; after those they repeat.
    #[arg(long)]
    pub different: u64,
    /// Whose topics.
    #[arg(long)]
    pub region: Region,
    /// Threads of the processor.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

/// What a round used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Used {
    messages: u64,
    outputs: u64,
    seconds: f64,
    cpu_seconds: f64,
    memory_peak_kib: u64,
}

/// What is compared beside the plain variants, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Extent<'e> {
    /// Rounds of each.
    pub rounds: usize,
    /// Sealed records too, which were prepared.
    pub is_sealed: bool,
    /// Threads of another processor that takes its turn; 1: none does.
    pub threads: usize,
    /// The bench of another build, whose processor takes its turn.
    pub before: Option<&'e Path>,
}

/// Runs all variants in turn, each round in a process of its own.
///
/// # Errors
/// When a round fails.
pub fn compare(
    bootstrap: &str,
    registry: &str,
    region: Region,
    (count, different): (u64, u64),
    extent: Extent<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Moving>, Error> {
    let Extent { rounds, is_sealed, threads, before } = extent;
    let variants = if is_sealed { Variant::ALL.as_slice() } else { &Variant::PLAIN };
    let own = variants.iter().map(|variant| (variant.name(), *variant, 1, None));
    let several = (threads > 1).then_some(("processor, threads", Variant::Processor, threads, None));
    let before = before.map(|bench| ("processor, before", Variant::Processor, 1, Some(bench)));
    let takers: Vec<(&'static str, Variant, usize, Option<&Path>)> = own.chain(several).chain(before).collect();
    let mut used: Vec<Vec<Used>> = vec![Vec::new(); takers.len()];
    for round in 0..rounds {
        for ((name, variant, threads, bench), used) in takers.iter().copied().zip(&mut used) {
            progress(&format!("{name}, round {} of {rounds}", round + 1));
            let round = Round {
                variant,
                bootstrap: bootstrap.to_owned(),
                registry: registry.to_owned(),
                group: format!("bench-{}-{round}", name.replace([',', ' '], "-")),
                count,
                different,
                region: if variant == Variant::Sealed { sealed_region() } else { region },
                threads,
            };
            used.push(run_apart(name, &round, bench)?);
        }
    }
    let cpu = |used: &Used| used.cpu_seconds * 1e6 / used.messages as f64;
    let beside =
        |used: &[Used], bare: &[Used]| Spread::of(used.iter().zip(bare).map(|(used, bare)| cpu(used) / cpu(bare)));
    let all = used;
    Ok(takers
        .iter()
        .zip(&all)
        .map(|((variant, ..), used)| Moving {
            variant,
            messages_per_second: Spread::of(used.iter().map(|used| used.messages as f64 / used.seconds)),
            outputs_per_second: Spread::of(used.iter().map(|used| used.outputs as f64 / used.seconds)),
            cpu_us_per_message: Spread::of(used.iter().map(cpu)),
            memory_peak_mib: used.iter().map(|used| used.memory_peak_kib).max().unwrap_or(0) as f64 / 1024.0,
            cpu_beside_copy: beside(used, &all[0]),
            cpu_beside_outputs: beside(used, &all[1]),
        })
        .collect())
}

/// The command that runs a round in a process of its own, and what that finds in its environment.
pub(super) fn command(round: &Round) -> Result<(Vec<String>, (String, String)), Error> {
    let own = std::env::current_exe().map_err(|source| Error::Io { what: "this program", source })?;
    let (own, count, different) = (own.display().to_string(), round.count.to_string(), round.different.to_string());
    let threads = round.threads.to_string();
    let words = [
        [own.as_str(), "round"],
        ["--variant", round.variant.argument()],
        ["--bootstrap", &round.bootstrap],
        ["--registry", &round.registry],
        ["--group", &round.group],
        ["--count", &count],
        ["--different", &different],
        ["--region", round.region.code()],
    ];
    // Left out where it says nothing: the bench of another build may not know it.
    let threads = (round.threads > 1).then_some(["--threads", threads.as_str()]);
    let words = words.into_iter().chain(threads).flatten().map(str::to_owned).collect();
    Ok((words, (KEY_VARIABLE.to_owned(), KEY.to_owned())))
}

/// How many source records a round settled, as its process said at its end.
pub(super) fn messages_of(output: &str) -> Option<u64> {
    output.lines().rev().find_map(|line| serde_json::from_str::<Used>(line).ok()).map(|used| used.messages)
}

fn run_apart(variant: &'static str, round: &Round, bench: Option<&Path>) -> Result<Used, Error> {
    let failed = |output: String| Error::Round { variant, output };
    let (words, key) = command(round)?;
    let output = Command::new(bench.unwrap_or(Path::new(&words[0])))
        .args(&words[1..])
        .envs([key])
        .output()
        .map_err(|source| Error::Io { what: "a round", source })?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
}

/// Runs one round in this process.
///
/// # Errors
/// When Kafka, the registry or the relay fails.
pub fn run(round: &Round) -> Result<Used, Error> {
    match round.variant {
        Variant::Copy => bare(round, &mut Once),
        Variant::Outputs => bare(round, &mut made(round)?),
        Variant::Relay => {
            let routes =
                vec![Route { input: topics::name::source(round.region, "adt"), outputs: vec![COPY_TOPIC.to_owned()] }];
            relay(round, routes, vec![Copying])
        }
        Variant::Processor | Variant::Sealed => {
            let config = config(round)?;
            let routes = processor::worker::routes(&config);
            let metrics = Metrics::register(&Registry::new(), "bench")?;
            let workers: Result<_, _> = (0..round.threads).map(|_| Worker::new(&config, metrics.clone())).collect();
            relay(round, routes, workers?)
        }
    }
}

fn settings(round: &Round) -> Settings {
    Settings::new(&round.group, &round.group)
}

fn config(round: &Round) -> Result<Config, Error> {
    let sealing = match round.variant {
        Variant::Sealed => {
            format!("sealing = {{ keys = [{{ id = \"{SEALING_KEY_ID}\", key = {{ env = \"{KEY_VARIABLE}\" }} }}] }}\n")
        }
        _ => String::new(),
    };
    let text = format!(
        "[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [relay]\ngroup = \"{group}\"\ninstance = \"{group}\"\n\
         [[region]]\ncode = \"{}\"\nkey = {{ env = \"{KEY_VARIABLE}\" }}\nkey_id = \"v1\"\nfeeds = [\"adt\"]\n{sealing}",
        round.bootstrap,
        round.registry,
        round.region,
        group = round.group,
    );
    toml::from_str(&text)
        .map_err(|error| Error::Io { what: "the processor's configuration", source: io::Error::other(error) })
}

/// Starts with the first record, so that joining the group and starting up are not counted.
#[derive(Clone, Copy)]
struct Start {
    at: Instant,
    cpu: Duration,
}

impl Start {
    fn now() -> Self {
        Self { at: Instant::now(), cpu: usage::processor_time("self").unwrap_or_default() }
    }

    fn used(self, messages: u64, outputs: u64) -> Result<Used, Error> {
        let read = |source| Error::Io { what: "/proc/self", source };
        Ok(Used {
            messages,
            outputs,
            seconds: self.at.elapsed().as_secs_f64(),
            cpu_seconds: (usage::processor_time("self").map_err(read)? - self.cpu).as_secs_f64(),
            memory_peak_kib: usage::memory_peak_kib("self").map_err(read)?,
        })
    }
}

/// Copies, as a [`Step`].
struct Copying;

impl Step for Copying {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        let write = |bytes: &mut Vec<u8>| {
            bytes.extend_from_slice(record.payload);
            Ok::<(), std::convert::Infallible>(())
        };
        let Ok(()) = outputs.push(0, None, None, write);
        Ok(Fate::Mapped(1))
    }
}

/// Notes when the first record came and how many outputs there were.
struct Watched<S> {
    step: S,
    start: Arc<OnceLock<Start>>,
    outputs: Arc<AtomicU64>,
}

impl<S: Step> Step for Watched<S> {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        self.start.get_or_init(Start::now);
        let fate = self.step.step(record, outputs);
        self.outputs.fetch_add(u64::from(outputs.count()), Ordering::Relaxed);
        fate
    }
}

fn relay(round: &Round, routes: Vec<Route>, steps: Vec<impl Step + 'static>) -> Result<Used, Error> {
    if steps.len() > 1 {
        handing::hand_out(round, &routes)?;
    }
    let metrics = relay::Metrics::register(&Registry::new(), "bench")?;
    let (start, outputs) = (Arc::new(OnceLock::new()), Arc::new(AtomicU64::new(0)));
    let shutdown = Shutdown::manual();
    let relay = Relay {
        kafka: Kafka::at(&round.bootstrap),
        settings: settings(round),
        routes: routes.clone(),
        metrics: metrics.clone(),
        health: Health::new(&[]),
        shutdown: shutdown.clone(),
    };
    let watched = |step| Watched { step, start: Arc::clone(&start), outputs: Arc::clone(&outputs) };
    let running = relay
        .spawn_each(steps.into_iter().map(watched).collect())
        .map_err(|source| Error::Io { what: "the relay's threads", source })?;
    let settled = || -> u64 {
        let fates = ["mapped", "ignored", "refused", "parked"];
        let partitions: Vec<String> = (0..PARTITIONS).map(|partition| partition.to_string()).collect();
        let counters = partitions.iter().flat_map(|partition| fates.map(|fate| [partition.as_str(), fate]));
        counters.map(|[partition, fate]| metrics.records.of(&[&routes[0].input, partition, fate]).get()).sum()
    };
    while settled() < round.count && !running.iter().all(thread::JoinHandle::is_finished) {
        thread::sleep(Duration::from_millis(2));
    }
    let used = start.get().copied().unwrap_or_else(Start::now).used(settled(), outputs.load(Ordering::Relaxed));
    shutdown.request();
    for thread in running {
        match thread.join() {
            Ok(result) => result?,
            Err(_) => return Err(Error::Round { variant: round.variant.name(), output: "panicked".to_owned() }),
        }
    }
    used
}
