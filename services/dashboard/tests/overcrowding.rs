//! Överbeläggningar are one figure: status word, column, totals, API, CSV, 06:00 and the extract say the same.

use std::time::Duration;

use board::live::Live;
use schemas::{BedKind, CareType, CorrectionKind, Timestamp};
use serde_json::{Value, json};
use sink_register::beds::{Beds, Settings};

use crate::fixture::{DAY, Declaration, HOUR, Movement, Ward, instant};
use crate::site::{Setup, Site};

const WARD: Ward<'static> = Ward {
    name: "Avdelning",
    hospital_code: "501010",
    hospital_name: "Östra sjukhuset",
    mvo: "101",
    care_type: CareType::Somatic,
};

/// Unit, patients, those in beds of a known kind, disponibla, överbeläggningar, word.
type Case = (&'static str, usize, &'static [BedKind], Option<i32>, Option<u32>, &'static str);

const WARDS: [Case; 8] = [
    ("KNOWN", 10, &[BedKind::Disponibel], Some(9), Some(1), "overbelagd"),
    ("FAR", 99, &[BedKind::Disponibel; 14], Some(15), Some(84), "overbelagd"),
    ("FREE", 10, &[BedKind::EjDisponibel; 2], Some(13), Some(2), "overbelagd"),
    ("CALM", 10, &[BedKind::Disponibel; 10], Some(13), Some(0), "lediga"),
    ("NONE", 4, &[BedKind::Disponibel], None, None, "okant"),
    ("FLAG", 4, &[BedKind::EjDisponibel], None, Some(1), "overbelagd"),
    ("ZERO", 3, &[BedKind::EjDisponibel], Some(0), Some(3), "overbelagd"),
    ("EMPTY", 0, &[], Some(0), Some(0), "full"),
];

/// Monday, a little past six in the morning.
fn now() -> Timestamp {
    instant("2026-03-16T05:02:00Z")
}

fn movements() -> Vec<Movement<'static>> {
    let at = Timestamp(now().0 - 4 * HOUR);
    let ward = |(unit, patients, kinds, ..): Case| {
        (0..patients).map(move |n| Movement {
            region: "14",
            source_system: "SE2321000131-ADT14",
            trigger: "A01",
            episode: format!("{unit}{n}"),
            at,
            ingested: now(),
            unit,
            bed: "1",
            ward: WARD,
            responsible: None,
            bed_kind: kinds.get(n).copied().unwrap_or(BedKind::Unknown),
            correction: CorrectionKind::New,
            occurred_given: true,
            person: None,
            facility: None,
        })
    };
    WARDS.into_iter().flat_map(ward).collect()
}

fn declarations() -> Vec<Declaration<'static>> {
    let from = Timestamp(now().0 - 9 * DAY);
    let declared = |(unit, _, _, disponibla, ..): Case| {
        disponibla.map(|disponibla| Declaration {
            region: "14",
            source_system: "SE2321000131-ADT14",
            unit,
            ward: WARD,
            telephone: None,
            // Beds are decided, also where none is staffed.
            faststallda: Some(disponibla.max(1)),
            disponibla: Some(disponibla),
            stangda: None,
            reason: None,
            from,
            to: None,
            not_receiving: None,
            ingested: now(),
        })
    };
    WARDS.into_iter().filter_map(declared).collect()
}

fn get(site: &Site, path: &str) -> Value {
    let (status, body) = site.get(path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn word_column_totals_api_csv_morning_and_extract_say_one_figure() {
    let mut live = Live::new(Duration::from_secs(20 * 86_400), Duration::from_secs(86_400));
    let settings = Settings { region: "14".parse().unwrap(), month: "2026-03".parse().unwrap(), hide_below: None };
    let mut beds = Beds::new(settings);
    for (number, declaration) in declarations().iter().enumerate() {
        declaration.with(&format!("00000000-0000-8000-8000-{number:012}"), |record| {
            live.capacity(record);
            beds.capacity(record);
        });
    }
    for (number, movement) in movements().iter().enumerate() {
        movement.with(number as u64, |record| {
            live.encounter_recalled(record);
            beds.encounter(record);
        });
    }
    let output = beds.finish();
    let file = output.files.iter().find(|file| file.name == "beds_by_ward.csv").unwrap();
    let extract = std::str::from_utf8(&file.bytes).unwrap();
    let site = Site::start(Setup::of(live, now()));
    let units = get(&site, "/api/v1/units?region=14");
    let csv = site.get("/sv/region/14?form=csv").1;
    let mut sum = 0;
    for (unit, _, _, disponibla, expected, word) in WARDS {
        let figure = expected.map_or(Value::Null, |count| json!(count));
        let shown = expected.map_or("saknas".to_owned(), |count| count.to_string());
        let found = units["units"].as_array().unwrap().iter().find(|found| found["unit"] == unit).unwrap();
        assert_eq!(found["overbelaggningar"], figure, "{unit} in the API");
        let status = found["status"]["word"].as_str().unwrap();
        assert_eq!(status, word, "{unit}");
        if status == "overbelagd" {
            assert_eq!(found["status"]["by"], figure, "{unit}: the word's number");
        }
        let page = site.get(&format!("/sv/region/14/avdelning/{unit}")).1;
        if word == "overbelagd" {
            assert!(page.contains(&format!("+{shown}")), "{unit}: the page's word");
        }
        assert!(page.contains(&format!("över {shown} (")), "{unit}: the page's 06:00");
        let own = get(&site, &format!("/api/v1/regions/14/units/{unit}"));
        assert_eq!(own["unit"]["morning"]["overbelaggningar"], figure, "{unit} at 06:00");
        let line = csv.lines().find(|line| line.contains(&format!(";{unit};"))).unwrap();
        assert_eq!(line.split(';').nth(11), Some(shown.as_str()), "{unit} in the CSV file: {line}");
        let day = extract.lines().find(|line| line.starts_with("2026-03-16;") && line.contains(&format!(";{unit};")));
        let cell = day.unwrap().split(';').nth(9).unwrap();
        // Nobody has been heard of an empty ward: then the extract knows nothing of its patients.
        let in_extract =
            if unit == "EMPTY" { String::new() } else { expected.map_or(String::new(), |count| count.to_string()) };
        assert_eq!(cell, in_extract, "{unit} in the extract");
        if disponibla.is_some() {
            sum += expected.unwrap_or(0);
        }
    }
    let totals = get(&site, "/api/v1/totals?region=14");
    assert_eq!(totals["totals"]["overbelaggningar"], sum);
    let snapshot = get(&site, "/api/v1/snapshot?region=14");
    assert_eq!(snapshot["snapshot"]["overbelaggningar"], sum);
    let attention = get(&site, "/api/v1/attention?region=14");
    let causes = attention["attention"].as_array().unwrap();
    let of = |rule: &str| causes.iter().find(|cause| cause["rule"] == rule).unwrap();
    // The ward without capacity whose flagged bed is taken is crowded too, and lacks its beds as well.
    assert_eq!(of("overbelagd")["patients_beyond"], sum + 1);
    assert_eq!(of("no_capacity")["units"], 2);
    assert!(!causes.iter().any(|cause| cause["rule"] == "no_beds"), "a crowded ward may have a free bed");
}

#[test]
fn a_hospital_whose_crowded_ward_alone_has_a_free_bed_is_not_without() {
    let mut live = Live::new(Duration::from_secs(20 * 86_400), Duration::from_secs(86_400));
    for (number, declaration) in declarations().iter().filter(|declared| declared.unit == "FREE").enumerate() {
        declaration.with(&format!("00000000-0000-8000-8000-{number:012}"), |record| live.capacity(record));
    }
    for (number, movement) in movements().iter().filter(|movement| movement.unit == "FREE").enumerate() {
        movement.with(number as u64, |record| live.encounter_recalled(record));
    }
    let site = Site::start(Setup::of(live, now()));
    let attention = get(&site, "/api/v1/attention?region=14");
    let rules: Vec<&str> =
        attention["attention"].as_array().unwrap().iter().map(|cause| cause["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["overbelagd"]);
}

#[test]
fn the_definitions_say_the_rule_and_both_versions_in_both_languages() {
    let site = Site::start(Setup::of(Live::new(Duration::from_secs(86_400), Duration::from_secs(60)), now()));
    for (path, said) in [
        (
            "/sv/definitioner",
            ["minst de belagda utöver de disponibla", "Version 2: överbeläggning", "Version 1: bara patienter"],
        ),
        (
            "/en/definitioner",
            ["at least the occupied beyond the staffed beds", "Version 2: overcrowding", "Version 1: only patients"],
        ),
        (
            "/sv/om",
            ["minst de belagda utöver de disponibla", "Uttaget vårdplatser får version 2", "Version 1: bara patienter"],
        ),
        (
            "/en/om",
            [
                "at least the occupied beyond the staffed",
                "The extract of beds becomes version 2",
                "Version 1: only patients",
            ],
        ),
    ] {
        let page = site.get(path).1;
        for said in said {
            assert!(page.contains(said), "{path} does not say: {said}");
        }
    }
}

#[test]
fn a_hospital_without_beds_names_whom_to_call_and_a_swedish_name_says_so_in_english() {
    let mut live = Live::new(Duration::from_secs(20 * 86_400), Duration::from_secs(86_400));
    for declaration in declarations().iter_mut().filter(|declared| declared.unit == "EMPTY") {
        declaration.telephone = Some("010-441 00 00");
        declaration.with("00000000-0000-8000-8000-000000000001", |record| live.capacity(record));
    }
    let site = Site::start(Setup::of(live, now()));
    for (path, rule) in
        [("/sv/uppmarksamma", "Inga lediga bemannade platser"), ("/en/uppmarksamma", "No staffed beds free")]
    {
        let page = site.get(path).1;
        let (_, row) = page.split_once(rule).unwrap_or_else(|| panic!("{path}: {page}"));
        let row = row.split("</tr>").next().unwrap_or_default();
        assert!(row.contains("\"tel:") && row.contains(">010-441 00 00</a>"), "{path}: {row}");
    }
    let [swedish, english, country] = ["/sv/region/14", "/en/region/14", "/en"].map(|path| site.get(path).1);
    for name in ["<h1 lang=\"sv\">Västra Götaland", " lang=\"sv\">Östra sjuk", " lang=\"sv\">Avdelning</a>"] {
        assert!(english.contains(name), "{name}: {english}");
    }
    assert!(!swedish.contains("<h1 lang") && !country.contains("<h1 lang"));
}
