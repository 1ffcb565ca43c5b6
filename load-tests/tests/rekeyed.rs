//! A region whose pseudonymisation key turns while its patients are in hospital has the stays, and every file of every shipped
//! definition, of a region whose key never did: from messages and rows through the processor's own pipeline and a real PostgreSQL.

use std::collections::BTreeSet;

use identity::{Claim, Date, Key, Kind, Options, Pseudonymiser, Purpose, Subject, test_identity};
use processor::pipeline::Pipeline;
use schemas::Format;

use crate::protected::{self, Files, Made, Sent, Somebody, World};

const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];

fn key(number: u8) -> Key {
    Key::from_bytes(&std::array::from_fn(|at| at as u8 + number)).expect("a key")
}

/// Of the key `v<number>`, to which those of earlier numbers are joined.
fn pipeline(number: u8, earlier: &[u8]) -> Pipeline {
    let earlier = earlier.iter().map(|number| (format!("v{number}"), key(*number))).collect();
    let pipeline = protected::pipeline(&format!("v{number}"), key(number)).with_codes_of(&key(100));
    pipeline.with_earlier_keys(earlier).expect("earlier keys")
}

/// People of an age at which a broken hip counts.
fn people() -> Vec<Somebody> {
    let numbers = (0..)
        .map(test_identity::number)
        .filter(|number| number.kind() == Kind::Personnummer && number.as_str() < "1975");
    let somebody = |(name, number)| Somebody { number, name, lkf: "1440", listing: "SE2321000131-E000000001440" };
    NAMES.into_iter().zip(numbers).map(somebody).collect()
}

fn adt(payload: String) -> Sent {
    Sent { feed: "adt", format: Format::Hl7v2, partition: 0, payload, is_broken: false }
}

/// What a contact cost.
fn cost(somebody: &Somebody, contact: &str) -> Sent {
    let payload = format!(
        "kontakt_id;patient_id;ar;vardform;in_datum;ut_datum;totalkostnad;sjukhuskod;drg\n\
         COST{contact}{};{};2026;S;2026-01-05;2026-01-15;1000;501010;H07N",
        somebody.name,
        somebody.number.hyphenated()
    );
    Sent { feed: "kpp", format: Format::Delimited, partition: 0, payload, is_broken: false }
}

/// What is sent before the key turns, while both are there, and when the first is gone.
fn phases() -> [Vec<Sent>; 3] {
    let people = people();
    let [a, b, c, d, e] = &people[..] else { panic!("five") };
    let [mut before, mut during, mut after] = [const { Vec::new() }; 3];
    for somebody in [a, b, c] {
        before.extend(somebody.four(None));
    }
    // Of whom nothing more comes than this.
    before.extend(d.four(None));
    // Known by a number of the hospital's first.
    let of_hospital =
        |text: String| text.replace(&format!("{}^^^&1.2.752.129.2.1.3.1&ISO^PNR", e.number.as_str()), "M-7^^^SU^MRN");
    before.push(adt(of_hospital(e.message("A01", "20260105080000", false))));

    // Registered a second time under the same visit, and moved; and somebody new.
    during.push(adt(a.message("A01", "20260110080000", false)));
    during.push(adt(b.message("A02", "20260110080000", false).replace("AVD1^4^1", "AVD1^4^2")));
    during.extend([cost(a, "2"), cost(b, "2")]);
    let merge = e.message("A40", "20260110080000", false);
    during.push(adt(merge.split("PV1").next().expect("a head").to_owned() + "MRG|M-7^^^SU^MRN\r"));
    during.extend(c.besides().into_iter().skip(1));

    // Discharged without a visit number, with one, and with codes that find the visit.
    let unnumbered = |somebody: &Somebody| {
        let text = somebody.message("A03", "20260115080000", false);
        adt(text.replace(&format!("VISIT{}", somebody.name), ""))
    };
    after.extend([unnumbered(a), cost(a, "3")]);
    after.extend(b.besides());
    after.push(cost(c, "3"));
    after.extend([unnumbered(e), cost(e, "3")]);
    [before, during, after]
}

/// What came of it.
#[derive(PartialEq, Debug)]
struct Came {
    stays: Vec<String>,
    findings: Vec<String>,
    mornings: Vec<String>,
    files: Vec<(String, String, String)>,
}

/// All of it under one key, or each phase under its own; and the last phase's events.
async fn came(pipelines: [Pipeline; 3], is_lost: &dyn Fn(&Made) -> bool) -> (Came, Vec<Made>) {
    let mut pipelines = pipelines.into_iter();
    let mut world = World::with(pipelines.next().expect("the first")).await;
    let mut made = Vec::new();
    for (phase, sent) in phases().into_iter().enumerate() {
        if phase > 0 {
            world.pipeline = pipelines.next().expect("one for each phase");
            made.clear();
        }
        for sent in &sent {
            made.extend(world.take_but(sent, is_lost).await);
        }
    }
    let rows = |sql: &'static str| {
        let url = world.url.clone();
        async move {
            let address = url.parse::<postgresql::Address>().expect("an address");
            let client = address.connect("load-tests").await.expect("it answers");
            let rows = client.query(sql, &[]).await.expect("rows");
            rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
        }
    };
    let files: Files = world.files(&protected::definitions(true)).await;
    // An event says by which key its pseudonyms are; a Parquet file of events has that column.
    let text = |text: &str| text.replace("key_id: \"v2\"", "key_id: \"v1\"");
    let came = Came {
        stays: rows("SELECT s::text FROM episode_stay s ORDER BY 1").await,
        findings: rows("SELECT concat_ws(' ', rule, episode_id, unit, at) FROM episode_finding ORDER BY 1").await,
        mornings: rows("SELECT s::text FROM snapshot_0600 s ORDER BY 1").await,
        files: files.iter().map(|((form, name), file)| (form.clone(), name.clone(), text(&file.text))).collect(),
    };
    (came, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_turns_changes_no_stay_and_no_file() {
    let (still, _) = came([pipeline(1, &[]), pipeline(1, &[]), pipeline(1, &[])], &|_| false).await;
    assert_eq!(still.stays.len(), 6, "five were admitted, and one was moved: {:#?}", still.stays);
    let by_person = still.files.iter().find(|(_, name, _)| name == "cost_by_person.csv").expect("a file");
    assert_eq!(by_person.2.lines().count(), 6, "a line for each of five: {}", by_person.2);
    let (turned, late) = came([pipeline(1, &[]), pipeline(2, &[1]), pipeline(2, &[])], &|_| false).await;
    for (still, turned) in still.files.iter().zip(&turned.files) {
        assert!(still == turned, "{} {}:\n{}\n{}", still.0, still.1, still.2, turned.2);
    }
    assert_eq!(turned, still);

    // When the first key is gone, no pseudonym of it is made any more.
    let bytes: Vec<u8> = late.iter().flat_map(|made| made.value.clone()).collect();
    let first = tokens();
    assert!(!late.is_empty() && late.iter().all(|made| made.event_type != "person.rekeyed"));
    assert!(!first.iter().any(|token| bytes.windows(token.len()).any(|window| window == token.as_bytes())));
    assert!(!turned.files.iter().any(|(_, _, text)| first.iter().any(|token| text.contains(token))));

    // It is the links that hold it together.
    let lost = |made: &Made| made.event_type == "person.rekeyed";
    let (apart, _) = came([pipeline(1, &[]), pipeline(2, &[1]), pipeline(2, &[])], &lost).await;
    assert_ne!(apart.stays, still.stays);
    assert_ne!(apart.files.iter().find(|(_, name, _)| name == "cost_by_person.csv"), Some(by_person));
}

/// The pseudonyms of all by the first key.
fn tokens() -> BTreeSet<String> {
    let first = Pseudonymiser::new("14", "v1", &key(1)).expect("a pseudonymiser");
    let options = Options::at(Date::new(2026, 1, 5).expect("a date"));
    let of = |system: &str, value: &str| {
        let claim = Claim { system, kind: "", source: "", value };
        let subject = Subject::read(claim, &options).unwrap_or_else(|_| panic!("a number"));
        first.subject(Purpose::Care, &subject).to_string()
    };
    let mut tokens: BTreeSet<String> =
        people().iter().map(|somebody| of("1.2.752.129.2.1.3.1", somebody.number.as_str())).collect();
    tokens.insert(of("SU", "M-7"));
    tokens
}
