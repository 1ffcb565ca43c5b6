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
