//! Sealed source records on a real Kafka: what opens comes out, what does not is parked with its reason, and nothing is used plain
//! by mistake.

use std::sync::Arc;

use schemas::{Decoder, Encoder, Format, Kind, Parked, Seal, SourceRecord, Subject, Timestamp, registry};
use sealing::{Keys, Sealer};

use crate::service::{Service, Stage, admission, read, wait_for, write};
use crate::support;

const OLD: &str = "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const NEW: &str = "20112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const KEYS: [(&str, &str); 2] = [("SEALING_OLD", OLD), ("SEALING_NEW", NEW)];

fn line(more: &str) -> String {
    format!(
        "sealing = {{ keys = [{{ id = \"s2\", key = {{ env = \"SEALING_NEW\" }} }}, {{ id = \"s1\", key = {{ env = \"SEALING_OLD\" }} }}]{more} }}\n"
    )
}

impl Stage {
    /// The stage with one line more about its region.
    fn with(self, line: &str) -> Self {
        let text = std::fs::read_to_string(self.config()).expect("the configuration");
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("sealing = ")).collect();
        std::fs::write(self.config(), format!("{}\n{line}", kept.join("\n"))).expect("written");
        self
    }

    /// A record of this number, sealed with this key for its partition, and changed then.
    fn sealed(&self, id: &str, key: &str, number: usize, change: impl FnOnce(&mut SourceRecord<'_>)) -> Vec<u8> {
        let keys = Keys::one(self.region.code(), id, key).expect("a key");
        let mut sealer = Sealer::new(Arc::new(keys), topics::name::source(self.region, "adt"));
        let payload = admission(10 * number);
        let mut plain = support::source(Format::Hl7v2, payload.as_bytes());
        plain.region = self.region.code();
        let mut record = sealer.seal(&plain, number as i32 % 2, Timestamp(0)).expect("sealed");
        change(&mut record);
        encoded(&record)
    }

    fn plain(&self, number: usize) -> Vec<u8> {
        let payload = admission(10 * number);
        encoded(&SourceRecord { region: self.region.code(), ..support::source(Format::Hl7v2, payload.as_bytes()) })
    }

    /// How many admissions came out, and by which rule each of the others was parked.
    fn became(&self) -> (usize, Vec<String>) {
        let events = read(&topics::name::common(self.region, Subject::Encounter)).len();
        let decoder = Decoder::development();
        let mut rules = Vec::new();
        for seen in read(&topics::name::parked(self.region)).values() {
            let parked: Parked<'_> = decoder.decode(&seen.payload).expect("a parked record");
            assert_eq!((parked.source_system, parked.feed), ("", "adt"), "nothing of the record is believed");
            // Records stand in the two partitions in turn.
            rules.push(format!("{}: {}", 2 * parked.origin.offset + i64::from(parked.origin.partition), parked.rule));
        }
        rules.sort();
        (events, rules)
    }

    fn wait_until_settled(&self, count: u64) {
        wait_for("all records", || (self.metric("vardstrom_processor_records_total") == Some(count)).then_some(()));
    }
}

fn encoded(record: &SourceRecord<'_>) -> Vec<u8> {
    let mut encoder = Encoder::new(Kind::SourceRecord, registry::development_id_current(Kind::SourceRecord));
    let mut bytes = Vec::new();
    encoder.encode(record, &mut bytes).expect("encoded");
    bytes
}

/// The record as a connector of before wrote it: without a field for a seal.
fn of_version_1(mut bytes: Vec<u8>) -> Vec<u8> {
    assert_eq!(bytes.pop(), Some(0), "the last field is null");
    bytes[1..5].copy_from_slice(&registry::development_id(Kind::SourceRecord, 1).to_be_bytes());
    bytes
}

#[test]
fn what_opens_comes_out_and_what_does_not_is_parked_with_its_reason() {
    let stage = Stage::set("19").with(&line(""));
    let records = [
        stage.sealed("s2", NEW, 0, |_| {}),
        stage.sealed("s1", OLD, 1, |_| {}),
        stage.sealed("s9", NEW, 2, |_| {}),
        stage.sealed("s1", NEW, 3, |_| {}),
        stage.sealed("s2", NEW, 4, |record| record.received_at.0 += 1),
        // Of partition 1, written to partition 0; the other way round; and of another count.
        stage.sealed("s2", NEW, 7, |_| {}),
        stage.sealed("s2", NEW, 8, |_| {}),
        stage.sealed("s2", NEW, 7, |record| {
            record.seal = record.seal.map(|seal| Seal { counter: 1, ..seal });
        }),
        stage.plain(8),
        of_version_1(stage.plain(9)),
    ];
    // The sixth and the seventh change places.
    let order = [0, 1, 2, 3, 4, 6, 5, 7, 8, 9];
    write(&topics::name::source(stage.region, "adt"), &order.map(|at| records[at].clone()));
    let service = Service::start_with(&stage.config(), &KEYS);
    stage.wait_until_settled(10);
    let expected = [
        "2: seal-key-unknown",
        "3: seal-key-wrong",
        "4: seal-broken",
        "5: seal-broken",
        "6: seal-broken",
        "7: seal-broken",
        "8: seal-missing",
        "9: seal-missing",
    ];
    assert_eq!(stage.became(), (2, expected.map(str::to_owned).to_vec()));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn after_the_upgrade_what_was_plain_is_read_until_sealing_is_required() {
    let stage = Stage::set("20").with(&line(", required = false"));
    let adt = topics::name::source(stage.region, "adt");
    let records = [
        of_version_1(stage.plain(0)),
        of_version_1(stage.plain(1)),
        stage.plain(2),
        stage.sealed("s1", OLD, 3, |_| {}),
        stage.sealed("s2", OLD, 4, |_| {}),
    ];
    write(&adt, &records);
    let service = Service::start_with(&stage.config(), &KEYS);
    stage.wait_until_settled(5);
    // A sealed record that does not open is never taken for a plain one.
    assert_eq!(stage.became(), (4, vec!["4: seal-key-wrong".to_owned()]));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn while_the_key_is_away_the_processor_waits_and_nothing_is_lost() {
    let token = "sealing = { keys = [{ id = \"s1\", token = { module = \"/nowhere/module.so\", name = \"region\", label = \"s1\", pin = { env = \"SEALING_OLD\" } } }] }\n";
    let stage = Stage::set("21").with(token);
    let records: Vec<_> = (0..6).map(|number| stage.sealed("s1", OLD, number, |_| {})).collect();
    write(&topics::name::source(stage.region, "adt"), &records);
    let service = Service::start_with(&stage.config(), &KEYS);
    wait_for("the processor to say what it waits for", || {
        stage.get("/readyz").filter(|text| text.contains("seal-key-away: the sealing key s1 is in a token"))
    });
    assert_eq!(stage.metric("vardstrom_processor_records_total"), Some(0));
    assert_eq!(service.stop(), Some(0));
    let stage = stage.with(&line(""));
    let service = Service::start_with(&stage.config(), &KEYS);
    stage.wait_until_settled(6);
    assert_eq!(stage.became(), (6, Vec::new()));
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn check_says_whether_the_keys_open() {
    let check = |stage: &Stage| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_processor"));
        command.args(["check", "--config"]).arg(stage.config()).env("KEY", OLD).envs(KEYS);
        let output = command.output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let stage = Stage::set("22").with(&line(""));
    let (code, said) = check(&stage);
    let lines: Vec<&str> = said.lines().collect();
    assert!(code == Some(0) && lines.len() == 2, "{said}");
    assert!(lines[0].starts_with("region 22: sealing key s2 (fingerprint ") && lines[0].ends_with("seals and opens"));
    assert!(
        lines[1].starts_with("region 22: sealing key s1 (fingerprint ") && lines[1].ends_with("): opens"),
        "{said}"
    );
    let (code, said) = check(&stage.with(&line(", required = false")));
    assert!(code == Some(0) && said.contains("region 22: plain source records are read"), "{said}");
}
