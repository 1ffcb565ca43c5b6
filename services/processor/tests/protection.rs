//! What a region's feeds say of whose identity is protected comes out beside the events, once, and again where it may not have
//! arrived.

use std::collections::BTreeSet;

use identity::test_identity;
use processor::mapping::Program;
use processor::metrics::Metrics;
use processor::pipeline::{Pipeline, Settings};
use processor::worker::{OUTPUTS, Worker};
use runtime::fate::Fate;
use runtime::metrics::Registry;
use runtime::relay::{Outputs, Record, Step};
use schemas::{Decoder, Encoder, Format, Kind, Person, Protection, Sex, SourceRecord, Subject, registry};

use crate::support;

fn worker() -> Worker {
    let programs = ["waiting-times", "kpp", "par"].map(|name| Program::load(name.as_ref()).expect("a shipped one"));
    let settings = Settings {
        region: "14".into(),
        key: identity::Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key"),
        key_id: "v1".into(),
        directory: support::sample_directory(),
        programs: programs.into(),
        interim: false,
    };
    let pipeline = Pipeline::new(settings).expect("a pipeline");
    let metrics = Metrics::register(&Registry::new(), "test").expect("nothing is registered yet");
    Worker::offline(vec![("14".parse().expect("a lanskod"), pipeline)], metrics)
}

/// What a record became: kind, key and bytes of every output, in order.
fn outputs(worker: &mut Worker, feed: &str, format: Format, payload: &str) -> Vec<(Kind, String, Vec<u8>)> {
    outputs_in(worker, 0, feed, format, payload)
}

fn outputs_in(
    worker: &mut Worker,
    partition: i32,
    feed: &str,
    format: Format,
    payload: &str,
) -> Vec<(Kind, String, Vec<u8>)> {
    let (fate, outputs) = step(worker, partition, feed, format, payload);
    let events = outputs.iter().filter(|(kind, ..)| kind.subject().is_some()).count();
    assert_eq!(fate, Fate::Mapped(u32::try_from(events).expect("few")), "what is said of protection is no event");
    outputs
}

/// A record's fate, and what it became.
fn step(
    worker: &mut Worker,
    partition: i32,
    feed: &str,
    format: Format,
    payload: &str,
) -> (Fate, Vec<(Kind, String, Vec<u8>)>) {
    let source = SourceRecord { feed, ..support::source(format, payload.as_bytes()) };
    let mut bytes = Vec::new();
    let id = registry::development_id_current(Kind::SourceRecord);
    Encoder::new(Kind::SourceRecord, id).encode(&source, &mut bytes).expect("encoded");
    let topic = "region.14.source.adt";
    let record = Record { route: 0, topic, partition, offset: 7, timestamp_ms: None, key: None, payload: &bytes };
    let mut made = Outputs::new();
    let fate = worker.step(&record, &mut made).expect("decided");
    let text = |key: Option<&[u8]>| String::from_utf8(key.unwrap_or_default().to_vec()).expect("text");
    (fate, made.iter().map(|made| (OUTPUTS[made.output], text(made.key), made.payload.to_vec())).collect())
}

/// Expects these subjects' events of a record, and what it says of protection: subject, number of pseudonyms, visit.
fn check(
    worker: &mut Worker,
    (feed, format, payload): (&str, Format, &str),
    events: &[Subject],
    said: &[(Subject, usize, &str)],
) {
    worker.forget();
    let made = outputs(worker, feed, format, payload);
    let again = outputs(worker, feed, format, payload);
    assert_eq!(again, made[..events.len()], "{feed}: once more is the same, and what was said is written");
    let kinds: Vec<Kind> = made.iter().map(|(kind, ..)| *kind).collect();
    let expected: Vec<Kind> =
        events.iter().map(|subject| subject.kind()).chain(said.iter().map(|_| Kind::Protection)).collect();
    assert_eq!(kinds, expected, "{feed}: events come first, so that their places stay");
    let decoder = Decoder::development();
    for ((_, key, bytes), (subject, persons, visit)) in made[events.len()..].iter().zip(said) {
        let protection: Protection<'_> = decoder.decode(bytes).expect("a Protection");
        assert_eq!(*key, protection.key(), "{feed}");
        let named = protection.subject_token.into_iter().count() + protection.same_as.len();
        let told = (protection.subject, named, protection.episode_id.unwrap_or_default());
        assert_eq!(told, (subject.name(), *persons, *visit), "{feed}");
        assert_eq!(protection.protected_identity, *persons < 2, "{feed}: a mark or a link");
    }
}

fn message(trigger: &str, pid: &str, mark: &str) -> String {
    format!(
        "MSH|^~\\&|A|B|C|D|20260106120000||ADT^{trigger}|1|P|2.5.1\rEVN|{trigger}|20260106110000\rPID|1||{pid}\r{mark}\
         PV1|1|I|MAVA^4^1||||||||||||||||V1\r"
    )
}

const MARKED: &str = "PD1||||||||||||Y\r";

#[test]
fn every_feed_says_once_whose_identity_it_marks() {
    let mut worker = worker();
    let [number, other] = [1, 2].map(test_identity::number);
    let pnr = |number: &test_identity::TestIdentity| format!("{}^^^&1.2.752.129.2.1.3.1&ISO^PNR", number.as_str());
    let hl7 = |text: String| ("adt", Format::Hl7v2, text);
    let mut check =
        |(feed, format, payload): (&str, Format, String), events: &[Subject], said: &[(Subject, usize, &str)]| {
            check(&mut worker, (feed, format, &payload), events, said);
        };
    let both = [Subject::Encounter, Subject::Person];

    // Nothing is said of most, and one pseudonym is nobody else's.
    check(hl7(message("A01", &pnr(&number), "")), &both, &[]);
    check(hl7(message("A01", &pnr(&number), MARKED)), &both, &[(Subject::Encounter, 1, "")]);
    let two = format!("{}~M-1^^^SU^MRN", pnr(&number));
    check(hl7(message("A01", &two, "")), &both, &[(Subject::Encounter, 2, "")]);
    check(hl7(message("A01", &two, MARKED)), &both, &[(Subject::Encounter, 1, ""), (Subject::Encounter, 2, "")]);
    check(
        hl7(message("A31", &pnr(&number), MARKED)),
        &[Subject::Encounter, Subject::Person],
        &[(Subject::Encounter, 1, "")],
    );
    // A visit of whom nobody knows who it is.
    check(hl7(message("A01", "", MARKED)), &[Subject::Encounter], &[(Subject::Encounter, 0, "V1")]);
    check(hl7(message("A01", "", "")), &[Subject::Encounter], &[]);
    // Two persons are one.
    let merge = format!(
        "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A40|1|P|2.5.1\rEVN|A40|20260106110000\rPID|1||{}\rMRG|{}\r",
        pnr(&number),
        pnr(&other)
    );
    check(hl7(merge), &both, &[(Subject::Encounter, 2, "")]);

    let patient = serde_json::json!({"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "Patient/p", "resource": {
        "resourceType": "Patient", "id": "p",
        "meta": {"lastUpdated": "2026-01-06T10:00:00Z",
            "security": [{"system": "urn:oid:1.2.752.129.2.2.1.30", "code": "sekretessmarkering"}]},
        "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number.as_str()}], "gender": "female",
    }}]});
    check(("fhir", Format::Fhir, patient.to_string()), &[Subject::Person], &[(Subject::Person, 1, "")]);

    let hyphenated = number.hyphenated();
    let table = |feed, header: &str, row: String| (feed, Format::Delimited, format!("{header}\n{row}"));
    for (mark, marks) in [("J", 1), ("N", 0)] {
        let said = |subject| vec![(subject, 1, ""); marks];
        let header = "kontakt_id;patient_id;ar;vardform;in_datum;ut_datum;totalkostnad;sjukhuskod;drg;skyddad";
        let row = format!("K1;{hyphenated};2026;S;2026-01-05;2026-01-15;1000;501010;H07N;{mark}");
        check(table("kpp", header, row), &[Subject::Cost], &said(Subject::Cost));
        let header = "vardkontakt_id;personnummer;skyddad;status;matperiod;beslut_datum;start_datum;vardgaranti;fas;mvo_kod;bokningssatt;\
                      vardkontakttyp;yrkeskategori;typ_akutverksamhet;hsaid_region;hsaid_vardgivare;hsaid_vardenhet;sjukhuskod";
        let system = "SE2321000131-E000000000001";
        let row = format!(
            "W1;{hyphenated};{mark};GENOMFORD;2026-01;2025-12-01;2026-01-10;JA;2;511;2;0;XS915;0;{system};{system};{system};501010"
        );
        check(table("waiting-times", header, row), &[Subject::Wait], &said(Subject::Wait));
        let header = "vardkontakt_id;personnummer;SKYDDAD;LKF;INDATUM;UTDATUM;SJUKHUS;HDIA";
        let row = format!("P1;{hyphenated};{mark};1480;2026-01-03;2026-01-10;51001;S72.00");
        check(table("par", header, row), &[Subject::Clinical], &said(Subject::Clinical));
    }
}

/// Deliberate: a marked row that is changed says so of what it was and of what it is, and that is one thing.
#[test]
fn a_record_of_two_events_says_it_once() {
    let mut worker = worker();
    let number = test_identity::number(3);
    let cells = |out: &str| {
        serde_json::json!({"vardkontakt_id": "P1", "personnummer": number.as_str(), "SKYDDAD": "J", "INDATUM": "2026-01-03",
            "UTDATUM": out, "SJUKHUS": "51001", "HDIA": "S72.00"})
    };
    let source =
        serde_json::json!({"version": "vardstrom-1", "db": "lis", "schema": "public", "table": "par", "ts_ms": 1});
    let change =
        serde_json::json!({"before": cells("2026-01-10"), "after": cells("2026-02-10"), "source": source, "op": "u"});
    let made = outputs(&mut worker, "par", Format::Debezium, &change.to_string());
    let kinds: Vec<Kind> = made.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, [Kind::Clinical, Kind::Clinical, Kind::Protection]);
}

/// The keys of what messages say of protection, each time that it is written.
fn said(worker: &mut Worker, partition: i32, message: &str) -> Vec<String> {
    let made = outputs_in(worker, partition, "adt", Format::Hl7v2, message);
    made.into_iter().filter(|(kind, ..)| *kind == Kind::Protection).map(|(_, key, _)| key).collect()
}

fn pid(numbers: &[&str]) -> String {
    numbers.iter().map(|number| format!("{number}^^^SU^MRN")).collect::<Vec<_>>().join("~")
}

#[test]
fn a_link_is_written_once_and_again_only_where_it_may_not_have_arrived() {
    let message = |at: usize| message("A01", &pid(&["M-1", "M-2"]), if at.is_multiple_of(2) { MARKED } else { "" });
    let (mut worker, mut written) = (worker(), Vec::new());
    for at in 0..1000 {
        written.extend(said(&mut worker, 0, &message(at)));
    }
    assert_eq!(written.len(), 2, "a mark and a link");
    // Another partition's records are settled by themselves.
    assert_eq!(said(&mut worker, 1, &message(0)), written);
    assert_eq!(said(&mut worker, 1, &message(0)), [""; 0]);
    for forgetting in [|worker: &mut Worker| worker.forget(), |worker: &mut Worker| *worker = self::worker()] {
        forgetting(&mut worker);
        let again: Vec<String> = (0..1000).flat_map(|at| said(&mut worker, 0, &message(at))).collect();
        assert_eq!(again, written);
    }
}

#[test]
fn whatever_is_remembered_the_topic_holds_the_same_in_every_order() {
    // Two links make three numbers one person, whom a third message marks; somebody else is between them.
    let messages = [
        message("A01", &pid(&["M-1", "M-2"]), ""),
        message("A01", &pid(&["M-2", "M-3"]), ""),
        message("A31", &pid(&["M-3"]), MARKED),
        message("A01", &pid(&["M-8", "M-9"]), ""),
    ];
    let (mut held, mut roomy, mut crowded) = (BTreeSet::new(), 0, 0);
    let orders = (0..4_usize.pow(8)).step_by(37).map(|code| (0..8).map(move |at| code / 4_usize.pow(at) % 4));
    for (at, order) in orders.filter(|order| order.clone().collect::<BTreeSet<_>>().len() == 4).enumerate() {
        let sums = [1, 2, 1000][at % 3];
        let mut worker = worker().remembering(sums);
        let mut written = Vec::new();
        for message in order {
            if at % 5 == 0 {
                worker.forget();
            }
            written.extend(said(&mut worker, 0, &messages[message]));
        }
        let keys: BTreeSet<String> = written.iter().cloned().collect();
        assert_eq!(keys.len(), 4, "three links and a mark");
        if sums == 1000 && at % 5 != 0 {
            roomy += 1;
            crowded += usize::from(written.len() > 4);
        }
        held.insert(keys);
    }
    assert_eq!(held.len(), 1);
    // Each once, but where two of the four want one of the 1,000 places: in one run of 170.
    assert!(crowded * 10 < roomy, "{crowded} of {roomy}");
}

/// Records of one number that become nothing; `{}` stands where the mark is, which is the second text or the third.
fn rejected(number: &test_identity::TestIdentity) -> Vec<(&'static str, Format, String, [&'static str; 2], Fate)> {
    let pnr = format!("{}^^^&1.2.752.129.2.1.3.1&ISO^PNR", number.as_str());
    let hyphenated = number.hyphenated();
    let unnumbered = message("A01", &pnr, "{}").replace("V1\r", "\r");
    let untimed = message("A01", &pnr, "{}").replace("20260106120000", "").replace("20260106110000", "");
    let unmerged = message("A40", &format!("M-7~{pnr}"), "{}");
    let cost = "kontakt_id;patient_id;ar;vardform;in_datum;totalkostnad;skyddad";
    let wait = "vardkontakt_id;personnummer;skyddad;status;matperiod;beslut_datum";
    let source =
        serde_json::json!({"version": "vardstrom-1", "db": "lis", "schema": "public", "table": "par", "ts_ms": 1});
    let row = serde_json::json!({"vardkontakt_id": "P1", "personnummer": number.as_str(), "SKYDDAD": "{}",
        "INDATUM": "2026-01-03", "UTDATUM": "__debezium_unavailable_value", "SJUKHUS": "51001", "HDIA": "S72.00"});
    let change = serde_json::json!({"before": null, "after": row, "source": source, "op": "u"});
    let patient = serde_json::json!({"resourceType": "Patient", "id": "p", "deceasedBoolean": "nej",
        "meta": {"security": [{"code": "{}"}]},
        "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number.as_str()}]});
    let (hl7, table) = (["", MARKED], ["N", "J"]);
    let refused = Fate::Refused;
    vec![
        ("adt", Format::Hl7v2, unnumbered, hl7, refused("episode-missing")),
        ("adt", Format::Hl7v2, untimed, hl7, refused("time-missing")),
        ("adt", Format::Hl7v2, unmerged, hl7, refused("merge-prior-missing")),
        (
            "kpp",
            Format::Delimited,
            format!("{cost}\n;{hyphenated};2026;S;2026-01-05;1;{{}}"),
            table,
            refused("field-missing"),
        ),
        (
            "kpp",
            Format::Delimited,
            format!("{}\n{hyphenated};2026;S;2026-01-05;1;{{}}", &cost[11..]),
            table,
            refused("column-missing"),
        ),
        (
            "waiting-times",
            Format::Delimited,
            format!("{wait}\nW1;{hyphenated};{{}};VANTANDE;;2025-12-01"),
            table,
            refused("wait-period-missing"),
        ),
        ("par", Format::Debezium, change.to_string(), table, refused("column-unavailable")),
        ("fhir", Format::Fhir, patient.to_string(), ["R", "sekretessmarkering"], Fate::Parked("fhir-unreadable")),
    ]
}

#[test]
fn a_mark_in_a_record_that_becomes_nothing_is_kept() {
    let (mut worker, decoder, number) = (worker(), Decoder::development(), test_identity::number(4));
    let pnr = format!("{}^^^&1.2.752.129.2.1.3.1&ISO^PNR", number.as_str());
    let token = outputs(&mut worker, "adt", Format::Hl7v2, &message("A01", &pnr, "")).remove(0).1;
    for (feed, format, payload, [without, with], expected) in rejected(&number) {
        worker.forget();
        let (fate, made) = step(&mut worker, 0, feed, format, &payload.replace("{}", without));
        assert_eq!((fate, made.len(), made[0].0), (expected, 1, Kind::Parked), "{feed}");
        let (fate, made) = step(&mut worker, 0, feed, format, &payload.replace("{}", with));
        let kinds: Vec<Kind> = made.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(fate, expected);
        assert_eq!(kinds[..3], [Kind::Parked, Kind::Person, Kind::Protection], "{feed}: {expected:?}");
        let said: Vec<Protection<'_>> =
            made[2..].iter().map(|(.., bytes)| decoder.decode(bytes).expect("a Protection")).collect();
        assert!(said[0].protected_identity && said[0].subject_token == Some(&*token), "{feed}: {expected:?}");
        let person: Person<'_> = decoder.decode(&made[1].2).expect("a Person");
        let Person { envelope, birth_year, sex, lkf, dead, .. } = &person;
        assert!(person.is_mark() && envelope.protected_identity && envelope.subject_token == Some(&*token));
        assert_eq!((*birth_year, *sex, *lkf, *dead), (None, Sex::Unknown, None, None), "it says nothing else");
        assert_eq!(envelope.origin.ordinal, 1);
    }
}

#[test]
fn nothing_is_kept_of_a_mark_whose_person_cannot_be_read() {
    let mut worker = worker();
    let placeholder = message("A01", "000000-0000^^^SU^PNR", MARKED).replace("V1\r", "\r");
    let halves = format!("MSH|^~\\&|A\rMSH|^~\\&|B\rPID|1||M-1\r{MARKED}");
    let row = "kontakt_id;patient_id;ar;vardform;skyddad\nK1;M-1;J".to_owned();
    for (feed, format, payload) in [
        ("adt", Format::Hl7v2, placeholder),
        ("adt", Format::Hl7v2, halves),
        ("kpp", Format::Delimited, row),
        (
            "fhir",
            Format::Fhir,
            r#"{"resourceType":"Patient","meta":{"security":[{"code":"sekretessmarkering"}]}"#.to_owned(),
        ),
    ] {
        let (fate, made) = step(&mut worker, 0, feed, format, &payload);
        assert!(matches!(fate, Fate::Refused(_) | Fate::Parked(_)), "{feed}: {fate:?}");
        assert_eq!(made.iter().map(|(kind, ..)| *kind).collect::<Vec<_>>(), [Kind::Parked], "{feed}");
    }
}
