//! From the sender to the board: messages per second with answers, delay at a given rate, memory of each service.

use std::{collections::BTreeMap, time::Instant};

use super::{Error, report::Chain, sending::send, usage};
use crate::{
    check_demo::{self, Delay, Run},
    ledger::Ledger,
    simulated,
    stack::{Keys, Options, Service, Stack},
};

/// One per topic: 147 partitions for the country on one broker that shares two cores with everything else.
const PARTITIONS: u32 = 1;
const SEED: u64 = 1;

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Messages sent as fast as they are answered.
    pub messages_fast: usize,
    /// Connections that send them.
    pub connections: usize,
    /// Messages per second of the run that is timed.
    pub rate: f64,
    /// Messages of that run.
    pub messages_timed: usize,
    /// Source records are sealed.
    pub is_sealed: bool,
}

/// Runs the whole stack twice.
///
/// # Errors
/// When the stack does not start or a run does not end.
pub fn measure(extent: Extent, progress: &mut dyn FnMut(&str)) -> Result<Chain, Error> {
    let io = |what| move |source| Error::Io { what, source };
    let keys = Keys::random().map_err(io("random bytes"))?;

    let (messages, options, _) = simulated::country(SEED, extent.messages_fast, PARTITIONS, keys.clone());
    let stack = Stack::start(Options { sealed: extent.is_sealed, ..options }, progress)?;
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv")).map_err(io("the ledger"))?;
    progress(&format!("sending {} messages as fast as they are answered", messages.len()));
    let begin = Instant::now();
    let sent = send(&stack, &messages, extent.connections, None, &ledger)?;
    let mllp_messages_per_second = (sent.accepted + sent.rejected) as f64 / begin.elapsed().as_secs_f64();
    stack.stop();

    let (messages, options, _) = simulated::country(SEED, extent.messages_timed, PARTITIONS, keys);
    let run = Run {
        options: Options { sealed: extent.is_sealed, ..options },
        messages,
        connections: extent.connections,
        rate: Some(extent.rate),
        faults: Vec::new(),
        poison: None,
    };
    let mut memory_peak_mib = BTreeMap::new();
    let outcome = check_demo::run(run, progress, &mut |stack, _| {
        for service in Service::ALL {
            let peak = stack.process_id(service).and_then(|id| usage::memory_peak_kib(&id.to_string()).ok());
            if let Some(kib) = peak {
                memory_peak_mib.insert(service.program(), kib as f64 / 1024.0);
            }
        }
    })?;
    let (p50_by_second_ms, p99_by_second_ms) = by_second(&outcome.delays);
    Ok(Chain {
        mllp_messages_per_second,
        mllp_connections: extent.connections,
        rate: extent.rate,
        messages: outcome.report.sent,
        p50_ms: outcome.report.p50_ms,
        p99_ms: outcome.report.p99_ms,
        p50_by_second_ms,
        p99_by_second_ms,
        memory_peak_mib,
        faults: outcome.faults,
    })
}

/// Median and 99th percentile of the messages sent in each second: shows a start that is slow, or a stall.
fn by_second(delays: &[Delay]) -> (Vec<f64>, Vec<f64>) {
    let Some(begin) = delays.iter().map(|delay| delay.sent_at).min() else { return (Vec::new(), Vec::new()) };
    let mut seconds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for delay in delays {
        seconds.entry((delay.sent_at - begin).as_secs()).or_default().push(delay.milliseconds);
    }
    let of = |figures: &mut Vec<f64>, share: f64| {
        figures.sort_by(f64::total_cmp);
        (figures[(figures.len() as f64 * share) as usize] * 10.0).round() / 10.0
    };
    seconds.values_mut().map(|figures| (of(figures, 0.5), of(figures, 0.99))).unzip()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use topics::Region;

    use super::{Delay, by_second};

    #[test]
    fn each_second_has_its_own_percentiles() {
        let begin = Instant::now();
        let region = Region::all().next().expect("there are regions");
        let delay = |index: u32| Delay {
            region,
            sent_at: begin + Duration::from_millis(10) * index,
            milliseconds: f64::from(index),
        };
        let delays: Vec<_> = (0..200).map(delay).collect();
        assert_eq!(by_second(&delays), (vec![50.0, 150.0], vec![99.0, 199.0]));
        assert_eq!(by_second(&[]), (vec![], vec![]));
    }
}
