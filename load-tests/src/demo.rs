//! The whole country on this machine, live, until it is told to stop.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use local_stack::{Keycloak, PASSWORD};
use runtime::shutdown::Shutdown;
use topics::Region;

use crate::{
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
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// How the demo runs.
pub struct Demo {
    /// Seed of the country.
    pub seed: u64,
    /// Live messages per second, all regions together.
    pub rate: f64,
    /// Messages that fill the beds first, at most.
    pub backlog: usize,
    /// Port of the bed board.
    pub port: Option<u16>,
    /// A provider of logins stands before the board.
    pub login: bool,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of the stack.
    #[error(transparent)]
    Stack(#[from] stack::Error),
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
    let backlog: Vec<Message> = simulator.backlog(start_micros, demo.backlog).into_iter().map(Message::from).collect();
    let mut options = simulated::options(&regions, &simulator, Keys::random()?);
    options.dashboard_port = demo.port;
    options.partitions = simulated::partitions();
    options.login = demo.login;
    let mut stack = Stack::start(options, say)?;
    let board = stack.url(Service::Dashboard);
    say(&format!(
        "\n  Bed board          {board}/sv      (English: {board}/en)\n  As a wall          {board}/sv?vy=vagg\n  API                {board}/openapi.json\n  Kafka              {}\n  Schema registry    {}\n  PostgreSQL         {}\n  Logs and ledger    {}\n\n  Ctrl-C stops all of it.\n",
        stack.bootstrap(),
        stack.url(Service::Registry),
        stack.database_url(),
        stack.folder().display()
    ));
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
    let addresses: BTreeMap<Region, SocketAddr> = regions.iter().map(|region| (*region, stack.mllp(*region))).collect();
    let address = |message: &Message| addresses[&message.region];
    say(&format!("filling the beds: {} messages from {} regions", backlog.len(), regions.len()));
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| -> Result<(), Error> {
        scope.spawn(|| {
            while !shutdown.sleep(Duration::from_secs(3600)) {}
            stop.store(true, Ordering::Relaxed);
        });
        let filled = sender::send(&Plan {
            messages: &backlog,
            address: &address,
            connections: CONNECTIONS,
            rate: None,
            ledger: &ledger,
            until: &AtomicUsize::new(usize::MAX),
            stop: &stop,
            answered: &answered,
        });
        let ended = filled.map_err(Error::from).and_then(|_| {
            if !shutdown.requested() {
                say(&format!("live: about {} messages a second; every 10 s a line", demo.rate));
            }
            live(demo, &mut simulator, &mut stack, &ledger, &address, shutdown, &stop, backlog.len(), say)
        });
        // Whatever ended it: the watching thread ends too.
        shutdown.request();
        ended
    })?;
    say("stopping: connectors first, so that everything that was acknowledged arrives");
    stack.stop();
    Ok(())
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
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let waiting: Mutex<VecDeque<(usize, Message)>> = Mutex::new(VecDeque::new());
    let (accepted, rejected) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                sender::follow(&waiting, address, ledger, stop, &|is_accepted| {
                    let counter = if is_accepted { &accepted } else { &rejected };
                    counter.fetch_add(1, Ordering::Relaxed);
                })
            });
        }
        let begin = Instant::now();
        let (mut sent, mut reported, mut changed) = (0, Instant::now(), Instant::now());
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
            for member in stack.revive()? {
                say(&format!("{member} has ended and is started again"));
            }
            if reported.elapsed() >= REPORT_EVERY {
                reported = Instant::now();
                say(&format!(
                    "live: {sent} sent, {} accepted, {} rejected",
                    accepted.load(Ordering::Relaxed),
                    rejected.load(Ordering::Relaxed)
                ));
            }
        }
        Ok(())
    })
}
