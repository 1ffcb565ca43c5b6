//! What TLS to every neighbour and sealed source records cost: processor time of each service and of the broker for each
//! message from MLLP to board, beside the chain with neither.
//!
//! Each round is a stack of its own; the variants take turns. Messages that fill the beds are not counted.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use super::{
    Error,
    report::{Spread, Walled},
    sending::send,
    usage,
};
use crate::{
    account,
    check_demo::{self, percentile},
    ledger::Ledger,
    simulated,
    stack::{Keys, Options, Service, Stack},
    watch::Watch,
};

/// One per topic, as in the chain's own figures.
const PARTITIONS: u32 = 1;
const SEED: u64 = 1;
/// Messages that are sent before anything is counted.
const BEFORE: usize = 4_000;
const DRAIN_MAX: Duration = Duration::from_secs(180);
/// The parts whose time is counted beside the services.
const BROKER: &str = "Kafka";

/// A chain.
#[derive(Clone, Copy)]
struct Variant {
    name: &'static str,
    is_encrypted: bool,
    is_sealed: bool,
}

const VARIANTS: [Variant; 4] = [
    Variant { name: "plain", is_encrypted: false, is_sealed: false },
    Variant { name: "sealed", is_encrypted: false, is_sealed: true },
    Variant { name: "TLS", is_encrypted: true, is_sealed: false },
    Variant { name: "TLS and sealed", is_encrypted: true, is_sealed: true },
];

/// How much is sent, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// MLLP connections, two for each region.
    pub connections: usize,
    /// Messages per second.
    pub rate: f64,
    /// Messages that are counted.
    pub messages: usize,
    /// Rounds of each variant.
    pub rounds: usize,
}

/// Runs every variant in turn.
///
/// # Errors
/// When a stack does not start, or what was sent does not arrive.
pub fn measure(extent: Extent, progress: &mut dyn FnMut(&str)) -> Result<Vec<Walled>, Error> {
    let mut rounds: Vec<Vec<Used>> = VARIANTS.iter().map(|_| Vec::new()).collect();
    for round in 0..extent.rounds {
        for (variant, used) in VARIANTS.iter().zip(&mut rounds) {
            progress(&format!("chain {}, round {} of {}", variant.name, round + 1, extent.rounds));
            used.push(one(*variant, extent, progress)?);
        }
    }
    let plain = &rounds[0];
    Ok(VARIANTS
        .iter()
        .zip(&rounds)
        .map(|(variant, used)| Walled {
            variant: variant.name,
            cpu_us_per_message: plain[0]
                .cpu
                .keys()
                .map(|part| (*part, Spread::of(used.iter().map(|used| used.cpu[part]))))
                .collect(),
            beside_plain: Spread::of(used.iter().zip(plain).map(|(used, plain)| used.total() / plain.total())),
            p50_ms: Spread::of(used.iter().filter_map(|used| used.p50_ms)),
            p99_ms: Spread::of(used.iter().filter_map(|used| used.p99_ms)),
        })
        .collect())
}

/// What a round used.
struct Used {
    /// Microseconds a message, by part.
    cpu: BTreeMap<&'static str, f64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

impl Used {
    fn total(&self) -> f64 {
        self.cpu.values().sum()
    }
}

fn one(variant: Variant, extent: Extent, progress: &mut dyn FnMut(&str)) -> Result<Used, Error> {
    let io = |what| move |source| Error::Io { what, source };
    let failed = |output: String| Error::Round { variant: variant.name, output };
    let keys = Keys::random().map_err(io("random bytes"))?;
    let (messages, options, _) = simulated::country(SEED, BEFORE + extent.messages, PARTITIONS, keys);
    let options = Options { sealed: variant.is_sealed, encrypted: variant.is_encrypted, ..options };
    let stack = Stack::start(options, progress)?;
    let watch = Watch::start(&stack.url(Service::Dashboard));
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv")).map_err(io("the ledger"))?;
    let (before, counted) = messages.split_at(BEFORE);
    send(&stack, before, extent.connections, None, &ledger)?;
    drain(&stack).map_err(failed)?;
    let begin = used(&stack)?;
    let sent = send(&stack, counted, extent.connections, Some(extent.rate), &ledger)?;
    if sent.unanswered > 0 {
        return Err(failed(format!("{} messages were not answered", sent.unanswered)));
    }
    drain(&stack).map_err(failed)?;
    let end = used(&stack)?;
    let mut delays: Vec<f64> =
        check_demo::delays(counted, &sent, &watch).into_iter().map(|delay| delay.milliseconds).collect();
    delays.sort_by(f64::total_cmp);
    drop(watch);
    stack.stop();
    let cpu =
        end.into_iter().map(|(part, used)| (part, (used - begin[part]).as_secs_f64() * 1e6 / counted.len() as f64));
    Ok(Used { cpu: cpu.collect(), p50_ms: percentile(&delays, 0.5), p99_ms: percentile(&delays, 0.99) })
}

fn drain(stack: &Stack) -> Result<(), String> {
    let deadline = Instant::now() + DRAIN_MAX;
    while !account::is_drained(stack).map_err(|error| error.to_string())? {
        if Instant::now() > deadline {
            return Err(format!("what was sent has not arrived within {} s", DRAIN_MAX.as_secs()));
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Processor time so far of the services and of the broker; PostgreSQL's is of processes that come and go, and not counted.
fn used(stack: &Stack) -> Result<BTreeMap<&'static str, Duration>, Error> {
    let broker = stack.broker_ids().into_iter().map(|id| (BROKER, id));
    let services = Service::ALL.into_iter().filter_map(|service| Some((service.program(), stack.process_id(service)?)));
    broker
        .chain(services)
        .map(|(part, id)| {
            let time = usage::processor_time(&id.to_string());
            time.map(|time| (part, time)).map_err(|source| Error::Io { what: "/proc", source })
        })
        .collect()
}
