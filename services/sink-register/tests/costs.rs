//! Costs: exact sums, outliers by one rule, and a parcel of a year.

use std::collections::BTreeMap;

use schemas::{
    CareForm, Correction, CorrectionKind, Cost, Encoder, Envelope, Finding, Kind, Origin, SCHEMA_VERSION, Severity,
    Subject, Timestamp, content_hash, event_id, registry,
};
use sink_register::costs::{Costs, Settings};
use sink_store::{Record, Store};

use crate::world::{Desk, database};

const SYSTEM: &str = "SE2321000131-KPP";
const TOPIC: &str = "region.14.source.kpp";

/// What tests vary.
#[derive(Clone, Debug)]
struct Row {
    contact: String,
    person: Option<&'static str>,
    hospital: &'static str,
    form: CareForm,
    total: Option<i64>,
    drg: Option<(&'static str, &'static str)>,
    finding: Option<&'static str>,
    recorded: i64,
}

fn row(contact: impl Into<String>, total: i64) -> Row {
    Row {
        contact: contact.into(),
        person: Some("r14.v1.PERSON"),
        hospital: "501010",
        form: CareForm::Inpatient,
        total: Some(total),
        drg: None,
        finding: None,
        recorded: 1,
    }
}

/// Calls `take` with the row as an event.
fn event<R>(row: &Row, offset: i64, take: impl FnOnce(&Cost<'_>) -> R) -> R {
    let id = event_id(SYSTEM, "row", &content_hash(format!("{row:?}").as_bytes()), 0).to_string();
    let finding = |rule| Finding { rule, severity: Severity::Error, field: "totalkostnad" };
    let envelope = Envelope {
        event_id: &id,
        event_type: "cost.stated",
        schema_version: SCHEMA_VERSION,
        region: "14",
        source_system: SYSTEM,
        source_message_id: "row",
        origin: Origin { topic: TOPIC, partition: 0, offset, ordinal: 0 },
        occurred_at: Timestamp(1),
        occurred_text: "",
        recorded_at: Some(Timestamp(row.recorded)),
        recorded_text: None,
        ingested_at: Timestamp(row.recorded),
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: row.person,
        subject_aliases: Vec::new(),
        key_id: row.person.map(|_| "v1"),
        protected_identity: false,
        quality: row.finding.map(finding).into_iter().collect(),
        extensions: BTreeMap::new(),
    };
    take(&Cost {
        period: Some("2025"),
        care_form: row.form,
        hospital_code: Some(row.hospital),
        hospital_name: Some("Sahlgrenska"),
        total_ore: row.total,
        drg: row.drg.map(|(code, _)| code),
        drg_weight: row.drg.map(|(_, weight)| weight),
        components_ore: row.total.map(|ore| ("operation", ore)).into_iter().collect(),
        ..Cost::bare(envelope, &row.contact)
    })
}

/// The files of some rows, by name, and the control totals.
fn figures<'r>(rows: impl IntoIterator<Item = &'r Row>) -> (BTreeMap<String, String>, BTreeMap<String, i64>) {
    let mut costs = Costs::new(Settings { region: "14".parse().unwrap(), year: "2025".to_owned() });
    for row in rows {
        event(row, 0, |cost| costs.add(cost));
    }
    let output = costs.finish();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.files.into_iter().map(|file| (file.name, text(file.bytes))).collect(), output.totals)
}

#[test]
fn sums_are_exact_and_averages_are_of_what_is_no_outlier() {
    // A hundred contacts of 1 000,10 kr and dearer: the five dearest are outliers.
    let rows: Vec<Row> = (0..100)
        .map(|n| Row {
            drg: Some(("H14N", "1.5")),
            ..row(format!("K{n:03}"), if n < 5 { 10_000_000 } else { 100_010 })
        })
        .collect();
    let (files, totals) = figures(&rows);
    let hospital = "501010;Sahlgrenska;inpatient;100;595009.50;5;95;95009.50;1000.10;1000.10;142.5000;666.73\n";
    assert!(files["cost_by_hospital.csv"].ends_with(hospital), "{}", files["cost_by_hospital.csv"]);
    let group = "H14N;inpatient;100;595009.50;5;95;95009.50;1000.10;1000.10;1000.10;100000.00\n";
    assert!(files["cost_by_drg.csv"].ends_with(group), "{}", files["cost_by_drg.csv"]);
    assert!(files["cost_by_component.csv"].ends_with("inpatient;operation;100;595009.50\n"));
    assert!(files["cost_by_person.csv"].ends_with("r14.v1.PERSON;2025;inpatient;100;595009.50\n"));
    assert_eq!((totals["contacts"], totals["total_ore"]), (100, 59_500_950));
    assert_eq!(files["kpp_contacts.csv"].lines().filter(|line| line.contains(";yes;")).count(), 5);

    let mut shuffled = rows.clone();
    shuffled.reverse();
    shuffled.rotate_left(37);
    assert_eq!(figures(&shuffled).0, files, "any order gives the same bytes");
}

#[test]
fn what_is_missing_is_said_and_never_zero() {
    let without_total = Row { total: None, ..row("A", 0) };
    let nobody = Row { person: None, form: CareForm::Outpatient, ..row("B", 50) };
    let odd = Row { finding: Some("cost-sum-differs"), ..row("C", 70) };
    let (files, totals) = figures([&without_total, &nobody, &odd]);
    assert_eq!((totals["statements"], totals["contacts"], totals["without_total"]), (3, 2, 1));
    assert_eq!((totals["without_subject"], totals["sum_differs"]), (1, 1));
    assert!(!files["cost_by_person.csv"].contains("outpatient"), "a cost of nobody is nobody's");
    let weightless = "501010;Sahlgrenska;outpatient;1;0.50;0;1;0.50;0.50;0.50;;\n";
    assert!(files["cost_by_hospital.csv"].ends_with(weightless), "{}", files["cost_by_hospital.csv"]);
    assert!(files["quality.csv"].contains("14;2025;cost-sum-differs;1\n"));
    let (empty, totals) = figures(std::iter::empty());
    assert!(empty.values().all(|text| text.lines().count() == 1 || text.starts_with("region;")), "{empty:?}");
    assert_eq!(totals["contacts"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_becomes_a_parcel_and_a_later_calculation_its_next_version() {
    let database = database(&["14"]).await;
    let mut store = Store::open(&database.superuser, &["14".to_owned()]).await.unwrap();
    let schema = registry::development_id_current(Kind::Cost);
    store.add_schema("14", schema, Kind::Cost.avsc()).await.unwrap();
    let source = store.sources().iter().position(|source| source.subject == Subject::Cost).unwrap();
    let mut next = 0;
    let mut feed = async |rows: &[Row]| {
        let mut encoder = Encoder::new(Kind::Cost, schema);
        for row in rows {
            let mut value = Vec::new();
            event(row, next, |cost| encoder.encode(cost, &mut value)).unwrap();
            let origin = format!("{TOPIC}/0/{next}/0").into_bytes();
            let record = Record { source, partition: 0, offset: next, origin: Some(&origin), value: &value };
            store.write("14", &[record]).await.unwrap();
            next += 1;
        }
    };
    let desk = Desk::new(&database);
    let run = ["run", "--region", "14", "--period", "2025", "--extract", "kpp", "--out", "parcels"];
    feed(&[row("A", 10_000), row("B", 20_000)]).await;
    let made = desk.done(&run);
    assert!(made.contains("kpp_contacts.csv.age: 2 rows") && made.contains("cost_by_person.csv.age: 1 rows"), "{made}");
    desk.done(&["verify", "parcels/kpp_14_2025_v1", "--identity", "identity.txt"]);
    assert!(desk.done(&run).contains("unchanged"));

    feed(&[Row { recorded: 2, ..row("A", 15_000) }]).await;
    assert!(desk.done(&run).contains("kpp_14_2025_v2"));
    let figures = std::fs::read_to_string(desk.path("parcels/kpp_14_2025_v2/cost_by_hospital.csv")).unwrap();
    assert!(figures.contains(";inpatient;2;350.00;"), "{figures}");
    let month = ["run", "--region", "14", "--period", "2025-02", "--extract", "kpp", "--out", "parcels"];
    desk.refused(&month, 2, "the extract kpp covers a year");
}
