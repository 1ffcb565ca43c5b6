//! A region's pseudonymisation key turns under load: real Kafka, real PostgreSQL, and processor, store and region-register as the programs
//! that they are. Who is in hospital, and what each has cost, is what the sources know, before, while both keys are there, and after.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use identity::test_identity::{self, TestIdentity};
use identity::{Claim, Date, Key, Options, Pseudonymiser, Purpose, Subject};
use local_stack::{Kafka, Postgres};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use schemas::{Encoder, Format, Kind, SourceRecord, Timestamp, registry};
use sealing::Sealer;
use tempfile::TempDir;
use tokio_postgres::SimpleQueryMessage;
use topics::Region;

use crate::protected;

/// How many are in hospital while the key turns.
const PERSONS: usize = 60;
const REGION: &str = "14";
const SYSTEM: &str = "SE2321000131-E000000000001";
/// 2026-01-31T12:00:00Z.
const RECEIVED: Timestamp = Timestamp(1_769_860_800_000_000);
/// For what takes a while on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Kafka, PostgreSQL and a registry, and what runs on them.
struct Turning {
    kafka: Kafka,
    url: String,
    _postgres: Postgres,
    registry: registry::Server,
    folder: TempDir,
    ports: [u16; 2],
    sealers: BTreeMap<&'static str, Sealer>,
    encoder: Encoder,
    producer: BaseProducer,
    sent: BTreeMap<&'static str, u64>,
}

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // `kill -9`: it was in the middle of something, and nothing is lost all the same.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(name: &str) -> Command {
    Command::new(load_tests::stack::program(name).expect("the program"))
}

/// A secret of the test, in a file.
fn secret(number: u8) -> String {
    (0..32).map(|at: u8| format!("{:02x}", at + number)).collect()
}

impl Turning {
    fn new() -> Self {
        let (kafka, postgres) = (Kafka::start().expect("Kafka starts"), Postgres::start().expect("PostgreSQL starts"));
        let region: Region = REGION.parse().expect("a lanskod");
        let options =
            topics::Options { partitions: Some(2), replication_factor: Some(1), ..topics::Options::default() };
        topics::apply(kafka.bootstrap(), &[region], &options).expect("topics are made");
        let registry = registry::server::spawn("127.0.0.1:0").expect("a registry");
        let url = postgres.fresh_database().expect("a database");
        let folder = TempDir::new().expect("a folder");
        for number in [1, 2, 100, 200] {
            std::fs::write(folder.path().join(number.to_string()), secret(number)).expect("written");
        }
        let keys = Arc::new(sealing::Keys::one(REGION, "s1", &secret(200)).expect("a key"));
        let sealer = |feed| (feed, Sealer::new(Arc::clone(&keys), schemas::topic::source(REGION, feed)));
        let producer = ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).create().expect("a producer");
        let encoder = Encoder::new(Kind::SourceRecord, registry::development_id_current(Kind::SourceRecord));
        let ports = [0; 2].map(|_| local_stack::free_port().expect("a port"));
        let sealers = ["adt", "kpp"].map(sealer).into();
        Self {
            kafka,
            url,
            _postgres: postgres,
            registry,
            folder,
            ports,
            sealers,
            encoder,
            producer,
            sent: BTreeMap::new(),
        }
    }

    fn tables(&self) -> String {
        format!(
            "[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n[log]\nlevel = \"warn\"\n",
            self.kafka.bootstrap(),
            self.registry.url()
        )
    }

    fn file(&self, number: u8) -> String {
        format!("{{ file = {:?} }}", self.folder.path().join(number.to_string()))
    }

    /// The region's table: the key `v<number>`, and those before it.
    fn region(&self, number: u8, earlier: &[u8]) -> String {
        let earlier: Vec<String> =
            earlier.iter().map(|number| format!("{{ id = \"v{number}\", key = {} }}", self.file(*number))).collect();
        format!(
            "code = \"{REGION}\"\nkey = {}\nkey_id = \"v{number}\"\ncode_key = {}\nearlier_keys = [{}]\nkeep_identities = true\n\
             packages = [\"kpp\"]\nsealing = {{ keys = [{{ id = \"s1\", key = {} }}] }}\n",
            self.file(number),
            self.file(100),
            earlier.join(", "),
            self.file(200),
        )
    }

    fn run(&self, name: &str, config: String) -> Running {
        let path = self.folder.path().join(format!("{name}.toml"));
        std::fs::write(&path, config).expect("written");
        let mut command = program(name);
        command.arg("run").arg("--config").arg(path).env("DATABASE", &self.url);
        Running(command.spawn().expect("it starts"))
    }

    fn processor(&self, number: u8, earlier: &[u8]) -> Running {
        let relay = "[relay]\ngroup = \"processor-14\"\ninstance = \"processor-14-1\"\nsession_timeout = \"6s\"\n";
        let http = format!("[http]\nlisten = \"127.0.0.1:{}\"\n", self.ports[0]);
        self.run("processor", format!("{}{http}{relay}[[region]]\n{}", self.tables(), self.region(number, earlier)))
    }

    fn store(&self) -> Running {
        let http = format!("[http]\nlisten = \"127.0.0.1:{}\"\n", self.ports[1]);
        let database = format!("[database]\nurl = {{ env = \"DATABASE\" }}\n[regions]\ncodes = [\"{REGION}\"]\n");
        self.run("sink-store", format!("{}{http}{database}", self.tables()))
    }

    /// What the command says.
    fn rotate(&self, number: u8, earlier: &[u8], arguments: &[&str]) -> Result<String, String> {
        let path = self.folder.path().join("region-register.toml");
        let delivery = format!(
            "[delivery]\nfilkod = \"14\"\nrecipient = \"register\"\nage_key = \"{}\"\nlegal_ground = \"test\"\n",
            age::x25519::Identity::generate().to_public()
        );
        let seed = format!("seed = {}\n", self.file(100));
        let region = format!("[region]\n{}", self.region(number, earlier));
        std::fs::write(&path, format!("{seed}{}{region}{delivery}", self.tables())).expect("written");
        let output = program("region-register").arg("rotate").arg("--config").arg(path).args(arguments).output();
        let output = output.expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn send(&mut self, feed: &'static str, person: usize, payload: &str) {
        let partition = i32::from(person % 2 == 1);
        let plain = SourceRecord {
            region: REGION,
            source_system: SYSTEM,
            feed,
            format: if feed == "adt" { Format::Hl7v2 } else { Format::Delimited },
            message_id: "",
            received_at: RECEIVED,
            recorded_at: None,
            source_position: "test",
            payload: payload.as_bytes(),
            seal: None,
        };
        let sealer = self.sealers.get_mut(feed).expect("a feed");
        let (topic, mut bytes) = (schemas::topic::source(REGION, feed), Vec::new());
        let sealed = sealer.seal(&plain, partition, RECEIVED).expect("sealed");
        self.encoder.encode(&sealed, &mut bytes).expect("encoded");
        let record = BaseRecord::<(), [u8]>::to(&topic).partition(partition).payload(&bytes);
        self.producer.send(record).map_err(|(error, _)| error).expect("queued");
        self.producer.poll(Duration::ZERO);
        *self.sent.entry(feed).or_default() += 1;
    }

    fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let address = self.url.parse::<postgresql::Address>().expect("an address");
            let client = address.connect("load-tests").await.expect("it answers");
            let rows = client.simple_query(sql).await.expect("rows");
            let row = |row| match row {
                SimpleQueryMessage::Row(row) => {
                    Some((0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
                }
                _ => None,
            };
            rows.into_iter().filter_map(row).collect()
        })
    }

    /// Waits until everything that was sent is in the store, and computed.
    fn drain(&self, feeds: &[(&str, &str)]) {
        self.producer.flush(PATIENCE).expect("acknowledged");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let is_there = |(feed, subject): &(&str, &str)| {
                let sql = format!(
                    "select count(*) from events where subject = '{subject}' and trigger is distinct from 'REKEYED'"
                );
                self.query(&sql)[0][0] == self.sent.get(feed).copied().unwrap_or_default().to_string()
            };
            if feeds.iter().all(is_there) && self.query("select count(*) from delivery.dirty")[0][0] == "0" {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "not all arrived: {:?} {:?}",
                self.sent,
                self.query("select subject, trigger, count(*) from events group by 1, 2")
            );
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// What everybody has cost, by the file of costs per person; each sum can be one person's only.
    fn costs(&self) -> Vec<u64> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let all = protected::definitions(true).into_iter();
        let kpp: Vec<_> = all.filter(|definition| definition.name == "kpp").collect();
        let files = runtime.block_on(protected::files_of(&self.url, &kpp));
        let file = files.iter().find(|((_, name), _)| name == "cost_by_person.csv").expect("costs per person").1;
        assert!(!tokens().iter().any(|token| file.text.contains(token)), "a pseudonym of the region's left it");
        let cells = |line: &str| line.split([';', ',']).map(str::to_owned).collect::<Vec<_>>();
        let mut lines = file.text.lines().map(cells);
        let header = lines.next().expect("a header");
        let at = header.iter().position(|name| name == "total_kronor").expect("the column");
        let sum = |line: Vec<String>| line[at].split('.').next().expect("kronor").parse().expect("a sum");
        let mut costs: Vec<u64> = lines.map(sum).collect();
        costs.sort_unstable();
        costs
    }

    /// Patients by ward, now.
    fn census(&self) -> Vec<(String, u64)> {
        let rows = self.query("select unit, count(*) from episode_stay where ended_at is null group by 1 order by 1");
        rows.into_iter().map(|row| (row[0].clone(), row[1].parse().expect("a count"))).collect()
    }
}

fn number(person: usize) -> TestIdentity {
    test_identity::number(7 * person as u64)
}

/// The pseudonyms of all by the first key.
fn tokens() -> BTreeSet<String> {
    let key = Key::from_hex(&secret(1)).expect("a key");
    let first = Pseudonymiser::new(REGION, "v1", &key).expect("a pseudonymiser");
    let options = Options::at(Date::new(2026, 1, 5).expect("a date"));
    let token = |person| {
        let number = number(person);
        let claim = Claim { system: "1.2.752.129.2.1.3.1", kind: "", source: "", value: number.as_str() };
        let subject = Subject::read(claim, &options).unwrap_or_else(|_| panic!("a number"));
        first.subject(Purpose::Care, &subject).to_string()
    };
    (0..PERSONS).map(token).collect()
}

/// Where the topics that hold pseudonyms end.
type Ends = BTreeMap<(String, i32), i64>;

fn reader(stack: &Turning) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", stack.kafka.bootstrap()).set("group.id", "test-reader");
    config.create().expect("a consumer")
}

fn ends(stack: &Turning) -> Ends {
    let consumer = reader(stack);
    let metadata = consumer.fetch_metadata(None, PATIENCE).expect("metadata");
    let topics = metadata.topics().iter().map(|topic| topic.name());
    let held = topics.filter(|name| name.starts_with("region.14.") && !name.contains(".source."));
    let partitions = held.flat_map(|name| (0..2).map(move |partition| (name.to_owned(), partition)));
    let end = |(name, partition): (String, i32)| {
        let (_, end) = consumer.fetch_watermarks(&name, partition, PATIENCE).expect("watermarks");
        ((name, partition), end)
    };
    partitions.map(end).collect()
}

/// Keys and values of everything since then.
fn since(stack: &Turning, from: &Ends) -> Vec<Vec<u8>> {
    let (consumer, to) = (reader(stack), ends(stack));
    let mut left: Ends = to.into_iter().filter(|(at, end)| from[at] < *end).collect();
    let mut list = TopicPartitionList::new();
    for (topic, partition) in left.keys() {
        let from = Offset::Offset(from[&(topic.clone(), *partition)]);
        list.add_partition_offset(topic, *partition, from).expect("an offset");
    }
    consumer.assign(&list).expect("assigned");
    let (mut found, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    while !left.is_empty() {
        assert!(Instant::now() < deadline, "the topics cannot be read to their ends");
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        found.extend([message.key(), message.payload()].into_iter().flatten().map(<[u8]>::to_vec));
        let at = (message.topic().to_owned(), message.partition());
        if left.get(&at).is_some_and(|end| message.offset() + 1 >= *end) {
            left.remove(&at);
        }
    }
    found
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// What the sources know: where each is, and what each has cost.
struct Known {
    ward: Vec<Option<usize>>,
    cost: Vec<u64>,
}

impl Known {
    fn census(&self) -> Vec<(String, u64)> {
        let mut wards: BTreeMap<String, u64> = BTreeMap::new();
        for ward in self.ward.iter().flatten() {
            *wards.entry(format!("AVD{ward}")).or_default() += 1;
        }
        wards.into_iter().collect()
    }

    fn costs(&self) -> Vec<u64> {
        let mut costs: Vec<u64> = self.cost.iter().copied().filter(|cost| *cost > 0).collect();
        costs.sort_unstable();
        costs
    }

    /// A movement, of a visit number or of none.
    fn message(&mut self, stack: &mut Turning, person: usize, trigger: &str, day: usize, ward: Option<usize>) {
        let at = format!("202601{day:02}0800{:02}", person % 60);
        let (pnr, place) = (number(person), ward.or(self.ward[person]).unwrap_or_default());
        let visit = if trigger == "A03" { String::new() } else { format!("V{person}") };
        let text = format!(
            "MSH|^~\\&|TEST|SU|VARDSTROM|R14|{at}||ADT^{trigger}|{person}-{trigger}-{day}|P|2.5.1|||AL|NE|SWE|UNICODE UTF-8\r\
             EVN|{trigger}|{at}||||{at}\rPID|1||{}^^^&1.2.752.129.2.1.3.1&ISO^PNR\r\
             PV1|1|I|AVD{place}^{person}^1||||||||||||||||{visit}\r",
            pnr.as_str()
        );
        stack.send("adt", person, &text);
        self.ward[person] = ward;
    }

    /// A contact of its own, at a cost that tells the person.
    fn cost(&mut self, stack: &mut Turning, person: usize, contact: usize) {
        let cost = 1_000 + 10 * person as u64 + contact as u64;
        let text = format!(
            "kontakt_id;patient_id;ar;vardform;in_datum;ut_datum;totalkostnad;sjukhuskod;drg\n\
             C{person}-{contact};{};2026;S;2026-01-05;2026-01-15;{cost};501010;H07N",
            number(person).hyphenated()
        );
        stack.send("kpp", person, &text);
        self.cost[person] += cost;
    }
}

const FEEDS: [(&str, &str); 2] = [("adt", "encounter"), ("kpp", "cost")];

#[test]
fn a_key_turns_while_messages_flow_and_everybody_stays_who_they_are() {
    let mut stack = Turning::new();
    let mut known = Known { ward: vec![None; PERSONS], cost: vec![0; PERSONS] };
    let migrated =
        program("sink-store").args(["migrate", "--database-url", stack.url.as_str()]).status().expect("it runs");
    assert!(migrated.success());
    let store = stack.store();

    // Under the first key: all are admitted, and have cost something.
    let first = stack.processor(1, &[]);
    for person in 0..PERSONS {
        known.message(&mut stack, person, "A01", 5, Some(person % 4));
        known.cost(&mut stack, person, 1);
    }
    stack.drain(&FEEDS);
    let same = |stack: &Turning, known: &Known, when: &str| {
        assert_eq!(stack.census(), known.census(), "{when}");
        assert_eq!(stack.costs(), known.costs(), "{when}");
    };
    same(&stack, &known, "before");

    // The key turns while messages flow. Of every second person nothing comes as long as both keys are there.
    for person in (0..PERSONS).step_by(4) {
        known.message(&mut stack, person, "A02", 6, Some(person % 3));
    }
    drop(first);
    let both = stack.processor(2, &[1]);
    for person in (0..PERSONS).step_by(2) {
        known.cost(&mut stack, person, 2);
    }
    let refused = stack.rotate(2, &[], &["--to", "v2", "--dry-run"]).expect_err("a key that is not there");
    assert!(refused.contains("the key v1"), "{refused}");
    let refused = stack.rotate(2, &[1], &["--to", "v3"]).expect_err("not the region's key");
    assert!(refused.contains("v3 is not the region's key"), "{refused}");
    let told = stack.rotate(2, &[1], &["--to", "v2"]).expect("told once more");
    for person in (0..PERSONS).step_by(2) {
        known.message(&mut stack, person, "A01", 7, Some(person % 5));
    }
    assert!(told.contains(&format!("of {PERSONS} identities")), "{told}");
    let deadline = Instant::now() + PATIENCE;
    while !stack.rotate(2, &[1], &["--to", "v2", "--dry-run"]).expect("counted").contains("are joined to v2") {
        assert!(Instant::now() < deadline, "not all are joined");
        thread::sleep(Duration::from_millis(500));
    }
    stack.drain(&FEEDS);
    same(&stack, &known, "during");

    // The first key is gone, and everybody comes once more: half of them for the first time since they were admitted.
    drop(both);
    let ends = ends(&stack);
    let second = stack.processor(2, &[]);
    for person in 0..PERSONS {
        known.cost(&mut stack, person, 3);
        match person % 3 {
            0 => known.message(&mut stack, person, "A03", 8, None),
            1 => known.message(&mut stack, person, "A01", 8, Some(person % 2)),
            _ => {}
        }
    }
    stack.drain(&FEEDS);
    same(&stack, &known, "after");

    let first = tokens();
    let later = since(&stack, &ends);
    assert!(later.iter().any(|value| contains(value, b"r14.v2.")));
    assert!(!later.iter().any(|value| first.iter().any(|token| contains(value, token.as_bytes()))), "of the first key");
    let links = stack.query("select count(*) from events where trigger = 'REKEYED'");
    assert_eq!(links[0][0], PERSONS.to_string(), "a link for each, however often it was told");
    let twice = "select count(*) from (select from events where trigger is distinct from 'REKEYED'
                 group by subject, origin_topic, origin_partition, origin_offset having count(*) > 1) as twice";
    assert_eq!(stack.query(twice)[0][0], "0");
    assert_eq!(stack.query("select count(*) from delivery.rejected")[0][0], "0");
    drop((second, store));
}
