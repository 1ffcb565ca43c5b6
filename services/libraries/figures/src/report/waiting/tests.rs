use std::collections::BTreeMap;

use board::Board;
use board::age::Limits;
use board::language::Language;
use schemas::Timestamp;
use serde_json::{Value, json};

use super::super::operations::State;
use super::super::{Address, Manner, Page, Place, Report, Sight};
use crate::published::parcel::Head;
use crate::published::{Extract, Library, Parcel, Reading};

const PERIOD: &str = "2026-10";

/// Status, hospital, step, and contacts, all of them under the guarantee, one in two within it.
type Line = (&'static str, &'static str, &'static str, i64);

/// A region's parcel of the month with these lines and control totals.
fn parcel(region: &str, lines: &[Line], totals: &[(&str, i64)]) -> Parcel {
    let mut text = String::from(
        "status;hospital_code;hospital_name;step;contacts;guarantee_denominator;within_90_days;median_wait;\
         days_0_30;days_31_60;days_61_90;days_91_120;days_121_180;days_over_180\n",
    );
    for (status, hospital, step, count) in lines {
        let half = count / 2;
        text.push_str(&format!(
            "{status};{hospital};Sjukhus {hospital};{step};{count};{count};{half};40.0;{half};0;0;{};0;0\n",
            count - half
        ));
    }
    parcel_of(region, text, totals)
}

/// A region's parcel of the month with this file.
fn parcel_of(region: &str, text: String, totals: &[(&str, i64)]) -> Parcel {
    let head = Head {
        extract: Extract::WaitingTimes,
        region: region.parse().unwrap(),
        period: PERIOD.parse().unwrap(),
        version: 1,
        manifest_sha256: "".into(),
        made_at: Timestamp(0),
    };
    let totals: BTreeMap<&str, i64> = totals.iter().copied().collect();
    let manifest = json!({ "definition": "3", "statements_until": "", "totals": totals });
    let files = BTreeMap::from([("waits_by_step.csv".to_owned(), text)]);
    Parcel::of(head, serde_json::from_value(manifest).unwrap(), &files).unwrap()
}

/// The English page of a place.
fn report(parcels: &[Parcel], place: Place) -> Report {
    let library = Library::of(Reading::At(Timestamp(0)), parcels.iter().cloned().map(Into::into), 0);
    let address = Address::read(Page::Waiting, place, [("period", PERIOD)]);
    let sight = Sight {
        library: &library,
        manner: &Manner::default(),
        language: Language::En,
        address: &address,
        now: Timestamp(0),
        operations: &State::default(),
        board: &Board::empty(Timestamp(0), Limits::default()),
    };
    sight.report().expect("the place is known")
}

/// The rows of a table with these texts in these columns.
fn rows(report: &Report, table: &str, wanted: &[(&str, &str)]) -> Vec<Value> {
    let sheet = report.sheets().find(|sheet| sheet.id == table).unwrap_or_else(|| panic!("no table {table}"));
    let rows = sheet.json(Language::En, crate::report::Window::default())["rows"].as_array().unwrap().clone();
    rows.into_iter().filter(|row| wanted.iter().all(|(column, text)| row["values"][*column] == *text)).collect()
}

/// The only such row.
fn row(report: &Report, table: &str, wanted: &[(&str, &str)]) -> Value {
    let mut rows = rows(report, table, wanted);
    assert_eq!(rows.len(), 1, "{table} {wanted:?}");
    rows.remove(0)
}

fn region(code: &str) -> Place {
    Place::Region(code.parse().unwrap())
}

#[test]
fn a_hospital_without_contacts_of_a_step_has_none_of_them_and_no_share_in_every_place() {
    let parcels = [parcel(
        "14",
        &[
            ("waiting", "501010", "first_visit", 60),
            ("waiting", "501010", "treatment", 40),
            ("waiting", "501020", "treatment", 30),
            ("completed", "501030", "treatment", 50),
        ],
        &[],
    )];
    let region = report(&parcels, region("14"));
    for (hospital, without) in [
        ("501020", [("sjukhus", "visit"), ("sjukhus-genomforda", "visit"), ("sjukhus-genomforda", "treatment")]),
        ("501030", [("sjukhus", "visit"), ("sjukhus", "treatment"), ("sjukhus-genomforda", "visit")]),
    ] {
        let name = format!("Sjukhus {hospital}");
        let own = report(&parcels, Place::Hospital("14".parse().unwrap(), hospital.into()));
        for (table, column) in without {
            let found = row(&region, table, &[("hospital", &name)]);
            assert_eq!(found["values"][column], 0, "{hospital} {table} {column}");
            assert_eq!(found["absent"][format!("{column}_share")], "not applicable", "{hospital} {table} {column}");
            let (status, phase) =
                if table == "sjukhus" { ("vantande", "waiting") } else { ("genomforda", "completed") };
            let (step, word) =
                if column == "visit" { ("besok", "first visit") } else { ("atgard", "operation or treatment") };
            let now = row(&own, &format!("serie-{status}-{step}"), &[("period", "2026-10")]);
            assert_eq!((&now["values"]["of"], &now["values"]["within"]), (&json!(0), &json!(0)), "{hospital} {table}");
            assert_eq!(now["absent"]["share"], "not applicable", "{hospital} {table}");
            // A month that did not come is another matter.
            let before = row(&own, &format!("serie-{status}-{step}"), &[("period", "2026-09")]);
            assert_eq!((&before["absent"]["of"], &before["absent"]["share"]), (&json!("missing"), &json!("missing")));
            for page in [&region, &own] {
                let waits = row(page, "intervall", &[("place", &name), ("phase", phase), ("step", word)]);
                assert_eq!(waits["values"]["days_0_30"], 0, "{hospital} {phase} {word}");
            }
        }
    }
    // The guarantee's four steps say the same of the hospital.
    let own = report(&parcels, Place::Hospital("14".parse().unwrap(), "501020".into()));
    let visit = row(&own, "steg", &[("step", "First visit in specialised care")]);
    assert_eq!(visit["absent"]["waiting_share"], "not applicable");
}

#[test]
fn a_count_outside_the_figures_that_would_tell_a_hidden_one_is_withheld() {
    const TOTALS: [(&str, i64); 4] =
        [("patient_chosen", 7), ("phase_other", 9), ("phase_unknown", 0), ("first_visit_without_referral", 3)];
    let with = |code, count| parcel(code, &[("waiting", "1", "treatment", count)], &TOTALS);
    // What the four lines say: those that are of what came are withheld together.
    let said = |parcels: &[Parcel], place: Place| -> Vec<Value> {
        let lines = rows(&report(parcels, place), "utanfor", &[]);
        lines
            .iter()
            .map(|line| match &line["values"]["statements"] {
                Value::Null => line["absent"]["statements"].clone(),
                count => count.clone(),
            })
            .collect()
    };
    let withheld = [json!("withheld"), json!("withheld"), json!(0), json!(3)];
    let shown = [json!(7), json!(9), json!(0), json!(3)];
    // Few in one region: the smallest of the others is hidden with it, and the country's count is of two then.
    let three = [with("01", 5), with("12", 30), with("14", 100)];
    assert_eq!(said(&three, region("01")), withheld);
    assert_eq!(said(&three, region("12")), withheld);
    assert_eq!(said(&three, region("14")), shown);
    assert_eq!(said(&three, Place::Hospital("01".parse().unwrap(), "1".into())), withheld);
    assert_eq!(said(&three, Place::Country), [json!(21), json!(27), json!(0), json!(9)]);
    // Of one region alone it is that region's.
    assert_eq!(said(&[with("01", 5)], Place::Country), withheld);
    assert_eq!(said(&[with("14", 100)], Place::Country), shown);
}

#[test]
fn no_line_is_nobody_only_where_the_source_says_which_step_contacts_are() {
    let now = |totals: &[(&str, i64)]| {
        let found = row(
            &report(&[parcel("14", &[], totals)], Place::Country),
            "regioner",
            &[("region", "Västra Götalandsregionen")],
        );
        (found["values"]["visit"].clone(), found["absent"]["visit"].clone())
    };
    assert_eq!(now(&[("phase_unknown", 7)]), (Value::Null, json!("missing")));
    assert_eq!(now(&[("phase_unknown", 0)]), (json!(0), Value::Null));
    assert_eq!(now(&[]), (json!(0), Value::Null));
    // One contact with a step is enough: the others are counted beside.
    let some = [parcel("14", &[("waiting", "1", "treatment", 40)], &[("phase_unknown", 7)])];
    let found = row(&report(&some, Place::Country), "regioner", &[("region", "Västra Götalandsregionen")]);
    assert_eq!((&found["values"]["treatment"], &found["values"]["visit"]), (&json!(40), &json!(0)));
}

#[test]
fn what_a_file_withholds_is_a_word_and_counts_in_the_sum_where_that_is_said() {
    let with = |lines: &str| {
        let columns =
            "status;hospital_code;hospital_name;step;contacts;guarantee_denominator;within_90_days;median_wait;reason";
        parcel_of("14", format!("{columns}\n{lines}"), &[])
    };
    let of_hospitals = "waiting;1;Ettan;treatment;100;80;60;40.0;\nwaiting;2;Tvåan;treatment;;;;;withheld\n\
                        waiting;3;Trean;treatment;60;;;30.0;guarantee-withheld\nwaiting;4;Fyran;treatment;;;;;withheld\n";
    let together = "waiting;;;treatment;30;40;20;25.0;withheld-together\n";
    let shown = report(&[with(&format!("{of_hospitals}{together}"))], region("14"));
    let of_region = row(
        &report(&[with(&format!("{of_hospitals}{together}"))], Place::Country),
        "regioner",
        &[("region", "Västra Götalandsregionen")],
    );
    assert_eq!((&of_region["values"]["treatment"], &of_region["values"]["treatment_of"]), (&json!(190), &json!(120)));
    assert_eq!(rows(&shown, "sjukhus", &[]).len(), 4, "what is withheld together is no hospital");
    for (hospital, count, share) in
        [("Ettan", json!(100), json!(75.0)), ("Trean", json!(60), Value::Null), ("Tvåan", Value::Null, Value::Null)]
    {
        let found = row(&shown, "sjukhus", &[("hospital", hospital)]);
        assert_eq!(
            (&found["values"]["treatment"], &found["values"]["treatment_share"]),
            (&count, &share),
            "{hospital}"
        );
    }
    let second = row(&shown, "sjukhus", &[("hospital", "Tvåan")]);
    assert_eq!(
        (&second["absent"]["treatment"], &second["absent"]["treatment_median"]),
        (&json!("withheld"), &json!("withheld"))
    );
    // Where what they have together is withheld, the region's sum would be one without them.
    let silent = report(&[with(of_hospitals)], Place::Country);
    let of_region = row(&silent, "regioner", &[("region", "Västra Götalandsregionen")]);
    assert_eq!(of_region["absent"]["treatment"], "withheld");
}
