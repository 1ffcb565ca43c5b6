//! What stops a relay, what does not, and what it says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local_stack::Kafka;
use runtime::config::Period;
use runtime::exit::chain;
use runtime::fate::Fate;
use runtime::relay::{Error, Failure, Outputs, Record, Settings, Step, gap};

use super::relay::{Obedient, Running, Topics, mix, settings};
use super::support::{
    KAFKA, commit, committed, create_topic, create_topic_with, forget, join_once, kafka, one_compare, read_all,
    wait_for, write,
};

fn check_end(relay: Running, expected: &[&str]) -> Error {
    let error = relay.end();
    let text = chain(&error);
    for part in expected {
        assert!(text.contains(part), "`{part}` not in `{text}`");
    }
    error
}

#[test]
fn a_missing_topic_is_named_with_the_remedy() {
    let topics = Topics::named("fault-missing");
    create_topic(&topics.input, 1);
    create_topic(&topics.events, 1);
    let relay = Running::start(kafka(), topics.routes(), settings("fault-missing"), Obedient);
    let shutdown = relay.shutdown.clone();
    check_end(relay, &["fault-missing.parked does not exist", "topics apply"]);
    assert!(shutdown.requested(), "the service stops with its relay");
}

#[test]
fn an_output_with_fewer_partitions_is_refused_before_anything_is_read() {
    let topics = Topics::named("fault-partitions");
    create_topic(&topics.input, 2);
    create_topic(&topics.events, 2);
    create_topic(&topics.parked, 1);
    let relay = Running::start(kafka(), topics.routes(), settings("fault-partitions"), Obedient);
    check_end(relay, &["fault-partitions.parked has 1 partitions", "fault-partitions.input has 2", "topics apply"]);
}

#[test]
fn a_committed_offset_that_is_gone_stops_the_relay_instead_of_skipping() {
    let topics = Topics::created("fault-gone", 1);
    write(KAFKA.bootstrap(), &topics.input, 0, mix(0, 10).into_iter());
    commit("fault-gone-group", &topics.input, 0, 1000, "");
    let relay = Running::start(kafka(), topics.routes(), settings("fault-gone"), Obedient);
    check_end(relay, &["offset 1000 of fault-gone.input partition 0", "holds 0 to 10", "processor gap"]);
}

#[test]
fn a_gap_that_a_forgotten_commit_would_hide_stops_the_relay() {
    let topics = Topics::created("fault-forgotten", 1);
    let relay_until = |count: u64| {
        let relay = Running::start(kafka(), topics.routes(), settings("fault-forgotten"), Obedient);
        wait_for("the records", || (relay.metric("records_total") == count).then_some(()));
        relay.stop().unwrap();
    };
    let records = |names: std::ops::Range<usize>| names.map(|number| Some(format!("map 1 {number}")));
    write(KAFKA.bootstrap(), &topics.input, 0, records(0..10));
    relay_until(10);
    write(KAFKA.bootstrap(), &topics.input, 0, records(10..20));
    // Nothing is missing: what was read and is gone has its outputs.
    forget("fault-forgotten-group", &topics.input, 0, 7);
    relay_until(13);
    write(KAFKA.bootstrap(), &topics.input, 0, records(20..30));
    forget("fault-forgotten-group", &topics.input, 0, 26);
    let relay = Running::start(kafka(), topics.routes(), settings("fault-forgotten"), Obedient);
    check_end(relay, &["offset 20 of fault-forgotten.input partition 0", "holds 26 to 30", "processor gap"]);
    // What the remedy does: once accepted, the gap is in every later commit.
    let find = || gap::find(&kafka(), &settings("fault-forgotten"), &topics.routes()).expect("Kafka answers");
    let gaps = find();
    assert_eq!(
        gaps.iter().map(|gap| (gap.partition, gap.first, gap.oldest, gap.count())).collect::<Vec<_>>(),
        [(0, 20, 26, 6)]
    );
    gap::accept(&kafka(), &settings("fault-forgotten"), &gaps).expect("nobody is in the group for long");
    assert_eq!(find(), []);
    relay_until(4);
    let (_, counts) = &committed(KAFKA.bootstrap(), "fault-forgotten-group", &topics.input, 1)[&0];
    assert_eq!(counts.to_string(), "fates/1 mapped=4 ignored=0 refused=0 parked=0 events=4 gone=6 forgotten=20");
    let events = one_compare(&read_all(KAFKA.bootstrap(), &topics.events));
    let expected: Vec<String> = (0..20).chain(26..30).map(|number| format!("{number}.0")).collect();
    assert_eq!(events[&0], expected);
}

#[test]
fn another_programs_metadata_is_refused() {
    let topics = Topics::created("fault-foreign", 1);
    write(KAFKA.bootstrap(), &topics.input, 0, mix(0, 10).into_iter());
    commit("fault-foreign-group", &topics.input, 0, 3, "someone else was here");
    let relay = Running::start(kafka(), topics.routes(), settings("fault-foreign"), Obedient);
    check_end(relay, &["fault-foreign.input partition 0", "another program has committed"]);
}

/// Makes one record's output larger than the topic takes.
struct Inflating;

impl Step for Inflating {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        if record.offset != 500 {
            return Obedient.step(record, outputs);
        }
        // Incompressible enough, so that the size on the wire is the size here.
        let noise = (0_u32..60_000).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8);
        let write = |bytes: &mut Vec<u8>| {
            bytes.extend(noise);
            Ok::<(), ()>(())
        };
        outputs.push(0, None, None, write).unwrap();
        Ok(Fate::Mapped(1))
    }
}

#[test]
fn an_output_that_kafka_refuses_stops_the_relay_and_nothing_follows_the_hole() {
    let topics = Topics::named("fault-large");
    create_topic(&topics.input, 1);
    create_topic_with(KAFKA.bootstrap(), &topics.events, 1, &[("max.message.bytes", "20000")]);
    create_topic(&topics.parked, 1);
    let records = mix(0, 5_000);
    write(KAFKA.bootstrap(), &topics.input, 0, records.iter().cloned());
    for _ in 0..2 {
        let relay = Running::start(kafka(), topics.routes(), settings("fault-large"), Inflating);
        check_end(relay, &["fault-large.events partition 0", "max.message.bytes", "topics apply"]);
        // Whatever was written stands before the hole: when the topic takes the record, consumers still want it.
        let seen = read_all(KAFKA.bootstrap(), &topics.events);
        for record in &seen {
            let offset: i64 = record.origin.split('/').nth(2).unwrap().parse().unwrap();
            assert!(offset < 500, "{} was written past the hole", record.origin);
        }
        let offset =
            committed(KAFKA.bootstrap(), "fault-large-group", &topics.input, 1).get(&0).map_or(0, |(at, _)| *at);
        assert!(offset <= 500, "{offset} is past the record that failed");
    }
}

/// Gives up for good on one record.
struct Stubborn;

impl Step for Stubborn {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        if record.offset == 20 {
            return Err(Failure::Stop("no schema 7 in the registry".into()));
        }
        Obedient.step(record, outputs)
    }
}

#[test]
fn a_step_that_gives_up_names_the_record_and_commits_what_came_before() {
    let topics = Topics::created("fault-stop", 1);
    write(KAFKA.bootstrap(), &topics.input, 0, mix(0, 100).into_iter());
    let relay = Running::start(kafka(), topics.routes(), settings("fault-stop"), Stubborn);
    check_end(relay, &["fault-stop.input partition 0 offset 20", "no schema 7 in the registry"]);
    let committed = committed(KAFKA.bootstrap(), "fault-stop-group", &topics.input, 1);
    assert!(committed.get(&0).is_none_or(|(offset, _)| *offset <= 20));
}

#[test]
fn a_broker_that_goes_and_comes_back_costs_nothing_but_time() {
    let mut own = Kafka::start_own().expect("Kafka starts");
    let bootstrap = own.bootstrap().to_owned();
    let topics = Topics::named("fault-broker");
    for topic in [&topics.input, &topics.events, &topics.parked] {
        create_topic_with(&bootstrap, topic, 1, &[]);
    }
    let records = mix(0, 4_000);
    write(&bootstrap, &topics.input, 0, records[..2_000].iter().cloned());
    let kafka = runtime::config::Kafka::at(&bootstrap);
    let relay = Running::start(kafka, topics.routes(), settings("fault-broker"), Obedient);
    wait_for("some records", || (relay.metric("records_total") > 0).then_some(()));
    own.stop_hard().unwrap();
    wait_for("readiness to go", || (!relay.health.is_ready()).then_some(()));
    own.start_again().unwrap();
    wait_for("readiness to return", || relay.health.is_ready().then_some(()));
    write(&bootstrap, &topics.input, 0, records[2_000..].iter().cloned());
    wait_for("all records", || (relay.metric("records_total") == 4_000).then_some(()));
    relay.stop().unwrap();
    let (counts, events, _) = super::relay::expected(&records);
    assert!(one_compare(&read_all(&bootstrap, &topics.events))[&0] == events, "events differ");
    assert_eq!(committed(&bootstrap, "fault-broker-group", &topics.input, 1)[&0], (4_000, counts));
}

#[test]
fn a_relay_stops_while_the_broker_is_away() {
    let mut own = Kafka::start_own().expect("Kafka starts");
    let bootstrap = own.bootstrap().to_owned();
    let topics = Topics::named("fault-away");
    for topic in [&topics.input, &topics.events, &topics.parked] {
        create_topic_with(&bootstrap, topic, 1, &[]);
    }
    let records = mix(0, 3_000);
    write(&bootstrap, &topics.input, 0, records.iter().cloned());
    let kafka = runtime::config::Kafka::at(&bootstrap);
    let settings = Settings { drain_max: Period::seconds(1), ..settings("fault-away") };
    let relay = Running::start(kafka.clone(), topics.routes(), settings.clone(), Obedient);
    wait_for("some records", || (relay.metric("records_total") > 0).then_some(()));
    own.stop_hard().unwrap();
    wait_for("readiness to go", || (!relay.health.is_ready()).then_some(()));
    relay.stop().unwrap();
    // A relay that starts before Kafka does waits for it, and what was not committed comes again.
    let relay = Running::start(kafka, topics.routes(), settings, Obedient);
    own.start_again().unwrap();
    wait_for("all records", || (relay.metric("records_total") == 3_000).then_some(()));
    relay.stop().unwrap();
    let (counts, events, _) = super::relay::expected(&records);
    assert!(one_compare(&read_all(&bootstrap, &topics.events))[&0] == events, "events differ");
    assert_eq!(committed(&bootstrap, "fault-away-group", &topics.input, 1)[&0], (3_000, counts));
}

#[test]
fn a_second_process_with_the_same_instance_name_is_an_error() {
    let topics = Topics::created("fault-twice", 1);
    let first = Running::start(kafka(), topics.routes(), settings("fault-twice"), Obedient);
    wait_for("the first to be ready", || first.health.is_ready().then_some(()));
    let second = Running::start(kafka(), topics.routes(), settings("fault-twice"), Obedient);
    // Each pushes the other out once; the one that is pushed out twice ends, and the other stays.
    let first_ends =
        wait_for("one of them to end", || (first.has_ended() || second.has_ended()).then(|| first.has_ended()));
    let (gone, left) = if first_ends { (first, second) } else { (second, first) };
    check_end(gone, &["another process runs with the same instance name"]);
    wait_for("the other to be ready", || left.health.is_ready().then_some(()));
    left.stop().unwrap();
}

#[test]
fn a_process_that_the_group_takes_for_another_joins_again() {
    let topics = Topics::created("fault-taken", 1);
    let told = Arc::new(AtomicUsize::new(0));
    let relay = Running::start(kafka(), topics.routes(), settings("fault-taken"), Forgetful(told.clone()));
    let records = mix(0, 200);
    write(KAFKA.bootstrap(), &topics.input, 0, records[..100].iter().cloned());
    wait_for("the first half", || (relay.metric("records_total") == 100).then_some(()));
    let told_before = told.load(Ordering::Relaxed);
    // A member of the same name that comes once and goes: what the relay itself was before a broker went away.
    join_once("fault-taken-group", &settings("fault-taken").member(&topics.routes()), &topics.input);
    wait_for("the relay to join again", || (relay.metric("rejoins_total") == 1).then_some(()));
    write(KAFKA.bootstrap(), &topics.input, 0, records[100..].iter().cloned());
    // What was counted before comes with the offset, and is not counted beside it.
    wait_for("all records", || (relay.metric("records_total") == 200).then_some(()));
    assert!(told_before > 0 && told.load(Ordering::Relaxed) > told_before, "what was written may not have arrived");
    relay.stop().unwrap();
    assert_eq!(
        committed(KAFKA.bootstrap(), "fault-taken-group", &topics.input, 1)[&0].1,
        super::relay::expected(&records).0
    );
}

/// Counts how often it is told to forget.
struct Forgetful(Arc<AtomicUsize>);

impl Step for Forgetful {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        Obedient.step(record, outputs)
    }

    fn forget(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Longer than a session, as a host that is moved or out of memory: some members then find another in their own place.
#[test]
fn a_broker_that_answers_nobody_for_longer_than_a_session_ends_nothing() {
    let mut own = Kafka::start_own().expect("Kafka starts");
    let bootstrap = own.bootstrap().to_owned();
    let topics = Topics::named("fault-pause");
    for topic in [&topics.input, &topics.events, &topics.parked] {
        create_topic_with(&bootstrap, topic, 1, &[]);
    }
    let settings = settings("fault-pause");
    let relay = Running::start(runtime::config::Kafka::at(&bootstrap), topics.routes(), settings.clone(), Obedient);
    let records = mix(0, 300);
    for (at, hundred) in records.chunks(100).enumerate() {
        write(&bootstrap, &topics.input, 0, hundred.iter().cloned());
        wait_for("the records", || (relay.metric("records_total") == 100 * (at as u64 + 1)).then_some(()));
        own.pause().unwrap();
        std::thread::sleep(settings.session_timeout.0 * 2);
        own.resume().unwrap();
        assert!(!relay.has_ended(), "a pause ends nothing");
    }
    relay.stop().unwrap();
    // What the last pause kept from being committed comes again.
    let relay = Running::start(runtime::config::Kafka::at(&bootstrap), topics.routes(), settings, Obedient);
    wait_for("all records", || (relay.metric("records_total") == 300).then_some(()));
    relay.stop().unwrap();
    let (counts, events, _) = super::relay::expected(&records);
    assert!(one_compare(&read_all(&bootstrap, &topics.events))[&0] == events, "events differ");
    assert_eq!(committed(&bootstrap, "fault-pause-group", &topics.input, 1)[&0], (300, counts));
}

#[test]
fn an_instance_without_partitions_is_ready_too() {
    let topics = Topics::created("fault-idle", 1);
    let first = Running::start(kafka(), topics.routes(), settings("fault-idle"), Obedient);
    wait_for("the first to be ready", || first.health.is_ready().then_some(()));
    let other = Settings { instance: "fault-idle-2".to_owned(), ..settings("fault-idle") };
    let second = Running::start(kafka(), topics.routes(), other, Obedient);
    wait_for("the second to be ready", || second.health.is_ready().then_some(()));
    second.stop().unwrap();
    first.stop().unwrap();
}
