//! Costs: exact sums, outliers by one rule, and a parcel of a year.

use std::collections::{BTreeMap, BTreeSet};

use schemas::{
    CareForm, Correction, CorrectionKind, Cost, Encoder, Envelope, Finding, Kind, Origin, SCHEMA_VERSION, Severity,
    Subject, Timestamp, content_hash, event_id, registry,
};
use sink_register::costs::{Costs, LIMIT, Settings};
use sink_store::{Record, Store};

use crate::world::{Desk, database, pseudonyms};

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
    let settings = Settings { region: "14".parse().unwrap(), year: "2025".to_owned(), hide_below: LIMIT };
    let mut costs = Costs::new(settings, pseudonyms("skr", "kpp"));
    for row in rows {
        event(row, 0, |cost| costs.add(cost));
    }
    let output = costs.finish();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.files.into_iter().map(|file| (file.name, text(file.bytes))).collect(), output.totals)
}

#[test]
fn averages_are_of_what_is_no_outlier_and_amounts_are_rounded() {
    // A hundred contacts of 1 000,10 kr and dearer: the five dearest are outliers.
    let rows: Vec<Row> = (0..100)
        .map(|n| Row {
            drg: Some(("H14N", "1.5")),
            ..row(format!("K{n:03}"), if n < 5 { 10_000_000 } else { 100_010 })
        })
        .collect();
    let (files, totals) = figures(&rows);
    // 95 009,50 kr of 95 contacts and 142.5 points, each rounded by itself.
    let amounts = "100;5;95;95000;1000;1000;1000;1000;142.5000;700;\n";
    let ends = |file: &str, line: String| assert!(files[file].ends_with(&line), "{}", files[file]);
    ends("cost_by_care_form.csv", format!("\ninpatient;{amounts}"));
    ends("cost_by_hospital.csv", format!("\ninpatient;501010;Sahlgrenska;{amounts}"));
    ends("cost_by_drg.csv", format!("\ninpatient;H14N;{amounts}"));
    ends("cost_by_component.csv", "\ninpatient;operation;95;95000;\n".to_owned());
    let person = pseudonyms("skr", "kpp").person("r14.v1.PERSON");
    ends("cost_by_person.csv", format!("\n{person};2025;inpatient;100;595009.50\n"));
    assert_eq!(totals["contacts"], 100);
    assert_eq!(files["kpp_contacts.csv"].lines().filter(|line| line.contains(";yes;")).count(), 5);

    let mut shuffled = rows.clone();
    shuffled.reverse();
    shuffled.rotate_left(37);
    assert_eq!(figures(&shuffled).0, files, "any order gives the same bytes");
}

/// Files that are published, and totals of the open manifest, without what a contact has cost: its amount in öre and in
/// kronor, and what sums less sums leave.
#[test]
fn no_figure_is_one_contacts_cost() {
    let mut rows: Vec<Row> = (0..400)
        .map(|n: i64| Row {
            hospital: if n % 2 == 0 { "501010" } else { "501020" },
            drg: Some((if n % 2 == 0 { "H14N" } else { "E47E" }, "1.5")),
            // No two alike, and an odd number of öre.
            ..row(format!("K{n:03}"), 3_000_017 + 1_102 * n)
        })
        .collect();
    // One alone in its hospital and its group, another in its hospital and no outlier; and one, the last, in its care form.
    rows.push(Row { hospital: "501030", drg: Some(("X99Z", "7.1")), ..row("ALONE", 7_654_321) });
    rows.push(Row { hospital: "501040", drg: Some(("E47E", "1.5")), ..row("CHEAP", 3_050_001) });
    rows.push(Row { form: CareForm::Home, ..row("HOME", 1_234_567) });
    // One outlier of twenty contacts: what all have cost less the others would be what it has.
    rows.extend((0..34).map(|n| Row {
        form: CareForm::Outpatient,
        ..row(format!("O{n}"), if n == 7 { 98_765_431 } else { 200_019 + 2 * n })
    }));
    let (files, totals) = figures(&rows);
    let open: Vec<(&String, &String)> =
        files.iter().filter(|(name, _)| !name.starts_with("kpp_contacts") && !name.contains("by_person")).collect();
    assert_eq!(open.len(), 5);
    // Everything that is written, in öre, and every difference of two.
    let cells = open.iter().flat_map(|(_, text)| text.lines().skip(1).flat_map(|line| line.split(';')));
    let cells = cells.filter_map(|cell| cell.parse::<f64>().ok()).map(|kronor| (kronor * 100.0).round() as i64);
    let said: BTreeSet<i64> = cells.chain(totals.values().map(|total| total * 100)).collect();
    assert!(said.len() > 20, "{said:?}");
    let costs: BTreeSet<i64> = rows.iter().filter_map(|row| row.total).collect();
    for one in &said {
        assert!(!costs.contains(one), "{one} is a contact's cost");
        for other in &said {
            assert!(!costs.contains(&(one - other)), "{one} less {other} is a contact's cost");
        }
    }
    let line = |file: &str, begin: &str| {
        let found = files[file].lines().find(|line| line.starts_with(begin));
        found.unwrap_or_else(|| panic!("{begin} in {}", files[file])).to_owned()
    };
    assert_eq!(
        line("cost_by_hospital.csv", "inpatient;501030"),
        "inpatient;501030;Sahlgrenska;1;;;;;;;;;;fewer-than-limit"
    );
    // The next smallest goes with it: the care form's sum would tell the one.
    let withheld = files["cost_by_hospital.csv"].lines().filter(|line| line.ends_with(";withheld")).count();
    assert_eq!(withheld, 1, "{}", files["cost_by_hospital.csv"]);
    assert_eq!(line("cost_by_care_form.csv", "home"), "home;1;;;;;;;;;;fewer-than-limit");
    // No sum holds the outlier: 33 contacts of 2 000 kr.
    assert!(line("cost_by_care_form.csv", "outpatient").starts_with("outpatient;34;1;33;66000;2000;2000;2000;2000;"));
    assert!(line("cost_by_component.csv", "outpatient").starts_with("outpatient;operation;33;66000"));
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
    let few = "outpatient;501010;Sahlgrenska;1;;;;;;;;;;fewer-than-limit\n";
    assert!(files["cost_by_hospital.csv"].ends_with(few), "{}", files["cost_by_hospital.csv"]);
    let weightless: Vec<Row> = (0..20).map(|n| row(format!("W{n}"), 1_000_000)).collect();
    let enough = "inpatient;501010;Sahlgrenska;20;1;19;;";
    let (with_outlier, _) = figures(&weightless);
    assert!(!with_outlier["cost_by_hospital.csv"].contains(enough), "19 without the outlier are few");
    let weightless: Vec<Row> = (0..22).map(|n| row(format!("W{n}"), 1_000_000)).collect();
    let shown = "inpatient;501010;Sahlgrenska;22;1;21;210000;10000;10000;10000;10000;;;\n";
    assert!(figures(&weightless).0["cost_by_hospital.csv"].ends_with(shown));
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
    assert!(figures.contains("Sahlgrenska;2;;;;;;;;;;fewer-than-limit"), "{figures}");
    let month = ["run", "--region", "14", "--period", "2025-02", "--extract", "kpp", "--out", "parcels"];
    desk.refused(&month, 2, "the extract kpp covers a year");
}
