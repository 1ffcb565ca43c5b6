//! Pages of published figures: rows that sink-register's code made, in a real PostgreSQL, as a client sees them.

use std::collections::BTreeMap;

use dashboard::published::read::Reader;
use dashboard::published::{Extract, Library, Reading};
use dashboard::shelf::Manner;
use serde_json::Value;

use crate::fixture;
use crate::register::{self, Facts};
use crate::site::{Setup, Site};

/// Every page of published figures that tests look at.
pub const PAGES: [&str; 5] = [
    "/vantetider",
    "/vantetider/region/14",
    "/vantetider/region/14/sjukhus/501010",
    "/vantetider?period=2026-08&ordning=andel",
    "/vantetider/region/21?period=2026-06",
];

/// The live board beside the published figures of the invented country.
pub fn site() -> Site {
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    site.hub.shelf.put(register::library());
    site.hub.shelf.set_manner(Manner { contact: Some("tillganglighet@region.example".into()), ..Manner::default() });
    site
}

fn json(site: &Site, path: &str) -> Value {
    let (status, body) = site.get(path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn table<'a>(answer: &'a Value, id: &str) -> &'a Vec<Value> {
    let tables = answer["tables"].as_array().unwrap();
    let found = tables.iter().find(|table| table["id"] == id);
    found.unwrap_or_else(|| panic!("no table {id}"))["rows"].as_array().unwrap()
}

fn row<'a>(rows: &'a [Value], column: &str, value: &str) -> &'a Value {
    rows.iter().find(|row| row["values"][column] == value).unwrap_or_else(|| panic!("no row {value}"))
}

/// The published texts of a month's file, by region, read beside the dashboard.
fn published(library: &Library, period: &str, file: &str, column: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for parcel in library.of_period(Extract::WaitingTimes, period.parse().unwrap()) {
        let sum = parcel.rows(file).map(|row| row.count(column).unwrap()).sum();
        sums.insert(parcel.region.code().to_owned(), sum);
    }
    sums
}

#[test]
fn every_page_answers_in_both_languages_with_the_policy_and_without_a_person() {
    let site = site();
    for page in PAGES {
        for language in ["sv", "en"] {
            let path = format!("/{language}{page}");
            let (status, body) = site.get(&path);
            assert_eq!(status, 200, "{path}");
            assert!(!body.contains(fixture::PLANTED_TOKEN), "{path} holds what was planted");
            assert!(!body.contains(" style=") && !body.contains("<style") && !body.contains("hx-on"), "{path}");
            for script in body.split("<script").skip(1) {
                assert!(script.contains("src=\"/tillgang/"), "{path} has a script inside");
            }
        }
    }
}

#[test]
fn shares_are_sums_of_published_numerators_over_published_denominators() {
    let site = site();
    let library = register::library();
    let answer = json(&site, "/api/v1/waiting-times?period=2026-09");
    let of = published(&library, "2026-09", "kpi_total.csv", "guarantee_denominator");
    let within = published(&library, "2026-09", "kpi_total.csv", "within_90_days");
    let rows = table(&answer, "regioner");
    assert_eq!(rows.len(), 21);
    for (code, name) in [("01", "Region Stockholm"), ("12", "Region Skåne"), ("14", "Västra Götalandsregionen")] {
        let values = &row(rows, "region", name)["values"];
        assert_eq!(values["completed_of"], of[code], "{code}");
        assert_eq!(values["completed_within"], within[code], "{code}");
        let share = (within[code] * 1000 * 2 + of[code]) / (2 * of[code]);
        assert_eq!(values["completed_share"].as_f64().unwrap(), share as f64 / 10.0);
    }
    let last = &table(&answer, "serie-genomforda")[0]["values"];
    assert_eq!(last["of"], of.values().sum::<i64>());
    assert_eq!(last["within"], within.values().sum::<i64>());
    // The hospital's share is the one that was published, to the decimal.
    let region = json(&site, "/api/v1/waiting-times?region=14&period=2026-09");
    let parcel = library.get(Extract::WaitingTimes, "14".parse().unwrap(), "2026-09".parse().unwrap()).unwrap();
    for published in parcel.rows("kpi_total.csv").filter(|row| row.count("completed").unwrap() >= 20) {
        let values = &row(table(&region, "sjukhus"), "hospital", published.text("hospital_name").unwrap())["values"];
        if let Some(share) = values["completed_share"].as_f64() {
            assert_eq!(share, published.decimal("share_percent", 1).unwrap() as f64 / 10.0);
        }
    }
}

#[test]
fn what_is_missing_is_a_word_and_never_zero() {
    let site = site();
    let answer = json(&site, "/api/v1/waiting-times?period=2026-10");
    let late = row(table(&answer, "regioner"), "region", "Region Gotland");
    assert_eq!(late["values"]["completed"], Value::Null);
    assert_eq!(late["absent"]["completed"], "missing");
    let page = site.get("/sv/vantetider?period=2026-10").1;
    assert!(page.contains("6 av 21 regioner"), "the sum does not say its coverage");
    let csv = site.get("/sv/vantetider?period=2026-10&form=csv&tabell=regioner").1;
    let line = csv.lines().find(|line| line.starts_with("Region Gotland")).unwrap();
    assert_eq!(line, "Region Gotland;saknas;saknas;saknas;saknas;saknas;saknas;saknas;saknas;saknas");
    // A month that was never delivered is a gap in its region's series.
    let answer = json(&site, "/api/v1/waiting-times?region=21&period=2026-10");
    let gap = row(table(&answer, "serie-genomforda"), "period", "June 2026");
    assert_eq!((&gap["values"]["share"], gap["absent"]["share"].as_str()), (&Value::Null, Some("missing")));
}

#[test]
fn few_contacts_show_a_word_everywhere_and_no_subtraction_brings_them_back() {
    let site = site();
    let few = format!("färre än{}20", '\u{a0}');
    let page = site.get("/sv/vantetider/region/14?period=2026-09").1;
    assert!(page.contains(&few) && page.contains("döljs"));
    let csv = site.get("/sv/vantetider/region/14?period=2026-09&form=csv&tabell=sjukhus").1;
    let line = csv.lines().find(|line| line.starts_with("Ängelbergs")).unwrap();
    assert_eq!(line.matches(&few).count(), 9, "{line}");
    let answer = json(&site, "/api/v1/waiting-times?region=14&period=2026-09");
    let rows = table(&answer, "sjukhus");
    for column in ["completed", "completed_of", "completed_within", "waiting", "waiting_of", "waiting_within"] {
        let hidden = rows.iter().filter(|row| row["values"][column].is_null()).count();
        assert!(hidden != 1, "the region's sum tells the only hidden {column}");
    }
    let hidden = row(rows, "hospital", "Ängelbergs sjukhus");
    assert!(hidden["values"]["completed_share"].is_null() && hidden["values"]["median_wait"].is_null());
    // Its own page and its intervals tell no more.
    let own = json(&site, &format!("/api/v1/waiting-times?region=14&hospital={}&period=2026-09", register::SMALL));
    for id in ["serie-genomforda", "serie-vantande", "intervall"] {
        for row in table(&own, id) {
            for (column, value) in row["values"].as_object().unwrap() {
                let is_count = !["period", "place", "phase", "finding", "flags", "regions"].contains(&column.as_str());
                assert!(!is_count || value.is_null(), "{id} {column} shows {value}");
            }
        }
    }
    // The limit is configurable.
    site.hub.shelf.set_manner(Manner { contacts_min: 0, ..Manner::default() });
    assert!(!site.get("/sv/vantetider/region/14?period=2026-09").1.contains(&few));
}

#[test]
fn a_figure_never_stands_without_its_flag_and_a_changed_system_breaks_the_series() {
    let site = site();
    let page = site.get("/sv/vantetider/region/21?period=2026-10").1;
    assert!(page.contains("Nytt journalsystem från februari 2026") && page.contains("run-break"));
    let answer = json(&site, "/api/v1/waiting-times?region=21&period=2026-10");
    let series = table(&answer, "serie-genomforda");
    assert!(
        row(series, "period", "February 2026")["values"]["flags"].as_str().unwrap().starts_with("break in the series")
    );
    assert_eq!(answer["parcels"][0]["flags"][0]["kind"], "changing record system");
    let country = json(&site, "/api/v1/waiting-times?period=2026-10");
    let row = row(table(&country, "regioner"), "region", "Region Gävleborg");
    assert_eq!(row["values"]["flags"], "changing record system");
    let provisional = site.get("/sv/vantetider/region/14?period=2026-10").1;
    assert!(provisional.contains("run-dotted") && provisional.contains("preliminär"));
}

#[test]
fn a_series_that_leaves_its_variation_says_so_in_words() {
    let site = site();
    let page = site.get("/sv/vantetider/region/14?period=2026-10").1;
    assert!(page.contains("lägre, sämre") && page.contains("class=\"worse\""));
    let page = site.get("/sv/vantetider/region/12?period=2026-10").1;
    assert!(page.contains("högre, bättre") && page.contains("class=\"better\""));
}

#[test]
fn every_table_of_every_page_is_a_file_and_names_its_address() {
    let site = site();
    for page in PAGES {
        let path = format!("/sv{page}");
        let body = site.get(&path).1;
        let files: Vec<&str> =
            body.split("<p class=\"takeout\"><a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(!files.is_empty(), "{path} has no table");
        assert_eq!(files.len(), body.matches("class=\"card sheet\"").count(), "{path}");
        for file in files {
            let (status, text) = site.get(&file.replace("&amp;", "&"));
            assert_eq!(status, 200, "{file}");
            let columns = text.lines().next().unwrap().split(';').count();
            assert!(text.starts_with('\u{feff}') && columns > 2, "{file}");
        }
        let api = body.split("<code>").nth(1).unwrap().split('<').next().unwrap().replace("&amp;", "&");
        assert_eq!(site.get(&api).0, 200, "{api}");
    }
}

#[test]
fn order_is_by_lanskod_until_somebody_asks() {
    let site = site();
    let names = |path: &str| -> Vec<String> {
        let csv = site.get(path).1;
        csv.lines().skip(1).map(|line| line.split(';').next().unwrap().to_owned()).collect()
    };
    let usual = names("/sv/vantetider?period=2026-09&form=csv&tabell=regioner");
    assert_eq!((usual[0].as_str(), usual[20].as_str()), ("Region Stockholm", "Region Norrbotten"));
    assert!(site.get("/sv/vantetider?period=2026-09").1.contains("ingen rangordning"));
    let asked = names("/sv/vantetider?period=2026-09&ordning=andel&form=csv&tabell=regioner");
    assert_eq!(asked[0], "Region Gävleborg", "{asked:?}");
    let by_name = names("/sv/vantetider?period=2026-09&ordning=namn&form=csv&tabell=regioner");
    assert_eq!(by_name[20], "Västra Götalandsregionen");
}

#[test]
fn without_a_store_the_pages_say_so_and_what_to_do() {
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    for page in ["/vantetider", "/vantetider/region/14"] {
        let (status, body) = site.get(&format!("/sv{page}"));
        assert_eq!(status, 200);
        assert!(body.contains("Lägg till [store]"), "{page}");
    }
    site.hub.shelf.put(Library::of(Reading::NotYet, [], 0));
    assert!(site.get("/sv/vantetider").1.contains("Lagret har inte svarat än"));
    site.hub.shelf.fail(fixture::now());
    assert!(site.get("/sv/vantetider").1.contains("Lagret har inte svarat än"));
    site.hub.shelf.put(Library::of(Reading::At(fixture::now()), [], 0));
    assert!(site.get("/sv/vantetider").1.contains("Inget är publicerat"));
    site.hub.shelf.put(register::library());
    site.hub.shelf.fail(fixture::now());
    assert!(site.get("/sv/vantetider").1.contains("Siffrorna är från tidigare"));
}

#[test]
fn places_and_periods_that_are_not_published_are_not_found_or_missing() {
    let site = site();
    for path in ["/sv/vantetider/region/99", "/sv/vantetider/region/14/sjukhus/0", "/sv/vantetider?form=csv&tabell=x"] {
        assert_eq!(site.get(path).0, 404, "{path}");
    }
    assert_eq!(site.get("/api/v1/waiting-times?period=now").0, 400);
    assert_eq!(site.get("/api/v1/waiting-times?region=99").0, 400);
    assert!(site.get("/sv/vantetider?period=2020-01").1.contains("saknas"));
}

#[test]
fn only_the_highest_version_is_read_and_only_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = register::empty().await;
        let file = |text: &str| sink_register::waiting_times::File {
            name: "kpi_total.csv".into(),
            bytes: text.as_bytes().to_vec(),
            rows: 1,
            personal: false,
        };
        let series = ("14", "waiting-times", "2026-10");
        let header = "hospital_code;hospital_name;completed;guarantee_denominator;within_90_days\n";
        let first = [file(&format!("{header}501010;A;40;40;30\n"))];
        register::publish(&url, series, 1, &first, &Facts::default()).await;
        let mut reader = Reader::default();
        let library = register::read(&url, &mut reader).await;
        let key = ("14".parse().unwrap(), "2026-10".parse().unwrap());
        let held = library.get(Extract::WaitingTimes, key.0, key.1).unwrap().clone();
        let again = register::read(&url, &mut reader).await;
        assert!(std::sync::Arc::ptr_eq(&held, again.get(Extract::WaitingTimes, key.0, key.1).unwrap()));
        let second = [file(&format!("{header}501010;A;41;41;30\n"))];
        register::publish(&url, series, 2, &second, &Facts::default()).await;
        // A text that is no table is left out and counted, and the rest is shown.
        register::publish(&url, ("12", "waiting-times", "2026-10"), 1, &[file("a;b\n1\n")], &Facts::default()).await;
        // Older than what is held, and of an extract that no page shows.
        register::publish(&url, ("14", "waiting-times", "2023-01"), 1, &second, &Facts::default()).await;
        register::publish(&url, ("14", "par-inpatient", "2026-10"), 1, &second, &Facts::default()).await;
        let library = register::read(&url, &mut reader).await;
        assert_eq!((library.iter().count(), library.left_out), (1, 1));
        assert_eq!(library.get(Extract::WaitingTimes, key.0, key.1).unwrap().version, 2);
    });
}
