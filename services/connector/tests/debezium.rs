//! Debezium topics of a region's own Kafka, taken over into ours.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use local_stack::Kafka;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use schemas::Format;
use serde_json::{Value, json};

use super::stack::{Connector, KAFKA, LONG, Recorded, Setup};

const PARTITIONS: i32 = 3;

/// The region's own Kafka, and a topic of its Debezium.
pub(crate) struct Theirs {
    bootstrap: String,
    pub topic: String,
    producer: BaseProducer,
}

impl Theirs {
    pub(crate) fn new(bootstrap: &str, topic: &str) -> Self {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        let admin: AdminClient<_> = config.create().expect("a client");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1));
        let made = runtime.block_on(admin.create_topics([&new], &AdminOptions::new())).expect("asked");
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        Self {
            bootstrap: bootstrap.to_owned(),
            topic: topic.to_owned(),
            producer: config.create().expect("a producer"),
        }
    }

    fn delete(&self) {
        let (admin, runtime) = self.admin();
        let deleted = runtime.block_on(admin.delete_topics(&[&self.topic], &AdminOptions::new())).expect("asked");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    }

    /// Has Kafka forget the group's offsets, as it does when their time is over.
    fn forget(&self) {
        let (admin, runtime) = self.admin();
        let group = format!("vardstrom-{}", self.topic);
        let deleted = runtime.block_on(admin.delete_groups(&[&group], &AdminOptions::new())).expect("asked");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
        assert_eq!(self.committed(), [-1, -1, -1]);
    }

    fn admin(&self) -> (AdminClient<DefaultClientContext>, tokio::runtime::Runtime) {
        let mut config = ClientConfig::new();
        let admin = config.set("bootstrap.servers", &self.bootstrap).create().expect("a client");
        (admin, tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"))
    }

    pub(crate) fn write(&self, partition: i32, key: &str, value: Option<&str>) {
        self.write_bytes(partition, key.as_bytes(), value.map(str::as_bytes), &[]);
    }

    pub(crate) fn write_bytes(&self, partition: i32, key: &[u8], value: Option<&[u8]>, headers: &[(&str, &[u8])]) {
        loop {
            let mut record = BaseRecord::to(&self.topic).partition(partition).key(key);
            record.payload = value;
            let all = headers
                .iter()
                .fold(OwnedHeaders::new(), |all, (name, value)| all.insert(Header { key: name, value: Some(*value) }));
            record = record.headers(all);
            match self.producer.send(record) {
                Ok(()) => return,
                Err(_) => self.producer.flush(LONG).expect("written"),
            };
        }
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(LONG).expect("written");
    }

    fn group(&self) -> BaseConsumer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap).set("group.id", format!("vardstrom-{}", self.topic));
        config.create().expect("a consumer")
    }

    /// The group's offsets; -1 where there is none.
    pub(crate) fn committed(&self) -> Vec<i64> {
        let mut list = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            list.add_partition(&self.topic, partition);
        }
        let start = Instant::now();
        let list = loop {
            // A broker that has just started does not know its groups yet.
            match self.group().committed_offsets(list.clone(), LONG) {
                Ok(list) => break list,
                Err(error) => assert!(start.elapsed() < LONG, "no offsets: {error}"),
            }
        };
        list.elements()
            .iter()
            .map(|element| element.offset().to_raw().filter(|offset| *offset >= 0).unwrap_or(-1))
            .collect()
    }

    pub(crate) fn commit(&self, partition: i32, offset: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(offset)).expect("a place");
        self.group().commit(&list, CommitMode::Sync).expect("committed");
    }

    pub(crate) fn setup(&self, region: &'static str, more: &str) -> Setup {
        self.setup_by(region, &format!("bootstrap = \"{}\"", self.bootstrap), more)
    }

    /// The same with more to say of the region's Kafka.
    pub(crate) fn setup_by(&self, region: &'static str, kafka: &str, more: &str) -> Setup {
        Setup::mllp(region).and(&format!(
            "[[region.debezium]]\nname = \"journal\"\nkafka = {{ {kafka} }}\ngroup = \"vardstrom-{}\"\n\
             topics = {{ \"{}\" = \"ward-capacity\" }}\n{more}\n",
            self.topic, self.topic
        ))
    }
}

pub(crate) fn envelope(operation: &str, row: Value) -> Value {
    let (before, after) = if operation == "d" { (row, Value::Null) } else { (Value::Null, row) };
    json!({ "before": before, "after": after, "op": operation, "ts_ms": 9, "source": { "ts_ms": 1_767_600_000_250_i64 } })
}

pub(crate) fn metric(connector: &Connector, region: &str, name: &str) -> f64 {
    connector.metric(&format!("vardstrom_connector_debezium_{name}{{name=\"journal\",region=\"{region}\"}}"))
}

fn found<'r>(records: &'r [Recorded], id: &str) -> Vec<&'r Recorded> {
    records.iter().filter(|record| record.message_id == id).collect()
}

#[test]
fn changes_are_taken_over_as_they_are() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.contact");
    let topic = &theirs.topic;
    let plain = envelope("c", json!({ "id": 1, "patient": "Testsson", "note": "x" })).to_string();
    let wrapped =
        json!({ "schema": { "type": "struct" }, "payload": envelope("r", json!({ "id": 2, "patient": "Testsson" })) });
    let mut update = envelope("u", json!({ "id": 3, "patient": "__debezium_unavailable_value" }));
    update["before"] = json!({ "id": 3, "patient": "Testsson" });
    update["source"]["ts_ms"] = json!("1767600000251");
    let update = update.to_string();
    let long = envelope("c", json!({ "id": 4, "note": "Testsson".repeat(2000) })).to_string();
    theirs.write(0, "1", Some(&plain));
    theirs.write(0, "2", Some(&wrapped.to_string()));
    theirs.write(1, "3", Some(&update));
    theirs.write(1, "4", Some(&long));
    theirs.write(1, "5", Some("{\"op\": Testsson"));
    theirs.write(2, "6", Some(&envelope("d", json!({ "id": 6 })).to_string()));
    theirs.write(2, "6", None);
    theirs.write(2, "", Some("{\"op\":\"t\",\"ts_ms\":\"7\",\"source\":{}}"));
    theirs.write(2, "6", None);
    theirs.flush();
    let setup = theirs
        .setup("21", &format!("keys = {{ \"{topic}\" = \"patient\" }}\nfull = [\"{topic}\"]"))
        .limits("message = \"8 KiB\"");
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed() == [2, 3, 4]);
    assert_eq!(metric(&connector, "21", "tombstones_total"), 2.0);
    assert_eq!(metric(&connector, "21", "changes_total"), 7.0);
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"unreadable\"}"), 1.0);
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"oversized\"}"), 1.0);
    connector.wait("no lag", |connector| metric(connector, "21", "lag_messages") == 0.0);

    let records = setup.records("ward-capacity", 7);
    assert!(records.iter().all(|record| !record.has_key && record.format == Format::Debezium));
    let one = |place: &str| {
        let found = found(&records, &format!("{topic}/{place}"));
        assert_eq!((found.len(), found[0].position.as_str()), (1, found[0].message_id.as_str()), "{place}");
        found[0]
    };
    assert_eq!(one("0@0").payload, plain.as_bytes());
    assert_eq!(one("0@1").payload, wrapped["payload"].to_string().as_bytes());
    let told: Value = serde_json::from_slice(&one("1@0").payload).expect("JSON");
    assert_eq!(
        (&told["replica_identity"], &told["before"]),
        (&json!("full"), &json!({ "id": 3, "patient": "Testsson" }))
    );
    assert_eq!(
        String::from_utf8_lossy(&one("1@1").payload),
        format!("vardstrom: a message of {} bytes was left out, the limit is 8192 bytes", long.len())
    );
    assert_eq!(one("1@2").payload, b"{\"op\": Testsson");
    assert_eq!(serde_json::from_slice::<Value>(&one("2@0").payload).expect("JSON")["op"], "d");
    assert_eq!(one("0@0").recorded_at, Some(1_767_600_000_250_000));
    assert_eq!(one("1@0").recorded_at, Some(1_767_600_000_251_000));
    // One patient, one partition, whatever partition and key they have there.
    assert_eq!(one("0@0").partition, one("0@1").partition);
    assert_eq!(one("0@0").partition, one("1@0").partition);
    // A truncation concerns every row.
    let truncation = found(&records, &format!("{topic}/2@2"));
    let partitions: BTreeSet<i32> = truncation.iter().map(|record| record.partition).collect();
    let all: BTreeSet<i32> = (0..).take(partitions.len()).collect();
    assert_eq!((truncation.len(), partitions), (all.len(), all));
    assert_eq!(truncation[0].recorded_at, Some(7_000));
    assert_eq!(records.len(), 6 + truncation.len());
    assert!(!connector.log().contains("Testsson"), "{}", connector.log());
    assert_eq!(connector.stop(), 0);
}

#[test]
fn a_deletion_is_sent_with_what_its_key_says_and_no_invented_value() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.queue");
    // Debezium 3.6 of a table with the default replica identity: what PostgreSQL did not tell is "", 0 or null.
    let invented = json!({ "id": 1, "patient": "", "decided": 0, "note": null });
    theirs.write(0, "{\"id\":1}", Some(&envelope("d", invented.clone()).to_string()));
    theirs.write(0, "{\"schema\":{},\"payload\":{\"id\":1}}", Some(&envelope("d", invented).to_string()));
    theirs.flush();
    let topic = &theirs.topic;
    let setup = theirs.setup("17", &format!("keys = {{ \"{topic}\" = \"patient\" }}"));
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed() == [2, -1, -1]);
    for record in setup.records("ward-capacity", 2) {
        let told: Value = serde_json::from_slice(&record.payload).expect("JSON");
        assert_eq!((&told["before"], &told["replica_identity"]), (&json!({ "id": 1 }), &json!("key")));
    }
    assert_eq!(connector.stop(), 0);
}

#[test]
fn a_kill_loses_nothing_and_what_comes_again_is_the_same() {
    const CHANGES: i64 = 30_000;
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.bed");
    for number in 0..CHANGES {
        let value = envelope("u", json!({ "id": number % 100, "number": number })).to_string();
        theirs.write((number % 100 % i64::from(PARTITIONS)) as i32, &(number % 100).to_string(), Some(&value));
    }
    theirs.flush();
    let setup = theirs.setup("22", "").limits("window = 20");
    let mut kills = 0;
    while kills < 3 {
        let before = theirs.committed();
        let mut connector = setup.start();
        connector.wait("the offsets to move", |_| theirs.committed() != before);
        connector.kill();
        kills += 1;
        let stored: i64 = theirs.committed().iter().sum();
        assert!(stored < CHANGES, "killed too late");
    }
    let mut connector = setup.start();
    connector.wait("the end", |_| theirs.committed().iter().sum::<i64>() == CHANGES);
    assert_eq!(connector.stop(), 0);
    let records = setup.records("ward-capacity", CHANGES as usize);
    let mut payloads: HashMap<&str, &[u8]> = HashMap::new();
    let mut last: BTreeMap<(i32, i64), i64> = BTreeMap::new();
    for record in &records {
        let first = payloads.entry(&record.message_id).or_insert(&record.payload);
        assert_eq!(*first, record.payload, "{}", record.message_id);
        let value: Value = serde_json::from_slice(&record.payload).expect("JSON");
        let (id, number) =
            (value["after"]["id"].as_i64().expect("an id"), value["after"]["number"].as_i64().expect("a number"));
        last.insert((record.partition, id), number);
    }
    assert_eq!(payloads.len(), CHANGES as usize);
    // Every row is in one partition, and its last record is its last change.
    assert_eq!(last.len(), 100);
    assert!(last.iter().all(|((_, id), number)| *number == CHANGES - 100 + id), "{last:?}");
    assert!(records.len() > payloads.len(), "a kill in the middle brings something again");
}

#[test]
fn their_broker_may_go_away_and_come_back() {
    let mut kafka = Kafka::start_own().expect("Kafka starts");
    let theirs = Theirs::new(kafka.bootstrap(), "journal.care.contact");
    let value = |number: i64| envelope("c", json!({ "id": number })).to_string();
    theirs.write(0, "1", Some(&value(1)));
    theirs.flush();
    let setup = theirs.setup("23", "");
    let mut connector = setup.start();
    connector.wait("the first", |_| theirs.committed() == [1, -1, -1]);
    kafka.stop_hard().expect("stopped");
    connector.wait("the outage", |connector| metric(connector, "23", "outages_total") == 1.0);
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 200"), "an outage goes away by itself");
    kafka.start_again().expect("started");
    theirs.write(1, "2", Some(&value(2)));
    theirs.flush();
    connector.wait("the second", |_| theirs.committed() == [1, 1, -1]);
    connector.wait("the end to be told", |connector| connector.log().contains("the region's Kafka is read again"));
    assert_eq!(connector.log().matches("the region's Kafka is away").count(), 1, "{}", connector.log());
    let ids: BTreeSet<String> = setup.records("ward-capacity", 2).into_iter().map(|record| record.message_id).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn offsets_that_kafka_forgets_are_committed_again_though_nothing_is_read() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.idle");
    theirs.write(0, "1", Some(&envelope("c", json!({ "id": 1 })).to_string()));
    theirs.flush();
    let setup = theirs.setup("17", "");
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed() == [1, -1, -1]);
    assert_eq!(connector.stop(), 0);
    // This one finds nothing to read.
    let mut connector = setup.start();
    connector.wait("readiness", |connector| metric(connector, "17", "connected") == 1.0);
    theirs.forget();
    connector.wait("the offsets", |_| theirs.committed() == [1, -1, -1]);
    assert_eq!(connector.stop(), 0);
}

#[test]
fn a_topic_that_is_made_anew_is_told_while_it_is_read_and_waits() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.anew");
    let value = |number: i64| envelope("c", json!({ "id": number })).to_string();
    (0..5).for_each(|number| theirs.write(0, "1", Some(&value(number))));
    theirs.flush();
    let setup = theirs.setup("18", "");
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed() == [5, -1, -1]);
    theirs.delete();
    // Longer than the old one was read: its offset exists in the new one, too.
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.anew");
    (100..108).for_each(|number| theirs.write(0, "1", Some(&value(number))));
    theirs.flush();
    let remedy = "topic journal.care.anew was deleted and made anew";
    connector.wait("the remedy", |connector| connector.get("/readyz").contains(remedy));
    assert!(connector.get("/readyz").contains("--group vardstrom-journal.care.anew --topic journal.care.anew --reset"));
    // A start does not forget it.
    assert_eq!(connector.stop(), 0);
    let mut connector = setup.start_unready();
    connector.wait("the remedy", |connector| connector.get("/readyz").contains(remedy));
    (0..PARTITIONS).for_each(|partition| theirs.commit(partition, 0));
    connector.wait("the changes", |_| theirs.committed() == [8, 0, 0]);
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    let records = setup.records("ward-capacity", 13);
    let said = |number: i64| records.iter().any(|record| record.payload == value(number).as_bytes());
    assert!((0..5).chain(100..108).all(said), "none is passed over");
    assert_eq!(connector.stop(), 0);
    // What was set is taken for the new topic's from there on.
    let mut connector = setup.start();
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(connector.stop(), 0);
}

#[test]
fn changes_that_are_gone_are_told_and_wait() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.ward");
    theirs.write(0, "1", Some(&envelope("c", json!({ "id": 1 })).to_string()));
    theirs.flush();
    theirs.commit(0, 17);
    let setup = theirs.setup("24", "");
    let mut connector = setup.start_unready();
    connector.wait("the remedy", |connector| {
        connector.get("/readyz").contains("offset 17 of journal.care.ward partition 0")
    });
    assert!(connector.get("/readyz").contains("kafka-consumer-groups --group vardstrom-journal.care.ward"));
    theirs.commit(0, 0);
    connector.wait("the change", |_| theirs.committed()[0] == 1);
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(setup.records("ward-capacity", 1).len(), 1);
    assert_eq!(connector.log().matches("offset 17").count(), 1, "{}", connector.log());
}

#[test]
fn a_topic_that_is_not_there_is_told() {
    let setup = Setup::mllp("25").and(&format!(
        "[[region.debezium]]\nname = \"journal\"\nkafka = {{ bootstrap = \"{}\" }}\ngroup = \"g\"\n\
         topics = {{ \"no.such.topic\" = \"ward-capacity\" }}\n",
        KAFKA.bootstrap()
    ));
    let mut connector = setup.start_unready();
    connector.wait("the remedy", |connector| connector.get("/readyz").contains("topic no.such.topic is not in"));
}

#[test]
fn messages_of_one_row_stay_together_whatever_schema_stands_around_their_key() {
    let theirs = Theirs::new(KAFKA.bootstrap(), "journal.care.keyed");
    const ROWS: i64 = 16;
    for row in 0..ROWS {
        let value = envelope("u", json!({ "id": row })).to_string();
        for key in [
            format!("{{\"id\":{row}}}"),
            format!("{{\"schema\":{{\"type\":\"struct\",\"version\":1}},\"payload\":{{\"id\":{row}}}}}"),
            format!("{{\"schema\":{{\"type\":\"struct\",\"version\":2}},\"payload\":{{\"id\":{row}}}}}"),
        ] {
            theirs.write(0, &key, Some(&value));
        }
    }
    theirs.flush();
    let setup = theirs.setup("08", "");
    let mut connector = setup.start();
    connector.wait("the offsets", |_| theirs.committed()[0] == 3 * ROWS);
    let mut partitions: BTreeMap<i64, BTreeSet<i32>> = BTreeMap::new();
    for record in setup.records("ward-capacity", 3 * ROWS as usize) {
        let told: Value = serde_json::from_slice(&record.payload).expect("JSON");
        partitions.entry(told["after"]["id"].as_i64().expect("an id")).or_default().insert(record.partition);
    }
    assert!(partitions.values().all(|of_row| of_row.len() == 1), "{partitions:?}");
    assert!(partitions.values().collect::<BTreeSet<_>>().len() > 1, "{partitions:?}");
    assert_eq!(connector.stop(), 0);
}
