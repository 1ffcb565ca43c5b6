//! A region's own broker, whose common topics alone are copied to the centre by MirrorMaker 2.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::{Duration, Instant},
};

use local_stack::{KAFKA_VERSION, Kafka, Process, libraries};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::{Header, Headers, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};
use runtime::origin::{HEADER, Origin, Position, Watermarks, Writer};
use topics::{Options, Region, name};

const TOPIC: &str = "region.14.common.encounter";
const PARTITIONS: i32 = 2;
const PATIENCE: Duration = Duration::from_secs(240);
const WAIT: Duration = Duration::from_secs(10);

/// A copied record: its partition and offset, its key, origin and payload.
type Copied = (i32, i64, Vec<u8>, Vec<u8>, Vec<u8>);

#[test]
fn what_a_mirror_copies_twice_is_admitted_once_and_in_order() {
    let (region, centre) = (Kafka::start_own().expect("Kafka"), Kafka::start_own().expect("Kafka"));
    let regions: [Region; 1] = ["14".parse().expect("a lanskod")];
    let options = Options { partitions: Some(PARTITIONS), replication_factor: Some(1), ..Options::default() };
    topics::apply(region.bootstrap(), &regions, &options).expect("the region's topics");
    let folder = tempfile::tempdir().expect("a folder");

    write(region.bootstrap(), 0..1_000);
    let mut mirror = start(folder.path(), region.bootstrap(), centre.bootstrap());
    let first = read_until(&mut mirror, centre.bootstrap(), 1_000);
    assert_eq!(first.len(), 2_000, "nothing is copied twice while nothing fails");
    mirror.kill().expect("it runs");
    write(region.bootstrap(), 1_000..1_500);
    let mut mirror = start(folder.path(), region.bootstrap(), centre.bootstrap());
    let copied = read_until(&mut mirror, centre.bootstrap(), 1_500);

    let metadata = client(centre.bootstrap()).fetch_metadata(None, WAIT).expect("the centre answers");
    let ours: BTreeSet<_> = metadata
        .topics()
        .iter()
        .map(|topic| topic.name().to_owned())
        .filter(|name| name::region_of(name).is_some())
        .collect();
    let common: BTreeSet<_> =
        schemas::Subject::ALL.into_iter().map(|subject| name::common(regions[0], subject)).collect();
    assert_eq!(ours, common, "the common topics, and nothing that holds an identity");

    let (mut marks, mut admitted, mut moved) = (Watermarks::new(), BTreeMap::<i32, Vec<Position>>::new(), 0);
    for (partition, offset, key, origin, payload) in &copied {
        let origin = Origin::parse(origin).expect("the header came with it");
        assert_eq!(
            (origin.topic, origin.partition),
            ("region.14.source.adt", *partition),
            "a partition is a partition"
        );
        assert_eq!((key, payload), (&key_of(origin.position), &payload_of(origin.position)));
        moved += usize::from(*offset != origin.position.offset * 2 + i64::from(origin.position.ordinal));
        if marks.admit(0, &origin) {
            admitted.entry(*partition).or_default().push(origin.position);
        }
    }
    assert!(
        copied.len() > 3_000 && moved > 0,
        "the kill made it copy again, or it proves nothing: {} {moved}",
        copied.len()
    );
    let expected: Vec<_> = positions(0..1_500).collect();
    assert_eq!(admitted, BTreeMap::from([(0, expected.clone()), (1, expected)]), "each once, in order");
}

/// Two outputs of each source record, so many of them per partition as half the range.
fn positions(range: std::ops::Range<i64>) -> impl Iterator<Item = Position> {
    range.map(|number| Position { offset: number / 2, ordinal: u32::try_from(number % 2).expect("0 or 1") })
}

fn key_of(position: Position) -> Vec<u8> {
    position.offset.to_be_bytes().into()
}

fn payload_of(position: Position) -> Vec<u8> {
    // Bytes that are no text, as Avro's are.
    [&[0, 0xff, 0xfe], position.offset.to_be_bytes().as_slice(), &position.ordinal.to_be_bytes()].concat()
}

/// Writes outputs with their origins, as a processor does.
fn write(bootstrap: &str, range: std::ops::Range<i64>) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("enable.idempotence", "true")
        .create()
        .expect("a producer");
    for partition in 0..PARTITIONS {
        let mut origins = Writer::new("region.14.source.adt", partition);
        for position in positions(range.clone()) {
            let (key, payload) = (key_of(position), payload_of(position));
            let headers = OwnedHeaders::new().insert(Header { key: HEADER, value: Some(origins.write(position)) });
            let record = BaseRecord::to(TOPIC).partition(partition).key(&key).payload(&payload).headers(headers);
            producer.send(record).map_err(|(error, _)| error).expect("queued");
        }
    }
    producer.flush(PATIENCE).expect("written");
}

/// MirrorMaker 2 as the README of `topics` has it; it commits how far it is so seldom that a kill makes it copy again.
fn start(folder: &Path, region: &str, centre: &str) -> Process {
    let jars = [
        ["org.apache.kafka", "connect-mirror", KAFKA_VERSION],
        ["org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.5"],
        ["org.apache.logging.log4j", "log4j-core", "2.25.5"],
    ];
    let jars = libraries(&format!("kafka-mirror-{KAFKA_VERSION}"), &jars, 70).expect("MirrorMaker");
    let properties = folder.join("mirror.properties");
    let text = format!(
        "clusters = region, centre
region.bootstrap.servers = {region}
centre.bootstrap.servers = {centre}
region->centre.enabled = true
region->centre.topics = region[.]14[.]common[.].*
replication.policy.class = org.apache.kafka.connect.mirror.IdentityReplicationPolicy
emit.heartbeats.enabled = false
emit.checkpoints.enabled = false
emit.offset-syncs.enabled = false
sync.topic.acls.enabled = false
replication.factor = 1
checkpoints.topic.replication.factor = 1
heartbeats.topic.replication.factor = 1
config.storage.replication.factor = 1
offset.storage.replication.factor = 1
offset.storage.partitions = 1
status.storage.replication.factor = 1
status.storage.partitions = 1
offset.flush.interval.ms = 600000
tasks.max = 1
"
    );
    fs::write(&properties, text).expect("written");
    fs::write(folder.join("log4j2.properties"), "rootLogger.level = warn\nrootLogger.appenderRef.console.ref = console\nappender.console.type = Console\nappender.console.name = console\nappender.console.layout.type = PatternLayout\nappender.console.layout.pattern = %d %p %c{1} %m%n\n").expect("written");
    let command = [
        "java".to_owned(),
        "-Xmx384m".to_owned(),
        "-XX:+UseSerialGC".to_owned(),
        "-XX:TieredStopAtLevel=1".to_owned(),
        format!("-Dlog4j2.configurationFile={}", folder.join("log4j2.properties").display()),
        "-cp".to_owned(),
        format!("{}/*", jars.display()),
        "org.apache.kafka.connect.mirror.MirrorMaker".to_owned(),
        properties.display().to_string(),
    ];
    Process::start("mirror", folder, "TERM", &command, &[]).expect("it starts")
}

fn client(bootstrap: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "mirrored")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer")
}

/// Reads the copies from their beginning, again and again, until each partition has the last of so many outputs.
fn read_until(mirror: &mut Process, centre: &str, count: i64) -> Vec<Copied> {
    let begun = Instant::now();
    let last = positions(count - 1..count).next().expect("one");
    loop {
        let copied = read(centre);
        let has_last = |partition| {
            let wanted = Origin { topic: "region.14.source.adt", partition, position: last }.to_string().into_bytes();
            copied.iter().any(|(_, _, _, origin, _)| *origin == wanted)
        };
        if (0..PARTITIONS).all(has_last) {
            return copied;
        }
        assert!(mirror.is_running() && begun.elapsed() < PATIENCE, "nothing more is copied: {}", mirror.log_end());
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn read(centre: &str) -> Vec<Copied> {
    let client = client(centre);
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        // Until MirrorMaker has made the topic there is nothing.
        let Ok((low, high)) = client.fetch_watermarks(TOPIC, partition, WAIT) else { return Vec::new() };
        if high > low {
            list.add_partition_offset(TOPIC, partition, Offset::Beginning).expect("added");
        }
    }
    let (mut left, mut copied) = (list.count(), Vec::new());
    client.assign(&list).expect("assigned");
    while left > 0 {
        match client.poll(WAIT) {
            Some(Ok(message)) => {
                let origin = message.headers().and_then(|headers| headers.iter().find(|header| header.key == HEADER));
                let bytes = |bytes: Option<&[u8]>| bytes.unwrap_or_default().to_vec();
                let origin = bytes(origin.and_then(|header| header.value));
                copied.push((
                    message.partition(),
                    message.offset(),
                    bytes(message.key()),
                    origin,
                    bytes(message.payload()),
                ));
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => left -= 1,
            Some(Err(_)) | None => return copied,
        }
    }
    copied
}
