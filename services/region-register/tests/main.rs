//! A region's own deliveries: from its rows in a real Kafka to a sealed parcel, by the real program.

mod blind;
mod oracle;
mod subject;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use age::secrecy::ExposeSecret as _;
use identity::test_identity;
use local_stack::Kafka;
use processor::pipeline::{Outcome, Pipeline, Settings, Sink};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use schemas::{Encoder, Format, Kind, Origin, Parked, SourceRecord, Timestamp, registry};
use sealing::{Keys, Sealer};
use topics::Region;

static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start().expect("Kafka starts"));

const HEADER: &str = "vardkontakt_id;personnummer;KON;FODELSEAR;INDATUM;INTID;UTDATUM;UTTID;SJUKHUS;MVO;INSATT;UTSATT;PVARD;\
                      HDIA;DIA1;DIA2;EKOD1;OP;OPD1;OPD2;LM;SIDA;RAPPORTTID";
const V1: &str = "parcels/par_14_2026-03_v1";
const V2: &str = "parcels/par_14_2026-03_v2";

/// A row of the region's table, in what tests vary.
struct Row<'a> {
    contact: &'a str,
    number: &'a str,
    admitted: &'a str,
    out: &'a str,
    main: &'a str,
    reported: &'a str,
}

impl Row<'_> {
    fn text(&self) -> String {
        let Row { contact, number, admitted, out, main, reported } = self;
        format!(
            "{contact};{number};2;1941;{admitted};08:15;{out};;51001;311;3;2;2;{main};I10.9;E11.9;W01.09;NFJ59 DT016;2026-01-04;\
             2026-01-05;J01CF02:DT016;V;{reported}"
        )
    }
}

/// A region with its topic, a registry, and a folder in which the program is called.
struct Desk {
    region: Region,
    folder: tempfile::TempDir,
    identity: age::x25519::Identity,
    /// With which key records are sealed.
    sealing: Option<&'static str>,
    _registry: registry::Server,
}

const SEALING_KEY: &str = "30112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

impl Desk {
    fn new(code: &str) -> Self {
        let region: Region = code.parse().unwrap();
        let options =
            topics::Options { partitions: Some(2), replication_factor: Some(1), ..topics::Options::default() };
        topics::apply(KAFKA.bootstrap(), &[region], &options).unwrap();
        let registry = registry::server::spawn("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let identity = age::x25519::Identity::generate();
        let config = format!(
            "seed = {{ env = \"SEED\" }}\n[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n\
             [region]\ncode = \"{code}\"\nkey = {{ env = \"KEY\" }}\nkey_id = \"v1\"\npackages = [\"par\"]\n\
             [delivery]\nfilkod = \"{code}\"\nrecipient = \"socialstyrelsen\"\nage_key = \"{}\"\nlegal_ground = \"test\"\n",
            KAFKA.bootstrap(),
            registry.url(),
            identity.to_public(),
        );
        fs::write(folder.path().join("region-register.toml"), config).unwrap();
        fs::write(folder.path().join("identity.txt"), identity.to_string().expose_secret()).unwrap();
        Self { region, folder, identity, sealing: None, _registry: registry }
    }

    /// Puts rows of a file into the region's topic; all statements of a contact stand in one partition, as the connector has it.
    fn send(&self, rows: &[Row<'_>]) {
        let record = |row: &Row<'_>| {
            let partition = i32::from(row.contact.as_bytes()[0] % 2);
            (partition, Format::Delimited, format!("{HEADER}\n{}", row.text()))
        };
        self.put(&rows.iter().map(record).collect::<Vec<_>>());
    }

    /// Says in the configuration with what records are opened.
    fn opens(&self, sealing: &str) {
        let path = self.path("region-register.toml");
        let text = fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("sealing = ")).collect();
        let region =
            format!("[region]\nsealing = {{ keys = [{{ id = \"{sealing}\", key = {{ env = \"SEALING\" }} }}] }}");
        fs::write(path, kept.join("\n").replacen("[region]", &region, 1)).unwrap();
    }

    /// Puts records into partitions of the region's topic.
    fn put(&self, records: &[(i32, Format, String)]) {
        let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", KAFKA.bootstrap()).create().unwrap();
        let topic = topics::name::source(self.region, "par");
        let mut encoder = Encoder::new(Kind::SourceRecord, registry::development_id_current(Kind::SourceRecord));
        let mut sealer = self.sealing.map(|id| {
            let keys = Keys::one(self.region.code(), id, SEALING_KEY).unwrap();
            Sealer::new(Arc::new(keys), topic.clone())
        });
        for (partition, format, payload) in records {
            let mut bytes = Vec::new();
            let record = SourceRecord {
                region: self.region.code(),
                source_system: "SE2321000131-TEST",
                feed: "par",
                format: *format,
                message_id: "par@test",
                received_at: Timestamp(1_775_000_000_000_000),
                recorded_at: None,
                source_position: "test.csv:2",
                payload: payload.as_bytes(),
                seal: None,
            };
            let record = match &mut sealer {
                Some(sealer) => sealer.seal(&record, *partition, record.received_at).unwrap(),
                None => record,
            };
            encoder.encode(&record, &mut bytes).unwrap();
            producer
                .send(BaseRecord::<(), _>::to(&topic).partition(*partition).payload(&bytes))
                .map_err(|(e, _)| e)
                .unwrap();
        }
        producer.flush(Duration::from_secs(60)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_region-register"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("SEED", "07".repeat(32)).env("KEY", "0123456789abcdef".repeat(4));
        command.env("SEALING", SEALING_KEY);
        command
    }

    fn run(&self) -> Output {
        self.command(&RUN).output().unwrap()
    }

    fn done(&self) -> String {
        let output = self.run();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A file of a parcel, as its recipient reads it.
    fn open(&self, parcel: &str, file: &str) -> String {
        let sealed = fs::read(self.path(parcel).join(format!("{file}.age"))).unwrap();
        let mut text = String::new();
        let decryptor = age::Decryptor::new(sealed.as_slice()).unwrap();
        let keys = std::iter::once(&self.identity as &dyn age::Identity);
        decryptor.decrypt(keys).unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

/// What of a message the region's topics hold.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    /// Its events: the region's processor does not keep for good yet what they say of protection.
    Events,
    /// What it says of protection: the retention of its events has passed.
    Protection,
}

/// Keeps what the processor makes of a message, encoded, with its topic and key.
struct Made {
    held: Held,
    records: Vec<(String, String, Vec<u8>)>,
}

impl Made {
    fn keep<R: schemas::Record>(&mut self, topic: String, key: &str, record: &R) {
        let mut bytes = Vec::new();
        Encoder::new(R::KIND, registry::development_id_current(R::KIND)).encode(record, &mut bytes).unwrap();
        self.records.push((topic, key.to_owned(), bytes));
    }
}

impl Sink for Made {
    fn event<'e, E: schemas::Common<'e>>(&mut self, event: &E) {
        if self.held == Held::Events {
            let topic = schemas::topic::common(event.envelope().region, E::SUBJECT);
            self.keep(topic, event.key().unwrap_or_default(), event);
        }
    }

    fn protection(&mut self, said: &schemas::Protection<'_>) {
        if self.held == Held::Protection {
            self.keep(schemas::topic::protected(said.region), &said.key(), said);
        }
    }

    fn parked(&mut self, record: &Parked<'_>) {
        panic!("parked: {}", record.rule);
    }
}

impl Desk {
    /// What the region's processor makes of a message of one person with these numbers; `rest` stands after its PID.
    fn message(&self, held: Held, trigger: &str, numbers: &[&str], rest: &str) {
        let code = self.region.code();
        let key = identity::Key::from_hex(&"0123456789abcdef".repeat(4)).unwrap();
        let (key_id, directory) = ("v1".to_owned(), Default::default());
        let settings =
            Settings { region: code.to_owned(), key, key_id, directory, programs: Vec::new(), interim: false };
        let identifiers = numbers.iter().map(|number| pnr(number)).collect::<Vec<_>>().join("~");
        let message = format!(
            "MSH|^~\\&|TEST|SU|VARDSTROM|R|20260301080000||ADT^{trigger}|M1|P|2.5.1\rEVN|{trigger}|20260301080000\r\
             PID|1||{identifiers}\r{rest}"
        );
        let source = SourceRecord {
            region: code,
            source_system: "SE2321000131-ADT",
            feed: "adt",
            format: Format::Hl7v2,
            message_id: "M1",
            received_at: Timestamp(1_775_000_000_000_000),
            recorded_at: None,
            source_position: "test",
            payload: message.as_bytes(),
            seal: None,
        };
        let mut made = Made { held, records: Vec::new() };
        let origin = Origin { topic: "region.test", partition: 0, offset: 0, ordinal: 0 };
        let outcome = Pipeline::new(settings).unwrap().process(&source, origin, &mut made);
        assert!(matches!(outcome, Outcome::Mapped(_)), "{outcome:?}");
        let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", KAFKA.bootstrap()).create().unwrap();
        assert!(!made.records.is_empty());
        for (topic, key, bytes) in &made.records {
            let record = BaseRecord::to(topic).partition(1).key(key).payload(bytes);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(Duration::from_secs(60)).unwrap();
    }

    /// Takes back by hand what is kept under a key.
    fn take_back(&self, key: &str) {
        let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", KAFKA.bootstrap()).create().unwrap();
        let topic = topics::name::protected(self.region);
        producer.send(BaseRecord::<_, [u8]>::to(&topic).partition(0).key(key)).map_err(|(error, _)| error).unwrap();
        producer.flush(Duration::from_secs(60)).unwrap();
    }

    /// The contacts of a parcel, each with its municipality.
    fn patients(&self, parcel: &str) -> Vec<String> {
        let code = self.region.code();
        let text = self.open(&parcel.replace("_14_", &format!("_{code}_")), &format!("{code}_patient.txt"));
        text.lines().map(|line| line.split(';').skip(1).step_by(4).collect::<Vec<_>>().join(" ")).collect()
    }
}

fn pnr(number: &str) -> String {
    format!("{number}^^^&1.2.752.129.2.1.3.1&ISO^PNR")
}

/// A row of the region's table with a mark, or none.
fn marked(contact: &str, number: &str, mark: &str) -> (i32, Format, String) {
    let payload = format!(
        "vardkontakt_id;personnummer;SKYDDAD;LKF;INDATUM;UTDATUM;SJUKHUS;HDIA\n\
         {contact};{number};{mark};0980;2026-01-03;2026-02-01;51001;S72.00"
    );
    (0, Format::Delimited, payload)
}

/// Personal numbers, which the register takes.
fn persons(count: usize) -> Vec<test_identity::TestIdentity> {
    let is_personal = |number: &test_identity::TestIdentity| number.kind() == identity::Kind::Personnummer;
    (30..).map(test_identity::number).filter(is_personal).take(count).collect()
}

const PROTECTED: &str = "PD1||||||||||||Y\r";

fn visit(number: &str) -> String {
    format!("PV1|1|I|AVD1^4^1||||||||||||||||{number}\r")
}

const RUN: [&str; 5] = ["par", "--period", "2026-03", "--out", "parcels"];

/// Every file under a folder.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

fn row<'a>(contact: &'a str, number: &'a str, out: &'a str) -> Row<'a> {
    Row { contact, number, admitted: "2026-01-03", out, main: "S72.00", reported: "2026-03-01T08:00:00" }
}

#[test]
fn rows_become_the_files_that_the_register_wants_and_nobody_else_can_read() {
    let desk = Desk::new("14");
    let numbers: Vec<_> = (0..6).map(test_identity::number).collect();
    let (first, short) = (numbers[0].as_str(), numbers[1].hyphenated());
    desk.send(&[
        row("A", first, "2026-01-31"),
        row("B", &short, "2026-03-31"),
        row("C", numbers[2].as_str(), "2025-12-31"),
        // Discharged after the months, still admitted when they ended; and never discharged.
        row("D", numbers[3].as_str(), "2026-04-01"),
        Row { admitted: "2025-11-30", ..row("F", numbers[4].as_str(), "") },
        Row { admitted: "2026-04-01", ..row("G", numbers[5].as_str(), "") },
        row("E", "LOKAL-77", "2026-02-01"),
        Row { main: "S72.10", reported: "2026-03-02T08:00:00", ..row("A", first, "2026-02-02") },
        // An older statement that comes late changes nothing.
        Row { main: "S72.20", reported: "2026-02-01T08:00:00", ..row("A", first, "2026-02-03") },
    ]);
    let said = desk.done();
    assert!(said.starts_with("made parcels/par_14_2026-03_v1\n  14_patient.txt.age: 4 rows\n"), "{said}");
    let second = numbers[1].as_str();
    let patient = |contact: &str, number: &str| format!("14;{contact};{number};2;1941;\r\n");
    let (third, fourth) = (numbers[3].as_str(), numbers[4].as_str());
    let patients = [patient("D", third), patient("F", fourth), patient("A", first), patient("B", second)];
    assert_eq!(desk.open(V1, "14_patient.txt"), patients.concat());
    let stays = desk.open(V1, "14_vardtillfalle.txt");
    let expected = [
        format!("14;D;{third};51001;;311;20260103;0815;;;3;;2;S7200;;"),
        format!("14;F;{fourth};51001;;311;20251130;0815;;;3;;2;S7200;;"),
        format!("14;A;{first};51001;;311;20260103;0815;20260202;;3;2;2;S7210;;"),
    ];
    assert_eq!(stays.lines().take(3).collect::<Vec<_>>(), expected);
    let quality = fs::read_to_string(desk.path(V1).join("quality.csv")).unwrap();
    assert!(quality.contains("contacts not discharged on the last day;2"), "{quality}");
    let column = |file: &str, at: usize| {
        let text = desk.open(V1, file);
        text.lines()
            .filter(|line| line.contains(";A;"))
            .map(|line| line.split(';').nth(at).unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(column("14_diagnos.txt", 5), "S7210 W0109 I109 E119");
    assert_eq!(column("14_atgard.txt", 5), "NFJ59 DT016 J01CF02");
    assert_eq!(column("14_atgard.txt", 6), "20260104 20260105 ");
    assert_eq!(column("14_lakemedel.txt", 4), "J01CF02");
    assert_eq!(desk.open(V1, "14_tvangsvard.txt"), "");

    // Again: nothing changes. Then a correction: a version, and the ledger has both.
    assert!(desk.done().starts_with("unchanged "));
    desk.send(&[Row { main: "S72.20", reported: "2026-03-05T08:00:00", ..row("B", &short, "2026-03-30") }]);
    assert!(desk.done().starts_with("made parcels/par_14_2026-03_v2"));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(desk.path(V2).join("manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["replaces"], &manifest["definition"]), (&serde_json::json!(1), &serde_json::json!("2.1")));
    let ledger = fs::read_to_string(desk.path("parcels/disclosures.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 2);

    // What lies on the disk names nobody.
    let files = everything(&desk.path("parcels"));
    assert!(files.len() > 16);
    for (path, bytes) in files {
        for number in &numbers {
            for form in [number.as_str(), number.ten_digits(), number.hyphenated().as_str()] {
                let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "a number is in {}", path.display());
            }
        }
    }
}

#[test]
fn nobody_whom_any_feed_calls_protected_is_in_a_delivery_without_a_ground() {
    let desk = Desk::new("09");
    let numbers = persons(4);
    let row = |contact: &str, at: usize, mark: &str| marked(contact, numbers[at].as_str(), mark);
    // One row marks its person, the message another under a further number of the same person; one is nobody's secret.
    desk.put(&[row("A", 0, "N"), row("B", 0, "J"), row("C", 1, ""), row("D", 2, "N"), row("E", 3, "N")]);
    desk.message(Held::Events, "A31", &[numbers[2].as_str(), numbers[1].as_str()], PROTECTED);
    let output = desk.run();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && log.contains("4 contacts of persons with protected identity are left out"),
        "{log}"
    );
    assert_eq!(desk.patients(V1), ["E 0980"]);
    let quality = fs::read_to_string(desk.path(&V1.replace("_14_", "_09_")).join("quality.csv")).unwrap();
    assert!(quality.contains("protected-withheld, the ground does not name protected persons;4"), "{quality}");
    let path = desk.path("region-register.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + "covers_protected = true\n").unwrap();
    desk.done();
    assert_eq!(desk.patients(V2), ["A ", "B ", "C ", "D ", "E 0980"]);
}

/// Nothing of it is in the common topics any more; or the rows came first, or the link did, long ago.
#[test]
fn a_mark_holds_after_its_events_are_gone() {
    let desk = Desk::new("03");
    let numbers = persons(7);
    let at = |at: usize| numbers[at].as_str();
    let contacts = ["A", "B", "C", "D", "E", "F"];
    desk.put(&contacts.iter().enumerate().map(|(row, contact)| marked(contact, at(row), "N")).collect::<Vec<_>>());
    // A is marked. B was merged into somebody who is marked under another number, by another message.
    desk.message(Held::Protection, "A31", &[at(0)], PROTECTED);
    desk.message(Held::Protection, "A40", &[at(6)], &format!("MRG|{}\r", pnr(at(1))));
    desk.message(Held::Protection, "A31", &[at(6)], PROTECTED);
    // C's visit is marked while nobody knew whose it was; D's is another of that system.
    desk.message(Held::Protection, "A01", &[], &format!("{PROTECTED}{}", visit("V1")));
    desk.message(Held::Events, "A01", &[at(2)], &visit("V1"));
    desk.message(Held::Events, "A01", &[at(3)], &visit("V2"));
    // Of E only a visit is told and no mark; somebody took back a mark that nobody has made.
    desk.message(Held::Events, "A01", &[at(4)], &visit("V3"));
    desk.take_back("s:r03.v1.nobody");
    desk.done();
    assert_eq!(desk.patients(V1), ["D 0980", "E 0980", "F 0980"]);
    // Late: the row was delivered before.
    desk.message(Held::Protection, "A31", &[at(5)], PROTECTED);
    desk.done();
    assert_eq!(desk.patients(V2), ["D 0980", "E 0980"]);
}

/// TRUNCATE of a followed table, told in one partition before the other.
#[test]
fn what_a_table_said_before_it_was_emptied_is_not_delivered() {
    let desk = Desk::new("10");
    let numbers: Vec<_> = (20..24).map(test_identity::number).collect();
    let source = |at: i64| serde_json::json!({"db": "lis", "schema": "public", "table": "par", "ts_ms": at});
    let created = |partition, contact: &str, number: &str, at| {
        let text = row(contact, number, "2026-02-01").text();
        let after: serde_json::Map<_, _> =
            HEADER.split(';').map(str::to_owned).zip(text.split(';').map(Into::into)).collect();
        let envelope = serde_json::json!({"before": null, "after": after, "source": source(at), "op": "c"});
        (partition, Format::Debezium, envelope.to_string())
    };
    let emptied = |partition, at| {
        let envelope = serde_json::json!({"before": null, "after": null, "source": source(at), "op": "t"});
        (partition, Format::Debezium, envelope.to_string())
    };
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| numbers[at].as_str());
    desk.put(&[
        created(1, "A", a, 1),
        created(0, "B", b, 1),
        created(1, "C", c, 1),
        emptied(1, 2),
        created(1, "C", c, 3),
    ]);
    desk.send(&[row("D", d, "2026-02-01")]);
    desk.done();
    let patients = |parcel: &str| desk.open(&parcel.replace("_14_", "_10_"), "10_patient.txt");
    let line = |contact: &str, number: &str| format!("10;{contact};{number};2;1941;\r\n");
    assert_eq!(patients(V1), [line("B", b), line("C", c), line("D", d)].concat());
    desk.put(&[emptied(0, 2)]);
    desk.done();
    assert_eq!(patients(V2), [line("C", c), line("D", d)].concat());
}

/// Its row is changed: the same record takes back what was said of January, and says it of February.
#[test]
fn a_contact_that_ends_in_another_month_than_it_was_told_of_is_delivered() {
    let desk = Desk::new("18");
    let number = test_identity::number(40);
    let cells = |out: &str| -> serde_json::Map<String, serde_json::Value> {
        let text = row("A", number.as_str(), out).text();
        HEADER.split(';').map(str::to_owned).zip(text.split(';').map(Into::into)).collect()
    };
    let change = |before: serde_json::Value, out: &str, op: &str| {
        let source =
            serde_json::json!({"version": "vardstrom-1", "db": "lis", "schema": "public", "table": "par", "ts_ms": 1});
        let envelope = serde_json::json!({"before": before, "after": cells(out), "source": source, "op": op});
        (1, Format::Debezium, envelope.to_string())
    };
    desk.put(&[change(serde_json::Value::Null, "", "c"), change(cells("").into(), "2026-02-01", "u")]);
    desk.done();
    let patients = desk.open(&V1.replace("_14_", "_18_"), "18_patient.txt");
    assert_eq!(patients, format!("18;A;{};2;1941;\r\n", number.as_str()));
}

#[test]
fn killed_at_any_step_it_comes_to_the_same_parcel() {
    let desk = Desk::new("13");
    desk.send(&[row("A", test_identity::number(7).as_str(), "2026-02-01")]);
    let v1 = V1.replace("_14_", "_13_");
    let mut calm = None;
    for point in ["", "folder-begun", "files-written", "manifest-written", "renamed"] {
        if !point.is_empty() {
            let mut command = desk.command(&RUN);
            let mut child = command.env(runtime::failpoint::STOP, point).stderr(Stdio::piped()).spawn().unwrap();
            let errors = BufReader::new(child.stderr.take().unwrap());
            assert!(errors.lines().map_while(Result::ok).any(|line| line.contains(&format!("stopped at {point}"))));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        desk.done();
        let names: Vec<_> =
            fs::read_dir(desk.path("parcels")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{point}: {names:?}");
        let manifest = fs::read(desk.path(&v1).join("manifest.json")).unwrap();
        assert_eq!(*calm.get_or_insert(manifest.clone()), manifest, "{point}");
        assert_eq!(fs::read_to_string(desk.path("parcels/disclosures.jsonl")).unwrap().lines().count(), 1, "{point}");
        fs::remove_dir_all(desk.path("parcels")).unwrap();
    }
}

#[test]
fn sealed_rows_are_delivered_and_without_their_key_nothing_is() {
    let mut desk = Desk::new("17");
    let numbers: Vec<_> = (30..32).map(test_identity::number).collect();
    desk.sealing = Some("s1");
    desk.send(&[row("A", numbers[0].as_str(), "2026-02-01")]);
    let refused = |expected: &str| {
        let output = desk.run();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && text.contains(expected), "{text}");
        assert!(!desk.path("parcels").exists());
    };
    refused("sealed with the key s1: seal-key-unknown; add the key");
    desk.opens("s2");
    refused("sealed with the key s1: seal-key-unknown; add the key");
    desk.opens("s1");
    let checked = desk.command(&["check"]).output().unwrap();
    let text = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && text.contains("region 17: sealing key s1 (fingerprint "), "{text}");
    desk.done();
    let line = |contact: &str, number: &str| format!("17;{contact};{number};2;1941;\r\n");
    let patients = |parcel: &str| desk.open(&parcel.replace("_14_", "_17_"), "17_patient.txt");
    assert_eq!(patients(V1), line("A", numbers[0].as_str()));
    // A plain row is none of the connector's, and counts as what the processor parks.
    let plain = Desk { sealing: None, ..desk };
    plain.send(&[row("B", numbers[1].as_str(), "2026-02-01")]);
    plain.done();
    let manifest = fs::read_to_string(plain.path(&V2.replace("_14_", "_17_")).join("manifest.json")).unwrap();
    assert!(manifest.contains("records not opened"), "{manifest}");
}

#[test]
fn nothing_is_made_that_the_access_log_does_not_have() {
    let desk = Desk::new("21");
    desk.send(&[row("A", test_identity::number(9).as_str(), "2026-02-01")]);
    let path = desk.path("region-register.toml");
    let config = fs::read_to_string(&path).unwrap();
    let folder = desk.path("access");
    // Of the same seed as the parcels, which a test may.
    let table = format!("[access_log]\nfolder = {folder:?}\nkey = {{ env = \"SEED\" }}\n");
    fs::write(&path, format!("{config}{table}")).unwrap();
    let output = desk.run();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && text.contains("nothing is made that the access log does not have"),
        "{text}"
    );
    assert!(!desk.path("parcels").exists());
    fs::create_dir(&folder).unwrap();
    assert!(desk.done().starts_with("made "));
    assert!(desk.done().starts_with("unchanged "));
    let region = access_log::Region::new("21").unwrap();
    let place = folder.join("par");
    let public = access_log::Key::parse(&"07".repeat(32)).unwrap().public();
    let keys = access_log::Keys { log: vec![public], witnesses: Vec::new() };
    let report = access_log::verify(place.join("21").as_path(), region, &keys, &[]).unwrap();
    assert_eq!((report.wrong, report.signed), (None, 1));
    let mut parcels = Vec::new();
    access_log::show(&place, &access_log::Filter::default(), |line| -> Result<(), access_log::Error> {
        parcels.push((line.resource.clone(), line.recipient.clone(), line.ground.clone()));
        Ok(())
    })
    .unwrap();
    let expected = ("parcel par_21_2026-03_v1".to_owned(), Some("socialstyrelsen".to_owned()), "test".to_owned());
    assert_eq!(parcels, [expected]);
    let number = test_identity::number(9);
    for (path, bytes) in everything(&folder) {
        for form in [number.as_str(), number.ten_digits(), number.hyphenated().as_str()] {
            assert!(!bytes.windows(form.len()).any(|window| window == form.as_bytes()), "{}", path.display());
        }
    }
    // Without the table everything is as before, and one line says so.
    fs::write(&path, config).unwrap();
    let output = desk.run();
    assert!(String::from_utf8_lossy(&output.stderr).contains("disclosures are not in an access log"));
}

#[test]
fn what_cannot_be_made_says_why() {
    let desk = Desk::new("12");
    let output = desk.run();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("no inpatient of 12 from 2026-01-01 to 2026-03-31 is in the topic"), "{text}");
    assert!(!desk.path("parcels").exists());
    let output = desk.command(&["par", "--period", "2026", "--out", "parcels"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("must be a month"));
    let output = desk.command(&["layout"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("{filkod}_patient.txt"));
    let output = desk.command(&["check"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("the layout is not verified"));
}

#[test]
fn check_refuses_what_a_run_could_not_do() {
    let desk = Desk::new("22");
    let path = desk.path("region-register.toml");
    let config = fs::read_to_string(&path).unwrap();
    let check = |from: &str, to: &str, code: i32, expected: &str| {
        assert!(config.contains(from), "{from}");
        fs::write(&path, config.replacen(from, to, 1)).unwrap();
        let output = desk.command(&["check"]).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.code() == Some(code) && text.contains(expected), "{to}: {text}");
    };
    check("[kafka]", "[kafka]", 0, "the configuration can be used");
    let encrypted = "[kafka]\nclient = { \"security.protocol\" = \"ssl\" }";
    check("[kafka]", encrypted, 2, "kafka.client.security.protocol: is said by tls");
    check("url = \"http", "url = \"https", 2, "registry.url: https needs the authority");
    check("env = \"KEY\"", "env = \"SURELY_NOT_SET\"", 2, "SURELY_NOT_SET is not set");
    check("env = \"SEED\"", "env = \"SURELY_NOT_SET\"", 2, "SURELY_NOT_SET is not set");
    // Loaded before there is a log, and told all the same.
    fs::write(desk.path("units.toml"), "[responsible_unit]\nfield = \"PV1-10\"\ncodes = { KAR = \"Nowhere\" }\n")
        .unwrap();
    let directory = "packages = [\"par\"]\nmapping = \"units.toml\"";
    check("packages = [\"par\"]", directory, 0, "units.toml:1: responsible_unit.codes");
    check("packages = [\"par\"]", "packages = [\"/nowhere.toml\"]", 2, "region.packages.0");
}
