//! A broker for all tests, topics of their own, and plain clients that know nothing of the runtime.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use local_stack::Kafka;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::config;
use runtime::fate::FateCounts;
use runtime::origin::{self, Origin, Watermarks};

pub(crate) static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start().expect("Kafka starts"));

/// Liveness only: far above what a loaded machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn kafka() -> config::Kafka {
    config::Kafka::at(KAFKA.bootstrap())
}

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

/// On a thread of its own, because a test may be running in a runtime already.
fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
    thread::scope(|scope| scope.spawn(run).join().expect("no panic"))
}

fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    client(bootstrap).create().expect("an admin client")
}

/// Creates a topic with further settings.
pub(crate) fn create_topic_with(bootstrap: &str, name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for (key, value) in settings {
        topic = topic.set(key, value);
    }
    let results = block_on(admin(bootstrap).create_topics([&topic], &AdminOptions::new())).expect("an answer");
    results[0].as_ref().expect("the topic is new");
}

pub(crate) fn create_topic(name: &str, partitions: i32) {
    create_topic_with(KAFKA.bootstrap(), name, partitions, &[]);
}

pub(crate) fn add_partitions(name: &str, count: usize) {
    let more = NewPartitions::new(name, count);
    let results = block_on(admin(KAFKA.bootstrap()).create_partitions([&more], &AdminOptions::new()));
    results.expect("an answer")[0].as_ref().expect("partitions are added");
}

/// Writes payloads to one partition and waits until all are acknowledged. `None` is a record without a value.
pub(crate) fn write(bootstrap: &str, topic: &str, partition: i32, payloads: impl Iterator<Item = Option<String>>) {
    let producer: BaseProducer =
        client(bootstrap).set("enable.idempotence", "true").set("linger.ms", "5").create().expect("a producer");
    for payload in payloads {
        loop {
            let mut record = BaseRecord::<(), str>::to(topic).partition(partition);
            if let Some(payload) = &payload {
                record = record.payload(payload);
            }
            if producer.send(record).is_ok() {
                break;
            }
            producer.poll(Duration::from_millis(5));
        }
    }
    producer.flush(PATIENCE).expect("everything is acknowledged");
}

/// One record as a plain consumer sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub partition: i32,
    pub key: Option<String>,
    pub origin: String,
    pub event_id: Option<String>,
    pub payload: String,
}

/// Everything a topic holds now, in order within each partition.
pub(crate) fn read_all(bootstrap: &str, topic: &str) -> Vec<Seen> {
    let consumer: BaseConsumer = client(bootstrap)
        .set("group.id", "test-reader")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("metadata");
    let mut ends = BTreeMap::new();
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        let (low, high) = consumer.fetch_watermarks(topic, partition.id(), PATIENCE).expect("watermarks");
        list.add_partition_offset(topic, partition.id(), Offset::Offset(low)).expect("an offset");
        if high > low {
            ends.insert(partition.id(), high);
        }
    }
    consumer.assign(&list).expect("assigned");
    let mut seen = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while !ends.is_empty() {
        assert!(Instant::now() < deadline, "the topic cannot be read to its end");
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(200)) else { continue };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the tests write text");
        let header = |name: &str| {
            let headers = message.headers()?;
            headers.iter().find(|header| header.key == name).and_then(|header| header.value.map(text))
        };
        seen.push(Seen {
            partition: message.partition(),
            key: message.key().map(text),
            origin: header(origin::HEADER).unwrap_or_default(),
            event_id: header(origin::EVENT_ID_HEADER),
            payload: message.payload().map(text).unwrap_or_default(),
        });
        if ends.get(&message.partition()).is_some_and(|end| message.offset() + 1 >= *end) {
            ends.remove(&message.partition());
        }
    }
    seen
}

/// What a consumer that follows the one-compare rule keeps, by partition.
pub(crate) fn one_compare(seen: &[Seen]) -> BTreeMap<i32, Vec<String>> {
    let mut marks = Watermarks::new();
    let mut kept: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for record in seen {
        let origin = Origin::parse(record.origin.as_bytes()).expect("an origin");
        assert_eq!(origin.partition, record.partition, "input partition n writes output partition n");
        if marks.admit(0, &origin) {
            kept.entry(record.partition).or_default().push(record.payload.clone());
        }
    }
    kept
}

/// Offset and fates committed for a group, by partition.
pub(crate) fn committed(
    bootstrap: &str,
    group: &str,
    topic: &str,
    partitions: i32,
) -> BTreeMap<i32, (i64, FateCounts)> {
    let consumer: BaseConsumer = client(bootstrap).set("group.id", group).create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition(topic, partition);
    }
    let committed = consumer.committed_offsets(list, PATIENCE).expect("an answer");
    let elements = committed.elements();
    let known =
        elements.iter().filter_map(|element| Some((element, element.offset().to_raw().filter(|raw| *raw >= 0)?)));
    known.map(|(element, offset)| (element.partition(), (offset, element.metadata().parse().expect("fates")))).collect()
}

/// How many members of a group have been given partitions.
pub(crate) fn holders(group: &str) -> usize {
    let consumer: BaseConsumer = client(KAFKA.bootstrap()).create().expect("a client");
    // A group that nobody has joined yet may have no coordinator.
    let Ok(list) = consumer.fetch_group_list(Some(group), PATIENCE) else { return 0 };
    let members = list.groups().iter().flat_map(|group| group.members());
    // An assignment is a version (two bytes) and topics with a count (four) before them.
    let has_topics = |assignment: &[u8]| assignment.get(2..6).is_some_and(|count| count != [0; 4]);
    members.filter(|member| member.assignment().is_some_and(has_topics)).count()
}

/// Joins a group under a name until it has partitions, and goes without leaving.
pub(crate) fn join_once(group: &str, member: &str, topic: &str) {
    let mut config = client(KAFKA.bootstrap());
    config.set("group.id", group).set("group.instance.id", member);
    config.set("partition.assignment.strategy", "cooperative-sticky").set("session.timeout.ms", "6000");
    let consumer: BaseConsumer = config.create().expect("a consumer");
    consumer.subscribe(&[topic]).expect("subscribed");
    wait_for("the group to give out partitions", || {
        let _ = consumer.poll(Duration::from_millis(100));
        consumer.assignment().is_ok_and(|assigned| assigned.count() > 0).then_some(())
    });
}

/// Forgets what a group has committed, and all records of a partition below an offset, as time does.
pub(crate) fn forget(group: &str, topic: &str, partition: i32, below: i64) {
    wait_for("the group to be empty", || {
        let answer = block_on(admin(KAFKA.bootstrap()).delete_groups(&[group], &AdminOptions::new()));
        answer.expect("an answer").into_iter().all(|group| group.is_ok()).then_some(())
    });
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(below)).expect("an offset");
    block_on(admin(KAFKA.bootstrap()).delete_records(&list, &AdminOptions::new())).expect("records are deleted");
}

/// Commits by hand, as an operator's tool would.
pub(crate) fn commit(group: &str, topic: &str, partition: i32, offset: i64, metadata: &str) {
    let consumer: BaseConsumer = client(KAFKA.bootstrap()).set("group.id", group).create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    let mut element = list.add_partition(topic, partition);
    element.set_offset(Offset::Offset(offset)).expect("an offset");
    element.set_metadata(metadata);
    // A member that went without leaving is one until its session is over.
    wait_for("the group to be empty", || consumer.commit(&list, rdkafka::consumer::CommitMode::Sync).ok());
}

/// Waits for something that must come, however slow the machine is.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "gave up waiting for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
