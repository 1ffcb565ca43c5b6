//! `measure_reports.json`: the figures as FHIR MeasureReports.

use schemas::{Sex, Wait};
use serde_json::{Value, json};

use super::{completed, extract, statement, text};

/// The reports of a measure.
fn reports(statements: &[Wait<'_>], measure: &str) -> Vec<Value> {
    let bundle: Value = serde_json::from_str(text(&extract(statements), "measure_reports.json")).unwrap();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let url = format!("https://kchd.se/fhir/Measure/{measure}");
    entries
        .into_iter()
        .map(|entry| entry["resource"].clone())
        .filter(|report| report["measure"] == url.as_str())
        .collect()
}

/// The only report of a measure.
fn report(statements: &[Wait<'_>], measure: &str) -> Value {
    let mut reports = reports(statements, measure);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

/// Counts by population, then the score.
fn counts(part: &Value) -> (Vec<(String, u64)>, Option<f64>) {
    let populations = part["population"].as_array().unwrap().iter();
    let counts = populations.map(|population| {
        let code = population["code"]["coding"][0]["code"].as_str().unwrap().to_owned();
        (code, population["count"].as_u64().unwrap())
    });
    (counts.collect(), part["measureScore"]["value"].as_f64())
}

fn proportion(completed: u64, denominator: u64, numerator: u64) -> Vec<(String, u64)> {
    let names = ["initial-population", "denominator", "numerator"];
    names.map(str::to_owned).into_iter().zip([completed, denominator, numerator]).collect()
}

#[test]
fn a_report_says_whose_which_and_when() {
    let report = report(&[statement("OPT101-1")], "vantetid-vardgaranti");
    assert_eq!(report["status"], "complete");
    assert_eq!(report["type"], "summary");
    assert_eq!(report["period"], json!({ "start": "2026-02-01", "end": "2026-02-28" }));
    // When an extract was made is in the ledger: a run that is repeated gives the same bytes.
    assert!(report.get("date").is_none());
    let hsa_id = |value: &str| json!({ "system": "urn:oid:1.2.752.129.2.1.4.1", "value": value });
    assert_eq!(
        report["subject"],
        json!({
            "type": "Organization",
            "identifier": hsa_id("SE2321000131-E000000000001"),
            "display": "Västra Götalandsregionen",
        })
    );
    assert_eq!(
        report["reporter"],
        json!({
            "type": "Organization",
            "identifier": hsa_id("SE2321000131-E000000000003"),
            "display": "Sahlgrenska",
        })
    );
    assert_eq!(
        report["meta"]["tag"],
        json!([
            { "system": "https://kchd.se/fhir/CodeSystem/sjukhuskod", "code": "501010", "display": "Sahlgrenska" },
            { "system": "urn:vardstrom:waiting-times:definition-version", "code": "2026.1" },
        ])
    );
}

#[test]
fn the_reporter_is_the_region_where_several_units_or_none_report() {
    let other = Wait { care_unit_hsa_id: Some("SE2321000131-E000000000099"), ..statement("OPT101-2") };
    let report_of_two = report(&[statement("OPT101-1"), other], "vantetid-median");
    assert_eq!(report_of_two["reporter"]["identifier"]["value"], "SE2321000131-E000000000001");
    assert_eq!(report_of_two["reporter"]["display"], "Sahlgrenska");
    let bare = Wait { region_hsa_id: None, care_unit_hsa_id: None, hospital_code: None, ..statement("OPT101-1") };
    let bare = report(&[bare], "vantetid-median");
    assert_eq!(bare["reporter"], json!({ "type": "Organization", "display": "Västra Götalandsregionen" }));
    assert_eq!(bare["subject"], bare["reporter"]);
}

#[test]
fn the_guarantee_is_a_proportion_with_three_stratifiers() {
    let man = Wait { sex: Sex::Male, birth_year: None, guarantee: None, ..completed("OPT101-3", 200) };
    let report = report(&[completed("OPT101-1", 10), completed("OPT101-2", 100), man], "vantetid-vardgaranti");
    let group = &report["group"][0];
    assert_eq!(counts(group), (proportion(3, 2, 1), Some(50.0)));
    assert_eq!(group["measureScore"]["unit"], "%");
    let strata = |index: usize| -> Vec<_> {
        let strata = group["stratifier"][index]["stratum"].as_array().unwrap().iter();
        strata
            .map(|stratum| {
                let value = &stratum["value"];
                let name = value["text"].as_str().or(value["coding"][0]["code"].as_str()).unwrap().to_owned();
                (name, counts(stratum))
            })
            .collect()
    };
    let named = |name: &str, counts, score| (name.to_owned(), (counts, score));
    assert_eq!(strata(0), [named("female", proportion(2, 2, 1), Some(50.0)), named("male", proportion(1, 0, 0), None)]);
    assert_eq!(
        strata(1),
        [named("75_84", proportion(2, 2, 1), Some(50.0)), named("unknown", proportion(1, 0, 0), None)]
    );
    assert_eq!(
        strata(2),
        [
            named("0-30", proportion(1, 1, 1), Some(100.0)),
            named("31-60", proportion(0, 0, 0), None),
            named("61-90", proportion(0, 0, 0), None),
            named("91-120", proportion(1, 1, 0), Some(0.0)),
            named("121-180", proportion(0, 0, 0), None),
            named(">180", proportion(1, 0, 0), None),
        ]
    );
}

#[test]
fn waits_and_journeys_are_scores_in_days() {
    let without = Wait { referral_at: None, ..completed("OPT101-2", 11) };
    let all = [completed("OPT101-1", 10), without];
    let population = |count| vec![("measure-population".to_owned(), count)];
    let wait = report(&all, "vantetid-median");
    assert_eq!(counts(&wait["group"][0]), (population(2), Some(10.5)));
    assert_eq!(counts(&wait["group"][1]), (population(2), Some(10.5)));
    assert_eq!(wait["group"][0]["measureScore"]["code"], "d");
    let journey = report(&all, "vantetid-patientresa");
    assert_eq!(counts(&journey["group"][0]), (population(1), Some(61.0)));
    assert_eq!(counts(&journey["group"][1]), (population(1), Some(51.0)));
    let journey = report(&all[1..], "vantetid-patientresa");
    assert_eq!(counts(&journey["group"][0]), (population(0), None));
}

#[test]
fn ids_depend_on_what_is_reported_and_not_on_the_figures() {
    let ids = |statements: &[Wait<'_>]| -> Vec<String> {
        let measures = ["vantetid-vardgaranti", "vantetid-median", "vantetid-patientresa"];
        let reports = measures.iter().flat_map(|measure| reports(statements, measure));
        reports.map(|report| report["id"].as_str().unwrap().to_owned()).collect()
    };
    let halmstad = Wait { hospital_code: Some("420010"), ..statement("OPT101-2") };
    let first = ids(&[statement("OPT101-1"), halmstad.clone()]);
    assert_eq!(first, ids(&[completed("OPT101-9", 3), halmstad]));
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 6);
    // Python: uuid5(uuid5(NAMESPACE_URL, "urn:vardstrom:event-id"), "\0".join([the measure's URL, "14/2026-02/501010",
    // sha256(b"2026.1").hexdigest(), "0"])).
    assert!(first.contains(&"eb40a6ff-3367-5763-bf2f-25b93007355b".to_owned()), "{first:?}");
}
