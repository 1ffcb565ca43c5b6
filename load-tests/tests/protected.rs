//! What any feed knows of a person's protection holds for all of the person's events and figures, in whatever order they come: from
//! messages and rows through the processor's own pipeline and a real PostgreSQL to every file of every shipped definition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use identity::test_identity::{self, TestIdentity};
use identity::{Key, Kind as NumberKind};
use local_stack::Postgres;
use parcel::{Period, PeriodKind};
use parquet::file::reader::{FileReader, SerializedFileReader};
use processor::directory::Directory;
use processor::mapping::Program;
use processor::pipeline::{Outcome, Pipeline, Settings, Sink};
use schemas::{Common, Encoder, Format, Kind, Origin, Parked, SourceRecord, Subject, Timestamp, registry};
use serde_json::json;
use sink_register::definition::{Definition, Definitions};
use sink_register::{Extract, Pseudonyms, Secret, Snapshot};
use sink_store::{Record, Store};
use topics::Region;

use crate::sources::sources;

static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().expect("PostgreSQL starts"));

const SYSTEM: &str = "SE2321000131-E000000000001";
/// 2026-01-31T12:00:00Z.
const RECEIVED: Timestamp = Timestamp(1_769_860_800_000_000);

/// Somebody, with the same four feeds.
pub(crate) struct Somebody {
    pub(crate) number: TestIdentity,
    /// Stands in every id that the sources give to the person's contacts.
    pub(crate) name: &'static str,
    /// Where the person lives, and is listed.
    pub(crate) lkf: &'static str,
    pub(crate) listing: &'static str,
}

/// The feeds that a mark of protection can stand in.
const FEEDS: [&str; 4] = ["adt", "kpp", "waiting-times", "fhir"];

/// One thing that a source sends.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) feed: &'static str,
    pub(crate) format: Format,
    pub(crate) partition: i32,
    pub(crate) payload: String,
    /// It breaks a rule beside what it says of protection.
    pub(crate) is_broken: bool,
}

impl Somebody {
    fn pid(&self) -> String {
        let number = self.number.as_str();
        format!(
            "PID|1||{number}^^^&1.2.752.129.2.1.3.1&ISO^PNR||Test^{}||{}|F||||{}",
            self.name,
            &number[..8],
            self.lkf
        )
    }

    pub(crate) fn message(&self, trigger: &str, at: &str, marked: bool) -> String {
        let (name, pid, mark) = (self.name, self.pid(), if marked { "PD1||||||||||||Y\r" } else { "" });
        format!(
            "MSH|^~\\&|TEST|SU|VARDSTROM|R14|{at}||ADT^{trigger}|{name}{trigger}|P|2.5.1|||AL|NE|SWE|UNICODE UTF-8\r\
             EVN|{trigger}|{at}||||{at}\r{pid}\r{mark}PV1|1|I|AVD1^4^1||||||||||||||||VISIT{name}\r"
        )
    }

    /// What each of the four feeds sends of the person; the mark stands in one of them, if in any.
    pub(crate) fn four(&self, marked: Option<&str>) -> [Sent; 4] {
        let Self { number, name, lkf, listing } = self;
        let (hyphenated, mark) = (number.hyphenated(), |feed| if marked == Some(feed) { "J" } else { "N" });
        let table = |feed, header: &str, row: String| Sent {
            feed,
            format: Format::Delimited,
            partition: 0,
            payload: format!("{header}\n{row}"),
            is_broken: false,
        };
        let labels = if marked == Some("fhir") {
            json!([{"system": "urn:oid:1.2.752.129.2.2.1.30", "code": "sekretessmarkering"}])
        } else {
            json!([])
        };
        let patient = json!({
            "resourceType": "Patient", "id": format!("pat{name}"),
            "meta": {"lastUpdated": "2026-01-20T10:00:00Z", "security": labels},
            "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number.as_str()}],
            "gender": "female",
            "extension": [{"valueCoding": {"system": "urn:oid:1.2.752.129.2.2.1.17", "code": lkf}}],
        });
        let bundle = json!({"resourceType": "Bundle", "type": "collection",
            "entry": [{"fullUrl": format!("Patient/pat{name}"), "resource": patient}]});
        let adt = self.message("A01", "20260105080000", marked == Some("adt"));
        [
            Sent { feed: "adt", format: Format::Hl7v2, partition: 0, payload: adt, is_broken: false },
            table(
                "kpp",
                "kontakt_id;patient_id;ar;vardform;in_datum;ut_datum;totalkostnad;sjukhuskod;drg;skyddad;lkf",
                format!("COST{name};{hyphenated};2026;S;2026-01-05;2026-01-15;1000;501010;H07N;{};{lkf}", mark("kpp")),
            ),
            table(
                "waiting-times",
                "vardkontakt_id;personnummer;skyddad;lkf;hsaid_listning;status;matperiod;beslut_datum;start_datum;vardgaranti;\
                 fas;mvo_kod;bokningssatt;vardkontakttyp;yrkeskategori;typ_akutverksamhet;hsaid_region;hsaid_vardgivare;\
                 hsaid_vardenhet;sjukhuskod",
                format!(
                    "WAIT{name};{hyphenated};{};{lkf};{listing};GENOMFORD;2026-01;2025-12-01;2026-01-20;JA;2;511;2;0;XS915;0;{SYSTEM};\
                     {SYSTEM};{SYSTEM};501010",
                    mark("waiting-times")
                ),
            ),
            Sent { feed: "fhir", format: Format::Fhir, partition: 0, payload: bundle.to_string(), is_broken: false },
        ]
    }

    /// What a feed sends with the mark, without what a record has to have.
    fn broken(&self, feed: &str) -> Sent {
        let name = self.name;
        let sent = self.four(Some(feed)).into_iter().find(|sent| sent.feed == feed).expect("one of the four");
        let lacks = match feed {
            "adt" => (format!("VISIT{name}"), ""),
            "kpp" => (format!("COST{name}"), ""),
            "waiting-times" => (format!("WAIT{name}"), ""),
            _ => ("\"gender\"".to_owned(), "\"deceasedBoolean\":\"nej\",\"gender\""),
        };
        assert!(sent.payload.contains(&lacks.0));
        Sent { payload: sent.payload.replace(&lacks.0, lacks.1), partition: 2, is_broken: true, ..sent }
    }

    /// What there is besides: the discharge, and the codes of a broken hip. No mark stands there.
    pub(crate) fn besides(&self) -> [Sent; 2] {
        let discharge = self.message("A03", "20260115080000", false);
        let (name, number, lkf) = (self.name, self.number.hyphenated(), self.lkf);
        let header = "vardkontakt_id;personnummer;LKF;INDATUM;UTDATUM;SJUKHUS;HDIA;OP;OPD1;SIDA;VARDTILLFALLE";
        let row =
            format!("PAR{name};{number};{lkf};2026-01-05;2026-01-15;501010;S72.00;NFJ59;2026-01-06;V;VISIT{name}");
        [
            Sent { feed: "adt", format: Format::Hl7v2, partition: 1, payload: discharge, is_broken: false },
            Sent {
                feed: "par",
                format: Format::Delimited,
                partition: 0,
                payload: format!("{header}\n{row}"),
                is_broken: false,
            },
        ]
    }
}

/// The one who is protected, and a brother who is not; both of an age at which a broken hip counts.
fn two() -> [Somebody; 2] {
    let is_old = |number: &TestIdentity| number.kind() == NumberKind::Personnummer && number.as_str() < "1975";
    let mut numbers = (0..).map(test_identity::number).filter(is_old);
    let mut next = || numbers.next().expect("a test number");
    [
        Somebody { number: next(), name: "P", lkf: "1440", listing: "SE2321000131-E000000001440" },
        Somebody { number: next(), name: "B", lkf: "1441", listing: "SE2321000131-E000000001441" },
    ]
}

/// A common event on its way to the store.
pub(crate) struct Made {
    subject: Subject,
    origin: String,
    pub(crate) value: Vec<u8>,
    token: Option<String>,
    pub(crate) event_type: String,
}

#[derive(Default)]
struct Events(Vec<Made>);

impl Sink for Events {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        let mut value = Vec::new();
        let id = registry::development_id_current(E::KIND);
        Encoder::new(E::KIND, id).encode(event, &mut value).expect("our own record");
        let Origin { topic, partition, offset, ordinal } = event.envelope().origin;
        let token = event.envelope().subject_token.map(str::to_owned);
        self.0.push(Made {
            subject: E::SUBJECT,
            origin: format!("{topic}/{partition}/{offset}/{ordinal}"),
            value,
            token,
            event_type: event.envelope().event_type.to_owned(),
        });
    }

    fn parked(&mut self, _: &Parked<'_>) {
        // The outcome says it.
    }
}

/// Processor, store and extracts of one region, one step at a time.
pub(crate) struct World {
    pub(crate) pipeline: Pipeline,
    store: Store,
    pub(crate) url: String,
    /// Next offset of each source partition, and of each common topic.
    sources: BTreeMap<(&'static str, i32), i64>,
    commons: BTreeMap<Subject, i64>,
}

impl World {
    async fn new() -> Self {
        Self::with(pipeline("v1", Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key"))).await
    }

    pub(crate) async fn with(pipeline: Pipeline) -> Self {
        let url = POSTGRES.fresh_database().expect("a database");
        let (session, regions) = (sink_store::Session::open(&url).await.expect("it answers"), ["14".to_owned()]);
        sink_store::migrate(&session, &regions).await.expect("migrations apply");
        let mut store = Store::open(&url, &regions).await.expect("the store opens");
        for kind in Kind::ALL {
            let id = registry::development_id_current(kind);
            store.add_schema("14", id, kind.avsc()).await.expect("a schema is remembered");
        }
        Self { pipeline, store, url, sources: BTreeMap::new(), commons: BTreeMap::new() }
    }

    /// Processes and stores one thing; returns the pseudonyms in it.
    async fn take(&mut self, sent: &Sent) -> BTreeSet<String> {
        self.take_but(sent, &|_| false).await.into_iter().filter_map(|made| made.token).collect()
    }

    /// The same without events that are lost on the way; returns all.
    pub(crate) async fn take_but(&mut self, sent: &Sent, is_lost: &dyn Fn(&Made) -> bool) -> Vec<Made> {
        let offset = self.sources.entry((sent.feed, sent.partition)).or_default();
        let topic = schemas::topic::source("14", sent.feed);
        let origin = Origin { topic: &topic, partition: sent.partition, offset: *offset, ordinal: 0 };
        *offset += 1;
        let source = SourceRecord {
            region: "14",
            source_system: SYSTEM,
            feed: sent.feed,
            format: sent.format,
            message_id: "sent",
            received_at: RECEIVED,
            recorded_at: None,
            source_position: "test",
            seal: None,
            payload: sent.payload.as_bytes(),
        };
        let mut made = Events::default();
        let outcome = self.pipeline.process(&source, origin, &mut made);
        assert_eq!(matches!(outcome, Outcome::Rejected(_)), sent.is_broken, "{}: {outcome:?}", sent.feed);
        let sources = self.store.sources();
        let place = |subject| sources.iter().position(|source| source.subject == subject).expect("a topic");
        let records: Vec<Record<'_>> = made
            .0
            .iter()
            .filter(|made| !is_lost(made))
            .map(|made| {
                let offset = self.commons.entry(made.subject).or_default();
                *offset += 1;
                let (source, origin) = (place(made.subject), Some(made.origin.as_bytes()));
                Record { source, partition: 0, offset: *offset, origin, value: &made.value }
            })
            .collect();
        let written = self.store.write("14", &records).await.expect("written");
        assert!(written.rejected.is_empty(), "{:?}", written.rejected);
        drop(records);
        let session = sink_store::Session::open(&self.url).await.expect("it answers");
        while sink_store::project(&session, self.store.decoder(), "14").await.expect("projected").batches > 0 {}
        made.0
    }

    /// Every file of every definition, as its text; a definition without any event of its period has none.
    pub(crate) async fn files(&self, definitions: &[Definition]) -> Files {
        files_of(&self.url, definitions).await
    }
}

/// The same, of the store at this address.
pub(crate) async fn files_of(url: &str, definitions: &[Definition]) -> Files {
    let mut session = sink_register::Session::open(url).await.expect("it answers");
    let region: Region = "14".parse().expect("a region");
    let secret = Secret::parse("test", &"0f1e2d3c".repeat(8)).expect("a secret");
    let mut found = BTreeMap::new();
    for definition in definitions {
        let period = if definition.period == PeriodKind::Year { "2026" } else { "2026-01" };
        let period: Period = period.parse().expect("a period");
        let pseudonyms = secret.pseudonyms(&definition.recipient, definition.series(), region);
        let snapshot = Snapshot::begin(&mut session, region, definition.subject, period).await.expect("a snapshot");
        let survey = Extract::survey(&snapshot, definition, period, None).await.expect("counted");
        if survey.until.is_none() {
            assert!(!definition.subject.is_personal(), "nothing for {}", definition.name);
            continue;
        }
        let extract = Extract::make(&snapshot, survey, definition, Some(&pseudonyms), &BTreeMap::new(), region, period)
            .await
            .expect(&definition.name);
        let withheld = extract.findings.get("protected-withheld").copied();
        for file in extract.files {
            let text = text(&file.name, &file.bytes);
            let file_key = (definition.name.clone(), file.name.clone());
            found.insert(
                file_key,
                File { bytes: file.bytes, text, personal: file.personal, withheld, pseudonyms: pseudonyms.clone() },
            );
        }
    }
    found
}

/// By definition and name.
pub(crate) type Files = BTreeMap<(String, String), File>;

pub(crate) struct File {
    bytes: Vec<u8>,
    pub(crate) text: String,
    personal: bool,
    /// Events whose rows were left out of the extract.
    withheld: Option<u64>,
    /// What its recipient gets in place of tokens and numbers.
    pseudonyms: Pseudonyms,
}

impl File {
    /// Whether this stands in it as a word.
    fn has(&self, word: &str) -> bool {
        self.text.split(|letter: char| !letter.is_alphanumeric()).any(|found| found == word)
    }

    /// Whether anything of a person stands in it.
    fn names(&self, somebody: &Somebody, tokens: &BTreeSet<String>) -> bool {
        let ids = ["COST", "WAIT", "PAR", "VISIT"].map(|id| format!("{id}{}", somebody.name));
        let theirs = ids.iter().map(|id| self.pseudonyms.number(id));
        let theirs: Vec<String> = theirs.chain(tokens.iter().map(|token| self.pseudonyms.person(token))).collect();
        // What the store calls them stands nowhere either, whoever they are.
        let stored = tokens.iter().chain(&ids).any(|text| self.text.contains(text.as_str()));
        assert!(!stored, "a name of the store's left it");
        theirs.iter().any(|text| self.text.contains(text.as_str()))
    }
}

/// What reads region 14 under this key.
pub(crate) fn pipeline(key_id: &str, key: Key) -> Pipeline {
    let programs = ["waiting-times", "kpp", "par"].map(|name| Program::load(name.as_ref()).expect("shipped"));
    let settings = Settings {
        region: "14".into(),
        key,
        key_id: key_id.into(),
        directory: directory(),
        programs: programs.into(),
        interim: false,
    };
    Pipeline::new(settings).expect("a pipeline")
}

/// The text of a file; of a Parquet file that of its rows.
fn text(name: &str, bytes: &[u8]) -> String {
    if !name.ends_with(".parquet") {
        return String::from_utf8(bytes.to_vec()).expect("UTF-8");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    let reader = SerializedFileReader::new(std::fs::File::open(&path).expect("opened")).expect("Parquet");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| row.expect("a row").to_string()).collect::<Vec<_>>().join("\n")
}

fn directory() -> Directory {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("units.toml");
    let unit =
        "[[unit]]\ncode = \"AVD1\"\nhospital_code = \"501010\"\nhospital_name = \"Sahlgrenska\"\nmvo = \"311\"\n";
    std::fs::write(&path, format!("region = \"14\"\n{unit}[municipality]\nfield = \"PID-12\"\n")).expect("written");
    Directory::load(&path, "14").expect("a directory").0
}

/// Every definition that we ship, and so every form; their grounds name protected persons, or not.
pub(crate) fn definitions(covers_protected: bool) -> Vec<Definition> {
    let all = Definitions::load(None).expect("the shipped ones");
    let names: Vec<String> = all.names().map(str::to_owned).collect();
    let named = |name: &String| {
        let mut definition = all.named(name).expect("it is there").clone();
        definition.covers_protected = covers_protected;
        definition
    };
    names.iter().map(named).collect()
}

/// All orders of four.
fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for code in 0..256 {
        let order = [code / 64, code / 16 % 4, code / 4 % 4, code % 4];
        if BTreeSet::from(order).len() == 4 {
            orders.push(order);
        }
    }
    orders
}

/// What came of both persons' feeds, those of the protected one in some order.
struct After {
    people: [Somebody; 2],
    /// The pseudonyms of each.
    tokens: [BTreeSet<String>; 2],
    /// Where no ground names protected persons, and where every ground does.
    files: [Files; 2],
}

async fn after(order: &[usize], marked: &str) -> After {
    after_all(|protected| {
        let four = protected.four(Some(marked));
        order.iter().map(|at| four[*at].clone()).collect()
    })
    .await
}

async fn after_all(of_protected: impl FnOnce(&Somebody) -> Vec<Sent>) -> After {
    let mut world = World::new().await;
    let [protected, brother] = two();
    let mut tokens = [BTreeSet::new(), BTreeSet::new()];
    for sent in brother.four(None).iter().chain(&brother.besides()) {
        tokens[1].extend(world.take(sent).await);
    }
    for sent in &protected.besides() {
        tokens[0].extend(world.take(sent).await);
    }
    for sent in &of_protected(&protected) {
        tokens[0].extend(world.take(sent).await);
    }
    assert!(tokens.iter().all(|tokens| tokens.len() == 1), "each has one pseudonym in all feeds");
    let files = [world.files(&definitions(false)).await, world.files(&definitions(true)).await];
    After { people: [protected, brother], tokens, files }
}

/// What holds of the files, whichever order they come from.
fn check(after: &After) {
    let ([protected, brother], [uncovered, covered]) = (&after.people, &after.files);
    for ((definition, name), file) in uncovered.iter().chain(covered) {
        assert!(!file.has(protected.lkf), "the municipality is in {definition}: {name}");
        assert!(!file.text.contains(protected.listing), "where the person is listed is in {definition}: {name}");
    }
    let with = |files: &Files, is: &dyn Fn(&File) -> bool| -> BTreeSet<String> {
        files.iter().filter(|(_, file)| is(file)).map(|((definition, _), _)| definition.clone()).collect()
    };
    let names = |file: &File, which: usize| file.names(&after.people[which], &after.tokens[which]);
    let rows = with(covered, &|file| file.personal);
    assert!(rows.len() >= 9, "{rows:?}");
    // Who no ground names has no row anywhere, and every extract says so; who is named has.
    assert_eq!(with(uncovered, &|file| names(file, 0)), BTreeSet::new());
    assert_eq!(with(uncovered, &|file| file.withheld.is_some()), rows, "says what it left out");
    assert_eq!(with(covered, &|file| names(file, 0)), rows);
    assert_eq!(with(covered, &|file| file.withheld.is_some()), BTreeSet::new());
    // The brother has all, and his municipality wherever there is one.
    assert_eq!(with(uncovered, &|file| names(file, 1)), rows);
    let municipalities = [
        "columnar-clinical",
        "columnar-cost",
        "columnar-person",
        "columnar-wait",
        "omop",
        "waiting-times",
        "waiting-times-pilots",
    ];
    assert_eq!(with(uncovered, &|file| file.has(brother.lkf)), municipalities.map(str::to_owned).into());
}

fn bytes(after: &After) -> Vec<(&(String, String), &[u8])> {
    after.files.iter().flatten().map(|(key, file)| (key, &*file.bytes)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_four_feeds_gives_the_same_files_and_none_has_a_municipality() {
    let orders = orders();
    assert_eq!(orders.len(), 24);
    let first = after(&orders[0], "adt").await;
    check(&first);
    // Late and repeated ones change nothing.
    let more = [&[0, 0, 1, 2, 3][..], &[3, 1, 3, 2, 0, 1, 0], &[2, 1, 3, 0, 2]];
    for order in orders[1..].iter().map(|order| &order[..]).chain(more) {
        assert!(bytes(&after(order, "adt").await) == bytes(&first), "{order:?} gives other files");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_feed_says_it_first_or_last_it_holds() {
    for (at, feed) in FEEDS.into_iter().enumerate().skip(1) {
        let others: Vec<usize> = (0..4).filter(|other| *other != at).collect();
        let said_first = [&[at][..], &others].concat();
        let first = after(&said_first, feed).await;
        check(&first);
        for order in [[&others[..], &[at]].concat(), [&others[..1], &[at], &others[1..]].concat()] {
            assert!(bytes(&after(&order, feed).await) == bytes(&first), "{feed} {order:?} gives other files");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_holds_that_came_in_a_record_that_was_refused() {
    for feed in FEEDS {
        let mut files = Vec::new();
        for at in [0, 2, 4] {
            let after = after_all(|protected| {
                let mut sent = protected.four(None).to_vec();
                sent.insert(at, protected.broken(feed));
                sent
            });
            let after = after.await;
            check(&after);
            files.push(bytes(&after).into_iter().map(|(key, bytes)| (key.clone(), bytes.to_vec())).collect::<Vec<_>>());
        }
        assert!(files.iter().all(|other| *other == files[0]), "{feed}: another order gives other files");
    }
}

/// No page, no answer and no board has a place for where somebody lives.
#[test]
fn what_shows_the_wards_knows_no_municipality() {
    let folders = ["services/dashboard/src/", "services/libraries/board/src/", "services/libraries/figures/src/"];
    for (path, code) in sources() {
        if folders.iter().any(|folder| path.starts_with(folder)) {
            assert!(!code.contains(".lkf") && !code.contains("\"lkf\""), "{path}");
        }
    }
}

/// A form opens no record itself: only through what knows whose identity is protected.
#[test]
fn a_form_reads_through_one_reader() {
    let mut forms = 0;
    for (path, code) in sources() {
        if path.starts_with("services/sink-register/src/forms/") {
            forms += 1;
            assert!(!code.contains("Decoder"), "{path} opens records itself");
        }
    }
    assert!(forms > 30);
}
