//! Reading topics from given offsets.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use local_stack::Kafka;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::config::{self, Period};
use runtime::exit::chain;
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use runtime::tail::{Error, Settings, Start, Tail};

use super::support::{KAFKA, add_partitions, create_topic, create_topic_with, kafka, wait_for, write};

fn payloads(prefix: &str, range: std::ops::Range<usize>) -> impl Iterator<Item = Option<String>> {
    range.map(move |index| Some(format!("{prefix}{index}")))
}

fn open(kafka: &config::Kafka, starts: &[Start], health: &Health) -> Result<Tail, Error> {
    let settings = Settings { topics_refresh: Period::milliseconds(200), ..Settings::default() };
    Tail::assign(kafka, settings, starts, health.clone(), Shutdown::manual())
}

/// Reads so many records: topic index and partition, then payloads in order.
fn take(tail: &mut Tail, count: usize) -> BTreeMap<(usize, i32), Vec<String>> {
    let mut taken: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let mut left = count;
    wait_for("records", || {
        for record in tail.poll_batch(left.max(1), Duration::from_millis(100)).expect("no error") {
            let payload = String::from_utf8(record.payload().to_vec()).unwrap();
            taken.entry((record.topic(), record.partition())).or_default().push(payload);
            left -= 1;
        }
        (left == 0).then_some(())
    });
    taken
}

#[test]
fn reading_starts_where_it_is_told_and_keeps_the_order() {
    for topic in ["tail-a", "tail-b"] {
        create_topic(topic, 2);
        for partition in 0..2 {
            write(KAFKA.bootstrap(), topic, partition, payloads(&format!("{topic}/{partition}/"), 0..100));
        }
    }
    let starts =
        [Start { topic: "tail-b".to_owned(), offsets: BTreeMap::from([(1, 90)]) }, Start::at_beginning("tail-a")];
    let health = Health::new(&["kafka"]);
    let mut tail = open(&kafka(), &starts, &health).unwrap();
    assert!(health.is_ready());
    assert!(!tail.has_caught_up());
    let taken = take(&mut tail, 310);
    for ((topic, partition), from) in [((0, 0), 0), ((0, 1), 90), ((1, 0), 0), ((1, 1), 0)] {
        let prefix = format!("{}/{partition}/", ["tail-b", "tail-a"][topic]);
        let expected: Vec<String> = payloads(&prefix, from..100).flatten().collect();
        assert_eq!(taken[&(topic, partition)], expected);
    }
    assert!(tail.has_caught_up());
    assert!(tail.progress().all(|progress| progress.next == 100 && progress.lag() == 0));
    assert!(tail.poll_batch(10, Duration::from_millis(10)).unwrap().is_empty());
}

#[test]
fn a_batch_holds_no_more_than_asked_for() {
    create_topic("tail-batch", 1);
    write(KAFKA.bootstrap(), "tail-batch", 0, payloads("", 0..50));
    let mut tail = open(&kafka(), &[Start::at_beginning("tail-batch")], &Health::new(&[])).unwrap();
    let mut count = 0;
    wait_for("all records", || {
        let batch = tail.poll_batch(7, Duration::from_millis(100)).unwrap();
        assert!(batch.len() <= 7);
        assert!(batch.iter().all(|record| record.origin().is_err()), "these have no origin");
        count += batch.len();
        (count == 50).then_some(())
    });
}

#[test]
fn a_header_is_found_by_its_name_among_others() {
    create_topic("tail-headers", 1);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", KAFKA.bootstrap()).create().expect("a producer");
    let header = |key, value| Header { key, value };
    let headers = OwnedHeaders::new()
        .insert(header("spår-id", Some(&b"\xff\0"[..])))
        .insert(header("origins", Some(b"no")))
        .insert(header("origin", Some(b"a/0/7/1")))
        .insert(header("origin", Some(b"a/0/8/1")))
        .insert(header("nothing", None));
    producer.send(BaseRecord::<str, str>::to("tail-headers").payload("x").headers(headers)).expect("it is queued");
    producer.flush(Duration::from_secs(30)).expect("it is written");
    let mut tail = open(&kafka(), &[Start::at_beginning("tail-headers")], &Health::new(&[])).unwrap();
    wait_for("the record", || {
        let batch = tail.poll_batch(1, Duration::from_millis(100)).unwrap();
        let record = batch.first()?;
        assert_eq!(record.origin().map(|origin| origin.position.offset), Ok(7), "the first of a name counts");
        let found = ["spår-id", "nothing", "absent"].map(|name| record.header(name));
        assert_eq!(found, [Some(&b"\xff\0"[..]), None, None]);
        Some(())
    });
}

#[test]
fn new_partitions_are_found() {
    create_topic("tail-grow", 1);
    write(KAFKA.bootstrap(), "tail-grow", 0, payloads("old", 0..3));
    let mut tail = open(&kafka(), &[Start::at_beginning("tail-grow")], &Health::new(&[])).unwrap();
    assert_eq!(take(&mut tail, 3)[&(0, 0)].len(), 3);
    add_partitions("tail-grow", 3);
    wait_for("the new partitions", || {
        // Creating is not instant, so that writing is tried until it is known.
        (std::panic::catch_unwind(|| write(KAFKA.bootstrap(), "tail-grow", 2, payloads("new", 0..3)))).ok()
    });
    assert_eq!(take(&mut tail, 3)[&(0, 2)], ["new0", "new1", "new2"]);
}

#[test]
fn a_hundred_topics_are_held_by_one_reader() {
    let topics: Vec<String> = (0..100).map(|index| format!("tail-many-{index:03}")).collect();
    for topic in &topics {
        create_topic(topic, 2);
    }
    let starts: Vec<Start> = topics.iter().map(Start::at_beginning).collect();
    let mut tail = open(&kafka(), &starts, &Health::new(&[])).unwrap();
    assert!(tail.has_caught_up());
    for (index, topic) in topics.iter().enumerate().step_by(9) {
        write(KAFKA.bootstrap(), topic, (index % 2) as i32, payloads("x", 0..2));
    }
    assert_eq!(take(&mut tail, 24).len(), 12);
    assert_eq!(tail.progress().count(), 200);
}

#[test]
fn what_cannot_be_read_is_named_with_the_remedy() {
    create_topic("tail-gone", 1);
    write(KAFKA.bootstrap(), "tail-gone", 0, payloads("", 0..5));
    let check = |start: Start, expected: &[&str]| {
        let error = open(&kafka(), &[start], &Health::new(&[])).err().expect("refused");
        for part in expected {
            assert!(chain(&error).contains(part), "`{part}` not in `{}`", chain(&error));
        }
    };
    check(Start::at_beginning("tail-nowhere"), &["tail-nowhere does not exist", "topics apply"]);
    let beyond = Start { topic: "tail-gone".to_owned(), offsets: BTreeMap::from([(0, 6)]) };
    check(beyond, &["offset 6 of tail-gone partition 0", "holds 0 to 5", "retention"]);
}

#[test]
fn a_broker_that_goes_and_comes_back_costs_nothing_but_time() {
    let mut own = Kafka::start_own().expect("Kafka starts");
    let bootstrap = own.bootstrap().to_owned();
    create_topic_with(&bootstrap, "tail-broker", 1, &[]);
    write(&bootstrap, "tail-broker", 0, payloads("", 0..10));
    let health = Health::new(&["kafka"]);
    let mut tail = open(&config::Kafka::at(&bootstrap), &[Start::at_beginning("tail-broker")], &health).unwrap();
    assert_eq!(take(&mut tail, 10).len(), 1);
    own.stop_hard().unwrap();
    wait_for("readiness to go", || {
        assert!(tail.poll_batch(10, Duration::from_millis(50)).unwrap().is_empty());
        (!health.is_ready()).then_some(())
    });
    own.start_again().unwrap();
    wait_for("readiness to return", || {
        assert!(tail.poll_batch(10, Duration::from_millis(50)).unwrap().is_empty());
        health.is_ready().then_some(())
    });
    write(&bootstrap, "tail-broker", 0, payloads("", 10..20));
    let expected: Vec<String> = payloads("", 10..20).flatten().collect();
    assert_eq!(take(&mut tail, 10)[&(0, 0)], expected);
}

#[test]
fn a_frozen_broker_is_noticed_within_15_s_and_also_when_nobody_polls() {
    let mut own = Kafka::start_own().expect("Kafka starts");
    let bootstrap = own.bootstrap().to_owned();
    create_topic_with(&bootstrap, "tail-frozen", 1, &[]);
    write(&bootstrap, "tail-frozen", 0, payloads("", 0..10));
    let health = Health::new(&["kafka"]);
    let mut tail = open(&config::Kafka::at(&bootstrap), &[Start::at_beginning("tail-frozen")], &health).unwrap();
    take(&mut tail, 10);
    // Silence of the sender is none of the broker.
    let quiet = Instant::now();
    while quiet.elapsed() < Duration::from_secs(20) {
        assert!(tail.poll_batch(10, Duration::from_millis(50)).unwrap().is_empty());
        assert!(health.is_ready(), "{:?}", health.report());
    }
    own.pause().unwrap();
    let frozen = Instant::now();
    wait_for("readiness to go", || {
        assert!(tail.poll_batch(10, Duration::from_millis(50)).unwrap().is_empty());
        (!health.is_ready()).then_some(())
    });
    assert!(frozen.elapsed() < Duration::from_secs(15), "{:?}", frozen.elapsed());
    assert!(health.report()[0].2.contains("no answer of Kafka was taken for"), "{:?}", health.report());
    own.resume().unwrap();
    wait_for("readiness to return", || {
        assert!(tail.poll_batch(10, Duration::from_millis(50)).unwrap().is_empty());
        health.is_ready().then_some(())
    });
    let hanging = Instant::now();
    wait_for("readiness to go while the reader hangs", || (!health.is_ready()).then_some(()));
    assert!(hanging.elapsed() < Duration::from_secs(15), "{:?}", hanging.elapsed());
    tail.poll_batch(10, Duration::from_millis(50)).unwrap();
    wait_for("readiness to return", || {
        tail.poll_batch(10, Duration::from_millis(50)).unwrap();
        health.is_ready().then_some(())
    });
    drop(tail);
    std::thread::sleep(Duration::from_secs(9));
    assert!(health.is_ready(), "of a reader that has ended nothing is expected: {:?}", health.report());
}

#[test]
fn a_topic_that_is_left_is_read_no_more_and_the_others_go_on() {
    for topic in ["tail-left", "tail-kept"] {
        create_topic(topic, 2);
        for partition in 0..2 {
            write(KAFKA.bootstrap(), topic, partition, payloads(&format!("{topic}/"), 0..10));
        }
    }
    let starts = ["tail-left", "tail-kept"].map(Start::at_beginning);
    let mut tail = open(&kafka(), &starts, &Health::new(&[])).unwrap();
    take(&mut tail, 40);
    for topic in ["tail-left", "tail-kept"] {
        write(KAFKA.bootstrap(), topic, 0, payloads("more/", 0..10));
    }
    tail.leave(&[0]).unwrap();
    tail.leave(&[0]).unwrap();
    // New partitions of it are of no interest either.
    add_partitions("tail-left", 3);
    let mut count = 0;
    wait_for("what is left", || {
        for record in tail.poll_batch(100, Duration::from_millis(100)).unwrap() {
            assert_eq!(record.topic(), 1, "a record of the topic that was left");
            count += 1;
        }
        (count == 10).then_some(())
    });
    for _ in 0..10 {
        assert!(tail.poll_batch(10, Duration::from_millis(100)).unwrap().is_empty());
    }
    assert!(tail.has_caught_up() && tail.progress().all(|progress| progress.topic == 1));
}

#[test]
fn topics_that_are_missing_or_behind_keep_nobody_from_the_rest() {
    create_topic("tail-there", 1);
    create_topic("tail-behind", 1);
    write(KAFKA.bootstrap(), "tail-there", 0, payloads("", 0..10));
    let behind = Start { topic: "tail-behind".to_owned(), offsets: BTreeMap::from([(0, 9)]) };
    let starts = [Start::at_beginning("tail-nowhere"), Start::at_beginning("tail-there"), behind];
    let (settings, health) = (Settings::default(), Health::new(&[]));
    let (mut tail, absent) = Tail::assign_present(&kafka(), settings, &starts, health, Shutdown::manual()).unwrap();
    let named: Vec<_> = absent.iter().map(|absent| (absent.topic, absent.error.topic())).collect();
    assert_eq!(named, [(0, Some("tail-nowhere")), (2, Some("tail-behind"))]);
    assert!(!tail.has_caught_up_with(1) && tail.has_caught_up_with(2));
    take(&mut tail, 10);
    assert!(tail.has_caught_up());
}
