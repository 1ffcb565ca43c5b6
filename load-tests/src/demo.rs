//! The whole country on this machine, live, until it is told to stop.

mod earlier;
mod figures;

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use local_stack::{Keycloak, PASSWORD};
use runtime::shutdown::{EXIT_FORCED, Shutdown};
use topics::Region;

use figures::Files;

use crate::{
    account, check_register,
    ledger::Ledger,
    message::Message,
    sender::{self, Plan},
    simulated,
    simulator::{self, Simulator},
    stack::{self, Keys, Service, Stack},
};

/// Connections that fill the beds, and connections that send live messages.
const CONNECTIONS: usize = 8;
/// Live messages that wait for a connection; when it is full the country waits.
const WAITING_MAX: usize = 1_000;
/// A region's staffing changes about so often.
const CAPACITY_EVERY: Duration = Duration::from_secs(45);
/// Seldom enough that the addresses stay on a screen for a while.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// So many days before now are told as messages: what the pages of wards show, and the week that figures are compared with first.
const HISTORY_DAYS: i64 = 9;
/// How long what was sent may take to the store before the demo goes on without the weeks before it.
const DRAIN_MAX: Duration = Duration::from_secs(120);

/// How the demo runs.
pub struct Demo {
    /// Seed of the country.
    pub seed: u64,
    /// Live messages per second, all regions together.
    pub rate: f64,
    /// Messages that fill the beds first, at most; none: as many as fill them.
    pub backlog: Option<usize>,
    /// What was before is made up, too: days of messages, weeks of counts, months of published figures.
    pub past: bool,
    /// Port of the bed board.
    pub port: Option<u16>,
    /// A provider of logins stands before the board.
    pub login: bool,
}

/// What became of the messages that left.
#[derive(Default)]
struct Answers {
    accepted: AtomicUsize,
    rejected: AtomicUsize,
    unanswered: AtomicUsize,
}

impl Answers {
    fn count(&self, is_accepted: Option<bool>) {
        let counter = match is_accepted {
            Some(true) => &self.accepted,
            Some(false) => &self.rejected,
            None => &self.unanswered,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A line while it runs; messages without an answer yet are those that wait for a connection or are under way.
    fn so_far(&self, made: usize) -> String {
        let [accepted, rejected] = [&self.accepted, &self.rejected].map(|counter| counter.load(Ordering::Relaxed));
        let rest = made.saturating_sub(accepted + rejected);
        format!("live: {made} messages, {accepted} accepted, {rejected} rejected, {rest} without an answer yet")
    }

    /// The last line, of `made` messages: why some have no answer, and what a rejected one is.
    fn at_the_end(&self, made: usize) -> String {
        let [accepted, rejected, unanswered] =
            [&self.accepted, &self.rejected, &self.unanswered].map(|counter| counter.load(Ordering::Relaxed));
        let unsent = made.saturating_sub(accepted + rejected + unanswered);
        let mut text = format!("live: {made} messages, {accepted} accepted, {rejected} rejected");
        if rejected > 0 {
            text.push_str("\n      rejected: rubbish that is sent on purpose; the connector answers AR, and a sender must mend it");
        }
        if unsent > 0 {
            text.push_str(&format!("\n      {unsent} never left: they waited for a connection when it was stopped"));
        }
        if unanswered > 0 {
            text.push_str(&format!(
                "\n      {unanswered} got no answer before the stop: a record system sends them again, and the store keeps each event once"
            ));
        }
        text
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of the stack.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// The files that figures are made of.
    #[error("prepare published figures")]
    Figures(#[from] check_register::Error),
    /// The ledger, a capacity file or a thread.
    #[error("write the demo's files")]
    File(#[from] io::Error),
}

/// Runs until `shutdown`; `say` is told what a user should see.
///
/// # Errors
/// When a part does not start; live sending itself only waits and tries again.
pub fn run(demo: &Demo, shutdown: &Shutdown, say: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let regions: Vec<Region> = Region::all().collect();
    let start_micros = simulated::now_micros();
    let plan = simulator::Plan { seed: demo.seed, start_micros, regions: regions.clone() };
    let mut simulator = Simulator::new(&plan);
    let mut first: Vec<Message> =
        simulator.backlog(start_micros, demo.backlog.unwrap_or(usize::MAX)).into_iter().map(Message::from).collect();
    let present = first.len();
    let mut files = None;
    if demo.past {
        let mut made = Files::new(&mut simulator, start_micros);
        first.extend(simulator.history(start_micros, HISTORY_DAYS).into_iter().map(Message::from));
        first.extend(made.messages());
        files = Some(made);
    }
    let mut options = simulated::options(&regions, &simulator, Keys::random()?);
    options.tables = files.iter().flat_map(Files::tables).collect();
    options.dashboard_port = demo.port;
    options.partitions = simulated::partitions();
    options.login = demo.login;
    let starting = leave_at_a_signal(shutdown);
    let mut stack = Stack::start(options, say)?;
    starting.store(false, Ordering::Relaxed);
    say(&addresses(&stack));
    if demo.login {
        let users = Keycloak::users();
        say(&format!(
            "  Log in as           {}\n  Password            {PASSWORD}\n",
            users.join("\n                      ")
        ));
        let config = stack.config(Service::Dashboard).display().to_string();
        let key = stack.run_program("public key of the access log", "access-log", &["key", "--config", &config])?;
        let (program, folder) = (stack::program("access-log")?, stack.access_folder().join("dashboard"));
        let (program, folder, key) = (program.display(), folder.display(), key.trim());
        say(&format!(
            "  Who has read what   {program} show --folder {folder}\n  \
             Is it unaltered     {program} verify --folder {folder} --key {key}\n"
        ));
    }
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv"))?;
    let ports: BTreeMap<Region, SocketAddr> = regions.iter().map(|region| (*region, stack.mllp(*region))).collect();
    let address = |message: &Message| ports[&message.region];
    let publishing = files.map(|files| files.publishing(&stack)).transpose()?;
    let (told, heard) = mpsc::channel();
    say(&format!("filling the beds: {present} messages from {} regions", regions.len()));
    if demo.past {
        say(&format!("and {} of who lay in them in the {HISTORY_DAYS} days before", first.len() - present));
    }
    let begin = Instant::now();
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| -> Result<(), Error> {
        scope.spawn(|| {
            while !shutdown.sleep(Duration::from_secs(3600)) {}
            stop.store(true, Ordering::Relaxed);
        });
        let filled = sender::send(&Plan {
            messages: &first,
            address: &address,
            connections: CONNECTIONS,
            rate: None,
            ledger: &ledger,
            until: &AtomicUsize::new(usize::MAX),
            stop: &stop,
            answered: &answered,
        });
        let ended = filled.map_err(Error::from).and_then(|_| {
            if demo.past && drained(&stack, shutdown) {
                let until = start_micros - HISTORY_DAYS * 24 * 3_600_000_000;
                let statement = earlier::statement(&simulator, &regions, until, demo.seed);
                if let Err(error) = account::execute(&stack, &statement) {
                    say(&format!("nothing will be usual: {}", runtime::exit::chain(&error)));
                }
            }
            if let Some(publishing) = &publishing {
                scope.spawn(|| publishing.run(shutdown, &told));
            }
            if !shutdown.requested() {
                let seconds = begin.elapsed().as_secs();
                say(&format!("full after {seconds} s; live: about {} messages a second, a line a minute", demo.rate));
            }
            live(demo, &mut simulator, &mut stack, &ledger, &address, shutdown, &stop, first.len(), &heard, say)
        });
        // Whatever ended it: the watching thread ends too.
        shutdown.request();
        ended
    })?;
    say("stopping: connectors first, so that everything that was acknowledged arrives");
    stack.stop();
    Ok(())
}

/// Where everything is, and what to try first.
fn addresses(stack: &Stack) -> String {
    let (board, folder) = (stack.url(Service::Dashboard), stack.folder().display());
    let (kafka, registry, store) = (stack.bootstrap(), stack.url(Service::Registry), stack.database_url());
    format!(
        "
  Bed board          {board}/sv      (English: {board}/en)
  As a wall          {board}/sv?vy=vagg
  API                {board}/openapi.json
  Kafka              {kafka}
  Schema registry    {registry}
  PostgreSQL         {store}
  Logs and ledger    {folder}

  Starta här (start here)
  1  Look        {board}/sv: choose a region, a hospital and a ward; the numbers move while you look.
  2  Understand  {board}/sv/datakvalitet: what was sent wrong, by which rule, and what helps.
  3  Break       kill -9 $(cat {folder}/processor.pid): the board says so, the processor is started again, nothing is lost.

  Ctrl-C stops all of it.
"
    )
}

/// Waits until what was sent is in the store; false when that takes too long, cannot be asked, or the demo is to stop.
fn drained(stack: &Stack, shutdown: &Shutdown) -> bool {
    let deadline = Instant::now() + DRAIN_MAX;
    while !shutdown.requested() && Instant::now() < deadline {
        if account::is_drained(stack).unwrap_or(false) {
            return true;
        }
        shutdown.sleep(Duration::from_millis(200));
    }
    false
}

/// While everything starts, nobody waits for the wish to stop: the process leaves at once, servers and folders go with it.
fn leave_at_a_signal(shutdown: &Shutdown) -> Arc<AtomicBool> {
    let starting = Arc::new(AtomicBool::new(true));
    let (watched, shutdown) = (Arc::clone(&starting), shutdown.clone());
    thread::spawn(move || {
        while !shutdown.sleep(Duration::from_secs(3600)) {}
        if watched.load(Ordering::Relaxed) {
            std::process::exit(EXIT_FORCED);
        }
    });
    starting
}

#[allow(clippy::too_many_arguments, reason = "the parts of one run, named where they are made")]
fn live(
    demo: &Demo,
    simulator: &mut Simulator,
    stack: &mut Stack,
    ledger: &Ledger,
    address: &(dyn Fn(&Message) -> SocketAddr + Sync),
    shutdown: &Shutdown,
    stop: &AtomicBool,
    first: usize,
    heard: &mpsc::Receiver<String>,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let waiting: Mutex<VecDeque<(usize, Message)>> = Mutex::new(VecDeque::new());
    let (answers, mut sent) = (Answers::default(), 0);
    let ended = thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| sender::follow(&waiting, address, ledger, stop, &|is_accepted| answers.count(is_accepted)));
        }
        let begin = Instant::now();
        let (mut reported, mut changed) = (Instant::now(), Instant::now());
        let regions = stack.regions().to_vec();
        let mut regions = regions.iter().copied().cycle();
        while !shutdown.sleep(Duration::from_millis(20)) {
            let due = (begin.elapsed().as_secs_f64() * demo.rate) as usize;
            let mut queue = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            while sent < due && queue.len() < WAITING_MAX {
                queue.push_back((first + sent, simulator.next(simulated::now_micros()).into()));
                sent += 1;
            }
            drop(queue);
            if changed.elapsed() >= CAPACITY_EVERY
                && let Some(region) = regions.next()
            {
                changed = Instant::now();
                simulator.change_capacity(region, simulated::now_micros());
                std::fs::write(stack.capacity_file(region), simulator.capacity_file(region))?;
            }
            heard.try_iter().for_each(|line| say(&line));
            for member in stack.revive()? {
                say(&format!("{member} has ended and is started again"));
            }
            if reported.elapsed() >= REPORT_EVERY {
                reported = Instant::now();
                say(&answers.so_far(sent));
            }
        }
        Ok(())
    });
    say(&answers.at_the_end(sent));
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_got_no_answer_is_told_apart_and_why() {
        let answers = Answers::default();
        assert_eq!(answers.at_the_end(0), "live: 0 messages, 0 accepted, 0 rejected");
        [Some(true), Some(true), Some(false), None].into_iter().for_each(|answer| answers.count(answer));
        assert!(answers.so_far(9).ends_with("2 accepted, 1 rejected, 6 without an answer yet"));
        let told = answers.at_the_end(9);
        for part in ["9 messages, 2 accepted, 1 rejected", "rubbish", "5 never left", "1 got no answer before the stop"]
        {
            assert!(told.contains(part), "{told}");
        }
    }
}
