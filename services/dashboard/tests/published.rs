//! Pages of published figures: rows that sink-register's code made, in a real PostgreSQL, as a client sees them.

use std::collections::{BTreeMap, BTreeSet};

use dashboard::operations;
use dashboard::reader::Reader;
use figures::published::{Extract, Library, Reading};
use figures::report::Manner;
use figures::report::operations::{Feed, State};
use local_stack::agent;
use schemas::Timestamp;
use serde_json::Value;
use sink_register::definition::Definitions;

use crate::fixture;
use crate::pages::holds;
use crate::register::{self, Facts};
use crate::site::{Setup, Site};
use crate::stand::KAFKA;

/// Every page of published figures that tests look at.
pub(crate) const PAGES: [&str; 13] = [
    "/vantetider",
    "/vantetider/region/14",
    "/vantetider/region/14/sjukhus/501010",
    "/vantetider?period=2026-08&ordning=andel",
    "/vantetider/region/21?period=2026-06",
    "/datakvalitet",
    "/datakvalitet/region/01",
    "/kostnad",
    "/kostnad/region/14",
    "/vardforlopp",
    "/vardforlopp/region/14",
    "/drift",
    "/om",
];

/// The live board beside the published figures of the invented country.
pub(crate) fn site() -> Site {
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    site.hub.shelf.put(register::library());
    site.hub.shelf.set_operations(operations());
    site.hub.shelf.set_manner(Manner { contact: Some("tillganglighet@region.example".into()), ..Manner::default() });
    site
}

/// A state with something to do.
fn operations() -> State {
    let feed = |topic: &str, mapped, passed, waiting| Feed {
        topic: topic.into(),
        fates: runtime::fate::FateCounts {
            mapped,
            ignored: 40,
            refused: 3,
            parked: 1,
            events: mapped + 9,
            rules: BTreeMap::from([("episode-missing".into(), 2), ("own-rule".into(), 1)]),
            ..Default::default()
        },
        passed,
        waiting,
        oldest: (waiting > 4_000).then(|| Timestamp(fixture::now().0 - 754_000_000)),
        is_unreadable: false,
    };
    State {
        kafka: Some((fixture::now(), true)),
        watched: Some(fixture::now()),
        feeds: Some(vec![
            feed("region.14.source.adt", 91_456, 91_500, 12),
            feed("region.14.source.waiting-times", 20_000, 20_044, 4_870),
        ]),
        parked: BTreeMap::from([("region.14.parked".to_owned(), 8)]),
        ..State::default()
    }
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

/// The published texts of a month's steps, by region, read beside the dashboard.
fn published(library: &Library, period: &str, (status, step): (&str, &str), column: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for parcel in library.of_period(Extract::WaitingTimes, period.parse().unwrap()) {
        let rows = parcel.rows("waits_by_step.csv");
        let rows = rows.filter(|row| row.text("status") == Some(status) && row.text("step") == Some(step));
        let sum = rows.map(|row| row.count(column).unwrap()).sum();
        sums.insert(parcel.region.code().to_owned(), sum);
    }
    sums
}

#[test]
fn the_page_about_the_dashboard_says_what_runs() {
    let site = site();
    for (language, words) in [("sv", "bygge"), ("en", "build")] {
        let page = site.get(&format!("/{language}/om")).1;
        let (_, rest) = page.split_once("<p id=\"version\">").expect("the version");
        assert!(rest.starts_with(&format!("Version {}, {words} ", env!("CARGO_PKG_VERSION"))), "{language}");
        assert!(!site.get(&format!("/{language}")).1.contains("id=\"version\""));
    }
}

#[test]
fn every_extract_that_pages_are_about_is_shipped_and_publishes_figures() {
    let definitions = Definitions::load(None).unwrap();
    for extract in Extract::ALL {
        let files = &definitions.named(extract.name()).unwrap().files;
        assert!(files.iter().any(|file| file.ends_with(".csv")), "{}", extract.name());
    }
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
    for (regions, series, status, step, column) in [
        ("regioner", "serie-vantande-besok", "waiting", "first_visit", "visit"),
        ("regioner", "serie-vantande-atgard", "waiting", "treatment", "treatment"),
        ("regioner-genomforda", "serie-genomforda-besok", "completed", "first_visit", "visit"),
        ("regioner-genomforda", "serie-genomforda-atgard", "completed", "treatment", "treatment"),
    ] {
        let of = published(&library, "2026-09", (status, step), "guarantee_denominator");
        let within = published(&library, "2026-09", (status, step), "within_90_days");
        let rows = table(&answer, regions);
        assert_eq!(rows.len(), 21);
        for (code, name) in [("01", "Region Stockholm"), ("12", "Region Skåne"), ("14", "Västra Götalandsregionen")]
        {
            let values = &row(rows, "region", name)["values"];
            assert_eq!(values[format!("{column}_of")], of[code], "{series} {code}");
            assert_eq!(values[format!("{column}_within")], within[code], "{series} {code}");
            let share = (within[code] * 1000 * 2 + of[code]) / (2 * of[code]);
            assert_eq!(values[format!("{column}_share")].as_f64().unwrap(), share as f64 / 10.0);
        }
        let last = &table(&answer, series)[0]["values"];
        assert_eq!(last["of"], of.values().sum::<i64>(), "{series}");
        assert_eq!(last["within"], within.values().sum::<i64>(), "{series}");
    }
    // What is in no figure is counted, and a statement is in one place only.
    let gone = row(table(&answer, "utanfor"), "what", "Waits chosen by the patient (PvV)");
    let parcels = || library.of_period(Extract::WaitingTimes, "2026-09".parse().unwrap());
    let total = |name: &str| parcels().map(|parcel| parcel.total(name).unwrap()).sum::<i64>();
    assert_eq!(gone["values"]["statements"], total("patient_chosen"));
    assert!(total("patient_chosen") > 0 && total("phase_other") > 0 && total("first_visit_without_referral") > 0);
    // The hospital's share is the one that was published, to the decimal.
    let region = json(&site, "/api/v1/waiting-times?region=14&period=2026-09");
    let parcel = library.get(Extract::WaitingTimes, "14".parse().unwrap(), "2026-09".parse().unwrap()).unwrap();
    let mut compared = 0;
    for published in parcel.rows("waits_by_step.csv").filter(|row| row.text("status") == Some("waiting")) {
        let values = &row(table(&region, "sjukhus"), "hospital", published.text("hospital_name").unwrap())["values"];
        let column = if published.text("step") == Some("first_visit") { "visit_share" } else { "treatment_share" };
        if let Some(share) = values[column].as_f64() {
            assert_eq!(share, published.decimal("share_percent", 1).unwrap() as f64 / 10.0);
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn what_is_missing_is_a_word_and_never_zero() {
    let site = site();
    let answer = json(&site, "/api/v1/waiting-times?period=2026-10");
    let late = row(table(&answer, "regioner"), "region", "Region Gotland");
    assert_eq!(late["values"]["treatment"], Value::Null);
    assert_eq!(late["absent"]["treatment"], "missing");
    let page = site.get("/sv/vantetider?period=2026-10").1;
    assert!(page.contains("6 av 21 regioner"), "the sum does not say its coverage");
    let csv = site.get("/sv/vantetider?period=2026-10&form=csv&tabell=regioner").1;
    let line = csv.lines().find(|line| line.starts_with("Region Gotland")).unwrap();
    assert_eq!(line, format!("Region Gotland{}", ";saknas".repeat(13)));
    // A month that was never delivered is a gap in its region's series.
    let answer = json(&site, "/api/v1/waiting-times?region=21&period=2026-10");
    let gap = row(table(&answer, "serie-vantande-atgard"), "period", "2026-06");
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
    assert_eq!(line.matches(&few).count(), 14, "{line}");
    let answer = json(&site, "/api/v1/waiting-times?region=14&period=2026-09");
    let rows = table(&answer, "sjukhus");
    for column in ["visit", "visit_of", "visit_within", "treatment", "treatment_of", "treatment_within"] {
        let hidden = rows.iter().filter(|row| row["values"][column].is_null()).count();
        assert!(hidden != 1, "the region's sum tells the only hidden {column}");
    }
    let hidden = row(rows, "hospital", "Ängelbergs sjukhus");
    assert!(hidden["values"]["treatment_share"].is_null() && hidden["values"]["treatment_median"].is_null());
    // Its own page and its intervals tell no more.
    let own = json(&site, &format!("/api/v1/waiting-times?region=14&hospital={}&period=2026-09", register::SMALL));
    for id in ["serie-genomforda-atgard", "serie-vantande-besok", "serie-vantande-atgard", "intervall"] {
        for row in table(&own, id) {
            for (column, value) in row["values"].as_object().unwrap() {
                let is_count =
                    !["period", "place", "phase", "step", "finding", "flags", "regions"].contains(&column.as_str());
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
    let series = table(&answer, "serie-vantande-atgard");
    assert!(row(series, "period", "2026-02")["values"]["flags"].as_str().unwrap().starts_with("break in the series"));
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
        assert!(body.contains("Inget lager är anslutet"), "{page}");
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

/// Who reads a page has no configuration at hand.
#[test]
fn pages_speak_to_readers_and_not_of_configuration() {
    let bare = Site::start(Setup::of(fixture::country(), fixture::now()));
    for site in [&bare, &site()] {
        for page in PAGES.iter().chain(&["", "/region/14", "/region/23", "/uppmarksamma", "/definitioner", "/api"]) {
            for language in ["sv", "en"] {
                let text = site.get(&format!("/{language}{page}")).1;
                for key in [
                    "[store]",
                    "[login]",
                    "about.contact",
                    "hide_below",
                    "never_silent_for",
                    "error_after",
                    ".toml",
                    "vägra",
                    "Vägra",
                ] {
                    // Who reads of operations is an operator, and what helps there is a command.
                    let is_said = text.contains(key) && (key, *page) != (".toml", "/drift");
                    assert!(!is_said, "/{language}{page} says {key}");
                }
            }
        }
    }
    let site = site();
    let says = |page: &str, words: &[&str]| {
        let text = site.get(page).1;
        for words in words {
            assert!(text.contains(words), "{page} does not say {words}");
        }
    };
    says("/sv/region/23", &["räknas inte med: för gamla uppgifter", "Senast hörd"]);
    says("/sv/datakvalitet", &["jämförelse saknas (kort historik)", "Avvisade och parkerade"]);
    says("/sv/vantetider", &["Andelar räknas som summa delat med summa"]);
    says("/sv/drift", &["avvisade", "Avvisade"]);
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

/// Status, tag and file name of an answer to somebody who holds a tag.
fn held(site: &Site, path: &str, tag: &str) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let answer = agent.get(format!("{}{path}", site.url())).header("if-none-match", tag).call().unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let file = header("content-disposition").unwrap_or_default();
    (answer.status().as_u16(), header("etag").unwrap_or_default(), file)
}

#[test]
fn who_has_the_figures_gets_304_until_they_change_and_files_say_when() {
    let site = site();
    let paths = [
        "/api/v1/costs?period=2025",
        "/sv/kostnad/region/14?form=csv&tabell=drg",
        "/sv/kostnad/region/14?period=2025",
        "/en/vantetider?period=2026-09&ordning=andel",
    ];
    let tags = paths.map(|path| {
        let (status, tag, _) = held(&site, path, "\"another\"");
        assert_eq!((status, tag.starts_with("W/\"")), (200, true), "{path}");
        tag
    });
    let later = Timestamp(fixture::now().0 + 90 * fixture::MINUTE);
    site.set_clock(later);
    site.hub.turn();
    let whole = site.hub.shelf.library();
    for (path, tag) in paths.iter().zip(&tags) {
        assert_eq!(held(&site, path, tag).0, 304, "{path} is the same later");
        let mut again = Library::clone(&whole);
        again.reading = Reading::At(later);
        site.hub.shelf.put(again);
        assert_eq!(held(&site, path, tag).0, 304, "{path} is the same when it is read again");
        site.hub.shelf.put(Library::of(Reading::At(fixture::now()), [], 0));
        assert_ne!(held(&site, path, tag).1, *tag, "{path}: other figures have another tag");
        site.hub.shelf.put(Library::clone(&whole));
    }
    let file = held(&site, "/sv/kostnad/region/14?form=csv&tabell=drg", "").2;
    let now = board::instant::rfc3339(later).replace([':', '-'], "");
    assert_eq!(file, format!("attachment; filename=\"kostnad-14-2025-drg_{now}.csv\""));
    let board = held(&site, "/sv/region/14?form=csv", "").2;
    assert_eq!(board, format!("attachment; filename=\"vardplatser-14_{now}.csv\""));
    // What a page looks like is of it, too.
    let dark = agent().get(format!("{}{}", site.url(), paths[2])).header("cookie", "tema=morkt").call().unwrap();
    assert_ne!(dark.headers()["etag"], *tags[2]);
    // A page that was opened without a period links to the one that it shows.
    let page = site.get("/sv/kostnad/region/14").1;
    assert!(page.contains("/sv/kostnad/region/14?period=2025&amp;form=csv&amp;tabell=drg"), "CSV");
    assert!(page.contains("/api/v1/costs?region=14&amp;period=2025"), "API");
    // Months are ISO where programs read them, and words where people do.
    let answer = json(&site, "/api/v1/waiting-times?region=14&period=2026-09");
    assert_eq!(table(&answer, "serie-vantande-atgard")[0]["values"]["period"], "2026-09");
    assert_eq!(table(&answer, "underlag")[0]["values"]["made_at"], "2026-11-16T03:12:00Z");
    let csv = site.get("/en/vantetider/region/14?period=2026-09&form=csv&tabell=serie-vantande-atgard").1;
    assert!(csv.contains("\r\n2026-09;") && csv.starts_with('\u{feff}'), "{csv}");
    let page = site.get("/sv/vantetider/region/14?period=2026-09").1;
    assert!(page.contains(">september 2026</th>"), "the page has words");
}

#[test]
fn an_opened_page_has_its_period_in_its_address() {
    let site = site();
    for (path, told) in [
        ("/sv/vantetider", "/sv/vantetider?period=2026-10"),
        ("/en/vantetider/region/14?ordning=andel", "/en/vantetider/region/14?period=2026-10&ordning=andel"),
        (
            "/sv/vantetider/region/14/sjukhus/501010?period=2026",
            "/sv/vantetider/region/14/sjukhus/501010?period=2026-10",
        ),
        ("/sv/kostnad?period=now", "/sv/kostnad?period=2025"),
        ("/sv/vardforlopp", ""),
        ("/sv/datakvalitet", ""),
    ] {
        let answer = agent().get(format!("{}{path}", site.url())).call().unwrap();
        assert_eq!(answer.status().as_u16(), 307, "{path}");
        let found = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(found.contains("period=20") && (told.is_empty() || found == told), "{path} leads to {found}");
        let open = agent().get(format!("{}{found}", site.url())).call().unwrap();
        assert_eq!(open.status().as_u16(), 200, "{found} stays where it is");
    }
    // What has no period, a file, and a page without figures stay under the address that was asked for.
    for path in ["/sv/drift", "/sv/om", "/sv/vantetider?form=csv"] {
        assert_eq!(agent().get(format!("{}{path}", site.url())).call().unwrap().status().as_u16(), 200, "{path}");
    }
    site.hub.shelf.put(Library::of(Reading::NotYet, [], 0));
    assert_eq!(agent().get(format!("{}/sv/vantetider", site.url())).call().unwrap().status().as_u16(), 200);
}

#[test]
fn a_data_set_is_every_period_of_a_table_in_one_file() {
    let site = site();
    let list = json(&site, "/api/v1/datasets");
    let sets = list["datasets"].as_array().unwrap();
    assert_eq!(sets.len(), 3);
    let mut files = 0;
    for set in sets {
        let periods: Vec<&str> = set["periods"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for table in set["tables"].as_array().unwrap() {
            let (status, text) = site.get(table["csv"].as_str().unwrap());
            assert_eq!(status, 200, "{table}");
            assert!(!text.starts_with('\u{feff}'), "{table}");
            assert!(text.split("\r\n").next().unwrap().ends_with(",absent"), "{table}");
            let mut file = agent().get(format!("{}{}", site.url(), table["parquet"].as_str().unwrap())).call().unwrap();
            assert_eq!(file.headers()["content-type"], "application/vnd.apache.parquet", "{table}");
            let name = file.headers()["content-disposition"].to_str().unwrap();
            assert!(name.contains(&format!("-alla-{}_20", table["table"].as_str().unwrap())), "{name}");
            assert!(name.ends_with("Z.parquet\""), "{name}");
            let bytes = file.body_mut().read_to_vec().unwrap();
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{table}");
            files += 1;
        }
        assert!(!periods.is_empty(), "{set}");
    }
    assert!(files > 12, "{files}");
    // Month by month the file has what the month's own table has, hidden cells hidden.
    let own = site.get("/sv/vantetider/region/14?period=2026-09&form=csv&tabell=sjukhus").1;
    let all = site.get("/sv/vantetider/region/14?period=alla&form=csv&tabell=sjukhus").1;
    assert!(all.starts_with("\u{feff}period;hospital;") && all.contains("färre än") && all.contains(','));
    let of_month: Vec<&str> = all.lines().filter_map(|line| line.strip_prefix("2026-09;")).collect();
    assert_eq!(of_month, own.lines().skip(1).collect::<Vec<_>>());
    // A series is on the page of each of its months; of the data set it is once.
    let series = site.get("/sv/vantetider?period=alla&form=csv&tabell=serie-vantande-atgard").1;
    let mut months: Vec<&str> = series.lines().skip(1).map(|line| line.split(';').next().unwrap()).collect();
    let count = months.len();
    months.dedup();
    assert!(months.is_sorted() && months.len() == count && count > 3, "{months:?}");
    // The same for programs, page by page and whole.
    let path = "/api/v1/datasets/waiting-times/sjukhus?region=14";
    let (mut next, mut rows) = (Some(format!("{path}&limit=7")), Vec::new());
    while let Some(address) = next {
        let page = json(&site, &address);
        let found = page["rows"].as_array().unwrap();
        assert!((1..=7).contains(&found.len()), "{address}");
        rows.extend(found.clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(json(&site, path)["rows"].as_array(), Some(&rows));
    assert_eq!(rows.len(), all.lines().count() - 1);
    let machine = site.get(&format!("{path}&format=csv")).1;
    assert_eq!(machine.matches("\r\n").count(), rows.len() + 1);
    assert!(machine.contains("treatment_share: fewer than"), "an empty cell does not say why");
    let page = json(&site, "/api/v1/waiting-times?period=2026-09&limit=5&table=regioner");
    assert_eq!(page["tables"].as_array().unwrap().len(), 1);
    let next = page["tables"][0]["next"].as_str().unwrap();
    assert_eq!(next, "/api/v1/waiting-times?period=2026-09&table=regioner&limit=5&after=5");
    assert_ne!(table(&json(&site, next), "regioner")[0], table(&page, "regioner")[0]);
    for path in [
        "/api/v1/datasets/waiting-times/x",
        "/api/v1/datasets/drift/x",
        "/api/v1/datasets/about/definitioner",
        "/api/v1/costs?table=x",
        "/sv/vantetider?period=alla&form=csv&tabell=x",
    ] {
        assert_eq!(site.get(path).0, 404, "{path}");
    }
}

#[test]
fn only_the_highest_version_is_read_and_only_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = register::empty().await;
        let file = |text: &str| sink_register::File {
            name: "waits_by_step.csv".into(),
            bytes: text.as_bytes().to_vec(),
            rows: 1,
            personal: false,
            formulas: 0,
            groups: None,
            treatments: BTreeMap::new(),
        };
        let series = ("14", "waiting-times", "2026-10");
        let header = "status;hospital_code;hospital_name;step;contacts;guarantee_denominator;within_90_days\n";
        let first = [file(&format!("{header}waiting;501010;A;treatment;40;40;30\n"))];
        register::publish(&url, series, 1, &first, &Facts::default()).await;
        let mut reader = Reader::default();
        let library = register::read(&url, &mut reader).await;
        let key = ("14".parse().unwrap(), "2026-10".parse().unwrap());
        let held = library.get(Extract::WaitingTimes, key.0, key.1).unwrap().clone();
        let again = register::read(&url, &mut reader).await;
        assert!(std::sync::Arc::ptr_eq(&held, again.get(Extract::WaitingTimes, key.0, key.1).unwrap()));
        let second = [file(&format!("{header}waiting;501010;A;treatment;41;41;30\n"))];
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

#[test]
fn a_delivery_of_an_older_definition_stands_as_missing_and_not_as_zero() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let library = runtime.block_on(async {
        let url = register::empty().await;
        let text = "hospital_code;hospital_name;completed;guarantee_denominator;within_90_days\n501010;A;40;40;30\n";
        let file = |name: &str| sink_register::File {
            name: name.into(),
            bytes: text.as_bytes().to_vec(),
            rows: 1,
            personal: false,
            formulas: 0,
            groups: None,
            treatments: BTreeMap::new(),
        };
        register::publish(&url, ("14", "waiting-times", "2026-10"), 1, &[file("kpi_total.csv")], &Facts::default())
            .await;
        register::read(&url, &mut Reader::default()).await
    });
    let site = Site::start(Setup::of(fixture::country(), fixture::now()));
    site.hub.shelf.put(library);
    let page = site.get("/sv/vantetider?period=2026-10").1;
    assert!(page.contains("id=\"aldre\">1 leveranser"), "the page does not say that a delivery is older");
    let answer = json(&site, "/api/v1/waiting-times?period=2026-10");
    let own = row(table(&answer, "regioner"), "region", "Västra Götalandsregionen");
    assert_eq!((&own["values"]["treatment"], own["absent"]["treatment"].as_str()), (&Value::Null, Some("missing")));
}

#[test]
fn what_has_not_come_and_what_has_jumped_is_said_in_words() {
    let site = site();
    let answer = json(&site, "/api/v1/quality?period=2026-10");
    let deliveries = table(&answer, "leveranser");
    let state =
        |region: &str| row(deliveries, "region", region)["values"]["waiting-times"].as_str().unwrap().to_owned();
    assert_eq!(state("Region Gotland"), "missing");
    assert_eq!(state("Region Stockholm"), "jump down");
    assert_eq!(state("Region Skåne"), "delivered");
    assert_eq!(state("Västra Götalandsregionen"), "provisional");
    let jump = row(table(&answer, "rimlighet"), "total", "statements");
    assert_eq!(jump["values"]["region"], "Region Stockholm");
    assert!(jump["values"]["now"].as_i64() < jump["values"]["usual"].as_i64());
    // Coverage and findings are sums of what the manifests say.
    let library = register::library();
    let parcels = || library.of_period(Extract::WaitingTimes, "2026-10".parse().unwrap());
    let coverage = row(table(&answer, "tackning"), "extract", "Waiting times");
    assert_eq!(
        coverage["values"]["statements"],
        parcels().map(|parcel| parcel.total("statements").unwrap()).sum::<i64>()
    );
    let found = row(table(&answer, "regler"), "rule", "wait-guarantee-missing");
    let count: i64 = parcels().map(|parcel| parcel.findings["wait-guarantee-missing"]).sum();
    assert_eq!(found["values"]["statements"], count);
    assert!(found["values"]["trend"].as_str().unwrap().starts_with("0 · ") && count > 0);
    assert_eq!(found["values"]["owner"], "the unit that registers");
    // A missing month is a gap in the trend, not a zero.
    let region = json(&site, "/api/v1/quality?region=21&period=2026-10");
    let trend =
        row(table(&region, "regler"), "rule", "wait-guarantee-missing")["values"]["trend"].as_str().unwrap().to_owned();
    assert!(trend.contains("missing"), "{trend}");
}

#[test]
fn costs_are_sums_over_sums_of_a_care_form_and_persons_only_counts() {
    let site = site();
    let library = register::library();
    let answer = json(&site, "/api/v1/costs?period=2025");
    let parcel = library.get(Extract::Kpp, "14".parse().unwrap(), "2025".parse().unwrap()).unwrap();
    let regions = table(&answer, "regioner");
    let of = |region: &str, form: &str| {
        let found = |row: &&Value| row["values"]["region"] == region && row["values"]["care_form"] == form;
        regions.iter().find(found).unwrap_or_else(|| panic!("no row {region} {form}"))
    };
    for (form, published) in [("inpatient", "inpatient"), ("outpatient", "outpatient")] {
        let line = parcel.rows("cost_by_care_form.csv").find(|row| row.text("care_form") == Some(published)).unwrap();
        let count = |column: &str| line.count(column).unwrap();
        let own = &of("Västra Götalandsregionen", form)["values"];
        let (total, inner) = (count("inner_total_kronor"), count("inner_contacts"));
        assert_eq!(own["mean_kronor"].as_i64().unwrap(), (total * 2 + inner * 100) / (inner * 200) * 100, "{form}");
        assert_eq!(own["median_kronor"], count("median_kronor"));
        assert!((count("inner_mean_kronor") - own["mean_kronor"].as_i64().unwrap()).abs() <= 100, "only rounding");
    }
    let small = of("Region Gotland", "inpatient");
    assert_eq!(small["absent"]["mean_kronor"], format!("fewer than{}20", '\u{a0}'));
    let page = site.get("/sv/kostnad/region/14?period=2025").1;
    assert!(page.contains("löpande priser") && page.contains("Ytterfall"));
    let persons = parcel.file_rows["cost_by_person.csv"];
    let years = json(&site, "/api/v1/costs?region=14&period=2025");
    assert_eq!(row(table(&years, "personer"), "year", "2025")["values"]["persons"], persons);
    // Groups of few contacts show no spread, and none shows an end of it.
    let groups = table(&years, "drg");
    assert!(groups.iter().any(|row| row["values"]["upper_quartile_kronor"].is_null()));
    assert!(groups.iter().any(|row| row["values"]["upper_quartile_kronor"].is_number()));
    assert!(groups.iter().all(|row| row["values"]["contacts"].as_i64().is_none_or(|contacts| contacts >= 20)));
}

#[test]
fn what_one_patient_has_cost_is_not_published() {
    let site = site();
    let library = register::library();
    let costs: BTreeSet<i64> = register::costs_of_contacts().into_iter().collect();
    assert!(costs.len() > 100);
    let mut said = BTreeSet::new();
    for path in ["/api/v1/costs", "/api/v1/costs?region=14", "/api/v1/costs?region=09"] {
        for found in json(&site, path)["tables"].as_array().unwrap() {
            for row in found["rows"].as_array().unwrap() {
                said.extend(row["values"].as_object().unwrap().values().filter_map(Value::as_i64));
            }
        }
    }
    for parcel in library.iter().filter(|parcel| parcel.extract == Extract::Kpp) {
        said.extend(parcel.totals.values().flat_map(|total| [*total, total / 100]));
        for row in
            parcel.tables.iter().filter(|(name, _)| name.starts_with("cost_")).flat_map(|(name, _)| parcel.rows(name))
        {
            let columns = [
                "inner_total_kronor",
                "inner_mean_kronor",
                "lower_quartile_kronor",
                "median_kronor",
                "upper_quartile_kronor",
                "kronor_per_drg_point",
            ];
            said.extend(columns.iter().filter_map(|column| row.count(column)));
            for gone in ["least_kronor", "greatest_kronor", "total_kronor"] {
                assert_eq!(row.text(gone), None, "{gone}");
            }
        }
    }
    assert!(said.len() > 60, "{}", said.len());
    // The invented costs are whole kronor, none of them a whole hundred.
    for amount in said {
        assert!(!costs.contains(&amount), "{amount} kronor is what one contact has cost");
    }
}

#[test]
fn the_pathway_shows_where_patients_are_lost_and_hides_small_units() {
    let site = site();
    let answer = json(&site, "/api/v1/hip-fracture?region=14");
    let hospitals = table(&answer, "sjukhus");
    let first = &row(hospitals, "hospital", "Östra sjukhuset")["values"];
    assert_eq!((first["share"].as_f64(), first["median_hours"].as_f64()), (Some(80.0), Some(18.0)));
    let few = row(hospitals, "hospital", "Ängelbergs sjukhus");
    assert!(few["values"]["share"].is_null() && few["absent"]["share"].as_str().unwrap().starts_with("fewer than"));
    let country = json(&site, "/api/v1/hip-fracture");
    let region = &row(table(&country, "regioner"), "region", "Region Skåne")["values"];
    assert_eq!((region["within_24_hours"].as_i64(), region["of"].as_i64()), (Some(124), Some(155)));
    let page = site.get("/sv/vardforlopp/region/12").1;
    // 160 fractures, 158 with arrival, 153 of them operated; the region's own median and middle half.
    assert!(
        page.contains("<b>160</b>") && page.contains("\u{2212}2 saknas här") && page.contains("\u{2212}5 saknas här")
    );
    assert!(page.contains(">18,0</p>") && page.contains("mittersta hälften 12,0–26,0"));
    let gone = table(&answer, "saknade");
    assert_eq!(row(gone, "reason", "operation")["values"]["patients"], 7);
    let aside = table(&answer, "utanfor");
    let of = |why: &str| row(aside, "reason", why)["values"]["patients"].as_i64();
    assert_eq!(["younger than 50", "pathological fracture", "unknown age"].map(of), [Some(5), Some(4), Some(3)]);
}

#[test]
fn operations_say_what_is_late_and_parked_with_what_to_do() {
    let site = site();
    site.hub.shelf.set_operations(State::default());
    assert!(site.get("/sv/drift").1.contains("Läget är inte hämtat än"));
    let feed = |topic: &str, passed, waiting| Feed {
        topic: topic.into(),
        fates: runtime::fate::FateCounts {
            mapped: 7,
            ignored: 1,
            refused: 1,
            parked: 1,
            events: 9,
            ..Default::default()
        },
        passed,
        waiting,
        oldest: None,
        is_unreadable: false,
    };
    let now = fixture::now();
    let mut calm = State::default();
    calm.answered(vec![feed("region.14.source.adt", 10, 3)], BTreeMap::new(), now);
    site.hub.shelf.set_operations(calm.clone());
    let page = site.get("/sv/drift").1;
    assert!(page.contains("Inget är sent, parkerat eller avvisat"), "a calm state is not calm");
    let fates = table(&json(&site, "/api/v1/operations"), "oden").clone();
    assert_eq!(
        (&fates[0]["values"]["oldest_minutes"], &fates[0]["absent"]["oldest_minutes"]),
        (&Value::Null, &"unknown".into())
    );
    // One more of a rule that words are known of, and one of a region's own package.
    let mut more = feed("region.14.source.adt", 12, 3);
    more.fates.refused += 2;
    more.fates.rules = BTreeMap::from([("episode-missing".into(), 1), ("own-rule".into(), 1)]);
    more.oldest = Some(Timestamp(now.0 - 754_000_000));
    let mut grown = calm.clone();
    grown.answered(vec![more], BTreeMap::new(), now);
    site.hub.shelf.set_operations(grown);
    for (path, late, cause, since) in [
        ("/sv/drift", "3 meddelanden väntar, det äldsta sedan 12\u{a0}min", "besöksnummer", "inte sedan"),
        ("/en/drift", "3 messages are waiting, the oldest for 12\u{a0}min", "visit number", "not since"),
    ] {
        let page = site.get(path).1;
        for text in [late, cause, since, "processor explain episode-missing", "processor mapping list", "own-rule"] {
            assert!(page.contains(text), "{path}: {text}");
        }
    }
    let answer = json(&site, "/api/v1/operations");
    let rules = table(&answer, "regler");
    assert_eq!(
        rules.iter().map(|row| row["values"]["records"].as_i64()).collect::<Vec<_>>(),
        [Some(2), Some(1), Some(1)]
    );
    assert_eq!(row(rules, "rule", "episode-missing")["values"]["grown"], board::instant::rfc3339(now));
    let late = vec![feed("region.14.source.adt", 12, 5_000)];
    let parked = BTreeMap::from([("region.14.parked".to_owned(), 2_i64)]);
    site.hub.shelf.set_operations(State { feeds: Some(late), parked, ..calm });
    let page = site.get("/sv/drift").1;
    for runbook in ["sent", "oden", "parkerat"] {
        assert!(page.contains(&format!("href=\"#atgard-{runbook}\"")), "{runbook}");
        assert!(page.contains(&format!("id=\"atgard-{runbook}\"")), "{runbook}");
    }
    let answer = json(&site, "/api/v1/operations");
    assert_eq!(table(&answer, "oden")[0]["values"]["adds_up"], "no, +2");
}

/// The processor's committed offsets carry the fates; asking for them makes nobody a member of its group.
#[test]
fn fates_are_read_from_what_the_processor_has_committed() {
    use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
    use rdkafka::{ClientConfig, Offset, TopicPartitionList};

    let region: topics::Region = "20".parse().unwrap();
    let options = topics::Options { partitions: Some(1), replication_factor: Some(1), ..topics::Options::default() };
    topics::apply(KAFKA.bootstrap(), &[region], &options).expect("topics are made");
    let topic = "region.20.source.adt";
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", KAFKA.bootstrap());
    let producer: BaseProducer = config.create().unwrap();
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let written = |number: u8| now.0 / 1_000 - (60 - i64::from(number)) * 60_000;
    for number in 0..6 {
        let record = BaseRecord::<[u8], [u8]>::to(topic).partition(0).timestamp(written(number));
        producer.send(record.payload(&[number])).map_err(|(e, _)| e).unwrap();
    }
    producer
        .send(BaseRecord::<[u8], [u8]>::to("region.20.parked").partition(0).payload(b"x"))
        .map_err(|(e, _)| e)
        .unwrap();
    producer.flush(std::time::Duration::from_secs(60)).unwrap();
    // A processor that is the region's own; the pattern of the configuration finds its group.
    let group: BaseConsumer = config.set("group.id", "processor-20").create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(4)).unwrap();
    let fates = "fates/1 mapped=1 ignored=1 refused=0 parked=1 events=5 gone=1 rules=segment-missing:1";
    list.find_partition(topic, 0).unwrap().set_metadata(fates);
    group.commit(&list, CommitMode::Sync).unwrap();
    let ask = |group| {
        operations::ask_kafka(&runtime::config::Kafka::at(KAFKA.bootstrap()), group, now).expect("Kafka answers")
    };
    let elsewhere = ask(topics::group::PROCESSOR).0;
    assert!(elsewhere.iter().all(|feed| feed.topic != topic || feed.passed == 0), "the other group has read nothing");
    let (feeds, parked) = ask("processor-<nn>");
    let feed = feeds.iter().find(|feed| feed.topic == topic).expect("the topic is told");
    assert_eq!((feed.passed, feed.waiting, feed.fates.consumed(), feed.missing()), (4, 2, 3, 0));
    assert_eq!(feed.fates.to_string(), fates);
    assert_eq!(feed.oldest.map(|at| at.0 / 1_000_000), Some(written(4) / 1_000), "the first that is not processed");
    assert!(feeds.iter().all(|feed| feed.topic != "region.20.source.fhir"), "nothing was ever sent there");
    let all_wait = elsewhere.iter().find(|feed| feed.topic == topic).expect("the topic is told");
    assert_eq!(all_wait.oldest.map(|at| at.0 / 1_000_000), Some(written(0) / 1_000));
    assert_eq!(parked["region.20.parked"], 1);
}

#[test]
fn about_says_whom_to_complain_to_and_what_has_changed() {
    let site = site();
    let page = site.get("/sv/om").1;
    assert!(page.contains("href=\"mailto:tillganglighet@region.example\"") && page.contains("Digg"));
    assert!(page.contains("Ändringar av definitioner"));
    site.hub.shelf.set_manner(Manner::default());
    assert!(site.get("/sv/om").1.contains("ingen kontakt är angiven"), "a page names nobody and does not say so");
}

#[test]
fn answers_with_figures_are_as_they_are_described() {
    let site = site();
    let description: Value = serde_json::from_str(dashboard::openapi::OPENAPI).unwrap();
    let names = ["waiting-times", "hip-fracture", "costs", "quality", "operations", "about", "datasets"];
    for (path, address) in names
        .map(|name| (format!("/api/v1/{name}"), format!("/api/v1/{name}")))
        .into_iter()
        .chain([("/api/v1/datasets/{dataset}/{table}".to_owned(), "/api/v1/datasets/costs/drg?region=14".to_owned())])
    {
        let schema = &description["paths"][&path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        holds(&description, schema, &json(&site, &address), &path);
    }
}
