//! A run in which much goes wrong, and what its accounts say.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use identity::test_identity;
use serde::Serialize;
use topics::Region;

use crate::{
    canary::Canaries,
    check_demo::{self, Delay, Error, Outcome, Run, percentile},
    fault::Fault,
    message::Message,
    poison, sabotage,
    schedule::{self, Extent},
    search, simulated,
    stack::{Keys, Options, Servers, Stack},
};

/// What to run.
pub struct Plan {
    /// Decides messages and faults.
    pub seed: u64,
    /// How many messages.
    pub messages: usize,
    /// Messages per second; `None`: as fast as they are answered.
    pub rate: Option<f64>,
    /// What goes wrong.
    pub extent: Extent,
    /// Messages between two records of poison in the first region's topics; `None`: no poison.
    pub poison_every: Option<usize>,
    /// Each region has a connector, a processor and a store of its own, and only the first region's are killed.
    pub apart: bool,
    /// Kafka and PostgreSQL.
    pub servers: Servers,
}

/// The line that is printed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Messages sent: so many chances to lose or double one.
    pub n: u64,
    /// Messages without a trace.
    pub lost: u64,
    /// Sums that do not add up, doubles among them.
    pub faults: Vec<String>,
    /// Places behind the processor in which an identity was found, and in which notation.
    pub leaks: BTreeSet<String>,
    /// Where nothing was lost or doubled: with 95 % confidence it happens to at most this share of messages under such faults
    /// (3 / n).
    pub bound_95: Option<f64>,
    /// Processes that ended without being told to.
    pub ended: Vec<String>,
    /// How many faults of each kind.
    pub struck: BTreeMap<&'static str, usize>,
    /// Planted losses, doubles and leaks that were not found; with any, the rest proves nothing.
    pub planted_and_missed: Vec<&'static str>,
    /// Records of poison in the first region.
    pub poisoned: u64,
    /// By region the 99th percentile of the milliseconds from a sender's last byte to the board.
    pub p99_ms: BTreeMap<String, Option<f64>>,
    /// The same of the messages that were sent while nothing that all regions need was away, nor had been for 10 s.
    pub p99_undisturbed_ms: BTreeMap<String, Option<f64>>,
    /// How many messages these are, of those that were shown on a stream.
    pub undisturbed: (usize, usize),
}

/// So long after something that all regions need has come back its absence may still show.
const AFTERMATH: Duration = Duration::from_secs(10);

impl Report {
    /// Whether the run shows what it is to show.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lost == 0
            && self.faults.is_empty()
            && self.leaks.is_empty()
            && self.ended.is_empty()
            && self.planted_and_missed.is_empty()
    }
}

/// The regions of a run; the first gets the poison.
const REGIONS: [&str; 2] = ["09", "14"];

/// Runs everything; `progress` is told each step.
///
/// # Errors
/// When the run cannot be finished; what does not hold is in the [`Report`].
pub fn run(plan: Plan, progress: &mut dyn FnMut(&str)) -> Result<Report, Error> {
    let regions = Region::all().filter(|region| REGIONS.contains(&region.code())).collect();
    let (messages, options, _) = simulated::live(plan.seed, plan.messages, regions, Keys::random()?);
    let aim = plan.apart.then(|| options.regions[0]);
    let faults = schedule::of(plan.extent, &plan.servers, aim, plan.seed);
    let poison = plan.poison_every.map(|every| poison::Plan { region: options.regions[0], every });
    let options = Options { servers: Some(plan.servers), apart: plan.apart, ..options };
    let struck = count(&faults);
    let identities = identities(&messages);
    let canaries = Canaries::new(identities.iter().map(String::as_str));
    let run = Run { options, messages: messages.clone(), connections: 6, rate: plan.rate, faults, poison };
    let (mut leaks, mut missed) = (BTreeSet::new(), Ok(Vec::new()));
    let mut inspected = |stack: &Stack, poisoned: u64| {
        leaks = search::search(stack, &canaries)
            .leaks()
            .iter()
            .map(|leak| format!("{}: {}", leak.place, leak.notation))
            .collect();
        // Another one.
        let planted = (0..test_identity::COUNT).map(|index| test_identity::number(index).as_str().to_owned());
        let planted = planted.into_iter().find(|number| !identities.contains(number)).unwrap_or_default();
        missed = sabotage::find_planted(stack, &messages, poisoned, &planted);
    };
    let outcome = check_demo::run(run, progress, &mut inspected)?;
    Ok(report(outcome, struck, leaks, missed?))
}

fn report(
    outcome: Outcome,
    struck: BTreeMap<&'static str, usize>,
    leaks: BTreeSet<String>,
    planted_and_missed: Vec<&'static str>,
) -> Report {
    let Outcome { report, faults, ended, shared_away, delays, poisoned, .. } = outcome;
    let is_undisturbed = |delay: &&Delay| {
        !shared_away.iter().any(|(since, until)| (*since..*until + AFTERMATH).contains(&delay.sent_at))
    };
    let undisturbed = (delays.iter().filter(is_undisturbed).count(), delays.len());
    let n = report.sent;
    Report {
        n,
        lost: report.lost,
        bound_95: (report.lost == 0 && faults.is_empty()).then(|| 3.0 / n.max(1) as f64),
        faults,
        leaks,
        ended: ended.iter().map(ToString::to_string).collect(),
        struck,
        planted_and_missed,
        poisoned,
        p99_ms: p99(delays.iter()),
        p99_undisturbed_ms: p99(delays.iter().filter(is_undisturbed)),
        undisturbed,
    }
}

fn p99<'a>(delays: impl Iterator<Item = &'a Delay>) -> BTreeMap<String, Option<f64>> {
    let mut by_region: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for delay in delays {
        by_region.entry(delay.region.to_string()).or_default().push(delay.milliseconds);
    }
    by_region
        .into_iter()
        .map(|(region, mut delays)| {
            delays.sort_by(f64::total_cmp);
            (region, percentile(&delays, 0.99))
        })
        .collect()
}

fn count(faults: &[(f64, Fault)]) -> BTreeMap<&'static str, usize> {
    let mut struck = BTreeMap::new();
    for (_, fault) in faults {
        let kind = match fault {
            Fault::Kill(member, _) => member.service.program(),
            Fault::Brokers(which, _) if which.len() == 1 => "one broker",
            Fault::Brokers(..) => "two brokers",
            Fault::Pause(_) => "pause of the brokers",
            Fault::Roll(_) => "rolling restart",
            Fault::Database(_) => "PostgreSQL",
            Fault::DiskFull(_) => "full disk",
        };
        *struck.entry(kind).or_default() += 1;
    }
    struck
}

/// So many identities are looked for: with all of a large run some would be found by chance, among the digits of hashes.
const IDENTITIES_MAX: usize = 1_000;

/// Test identities that occur in the messages.
fn identities(messages: &[Message]) -> BTreeSet<String> {
    let known: BTreeSet<String> =
        (0..test_identity::COUNT).map(|index| test_identity::number(index).as_str().to_owned()).collect();
    let mut found = BTreeSet::new();
    for message in messages {
        if found.len() >= IDENTITIES_MAX {
            break;
        }
        for digits in message.content.split(|byte| !byte.is_ascii_digit()) {
            let text = std::str::from_utf8(digits).unwrap_or_default();
            if text.len() == 12 && known.contains(text) {
                found.insert(text.to_owned());
            }
        }
    }
    found
}
