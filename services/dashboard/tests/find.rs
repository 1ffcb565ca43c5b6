//! Finding a bed: what a search understands, in which order answers stand, where else a patient can lie, and what changed.

use board::guide::Guide;
use board::hiding::Rules;
use board::live::Live;
use schemas::{BedKind, CareType, CorrectionKind, Timestamp};

use crate::fixture::{self, Declaration, HOUR, MINUTE, Movement, Ward};
use crate::site::{Setup, Site};

const SOURCE: &str = "SE2321000131-ADT14";
/// Positions of the invented hospitals; the one in Skövde has none.
const PLACES: &str = "lanskod;sjukhuskod;sjukhus;latitud;longitud
14;501010;Östra sjukhuset;57.72;12.05
14;501020;Mölndals sjukhus;57.66;12.01
14;501040;Ängelbergs sjukhus;58.50;13.50
";

struct Country {
    live: Live,
    number: u64,
}

impl Country {
    fn new() -> Self {
        Self { live: fixture::country(), number: 50_000_000 }
    }

    /// A movement on a ward of Östra sjukhuset, so many minutes ago.
    fn moves(&mut self, trigger: &str, episode: &str, unit: &str, minutes: i64, bed: &str) {
        self.corrects(trigger, episode, unit, minutes, minutes, bed, CorrectionKind::New);
    }

    #[allow(clippy::too_many_arguments)]
    fn corrects(
        &mut self,
        trigger: &str,
        episode: &str,
        unit: &str,
        minutes: i64,
        received: i64,
        bed: &str,
        correction: CorrectionKind,
    ) {
        self.number += 1;
        Movement {
            region: "14",
            source_system: SOURCE,
            trigger,
            episode: format!("{}{episode}", fixture::PLANTED_EPISODE),
            at: Timestamp(fixture::now().0 - minutes * MINUTE),
            ingested: Timestamp(fixture::now().0 - received * MINUTE),
            unit,
            bed,
            ward: ward(unit, "101"),
            responsible: None,
            bed_kind: BedKind::Disponibel,
            correction,
            occurred_given: true,
            person: None,
            facility: None,
        }
        .with(self.number, |event| self.live.encounter_recalled(event));
    }

    fn declares(&mut self, unit: &str, mvo: &str, beds: i32, ago: i64) {
        self.number += 1;
        let from = Timestamp(fixture::now().0 - ago * MINUTE);
        Declaration {
            region: "14",
            source_system: SOURCE,
            unit,
            ward: ward(unit, mvo),
            telephone: Some("010-441 11 11"),
            faststallda: Some(beds),
            disponibla: Some(beds),
            stangda: Some(0),
            reason: None,
            from,
            to: None,
            not_receiving: None,
            ingested: from,
        }
        .with(&uuid::Uuid::from_u128(self.number.into()).to_string(), |statement| self.live.capacity(statement));
    }

    fn site(self) -> Site {
        let site = Site::start(Setup::of(self.live, fixture::now()));
        let mut guide = Guide::default();
        guide.add_hospitals(PLACES).unwrap();
        site.hub.set_guide(guide);
        site.hub.turn();
        site
    }
}

fn ward<'a>(name: &'a str, mvo: &'a str) -> Ward<'a> {
    let (hospital_code, hospital_name) = ("501010", "Östra sjukhuset");
    Ward { name, hospital_code, hospital_name, mvo, care_type: CareType::Somatic }
}

/// Ids of the rows of a page's table, in order.
fn rows(page: &str) -> Vec<&str> {
    let table = page.split("<tbody").skip(1).flat_map(|body| body.split("<tr id=\"").skip(1));
    table.map(|row| row.split('"').next().unwrap()).collect()
}

#[test]
fn a_speciality_is_found_by_its_name_where_the_ward_does_not_say_it() {
    let mut country = Country::new();
    country.declares("AVD77", "241", 12, 60);
    country.declares("AVD78", "999", 12, 60);
    let site = country.site();
    for address in ["/sv/region/14?q=geriatrik", "/en/region/14?q=geriatrics", "/sv/region/14?q=%C3%B6stra%20GERIATRIK"]
    {
        let page = site.get(address).1;
        assert!(rows(&page).contains(&"u-14-AVD77"), "{address}: {:?}", rows(&page));
        assert!(!rows(&page).contains(&"u-14-KIR11"), "{address}");
    }
    let page = site.get("/sv/region/14").1;
    for option in ["\"241\">Geriatrik", "\"121\">Infektionssjukvård", "\"999\">999"] {
        assert!(page.contains(&format!("<option value={option}</option>")), "{option}: {page}");
    }
    assert!(rows(&site.get("/sv/region/14?mvo=241").1).contains(&"u-14-AVD77"));
    assert!(site.get("/sv/region/14/avdelning/AVD77").1.contains("<dd class=\"text\">Geriatrik</dd>"));
}

#[test]
fn hits_are_one_row_each_with_their_hospital_in_the_order_chosen() {
    let site = Country::new().site();
    let page = site.get("/sv/region/14?lage=minst-1&ordning=lediga").1;
    let found = rows(&page);
    assert!(found.len() > 10 && found.iter().all(|id| id.starts_with("u-14-")), "{found:?}");
    assert_eq!(page.matches("class=\"cover of\"").count(), found.len());
    let free: Vec<i64> = page
        .split("<td class=\"n number\">")
        .skip(1)
        .step_by(3)
        .take(found.len())
        .map(|cell| cell.split('<').next().unwrap().parse().unwrap())
        .collect();
    assert!(free.windows(2).all(|pair| pair[0] >= pair[1]) && free.iter().all(|free| *free > 0), "{free:?}");
}

#[test]
fn hospitals_stand_in_the_order_chosen() {
    let site = Country::new().site();
    let sums = |address: &str| {
        let page = site.get(address).1;
        rows(&page).into_iter().filter(|id| id.ends_with("-sum")).map(str::to_owned).collect::<Vec<_>>()
    };
    let by_name = sums("/sv/region/14?ordning=namn");
    assert_eq!(by_name, ["h-14-501020-sum", "h-14-501030-sum", "h-14-501040-sum", "h-14-501010-sum"]);
    let hospitals: serde_json::Value = serde_json::from_str(&site.get("/api/v1/hospitals?region=14").1).unwrap();
    let figure = |id: &str, name: &str| {
        let mut of = hospitals["hospitals"].as_array().unwrap().iter();
        let hospital = of.find(|hospital| id.contains(hospital["hospital_code"].as_str().unwrap())).unwrap();
        hospital["totals"][name].as_f64().unwrap()
    };
    for (address, name) in [("/sv/region/14?ordning=lediga", "lediga"), ("/sv/region/14", "belagda_per_100")] {
        let order: Vec<f64> = sums(address).iter().map(|id| figure(id, name)).collect();
        assert!(order.len() == 4 && order.windows(2).all(|pair| pair[0] >= pair[1]), "{address}: {order:?}");
    }
}

#[test]
fn an_answer_of_nothing_says_so_and_leads_back() {
    let site = Country::new().site();
    for address in ["/sv/region/14?q=finnsinte", "/sv?q=finnsinte", "/sv/region/14/sjukhus/501010?q=finnsinte"] {
        let page = site.get(address).1;
        let back = address.split('?').next().unwrap();
        assert!(page.contains("Ingen avdelning passar filtret."), "{address}");
        assert!(page.contains(&format!("<a class=\"tool\" href=\"{back}\">Rensa filter</a>")), "{address}");
        let table = &page[page.find("<table").unwrap()..page.find("</table>").unwrap()];
        assert!(!table.contains("saknas") && !page.contains("class=\"value word\""), "{address}");
    }
}

#[test]
fn what_needs_attention_follows_the_filter_and_says_whom_to_call() {
    let site = Country::new().site();
    let list = |address: &str| {
        let page = site.get(address).1;
        let start = page.find("<section id=\"uppmarksamma\"").unwrap();
        page[start..start + page[start..].find("</section>").unwrap()].to_owned()
    };
    let all = list("/sv/region/14");
    assert!(all.contains("href=\"/sv/region/14/avdelning/ORT12\">Ortopedi 12, Östra sjukhuset</a>"), "{all}");
    assert!(all.contains("<a href=\"tel:0104410000\">010-441 00 00</a>"), "{all}");
    let geriatrics = list("/sv/region/14?mvo=241");
    assert!(geriatrics.contains("Bara det som filtret visar.") && !geriatrics.contains("ORT12"), "{geriatrics}");
    assert!(geriatrics.contains("/sv/region/14/avdelning/GER13"), "{geriatrics}");
    let page = site.get("/sv/uppmarksamma?region=14&mvo=241").1;
    assert!(page.contains("/avdelning/GER13") && !page.contains("/avdelning/ORT12") && !page.contains("/region/01/"));
    assert!(page.contains("href=\"/sv/uppmarksamma?region=14\">Rensa filter</a>"), "{page}");
}

#[test]
fn units_without_beds_are_not_applicable_and_outside_the_denominator() {
    let mut country = Country::new();
    for n in 0..4 {
        country.moves("A04", &format!("arrived{n}"), "AKM", 90 - n, "");
    }
    country.declares("DAG", "101", 0, 60);
    let site = country.site();
    let page = site.get("/sv/region/14").1;
    assert!(page.contains("36 av 40 avdelningar") && page.contains("2 enheter utan vårdplatser räknas inte"), "{page}");
    for unit in ["AKM", "DAG"] {
        let row = page.split(&format!("<tr id=\"u-14-{unit}\"")).nth(1).unwrap().split("</tr>").next().unwrap();
        let numbers = row.split("<td class=\"phone\"").next().unwrap();
        assert!(row.contains("status ej-tillampligt") && !numbers.contains(">saknas<"), "{unit}: {row}");
    }
    let totals: serde_json::Value = serde_json::from_str(&site.get("/api/v1/totals?region=14").1).unwrap();
    let coverage = &totals["totals"]["coverage"];
    assert_eq!((&coverage["units"], &coverage["without_beds"]), (&40.into(), &2.into()));
    let snapshot: serde_json::Value = serde_json::from_str(&site.get("/api/v1/snapshot?region=14").1).unwrap();
    assert_eq!(snapshot["snapshot"]["coverage"]["units"], 40);
    // Somebody in a bed shows that it has beds, and then they are missing.
    let mut country = Country::new();
    country.moves("A04", "arrived", "AKM", 90, "");
    country.moves("A01", "lies", "AKM", 80, "3:1");
    let page = country.site().get("/sv/region/14").1;
    assert!(page.contains("36 av 41 avdelningar"), "{page}");
}

#[test]
fn corrected_stands_for_four_hours_and_only_where_the_number_became_another() {
    let marked = |received: i64| {
        let mut country = Country::new();
        country.moves("A01", "corrected", "MED10", received + 60, "4");
        country.moves("A03", "corrected", "MED10", received + 50, "4");
        country.corrects("A13", "corrected", "MED10", received + 50, received, "4", CorrectionKind::Cancel);
        let page = country.site().get("/sv/region/14").1;
        page.contains("href=\"/sv/region/14/avdelning/MED10#logg\"")
    };
    assert!(marked(200) && !marked(250));
    // A visit that was over before anybody saw it, withdrawn: no number was another for it.
    let mut country = Country::new();
    country.moves("A01", "over", "MED10", 120, "4");
    country.moves("A03", "over", "MED10", 110, "4");
    country.corrects("A11", "over", "MED10", 120, 30, "4", CorrectionKind::Cancel);
    assert!(!country.site().get("/sv/region/14").1.contains("MED10#logg"));
}

#[test]
fn a_full_ward_names_the_nearest_that_can_take_a_patient() {
    let site = Country::new().site();
    let page = site.get("/sv/region/14/avdelning/ORT12").1;
    let start = page.find("<section id=\"narmast\"").expect("the section");
    let section = &page[start..start + page[start..].find("</section>").unwrap()];
    assert!(section.contains("Ängelbergs sjukhus") && section.contains("122\u{a0}km"), "{section}");
    assert!(section.contains("href=\"tel:0104410000\""), "{section}");
    let free = site.get("/sv/region/14/avdelning/KIR11").1;
    assert!(!free.contains("id=\"narmast\""), "a ward with free beds needs no other");
    // Skövde has no place in the table: it is said, and its wards stand last without a distance.
    let kardiologi = site.get("/sv/region/14/avdelning/KAR38").1;
    assert!(kardiologi.contains("Koordinater saknas för Skövde sjukhus."), "{kardiologi}");
    assert!(kardiologi.contains("avstånd saknas"), "{kardiologi}");
}

/// Cells of a row of the last hour.
fn cells(page: &str, id: &str) -> Vec<String> {
    let row = page.split(&format!("<tr id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("{id}: {page}"));
    let row = row.split("</tr>").next().unwrap();
    row.split("<td").skip(1).map(|cell| cell.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
}

fn last_hour() -> Country {
    let mut country = Country::new();
    for n in 0..6 {
        country.moves("A01", &format!("new{n}"), "NY1", 40 - n, "1");
    }
    country.moves("A02", "new0", "NY2", 20, "1");
    country.moves("A02", "new1", "NY1", 19, "2");
    country.moves("A03", "new2", "NY1", 10, "1");
    country.moves("A01", "old", "NY2", 5 * 60, "1");
    country.moves("A03", "old", "NY2", 61, "1");
    country.corrects("A13", "old", "NY2", 61, 15, "1", CorrectionKind::Cancel);
    country.declares("NY1", "101", 9, 3 * 60);
    country.declares("NY1", "101", 7, 30);
    country
}

#[test]
fn the_last_hour_counts_movements_between_wards_declarations_and_corrections() {
    let site = last_hour().site();
    let page = site.get("/sv/region/14?q=NY&vy=timme").1;
    // Moving to another bed of the ward is no movement; a discharge before the hour is none of it.
    assert_eq!(cells(&page, "u-14-NY1"), ["6", "1", "0", "1", "0", "9 → 7"]);
    assert_eq!(cells(&page, "u-14-NY2"), ["0", "0", "1", "0", "1", "oförändrat"]);
    assert_eq!(cells(&page, "alla")[..5], ["6", "1", "1", "1", "1"]);
    let file = site.get("/sv/region/14?q=NY&vy=timme&form=csv").1;
    assert!(file.contains("14;501010;Östra sjukhuset;NY1;NY1;6;1;0;1;0;9;7\r\n"), "{file}");
    let country = site.get("/sv?vy=timme").1;
    assert!(cells(&country, "r-14")[0].parse::<u32>().unwrap() >= 6, "{country}");
    site.set_clock(Timestamp(fixture::now().0 + HOUR));
    site.hub.turn();
    assert!(site.get("/sv/region/14?q=NY&vy=timme").1.contains("Inget har ändrats den senaste timmen."));
}

#[test]
fn small_numbers_of_the_last_hour_are_hidden_where_the_region_hides() {
    let mut setup = Setup::of(last_hour().live, fixture::now());
    setup.rules = Rules::new([("14".into(), 5)]);
    let site = Site::start(setup);
    let page = site.get("/sv/region/14?q=NY&vy=timme").1;
    let few = "färre än\u{a0}5";
    assert_eq!(cells(&page, "u-14-NY1")[..5], ["6", few, "0", few, "0"]);
    assert_eq!(cells(&page, "u-14-NY2")[..5], ["0", "0", few, "0", few]);
    assert_eq!(cells(&page, "alla")[..5], ["6", "döljs", "döljs", "döljs", "döljs"]);
    let file = site.get("/sv/region/14?q=NY&vy=timme&form=csv").1;
    assert!(file.contains(&format!("NY1;NY1;6;{few};0;{few};0;")), "{file}");
}

#[test]
fn a_wall_names_hospitals_and_counts_statuses_of_regions() {
    let site = Country::new().site();
    let wall = site.get("/sv/region/14?vy=vagg").1;
    for name in ["Mölndals sjukhus", "Skövde sjukhus", "Ängelbergs sjukhus", "Östra sjukhuset"] {
        let plain = wall.replace('\u{ad}', "");
        assert!(plain.contains(&format!("class=\"wall-hospital\"><span>{name}")), "{name}: {plain}");
    }
    let country = site.get("/sv?vy=vagg").1;
    let west = country.split("<li id=\"r-14\"").nth(1).unwrap().split("</li>").next().unwrap();
    for status in ["overbelagd", "full", "fa-lediga", "lediga", "okant"] {
        assert!(west.contains(&format!("count-of status {status}")), "{status}: {west}");
    }
}
