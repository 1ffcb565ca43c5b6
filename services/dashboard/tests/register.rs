//! Published figures of invented regions in a real PostgreSQL: the files are made by sink-register's own code, the rows
//! are written as it writes them, and the dashboard's reader reads them.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use dashboard::reader::Reader;
use dashboard::store::Store;
use figures::published::Library;
use schemas::{CareForm, Cost, Deviation, Finding, Severity, Sex, Timestamp, Wait, WaitStatus};
use serde_json::json;
use sink_register::costs::{self, Costs};
use sink_register::waiting_times::{Settings, WaitingTimes};
use sink_register::{File, Pseudonyms, Secret};
use tokio_postgres::types::Json;

use crate::fixture::{self, DAY, Dice, PLANTED_TOKEN, envelope, instant};
use crate::stand::POSTGRES;

/// The last month of the invented country.
pub(crate) const LAST: (i16, i8) = (2026, 10);
/// Months that it has published.
const MONTHS: i16 = 15;
/// An invented sjukhuskod of a hospital with few contacts.
pub(crate) const SMALL: &str = "501990";

struct Place {
    region: &'static str,
    hospitals: &'static [(&'static str, &'static str, i64)],
    /// Per cent within 90 days, first and last month.
    from: i64,
    to: i64,
}

const PLACES: [Place; 7] = [
    Place {
        region: "01",
        hospitals: &[("110010", "Södra sjukhuset", 160), ("110020", "Norra sjukhuset", 120)],
        from: 72,
        to: 74,
    },
    Place {
        region: "12",
        hospitals: &[("410010", "Åkarps lasarett", 90), ("410020", "Wettervåns sjukhus", 80)],
        from: 55,
        to: 92,
    },
    Place {
        region: "14",
        hospitals: &[
            ("501010", "Östra sjukhuset", 150),
            ("501020", "Mölndals sjukhus", 90),
            ("501030", "Skövde sjukhus", 70),
            (SMALL, "Ängelbergs sjukhus", 9),
        ],
        from: 78,
        to: 58,
    },
    Place {
        region: "21",
        hospitals: &[("610010", "Gävlestrands sjukhus", 60), ("610020", "Furuviks sjukhus", 40)],
        from: 70,
        to: 70,
    },
    Place { region: "08", hospitals: &[("250010", "Kustens lasarett", 9)], from: 80, to: 80 },
    Place { region: "23", hospitals: &[("640010", "Fjällbergs sjukhus", 8)], from: 80, to: 80 },
    Place { region: "09", hospitals: &[("260010", "Hansestadens lasarett", 8)], from: 80, to: 80 },
];

fn month(back: i16) -> String {
    let months = LAST.0 * 12 + i16::from(LAST.1) - 1 - back;
    format!("{:04}-{:02}", months / 12, months % 12 + 1)
}

/// The newest figures of the invented country, read from the database once.
pub(crate) fn library() -> Library {
    static READ: LazyLock<Library> = LazyLock::new(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { read(&database().await, &mut Reader::default()).await })
    });
    READ.clone()
}

/// What the dashboard reads of a database at the frozen instant.
pub(crate) async fn read(url: &str, reader: &mut Reader) -> Library {
    let mut store = Store::connect(&url.parse().expect("an address")).await.expect("the database answers");
    reader.refresh(&mut store, fixture::now()).await.expect("the reader may read what is published")
}

/// A database with everything that the invented country has published.
async fn database() -> String {
    println!("seed {}", fixture::SEED);
    let url = empty().await;
    let mut dice = Dice(fixture::SEED);
    for place in &PLACES {
        for back in (0..MONTHS).rev() {
            // A month that was never delivered, and a region that is late with the last one.
            if (place.region == "21" && back == 4) || (place.region == "09" && back == 0) {
                continue;
            }
            waiting(&url, place, back, &mut dice).await;
        }
        for year in ["2024", "2025"] {
            if place.region != "21" {
                cost(&url, place, year, &mut dice).await;
            }
        }
    }
    for region in ["12", "14"] {
        hips(&url, region).await;
    }
    url
}

/// The hip-fracture pathway of a month, in the columns that the page reads.
async fn hips(url: &str, region: &str) {
    let head = "hospital_code;hospital_name;fractures;with_arrival;operated;with_operation_time;hours_known;hours_q1;\
                hours_median;hours_q3;within_24h;share_within_24h;discharged;reoperated_30_days;reoperated_120_days;\
                arrival_missing;operation_missing;operation_time_missing;operation_before_arrival;age_unknown;pathological;under_50;reason\n";
    let lines = if region == "14" {
        "501010;Östra sjukhuset;80;78;76;75;75;12.5;18.0;26.5;60;80.0;70;3;4;2;4;1;0;2;1;3;\n\
         501020;Mölndals sjukhus;120;120;119;118;118;16.0;24.5;39.0;59;50.0;110;4;5;0;1;1;0;1;2;0;\n\
         501030;Skövde sjukhus;60;59;59;59;59;10.0;15.5;22.0;50;84.7;55;1;1;1;1;0;0;0;1;1;\n\
         501990;Ängelbergs sjukhus;7;7;6;6;6;;;;6;;7;0;0;0;1;0;0;0;0;1;fewer-than-limit\n\
         ;Regionen;267;264;260;258;258;13.5;20.0;31.5;175;67.8;242;8;10;3;7;2;0;3;4;5;\n"
    } else {
        "410010;Åkarps lasarett;90;88;86;86;86;13.0;19.0;28.0;66;76.7;80;2;3;2;4;0;0;1;1;2;\n\
         410020;Wettervåns sjukhus;70;70;69;69;69;11.0;16.5;23.5;58;84.1;66;1;1;0;1;0;0;0;1;1;\n\
         ;Regionen;160;158;155;155;155;12.0;18.0;26.0;124;80.0;146;3;4;2;5;0;0;1;2;3;\n"
    };
    let stages = if region == "14" { [267, 264, 264, 257, 250, 238] } else { [160, 158, 158, 153, 150, 141] };
    let names = ["all", "arrival", "diagnosis", "operation", "moved", "discharged"];
    let mut pathway = String::from("hospital_code;stage;fractures;lost\n501010;all;1;0\n");
    for (index, (name, count)) in names.iter().zip(stages).enumerate() {
        let lost = if index == 0 { 0 } else { stages[index - 1] - count };
        pathway.push_str(&format!(";{name};{count};{lost}\n"));
    }
    let file = |name: &str, text: String| File {
        name: name.into(),
        bytes: text.into_bytes(),
        rows: 4,
        personal: false,
        formulas: 0,
        groups: None,
        treatments: BTreeMap::new(),
    };
    let files = [file("hip_by_hospital.csv", format!("{head}{lines}")), file("hip_pathway.csv", pathway)];
    publish(url, (region, "hip-fracture", "2026-10"), 1, &files, &Facts::default()).await;
}

/// A migrated database where nothing is published.
pub(crate) async fn empty() -> String {
    let url = POSTGRES.fresh_database().expect("a database is made");
    let session = sink_store::Session::open(&url).await.expect("the database answers");
    sink_store::migrate(&session, &["14".to_owned()]).await.expect("migrations apply");
    url
}

/// What is known of a parcel beside its files.
#[derive(Default)]
pub(crate) struct Facts {
    pub totals: BTreeMap<String, i64>,
    pub findings: BTreeMap<String, i64>,
    pub flags: Vec<(&'static str, &'static str)>,
}

/// Publishes a version as sink-register does: manifest and the files that have no row per person.
pub(crate) async fn publish(url: &str, series: (&str, &str, &str), version: i32, files: &[File], facts: &Facts) {
    let address: postgresql::Address = url.parse().expect("an address");
    let client = address.connect("test").await.expect("the database answers");
    let (region, extract, period) = series;
    let entries: Vec<_> = files
        .iter()
        .map(|file| {
            json!({ "name": file.name, "rows": file.rows, "sha256": "", "bytes": file.bytes.len(),
                    "personal": file.personal, "encrypted": file.personal })
        })
        .collect();
    let flags: Vec<_> = facts.flags.iter().map(|(code, text)| json!({ "code": code, "text": text })).collect();
    let manifest = json!({
        "format": 1, "extract": extract, "definition": "3", "region": region, "period": period, "version": version,
        "replaces": null, "reason": null, "recipient": "skr", "legal_ground": "", "schema_versions": [1],
        "statements_until": "2026-11-15T04:00:00Z", "files": entries, "totals": facts.totals, "explained": null,
        "flags": flags, "origin": [], "findings": facts.findings,
    });
    let texts: BTreeMap<&str, &str> = files
        .iter()
        .filter(|file| !file.personal && file.name.ends_with(".csv"))
        .map(|file| (file.name.as_str(), std::str::from_utf8(&file.bytes).unwrap()))
        .collect();
    let sql = "INSERT INTO register.published (region, extract, period, version, at, manifest_sha256, manifest, files) \
               VALUES ($1, $2, $3, $4, '2026-11-16T03:12:00Z', $5, $6, $7)";
    let hash = format!("{region}{extract}{period}{version}");
    client.execute(sql, &[&region, &extract, &period, &version, &hash, &Json(manifest), &Json(texts)]).await.unwrap();
}

/// Of no recipient: only figures are looked at here.
fn pseudonyms() -> Pseudonyms {
    let secret = Secret::parse("test", &"0f1e2d3c".repeat(8)).expect("a secret");
    secret.pseudonyms("skr", "test", "14".parse().unwrap())
}

async fn waiting(url: &str, place: &Place, back: i16, dice: &mut Dice) {
    let period = month(back);
    let mut extract = WaitingTimes::new(
        Settings {
            region: place.region.parse().unwrap(),
            period: period.parse().unwrap(),
            definition_version: "1".to_owned(),
            // The pages' own hiding is what is looked at.
            hide_below: 1,
            earlier: BTreeMap::new(),
        },
        &pseudonyms(),
    );
    let gone = i64::from(MONTHS - 1 - back);
    let mut within = place.from + (place.to - place.from) * gone / i64::from(MONTHS - 1);
    // A region whose record system changed: another level from then on.
    let changed = place.region == "21" && back < 9;
    if changed {
        within = 50;
    }
    let mut findings: BTreeMap<String, i64> = BTreeMap::new();
    for (code, name, usual) in place.hospitals {
        // A month with far fewer statements than before it.
        let usual = 4 * if place.region == "01" && back == 0 { usual / 2 } else { *usual };
        let count = usual + dice.below(usual / 8 + 2);
        for number in 0..count {
            let is_in = dice.below(100) < within;
            let days = if is_in { 5 + dice.below(86) } else { 91 + dice.below(150) };
            let is_waiting = number % 3 == 2;
            let start = instant(&format!("{period}-10T08:00:00Z"));
            // For who waits, the wait is counted to the last day of the month.
            let decided = Timestamp(start.0 - (days - if is_waiting { 20 } else { 0 }) * DAY);
            let rule = (number % 19 == 3 && back < 5).then_some("wait-guarantee-missing");
            if let Some(rule) = rule {
                *findings.entry(rule.to_owned()).or_default() += 1;
            }
            let id = format!("{period}{code}{number}");
            statement(place.region, &period, &id, (code, name), is_waiting, (decided, start), rule, number, |wait| {
                extract.add(wait);
            });
        }
    }
    let output = extract.finish();
    let mut flags = Vec::new();
    if changed {
        flags.push(("changing-record-system", "Nytt journalsystem från februari 2026"));
    }
    if back == 0 && place.region == "14" {
        flags.push(("provisional", "Två mottagningar kompletterar i november"));
    }
    let facts = Facts { totals: output.totals, findings, flags };
    publish(url, (place.region, "waiting-times", &period), 1, &output.files, &facts).await;
}

#[allow(clippy::too_many_arguments)]
fn statement(
    region: &str,
    period: &str,
    id: &str,
    (code, name): (&str, &str),
    is_waiting: bool,
    (decided, start): (Timestamp, Timestamp),
    rule: Option<&str>,
    number: i64,
    then: impl FnOnce(&Wait<'_>),
) {
    let token = format!("{PLANTED_TOKEN}{id}");
    let mut envelope = envelope(region, "SE2321000131-VT", id, decided, start);
    envelope.subject_token = Some(&token);
    envelope.quality =
        rule.into_iter().map(|rule| Finding { rule, severity: Severity::Warning, field: "vardgaranti" }).collect();
    then(&Wait {
        envelope,
        contact_id: id,
        referral_id: None,
        status: if is_waiting { WaitStatus::Waiting } else { WaitStatus::Completed },
        period: Some(period),
        // Four of twelve are first visits, in every status; some contacts are of no step.
        phase: Some(if number % 29 == 7 {
            "4"
        } else if number / 3 % 3 == 1 {
            "1"
        } else {
            "2"
        }),
        guarantee: if rule.is_some() { None } else { Some(true) },
        deviation: (number % 11 == 0).then_some(Deviation::Pvv),
        decided_is_date: false,
        decided_at: Some(decided),
        started_is_date: false,
        started_at: (!is_waiting).then_some(start),
        medical_target_is_date: false,
        medical_target_at: None,
        referral_is_date: false,
        referral_at: (number / 3 % 3 == 1 && number % 5 > 0).then_some(decided),
        arrived_is_date: false,
        arrived_at: None,
        mvo: Some(["301", "311", "511"][usize::try_from(number % 3).unwrap()]),
        activity: None,
        activity_kva: None,
        activity_icd: None,
        kva: None,
        booking: None,
        contact_type: None,
        profession: None,
        emergency_kind: None,
        referrer_kind: None,
        referrer_hsa_id: None,
        region_code: None,
        region_hsa_id: None,
        provider_hsa_id: None,
        care_unit_hsa_id: None,
        unit_hsa_id: None,
        hospital_code: Some(code),
        hospital_name: Some(name),
        sex: if number % 2 == 0 { Sex::Female } else { Sex::Male },
        birth_year: Some(1930 + i32::try_from(number % 70).unwrap()),
        lkf: None,
        listing_hsa_id: None,
        stated_wait_days: None,
        verbatim: BTreeMap::new(),
    });
}

/// What the contacts of the invented country have cost, kronor.
static COSTS: Mutex<Vec<i64>> = Mutex::new(Vec::new());

pub(crate) fn costs_of_contacts() -> Vec<i64> {
    library();
    COSTS.lock().unwrap().clone()
}

async fn cost(url: &str, place: &Place, year: &str, dice: &mut Dice) {
    let mut extract = Costs::new(
        costs::Settings { region: place.region.parse().unwrap(), year: year.to_owned(), hide_below: costs::LIMIT },
        pseudonyms(),
    );
    let groups =
        [("F12E", "0.62", 31_000), ("H08C", "1.94", 88_000), ("E47E", "0.55", 24_000), ("X99Z", "7.10", 390_000)];
    for (code, name, usual) in place.hospitals {
        for number in 0..*usual {
            let index = usize::try_from(number).unwrap();
            let (drg, weight, level) = groups[if index % 40 == 7 { 3 } else { index % 3 }];
            let id = format!("{year}{code}{number}");
            let token = format!("{PLANTED_TOKEN}{}", number / 2);
            let at = instant(&format!("{year}-05-02T08:00:00Z"));
            let mut envelope = envelope(place.region, "SE2321000131-KPP", &id, at, at);
            envelope.subject_token = Some(&token);
            let mut cost = Cost::bare(envelope, &id);
            cost.period = Some(year);
            cost.cost_run_id = Some("K1");
            cost.care_form = if index % 3 == 0 { CareForm::Inpatient } else { CareForm::Outpatient };
            cost.hospital_code = Some(code);
            cost.hospital_name = Some(name);
            cost.drg = Some(drg);
            cost.drg_weight = Some(weight);
            // Kronor, never a whole hundred: what is published is.
            let kronor = level / 2 + dice.below(level);
            let total = 100 * if kronor % 100 == 0 { kronor + 1 } else { kronor };
            COSTS.lock().unwrap().push(total / 100);
            cost.total_ore = Some(total);
            cost.components_ore = BTreeMap::from([("operation", total / 3), ("vardavdelning", total - total / 3)]);
            extract.add(&cost);
        }
    }
    let output = extract.finish();
    let facts = Facts { totals: output.totals, ..Facts::default() };
    publish(url, (place.region, "kpp", year), 1, &output.files, &facts).await;
}
