//! The connector's way into Kafka.

use std::time::Duration;

use local_stack::Kafka;
use runtime::broker;
use runtime::config::{self, Period, Size};
use runtime::health::Health;
use runtime::producer::{Delivery, Error, Producer, Record, Settings};
use runtime::shutdown::Shutdown;

use super::support::{KAFKA, PATIENCE, create_topic, create_topic_with, kafka, read_all};

fn record<'a>(topic: &'a str, payload: &'a [u8]) -> Record<'a> {
    Record { topic, partition: 0, key: None, headers: &[("origin", b"a/0/0/0")], payload }
}

async fn wait_until(what: &str, mut look: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !look() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("gave up waiting for {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_says_where_the_record_is_and_order_is_kept() {
    create_topic("producer-plain", 2);
    let health = Health::new(&["kafka"]);
    let producer = Producer::start(&kafka(), Settings::default(), health.clone()).unwrap();
    assert_eq!(producer.partition_count("producer-plain", &Shutdown::manual()).await.unwrap(), 2);
    let mut waiting = Vec::new();
    for index in 0..1000 {
        let payload = index.to_string();
        waiting.push(producer.enqueue(record("producer-plain", payload.as_bytes())).await.unwrap());
    }
    for (offset, delivery) in (0..).zip(waiting) {
        assert_eq!(delivery.await, Ok(Delivery { partition: 0, offset }));
    }
    assert!(producer.is_available() && health.is_ready());
    assert_eq!(producer.in_flight(), 0);
    let copy = producer.clone();
    producer.close().await;
    assert_eq!(copy.send(record("producer-plain", b"late")).await, Err(Error::Closed));
    let seen = tokio::task::spawn_blocking(|| read_all(KAFKA.bootstrap(), "producer-plain")).await.unwrap();
    let payloads: Vec<_> = seen.iter().map(|seen| seen.payload.clone()).collect();
    assert_eq!(payloads, (0..1000).map(|index| index.to_string()).collect::<Vec<_>>());
    assert_eq!(seen[0].origin, "a/0/0/0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_refuses_is_an_error_with_a_remedy() {
    create_topic_with(KAFKA.bootstrap(), "producer-small", 1, &[("max.message.bytes", "2000")]);
    let producer = Producer::start(&kafka(), Settings::default(), Health::new(&[])).unwrap();
    let noise: Vec<u8> = (0_u32..10_000).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let error = producer.send(record("producer-small", &noise)).await.unwrap_err().to_string();
    assert!(error.contains("max.message.bytes"), "{error}");
    // The next record is not harmed by it.
    assert!(producer.send(record("producer-small", b"small")).await.is_ok());
    let error = producer.send(record("producer-nowhere", b"x")).await.unwrap_err();
    assert!(matches!(error, Error::Refused { remedy, .. } if remedy.contains("topics apply")), "{error}");
    let error = producer.partition_count("producer-nowhere", &Shutdown::manual()).await.unwrap_err();
    assert!(matches!(error, broker::Error::TopicMissing { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_broker_is_noticed_fills_a_bounded_queue_and_loses_nothing_in_silence() {
    let mut own = Kafka::start_own().expect("Kafka starts");
    create_topic_with(own.bootstrap(), "producer-stuck", 1, &[]);
    let settings = Settings {
        queue_size: Size::kib(256),
        delivery_wait_max: Period::seconds(3),
        stuck_after: Period::milliseconds(500),
        ..Settings::default()
    };
    let health = Health::new(&["kafka"]);
    let producer = Producer::start(&config::Kafka::at(own.bootstrap()), settings, health.clone()).unwrap();
    let payload = [7; 10_000];
    assert!(producer.send(record("producer-stuck", &payload)).await.is_ok());
    own.pause().unwrap();
    let mut waiting = Vec::new();
    let full = loop {
        match producer.enqueue(record("producer-stuck", &payload)).await {
            Ok(delivery) => waiting.push(delivery),
            Err(error) => break error,
        }
        if waiting.len() > 1000 {
            panic!("the queue has no bound");
        }
        if !producer.is_available() && waiting.len() > 60 {
            break Error::QueueFull;
        }
    };
    assert_eq!(full, Error::QueueFull);
    wait_until("the stuck broker to be noticed", || !producer.is_available()).await;
    assert!(!health.is_ready());
    for delivery in waiting {
        assert_eq!(delivery.await, Err(Error::TimedOut));
    }
    own.resume().unwrap();
    wait_until("the broker to be back", || producer.is_available()).await;
    assert!(producer.send(record("producer-stuck", b"again")).await.is_ok());
    assert!(health.is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_was_never_there_is_not_available() {
    let nowhere = config::Kafka::at(format!("127.0.0.1:{}", local_stack::free_port().unwrap()));
    let settings = Settings { delivery_wait_max: Period::seconds(1), ..Settings::default() };
    let health = Health::new(&["kafka"]);
    let producer = Producer::start(&nowhere, settings, health.clone()).unwrap();
    assert_eq!(producer.send(record("producer-never", b"x")).await, Err(Error::TimedOut));
    assert!(!producer.is_available() && !health.is_ready());
    // Waiting for a topic ends when the service is asked to stop.
    let shutdown = Shutdown::manual();
    shutdown.request();
    let error = producer.partition_count("producer-never", &shutdown).await.unwrap_err();
    assert!(matches!(error, broker::Error::Stopped));
}
