//! What the platform costs when little comes: processor time of the broker and of every service at a low rate over the whole
//! country, with the delay from sender to board there.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{Error, sending::send, usage};
use crate::{
    account,
    check_demo::percentile,
    ledger::Ledger,
    message::Message,
    simulated,
    stack::{Keys, Service, Stack, source_system},
    watch::Watch,
};

const SEED: u64 = 1;
/// Messages that fill the beds and warm everything up.
const FIRST: usize = 4_000;
const CONNECTIONS: usize = 42;
/// Long enough for what is due after the last record.
const SETTLE: Duration = Duration::from_secs(20);
const DRAIN_MAX: Duration = Duration::from_secs(120);
/// How long the board may take to show the last message.
const SHOWN_MAX: Duration = Duration::from_secs(5);

/// What little costs.
#[derive(Debug, Serialize)]
pub struct Rest {
    /// Messages per second over all regions.
    pub rate: f64,
    /// Messages sent while processor time was counted.
    pub messages: usize,
    /// Those of them that the board showed; the others said nothing of beds.
    pub shown: usize,
    /// Processor time of the broker and of each service, in percent of one core.
    pub cpu_percent: BTreeMap<String, f64>,
    /// Sender's last byte to the dashboard's event, median.
    pub p50_ms: Option<f64>,
    /// The same, 99th percentile.
    pub p99_ms: Option<f64>,
}

impl Rest {
    /// Broker and services together, in percent of one core.
    #[must_use]
    pub fn sum_percent(&self) -> f64 {
        self.cpu_percent.values().sum()
    }
}

/// Starts the whole country with the catalogue's partitions, lets it settle, and counts for so many seconds.
///
/// # Errors
/// When the stack does not start, or does not drain.
pub fn measure(rate: f64, seconds: u64, progress: &mut dyn FnMut(&str)) -> Result<Rest, Error> {
    let io = |what| move |source| Error::Io { what, source };
    let count = (rate * seconds as f64) as usize;
    let keys = Keys::random().map_err(io("random bytes"))?;
    let (messages, options, _) = simulated::country(SEED, FIRST + count, simulated::partitions(), keys);
    let (first, timed) = messages.split_at(FIRST);
    let stack = Stack::start(options, progress)?;
    let watch = Watch::start(&stack.url(Service::Dashboard));
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv")).map_err(io("the ledger"))?;
    progress(&format!("sending {FIRST} messages"));
    send(&stack, first, CONNECTIONS, None, &ledger)?;
    drained(&stack)?;
    thread::sleep(SETTLE);
    progress(&format!("{rate} messages/s for {seconds} s"));
    let (begin, before) = (Instant::now(), used(&stack)?);
    let sent = send(&stack, timed, CONNECTIONS, Some(rate), &ledger)?;
    let (length, after) = (begin.elapsed(), used(&stack)?);
    thread::sleep(SHOWN_MAX);
    let delays = delays(timed, &sent.at, &watch);
    let cpu_percent = after.into_iter().map(|(name, after)| {
        let used = after.saturating_sub(before.get(&name).copied().unwrap_or_default());
        (name, (used.as_secs_f64() / length.as_secs_f64() * 1000.0).round() / 10.0)
    });
    let rest = Rest {
        rate,
        messages: timed.len(),
        shown: delays.len(),
        cpu_percent: cpu_percent.collect(),
        p50_ms: percentile(&delays, 0.50),
        p99_ms: percentile(&delays, 0.99),
    };
    drop(watch);
    stack.stop();
    Ok(rest)
}

fn drained(stack: &Stack) -> Result<(), Error> {
    let begin = Instant::now();
    while !account::is_drained(stack).map_err(crate::check_demo::Error::from)? {
        if begin.elapsed() > DRAIN_MAX {
            return Err(crate::check_demo::Error::Stuck { what: "the drain", within: DRAIN_MAX }.into());
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Processor time so far of the broker and of every service.
fn used(stack: &Stack) -> Result<BTreeMap<String, Duration>, Error> {
    let services =
        Service::ALL.into_iter().filter_map(|service| Some((service.program().to_owned(), stack.process_id(service)?)));
    let brokers = stack.broker_ids().into_iter().map(|id| ("broker".to_owned(), id));
    let mut used = BTreeMap::new();
    for (name, id) in services.chain(brokers) {
        let time = usage::processor_time(&id.to_string())
            .map_err(|source| Error::Io { what: "the processor time of a process", source })?;
        *used.entry(name).or_default() += time;
    }
    Ok(used)
}

/// Milliseconds until each message was shown that was, ascending.
fn delays(messages: &[Message], sent_at: &[Option<Instant>], watch: &Watch) -> Vec<f64> {
    let seen = watch.seen();
    let delay = |(message, at): (&Message, &Option<Instant>)| {
        let ids = message.event_ids(&source_system(message.region));
        let shown = ids.iter().filter_map(|id| seen.get(id)).min()?;
        Some(shown.saturating_duration_since((*at)?).as_secs_f64() * 1000.0)
    };
    let mut delays: Vec<f64> = messages.iter().zip(sent_at).filter_map(delay).collect();
    delays.sort_by(f64::total_cmp);
    delays
}
