//! The service on a real Kafka with a real registry: what goes in comes out once, whatever is killed in between.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use local_stack::Kafka;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::failpoint;
use runtime::origin::{EVENT_ID_HEADER, HEADER, Origin, Watermarks};
use schemas::registry;
use schemas::{
    BedCapacity, BedStatus, Clinical, CodeRole, Decoder, Encoder, Encounter, Format, Kind, Parked, Person, Record,
    Subject, Wait,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use topics::Region;

use crate::{fhir, support};

static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start().expect("Kafka starts"));

/// Liveness only: far above what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

const PARTITIONS: i32 = 2;

fn client() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", KAFKA.bootstrap());
    config
}

pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "gave up waiting for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A region's topics, a registry, and a configuration for the service.
pub(crate) struct Stage {
    pub region: Region,
    folder: tempfile::TempDir,
    registry: registry::Server,
    http: u16,
}

impl Stage {
    pub(crate) fn set(code: &str) -> Stage {
        let region: Region = code.parse().expect("a lanskod");
        let options =
            topics::Options { partitions: Some(PARTITIONS), replication_factor: Some(1), ..topics::Options::default() };
        topics::apply(KAFKA.bootstrap(), &[region], &options).expect("topics are made");
        let registry = registry::server::spawn("127.0.0.1:0").expect("a registry");
        let http = local_stack::free_port().expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            "[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:{http}\"\n\
             [relay]\ngroup = \"processor-{code}\"\ninstance = \"processor-{code}-1\"\nsession_timeout = \"6s\"\n\
             [[region]]\ncode = \"{code}\"\nkey = {{ env = \"KEY\" }}\nkey_id = \"v1\"\n",
            KAFKA.bootstrap(),
            registry.url(),
        );
        std::fs::write(folder.path().join("processor.toml"), config).expect("written");
        Stage { region, folder, registry, http }
    }

    /// With a further line in the table that says how records are relayed.
    fn relaying(self, line: &str) -> Stage {
        let config = std::fs::read_to_string(self.config()).expect("read");
        std::fs::write(self.config(), config.replace("[relay]\n", &format!("[relay]\n{line}\n"))).expect("written");
        self
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("processor.toml")
    }

    fn metrics(&self) -> Option<String> {
        self.get("/metrics")
    }

    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).ok()?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n").as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The sum of a metric over its labels.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        let text = self.metrics()?;
        let lines =
            text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        Some(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64)
    }
}

pub(crate) struct Service(Child);

impl Service {
    fn start(config: &Path) -> Service {
        Service::start_with(config, &[])
    }

    pub(crate) fn start_with(config: &Path, variables: &[(&str, &str)]) -> Service {
        let child = Command::new(env!("CARGO_BIN_EXE_processor"))
            .envs(variables.iter().copied())
            .arg("run")
            .arg("--config")
            .arg(config)
            .env("KEY", "0123456789abcdef".repeat(4))
            .env("VARDSTROM_LEAK_TEST", "1")
            .spawn()
            .expect("the processor starts");
        Service(child)
    }

    fn kill(mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }

    /// The exit code of a service that ends by itself.
    fn ended(mut self) -> Option<i32> {
        wait_for("the service to end", || self.0.try_wait().expect("asked")).code()
    }

    pub(crate) fn stop(mut self) -> Option<i32> {
        let terminated = Command::new("kill").arg(self.0.id().to_string()).status().expect("kill runs");
        assert!(terminated.success());
        self.0.wait().expect("ended").code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Already ended in the ordinary case.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes payloads to the partitions in turn and waits until all are acknowledged.
pub(crate) fn write(topic: &str, payloads: &[Vec<u8>]) {
    let producer: BaseProducer = client().set("enable.idempotence", "true").create().expect("a producer");
    for (at, payload) in payloads.iter().enumerate() {
        loop {
            let record = BaseRecord::<(), [u8]>::to(topic).partition(at as i32 % PARTITIONS).payload(payload);
            if producer.send(record).is_ok() {
                break;
            }
            producer.poll(Duration::from_millis(5));
        }
    }
    producer.flush(PATIENCE).expect("everything is acknowledged");
}

pub(crate) struct Seen {
    key: Option<String>,
    event_id: Option<String>,
    pub payload: Vec<u8>,
}

/// What a consumer that follows the one-compare rule sees of a topic, by origin.
pub(crate) fn read(topic: &str) -> BTreeMap<(String, i32, i64, u32), Seen> {
    let consumer: BaseConsumer = client().set("group.id", "test-reader").create().expect("a consumer");
    let mut list = TopicPartitionList::new();
    let mut left = BTreeMap::new();
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE).expect("watermarks");
        list.add_partition_offset(topic, partition, Offset::Offset(low)).expect("an offset");
        if high > low {
            left.insert(partition, high);
        }
    }
    consumer.assign(&list).expect("assigned");
    let mut marks = Watermarks::new();
    let mut seen = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    while !left.is_empty() {
        assert!(Instant::now() < deadline, "{topic} cannot be read to its end");
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let header = |name: &str| {
            message.headers()?.iter().find(|header| header.key == name).and_then(|header| header.value.map(text))
        };
        let written = header(HEADER).expect("an origin");
        let origin = Origin::parse(written.as_bytes()).expect("an origin");
        assert_eq!(origin.partition, message.partition(), "input partition n writes output partition n");
        if marks.admit(0, &origin) {
            let at = (origin.topic.to_owned(), origin.partition, origin.position.offset, origin.position.ordinal);
            let record = Seen {
                key: message.key().map(text),
                event_id: header(EVENT_ID_HEADER),
                payload: message.payload().unwrap_or_default().to_vec(),
            };
            assert!(seen.insert(at, record).is_none(), "an origin is seen once");
        }
        if left.get(&message.partition()).is_some_and(|high| message.offset() + 1 >= *high) {
            left.remove(&message.partition());
        }
    }
    seen
}

fn encoded(region: Region, format: Format, payload: &[u8]) -> Vec<u8> {
    let feed = support::source(format, payload).feed;
    encoded_of_feed(region, feed, format, payload)
}

fn encoded_of_feed(region: Region, feed: &str, format: Format, payload: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Kind::SourceRecord, registry::development_id_current(Kind::SourceRecord));
    let mut bytes = Vec::new();
    let mut record = support::source(format, payload);
    record.region = region.code();
    record.feed = feed;
    encoder.encode(&record, &mut bytes).expect("encoded");
    bytes
}

pub(crate) fn admission(number: usize) -> String {
    let visit = if number % 10 == 3 { String::new() } else { format!("V{number}") };
    format!(
        "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A01|{number}|P|2.5\rEVN|A01|20260106110000\rPID|1||M-{number}^^^SU^MRN\r\
         PV1|1|I|MAVA^4^{number}||||||||||||||||{visit}\r"
    )
}

/// Admissions with a visit number each.
fn admissions(region: Region, numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    numbers.map(|number| encoded(region, Format::Hl7v2, admission(10 * number).as_bytes())).collect()
}

/// Admissions, of which every tenth is refused, and every twenty-fifth is no record at all.
fn batch(region: Region, numbers: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    let record = |number: usize| match number % 50 {
        7 => b"\0\xFF\xFF\xFF\xFFno schema has this id".to_vec(),
        17 => Vec::new(),
        _ => encoded(region, Format::Hl7v2, admission(number).as_bytes()),
    };
    numbers.map(record).collect()
}

#[test]
fn every_record_comes_out_once_though_the_service_is_killed() {
    let stage = Stage::set("14").relaying("threads = 2");
    let (adt, capacity) = (topics::name::source(stage.region, "adt"), topics::name::source(stage.region, "capacity"));
    let encounters = topics::name::common(stage.region, Subject::Encounter);
    let row = "enhet;giltig_fran;faststallda;disponibla;stangda;skal\nMAVA;2026-01-06T08:00;24;20;4;personal";
    write(&capacity, &[encoded(stage.region, Format::Delimited, row.as_bytes())]);

    let first = Service::start(&stage.config());
    write(&adt, &batch(stage.region, 0..1000));
    wait_for("the first events", || {
        let consumer: BaseConsumer = client().set("group.id", "test-look").create().ok()?;
        let (low, high) = consumer.fetch_watermarks(&encounters, 0, PATIENCE).ok()?;
        (high > low).then_some(())
    });
    first.kill();

    let second = Service::start(&stage.config());
    wait_for("both threads to have partitions", || {
        let ready = stage.get("/readyz")?;
        ["-1 has 2 partitions", "-1.2 has 2 partitions"].iter().all(|said| ready.contains(said)).then_some(())
    });
    write(&adt, &batch(stage.region, 1000..2000));
    wait_for("all records to be settled", || {
        (stage.metric("vardstrom_processor_records_total") == Some(2001)).then_some(())
    });

    // 80 of 2,000 are no records; of the rest every tenth has no visit number (numbers ending in 3).
    let (mapped, refused, parked) = (2000 - 80 - 200, 200, 80);
    let metrics = stage.metrics().expect("metrics");
    let fate = |name: &str| -> u64 {
        let of_fate = metrics.lines().filter(|line| {
            line.starts_with("vardstrom_processor_records_total{") && line.contains(&format!("fate=\"{name}\""))
        });
        of_fate.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    };
    assert_eq!((fate("mapped"), fate("ignored")), (mapped + 1, 0));
    assert_eq!((fate("refused"), fate("parked")), (refused, parked));

    let decoder = Decoder::development();
    let seen = read(&encounters);
    assert_eq!(seen.len() as u64, mapped);
    for ((_, _, offset, ordinal), record) in &seen {
        let event: Encounter<'_> = decoder.decode(&record.payload).expect("an Encounter");
        assert_eq!(record.event_id.as_deref(), Some(event.envelope.event_id));
        assert_eq!(record.key.as_deref(), event.envelope.subject_token);
        assert_eq!((event.envelope.origin.offset, *ordinal), (*offset, 0));
        let number: usize = event.envelope.source_message_id.parse().expect("the number");
        let hash = schemas::content_hash(admission(number).as_bytes());
        let id = schemas::event_id(event.envelope.source_system, event.envelope.source_message_id, &hash, 0);
        assert_eq!(event.envelope.event_id, id.to_string());
    }
    let persons = read(&topics::name::common(stage.region, Subject::Person));
    assert_eq!(persons.len() as u64, mapped);
    check_kind::<Person<'_>>(&decoder, &persons, Kind::Person);
    let rows = read(&topics::name::common(stage.region, Subject::BedCapacity));
    assert_eq!(rows.values().map(|row| row.key.as_deref()).collect::<Vec<_>>(), [Some("MAVA")]);
    let row: BedCapacity<'_> = decoder.decode(&rows.values().next().expect("a row").payload).expect("a BedCapacity");
    assert_eq!(row.disponibla, Some(20));
    let aside = read(&topics::name::parked(stage.region));
    assert_eq!(aside.len() as u64, refused + parked);
    for record in aside.values() {
        let parked: Parked<'_> = decoder.decode(&record.payload).expect("a Parked");
        assert!(matches!(parked.rule, "episode-missing" | "record-unreadable"), "{}", parked.rule);
        assert_eq!((record.key.as_deref(), record.event_id.as_deref()), (None, None));
    }
    assert_eq!(second.stop(), Some(0));
}

#[test]
fn tables_by_package_come_out_on_the_topics_of_their_subjects() {
    let stage = Stage::set("12");
    let text = std::fs::read_to_string(stage.config()).expect("the configuration");
    std::fs::write(stage.config(), format!("{text}feeds = []\npackages = [\"par\", \"ward-capacity\"]\n"))
        .expect("written");
    let source = |feed: &str, format, payload: &str| {
        let record = encoded_of_feed(stage.region, feed, format, payload.as_bytes());
        write(&topics::name::source(stage.region, feed), &[record]);
    };
    source("par", Format::Delimited, "vardkontakt_id;UTDATUM;HDIA;OP\nPAR-1;2026-02-09;S72.00;NFJ59 -1");
    source(
        "par",
        Format::Debezium,
        "{\"op\":\"d\",\"replica_identity\":\"full\",\"before\":{\"vardkontakt_id\":\"PAR-2\",\"utdatum\":\"2026-02-09\"}}",
    );
    source("ward-capacity", Format::Delimited, "avdelning;galler_fran;disponibla\nMAVA;2026-01-06;20");
    let service = Service::start(&stage.config());
    wait_for("all records to be settled", || {
        (stage.metric("vardstrom_processor_records_total") == Some(3)).then_some(())
    });
    let decoder = Decoder::development();
    let seen = read(&topics::name::common(stage.region, Subject::Clinical));
    let mut stated = Vec::new();
    for record in seen.values() {
        let event: Clinical<'_> = decoder.decode(&record.payload).expect("a Clinical");
        assert_eq!((record.key.as_deref(), event.period), (Some(event.statement_id), Some("2026-02")));
        let codes: Vec<_> = event.codes.iter().map(|code| (code.role, code.code)).collect();
        stated.push((event.statement_id, event.envelope.event_type, codes));
    }
    let hip = vec![(CodeRole::MainDiagnosis, "S7200"), (CodeRole::Procedure, "NFJ59")];
    assert_eq!(stated, [("PAR-1", "clinical.stated", hip), ("PAR-2", "clinical.withdrawn", Vec::new())]);
    let wards = read(&topics::name::common(stage.region, Subject::BedCapacity));
    let ward: BedCapacity<'_> = decoder.decode(&wards.values().next().expect("a row").payload).expect("a BedCapacity");
    assert_eq!((wards.len(), ward.unit, ward.disponibla, ward.faststallda), (1, "MAVA", Some(20), None));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn the_fhir_feed_reaches_every_subject() {
    let stage = Stage::set("17");
    let text = std::fs::read_to_string(stage.config()).expect("the configuration");
    std::fs::write(stage.config(), format!("{text}feeds = [\"fhir\"]\n")).expect("written");
    let payloads: Vec<Vec<u8>> =
        fhir::records().iter().map(|record| encoded(stage.region, Format::Fhir, record)).collect();
    write(&topics::name::source(stage.region, "fhir"), &payloads);
    let service = Service::start(&stage.config());
    wait_for("all records to be settled", || {
        (stage.metric("vardstrom_processor_records_total") == Some(payloads.len() as u64)).then_some(())
    });
    let decoder = Decoder::development();
    let of = |subject| read(&topics::name::common(stage.region, subject));
    let (encounters, clinical) = (of(Subject::Encounter), of(Subject::Clinical));
    check_kind::<Encounter<'_>>(&decoder, &encounters, Kind::Encounter);
    check_kind::<Person<'_>>(&decoder, &of(Subject::Person), Kind::Person);
    check_kind::<BedStatus<'_>>(&decoder, &of(Subject::BedStatus), Kind::BedStatus);
    check_kind::<Wait<'_>>(&decoder, &of(Subject::Wait), Kind::Wait);
    check_kind::<Clinical<'_>>(&decoder, &clinical, Kind::Clinical);
    let reached = [Subject::Encounter, Subject::Person, Subject::BedStatus, Subject::Wait, Subject::Clinical];
    let counts = reached.map(|subject| of(subject).len());
    // The Encounter's two names, its end and its one place.
    assert_eq!(counts, [3, 1, 1, 2, 2]);
    // Codes and stays of one person go to one key.
    let key = |seen: &BTreeMap<_, Seen>| seen.values().next().and_then(|record| record.key.clone());
    assert_eq!(key(&encounters), key(&clinical));
    assert!(read(&topics::name::parked(stage.region)).is_empty());
    assert_eq!(service.stop(), Some(0));
}

fn check_kind<'a, R: Record + serde::Deserialize<'a>>(
    decoder: &Decoder,
    seen: &'a BTreeMap<(String, i32, i64, u32), Seen>,
    kind: Kind,
) {
    assert_eq!(R::KIND, kind);
    for record in seen.values() {
        decoder.decode::<R>(&record.payload).expect("the topic's kind");
    }
}

#[test]
fn a_record_at_which_the_processor_panics_is_parked_and_the_others_come_out() {
    let stage = Stage::set("12");
    let adt = topics::name::source(stage.region, "adt");
    let records: Vec<Vec<u8>> =
        (0..20).map(|number| encoded(stage.region, Format::Hl7v2, admission(number).as_bytes())).collect();
    write(&adt, &records);
    let point = format!("step {adt}/0/4");
    let service = Service::start_with(&stage.config(), &[(failpoint::VARIABLE, &point)]);
    wait_for("all records", || (stage.metric("vardstrom_processor_records_total") == Some(20)).then_some(()));
    assert_eq!(stage.metric("vardstrom_processor_panicked_records_total"), Some(1));
    assert_eq!(service.stop(), Some(0));
    let parked = read(&topics::name::parked(stage.region));
    let decoder = Decoder::development();
    let rules: Vec<(i64, String)> = parked
        .values()
        .map(|seen| decoder.decode::<Parked<'_>>(&seen.payload).expect("a parked record"))
        .map(|parked| (parked.origin.offset, parked.rule.to_owned()))
        .filter(|(_, rule)| rule == "record-panicked")
        .collect();
    assert_eq!(rules, [(4, "record-panicked".to_owned())]);
}

#[test]
fn the_registry_may_come_after_the_processor() {
    let stage = Stage::set("10");
    let adt = topics::name::source(stage.region, "adt");
    write(&adt, &[encoded(stage.region, Format::Hl7v2, admission(1).as_bytes())]);
    let port = local_stack::free_port().expect("a port");
    let text = std::fs::read_to_string(stage.config()).expect("the configuration");
    let late = text.replace(&stage.registry.url(), &format!("http://127.0.0.1:{port}"));
    assert_ne!(late, text);
    std::fs::write(stage.config(), late).expect("written");
    let service = Service::start(&stage.config());
    // One attempt of the client takes some seconds; the processor once ended after it.
    wait_for("the processor to say what it waits for", || {
        stage.get("/readyz").filter(|text| text.contains("registry"))
    });
    std::thread::sleep(Duration::from_secs(6));
    // A registry in which nobody has registered anything is waited for too, with the remedy.
    let empty = one_answer(port, StatusCode::NOT_FOUND, r#"{"error_code":40401,"message":"no such subject"}"#);
    let remedy = format!("register it with `topics apply --registry http://127.0.0.1:{port}`");
    wait_for("the remedy", || {
        let text = stage.get("/readyz")?;
        (text.contains("version 2 of Encounter under subject region.10.common.encounter-value")
            && text.contains(&remedy))
        .then_some(())
    });
    drop(empty);
    let _registry = registry::server::spawn(format!("127.0.0.1:{port}")).expect("a registry");
    wait_for("the record", || (stage.metric("vardstrom_processor_records_total") == Some(1)).then_some(()));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_gap_in_a_topic_is_refused_until_somebody_accepts_it() {
    let stage = Stage::set("07");
    let adt = topics::name::source(stage.region, "adt");
    write(&adt, &batch(stage.region, 20..30));
    let service = Service::start(&stage.config());
    wait_for("all records", || (stage.metric("vardstrom_processor_records_total") == Some(10)).then_some(()));
    assert_eq!(service.stop(), Some(0));
    // While the processor is away retention takes two records of each partition that it has not read.
    write(&adt, &batch(stage.region, 30..40));
    let mut below = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        below.add_partition_offset(&adt, partition, Offset::Offset(7)).expect("an offset");
    }
    let admin: AdminClient<DefaultClientContext> = client().create().expect("a client");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(admin.delete_records(&below, &AdminOptions::new())).expect("records are deleted");

    assert_eq!(Service::start(&stage.config()).ended(), Some(1), "a gap ends it");
    let gap = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_processor"));
        command.args(["gap", "--config"]).arg(stage.config()).args(arguments).env("KEY", "0123456789abcdef".repeat(4));
        let output = command.output().expect("the processor runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let gaps = format!(
        "{adt} partition 0: 2 records gone, 5 to 6\n{adt} partition 1: 2 records gone, 5 to 6\n4 records gone in 2 partitions\n"
    );
    assert_eq!(gap(&[]), (Some(1), gaps.clone()));
    assert_eq!(gap(&["--accept"]), (Some(0), format!("{gaps}accepted; the group processor-07 goes on behind them\n")));
    assert_eq!(gap(&["--accept"]), (Some(0), "0 records gone in 0 partitions\n".to_owned()));

    let service = Service::start(&stage.config());
    wait_for("the records that are left", || {
        (stage.metric("vardstrom_processor_records_total") == Some(16)).then_some(())
    });
    assert_eq!(stage.metric("vardstrom_processor_gone_records"), Some(4));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn a_registry_that_goes_away_costs_time_only() {
    let mut stage = Stage::set("18");
    let adt = topics::name::source(stage.region, "adt");
    let service = Service::start(&stage.config());
    wait_for("the processor", || stage.get("/readyz").filter(|text| text.starts_with("HTTP/1.0 200")));
    let port = stage.registry.url().rsplit(':').next().expect("a port").parse().expect("a number");
    stage.registry = registry::server::spawn("127.0.0.1:0").expect("another registry");
    let settled = |count| move |stage: &Stage| stage.metric("vardstrom_processor_records_total") == Some(count);

    // The schema of what is read is not known yet: away, then overloaded, then here. No record is parked for it.
    write(&adt, &admissions(stage.region, 0..10));
    wait_for("what it waits for", || {
        let text = stage.get("/readyz")?;
        (text.starts_with("HTTP/1.0 503") && text.contains("asking the schema registry at")).then_some(())
    });
    let overloaded = one_answer(port, StatusCode::SERVICE_UNAVAILABLE, r#"{"error_code":50301,"message":"electing"}"#);
    // More often than for one question: it has been told no, and asks again.
    wait_for("another question", || (overloaded.asked.load(Ordering::Relaxed) > 5).then_some(()));
    assert!(settled(0)(&stage), "nothing is settled while it cannot be read");
    drop(overloaded);
    let back = registry::server::spawn(format!("127.0.0.1:{port}")).expect("the registry");
    wait_for("what waited", || settled(10)(&stage).then_some(()));

    // Known schemas need no registry.
    drop(back);
    write(&adt, &admissions(stage.region, 10..20));
    wait_for("what came without a registry", || settled(20)(&stage).then_some(()));
    assert_eq!(read(&topics::name::common(stage.region, Subject::Encounter)).len(), 20);
    assert_eq!(service.stop(), Some(0));
}

/// Gives one answer to every question until it is dropped.
struct OneAnswer {
    /// How many questions there were.
    asked: Arc<AtomicU32>,
    _runtime: Runtime,
}

fn one_answer(port: u16, status: StatusCode, body: &'static str) -> OneAnswer {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", port))).expect("listens");
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let router = Router::new().fallback(async move |_question: Bytes| {
        count.fetch_add(1, Ordering::Relaxed);
        (status, body)
    });
    runtime.spawn(async { axum::serve(listener, router).await });
    OneAnswer { asked, _runtime: runtime }
}

#[test]
fn a_region_that_is_added_or_left_out_is_read_or_not() {
    let (one, other) = (Stage::set("08"), Stage::set("09"));
    let topics = [&one, &other].map(|stage| topics::name::source(stage.region, "adt"));
    let both = format!(
        "{}[[region]]\ncode = \"09\"\nkey = {{ env = \"KEY\" }}\nkey_id = \"v1\"\n",
        std::fs::read_to_string(one.config()).expect("the configuration")
    );
    let with_both = one.folder.path().join("both.toml");
    std::fs::write(&with_both, both).expect("written");
    for (run, (config, read)) in [(one.config(), 1), (with_both, 2), (one.config(), 1)].into_iter().enumerate() {
        for (stage, topic) in [&one, &other].into_iter().zip(&topics) {
            write(topic, &[encoded(stage.region, Format::Hl7v2, admission(run).as_bytes())]);
        }
        // At once, while the group still holds the member of before.
        let service = Service::start(&config);
        wait_for("what is read", || {
            let consumed = one.metric("vardstrom_processor_records_total")?;
            (consumed == ((run + 1) * read) as u64).then_some(())
        });
        assert_eq!(service.stop(), Some(0));
    }
}

#[test]
fn a_service_that_cannot_start_says_why() {
    let stage = Stage::set("13");
    let text = std::fs::read_to_string(stage.config()).expect("the configuration");
    let check = |text: String, code: i32, expected: &str| {
        let path = stage.folder.path().join("wrong.toml");
        std::fs::write(&path, text).expect("written");
        let output = Command::new(env!("CARGO_BIN_EXE_processor"))
            .args(["run", "--config"])
            .arg(&path)
            .env("KEY", "0123456789abcdef".repeat(4))
            .env("VARDSTROM_LEAK_TEST", "1")
            .output()
            .expect("the processor runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    check(text.replace("group =", "gruop ="), 2, "gruop");
    check(text.replace("code = \"13\"", "code = \"02\""), 2, "02");
    check(text.replace("key_id = \"v1\"", "key_id = \"x\""), 2, "key_id");
    check(text.replace("\"KEY\"", "\"NO_SUCH_KEY\""), 2, "NO_SUCH_KEY");
    check(format!("{text}mapping = \"no-such.toml\"\n"), 2, "no-such.toml");
}
