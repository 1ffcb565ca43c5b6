//! MLLP senders that behave like a record system: one message at a time per connection, again until it is answered.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hl7::mllp;

use topics::Region;

use crate::{ledger::Ledger, message::Message};

const ANSWER_MAX: Duration = Duration::from_secs(60);
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// Between two looks whether a message may go.
const GATE_PAUSE: Duration = Duration::from_millis(2);
/// A connector may be away for as long as a restart takes; after this many tries the message counts as not answered.
const TRIES_MAX: usize = 600;
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What became of each message, by its index.
pub(crate) struct Sent {
    /// When the last byte of the answered attempt was written.
    pub at: Vec<Option<Instant>>,
    /// Answered with AA or CA.
    pub accepted: usize,
    /// Answered with AR or CR: do not send again.
    pub rejected: usize,
    /// Never answered within the bounds.
    pub unanswered: usize,
    pub repeated: usize,
}

pub(crate) struct Plan<'a> {
    pub messages: &'a [Message],
    /// Where to, by message.
    pub address: &'a (dyn Fn(&Message) -> SocketAddr + Sync),
    /// Connections at a time; each serves one region or a few of them and takes the next message when its last is answered.
    pub connections: usize,
    /// Messages per second over all connections; `None`: as fast as they are answered.
    pub rate: Option<f64>,
    /// Written before each message.
    pub ledger: &'a Ledger,
    /// Messages from this one on wait until it is raised.
    pub until: &'a AtomicUsize,
    pub stop: &'a AtomicBool,
    /// Counts answered messages, for a progress bar.
    pub answered: &'a AtomicUsize,
}

/// Sends everything and returns when everything is answered.
///
/// # Errors
/// When the ledger cannot be written: nothing is sent that is not written down.
pub(crate) fn send(plan: &Plan<'_>) -> io::Result<Sent> {
    let connections = plan.connections.max(1);
    let lanes = lanes(plan.messages, connections);
    let sent =
        Mutex::new(Sent { at: vec![None; plan.messages.len()], accepted: 0, rejected: 0, unanswered: 0, repeated: 0 });
    let start = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> =
            lanes.iter().cycle().take(connections).map(|lane| scope.spawn(|| work(plan, lane, &sent, start))).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(io::Error::other("a sender failed"))))
    })?;
    Ok(sent.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Messages of the same few regions, as indices in their order, and which of them is next. A record system serves one region:
/// a connection that served them all would hold one socket per region.
struct Lane {
    indices: Vec<usize>,
    next: AtomicUsize,
}

/// The messages apart by region, in at most so many lanes.
fn lanes(messages: &[Message], lanes_max: usize) -> Vec<Lane> {
    let mut regions: Vec<Region> = messages.iter().map(|message| message.region).collect();
    regions.sort_unstable();
    regions.dedup();
    let mut lanes = Vec::new();
    lanes.resize_with(regions.len().clamp(1, lanes_max), || Lane { indices: Vec::new(), next: AtomicUsize::new(0) });
    let count = lanes.len();
    for (index, message) in messages.iter().enumerate() {
        let rank = regions.binary_search(&message.region).unwrap_or_default();
        lanes[rank % count].indices.push(index);
    }
    lanes
}

fn work(plan: &Plan<'_>, lane: &Lane, sent: &Mutex<Sent>, start: Instant) -> io::Result<()> {
    let mut connections: Vec<(SocketAddr, Connection)> = Vec::new();
    loop {
        let next = lane.next.fetch_add(1, Ordering::Relaxed);
        let Some(index) = lane.indices.get(next).copied().filter(|_| !plan.stop.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let message = &plan.messages[index];
        if let Some(rate) = plan.rate {
            let due = start + Duration::from_secs_f64(index as f64 / rate);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        while index >= plan.until.load(Ordering::Relaxed) && !plan.stop.load(Ordering::Relaxed) {
            thread::sleep(GATE_PAUSE);
        }
        plan.ledger.write(index, message)?;
        let address = (plan.address)(message);
        let (answer, at, tries) = deliver(message, address, &mut connections, plan.stop);
        let mut sent = sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sent.repeated += tries - 1;
        match answer {
            Some(Answer::Accepted) => {
                sent.accepted += 1;
                sent.at[index] = Some(at);
            }
            Some(Answer::Rejected) => {
                sent.rejected += 1;
                sent.at[index] = Some(at);
            }
            Some(Answer::TryAgain) | None => sent.unanswered += 1,
        }
        plan.answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends what `waiting` holds, message by message, until `stop`; `answered` is told whether each was accepted, `None` when nobody
/// answered it.
///
/// # Errors
/// When the ledger cannot be written.
pub(crate) fn follow(
    waiting: &Mutex<VecDeque<(usize, Message)>>,
    address: &(dyn Fn(&Message) -> SocketAddr + Sync),
    ledger: &Ledger,
    stop: &AtomicBool,
    answered: &(dyn Fn(Option<bool>) + Sync),
) -> io::Result<()> {
    let mut connections = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let next = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop_front();
        let Some((index, message)) = next else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        ledger.write(index, &message)?;
        let (answer, _, _) = deliver(&message, address(&message), &mut connections, stop);
        answered(match answer {
            Some(Answer::Accepted) => Some(true),
            Some(Answer::Rejected) => Some(false),
            Some(Answer::TryAgain) | None => None,
        });
    }
    Ok(())
}

/// Tries until the message is answered for good; returns the answer, when its last byte was written, and the tries.
fn deliver(
    message: &Message,
    address: SocketAddr,
    connections: &mut Vec<(SocketAddr, Connection)>,
    stop: &AtomicBool,
) -> (Option<Answer>, Instant, usize) {
    let mut at = Instant::now();
    for tries in 1..=TRIES_MAX {
        let result = connection(connections, address).and_then(|connection| {
            at = connection.write(&message.content)?;
            connection.read_answer()
        });
        match result {
            Ok(Answer::TryAgain) => {}
            Ok(answer) => return (Some(answer), at, tries),
            Err(_) => connections.retain(|(held, _)| *held != address),
        }
        if stop.load(Ordering::Relaxed) {
            return (None, at, tries);
        }
        thread::sleep(RETRY_AFTER);
    }
    (None, at, TRIES_MAX)
}

fn connection(connections: &mut Vec<(SocketAddr, Connection)>, address: SocketAddr) -> io::Result<&mut Connection> {
    if let Some(at) = connections.iter().position(|(held, _)| *held == address) {
        return Ok(&mut connections[at].1);
    }
    connections.push((address, Connection::open(address)?));
    let last = connections.len() - 1;
    Ok(&mut connections[last].1)
}

enum Answer {
    Accepted,
    Rejected,
    TryAgain,
}

struct Connection {
    stream: TcpStream,
    frames: mllp::Frames,
    out: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.set_write_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream, frames: mllp::Frames::new(ANSWER_BYTES_MAX), out: Vec::new() })
    }

    fn write(&mut self, content: &[u8]) -> io::Result<Instant> {
        self.out.clear();
        mllp::encode(content, &mut self.out);
        self.stream.write_all(&self.out)?;
        Ok(Instant::now())
    }

    fn read_answer(&mut self) -> io::Result<Answer> {
        let mut bytes = [0; 4096];
        loop {
            if let Some(mllp::Frame::Message { bytes, .. }) = self.frames.next() {
                return Ok(read(bytes));
            }
            match self.stream.read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.frames.push(&bytes[..count]),
            }
        }
    }
}

/// MSA-1 decides; an answer without it is not one.
fn read(answer: &[u8]) -> Answer {
    let code = answer
        .split(|byte| *byte == b'\r')
        .find(|segment| segment.starts_with(b"MSA"))
        .and_then(|segment| segment.get(4..6));
    match code {
        Some(b"AA" | b"CA") => Answer::Accepted,
        Some(b"AR" | b"CR") => Answer::Rejected,
        _ => Answer::TryAgain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(codes: &[&str], lanes_max: usize, expected: &[&[usize]]) {
        let region = |code: &&str| Region::all().find(|region| region.code() == *code).expect("a region");
        let message = |code| Message { region: region(code), content: Vec::new() };
        let messages: Vec<Message> = codes.iter().map(message).collect();
        let lanes: Vec<Vec<usize>> = lanes(&messages, lanes_max).into_iter().map(|lane| lane.indices).collect();
        assert_eq!(lanes, expected);
    }

    #[test]
    fn a_lane_holds_whole_regions_in_order() {
        check(&["14", "01", "14", "25", "01"], 8, &[&[1, 4], &[0, 2], &[3]]);
        check(&["14", "01", "14", "25", "01"], 2, &[&[1, 3, 4], &[0, 2]]);
        check(&["14", "14"], 8, &[&[0, 1]]);
        check(&[], 8, &[&[]]);
    }
}
