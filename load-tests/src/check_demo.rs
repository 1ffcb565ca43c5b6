//! The whole platform headless: messages in by MLLP, everything drained, every number added up.

use std::{
    collections::BTreeMap,
    io,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use topics::Region;

use crate::{
    account::{self, Account},
    fault::Fault,
    ledger::Ledger,
    message::Message,
    poison,
    sender::{self, Plan, Sent},
    stack::{self, Member, Options, Service, Stack, source_system},
    watch::Watch,
};

/// How long the drain may take after the last answer, and how long the board may lag behind the store.
const DRAIN_MAX: Duration = Duration::from_secs(180);
const SHOWN_MAX: Duration = Duration::from_secs(15);

/// What to run.
pub struct Run {
    /// The stack.
    pub options: Options,
    /// What to send, in order.
    pub messages: Vec<Message>,
    /// Connections at a time.
    pub connections: usize,
    /// Messages per second; `None`: as fast as they are answered.
    pub rate: Option<f64>,
    /// What goes wrong when that share of the messages is answered, in order.
    pub faults: Vec<(f64, Fault)>,
    /// What is written into the topics beside the messages.
    pub poison: Option<poison::Plan>,
}

/// The line that is printed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Messages sent, each counted once however often it was tried.
    pub sent: u64,
    /// Messages answered with AA or CA.
    pub acked: u64,
    /// Source records that became events.
    pub mapped: u64,
    /// Source records with nothing to say.
    pub ignored: u64,
    /// Source records that broke a rule.
    pub refused: u64,
    /// Source records that could not be read.
    pub parked: u64,
    /// Events in the store.
    pub events_stored: u64,
    /// Events that the store had already.
    pub duplicates: u64,
    /// Stays without an end.
    pub open_stays: u64,
    /// Messages without a trace.
    pub lost: u64,
    /// Sender's last byte to the dashboard's event, median.
    pub p50_ms: Option<f64>,
    /// The same, 99th percentile.
    pub p99_ms: Option<f64>,
    /// Stored events over the time from the first byte sent to the end of the drain.
    pub events_per_second: f64,
}

/// What a run gave.
pub struct Outcome {
    /// The line.
    pub report: Report,
    /// Each sum that does not add up; none is success.
    pub faults: Vec<String>,
    /// The store's content hash.
    pub fingerprint: String,
    /// Records of poison that each of its topics got.
    pub poisoned: u64,
    /// Processes that ended without being told to.
    pub ended: Vec<Member>,
    /// From when until when something that all regions need was away.
    pub shared_away: Vec<(Instant, Instant)>,
    /// How long each message took that was shown.
    pub delays: Vec<Delay>,
}

/// How long a message took.
#[derive(Debug, Clone, Copy)]
pub struct Delay {
    /// Whose it is.
    pub region: Region,
    /// When its last byte was sent.
    pub sent_at: Instant,
    /// Milliseconds until it was shown.
    pub milliseconds: f64,
}

/// The value below which that share of the sorted values lies, to a tenth.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).map(|value| (value * 10.0).round() / 10.0)
}

/// A run that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of the stack.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// Reading what was left behind.
    #[error("account for the run: {0}")]
    Account(#[from] account::Error),
    /// Writing poison.
    #[error("write poison")]
    Poison(#[from] rdkafka::error::KafkaError),
    /// The ledger or another file.
    #[error("write the ledger")]
    File(#[from] io::Error),
    /// Something that must happen did not.
    #[error("{what} did not finish within {} s", within.as_secs())]
    Stuck {
        /// What was waited for.
        what: &'static str,
        /// How long.
        within: Duration,
    },
}

/// Runs everything; `progress` is told each step, `inspect` sees the drained stack before it
/// stops, and how many records of poison each topic got.
///
/// # Errors
/// When the run cannot be finished; sums that do not add up are in [`Outcome::faults`].
pub fn run(run: Run, progress: &mut dyn FnMut(&str), inspect: &mut dyn FnMut(&Stack, u64)) -> Result<Outcome, Error> {
    let mut board_ended = run
        .faults
        .iter()
        .any(|(_, fault)| !matches!(fault, Fault::Kill(member, _) if member.service != Service::Dashboard));
    let (mut ended, mut shared_away) = (Vec::new(), Vec::new());
    let mut stack = Stack::start(run.options, progress)?;
    let watch = Watch::start(&stack.url(Service::Dashboard));
    wait_until("the dashboard's stream", SHOWN_MAX, &mut || Ok(watch.is_connected()))?;
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv"))?;

    progress(&format!("sending {} messages over MLLP", run.messages.len()));
    let begin = Instant::now();
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Messages behind the fault after the next one wait for the next one, so that each meets some and none is left over.
    let bound = |struck: usize| match run.faults.get(struck + 1) {
        Some((share, _)) => (share * run.messages.len() as f64) as usize,
        None => run.messages.len(),
    };
    let until = AtomicUsize::new(bound(0));
    let addresses: BTreeMap<_, _> = stack.regions().iter().map(|region| (*region, stack.mllp(*region))).collect();
    let address = |message: &Message| addresses[&message.region];
    let plan = Plan {
        messages: &run.messages,
        address: &address,
        connections: run.connections,
        rate: run.rate,
        ledger: &ledger,
        until: &until,
        stop: &stop,
        answered: &answered,
    };
    let mut poisoned = 0;
    let sent = thread::scope(|scope| -> Result<Sent, Error> {
        let sending = scope.spawn(|| sender::send(&plan));
        let mut struck = 0;
        let mut poison = run
            .poison
            .map(|plan| Ok::<_, Error>((plan, poison::Writer::new(stack.bootstrap(), plan.region)?)))
            .transpose()?;
        let mut shown = 0;
        while !sending.is_finished() {
            let share = answered.load(Ordering::Relaxed) as f64 / run.messages.len().max(1) as f64;
            let due = run.faults.get(struck).filter(|(at, _)| share >= *at);
            let step = due.map_or(Ok(()), |(_, fault)| {
                progress(&format!("{fault}, at {:.0} %", share * 100.0));
                let since = Instant::now();
                let struck = fault.strike(&mut stack, progress);
                shared_away.extend(fault.is_shared().then(|| (since, Instant::now())));
                struck
            });
            let revived = step.map_err(Error::from).and_then(|()| revive(&mut stack, progress));
            match revived {
                Ok(revived) => ended.extend(revived),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            if due.is_some() {
                struck += 1;
                until.store(bound(struck), Ordering::Relaxed);
            }
            if let Some((plan, writer)) = &mut poison
                && answered.load(Ordering::Relaxed) / plan.every > writer.count()
            {
                writer.write()?;
            }
            if (share * 10.0) as usize > shown {
                shown = (share * 10.0) as usize;
                progress(&format!("{shown}0 % answered"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        // A few messages behind the last fault may all be answered before it has come.
        run.faults[struck..].iter().try_for_each(|(_, fault)| fault.strike(&mut stack, progress))?;
        poisoned = poison.map_or(Ok(0), |(_, writer)| writer.finish())?;
        Ok(sending.join().unwrap_or_else(|_| Err(io::Error::other("a sender failed")))?)
    })?;

    progress("waiting until everything has drained");
    wait_until("the drain", DRAIN_MAX, &mut || {
        ended.extend(revive(&mut stack, progress)?);
        Ok(account::is_drained(&stack)?)
    })?;
    stack.wait_until_all_ready()?;
    let seconds = begin.elapsed().as_secs_f64();
    progress("adding up");
    board_ended |= ended.contains(&Service::Dashboard.into());
    let account = account::account(&stack, &run.messages, poisoned)?;
    // What was applied while the board was down is on the board, but was not announced on a stream.
    if !board_ended {
        let all_shown = &mut || Ok(account.shown.iter().all(|id| watch.seen().contains_key(id)));
        let _: Result<(), Error> = wait_until("the board", SHOWN_MAX, all_shown);
    }
    inspect(&stack, poisoned);
    let mut outcome = add_up(&run.messages, &sent, account, &watch, board_ended, seconds, stack.fingerprint()?);
    outcome.ended = ended;
    outcome.shared_away = shared_away;
    outcome.poisoned = poisoned;
    progress("stopping");
    drop(watch);
    stack.stop();
    Ok(outcome)
}

/// Starts ended services again, and says which.
fn revive(stack: &mut Stack, progress: &mut dyn FnMut(&str)) -> Result<Vec<Member>, Error> {
    let revived = stack.revive()?;
    for member in &revived {
        progress(&format!("{member} has ended and is started again"));
    }
    Ok(revived)
}

/// How long each message took that was answered and shown.
pub(crate) fn delays(messages: &[Message], sent: &Sent, watch: &Watch) -> Vec<Delay> {
    let seen = watch.seen();
    messages
        .iter()
        .zip(&sent.at)
        .filter_map(|(message, at)| {
            let first = message
                .event_ids(&source_system(message.region))
                .iter()
                .filter_map(|id| seen.get(id))
                .min()
                .copied()?;
            // An attempt before the answered one may already have been shown.
            let sent_at = (*at)?;
            let milliseconds = first.saturating_duration_since(sent_at).as_secs_f64() * 1000.0;
            Some(Delay { region: message.region, sent_at, milliseconds })
        })
        .collect()
}

fn add_up(
    messages: &[Message],
    sent: &Sent,
    account: Account,
    watch: &Watch,
    board_ended: bool,
    seconds: f64,
    fingerprint: String,
) -> Outcome {
    let Account { fates, events_stored, duplicates, open_stays, lost, shown, mut faults } = account;
    let delays = delays(messages, sent, watch);
    let mut latencies: Vec<f64> = delays.iter().map(|delay| delay.milliseconds).collect();
    latencies.sort_by(f64::total_cmp);
    let seen = watch.seen();
    let unshown = shown.iter().filter(|id| !seen.contains_key(id)).count();
    if unshown > 0 && !board_ended {
        faults
            .push(format!("{unshown} stored events were not shown by the dashboard within {} s", SHOWN_MAX.as_secs()));
    }
    let answered = sent.accepted + sent.rejected;
    if answered != messages.len() {
        faults.push(format!("{} messages were not answered", messages.len() - answered));
    }
    if lost > 0 {
        faults.push(format!("{lost} messages are lost"));
    }
    let report = Report {
        sent: messages.len() as u64,
        acked: sent.accepted as u64,
        mapped: fates.mapped,
        ignored: fates.ignored,
        refused: fates.refused,
        parked: fates.parked,
        events_stored,
        duplicates,
        open_stays,
        lost,
        p50_ms: percentile(&latencies, 0.50),
        p99_ms: percentile(&latencies, 0.99),
        events_per_second: (events_stored as f64 / seconds * 10.0).round() / 10.0,
    };
    Outcome { report, faults, fingerprint, ended: Vec::new(), shared_away: Vec::new(), poisoned: 0, delays }
}

/// Polls until `done`; an error or the time's end is the answer otherwise.
fn wait_until(
    what: &'static str,
    within: Duration,
    done: &mut dyn FnMut() -> Result<bool, Error>,
) -> Result<(), Error> {
    let deadline = Instant::now() + within;
    while !done()? {
        if Instant::now() > deadline {
            return Err(Error::Stuck { what, within });
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
