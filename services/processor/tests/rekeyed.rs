//! A key of the region takes another's place: events are under the new pseudonyms, and each person is joined to the one before, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{Key, test_identity};
use processor::config::Config;
use processor::mapping::Program;
use processor::metrics::Metrics;
use processor::pipeline::{Pipeline, Settings};
use processor::worker::{OUTPUTS, Worker};
use runtime::fate::Fate;
use runtime::metrics::Registry;
use runtime::relay::{Outputs, Record, Step};
use schemas::{Decoder, Encoder, Encounter, Format, Kind, Protection, SourceRecord, registry};
use sealing::{Opener, Place, Sealer};

use crate::support;

fn key(number: u8) -> Key {
    Key::from_bytes(&std::array::from_fn(|at| at as u8 + number)).expect("a key")
}

/// A worker of the key `v<number>`, to which those of earlier numbers are joined.
fn worker(number: u8, earlier: &[u8]) -> Worker {
    worker_of(pipeline(number, earlier))
}

fn worker_of(pipeline: Pipeline) -> Worker {
    let metrics = Metrics::register(&Registry::new(), "test").expect("nothing is registered yet");
    Worker::offline(vec![("14".parse().expect("a lanskod"), pipeline)], metrics)
}

/// The same, which keeps identities.
fn keeping(number: u8, earlier: &[u8]) -> Worker {
    let sealer = Sealer::new(Arc::new(sealing_keys()), "region.14.identities".into());
    worker_of(pipeline(number, earlier).keeping_identities()).keeping(sealer)
}

fn sealing_keys() -> sealing::Keys {
    sealing::Keys::one("14", "s1", &"0f1e2d3c".repeat(8)).expect("a key")
}

fn pipeline(number: u8, earlier: &[u8]) -> Pipeline {
    let programs = ["waiting-times", "kpp", "par"].map(|name| Program::load(name.as_ref()).expect("a shipped one"));
    let settings = Settings {
        region: "14".into(),
        key: key(number),
        key_id: format!("v{number}"),
        directory: support::sample_directory(),
        programs: programs.into(),
        interim: false,
    };
    let earlier = earlier.iter().map(|number| (format!("v{number}"), key(*number))).collect();
    let pipeline = Pipeline::new(settings).expect("a pipeline").with_codes_of(&key(100));
    pipeline.with_earlier_keys(earlier).expect("earlier keys")
}

/// What a record became: kind, key, id and bytes of every output, in order.
type Made = Vec<(Kind, String, String, Vec<u8>)>;

fn made(worker: &mut Worker, record: &(&str, Format, String)) -> Made {
    step(worker, record).1
}

fn step(worker: &mut Worker, (feed, format, payload): &(&str, Format, String)) -> (Fate, Made) {
    let source = SourceRecord { feed, ..support::source(*format, payload.as_bytes()) };
    let mut bytes = Vec::new();
    let id = registry::development_id_current(Kind::SourceRecord);
    Encoder::new(Kind::SourceRecord, id).encode(&source, &mut bytes).expect("encoded");
    let topic = "region.14.source.adt";
    let record = Record { route: 0, topic, partition: 0, offset: 7, timestamp_ms: None, key: None, payload: &bytes };
    let mut made = Outputs::new();
    let fate = worker.step(&record, &mut made).expect("decided");
    let text = |text: Option<&[u8]>| String::from_utf8(text.unwrap_or_default().to_vec()).expect("text");
    let one = |made: runtime::relay::Output<'_>| {
        // Identities come behind all others.
        (
            OUTPUTS.get(made.output).copied().unwrap_or(Kind::SourceRecord),
            text(made.key),
            text(made.event_id),
            made.payload.to_vec(),
        )
    };
    (fate, made.iter().map(one).collect())
}

/// Of what a record became the links: the later pseudonym with the earlier one. And all else but what is said of protection.
fn parted(made: Made) -> (Vec<(String, String)>, Made) {
    let decoder = Decoder::development();
    let (mut links, mut rest) = (Vec::new(), Made::new());
    for output in made {
        let (kind, key, event_id, bytes) = &output;
        if *kind == Kind::Encounter
            && let event = decoder.decode::<Encounter<'_>>(bytes).expect("an Encounter")
            && event.trigger == Encounter::REKEYED
        {
            assert_eq!((event.envelope.subject_token, event.envelope.event_id), (Some(&**key), &**event_id));
            links.push((key.clone(), event.prior_subject_tokens[0].to_owned()));
        } else if *kind == Kind::Protection {
            let said: Protection<'_> = decoder.decode(bytes).expect("a Protection");
            assert!(said.protected_identity || !said.same_as.is_empty());
        } else {
            assert!(links.is_empty(), "links stand behind the events, whose places stay what they are");
            rest.push(output);
        }
    }
    (links, rest)
}

/// One record of each kind that names persons, with how many identifiers it names.
fn records() -> Vec<((&'static str, Format, String), usize)> {
    let [number, other] = [1, 2].map(test_identity::number);
    let pnr = |number: &test_identity::TestIdentity| format!("{}^^^&1.2.752.129.2.1.3.1&ISO^PNR", number.as_str());
    let message = |trigger: &str, pid: &str, rest: &str| {
        let text = format!(
            "MSH|^~\\&|A|B|C|D|20260106120000||ADT^{trigger}|1|P|2.5.1\rEVN|{trigger}|20260106110000\rPID|1||{pid}\r{rest}"
        );
        ("adt", Format::Hl7v2, text)
    };
    // A visit number that holds a personal number is known by a code.
    let pv1 = format!("PV1|1|I|MAVA^4^1||||||||||||||||{}\r", other.as_str());
    let patient = serde_json::json!({"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "Patient/p", "resource": {
        "resourceType": "Patient", "id": "p", "meta": {"lastUpdated": "2026-01-06T10:00:00Z"},
        "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number.as_str()}], "gender": "female",
    }}]});
    let row = format!(
        "kontakt_id;patient_id;ar;vardform;in_datum;ut_datum;totalkostnad;sjukhuskod;drg\n\
         K1;{};2026;S;2026-01-05;2026-01-15;1000;501010;H07N",
        number.hyphenated()
    );
    // Refused, for it names no visit; but it marks a person, which is told.
    let marked = "PD1||||||||||||Y\rPV1|1|I|MAVA^4^1\r";
    vec![
        (message("A01", &pnr(&number), &pv1), 1),
        (message("A01", &format!("{}~M-1^^^SU^MRN", pnr(&number)), &pv1), 2),
        (message("A40", &pnr(&number), &format!("MRG|{}~M-7^^^SU^MRN\r", pnr(&other))), 3),
        (message("A01", &pnr(&number), marked), 1),
        (("fhir", Format::Fhir, patient.to_string()), 1),
        (("kpp", Format::Delimited, row), 1),
    ]
}

#[test]
fn a_record_is_what_it_is_without_and_its_persons_are_joined_once() {
    for (record, named) in records() {
        let (before, now) = (made(&mut worker(1, &[]), &record), made(&mut worker(2, &[]), &record));
        let mut turning = worker(2, &[1]);
        let (links, rest) = parted(made(&mut turning, &record));
        assert_eq!(rest, parted(now.clone()).1, "{}: but for the links", record.0);
        assert_eq!(links.len(), named, "{}", record.0);
        for (later, earlier) in &links {
            assert!(later.starts_with("r14.v2.") && earlier.starts_with("r14.v1."), "{later} {earlier}");
        }
        // An event's person by the one key is joined to the same event's person by the other.
        let joined: BTreeMap<_, _> = links.iter().cloned().collect();
        for ((kind, was, id, _), (_, is, same, _)) in
            before.iter().zip(&now).filter(|((kind, ..), _)| kind.subject().is_some())
        {
            assert_eq!((joined.get(is), id), (Some(was), same), "{kind:?}");
        }
        // Once more it says nothing, and says the same again where that may not have arrived.
        assert!(parted(made(&mut turning, &record)).0.is_empty());
        turning.forget();
        let ids = |made: Made| made.into_iter().map(|(_, _, id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(made(&mut turning, &record)), ids(made(&mut worker(2, &[1]), &record)));
    }
}

/// What is kept of a record: by pseudonym, opened.
fn kept(made: Made) -> BTreeMap<String, String> {
    let (decoder, mut opener) = (Decoder::development(), Opener::new(sealing_keys(), true));
    let mut kept = BTreeMap::new();
    for (_, key, _, bytes) in made.iter().filter(|(kind, ..)| *kind == Kind::SourceRecord) {
        let record: SourceRecord<'_> = decoder.decode(bytes).expect("a SourceRecord");
        let place = Place { topic: "region.14.identities", partition: 0 };
        let Ok(opened) = opener.open(&record, place) else { panic!("it opens") };
        kept.insert(key.clone(), String::from_utf8(opened.payload.to_vec()).expect("text"));
        let number = test_identity::number(1);
        assert!(!bytes.windows(10).any(|window| window == number.ten_digits().as_bytes()), "it is sealed");
    }
    kept
}

#[test]
fn an_identity_is_kept_once_and_told_once_more_it_is_joined() {
    let (mut first, mut all) = (keeping(1, &[]), BTreeMap::new());
    for (record, named) in records() {
        first.forget();
        let made = made(&mut first, &record);
        assert_eq!(made.iter().filter(|(kind, ..)| *kind == Kind::SourceRecord).count(), named, "{}", record.0);
        all.extend(kept(made));
        assert_eq!(kept(self::made(&mut first, &record)).len(), 0, "once");
        // Without the setting nothing is kept.
        assert_eq!(kept(self::made(&mut worker(1, &[]), &record)).len(), 0);
    }
    assert_eq!(all.len(), 4, "two numbers of persons, and two of the hospital's");
    for (token, payload) in &all {
        let again = ("identities", Format::Delimited, payload.clone());
        let (fate, made) = step(&mut keeping(2, &[1]), &again);
        assert_eq!(fate, Fate::Mapped(1));
        let later: Vec<String> = kept(made.clone()).into_keys().collect();
        let (links, _) = parted(made.into_iter().filter(|(kind, ..)| *kind != Kind::SourceRecord).collect());
        assert_eq!(
            (links.len(), &links[0].1, &links[0].0),
            (1, token, &later[0]),
            "joined, and kept under the new one"
        );
        let told =
            |worker: &mut Worker, payload: &str| step(worker, &("identities", Format::Delimited, payload.to_owned())).0;
        assert_eq!(told(&mut keeping(1, &[]), payload), Fate::Ignored);
        assert_eq!(told(&mut keeping(3, &[2]), payload), Fate::Refused("identity-key-unknown"));
        let another = payload.replace("r14.v1.", "r14.v2.");
        assert_eq!(told(&mut keeping(2, &[1]), &another), Fate::Refused("identity-of-another-key"));
        assert_eq!(told(&mut keeping(2, &[1]), &payload[..payload.len() - 1]), Fate::Parked("identity-unreadable"));
    }
}

#[test]
fn every_earlier_key_is_joined_and_codes_stay() {
    let (admission, _) = records().swap_remove(0);
    let (links, _) = parted(made(&mut worker(3, &[2, 1]), &admission));
    let keys: Vec<_> = links.iter().map(|(_, earlier)| identity::key_id(earlier).expect("a key's id")).collect();
    assert_eq!(keys, ["v2", "v1"]);
    let visit = |number: u8| {
        let made = made(&mut worker(number, &[]), &admission);
        let event: Encounter<'_> = Decoder::development().decode(&made[0].3).expect("an Encounter");
        event.episode_id.expect("a visit").to_owned()
    };
    assert!(visit(1).starts_with("x.") && visit(1) == visit(2), "the visit is the same by the next key");
}

#[test]
fn keys_that_cannot_be_meant_are_refused() {
    let sample = include_str!("../config.sample.toml");
    let secret = |name: &str| format!("{{ file = \"{}\" }}", file(name));
    let read = |key_id: &str, rest: &str| {
        let keyed = sample.replace("key = { env = \"VARDSTROM_KEY_14\" }", &format!("key = {}", secret("aa55")));
        let text = keyed.replace("key_id = \"v1\"", &format!("key_id = \"{key_id}\"\n{rest}"));
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        runtime::config::load::<Config>(file.path()).map(drop).map_err(|error| runtime::exit::chain(&error))
    };
    let earlier = |ids: &[&str]| {
        let keys: Vec<String> = ids.iter().map(|id| format!("{{ id = \"{id}\", key = {} }}", secret("bb66"))).collect();
        format!("earlier_keys = [{}]\n", keys.join(", "))
    };
    let codes = format!("code_key = {}\n", secret("bb66"));
    assert_eq!(read("v2", &(earlier(&["v1"]) + &codes)), Ok(()));
    assert_eq!(read("v2", &codes), Ok(()));
    let sealing = format!("sealing = {{ keys = [{{ id = \"s1\", key = {} }}] }}\n", secret("cc77"));
    assert_eq!(read("v1", &(sealing + "keep_identities = true\n")), Ok(()));
    for (key_id, rest, expected) in [
        ("v2", earlier(&["v1"]), "code_key"),
        ("v2", earlier(&["v2"]) + &codes, "earlier version"),
        ("v2", earlier(&["v10"]) + &codes, "earlier version"),
        ("v3", earlier(&["v1", "v1"]) + &codes, "one of its own"),
        ("v2", earlier(&["one"]) + &codes, "such as v1"),
        ("v1", "keep_identities = true\n".to_owned(), "sealed or not at all"),
    ] {
        let error = read(key_id, &rest).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    }
}

/// A file with a key of these digits.
fn file(digits: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("key-{digits}"));
    std::fs::write(&path, format!("0{}", digits.repeat(16)).split_at(64).0).expect("written");
    path.display().to_string()
}
