//! What the tests share: a server, databases with statements of invented regions, and a desk with a configuration at which
//! the program is called.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use age::secrecy::ExposeSecret;
use local_stack::Postgres;
use schemas::{
    Correction, CorrectionKind, Encoder, Envelope, Finding, Kind, Origin, SCHEMA_VERSION, SOURCE_TABLE, Severity, Sex,
    Subject, Timestamp, Wait, WaitStatus, content_hash, event_id, registry,
};
use sink_register::{Pseudonyms, Secret, Session};
use sink_store::{Record, Store};
use tempfile::TempDir;
use tokio_postgres::Client;

pub(crate) static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().expect("PostgreSQL starts"));

pub(crate) const SYSTEM: &str = "SE2321000131-E000000000001";
pub(crate) const DAY: i64 = 24 * 3_600_000_000;
/// 2026-02-10 00:00 UTC.
pub(crate) const TENTH: i64 = 1_770_681_600_000_000;
/// 2026-03-02 00:00 UTC: when the month's statements usually come.
pub(crate) const REPORTED: i64 = TENTH + 20 * DAY;

/// A fresh, migrated database: the superuser's address, and that of a login which may do what the program needs and
/// nothing else.
pub(crate) struct Database {
    pub superuser: String,
    pub login: String,
}

pub(crate) async fn database(regions: &[&str]) -> Database {
    let superuser = POSTGRES.fresh_database().expect("a database is created");
    let session = sink_store::Session::open(&superuser).await.expect("the new database answers");
    let owned: Vec<String> = regions.iter().map(|region| (*region).to_owned()).collect();
    sink_store::migrate(&session, &owned).await.expect("migrations apply");
    let login = login(&superuser, "register_login", regions).await;
    Database { login, superuser }
}

/// Makes a login that may become the register of these regions, and gives its address. It keeps what it has.
pub(crate) async fn login(superuser: &str, name: &str, regions: &[&str]) -> String {
    // Logins belong to the cluster, which the tests of this process share.
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one = ONE.lock().await;
    let name = format!("{name}_{}", std::process::id());
    let mut sql = format!(
        "DO $$ BEGIN CREATE ROLE {name} LOGIN NOINHERIT PASSWORD 'test'; \
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    for region in regions {
        sql.push_str(&format!("; GRANT vardstrom_register_r{region} TO {name}"));
    }
    connect(superuser).await.batch_execute(&sql).await.expect("a login is made");
    let (_, address) = superuser.split_once('@').expect("an address with a user");
    format!("postgres://{name}:test@{address}")
}

/// A plain connection.
pub(crate) async fn connect(url: &str) -> Client {
    let address: postgresql::Address = url.parse().expect("an address");
    address.connect("test").await.expect("the database answers")
}

impl Database {
    pub(crate) async fn session(&self) -> Session {
        Session::open(&self.login).await.expect("the login may connect")
    }
}

/// A statement, in what tests vary.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub system: &'static str,
    pub contact: String,
    pub period: &'static str,
    pub status: WaitStatus,
    pub recorded: Option<i64>,
    pub ingested: i64,
    pub days: i64,
    pub birth_year: i32,
    pub finding: Option<&'static str>,
    pub withdrawn: bool,
    pub subject: &'static str,
    pub protected: bool,
    /// The table of a followed database; with an empty contact and `withdrawn` it was emptied.
    pub table: Option<&'static str>,
    /// Else the partitions of the source topic take turns.
    pub partition: Option<i32>,
}

pub(crate) fn statement(contact: &str) -> Statement {
    Statement {
        system: SYSTEM,
        contact: contact.to_owned(),
        period: "2026-02",
        status: WaitStatus::Completed,
        recorded: Some(REPORTED),
        ingested: REPORTED + 3_600_000_000,
        days: 40,
        birth_year: 1948,
        finding: None,
        withdrawn: false,
        subject: "t-7f3a",
        protected: false,
        table: None,
        partition: None,
    }
}

/// A month of statements, each of another contact.
pub(crate) fn month(count: usize) -> Vec<Statement> {
    let one = |n: usize| Statement {
        days: 10 + i64::try_from(n * 7 % 150).unwrap(),
        status: if n % 5 == 4 { WaitStatus::Waiting } else { WaitStatus::Completed },
        finding: (n % 7 == 3).then_some("mvo-unknown"),
        birth_year: 1930 + i32::try_from(n % 90).unwrap(),
        ..statement(&format!("C{n:06}"))
    };
    (0..count).map(one).collect()
}

impl Statement {
    /// The Kafka value.
    pub(crate) fn record(&self, region: &str, origin: Origin<'_>, encoder: &mut Encoder) -> Vec<u8> {
        let hash = content_hash(format!("{self:?}").as_bytes());
        let id = event_id(self.system, "row", &hash, 0).to_string();
        let completed = self.status == WaitStatus::Completed;
        let kind = if self.withdrawn { CorrectionKind::Cancel } else { CorrectionKind::New };
        let finding = |rule| Finding { rule, severity: Severity::Warning, field: "mvo" };
        let wait = Wait {
            envelope: Envelope {
                event_id: &id,
                event_type: "wait.completed",
                schema_version: SCHEMA_VERSION,
                region,
                source_system: self.system,
                source_message_id: "row",
                origin,
                occurred_at: Timestamp(TENTH),
                occurred_text: "",
                recorded_at: self.recorded.map(Timestamp),
                recorded_text: None,
                ingested_at: Timestamp(self.ingested),
                correction: Correction { kind, target_event_id: None },
                subject_token: Some(self.subject),
                subject_aliases: Vec::new(),
                key_id: Some("v1"),
                protected_identity: self.protected,
                quality: self.finding.map(finding).into_iter().collect(),
                extensions: self.table.map(|table| (SOURCE_TABLE, table)).into_iter().collect(),
            },
            contact_id: &self.contact,
            referral_id: None,
            status: self.status,
            period: (!self.contact.is_empty()).then_some(self.period),
            phase: Some("2"),
            guarantee: Some(true),
            deviation: None,
            decided_is_date: false,
            decided_at: Some(Timestamp(TENTH - self.days * DAY)),
            started_is_date: false,
            started_at: completed.then_some(Timestamp(TENTH)),
            medical_target_is_date: false,
            medical_target_at: None,
            referral_is_date: false,
            referral_at: Some(Timestamp(TENTH - (self.days + 20) * DAY)),
            arrived_is_date: false,
            arrived_at: Some(Timestamp(TENTH - (self.days + 18) * DAY)),
            mvo: Some("511"),
            activity: Some("51101"),
            activity_kva: Some("CJE20"),
            activity_icd: Some("H259"),
            kva: Some("CJE20"),
            booking: Some("2"),
            contact_type: Some("0"),
            profession: Some("XS915"),
            emergency_kind: Some("0"),
            referrer_kind: Some("1"),
            referrer_hsa_id: Some("SE0000000000-OPT101"),
            region_code: Some("51"),
            region_hsa_id: Some("SE2321000131-E000000000001"),
            provider_hsa_id: Some("SE2321000131-E000000000002"),
            care_unit_hsa_id: Some("SE2321000131-E000000000003"),
            unit_hsa_id: Some("SE2321000131-E000000000004"),
            hospital_code: Some("501010"),
            hospital_name: Some("Sahlgrenska"),
            sex: Sex::Female,
            birth_year: Some(self.birth_year),
            lkf: Some("1480"),
            listing_hsa_id: Some("SE2321000131-E000000000005"),
            stated_wait_days: None,
            verbatim: BTreeMap::new(),
        };
        let mut value = Vec::new();
        encoder.encode(&wait, &mut value).expect("our own record fits its schema");
        value
    }
}

/// Gives statements to the store as its worker does: rows and positions in one transaction.
pub(crate) struct Feeder {
    region: String,
    store: Store,
    next: i64,
}

impl Feeder {
    pub(crate) async fn new(database: &Database, region: &str) -> Self {
        let mut store = Store::open(&database.superuser, &[region.to_owned()]).await.expect("the store opens");
        let id = registry::development_id_current(Kind::Wait);
        store.add_schema(region, id, Kind::Wait.avsc()).await.expect("a schema is remembered");
        Self { region: region.to_owned(), store, next: 0 }
    }

    pub(crate) async fn feed(&mut self, statements: &[Statement]) {
        let mut encoder = Encoder::new(Kind::Wait, registry::development_id_current(Kind::Wait));
        let source =
            self.store.sources().iter().position(|source| source.subject == Subject::Wait).expect("a topic of waits");
        for statements in statements.chunks(5_000) {
            let topic = format!("region.{}.source.waiting-times", self.region);
            let values: Vec<(Vec<u8>, Vec<u8>)> = statements
                .iter()
                .zip(self.next..)
                .map(|(statement, offset)| {
                    // Two partitions, as the catalogue has them.
                    let partition = statement.partition.unwrap_or(i32::from(offset % 2 == 1));
                    let origin = Origin { topic: &topic, partition, offset, ordinal: 0 };
                    let header = format!("{topic}/{partition}/{offset}/0");
                    (statement.record(&self.region, origin, &mut encoder), header.into_bytes())
                })
                .collect();
            let records: Vec<Record<'_>> = values
                .iter()
                .zip(self.next..)
                .map(|((value, origin), offset)| Record { source, partition: 0, offset, origin: Some(origin), value })
                .collect();
            self.store.write(&self.region.clone(), &records).await.expect("the store writes");
            self.next += i64::try_from(statements.len()).unwrap();
        }
    }
}

/// A place to work at: configuration, folders and keys.
pub(crate) struct Desk {
    pub folder: TempDir,
    pub url: String,
    pub seed: String,
}

impl Desk {
    pub(crate) fn new(database: &Database) -> Self {
        let folder = TempDir::new().unwrap();
        let identity = age::x25519::Identity::generate();
        fs::write(folder.path().join("identity.txt"), identity.to_string().expose_secret()).unwrap();
        let config = format!(
            "[database]\nurl = {{ env = \"TEST_DATABASE\" }}\n[log]\nlevel = \"warn\"\n[signing]\n\
             seed = {{ env = \"TEST_SEED\" }}\n\
             [pseudonyms]\nkeys = [{{ id = \"test\", key = {{ env = \"TEST_PSEUDONYM_KEY\" }} }}]\n[[recipient]]\nname = \"rikshoft\"\nage_key = \"{0}\"\n\
             [[recipient]]\nname = \"analysis\"\nage_key = \"{0}\"\n\
             [[recipient]]\nname = \"skr\"\nage_key = \"{0}\"\nfolder = \"{1}\"\n",
            identity.to_public(),
            folder.path().join("delivery").display(),
        );
        fs::write(folder.path().join("sink-register.toml"), config).unwrap();
        Self { folder, url: database.login.clone(), seed: "07".repeat(32) }
    }

    /// A definition of the region's own whose ground names persons with protected identity.
    pub(crate) fn cover_protected(&self, extract: &str) {
        self.define(extract, |text| text + "\ncovers_protected = true\n");
    }

    /// A definition of the region's own: a shipped one, changed.
    pub(crate) fn define(&self, extract: &str, change: impl Fn(String) -> String) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("definitions/{extract}.toml"));
        let text = change(fs::read_to_string(shipped).unwrap());
        fs::create_dir_all(self.path("definitions")).unwrap();
        fs::write(self.path("definitions").join(format!("{extract}.toml")), text).unwrap();
        let config = fs::read_to_string(self.path("sink-register.toml")).unwrap();
        if !config.contains("[definitions]") {
            fs::write(self.path("sink-register.toml"), config + "[definitions]\nfolder = \"definitions\"\n").unwrap();
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, with the desk as its folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sink-register"));
        command.args(arguments).current_dir(self.folder.path());
        command
            .env("TEST_LOG_KEY", LOG_SEED)
            .env("TEST_DATABASE", &self.url)
            .env("TEST_SEED", &self.seed)
            .env("TEST_PSEUDONYM_KEY", PSEUDONYM_KEY)
            .env_remove("SINK_REGISTER_CONFIG");
        command
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Calls it and expects success; gives what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Calls it and expects this exit code and this in the error.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32, expected: &str) {
        let output = self.call(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
        assert!(!text.contains("test@"), "the password is in {text}");
    }

    /// `run` for region 14 and February.
    pub(crate) fn run(&self, more: &[&str]) -> String {
        self.done(&[&RUN, more].concat())
    }
}

pub(crate) const RUN: [&str; 9] =
    ["run", "--region", "14", "--period", "2026-02", "--extract", "waiting-times", "--out", "parcels"];
pub(crate) const V1: &str = "parcels/waiting-times_14_2026-02_v1";
pub(crate) const V2: &str = "parcels/waiting-times_14_2026-02_v2";

/// What pseudonyms of a desk's recipients are made with.
pub(crate) const PSEUDONYM_KEY: &str = "8899aabbccddeeff0011223344556677ffeeddccbbaa99887766554433221100";

/// The pseudonyms of a recipient's extract from region 14.
pub(crate) fn pseudonyms(recipient: &str, extract: &str) -> Pseudonyms {
    let secret = Secret::parse("test", PSEUDONYM_KEY).expect("a secret");
    secret.pseudonyms(recipient, extract, "14".parse().unwrap())
}

/// The seed that the access log of a desk is signed with.
pub(crate) const LOG_SEED: &str = "0909090909090909090909090909090909090909090909090909090909090909";

/// Gives the desk an access log.
pub(crate) fn with_access_log(desk: &Desk) {
    fs::create_dir(desk.path("access")).unwrap();
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let folder = desk.path("access").display().to_string();
    let config = format!("{config}[access_log]\nfolder = \"{folder}\"\nkey = {{ env = \"TEST_LOG_KEY\" }}\n");
    fs::write(desk.path("sink-register.toml"), config).unwrap();
}

/// What a writer's log has of a region: result, who, and what, in order; it verifies.
pub(crate) fn logged(desk: &Desk, writer: &str, region: &str) -> Vec<(String, String, String)> {
    let folder = desk.path("access").join(writer);
    let code = access_log::Region::new(region).unwrap();
    let public = access_log::Key::parse(LOG_SEED).unwrap().public();
    let keys = access_log::Keys { log: vec![public], witnesses: Vec::new() };
    let lines = access_log::entries(&folder, &keys).unwrap().into_iter().filter(|line| line.region == code);
    lines.map(|line| (line.result.to_string(), line.user, line.resource)).collect()
}

/// Every file of a folder, by name.
pub(crate) fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
    };
    fs::read_dir(folder).unwrap().map(file).collect()
}

/// The content that has to be the same in every run: all but what age's random keys touch.
pub(crate) fn repeatable(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = content(folder);
    files.retain(|name, _| !name.ends_with(".age") && !name.starts_with("ciphertext."));
    files
}

/// The ledger as the CSV command prints it: action and version of each entry.
pub(crate) fn entries(desk: &Desk) -> Vec<(String, String)> {
    let csv = desk.done(&["ledger", "--region", "14", "--csv"]);
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(csv.as_bytes());
    reader.records().map(|line| line.unwrap()).map(|line| (line[2].to_owned(), line[6].to_owned())).collect()
}

pub(crate) fn entry(action: &str, version: u32) -> (String, String) {
    (action.to_owned(), version.to_string())
}
