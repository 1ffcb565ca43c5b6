//! One round: a process, looked at from outside until it has written everything.
//!
//! Its processor time and what it has written are read together, again and again. What it takes for a message is what both have
//! grown by from the moment at which a tenth was written until the end: so starting up, joining the group and, of a JVM, the first
//! compiling are not in it, and what it takes with these is a figure of its own. Records that were in the process's buffers at a
//! tenth have been paid for and are counted all the same: at most a buffer's share.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use local_stack::Process;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::bench::{Error, relaying, usage};

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// From a tenth of what is written on.
const BEGIN: f64 = 0.1;
const START_MAX: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The slowest that is waited for, beside two minutes for starting.
const MESSAGES_PER_SECOND_MIN: u64 = 500;

/// What to start, and by what it is seen that it is done.
pub(super) struct Task<'a> {
    pub(super) name: &'a str,
    pub(super) command: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    /// The topic that shows progress.
    pub(super) watched: String,
    pub(super) messages: u64,
    /// Records that the topic will hold; none of a process that ends by itself.
    pub(super) written: Option<u64>,
}

/// What a round took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timed {
    pub(super) messages_per_second: f64,
    pub(super) cpu_us_per_message: f64,
    /// With starting up, over all messages.
    pub(super) cpu_us_with_start: f64,
    pub(super) memory_peak_mib: f64,
    /// What the broker took meanwhile, starting up included, over all messages.
    pub(super) broker_us_per_message: f64,
    /// What processes took that have nothing to do with it: 1.0 is a core. Without the kernel's own threads, which write the
    /// broker's files. All that a process took counts when it ends and has a parent that waits for it.
    pub(super) others_share: f64,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    cpu: Duration,
    written: u64,
}

/// Runs the task's process.
pub(super) fn time(task: &Task<'_>, client: &BaseConsumer, brokers: &[u32], folder: &Path) -> Result<Timed, Error> {
    let failed = |output: String| Error::Peer { name: task.name.to_owned(), output };
    let written_before = written(client, &task.watched)?;
    let before = processes();
    let start = Instant::now();
    let end_max = Duration::from_secs(120 + task.messages / MESSAGES_PER_SECOND_MIN);
    let mut process = Process::start("round", folder, "TERM", &task.command, &task.environment)?;
    let id = loop {
        match process.id() {
            Ok(id) => break id,
            Err(error) if start.elapsed() > START_MAX => return Err(error.into()),
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    };
    let shell = process_of(id).map(|process| process.parent);
    let (mut looks, mut memory_peak_kib) = (Vec::new(), 0);
    loop {
        thread::sleep(LOOK_EVERY);
        let is_running = process.is_running();
        // When it has ended the last look holds.
        if let (Some(seen), Ok(kib)) = (process_of(id), usage::memory_peak_kib(&id.to_string())) {
            memory_peak_kib = kib;
            let written = written(client, &task.watched)? - written_before;
            looks.push(Look { at: Instant::now(), cpu: seen.cpu, written });
        }
        match task.written {
            Some(records) if looks.last().is_some_and(|look| look.written >= records) => break,
            None if !is_running => break,
            _ if !is_running => return Err(failed(format!("it ended: {}", process.log_end()))),
            _ if start.elapsed() > end_max => return Err(failed(format!("it did not end: {}", process.log_end()))),
            _ => {}
        }
    }
    let took = start.elapsed();
    let after = processes();
    let written = task.written.unwrap_or(written(client, &task.watched)? - written_before);
    // A process of ours says on its last line how much it did.
    if task.written.is_none() && relaying::messages_of(&process.log_end()) != Some(task.messages) {
        return Err(failed(process.log_end()));
    }
    process.stop();

    let (begin, end) = window(&looks, written).ok_or_else(|| failed("it was too fast to be looked at".to_owned()))?;
    let messages = task.messages as f64;
    let share = (end.written - begin.written) as f64 / written as f64;
    let grown = |id: &u32| {
        let cpu = |of: &BTreeMap<u32, Seen>| of.get(id).map_or(Duration::ZERO, |seen| seen.cpu);
        cpu(&after).saturating_sub(cpu(&before))
    };
    let us = |cpu: Duration| cpu.as_secs_f64() * 1e6;
    let known = |other: &u32| *other == id || Some(*other) == shell || *other == std::process::id();
    let others: Duration = after
        .iter()
        .filter(|(id, seen)| !known(id) && !brokers.contains(id) && !seen.is_kernel)
        .map(|(id, _)| grown(id))
        .sum();
    Ok(Timed {
        messages_per_second: messages * share / (end.at - begin.at).as_secs_f64(),
        cpu_us_per_message: us(end.cpu - begin.cpu) / (messages * share),
        cpu_us_with_start: us(end.cpu) / messages,
        memory_peak_mib: memory_peak_kib as f64 / 1024.0,
        broker_us_per_message: us(brokers.iter().map(grown).sum()) / messages,
        others_share: others.as_secs_f64() / took.as_secs_f64(),
    })
}

/// The first look at which a tenth was written, and the first at which nothing was written after it.
fn window(looks: &[Look], written: u64) -> Option<(Look, Look)> {
    let begin = looks.iter().find(|look| look.written as f64 >= BEGIN * written as f64)?;
    let most = looks.last()?.written;
    let end = looks.iter().find(|look| look.written == most)?;
    (end.written > begin.written).then_some((*begin, *end))
}

/// Records that were ever written to a topic's partitions.
pub(super) fn written(client: &BaseConsumer, topic: &str) -> Result<u64, Error> {
    let mut sum = 0;
    for partition in 0..relaying::PARTITIONS {
        sum += client.fetch_watermarks(topic, partition, ANSWER_MAX)?.1;
    }
    Ok(u64::try_from(sum).unwrap_or_default())
}

/// A process, and its processor time with that of its children that have ended.
struct Seen {
    parent: u32,
    cpu: Duration,
    is_kernel: bool,
}

fn processes() -> BTreeMap<u32, Seen> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, process_of(id)?))).collect()
}

fn process_of(id: u32) -> Option<Seen> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name before it may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    // The fields are counted from 1 in proc(5), and the first here is the third.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)? + field(15)? + field(16)? + field(17)?;
    let parent = u32::try_from(field(4)?).ok()?;
    // A hundredth of a second each, on every architecture that Linux still runs on. The kernel's threads are children of process 2.
    Some(Seen { parent, cpu: Duration::from_millis(10 * ticks), is_kernel: id == 2 || parent == 2 })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Look, process_of, processes, window};

    #[test]
    fn a_round_is_timed_from_a_tenth_to_the_last_record() {
        let start = Instant::now();
        let look = |seconds: u64, written| Look {
            at: start + Duration::from_secs(seconds),
            cpu: Duration::from_secs(seconds),
            written,
        };
        let looks = [look(1, 0), look(2, 5), look(3, 15), look(4, 90), look(5, 100), look(6, 100)];
        let (begin, end) = window(&looks, 100).unwrap();
        assert_eq!((begin.written, begin.cpu.as_secs()), (15, 3));
        assert_eq!((end.written, end.cpu.as_secs()), (100, 5));
        // Everything at once: there is nothing to divide.
        assert!(window(&[look(1, 0), look(2, 100)], 100).is_none());
        assert!(window(&[], 100).is_none());
    }

    #[test]
    fn processes_are_seen_with_their_time() {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(50) {}
        let own = process_of(std::process::id()).unwrap();
        assert!(own.cpu > Duration::ZERO && !own.is_kernel);
        assert!(processes().contains_key(&own.parent));
        assert!(process_of(u32::MAX).is_none());
    }
}
