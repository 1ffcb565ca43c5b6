//! What it costs that many read the country's page: streams compressed and not, and the memory of the dashboard with few readers,
//! with many, and when all have left.
//!
//! One stack of all regions; the dashboard is started again for each round, and its readers take gzip or do not, in turn. All read
//! one address, so that what is counted are readers and not pages. Messages come at a steady rate all the time.

use std::time::{Duration, Instant};

use topics::Region;

use super::{
    Error,
    crowd::{self, Crowd, failed},
    report::{Memory, Spread, Streamed, Streams},
    sending, usage,
};
use crate::{
    ledger::Ledger,
    message::Message,
    simulated,
    stack::{Keys, Service, Stack},
};

const PATH: &str = "/strom/sv";
const SEED: u64 = 1;
/// Messages that fill the beds before anybody reads.
const BEFORE: usize = 20_000;
/// Messages per second, all regions together.
const RATE: f64 = 50.0;
/// Connections of senders, two for each region.
const CONNECTIONS: usize = 42;
/// For how many seconds nobody reads, few do, all do, and nobody any more; memory is given back every ten.
const SECONDS: [usize; 4] = [15, 10, 25, 15];
/// What is under way when the last reader has opened is not of reading.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs the rounds.
///
/// # Errors
/// When the stack does not start, or a stream is not answered or ends.
pub fn measure(viewers: usize, rounds: usize, progress: &mut dyn FnMut(&str)) -> Result<Streams, Error> {
    let io = |what| move |source| Error::Io { what, source };
    let keys = Keys::random().map_err(io("random bytes"))?;
    let of_round = RATE as usize * SECONDS.iter().sum::<usize>();
    let regions: Vec<Region> = Region::all().collect();
    let (messages, mut options, _) = simulated::live(SEED, BEFORE + 2 * rounds * of_round, regions, keys);
    options.board = crowd::board(viewers);
    let mut stack = Stack::start(options, progress)?;
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv")).map_err(io("the ledger"))?;
    progress("filling the beds");
    let (before, mut messages) = messages.split_at(BEFORE);
    sending::send_all(&stack, before, CONNECTIONS, None, &ledger)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(io("a runtime"))?;
    let few = (viewers / 4).max(1);
    let (mut plain, mut gzip) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for (header, used) in [("", &mut plain), ("Accept-Encoding: gzip\r\n", &mut gzip)] {
            let name = if header.is_empty() { "not compressed" } else { "gzip" };
            progress(&format!("{viewers} streams, {name}, round {} of {rounds}", round + 1));
            stack.restart_board(crowd::board(viewers))?;
            let (own, rest) = messages.split_at(of_round);
            messages = rest;
            let round = Round { stack: &stack, ledger: &ledger, header, viewers: [few, viewers - few] };
            used.push(runtime.block_on(round.run(own))?);
        }
    }
    stack.stop();
    let ratio = |of: fn(&Used) -> f64| Spread::of(gzip.iter().zip(&plain).map(|(gzip, plain)| of(gzip) / of(plain)));
    Ok(Streams {
        viewers,
        few,
        rate: RATE,
        bytes_ratio: ratio(|used| used.bytes),
        reading_ratio: ratio(|used| used.reading),
        plain: streamed(&plain),
        gzip: streamed(&gzip),
    })
}

/// What a round took.
struct Used {
    /// Bytes that came to each reader in a second.
    bytes: f64,
    /// Seconds of processor time a second.
    reading: f64,
    /// With nobody, few, all, and nobody any more.
    memory: [usage::Memory; 4],
}

fn streamed(rounds: &[Used]) -> Streamed {
    let mib = |of: &dyn Fn(&Used) -> u64| Spread::of(rounds.iter().map(|used| of(used) as f64 / 1024.0));
    let memory = |at: usize| Memory {
        resident_mib: mib(&|used| used.memory[at].resident_kib),
        own_mib: mib(&|used| used.memory[at].own_kib),
    };
    Streamed {
        kilobytes_per_second: Spread::of(rounds.iter().map(|used| used.bytes / 1e3)),
        reading_percent_of_core: Spread::of(rounds.iter().map(|used| used.reading * 100.0)),
        at_start: memory(0),
        with_few: memory(1),
        with_all: memory(2),
        afterwards: memory(3),
    }
}

struct Round<'a> {
    stack: &'a Stack,
    ledger: &'a Ledger,
    header: &'a str,
    /// Who come first, and who come then.
    viewers: [usize; 2],
}

impl Round<'_> {
    async fn run(&self, mut messages: &[Message]) -> Result<Used, Error> {
        let process = self.stack.process_id(Service::Dashboard);
        let process = process.ok_or_else(|| failed("the dashboard does not run".to_owned()))?.to_string();
        let proc = |source| Error::Io { what: "/proc", source };
        let memory = || usage::memory(&process).map_err(proc);
        let time = || usage::processor_time(&process).map_err(proc);
        let mut send = |seconds: usize| {
            let (now, later) = messages.split_at(RATE as usize * seconds);
            messages = later;
            tokio::task::block_in_place(|| sending::send_all(self.stack, now, CONNECTIONS, Some(RATE), self.ledger))
        };
        let [alone, few, all, after] = SECONDS;
        let mut crowd = Crowd::at(&self.stack.url(Service::Dashboard))?;
        let request = [crowd.request(PATH, self.header)];

        send(alone)?;
        let at_start = memory()?;
        crowd.open(&request, self.viewers[0]).await?;
        send(few)?;
        let with_few = memory()?;
        crowd.open(&request, self.viewers[1]).await?;
        tokio::time::sleep(PAUSE).await;
        let (begin, time_from, bytes_from) = (Instant::now(), time()?, crowd.bytes());
        send(all)?;
        let (seconds, time_until, bytes_until) = (begin.elapsed().as_secs_f64(), time()?, crowd.bytes());
        let with_all = memory()?;
        crowd.check()?;
        drop(crowd);
        send(after)?;
        Ok(Used {
            bytes: (bytes_until - bytes_from) as f64 / seconds / self.viewers.iter().sum::<usize>() as f64,
            reading: (time_until - time_from).as_secs_f64() / seconds,
            memory: [at_start, with_few, with_all, memory()?],
        })
    }
}
