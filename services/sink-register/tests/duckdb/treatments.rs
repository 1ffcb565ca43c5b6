//! What a definition has done with columns, through the program: in CSV, Parquet and OMOP, and in the manifest's words.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;

use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::recipients::{PERSONS, Rows, files, filled, manifest, people};
use super::{arguments, run};
use crate::world::{Desk, pseudonyms};

/// A definition of the region's own: a shipped one with more keys, and without some files.
fn define(desk: &Desk, extract: &str, more: &str, without: &[&str]) {
    desk.define(extract, |mut text| {
        for file in without {
            let line = format!("    \"{file}\",\n");
            assert!(text.contains(&line), "{file}");
            text = text.replace(&line, "");
        }
        format!("{text}\n{more}\n")
    });
}

/// What stands in a column, in the order of the rows.
fn cells(rows: &Rows, column: &str) -> Vec<String> {
    rows.iter().filter_map(|row| row.get(column).map(|cells| cells.join(" "))).collect()
}

fn distinct(rows: &Rows, column: &str) -> Vec<String> {
    cells(rows, column).into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// What the program opens of these lines, or says against it.
fn reveal(desk: &Desk, lines: &str) -> Result<String, String> {
    let mut command = desk.command(&["reveal", "--region", "14", "--extract", "kpp"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// The columns of a file that the manifest says were treated so.
fn treated(manifest: &Value, file: &str, treatment: &str) -> Value {
    manifest["treatments"][file][treatment].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_csv_leave_as_their_definition_says() {
    let people = people();
    let database = filled(&people).await;
    let desk = Desk::new(&database);
    let treatments = "[treatments]\ncontact_id = \"encrypted\"\nbirth_year = \"generalised\"\nhospital_code = \"masked\"\n\
                      cost_run_id = \"dropped\"\nsource_system = \"pseudonym\"";
    // Thirty are alike in what others may know: one more is wanted than there are.
    define(&desk, "kpp", &format!("k_at_least = 31\n{treatments}"), &[]);
    let said = "kpp_contacts.csv of kpp would have 30 rows that say the same in birth_year, sex, hospital_code; its definition wants 31";
    desk.refused(&arguments("kpp", "2025"), 1, said);
    define(&desk, "kpp", &format!("k_at_least = 30\nl_at_least = 2\n{treatments}"), &[]);
    desk.refused(&arguments("kpp", "2025"), 1, "1 different things told by rows that say the same");
    define(&desk, "kpp", &format!("k_at_least = 30\n{treatments}"), &[]);
    run(&desk, "kpp", "2025");
    let parcel = "parcels/kpp_14_2025_v1";
    let contacts = files(&desk, parcel).remove("kpp_contacts.csv").unwrap();
    assert_eq!(distinct(&contacts, "birth_year"), ["1940"]);
    assert_eq!(
        (distinct(&contacts, "hospital_code"), distinct(&contacts, "cost_run_id")),
        (vec!["*".into()], vec!["".into()])
    );
    let skr = pseudonyms("skr", "kpp");
    let opened: BTreeSet<String> =
        cells(&contacts, "contact_id").iter().map(|cell| skr.opened(cell).unwrap()).collect();
    assert_eq!(opened.len(), PERSONS);
    // The region opens it with the program, and nobody opens anything else.
    let sealed = &cells(&contacts, "contact_id")[0];
    assert_eq!(reveal(&desk, sealed), Ok(format!("{}\n", skr.opened(sealed).unwrap())));
    let error = reveal(&desk, &format!("{sealed}\nx.abc")).unwrap_err();
    assert!(error.contains("line 2 of stdin is no value"), "{error}");
    assert_eq!(distinct(&contacts, "source_system"), [skr.number("SE2321000131-ADT")]);
    let manifest = manifest(&desk, parcel);
    for (treatment, columns) in [
        ("encrypted", json!(["contact_id"])),
        ("masked", json!(["hospital_code"])),
        ("dropped", json!(["cost_run_id"])),
        ("pseudonym", json!(["source_system", "subject_token"])),
        ("generalised", json!(["birth_year"])),
    ] {
        assert_eq!(treated(&manifest, "kpp_contacts.csv", treatment), columns, "{treatment}");
    }
    let plain = treated(&manifest, "kpp_contacts.csv", "plain");
    assert!(plain.as_array().unwrap().contains(&json!("drg")), "{plain}");
    assert!(desk.done(&["show", parcel]).contains("encrypted: contact_id"));
    // Made again it is the same, and it is found unchanged.
    assert!(run(&desk, "kpp", "2025").starts_with("unchanged"));

    // Times of a person are moved together: all fell and were operated on at the same time, and no longer seem to.
    define(&desk, "hip-fracture", "[treatments]\ntimes = \"shifted\"\ndiagnosis = \"generalised\"", &[]);
    run(&desk, "hip-fracture", "2025-03");
    let fractures = files(&desk, "parcels/hip-fracture_14_2025-03_v1").remove("hip_fractures.csv").unwrap();
    let times = |column: &str| -> Vec<DateTime> {
        cells(&fractures, column).iter().map(|cell| cell.parse().unwrap()).collect()
    };
    let (arrivals, operations) = (times("arrival"), times("operation"));
    assert_eq!(arrivals.len(), PERSONS);
    assert!(arrivals.iter().collect::<BTreeSet<_>>().len() > PERSONS / 2, "{arrivals:?}");
    for (arrival, operation) in arrivals.iter().zip(&operations) {
        assert_eq!(operation.duration_since(*arrival), jiff::SignedDuration::from_hours(10));
        assert_eq!(arrival.time(), "08:00:00".parse().unwrap());
    }
    assert_eq!(distinct(&fractures, "diagnosis"), ["S7200"], "thirty have it");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_parquet_and_omop_leave_as_their_definition_says() {
    let people = people();
    let database = filled(&people).await;
    let desk = Desk::new(&database);
    let treatments = "[treatments]\ntimes = \"shifted\"\noccurred_text = \"dropped\"\nrecorded_text = \"dropped\"\nperiod = \"dropped\"\n\
                      contact_id = \"encrypted\"\nreferral_id = \"masked\"\nbirth_year = \"generalised\"\nlkf = \"generalised\"";
    define(&desk, "columnar-wait", treatments, &[]);
    run(&desk, "columnar-wait", "2025-03");
    let parcel = "parcels/columnar-wait_14_2025-03_v1";
    let waits = files(&desk, parcel).remove("wait.parquet").unwrap();
    assert_eq!((distinct(&waits, "birth_year"), distinct(&waits, "lkf")), (vec!["1940".into()], vec!["14".into()]));
    assert_eq!((distinct(&waits, "referral_id"), cells(&waits, "period")), (vec!["*".into()], vec![]));
    let series = pseudonyms("analysis", "columnar");
    let opened: BTreeSet<String> =
        cells(&waits, "contact_id").iter().map(|cell| series.opened(cell).unwrap()).collect();
    assert_eq!(opened.len(), PERSONS);
    // A wait of 800 hours stays one of 33 days, whenever it seems to begin.
    let days = |column: &str| {
        cells(&waits, column).iter().map(|day| day.parse::<jiff::civil::Date>().unwrap()).collect::<Vec<_>>()
    };
    let (decided, started) = (days("decided_on"), days("started_on"));
    assert!(decided.iter().collect::<BTreeSet<_>>().len() > PERSONS / 2, "{decided:?}");
    let apart: BTreeSet<i32> =
        decided.iter().zip(&started).map(|(from, to)| to.since(*from).unwrap().get_days()).collect();
    assert_eq!(apart.len(), 1, "{apart:?}");
    // Rows do not stand in the order of the true times, nor in that of the moved ones.
    let manifest_of = manifest(&desk, parcel);
    let shifted = treated(&manifest_of, "wait.parquet", "shifted");
    assert!(
        ["decided_at", "decided_on", "ingested_at"]
            .iter()
            .all(|column| shifted.as_array().unwrap().contains(&json!(column))),
        "{shifted}"
    );

    let treatments = "[treatments]\nyear_of_birth = \"generalised\"\ncondition_source_value = \"masked\"\n\
                      procedure_source_value = \"generalised\"\nvisit_source_value = \"dropped\"";
    define(&desk, "omop", &format!("k_at_least = 30\n{treatments}"), &[]);
    run(&desk, "omop", "2025");
    let tables = files(&desk, "parcels/omop_14_2025_v1");
    let of = |table: &str, column: &str| distinct(&tables[table], column);
    assert_eq!(of("person.parquet", "year_of_birth"), ["1940"]);
    assert_eq!(of("condition_occurrence.parquet", "condition_source_value"), ["*"]);
    assert_eq!(of("procedure_occurrence.parquet", "procedure_source_value"), ["NFJ59"], "thirty have it");
    assert_eq!(of("visit_occurrence.parquet", "visit_source_value"), Vec::<String>::new());
    // Of fewer than are wanted, a procedure is no more than one of its kind, and that is few too.
    define(
        &desk,
        "omop",
        "k_at_least = 31\n[treatments]\nprocedure_source_value = \"generalised\"",
        &["person.parquet"],
    );
    desk.done(&[&arguments("omop", "2025")[..], &["--reason", "few"]].concat());
    let tables = files(&desk, "parcels/omop_14_2025_v2");
    assert_eq!(distinct(&tables["procedure_occurrence.parquet"], "procedure_source_value"), ["*"]);
}
