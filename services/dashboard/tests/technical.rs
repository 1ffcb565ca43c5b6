//! Technical beds: board, API, extract and definitions say the same of a region that counts them, of one that leaves them out
//! and of one that has not said.

use std::time::Duration;

use board::definitions;
use board::live::Live;
use schemas::{BedKind, CareType, CorrectionKind, TECHNICAL_BEDS, TechnicalBeds, Timestamp};
use serde_json::{Value, json};
use sink_register::beds::{Beds, Settings};

use crate::fixture::{DAY, Declaration, HOUR, Movement, Ward, instant};
use crate::site::{Setup, Site};

const WARD: Ward<'static> = Ward {
    name: "Intensivvård",
    hospital_code: "501010",
    hospital_name: "Östra sjukhuset",
    mvo: "101",
    care_type: CareType::Somatic,
};

/// Where a bed of each kind is taken: two technical ones, and one that is not.
const BEDS: [BedKind; 3] = [BedKind::Teknisk, BedKind::Teknisk, BedKind::Disponibel];

/// Region, what it says, its staffed beds; belagda, överbeläggningar, patients left out.
type Case = (&'static str, Option<TechnicalBeds>, i32, [u32; 3]);

const REGIONS: [Case; 3] = [
    ("01", Some(TechnicalBeds::LeftOut), 1, [1, 0, 2]),
    ("14", Some(TechnicalBeds::Counted), 3, [3, 0, 0]),
    // Its staffed beds are without them, but nobody says so: then two are too many.
    ("20", None, 1, [3, 2, 0]),
];

fn now() -> Timestamp {
    instant("2026-03-16T05:02:00Z")
}

/// The region's board and its extract's files, by name.
fn filled(live: &mut Live, (region, said, disponibla, _): Case) -> Vec<(String, String)> {
    ward(live, region, said, Some(disponibla), &BEDS)
}

/// The same of a ward with a patient in a bed of each of these kinds.
fn ward(
    live: &mut Live,
    region: &str,
    said: Option<TechnicalBeds>,
    disponibla: Option<i32>,
    kinds: &[BedKind],
) -> Vec<(String, String)> {
    let settings = Settings { region: region.parse().unwrap(), month: "2026-03".parse().unwrap(), hide_below: None };
    let mut beds = Beds::new(settings);
    let source = format!("SE2321000131-ADT{region}");
    let number = region.parse::<u64>().unwrap() * 100;
    Declaration {
        region,
        source_system: &source,
        unit: "IVA",
        ward: WARD,
        telephone: None,
        faststallda: disponibla,
        disponibla,
        stangda: None,
        reason: None,
        from: Timestamp(now().0 - 9 * DAY),
        to: None,
        not_receiving: None,
        ingested: now(),
    }
    .with(&format!("00000000-0000-8000-8000-{number:012}"), |record| {
        let mut record = record.clone();
        record.envelope.extensions.extend(said.map(|said| (TECHNICAL_BEDS, said.word())));
        live.capacity(&record);
        beds.capacity(&record);
    });
    for (n, bed_kind) in kinds.iter().copied().enumerate() {
        Movement {
            region,
            source_system: &source,
            trigger: "A01",
            episode: format!("{region}E{n}"),
            at: Timestamp(now().0 - 4 * HOUR),
            ingested: now(),
            unit: "IVA",
            bed: "1",
            ward: WARD,
            responsible: None,
            bed_kind,
            correction: CorrectionKind::New,
            occurred_given: true,
            person: None,
            facility: None,
        }
        .with(number + n as u64, |record| {
            let mut record = record.clone();
            let left_out = said.filter(|said| *said == TechnicalBeds::LeftOut && bed_kind == BedKind::Teknisk);
            record.envelope.extensions.extend(left_out.map(|said| (TECHNICAL_BEDS, said.word())));
            live.encounter_recalled(&record);
            beds.encounter(&record);
        });
    }
    let files = beds.finish().files;
    files.into_iter().map(|file| (file.name.to_string(), String::from_utf8(file.bytes.to_vec()).unwrap())).collect()
}

fn get(site: &Site, path: &str) -> Value {
    let (status, body) = site.get(path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn patients_left_out_of_a_ward_without_stated_beds_are_counted() {
    let mut live = Live::new(Duration::from_secs(20 * 86_400), Duration::from_secs(86_400));
    let files = ward(&mut live, "01", Some(TechnicalBeds::LeftOut), None, &BEDS[..2]);
    let file = |name: &str| files.iter().find(|(found, _)| found == name).unwrap().1.as_str();
    assert_eq!(file("beds_by_ward.csv").lines().count(), 1, "it has neither beds nor patients that count");
    assert!(file("quality.csv").contains("01;2026-03;;;technical-beds-left-out;2\n"), "{}", file("quality.csv"));
    // So does the board: nobody is outside the sum for want of beds, and no bed is free.
    let site = Site::start(Setup::of(live, now()));
    let totals = &get(&site, "/api/v1/totals?region=01")["totals"];
    assert_eq!((&totals["technical_left_out"], &totals["lediga"]), (&json!(2), &Value::Null));
    assert_eq!((&totals["coverage"]["no_capacity"], &totals["coverage"]["belagda_outside"]), (&json!(1), &json!(0)));
    assert!(site.get("/sv/region/01").1.contains("2 i tekniska platser, räknas inte"));
}

#[test]
fn sums_say_how_many_are_left_out_of_them_on_pages_in_the_api_and_in_files() {
    let mut live = Live::new(Duration::from_secs(20 * 86_400), Duration::from_secs(86_400));
    for case in REGIONS {
        filled(&mut live, case);
    }
    let site = Site::start(Setup::of(live, now()));
    let hospital = WARD.hospital_code;
    let country = site.get("/sv?form=csv").1;
    let cell = |file: &str, line: &str, column: &str| {
        let cells = |line: &str| line.trim_start_matches('\u{feff}').split(';').map(str::to_owned).collect::<Vec<_>>();
        let at = cells(file.lines().next().unwrap()).iter().position(|name| name == column).unwrap();
        let is_it = |found: &&str| found.starts_with(line) || (line.starts_with(';') && found.contains(line));
        cells(file.lines().find(is_it).unwrap())[at].clone()
    };
    for (region, _, _, [belagda, _, left_out]) in REGIONS {
        for path in ["totals", "hospitals", "snapshot"] {
            let answer = get(&site, &format!("/api/v1/{path}?region={region}&hospital={hospital}"));
            let sums = match path {
                "hospitals" => &answer["hospitals"][0]["totals"],
                path => &answer[path],
            };
            assert_eq!(sums["technical_left_out"], json!(left_out), "{region} {path}");
            assert_eq!(sums["belagda"], json!(belagda), "{region} {path}");
        }
        let regions = get(&site, "/api/v1/regions");
        let own = regions["regions"].as_array().unwrap().iter().find(|found| found["region"] == region).unwrap();
        assert_eq!(own["totals"]["technical_left_out"], json!(left_out), "{region}");
        assert_eq!(cell(&country, &format!("{region};"), "tekniska_utanfor"), left_out.to_string(), "{region}");
        for scope in [format!("region/{region}"), format!("region/{region}/sjukhus/{hospital}")] {
            let file = site.get(&format!("/sv/{scope}?form=csv")).1;
            assert_eq!(cell(&file, ";IVA;", "tekniska_utanfor"), left_out.to_string(), "{scope}");
            for (language, words) in
                [("sv", "i tekniska platser, räknas inte"), ("en", "in technical beds, not counted")]
            {
                // The line over the board, the hospital's row where there is one, the ward's row.
                let page = site.get(&format!("/{language}/{scope}")).1;
                let places = if left_out == 0 { 0 } else { 2 + usize::from(!scope.contains("sjukhus")) };
                assert_eq!(page.matches(&format!("{left_out} {words}")).count(), places, "{language} {scope}");
            }
        }
    }
    // The country: the line over the board and the region's row.
    assert_eq!(site.get("/sv").1.matches("2 i tekniska platser, räknas inte").count(), 2);
    assert_eq!(get(&site, "/api/v1/totals")["totals"]["technical_left_out"], json!(2));
    // Where nobody has been heard nobody knows.
    assert_eq!(cell(&country, "12;", "tekniska_utanfor"), "saknas");
    assert_eq!(get(&site, "/api/v1/totals?region=12")["totals"]["technical_left_out"], Value::Null);
}

#[test]
fn board_api_extract_and_definitions_say_the_same_of_technical_beds() {
    let mut live = Live::new(Duration::from_secs(20 * 86_400), Duration::from_secs(86_400));
    let extracts: Vec<_> = REGIONS.into_iter().map(|case| filled(&mut live, case)).collect();
    let site = Site::start(Setup::of(live, now()));
    for ((region, said, disponibla, [belagda, over, left_out]), files) in REGIONS.into_iter().zip(extracts) {
        let unit = &get(&site, &format!("/api/v1/regions/{region}/units/IVA"))["unit"];
        assert_eq!(unit["now"]["belagda"], json!(belagda), "{region}");
        assert_eq!(unit["now"]["overbelaggningar"], json!(over), "{region}");
        assert_eq!(unit["now"]["technical_left_out"], json!(left_out), "{region}");
        assert_eq!(unit["now"]["lediga"], json!((disponibla as u32).saturating_sub(belagda)), "{region}");
        assert_eq!(unit["morning"]["overbelaggningar"], json!(over), "{region} at 06:00");
        for (language, words) in [("sv", "i tekniska platser, räknas inte"), ("en", "in technical beds, not counted")]
        {
            let page = site.get(&format!("/{language}/region/{region}/avdelning/IVA")).1;
            assert!(page.contains(&format!("{belagda}/{disponibla}")), "{region}: the page's count");
            assert_eq!(page.contains(&format!("{left_out} {words}")), left_out > 0, "{region}: who is left out");
        }
        let file = |name: &str| files.iter().find(|(found, _)| found == name).unwrap().1.as_str();
        let day = file("beds_by_ward.csv").lines().find(|line| line.starts_with("2026-03-16;")).unwrap();
        let cells: Vec<&str> = day.split(';').collect();
        assert_eq!(cells[7..10], [disponibla, belagda as i32, over as i32].map(|count| count.to_string()), "{region}");
        let code = match said {
            Some(TechnicalBeds::Counted) => "technical-beds-counted",
            Some(TechnicalBeds::LeftOut) => "technical-beds-left-out",
            None => "technical-beds-not-said",
        };
        let line = format!("{region};2026-03;;;{code};{left_out}");
        assert!(file("quality.csv").lines().any(|found| found == line), "{region}: {}", file("quality.csv"));
        assert_eq!(file("quality.csv").matches("technical-beds").count(), 1, "{region}");
    }
    let said = [("sv", "01 utanför, 14 ingår, 20 inte sagt"), ("en", "01 left out, 14 counted, 20 not said")];
    let definitions = get(&site, "/api/v1/definitions");
    for (language, said) in said {
        for page in ["definitioner", "om"] {
            let page = site.get(&format!("/{language}/{page}")).1;
            assert!(page.contains(said), "{language}: {page}");
            assert!(page.contains(&format!("{}, {}", definitions::VERSION, definitions::DATE)), "{language}: {page}");
        }
        let terms = definitions["definitions"][language].as_array().unwrap();
        let term = terms.iter().find(|term| term["id"] == "teknisk").unwrap();
        assert!(term["reading"].as_str().unwrap().contains(said), "{term}");
        assert_eq!((&term["basis"], &term["year"]), (&json!("read"), &json!(2026)));
    }
}
