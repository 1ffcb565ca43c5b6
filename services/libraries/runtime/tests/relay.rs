//! The delivery protocol: nothing lost, nothing out of order, fates exact, whatever happens in between.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use runtime::config::{self, Period};
use runtime::fate::{Fate, FateCounts};
use runtime::health::Health;
use runtime::metrics::{self, Registry};
use runtime::relay::{Error, Failure, Metrics, Outputs, Record, Relay, Route, Settings, Step};
use runtime::shutdown::Shutdown;

use super::support::{KAFKA, committed, create_topic, holders, kafka, one_compare, read_all, wait_for, write};

/// Does what the payload says: `map 2 x` becomes two events of `x`, `ignore`, `refuse`, `panic`; anything else is parked.
pub(crate) struct Obedient;

impl Step for Obedient {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        let text = std::str::from_utf8(record.payload).unwrap_or_default();
        let mut push = |output: usize, text: String, id: Option<i64>| {
            let write = |bytes: &mut Vec<u8>| {
                bytes.extend_from_slice(text.as_bytes());
                Ok::<(), ()>(())
            };
            let id = id.map(|id| format!("00000000-0000-0000-0000-{id:012}"));
            outputs.push(output, id.as_ref().map(|_| b"key".as_slice()), id.as_deref(), write).unwrap();
        };
        let words: Vec<&str> = text.split(' ').collect();
        Ok(match words[..] {
            ["map", count, name] => {
                let count: u32 = count.parse().expect("the tests write numbers");
                for ordinal in 0..count {
                    push(0, format!("{name}.{ordinal}"), Some(record.offset));
                }
                Fate::Mapped(count)
            }
            ["ignore", _] => Fate::Ignored,
            ["panic", name] => {
                push(0, format!("half of {name}"), None);
                panic!("the record asks for it");
            }
            ["refuse", name] => {
                push(1, format!("refused {name}"), None);
                Fate::Refused("test-rule")
            }
            _ => {
                push(1, "parked".to_owned(), None);
                Fate::Parked("test-unreadable")
            }
        })
    }

    fn set_aside(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        let text = format!("set aside {}", record.offset);
        let pushed = outputs.push(1, None, None, |bytes| {
            bytes.extend_from_slice(text.as_bytes());
            Ok::<(), ()>(())
        });
        pushed.map(|()| Fate::Parked("test-panic")).map_err(|()| unreachable!("nothing is refused"))
    }
}

/// A plausible mix, with poison: records that are empty, have no value or are no text.
pub(crate) fn mix(partition: i32, count: usize) -> Vec<Option<String>> {
    (0..count)
        .map(|index| match index % 10 {
            3 => Some(format!("ignore {index}")),
            5 => Some(format!("refuse p{partition}-{index}")),
            7 if index % 20 == 7 => None,
            7 => Some(String::new()),
            8 => Some(format!("map 3 p{partition}-{index}")),
            9 => Some(format!("map 0 p{partition}-{index}")),
            _ => Some(format!("map 1 p{partition}-{index}")),
        })
        .collect()
}

/// What must come of it: fates, events in order and parked records in order.
pub(crate) fn expected(records: &[Option<String>]) -> (FateCounts, Vec<String>, Vec<String>) {
    let (mut counts, mut events, mut parked) = (FateCounts::default(), Vec::new(), Vec::new());
    for record in records {
        let words: Vec<&str> = record.as_deref().unwrap_or_default().split(' ').collect();
        match words[..] {
            ["map", count, name] => {
                let count: u32 = count.parse().unwrap();
                events.extend((0..count).map(|ordinal| format!("{name}.{ordinal}")));
                counts.add(Fate::Mapped(count));
            }
            ["ignore", _] => counts.add(Fate::Ignored),
            ["refuse", name] => {
                parked.push(format!("refused {name}"));
                counts.add(Fate::Refused("test-rule"));
            }
            _ => {
                parked.push("parked".to_owned());
                counts.add(Fate::Parked("test-unreadable"));
            }
        }
    }
    (counts, events, parked)
}

/// Three topics of one test.
pub(crate) struct Topics {
    pub input: String,
    pub events: String,
    pub parked: String,
}

impl Topics {
    pub(crate) fn named(test: &str) -> Self {
        let name = |suffix: &str| format!("{test}.{suffix}");
        Self { input: name("input"), events: name("events"), parked: name("parked") }
    }

    pub(crate) fn created(test: &str, partitions: i32) -> Self {
        let topics = Self::named(test);
        for topic in [&topics.input, &topics.events, &topics.parked] {
            create_topic(topic, partitions);
        }
        topics
    }

    pub(crate) fn routes(&self) -> Vec<Route> {
        vec![Route { input: self.input.clone(), outputs: vec![self.events.clone(), self.parked.clone()] }]
    }
}

/// A relay on its own thread.
pub(crate) struct Running {
    pub health: Health,
    pub shutdown: Shutdown,
    pub registry: Registry,
    threads: Vec<JoinHandle<Result<(), Error>>>,
}

impl Running {
    pub(crate) fn start(
        kafka: config::Kafka,
        routes: Vec<Route>,
        settings: Settings,
        step: impl Step + 'static,
    ) -> Self {
        Self::start_each(kafka, routes, settings, vec![step])
    }

    pub(crate) fn start_each(
        kafka: config::Kafka,
        routes: Vec<Route>,
        settings: Settings,
        steps: Vec<impl Step + 'static>,
    ) -> Self {
        let (health, shutdown, registry) = (Health::new(&["kafka", "relay"]), Shutdown::manual(), Registry::new());
        let metrics = Metrics::register(&registry, "test").unwrap();
        let relay = Relay { kafka, settings, routes, metrics, health: health.clone(), shutdown: shutdown.clone() };
        Self { health, shutdown, registry, threads: relay.spawn_each(steps).unwrap() }
    }

    /// The sum of a metric over its labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = metrics::text(&self.registry).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(&format!("vardstrom_test_{name}")));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    pub(crate) fn stop(self) -> Result<(), Error> {
        self.shutdown.request();
        self.ended()
    }

    pub(crate) fn end(self) -> Error {
        self.ended().expect_err("the relay stops with an error")
    }

    fn ended(self) -> Result<(), Error> {
        self.threads.into_iter().try_for_each(|thread| thread.join().expect("the relay does not panic"))
    }
}

pub(crate) fn settings(name: &str) -> Settings {
    Settings { session_timeout: Period::seconds(6), ..Settings::new(format!("{name}-group"), format!("{name}-1")) }
}

/// Everything that must hold once all of `records` is relayed.
fn check_result(bootstrap: &str, group: &str, topics: &Topics, records: &BTreeMap<i32, Vec<Option<String>>>) {
    let events = one_compare(&read_all(bootstrap, &topics.events));
    let parked = one_compare(&read_all(bootstrap, &topics.parked));
    let committed = committed(bootstrap, group, &topics.input, i32::try_from(records.len()).unwrap());
    for (partition, records) in records {
        let (expected_counts, expected_events, expected_parked) = expected(records);
        assert!(events[partition] == expected_events, "events of partition {partition} differ");
        assert!(parked[partition] == expected_parked, "parked records of partition {partition} differ");
        let (offset, counts) = &committed[partition];
        assert_eq!((*offset, counts), (records.len() as i64, &expected_counts));
        assert_eq!(counts.consumed(), records.len() as u64);
    }
}

#[test]
fn every_record_meets_its_fate_and_headers_say_where_outputs_came_from() {
    let topics = Topics::created("relay-plain", 2);
    let records: BTreeMap<_, _> = (0..2).map(|partition| (partition, mix(partition, 1000))).collect();
    for (partition, records) in &records {
        write(KAFKA.bootstrap(), &topics.input, *partition, records.iter().cloned());
    }
    let relay = Running::start(kafka(), topics.routes(), settings("relay-plain"), Obedient);
    wait_for("all records", || (relay.metric("records_total") == 2000).then_some(()));
    assert!(relay.health.is_ready());
    let events: u64 = records.values().map(|records| expected(records).0.events).sum();
    assert_eq!(relay.metric("events_total"), events);
    wait_for("the lag to be seen", || (relay.metric("lag_records") == 0).then_some(()));
    relay.stop().unwrap();
    check_result(KAFKA.bootstrap(), "relay-plain-group", &topics, &records);

    // Without a crash nothing is written twice, and every record says where it came from.
    let seen = read_all(KAFKA.bootstrap(), &topics.events);
    assert_eq!(seen.len() as u64, events);
    let eighth: Vec<_> = seen.iter().filter(|seen| seen.payload.starts_with("p1-8.")).collect();
    let origins: Vec<_> = eighth.iter().map(|seen| seen.origin.as_str()).collect();
    assert_eq!(origins, ["relay-plain.input/1/8/0", "relay-plain.input/1/8/1", "relay-plain.input/1/8/2"]);
    assert_eq!(eighth[0].event_id.as_deref(), Some("00000000-0000-0000-0000-000000000008"));
    assert_eq!(eighth[0].key.as_deref(), Some("key"));
    let parked = read_all(KAFKA.bootstrap(), &topics.parked);
    assert!(parked.iter().all(|seen| seen.event_id.is_none() && seen.key.is_none()));
}

#[test]
fn a_record_at_which_the_step_panics_is_set_aside_and_the_stream_goes_on() {
    let topics = Topics::created("relay-panic", 1);
    let records = ["map 1 a", "panic b", "map 1 c", "panic d", "map 1 e"].map(|text| Some(text.to_owned()));
    write(KAFKA.bootstrap(), &topics.input, 0, records.into_iter());
    let relay = Running::start(kafka(), topics.routes(), settings("relay-panic"), Obedient);
    wait_for("all records", || (relay.metric("records_total") == 5).then_some(()));
    assert_eq!(relay.metric("panicked_records_total"), 2);
    relay.stop().unwrap();
    let payloads = |topic: &str| -> Vec<String> {
        read_all(KAFKA.bootstrap(), topic).into_iter().map(|seen| seen.payload).collect()
    };
    assert_eq!(payloads(&topics.events), ["a.0", "c.0", "e.0"]);
    assert_eq!(payloads(&topics.parked), ["set aside 1", "set aside 3"]);
}

#[test]
fn a_restart_with_fewer_or_more_routes_reads_exactly_these() {
    let all: Vec<Topics> = (0..3).map(|number| Topics::created(&format!("relay-routes-{number}"), 2)).collect();
    let runs = [&[0, 1][..], &[0], &[0, 1, 2], &[1], &[2, 0]];
    for (run, chosen) in runs.into_iter().enumerate() {
        for topics in &all {
            write(KAFKA.bootstrap(), &topics.input, 0, [Some(format!("map 1 {run}"))].into_iter());
        }
        let routes = chosen.iter().flat_map(|number| all[*number].routes()).collect();
        // At once: the group still holds the member of before. Counts go on across restarts.
        let relay = Running::start(kafka(), routes, settings("relay-routes"), Obedient);
        let all_of_them = (chosen.len() * (run + 1)) as u64;
        wait_for("what is chosen", || (relay.metric("records_total") == all_of_them).then_some(()));
        relay.stop().unwrap();
    }
    // What was written while nobody read a topic was read afterwards, once.
    for (number, last) in [(0, 5), (1, 4), (2, 5)] {
        let events: Vec<String> =
            read_all(KAFKA.bootstrap(), &all[number].events).into_iter().map(|seen| seen.payload).collect();
        assert_eq!(events, (0..last).map(|at| format!("{at}.0")).collect::<Vec<_>>(), "topic {number}");
    }
}

const CHILD: &str = "VARDSTROM_TEST_RELAY_CHILD";
const THREADS: &str = "VARDSTROM_TEST_RELAY_THREADS";

/// Not a test of its own: the process that `kill_nine_loses_nothing_and_counts_exactly` kills.
#[test]
fn child() {
    let Ok(test) = std::env::var(CHILD) else { return };
    let bootstrap = std::env::var("VARDSTROM_TEST_BOOTSTRAP").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shutdown = runtime.block_on(async { Shutdown::install() }).unwrap();
    let relay = Relay {
        kafka: config::Kafka::at(bootstrap),
        settings: Settings { commit_interval: Period::milliseconds(20), ..settings(&test) },
        routes: Topics::named(&test).routes(),
        metrics: Metrics::register(&Registry::new(), "test").unwrap(),
        health: Health::new(&[]),
        shutdown,
    };
    let threads = std::env::var(THREADS).unwrap().parse().unwrap();
    let steps: Vec<Obedient> = (0..threads).map(|_| Obedient).collect();
    for thread in relay.spawn_each(steps).unwrap() {
        thread.join().unwrap().unwrap();
    }
}

fn start_child(test: &str, threads: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "relay::child", "--nocapture"])
        .env(CHILD, test)
        .env(THREADS, threads.to_string())
        .env("VARDSTROM_TEST_BOOTSTRAP", KAFKA.bootstrap())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this binary starts again")
}

#[test]
fn kill_nine_loses_nothing_and_counts_exactly() {
    check_kills("relay-kill", 2, 1);
}

#[test]
fn kill_nine_of_two_threads_loses_nothing_and_counts_exactly() {
    check_kills("relay-kill-threads", 4, 2);
}

/// Kills a process of so many threads four times.
fn check_kills(test: &str, partitions: i32, threads: usize) {
    let count = 120_000 / partitions as usize;
    let group = format!("{test}-group");
    let topics = Topics::created(test, partitions);
    if threads > 1 {
        // So that both have something to lose: after a kill the group gives each what it had.
        let mut child = start_child(test, threads);
        wait_for("each thread to have partitions", || (holders(&group) == threads).then_some(()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let records: BTreeMap<_, _> = (0..partitions).map(|partition| (partition, mix(partition, count))).collect();
    for (partition, records) in &records {
        write(KAFKA.bootstrap(), &topics.input, *partition, records.iter().cloned());
    }
    let consumed = || -> u64 {
        let committed = committed(KAFKA.bootstrap(), &group, &topics.input, partitions);
        for (partition, (offset, counts)) in &committed {
            // At every commit, not only at the end: the fates are those of exactly the records below the offset.
            let below = usize::try_from(*offset).unwrap();
            assert_eq!(counts, &expected(&records[partition][..below]).0, "partition {partition} at {offset}");
        }
        committed.values().map(|(_, counts)| counts.consumed()).sum()
    };
    let mut kills = 0;
    let total = 120_000;
    let mut last = 0;
    while kills < 4 {
        let mut child = start_child(test, threads);
        // As soon as this process has committed anything itself it is killed, whatever it is doing.
        let reached = wait_for("progress", || Some(consumed()).filter(|consumed| *consumed > last));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        last = reached;
        if reached == total {
            break;
        }
    }
    let mut child = start_child(test, threads);
    wait_for("all records", || (consumed() == total).then_some(()));
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "SIGTERM ends the relay in order");
    check_result(KAFKA.bootstrap(), &group, &topics, &records);
}

#[test]
fn shutdown_drains_and_commits_so_that_nothing_is_written_twice() {
    let topics = Topics::created("relay-drain", 1);
    let records = mix(0, 30_000);
    write(KAFKA.bootstrap(), &topics.input, 0, records.iter().cloned());
    // Commits only at the end, so that the end has to do it.
    let settings = Settings { commit_interval: Period::seconds(3600), ..settings("relay-drain") };
    let relay = Running::start(kafka(), topics.routes(), settings.clone(), Obedient);
    wait_for("some records", || (relay.metric("records_total") > 0).then_some(()));
    relay.stop().unwrap();
    let relay = Running::start(kafka(), topics.routes(), settings, Obedient);
    // The counts of the first run come with its offset.
    wait_for("all records", || (relay.metric("records_total") == 30_000).then_some(()));
    relay.stop().unwrap();
    check_result(KAFKA.bootstrap(), "relay-drain-group", &topics, &BTreeMap::from([(0, records.clone())]));
    assert_eq!(read_all(KAFKA.bootstrap(), &topics.events).len(), expected(&records).1.len());
}

#[test]
fn partitions_move_between_instances_with_their_counts() {
    let topics = Topics::created("relay-move", 4);
    let records: BTreeMap<_, _> = (0..4).map(|partition| (partition, mix(partition, 5_000))).collect();
    let half = |records: &[Option<String>], first: bool| {
        let (a, b) = records.split_at(2_500);
        if first { a.to_vec() } else { b.to_vec() }
    };
    let first = Running::start(kafka(), topics.routes(), settings("relay-move"), Obedient);
    for (partition, records) in &records {
        write(KAFKA.bootstrap(), &topics.input, *partition, half(records, true).into_iter());
    }
    wait_for("the first half", || (first.metric("records_total") == 10_000).then_some(()));
    let other = Settings { instance: "relay-move-2".to_owned(), ..settings("relay-move") };
    let second = Running::start(kafka(), topics.routes(), other, Obedient);
    wait_for("the second instance to take two partitions", || (second.metric("records_total") == 5_000).then_some(()));
    // What moved is no longer counted where it was.
    wait_for("the first instance to forget them", || (first.metric("records_total") == 5_000).then_some(()));
    for (partition, records) in &records {
        write(KAFKA.bootstrap(), &topics.input, *partition, half(records, false).into_iter());
    }
    wait_for("all records", || {
        (first.metric("records_total") + second.metric("records_total") == 20_000).then_some(())
    });
    second.stop().unwrap();
    first.stop().unwrap();
    check_result(KAFKA.bootstrap(), "relay-move-group", &topics, &records);
}

/// Counts its records.
struct Counting(Arc<AtomicUsize>);

impl Step for Counting {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Obedient.step(record, outputs)
    }
}

#[test]
fn threads_share_partitions_among_themselves_and_with_another_process() {
    let topics = Topics::created("relay-threads", 4);
    let records: BTreeMap<_, _> = (0..4).map(|partition| (partition, mix(partition, 6_000))).collect();
    let write_third = |third: usize| {
        for (partition, records) in &records {
            let part = records[third * 2_000..][..2_000].iter().cloned();
            write(KAFKA.bootstrap(), &topics.input, *partition, part);
        }
    };
    let counted = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let steps = counted.iter().map(|counted| Counting(Arc::clone(counted))).collect();
    let first = Running::start_each(kafka(), topics.routes(), settings("relay-threads"), steps);
    wait_for("each thread to have partitions", || (holders("relay-threads-group") == 2).then_some(()));
    write_third(0);
    wait_for("the first third", || (first.metric("records_total") == 8_000).then_some(()));
    assert_eq!(
        counted.each_ref().map(|counted| counted.load(Ordering::Relaxed)),
        [4_000; 2],
        "each has two partitions"
    );
    assert!(first.health.is_ready());
    let said = first.health.report().into_iter().find(|(part, ..)| *part == "relay").unwrap().2;
    assert_eq!(said, "relay-threads-1 has 2 partitions; relay-threads-1.2 has 2 partitions");
    // Another process comes while records flow, and takes some of one thread's or the other's.
    let other = Settings { instance: "relay-threads-2".to_owned(), ..settings("relay-threads") };
    let second = Running::start(kafka(), topics.routes(), other, Obedient);
    write_third(1);
    wait_for("the other process to have partitions", || (holders("relay-threads-group") == 3).then_some(()));
    write_third(2);
    let sum = || first.metric("records_total") + second.metric("records_total");
    wait_for("all records", || (sum() == 24_000 && second.metric("records_total") > 0).then_some(()));
    wait_for("nothing to wait", || (first.metric("pending_records") == 0).then_some(()));
    second.stop().unwrap();
    first.stop().unwrap();
    check_result(KAFKA.bootstrap(), "relay-threads-group", &topics, &records);
}

/// Fails for a while, as a step does whose registry is away.
struct Moody {
    failures: u32,
}

impl Step for Moody {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        let fate = Obedient.step(record, outputs)?;
        if record.offset == 50 && self.failures > 0 {
            self.failures -= 1;
            return Err(Failure::Retry("the registry is away".into()));
        }
        Ok(fate)
    }
}

#[test]
fn a_step_whose_needs_are_away_is_tried_again_and_readiness_says_so() {
    let topics = Topics::created("relay-moody", 2);
    let records: BTreeMap<_, _> = (0..2).map(|partition| (partition, mix(partition, 500))).collect();
    for (partition, records) in &records {
        write(KAFKA.bootstrap(), &topics.input, *partition, records.iter().cloned());
    }
    let relay = Running::start(kafka(), topics.routes(), settings("relay-moody"), Moody { failures: 4 });
    wait_for("readiness to say why", || {
        let report = relay.health.report();
        report.iter().any(|(_, ready, reason)| !ready && reason == "the registry is away").then_some(())
    });
    wait_for("all records", || (relay.metric("records_total") == 1000).then_some(()));
    assert!(relay.health.is_ready());
    relay.stop().unwrap();
    check_result(KAFKA.bootstrap(), "relay-moody-group", &topics, &records);
}
