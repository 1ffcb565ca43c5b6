//! Pages, CSV and API as a client without script gets them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};

use board::hiding::Rules;
use board::live::Live;
use board::standing::Standing;
use board::usual::{Sample, Usual, Week};
use dashboard::hub::Bounds;
use schemas::Timestamp;
use serde_json::json;

use crate::fixture::{self, MINUTE};
use crate::site::{Setup, Site};

const PATHS: [&str; 24] = [
    "/sv",
    "/en",
    "/sv/region/14",
    "/en/region/14",
    "/sv/region/14?vy=vagg",
    "/sv/region/14/sjukhus/501010",
    "/sv/region/14/avdelning/MED10",
    "/en/region/14/avdelning/MED10",
    "/sv/uppmarksamma",
    "/sv/definitioner",
    "/sv/api",
    "/en/api",
    "/sv?form=csv",
    "/sv/region/14?form=csv",
    "/sv/region/14/avdelning/MED10?form=csv",
    "/api/v1/regions",
    "/api/v1/hospitals?region=14",
    "/api/v1/units?region=14",
    "/api/v1/regions/14/units/MED10",
    "/api/v1/totals",
    "/api/v1/snapshot",
    "/api/v1/attention",
    "/api/v1/definitions",
    "/openapi.json",
];

fn country() -> Site {
    Site::start(Setup::of(fixture::country(), fixture::now()))
}

fn json(site: &Site, path: &str) -> serde_json::Value {
    let (status, body) = site.get(path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn no_person_is_on_any_page_or_answer() {
    let site = country();
    for path in PATHS {
        let (status, body) = site.get(path);
        assert_eq!(status, 200, "{path}");
        for planted in [fixture::PLANTED_TOKEN, fixture::PLANTED_EPISODE] {
            assert!(!body.contains(planted), "{path} holds what was planted");
        }
    }
}

#[test]
fn every_answer_carries_the_content_policy_and_nothing_inline() {
    let site = country();
    for path in PATHS {
        let answer = ureq::get(format!("{}{path}", site.url())).call().unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        let is_page = answer.headers()["content-type"].to_str().unwrap().starts_with("text/html");
        // What is no page runs nothing at all.
        let scripts = if is_page { "script-src 'self'; style-src 'self'" } else { "base-uri 'none'" };
        assert!(policy.starts_with(&format!("default-src 'none'; {scripts}")), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}");
        let body = site.get(path).1;
        assert!(!body.contains(" style=") && !body.contains("<style") && !body.contains("hx-on"), "{path}");
        for script in body.split("<script").skip(1) {
            assert!(script.contains("src=\"/tillgang/"), "{path} has a script inside");
        }
    }
}

#[test]
fn a_page_of_eighty_wards_is_small() {
    let site = country();
    let whole = ureq::get(format!("{}/sv/region/14", site.url())).header("accept-encoding", "gzip").call().unwrap();
    assert_eq!(whole.headers()["content-encoding"], "gzip");
    let length: usize = whole.headers()["content-length"].to_str().unwrap().parse().unwrap();
    // 40 wards in this region; the budget is 30 kB for 80.
    assert!(length < 15_000, "{length} bytes");
}

#[test]
fn the_same_number_stands_everywhere_and_sums_are_sums() {
    let site = country();
    let units = json(&site, "/api/v1/units?region=14");
    let counted: Vec<&serde_json::Value> =
        units["units"].as_array().unwrap().iter().filter(|unit| unit["counted"] == true).collect();
    let sum = |name: &str| counted.iter().map(|unit| unit[name].as_i64().unwrap()).sum::<i64>();
    let totals = json(&site, "/api/v1/totals?region=14");
    let totals = &totals["totals"];
    for name in ["belagda", "disponibla", "lediga", "overbelaggningar", "utlokaliserade", "faststallda", "stangda"] {
        assert_eq!(totals[name].as_i64(), Some(sum(name)), "{name}");
    }
    let share = (sum("belagda") * 1000 + sum("disponibla") / 2) / sum("disponibla");
    assert_eq!(totals["belagda_per_100"].as_f64(), Some(share as f64 / 10.0));
    let page = site.get("/sv/region/14").1;
    assert!(page.contains(&format!(">{}/{}", sum("belagda"), sum("disponibla"))), "the page says another sum");
    assert!(page.contains("36 av 40 avdelningar"));
    // The present, asked for as a snapshot, is the same count by the same function.
    let at = board::instant::rfc3339(fixture::now());
    let snapshot = json(&site, &format!("/api/v1/snapshot?region=14&at={at}"));
    for name in ["belagda", "disponibla", "lediga", "overbelaggningar", "utlokaliserade"] {
        assert_eq!(snapshot["snapshot"][name], totals[name], "{name}");
    }
}

#[test]
fn stale_data_leave_the_totals_and_the_page_says_so() {
    let site = country();
    let totals = json(&site, "/api/v1/totals?region=23");
    assert_eq!(totals["totals"]["belagda"], serde_json::Value::Null);
    assert_eq!(totals["totals"]["belagda_per_100"], serde_json::Value::Null);
    assert_eq!(totals["totals"]["coverage"]["stale"], 5);
    let page = site.get("/sv/region/23").1;
    assert!(page.contains("5 räknas inte med: för gamla uppgifter"));
    assert!(page.contains("senast</span>"), "a stale number is not marked");
    let lost = site.get("/sv/region/09").1;
    assert!(lost.contains("saknas sedan 04.12"), "a lost ward does not say since when");
    assert!(!lost.contains("class=\"n number"), "a lost ward shows a number");
}

#[test]
fn age_grows_by_the_servers_clock_alone() {
    let site = country();
    assert!(!site.get("/sv/region/14").1.contains("stale-figure"));
    site.set_clock(Timestamp(fixture::now().0 + 20 * MINUTE));
    site.hub.turn();
    let page = site.get("/sv/region/14").1;
    assert!(page.contains("stale-figure") && page.contains("0 av 40 avdelningar"));
}

#[test]
fn a_unit_without_capacity_shows_its_patients_and_a_word() {
    let site = country();
    let units = json(&site, "/api/v1/units?region=14");
    let without = units["units"].as_array().unwrap().iter().find(|unit| unit["disponibla"].is_null()).unwrap();
    assert!(without["belagda"].as_i64().unwrap() > 0);
    assert_eq!(without["belagda_per_100"], serde_json::Value::Null);
    let page = site.get("/sv/region/14").1;
    assert!(page.contains("/saknas</td>"));
}

#[test]
fn places_that_do_not_exist_are_not_found() {
    let site = country();
    for path in [
        "/sv/region/02",
        "/sv/region/14/avdelning/FINNS-INTE",
        "/de",
        "/sv/region/14/sjukhus/0",
        "/api/v1/regions/14/units/X",
    ] {
        assert_eq!(site.get(path).0, 404, "{path}");
    }
    let description: serde_json::Value = serde_json::from_str(dashboard::openapi::OPENAPI).unwrap();
    let schema = &description["components"]["schemas"]["Refused"];
    for (path, code, parameter) in [
        ("/api/v1/snapshot?at=yesterday", "value-unknown", "at"),
        ("/api/v1/snapshot?at=2020-01-01T00:00:00Z", "at-outside-memory", "at"),
        ("/api/v1/units?regoin=14", "parameter-unknown", "regoin"),
        ("/api/v1/units?region=99", "value-unknown", "region"),
        ("/api/v1/totals?hospital=501010", "region-missing", "region"),
        ("/api/v1/costs?hospital=501010&region=14", "parameter-unknown", "hospital"),
        ("/api/v1/stream?form=csv", "parameter-unknown", "form"),
        ("/openapi.json?x=1", "parameter-unknown", "x"),
    ] {
        let (status, body) = site.get(path);
        assert_eq!(status, 400, "{path}");
        let answer = serde_json::from_str(&body).unwrap();
        holds(&description, schema, &answer, path);
        assert_eq!((&answer["error"], &answer["parameter"]), (&json!(code), &json!(parameter)), "{path}");
    }
}

#[test]
fn what_is_being_read_is_loading_and_never_not_found() {
    let live = Live::new(std::time::Duration::from_secs(3600), std::time::Duration::from_secs(1800));
    let site = Site::start(Setup::of(live, fixture::now()));
    let (first, second) = ("14".parse().unwrap(), "01".parse().unwrap());
    site.hub.follow(&[first, second]);
    site.hub.turn();
    for (path, words) in [
        ("/sv/region/14/avdelning/MED10", "Läser in"),
        ("/en/region/14/avdelning/MED10", "Loading"),
        ("/sv/region/14/sjukhus/501010", "Läser in"),
        ("/sv/region/14?form=csv", "Läser in"),
        ("/api/v1/regions/14/units/MED10", "\"error\":\"loading\""),
    ] {
        let (status, body) = site.get(path);
        assert!(status == 503 && body.contains(words), "{path}: {status} {body}");
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let answer = agent.get(format!("{}{path}", site.url())).call().unwrap();
        assert_eq!(answer.headers()["retry-after"], "5", "{path}");
    }
    let totals = json(&site, "/api/v1/totals?region=14");
    assert!(totals["complete"] == false && totals["loading"] == serde_json::json!(["14"]), "{totals}");
    assert_eq!(json(&site, "/api/v1/totals")["loading"], serde_json::json!(["01", "14"]));
    for path in ["/sv", "/sv/region/14", "/sv/region/14?vy=vagg", "/sv/uppmarksamma"] {
        let (status, page) = site.get(path);
        assert!(status == 200 && page.contains("Siffrorna är inte fullständiga än."), "{path}: {status}");
    }
    let page = site.get("/sv/region/14").1;
    assert!(page.contains(">läser in<") && page.contains("Kl. 06.00: läser in"));
    for wrong in [">saknas<", "Inget saknas", "Inget att uppmärksamma"] {
        assert!(!page.contains(wrong), "what is not read yet looks as if it were known: {wrong}");
    }
    let country = site.get("/en").1;
    let rows: Vec<&str> = country.split("<tr ").filter(|row| row.starts_with("id=\"r-")).collect();
    let says = |code: &str| {
        let row = rows.iter().find(|row| row.starts_with(&format!("id=\"r-{code}\""))).unwrap();
        (row.contains("loading"), row.contains("missing"))
    };
    assert_eq!((says("14"), says("03")), ((true, false), (false, true)), "{rows:?}");
    // Once a region is complete, what is not there is not found, and only the other one is named.
    site.hub.set_standing(first, Standing::Complete);
    site.hub.turn();
    assert_eq!(site.get("/sv/region/14/avdelning/MED10").0, 404);
    assert_eq!(site.get("/api/v1/regions/14/units/MED10").0, 404);
    assert!(!site.get("/sv/region/14").1.contains("inte fullständiga"));
    assert!(site.get("/sv").1.contains("Siffrorna är inte fullständiga än. Läser in: Stockholm"));
    assert_eq!(site.get("/sv/region/01/avdelning/MED10").0, 503);
    assert_eq!(site.get("/sv/region/99/avdelning/MED10").0, 404, "no such region is read");
}

#[test]
fn what_is_usual_of_a_sum_is_of_the_wards_in_it() {
    let site = country();
    let units = json(&site, "/api/v1/units?region=14");
    let (summed, others): (Vec<_>, Vec<_>) =
        units["units"].as_array().expect("wards").iter().partition(|unit| unit["counted"] == true);
    assert!(summed.len() > 10 && !others.is_empty(), "some wards have no bed numbers");
    let week: Week = summed
        .iter()
        .map(|unit| {
            (("14".into(), unit["unit"].as_str().expect("a code").into()), Sample { belagda: 7, disponibla: Some(9) })
        })
        .collect();
    for (weeks, is_told) in [(3, false), (4, true)] {
        let usual = Usual { weeks: vec![week.clone(); weeks] };
        assert_eq!(usual.is_told(), is_told);
        site.hub.set_usual(usual);
        site.hub.turn();
        let page = site.get("/sv/region/14").1;
        for count in [7 * summed.len(), 2 * summed.len()] {
            assert_eq!(page.contains(&format!("vanligen {count} ({count}–{count})")), is_told, "{page}");
        }
    }
}

#[test]
fn a_region_that_is_read_again_keeps_its_last_known_values_with_their_age() {
    let site = country();
    let regions = ["14", "01"].map(|code| code.parse().unwrap());
    site.hub.follow(&regions);
    site.hub.set_standing(regions[1], Standing::Complete);
    site.hub.set_standing(regions[0], Standing::Failed("a topic is missing".into()));
    site.set_clock(Timestamp(fixture::now().0 + 8 * MINUTE));
    site.hub.turn();
    let (status, page) = site.get("/sv/region/14/avdelning/MED10");
    assert!(
        status == 200 && page.contains("Siffrorna är inte fullständiga än.") && page.contains("8\u{a0}min"),
        "{page}"
    );
    let unit = json(&site, "/api/v1/regions/14/units/MED10");
    assert!(unit["complete"] == false && unit["unit"]["now"]["belagda"].is_number(), "{unit}");
    assert_eq!(json(&site, "/api/v1/units?region=01")["complete"], true);
    assert!(!site.get("/sv/region/01").1.contains("inte fullständiga"));
    // The state is let go while the board still has the ward.
    site.hub.live().forget("14");
    assert_ne!(site.get("/api/v1/regions/14/units/MED10").0, 404);
    site.hub.turn();
    assert_eq!(site.get("/sv/region/14/avdelning/MED10").0, 503);
}

#[test]
fn a_choice_of_theme_never_leads_elsewhere() {
    let site = country();
    let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).build().into();
    for (back, expected) in
        [("%2Fsv%2Fregion%2F14", "/sv/region/14"), ("%2F%2Fevil.example", "/"), ("https%3A%2F%2Fevil", "/")]
    {
        let answer = agent.post(format!("{}/installning?tema=morkt&till={back}", site.url())).send_empty().unwrap();
        assert_eq!(answer.headers()["location"], expected);
        assert!(answer.headers()["set-cookie"].to_str().unwrap().starts_with("tema=morkt;"));
    }
}

/// The region is in every id of a source.
#[test]
fn a_page_and_its_stream_tell_of_the_sources_of_what_they_show_alone() {
    let site = country();
    let pages = [
        ("/sv/region/14", false),
        ("/sv/region/14/sjukhus/501010", false),
        ("/sv/region/14/avdelning/MED10", false),
        ("/sv", true),
        ("/sv/uppmarksamma", true),
    ];
    for (path, shows_others) in pages {
        let page = site.get(path).1;
        assert!(page.contains("f-14-"), "{path}");
        assert_eq!(page.contains("f-01-"), shows_others, "{path}");
        let stream = ureq::get(format!("{}/strom{path}", site.url())).call().unwrap();
        let lines = BufReader::new(stream.into_body().into_reader()).lines().map(Result::unwrap);
        let told = lines.skip_while(|line| line != "event: puls").nth(1).expect("the pulse");
        assert!(told.contains("f-14-"), "{path}: {told}");
        assert_eq!(told.contains("f-01-"), shows_others, "{path}: {told}");
    }
}

#[test]
fn readers_of_streams_are_bounded_and_told_so() {
    let mut setup = Setup::of(fixture::country(), fixture::now());
    setup.bounds = Bounds { clients_max: 1, topics_max: 50 };
    let site = Site::start(setup);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let held = agent.get(format!("{}/strom/sv", site.url())).call().unwrap();
    assert_eq!(held.status(), 200);
    let refused = agent.get(format!("{}/strom/sv", site.url())).call().unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "30");
    drop(held);
}

/// Whoever may read every page subtracts what can be subtracted: shown wards from shown sums, filters from each other.
#[test]
fn subtraction_brings_no_hidden_number_back() {
    let mut setup = Setup::of(fixture::country(), fixture::now());
    setup.rules = Rules::new([("14".into(), 5)]);
    let site = Site::start(setup);
    let open = country();
    let truth = json(&open, "/api/v1/units?region=14");
    let shown = json(&site, "/api/v1/units?region=14");
    let mut hidden: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut visible: BTreeMap<String, i64> = BTreeMap::new();
    for (unit, true_unit) in shown["units"].as_array().unwrap().iter().zip(truth["units"].as_array().unwrap()) {
        let hospital = unit["hospital_code"].as_str().unwrap().to_owned();
        match unit["utlokaliserade"].as_i64() {
            Some(value) => {
                assert!(value == 0 || value >= 5, "a small number is shown");
                *visible.entry(hospital).or_default() += value;
            }
            None => hidden.entry(hospital).or_default().push(true_unit["unit"].as_str().unwrap().to_owned()),
        }
    }
    assert!(!hidden.is_empty(), "the country has small numbers");
    for (hospital, units) in &hidden {
        assert!(units.len() > 1, "hospital {hospital} hides one number alone, so its sum tells it");
    }
    // A choice that holds some of a hospital's hidden wards but not all must not show a sum.
    for care in ["somatik", "psykiatri"] {
        let part = json(&site, &format!("/api/v1/totals?region=14&care_type={care}"));
        let all = json(&site, "/api/v1/totals?region=14");
        let both = part["totals"]["utlokaliserade"].is_number() && all["totals"]["utlokaliserade"].is_number();
        if both {
            let inside: Vec<_> = shown["units"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|unit| {
                    unit["utlokaliserade"].is_null() && (unit["care_type"] == "PSYCHIATRIC") == (care == "psykiatri")
                })
                .collect();
            assert!(inside.len() != 1, "{care} tells one ward's number");
        }
    }
    for path in PATHS {
        assert!(!site.get(path).1.contains("utlokaliserade\":1,"), "{path}");
    }
    assert!(site.get("/sv/region/14").1.contains("färre än\u{a0}5"));
    assert_eq!(json(&site, "/api/v1/snapshot?region=14")["snapshot"]["utlokaliserade"], serde_json::Value::Null);
}

#[test]
fn units_come_page_by_page_and_none_is_left_out() {
    let site = country();
    let all = json(&site, "/api/v1/units");
    assert_eq!(
        (&all["next"], all["total"].as_u64()),
        (&serde_json::Value::Null, Some(all["units"].as_array().unwrap().len() as u64))
    );
    for path in ["/api/v1/units?", "/api/v1/units?region=14&care_type=SOMATIC&"] {
        let (mut next, mut units) = (Some(format!("{path}limit=9")), Vec::new());
        while let Some(address) = next {
            let page = json(&site, &address);
            let found = page["units"].as_array().unwrap();
            assert!((1..=9).contains(&found.len()), "{address}");
            units.extend(found.clone());
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(json(&site, path)["units"].as_array(), Some(&units), "{path}");
    }
}

/// Every path of the description answers, and every answer holds what the description says and nothing else.
#[test]
fn the_api_is_as_it_is_described() {
    let site = country();
    let description: serde_json::Value = serde_json::from_str(dashboard::openapi::OPENAPI).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    for name in ["title", "version", "description", "termsOfService", "contact", "license"] {
        assert!(!description["info"][name].is_null(), "info lacks {name}");
    }
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 10);
    for (path, item) in paths {
        // Of whole data sets there is none beside a board alone; tests of published figures have them.
        if path.ends_with("/stream") || path.ends_with("{table}") {
            continue;
        }
        let address = path.replace("{region}", "14").replace("{unit}", "MED10");
        let answer = json(&site, &address);
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        holds(&description, schema, &answer, path);
    }
}

pub(crate) fn holds(
    description: &serde_json::Value,
    schema: &serde_json::Value,
    value: &serde_json::Value,
    place: &str,
) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => description.pointer(reference.trim_start_matches('#')).expect(reference),
        None => schema,
    };
    let Some(kinds) = schema.get("type") else { return };
    let kind = match value {
        serde_json::Value::Null => "null",
        serde_json::Value::Bool(_) => "boolean",
        serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        serde_json::Value::Number(_) => "number",
        serde_json::Value::String(_) => "string",
        serde_json::Value::Array(_) => "array",
        serde_json::Value::Object(_) => "object",
    };
    let named =
        |name: &str| kinds == name || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name));
    assert!(named(kind) || (kind == "integer" && named("number")), "{place} is {kind}, described as {kinds}");
    if let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object()) {
        let described: BTreeSet<&String> = properties.keys().collect();
        let found: BTreeSet<&String> = object.keys().collect();
        assert_eq!(found, described, "{place}");
        for (name, value) in object {
            holds(description, &properties[name], value, &format!("{place}.{name}"));
        }
    }
    if let Some(items) = value.as_array() {
        for item in items {
            holds(description, &schema["items"], item, &format!("{place}[]"));
        }
    }
}
