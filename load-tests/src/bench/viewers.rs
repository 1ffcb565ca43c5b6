//! What a board costs that many watch: behind a login and an access log, beside the same board with neither.
//!
//! One stack; the dashboard is started again for each round, with and without its provider in turn. Viewers open their region's
//! page as a stream and keep reading while messages come at a steady rate. Counted is the dashboard's processor time: while the
//! streams open (each is an entry of the access log), and while they are watched.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use local_stack::Browser;
use topics::Region;

use super::{
    Error,
    crowd::{self, Crowd, failed},
    report::{Spread, Viewers, Watched},
    sending, usage,
};
use crate::{
    ledger::Ledger,
    message::Message,
    simulated,
    stack::{Board, Keys, Service, Stack},
};

const REGIONS: [&str; 3] = ["09", "10", "14"];
const SEED: u64 = 1;
/// Messages that fill the beds before anybody watches.
const BEFORE: usize = 6_000;
/// Messages per second while the board is watched.
const RATE: f64 = 50.0;
/// How long a round is watched.
const SECONDS: usize = 30;
/// Connections of senders, two for each region.
const CONNECTIONS: usize = 6;
/// What is under way when the last viewer has opened is not of watching.
const PAUSE: Duration = Duration::from_secs(2);

/// Runs the rounds: without a login and behind one, in turn.
///
/// # Errors
/// When the stack does not start, nobody can log in, or a stream is not answered or ends.
pub fn measure(viewers: usize, rounds: usize, progress: &mut dyn FnMut(&str)) -> Result<Viewers, Error> {
    let io = |what| move |source| Error::Io { what, source };
    let keys = Keys::random().map_err(io("random bytes"))?;
    let watched = RATE as usize * SECONDS;
    let regions = Region::all().filter(|region| REGIONS.contains(&region.code())).collect();
    let (messages, mut options, _) = simulated::live(SEED, BEFORE + 2 * rounds * watched, regions, keys);
    (options.login, options.everywhere) = (true, true);
    options.board = board(viewers, true);
    let mut stack = Stack::start(options, progress)?;
    let ledger = Ledger::create(&stack.folder().join("ledger.tsv")).map_err(io("the ledger"))?;
    progress("filling the beds");
    send(&stack, &messages, 0..BEFORE, None, &ledger)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(io("a runtime"))?;
    let mut next = BEFORE;
    let (mut open, mut behind_login) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for (is_open, used) in [(true, &mut open), (false, &mut behind_login)] {
            let name = if is_open { "without a login" } else { "behind a login" };
            progress(&format!("{viewers} viewers {name}, round {} of {rounds}", round + 1));
            stack.restart_board(board(viewers, is_open))?;
            let range = next..next + watched;
            next = range.end;
            let watching = &mut || send(&stack, &messages, range.clone(), Some(RATE), &ledger);
            used.push(runtime.block_on(watch(&stack, viewers, is_open, watching))?);
        }
    }
    stack.stop();
    let ratio = |of: fn(&Used) -> f64| {
        Spread::of(behind_login.iter().zip(&open).map(|(behind_login, open)| of(behind_login) / of(open)))
    };
    Ok(Viewers {
        viewers,
        rate: RATE,
        watching_ratio: ratio(|used| used.watching),
        opening_ratio: ratio(|used| used.opening),
        open: watched_of(&open, viewers),
        behind_login: watched_of(&behind_login, viewers),
    })
}

/// Processor time of the dashboard in a round.
struct Used {
    /// Seconds, while the streams opened.
    opening: f64,
    /// Seconds a second, while they were watched.
    watching: f64,
    bytes: u64,
}

fn watched_of(rounds: &[Used], viewers: usize) -> Watched {
    Watched {
        opening_ms_per_viewer: Spread::of(rounds.iter().map(|used| used.opening * 1e3 / viewers as f64)),
        watching_percent_of_core: Spread::of(rounds.iter().map(|used| used.watching * 100.0)),
        kilobytes_per_viewer: Spread::of(rounds.iter().map(|used| used.bytes as f64 / 1e3 / viewers as f64)),
    }
}

fn board(viewers: usize, is_open: bool) -> Board {
    Board { is_open, ..crowd::board(viewers) }
}

/// Opens all streams, then watches them while `meanwhile` runs.
async fn watch(
    stack: &Stack,
    viewers: usize,
    is_open: bool,
    meanwhile: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<Used, Error> {
    let url = stack.url(Service::Dashboard);
    let mut crowd = Crowd::at(&url)?;
    let mut requests = Vec::new();
    for region in stack.regions() {
        let cookie = if is_open { String::new() } else { format!("Cookie: vardstrom={}\r\n", session(&url, *region)?) };
        requests.push(crowd.request(&format!("/strom/sv/region/{region}"), &cookie));
    }
    let process =
        stack.process_id(Service::Dashboard).ok_or_else(|| failed("the dashboard does not run".to_owned()))?;
    let process = process.to_string();
    let used = || usage::processor_time(&process).map_err(|source| Error::Io { what: "/proc", source });

    let begin = used()?;
    crowd.open(&requests, viewers).await?;
    let all_opened = used()?;
    tokio::time::sleep(PAUSE).await;
    let (watching_from, from) = (Instant::now(), used()?);
    tokio::task::block_in_place(meanwhile)?;
    let (seconds, until) = (watching_from.elapsed().as_secs_f64(), used()?);
    crowd.check()?;
    Ok(Used {
        opening: (all_opened - begin).as_secs_f64(),
        watching: (until - from).as_secs_f64() / seconds,
        bytes: crowd.bytes(),
    })
}

/// The session of the region's coordinator, new after each start of the dashboard.
fn session(url: &str, region: Region) -> Result<String, Error> {
    let mut browser = Browser::default();
    let page = browser.log_in(&format!("{url}/sv/region/{region}"), &format!("samordnare-{region}"))?;
    let session = browser.cookies.remove("vardstrom");
    session.ok_or_else(|| failed(format!("no session for region {region}: {} {}", page.status, page.url)))
}

fn send(
    stack: &Stack,
    messages: &[Message],
    range: Range<usize>,
    rate: Option<f64>,
    ledger: &Ledger,
) -> Result<(), Error> {
    sending::send_all(stack, &messages[range], CONNECTIONS, rate, ledger)
}
