//! Two recipients of the same events: whatever names a person, contact, visit or event to the one says nothing to the other.
//!
//! The events are made so that people differ in nothing but in names and numbers: times, places, codes and amounts are the same for
//! all. So a column of many values is one that names or numbers, whatever it is called, and no list of columns is needed to find
//! those that two recipients could join by.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use schemas::{
    BedKind, CareForm, CareType, Clinical, Code, CodeRole, CodeSystem, Correction, CorrectionKind, Cost, Encoder,
    Encounter, Envelope, Kind, Laterality, Origin, PatientClass, Person, Place, SCHEMA_VERSION, Sex, Timestamp, Wait,
    WaitStatus, content_hash, event_id, registry,
};
use serde_json::Value;
use sink_register::{LEAVE, Pseudonyms, pseudonymised};
use sink_store::{Record, Store};

use super::feed::{HOUR, at};
use super::open;
use crate::world::{Database, Desk, content, database, pseudonyms};

/// Persons; each has one visit, contact, wait and cost.
pub(super) const PERSONS: usize = 30;
/// A column of so many values names or numbers somebody or something.
const MANY: usize = PERSONS / 2;
/// What every contact costs.
const ORE: i64 = 1_234_500;
const SYSTEM: &str = "SE2321000131-ADT";
const TOPIC: &str = "region.14.source.adt";
/// Whom every extract is also for.
const OTHER: &str = "other";

/// Extracts with their period, their recipient and the series of its pseudonyms.
const EXTRACTS: [(&str, &str, &str, &str); 9] = [
    ("waiting-times", "2025-03", "skr", "waiting-times"),
    ("kpp", "2025", "skr", "kpp"),
    ("hip-fracture", "2025-03", "rikshoft", "hip-fracture"),
    ("omop", "2025", "analysis", "omop"),
    ("columnar-encounter", "2025-03", "analysis", "columnar"),
    ("columnar-person", "2025-03", "analysis", "columnar"),
    ("columnar-wait", "2025-03", "analysis", "columnar"),
    ("columnar-clinical", "2025-03", "analysis", "columnar"),
    ("columnar-cost", "2025", "analysis", "columnar"),
];

/// OMOP's tables of persons with the column that numbers their rows. Other columns of the kind refer to these or are of places.
const ROW_NUMBERS: [(&str, &str); 9] = [
    ("person.parquet", "person_id"),
    ("visit_occurrence.parquet", "visit_occurrence_id"),
    ("visit_detail.parquet", "visit_detail_id"),
    ("condition_occurrence.parquet", "condition_occurrence_id"),
    ("procedure_occurrence.parquet", "procedure_occurrence_id"),
    ("drug_exposure.parquet", "drug_exposure_id"),
    ("observation_period.parquet", "observation_period_id"),
    ("observation.parquet", "observation_id"),
    ("cost.parquet", "cost_id"),
];

/// What names a person's things. No two have one, and none stands in another.
pub(super) struct Named {
    token: String,
    alias: String,
    former: String,
    numbers: BTreeMap<&'static str, String>,
}

impl Named {
    fn new(n: usize) -> Self {
        let token = |kind: &str| format!("r14.v1.{:a<32}", format!("{kind}{n:02}"));
        let numbers = ["visit", "before", "contact", "referral", "movement", "statement", "extension"];
        let numbers = numbers.map(|kind| (kind, format!("{}-{n:02}/25", kind.to_uppercase())));
        Self { token: token("now"), alias: token("alias"), former: token("former"), numbers: numbers.into() }
    }

    fn number(&self, kind: &str) -> &str {
        &self.numbers[kind]
    }
}

pub(super) fn people() -> Vec<Named> {
    (0..PERSONS).map(Named::new).collect()
}

/// Gives events to the store, each from a record of its own.
struct Feed {
    store: Store,
    next: i64,
}

impl Feed {
    async fn new(database: &Database) -> Self {
        let mut store = Store::open(&database.superuser, &["14".to_owned()]).await.unwrap();
        for kind in Kind::ALL {
            store.add_schema("14", registry::development_id_current(kind), kind.avsc()).await.unwrap();
        }
        Self { store, next: 1_000_000 }
    }

    async fn give(
        &mut self,
        kind: Kind,
        named: &Named,
        occurred: i64,
        encode: impl FnOnce(Envelope<'_>, i64, &mut Encoder, &mut Vec<u8>),
    ) {
        let offset = self.next;
        self.next += 7;
        let hash = content_hash(offset.to_string().as_bytes());
        let [id, target] = [0, 1].map(|ordinal| event_id(SYSTEM, "row", &hash, ordinal).to_string());
        let message = format!("MESSAGE-{offset}");
        let envelope = Envelope {
            event_id: &id,
            event_type: "test",
            schema_version: SCHEMA_VERSION,
            region: "14",
            source_system: SYSTEM,
            source_message_id: &message,
            origin: Origin { topic: TOPIC, partition: 0, offset, ordinal: 0 },
            occurred_at: Timestamp(occurred),
            occurred_text: "",
            recorded_at: Some(Timestamp(occurred)),
            recorded_text: None,
            ingested_at: Timestamp(occurred + HOUR),
            correction: Correction { kind: CorrectionKind::Update, target_event_id: Some(&target) },
            subject_token: Some(&named.token),
            subject_aliases: vec![&named.alias],
            key_id: Some("v1"),
            protected_identity: false,
            quality: Vec::new(),
            extensions: BTreeMap::from([("visit", named.number("extension"))]),
        };
        let mut value = Vec::new();
        encode(envelope, offset, &mut Encoder::new(kind, registry::development_id_current(kind)), &mut value);
        let source = self.store.sources().iter().position(|source| source.subject.kind() == kind).unwrap();
        let origin = format!("{TOPIC}/0/{offset}/0").into_bytes();
        let record = Record { source, partition: 0, offset, origin: Some(&origin), value: &value };
        let written = self.store.write("14", &[record]).await.unwrap();
        assert_eq!(written.rows, 1, "{:?}", written.rejected);
    }

    async fn encounter(&mut self, named: &Named, trigger: &str, occurred: i64) {
        let is_merge = trigger == "A40";
        self.give(Kind::Encounter, named, occurred, |envelope, offset, encoder, value| {
            let place =
                Place { unit: "A", room: Some("1"), bed: Some("2"), facility: None, building: None, floor: None };
            let event = Encounter {
                envelope,
                trigger,
                sent_at: Some(Timestamp(occurred)),
                content_hash: content_hash(offset.to_string().as_bytes()),
                occurred_given: true,
                episode_id: (!is_merge).then(|| named.number("visit")),
                movement_id: Some(named.number("movement")),
                movement_action: None,
                patient_class_code: Some("I"),
                patient_class: PatientClass::Inpatient,
                place: (!is_merge).then_some(place),
                prior_place: None,
                unit_hsa_id: None,
                unit_name: Some("Avdelning"),
                hospital_code: Some("501010"),
                hospital_name: Some("Sahlgrenska"),
                mvo: Some("311"),
                care_type: CareType::Somatic,
                responsible_unit: None,
                bed_kind: BedKind::Disponibel,
                admit_source: None,
                discharge_disposition: None,
                admitted_at: None,
                discharged_at: None,
                prior_subject_tokens: if is_merge { vec![&named.former] } else { Vec::new() },
                prior_episode_id: is_merge.then(|| named.number("before")),
                episode_authority: None,
                prior_episode_authority: None,
                sending_facility: None,
                sequence: Some(offset * 3),
                occurred_earliest: None,
                occurred_latest: None,
            };
            encoder.encode(&event, value).unwrap();
        })
        .await;
    }

    async fn cost(&mut self, named: &Named, year: &str, ore: i64, occurred: i64) {
        self.give(Kind::Cost, named, occurred, |envelope, _, encoder, value| {
            let event = Cost {
                period: Some(year),
                care_form: CareForm::Inpatient,
                started_at: Some(Timestamp(occurred - 24 * HOUR)),
                ended_at: Some(Timestamp(occurred)),
                hospital_code: Some("501010"),
                drg: Some("H07N"),
                drg_weight: Some("1.873"),
                total_ore: Some(ore),
                components_ore: BTreeMap::from([("operation", ore)]),
                sex: Sex::Female,
                birth_year: Some(1940),
                ..Cost::bare(envelope, named.number("contact"))
            };
            encoder.encode(&event, value).unwrap();
        })
        .await;
    }

    /// One visit of a person, from admission to what is said of it afterwards.
    async fn visit(&mut self, named: &Named) {
        let [came, operated, left] = ["2025-03-10 08:00", "2025-03-10 18:00", "2025-03-12 08:00"].map(at);
        self.encounter(named, "A01", came).await;
        self.encounter(named, "A03", left).await;
        self.encounter(named, "A40", left + HOUR).await;
        self.give(Kind::Person, named, left, |envelope, _, encoder, value| {
            let linked_subject_tokens = vec![&*named.former];
            let (birth_year, sex) = (Some(1940), Sex::Female);
            let event =
                Person { envelope, trigger: "A31", birth_year, sex, lkf: None, dead: None, linked_subject_tokens };
            encoder.encode(&event, value).unwrap();
        })
        .await;
        self.give(Kind::Clinical, named, left, |envelope, _, encoder, value| {
            let code = |role, system, code, performed_at| Code {
                role,
                system,
                code,
                verbatim: None,
                performed_at,
                performed_is_date: false,
                laterality: Laterality::Left,
                belongs_to: None,
            };
            let event = Clinical {
                contact_id: Some(named.number("contact")),
                episode_id: Some(named.number("visit")),
                period: Some("2025-03"),
                care_form: CareForm::Inpatient,
                started_at: Some(Timestamp(came)),
                ended_at: Some(Timestamp(left)),
                hospital_code: Some("501010"),
                birth_year: Some(1940),
                codes: vec![
                    code(CodeRole::MainDiagnosis, CodeSystem::Icd10Se, "S7200", None),
                    code(CodeRole::Procedure, CodeSystem::Kva, "NFJ59", Some(Timestamp(operated))),
                    code(CodeRole::Drug, CodeSystem::Atc, "J01CF02", None),
                ],
                drg: Some("H07N"),
                ..Clinical::bare(envelope, named.number("statement"))
            };
            encoder.encode(&event, value).unwrap();
        })
        .await;
        self.give(Kind::Wait, named, left, |envelope, _, encoder, value| {
            let event = Wait {
                period: Some("2025-03"),
                referral_id: Some(named.number("referral")),
                phase: Some("2"),
                guarantee: Some(true),
                decided_at: Some(Timestamp(came - 800 * HOUR)),
                started_at: Some(Timestamp(came)),
                mvo: Some("311"),
                booking: Some("2"),
                contact_type: Some("0"),
                profession: Some("XS915"),
                emergency_kind: Some("0"),
                region_hsa_id: Some("SE2321000131-E000000000001"),
                provider_hsa_id: Some("SE2321000131-E000000000002"),
                care_unit_hsa_id: Some("SE2321000131-E000000000003"),
                sex: Sex::Female,
                birth_year: Some(1940),
                lkf: Some("1480"),
                ..Wait::bare(envelope, named.number("contact"), WaitStatus::Completed)
            };
            encoder.encode(&event, value).unwrap();
        })
        .await;
        self.cost(named, "2025", ORE, left).await;
    }
}

/// A desk whose every extract is defined a second time, for another recipient.
fn desk(database: &Database) -> Desk {
    let desk = Desk::new(database);
    fs::create_dir(desk.path("definitions")).unwrap();
    for (extract, _, recipient, _) in EXTRACTS {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("definitions/{extract}.toml"));
        let text = fs::read_to_string(shipped).unwrap();
        let other = text
            .replace(&format!("name = \"{extract}\""), &format!("name = \"{extract}-b\""))
            .replace(&format!("recipient = \"{recipient}\""), &format!("recipient = \"{OTHER}\""));
        assert!(other.contains("-b\"") && other.contains(OTHER));
        // The series has the same name: the recipient alone makes the difference.
        let series = if text.contains("\nseries = ") { String::new() } else { format!("series = \"{extract}\"\n") };
        fs::write(desk.path("definitions").join(format!("{extract}.toml")), series + &other).unwrap();
    }
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let key = config.lines().find(|line| line.starts_with("age_key")).unwrap().to_owned();
    let config = format!("{config}[[recipient]]\nname = \"{OTHER}\"\n{key}\n[definitions]\nfolder = \"definitions\"\n");
    fs::write(desk.path("sink-register.toml"), config).unwrap();
    desk
}

/// Rows of a file: what stands in each column, all elements of a list.
pub(super) type Rows = Vec<BTreeMap<String, Vec<String>>>;

/// Every file of a parcel as its recipient opens it.
pub(super) fn files(desk: &Desk, parcel: &str) -> BTreeMap<String, Rows> {
    let opened = open(desk, parcel);
    let names = content(opened.path()).into_keys();
    names.filter_map(|name| rows(&opened.path().join(&name)).map(|rows| (name, rows))).collect()
}

fn rows(path: &Path) -> Option<Rows> {
    match path.extension()?.to_str()? {
        "parquet" => {
            let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
            let row = |row: parquet::record::Row| {
                let mut cells = BTreeMap::new();
                row.get_column_iter().for_each(|(name, field)| flatten(name, field, &mut cells));
                cells
            };
            Some(reader.get_row_iter(None).unwrap().map(|one| row(one.unwrap())).collect())
        }
        "csv" => {
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_path(path).unwrap();
            let columns = reader.headers().unwrap().clone();
            let row = |record: csv::StringRecord| {
                columns.iter().zip(record.iter()).map(|(name, cell)| (name.to_owned(), vec![cell.to_owned()])).collect()
            };
            Some(reader.records().map(|record| row(record.unwrap())).collect())
        }
        "xml" => {
            let text = fs::read_to_string(path).unwrap();
            let cell = |element: &str| {
                let (name, rest) = element.split_once('>')?;
                Some((name.to_owned(), vec![rest.split_once('<')?.0.to_owned()]))
            };
            let row = |line: &str| {
                line.split('<')
                    .zip(line.split('<').skip(1))
                    .map(|(begin, end)| format!("{begin}<{end}"))
                    .filter_map(|element| cell(&element))
                    .collect()
            };
            Some(text.lines().filter(|line| line.starts_with("<Rad>")).map(row).collect())
        }
        _ => None,
    }
}

fn flatten(name: &str, field: &Field, into: &mut BTreeMap<String, Vec<String>>) {
    match field {
        Field::Null => {}
        Field::Group(row) => {
            row.get_column_iter().for_each(|(inner, field)| flatten(&format!("{name}.{inner}"), field, into))
        }
        Field::ListInternal(list) => list.elements().iter().for_each(|field| flatten(name, field, into)),
        Field::MapInternal(map) => map.entries().iter().for_each(|(key, value)| {
            flatten(&format!("{name}.key"), key, into);
            flatten(&format!("{name}.value"), value, into);
        }),
        Field::Str(text) => into.entry(name.to_owned()).or_default().push(text.clone()),
        Field::Bytes(bytes) => into.entry(name.to_owned()).or_default().push(format!("{:?}", bytes.data())),
        other => into.entry(name.to_owned()).or_default().push(other.to_string()),
    }
}

/// The distinct values of every column of files.
fn values(files: &BTreeMap<String, Rows>) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut values: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for (file, rows) in files {
        for (column, cells) in rows.iter().flatten() {
            values.entry((&**file, &**column)).or_default().extend(cells.iter().map(String::as_str));
        }
    }
    values
}

/// Whether values are row numbers: 1, 2, 3, each once or more, without a gap. Equal ones mean nothing ([`placed_alike`] sees to it).
fn are_row_numbers(values: &BTreeSet<&str>) -> bool {
    let numbers: BTreeSet<usize> = values.iter().filter_map(|value| value.parse().ok()).collect();
    numbers.len() == values.len() && numbers.iter().copied().eq(1..=numbers.len())
}

/// Columns of one recipient's files that name or number things, and of which a value stands anywhere in the other's files, by itself
/// or in a longer text.
fn shared(one: &BTreeMap<String, Rows>, other: &BTreeMap<String, Rows>) -> BTreeSet<String> {
    let theirs: BTreeSet<&str> = values(other).into_values().flatten().collect();
    let theirs: String = theirs.into_iter().map(|value| format!("\0{value}\0")).collect();
    let is_there = |value: &&str| {
        if value.len() < 6 { theirs.contains(&format!("\0{value}\0")) } else { theirs.contains(*value) }
    };
    let naming = values(one).into_iter().filter(|(_, values)| values.len() >= MANY && !are_row_numbers(values));
    naming
        .filter(|(_, values)| values.iter().any(is_there))
        .map(|((file, column), _)| format!("{file}/{column}"))
        .collect()
}

/// How many columns name or number things.
fn naming(files: &BTreeMap<String, Rows>) -> usize {
    values(files).values().filter(|values| values.len() >= MANY && !are_row_numbers(values)).count()
}

/// Which person each row of each file is about, in the order of the file: found by a pseudonym in it, or by the row number of a
/// person or visit.
fn placed(files: &BTreeMap<String, Rows>, people: &[Named], pseudonyms: &Pseudonyms) -> BTreeMap<String, Vec<usize>> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (n, named) in people.iter().enumerate() {
        known.extend([&named.token, &named.alias, &named.former].map(|token| (pseudonyms.person(token), n)));
        known.extend(named.numbers.values().map(|number| (pseudonyms.number(number), n)));
    }
    let by_cell =
        |row: &BTreeMap<String, Vec<String>>| row.values().flatten().find_map(|cell| known.get(cell)).copied();
    let mut ids: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for (file, column) in [("person.parquet", "person_id"), ("visit_source.parquet", "visit_occurrence_id")] {
        for row in files.get(file).into_iter().flatten() {
            // A file of events about persons has this name, too.
            let Some(id) = row.get(column) else { continue };
            ids.insert((column, id[0].clone()), by_cell(row).expect("a pseudonym"));
        }
    }
    let by_id = |row: &BTreeMap<String, Vec<String>>| {
        let named = [
            ("person_id", "person_id"),
            ("visit_occurrence_id", "visit_occurrence_id"),
            ("cost_event_id", "visit_occurrence_id"),
        ];
        let id = named.iter().find_map(|(column, of)| Some((*of, row.get(*column)?.first()?.clone())))?;
        ids.get(&id).copied()
    };
    let whose = |rows: &Rows| rows.iter().filter_map(|row| by_cell(row).or_else(|| by_id(row))).collect();
    files.iter().map(|(file, rows)| (file.clone(), whose(rows))).collect()
}

/// Files of persons of which more rows than chance gives stand in one place in both.
fn placed_alike(one: &BTreeMap<String, Vec<usize>>, other: &BTreeMap<String, Vec<usize>>) -> Vec<String> {
    let alike = |(file, rows): (&String, &Vec<usize>)| {
        assert_eq!(rows.len(), other[file].len(), "{file}");
        let same = rows.iter().zip(&other[file]).filter(|(one, other)| one == other).count();
        (same > rows.len() / 3).then(|| format!("{file}: {same} of {}", rows.len()))
    };
    one.iter().filter(|(_, rows)| rows.len() >= PERSONS).filter_map(alike).collect()
}

/// Runs an extract, with a variable set or without; the parcel's folder.
fn run(desk: &Desk, extract: &str, period: &str, variable: Option<(&str, &str)>) -> String {
    let arguments = ["run", "--region", "14", "--period", period, "--extract", extract, "--out", "parcels"];
    let mut command = desk.command(&arguments);
    command.envs(variable);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{extract}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().next().unwrap().split_whitespace().last().unwrap().to_owned()
}

pub(super) async fn filled(people: &[Named]) -> Database {
    let database = database(&["14"]).await;
    let mut feed = Feed::new(&database).await;
    for named in people {
        feed.visit(named).await;
    }
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_one_recipients_files_that_names_anything_stands_in_anothers_and_each_column_left_out_is_found() {
    let people = people();
    let database = filled(&people).await;
    let desk = desk(&database);
    let mut named = 0;
    for (extract, period, recipient, series) in EXTRACTS {
        // The region's own definitions are for the other recipient; ours are the shipped ones.
        let one = files(&desk, &run(&desk, extract, period, None));
        let other = files(&desk, &run(&desk, &format!("{extract}-b"), period, None));
        assert_eq!(shared(&one, &other), BTreeSet::new(), "{extract}");
        assert_eq!(shared(&other, &one), BTreeSet::new(), "{extract}");
        assert!(naming(&one) > 0 && naming(&one) == naming(&other), "{extract} names nobody");
        named += naming(&one);
        let [one, other] = [(one, recipient), (other, OTHER)]
            .map(|(files, recipient)| placed(&files, &people, &pseudonyms(recipient, series)));
        assert!(one.values().any(|rows| rows.len() >= PERSONS), "{extract} has no rows of persons: {one:?}");
        assert_eq!(placed_alike(&one, &other), Vec::<String>::new(), "{extract}");
        assert!(!placed_alike(&one, &one).is_empty(), "rows in their own places are found");
    }
    assert!(named >= 40, "only {named} columns name anything");

    // The same with each column in its turn as the store has it.
    for (layout, column) in pseudonymised() {
        let (extract, period) = match (layout, column) {
            ("events", "linked_subject_tokens.element") => ("columnar-person", "2025-03"),
            ("events", "statement_id") => ("columnar-clinical", "2025-03"),
            ("events", "contact_id" | "referral_id") => ("columnar-wait", "2025-03"),
            ("events", _) => ("columnar-encounter", "2025-03"),
            ("riv_ta", _) => ("waiting-times", "2025-03"),
            ("hip_fractures.csv", _) => ("hip-fracture", "2025-03"),
            ("omop", _) => ("omop", "2025"),
            _ => ("kpp", "2025"),
        };
        let plant = format!("{layout}/{column}");
        let [one, other] = [extract.to_owned(), format!("{extract}-b")]
            .map(|extract| files(&desk, &run(&desk, &extract, period, Some((LEAVE, &plant)))));
        if layout == "omop" && column.ends_with("_id") && !["episode_id", "contact_id"].contains(&column) {
            // Of a row's number the order tells, in the file whose rows have it.
            let Some((file, _)) = ROW_NUMBERS.iter().find(|(_, own)| *own == column) else { continue };
            let [one, other] = [(one, "analysis"), (other, OTHER)]
                .map(|(files, recipient)| placed(&files, &people, &pseudonyms(recipient, "omop")));
            let found = placed_alike(&one, &other);
            assert!(found.iter().any(|found| found.starts_with(file)), "{plant} left as it is: {found:?}");
            continue;
        }
        let found = shared(&one, &other);
        let name = column.trim_end_matches(".element");
        assert!(
            !found.is_empty() && found.iter().all(|found| found.contains(name)),
            "{plant} left as it is: {found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_recipients_pseudonyms_are_the_same_over_files_periods_and_versions() {
    let people = people();
    let database = filled(&people).await;
    let mut feed = Feed::new(&database).await;
    feed.next = 2_000_000;
    for named in &people {
        feed.cost(named, "2026", ORE, at("2026-02-01 08:00")).await;
    }
    let desk = desk(&database);
    let tokens = |files: &BTreeMap<String, Rows>, file: &str, column: &str| {
        files[file].iter().flat_map(|row| row.get(column).cloned().unwrap_or_default()).collect::<BTreeSet<String>>()
    };
    let skr = pseudonyms("skr", "kpp");
    let expected: BTreeSet<String> = people.iter().map(|named| skr.person(&named.token)).collect();
    let first = files(&desk, &run(&desk, "kpp", "2025", None));
    let year = files(&desk, &run(&desk, "kpp", "2026", None));
    feed.cost(&people[0], "2025", 2 * ORE, at("2025-03-13 08:00")).await;
    let parcel = run(&desk, "kpp", "2025", None);
    assert!(parcel.ends_with("_v2"), "{parcel}");
    let second = files(&desk, &parcel);
    for kpp in [&first, &year, &second] {
        for file in ["kpp_contacts.csv", "cost_by_person.csv"] {
            assert_eq!(tokens(kpp, file, "subject_token"), expected, "{file}");
        }
        let contacts = people.iter().map(|named| skr.number(named.number("contact"))).collect();
        assert_eq!(tokens(kpp, "kpp_contacts.csv", "contact_id"), contacts);
    }
    // The files of a series: a visit's number is the same in movements and codes, a contact's in codes, costs and waits.
    let events = |subject: &str, period| files(&desk, &run(&desk, &format!("columnar-{subject}"), period, None));
    let [encounters, codes, waits] = ["encounter", "clinical", "wait"].map(|subject| events(subject, "2025-03"));
    let costs = events("cost", "2025");
    let visits = tokens(&codes, "clinical.parquet", "episode_id");
    assert_eq!((visits.len(), &visits), (PERSONS, &tokens(&encounters, "encounter.parquet", "episode_id")));
    let contacts = tokens(&codes, "clinical.parquet", "contact_id");
    assert_eq!((contacts.len(), &contacts), (PERSONS, &tokens(&waits, "wait.parquet", "contact_id")));
    assert_eq!(contacts, tokens(&costs, "cost.parquet", "contact_id"));
    let persons = tokens(&codes, "clinical.parquet", "subject_token");
    assert_eq!((persons.len(), &persons), (PERSONS, &tokens(&waits, "wait.parquet", "subject_token")));
}

pub(super) fn manifest(desk: &Desk, parcel: &str) -> Value {
    serde_json::from_slice(&content(&desk.path(parcel))["manifest.json"]).unwrap()
}

fn kpp<'a>(period: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let run = ["run", "--region", "14", "--period", period, "--extract", "kpp", "--out", "parcels"];
    [&run[..], more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_refused_until_the_series_is_begun_anew_and_told_in_the_manifest() {
    let people = people();
    let database = filled(&people[..3]).await;
    let mut feed = Feed::new(&database).await;
    feed.next = 2_000_000;
    feed.cost(&people[0], "2026", ORE, at("2026-02-01 08:00")).await;
    let desk = Desk::new(&database);
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let with = |keys: &str| {
        let old = "keys = [{ id = \"test\", key = { env = \"TEST_PSEUDONYM_KEY\" } }]";
        assert!(config.contains(old));
        fs::write(desk.path("sink-register.toml"), config.replace(old, &format!("keys = [{keys}]"))).unwrap();
    };
    fs::write(desk.path("new"), format!("{}\n", "0f1e2d3c4b5a6978".repeat(4))).unwrap();
    fs::write(desk.path("bad"), "07".repeat(32)).unwrap();
    let (old, new) =
        ("{ id = \"test\", key = { env = \"TEST_PSEUDONYM_KEY\" } }", "{ id = \"next\", key = { file = \"new\" } }");
    // Without a key there is nothing but figures.
    with("");
    desk.refused(&kpp("2025", &[]), 2, "make the key with `openssl rand -hex 32`");
    desk.refused(&["plan", "--region", "14", "--period", "2025", "--extract", "kpp"], 2, "add [pseudonyms]");
    desk.done(&[
        "run",
        "--region",
        "14",
        "--period",
        "2025-03",
        "--extract",
        "waiting-times-pilots",
        "--out",
        "parcels",
    ]);
    with("{ id = \"bad\", key = { file = \"bad\" } }");
    desk.refused(&kpp("2025", &[]), 2, "is not 64 hexadecimal digits");
    with(&[old, old].join(", "));
    desk.refused(&kpp("2025", &[]), 2, "another key has this id");

    with(old);
    desk.done(&kpp("2025", &[]));
    let (v1, v2) = ("parcels/kpp_14_2025_v1", "parcels/kpp_14_2025_v2");
    let key = pseudonyms("skr", "kpp").key().fingerprint.clone();
    assert_eq!(manifest(&desk, v1)["pseudonyms"], serde_json::json!({ "key": "test", "fingerprint": key }));
    assert!(desk.done(&["show", v1]).contains(&format!("of key test, fingerprint {key}")));
    assert_eq!(manifest(&desk, v1)["findings"]["pseudonyms-of-another-key"], Value::Null);

    // Another year of the series is refused as well as the same.
    with(&[new, old].join(", "));
    let said = format!("kpp_14_2025_v1, has pseudonyms of key test ({key})");
    for period in ["2025", "2026"] {
        desk.refused(&kpp(period, &[]), 1, &said);
        let plan = ["plan", "--region", "14", "--period", period, "--extract", "kpp", "--out", "parcels"];
        assert!(desk.done(&plan).contains("a run would be refused"));
    }
    // Nobody else's series is touched by that, and an earlier parcel is made again with its own key.
    desk.done(&["run", "--region", "14", "--period", "2025-03", "--extract", "waiting-times", "--out", "parcels"]);
    desk.done(&kpp("2025", &["--as-of", v1]));
    assert!(desk.done(&kpp("2026", &["--new-pseudonyms"])).starts_with("made"));
    let next = manifest(&desk, "parcels/kpp_14_2026_v1");
    assert_eq!(
        (&next["pseudonyms"]["key"], &next["findings"]["pseudonyms-of-another-key"]),
        (&"next".into(), &1.into())
    );
    // It has been told: the other year follows, and says why it has another version.
    assert!(desk.done(&kpp("2025", &[])).contains("_v2"));
    let second = manifest(&desk, v2);
    assert_eq!(
        (&second["reason"], &second["findings"]["pseudonyms-of-another-key"]),
        (&"pseudonyms of another key".into(), &1.into())
    );
    assert!(desk.done(&kpp("2025", &[])).starts_with("unchanged"));
    // Figures are the same: only rows have other pseudonyms.
    assert_eq!(
        second["explained"],
        serde_json::json!({ "totals": [], "files": ["cost_by_person.csv", "kpp_contacts.csv"] })
    );

    // Back is another key too; and without its key a parcel cannot be made again.
    with(&[old, new].join(", "));
    desk.refused(&kpp("2025", &[]), 1, "has pseudonyms of key next");
    with(new);
    desk.refused(&kpp("2025", &["--as-of", v1]), 1, "which is not in [pseudonyms]");
    assert!(desk.done(&kpp("2025", &["--as-of", v2])).starts_with("unchanged"));
}
