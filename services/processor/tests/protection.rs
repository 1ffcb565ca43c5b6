//! What a region's feeds say of whose identity is protected comes out beside the events, once for each record, and the same again
//! when the record comes again.

use identity::test_identity;
use processor::mapping::Program;
use processor::metrics::Metrics;
use processor::pipeline::{Pipeline, Settings};
use processor::worker::{OUTPUTS, Worker};
use runtime::fate::Fate;
use runtime::metrics::Registry;
use runtime::relay::{Outputs, Record, Step};
use schemas::{Decoder, Encoder, Format, Kind, Protection, SourceRecord, Subject, registry};

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
    let source = SourceRecord { feed, ..support::source(format, payload.as_bytes()) };
    let mut bytes = Vec::new();
    let id = registry::development_id_current(Kind::SourceRecord);
    Encoder::new(Kind::SourceRecord, id).encode(&source, &mut bytes).expect("encoded");
    let topic = "region.14.source.adt";
    let record = Record { route: 0, topic, partition: 0, offset: 7, timestamp_ms: None, key: None, payload: &bytes };
    let mut made = Outputs::new();
    let fate = worker.step(&record, &mut made).expect("decided");
    let text = |key: Option<&[u8]>| String::from_utf8(key.unwrap_or_default().to_vec()).expect("text");
    let outputs: Vec<_> =
        made.iter().map(|made| (OUTPUTS[made.output], text(made.key), made.payload.to_vec())).collect();
    let events = outputs.iter().filter(|(kind, ..)| kind.subject().is_some()).count();
    assert_eq!(fate, Fate::Mapped(u32::try_from(events).expect("few")), "what is said of protection is no event");
    outputs
}

/// Expects these subjects' events of a record, and what it says of protection: subject, number of pseudonyms, visit.
fn check(
    worker: &mut Worker,
    (feed, format, payload): (&str, Format, &str),
    events: &[Subject],
    said: &[(Subject, usize, &str)],
) {
    let made = outputs(worker, feed, format, payload);
    assert_eq!(outputs(worker, feed, format, payload), made, "{feed}: once more is the same");
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
