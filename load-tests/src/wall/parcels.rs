//! Parcels that recipients fetch from `sink-register serve`: every region's recipient, and strangers, against every other's parcels.
//!
//! Another's parcel is answered as one that does not exist. Who refuses is the service, and its access log has an entry of each
//! refusal before it is told: by recipient and parcel, exactly as many as there were.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use local_stack::{Postgres, Process, agent, free_port};
use schemas::{
    Correction, CorrectionKind, Encoder, Envelope, Kind, Origin, SCHEMA_VERSION, Subject, Timestamp, Wait, WaitStatus,
    content_hash, event_id, registry,
};
use serde_json::Value;
use sink_store::{Record, Store};
use tempfile::TempDir;
use topics::Region;

use super::{
    Error, Surface,
    entries::{Entries, compare, denied},
};
use crate::stack::program;

const PERIOD: &str = "2026-02";
/// 2026-02-10 00:00 UTC, and when the month's statements come.
const TENTH: i64 = 1_770_681_600_000_000;
const DAY: i64 = 24 * 3_600_000_000;
/// Who is nobody in the access log, and what they asked for.
const STRANGER: (&str, &str) = ("unknown", "parcel of nobody");
const PASSWORD: &str = "wall";
/// The seed that the access log of the run is signed with: the log ends with it.
const LOG_SEED: &str = "0909090909090909090909090909090909090909090909090909090909090909";
const READY_MAX: Duration = Duration::from_secs(60);

/// A region's recipient and its parcel.
struct Recipient {
    region: Region,
    name: String,
    token: String,
}

impl Recipient {
    fn of(region: Region) -> Self {
        // 32 letters that are nobody else's.
        Self { region, name: format!("mottagare-{region}"), token: format!("{:0>32}", format!("token-of-{region}")) }
    }

    /// The extract that it alone gets. Without digits: two regions' codes beside a period could be a date of birth and more, which
    /// the access log withholds.
    fn extract(&self) -> String {
        let letters = ["a", "b", "c", "d", "e", "f", "g"];
        let index = self.region.index();
        format!("wall-{}-{}", letters[index / letters.len() % letters.len()], letters[index % letters.len()])
    }

    fn parcel(&self) -> String {
        format!("{}_{}_{PERIOD}_v1", self.extract(), self.region)
    }

    fn variable(&self) -> String {
        format!("VARDSTROM_WALL_TOKEN_{}", self.region)
    }

    fn definition(&self) -> String {
        format!(
            "name = \"{}\"\nversion = \"1\"\nsubject = \"wait\"\nperiod = \"month\"\nrecipient = \"{}\"\n\
             legal_ground = \"none: a trial with invented statements\"\ndescription = \"Something for one recipient alone\"\n\
             files = [\"waits_by_step.csv\", \"quality.csv\"]\n",
            self.extract(),
            self.name
        )
    }
}

/// Folders and configuration of a register.
struct Desk {
    folder: TempDir,
    environment: Vec<(String, String)>,
    port: u16,
}

impl Desk {
    fn new(recipients: &[Recipient], database: &str) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("vardstrom-wall-")?;
        let path = |name: &str| folder.path().join(name);
        for name in ["access", "definitions", "parcels"] {
            fs::create_dir(path(name))?;
        }
        let port = free_port()?;
        let mut config = format!(
            "[database]\nurl = {{ env = \"VARDSTROM_WALL_DATABASE\" }}\n[signing]\nseed = {{ env = \"VARDSTROM_WALL_SEED\" }}\n\
             [definitions]\nfolder = {:?}\n[serve]\nlisten = \"127.0.0.1:{port}\"\n\
             requests_per_second = 100000\nrequests_burst = 100000\n\
             [access_log]\nfolder = {:?}\nkey = {{ env = \"VARDSTROM_WALL_LOG\" }}\n",
            path("definitions"),
            path("access")
        );
        let mut environment = vec![
            ("VARDSTROM_WALL_DATABASE".to_owned(), database.to_owned()),
            ("VARDSTROM_WALL_SEED".to_owned(), "07".repeat(32)),
            ("VARDSTROM_WALL_LOG".to_owned(), LOG_SEED.to_owned()),
        ];
        for recipient in recipients {
            fs::write(path("definitions").join(format!("{}.toml", recipient.extract())), recipient.definition())?;
            config.push_str(&format!(
                "[[recipient]]\nname = \"{}\"\nfolder = {:?}\ntoken = {{ env = \"{}\" }}\n",
                recipient.name,
                path(&recipient.name),
                recipient.variable()
            ));
            environment.push((recipient.variable(), recipient.token.clone()));
        }
        fs::write(path("sink-register.toml"), config)?;
        Ok(Self { folder, environment, port })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.path("access").join("serve")
    }

    fn run(&self, step: &'static str, arguments: &[&str]) -> Result<(), Error> {
        let mut command = Command::new(program("sink-register")?);
        command.args(arguments).arg("--config").arg(self.path("sink-register.toml")).current_dir(self.folder.path());
        let output = command.envs(self.environment.iter().cloned()).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Step { step, said: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    fn make(&self, recipient: &Recipient) -> Result<(), Error> {
        let (region, extract) = (recipient.region.code(), recipient.extract());
        let asked = ["run", "--region", region, "--period", PERIOD, "--extract", &extract, "--out", "parcels"];
        self.run("making a parcel", &asked)?;
        self.run("delivering a parcel", &["deliver", &format!("parcels/{}", recipient.parcel())])
    }

    fn serve(&self) -> Result<Process, Error> {
        let command = [
            program("sink-register")?.display().to_string(),
            "serve".to_owned(),
            "--config".to_owned(),
            self.path("sink-register.toml").display().to_string(),
        ];
        let mut process = Process::start("sink-register", self.folder.path(), "TERM", &command, &self.environment)?;
        process.wait_for_port(self.port, READY_MAX)?;
        Ok(process)
    }
}

pub(super) fn run(regions: &[Region], say: &mut dyn FnMut(&str)) -> Result<Surface, Error> {
    let mut surface = Surface::new("parcels");
    say("starting PostgreSQL");
    let postgres = Postgres::start_own(&[])?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let database = runtime.block_on(filled(&postgres, regions))?;
    let recipients: Vec<Recipient> = regions.iter().map(|region| Recipient::of(*region)).collect();
    let mut desk = Desk::new(&recipients, &database)?;
    say(&format!("making and delivering a parcel for each of {} recipients", recipients.len()));
    for recipient in &recipients {
        desk.make(recipient)?;
    }

    let server = desk.serve()?;
    let files = files(&desk, &recipients)?;
    let before = denials(&desk.log())?;
    let found = ask_all(&desk, &recipients, &files)?;
    let after = denials(&desk.log())?;
    surface.count.probes = found.probes;
    surface.count.allowed = found.allowed;
    surface.count.foreign = found.foreign;
    found.faults.into_iter().for_each(|fault| surface.fault(fault));
    compare(&mut surface, &found.denied, &before, &after);
    say(&format!("{} probes, {} denied, {} logged", surface.count.probes, surface.count.denied, surface.count.logged));
    server.stop();

    // A list that lets another in: the first recipient's token is said to be the second's, and the other way round.
    if let [one, other, ..] = recipients.as_slice() {
        for (variable, token) in [(one.variable(), &other.token), (other.variable(), &one.token)] {
            desk.environment.retain(|(name, _)| *name != variable);
            desk.environment.push((variable, token.clone()));
        }
        let server = desk.serve()?;
        let found = ask_all(&desk, &recipients, &files)?;
        surface.plant("a list of recipients that lets one in as another", found.foreign);
        server.stop();
    }
    Ok(surface)
}

/// A database with a statement of each region, and the address of a login that is the register of all of them.
async fn filled(postgres: &Postgres, regions: &[Region]) -> Result<String, Error> {
    let url = postgres.fresh_database()?;
    let owned: Vec<String> = regions.iter().map(|region| region.code().to_owned()).collect();
    sink_store::migrate(&sink_store::Session::open(&url).await?, &owned).await?;
    for region in &owned {
        let mut store = Store::open(&url, std::slice::from_ref(region)).await?;
        store.add_schema(region, registry::development_id_current(Kind::Wait), Kind::Wait.avsc()).await?;
        let missing = || Error::Step { step: "filling the store", said: "it reads no topic of waits".to_owned() };
        let source = store.sources().iter().position(|source| source.subject == Subject::Wait).ok_or_else(missing)?;
        let topic = schemas::topic::source(region, "waiting-times");
        let value = statement(region, &topic)?;
        let origin = format!("{topic}/0/0/0").into_bytes();
        let record = Record { source, partition: 0, offset: 0, origin: Some(&origin), value: &value };
        store.write(region, &[record]).await?;
    }
    let name = format!("wall_register_{}", std::process::id());
    let mut sql = format!("CREATE ROLE {name} LOGIN NOINHERIT PASSWORD '{PASSWORD}'");
    for region in &owned {
        sql.push_str(&format!("; GRANT vardstrom_register_r{region} TO {name}"));
    }
    let failed = |said: String| Error::Step { step: "making the register's login", said };
    let address: postgresql::Address = url.parse().map_err(sink_store::Error::from)?;
    let owner = address.connect("check-wall").await.map_err(|error| failed(error.to_string()))?;
    owner.batch_execute(&sql).await.map_err(|error| failed(postgresql::Fault::from(error).to_string()))?;
    let (_, address) = url.split_once('@').unwrap_or(("", &url));
    Ok(format!("postgres://{name}:{PASSWORD}@{address}"))
}

/// A wait of the month, of an invented contact.
fn statement(region: &str, topic: &str) -> Result<Vec<u8>, Error> {
    let system = "SE2321000131-E000000000001";
    let id = event_id(system, "row", &content_hash(region.as_bytes()), 0).to_string();
    let envelope = Envelope {
        event_id: &id,
        event_type: "wait.completed",
        schema_version: SCHEMA_VERSION,
        region,
        source_system: system,
        source_message_id: "row",
        origin: Origin { topic, partition: 0, offset: 0, ordinal: 0 },
        occurred_at: Timestamp(TENTH),
        occurred_text: "",
        recorded_at: Some(Timestamp(TENTH + 20 * DAY)),
        recorded_text: None,
        ingested_at: Timestamp(TENTH + 20 * DAY),
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: Some("t-1"),
        subject_aliases: Vec::new(),
        key_id: Some("v1"),
        protected_identity: false,
        quality: Vec::new(),
        extensions: BTreeMap::new(),
    };
    let wait = Wait {
        period: Some(PERIOD),
        phase: Some("2"),
        guarantee: Some(true),
        decided_at: Some(Timestamp(TENTH - 40 * DAY)),
        started_at: Some(Timestamp(TENTH)),
        referral_at: Some(Timestamp(TENTH - 60 * DAY)),
        arrived_at: Some(Timestamp(TENTH - 58 * DAY)),
        hospital_code: Some("501010"),
        ..Wait::bare(envelope, "C000001", WaitStatus::Completed)
    };
    let mut value = Vec::new();
    Encoder::new(Kind::Wait, registry::development_id_current(Kind::Wait))
        .encode(&wait, &mut value)
        .map_err(|error| Error::Step { step: "encoding a statement", said: error.to_string() })?;
    Ok(value)
}

/// The files of each recipient's own parcel, as it is told of them.
fn files(desk: &Desk, recipients: &[Recipient]) -> Result<Vec<Vec<String>>, Error> {
    let of = |recipient: &Recipient| {
        let path = format!("/{}", recipient.parcel());
        let answer = ask(&agent(), desk, Some(&recipient.token), &path, false)?;
        let listed: Value = serde_json::from_str(&answer.1).unwrap_or_default();
        let names = listed["files"].as_array().into_iter().flatten();
        let names: Vec<String> = names.filter_map(|file| file["name"].as_str().map(str::to_owned)).collect();
        let said = format!("{} is answered {} and told of no file of its own parcel", recipient.name, answer.0);
        if names.is_empty() { Err(Error::Step { step: "listing a parcel", said }) } else { Ok(names) }
    };
    recipients.iter().map(of).collect()
}

/// What came of many requests.
#[derive(Default)]
struct Found {
    probes: u64,
    allowed: u64,
    foreign: u64,
    /// Refusals by recipient and what was asked for.
    denied: Entries,
    faults: Vec<String>,
}

impl Found {
    /// Holds an answer against what must be; `denial` is what the log has of a refusal.
    fn judge(&mut self, status: u16, is_own: bool, refusal: u16, denial: (&str, String), path: &str) {
        self.probes += 1;
        let (who, what) = denial;
        if status == refusal {
            *self.denied.entry((who.to_owned(), what)).or_default() += 1;
            if is_own {
                self.faults.push(format!("{who} is denied its own {path}"));
            }
            return;
        }
        self.allowed += 1;
        if !is_own {
            self.foreign += 1;
            self.faults.push(format!("{who} asks for {path}, which is another's, and is answered {status}"));
        } else if status != 200 {
            self.faults.push(format!("{who} asks for its own {path}, and is answered {status}"));
        }
    }
}

fn ask_all(desk: &Desk, recipients: &[Recipient], files: &[Vec<String>]) -> Result<Found, Error> {
    let agent = agent();
    let mut found = Found::default();
    for recipient in recipients {
        let token = Some(recipient.token.as_str());
        // What it is told that there is.
        let (status, body) = ask(&agent, desk, token, "", false)?;
        found.judge(status, true, 404, (&recipient.name, String::new()), "list");
        let listed: Value = serde_json::from_str(&body).unwrap_or_default();
        let names = listed["parcels"].as_array().into_iter().flatten().filter_map(|parcel| parcel["parcel"].as_str());
        let (own, others): (Vec<&str>, Vec<&str>) = names.partition(|name| **name == recipient.parcel());
        found.foreign += others.len() as u64;
        if own.len() != 1 || !others.is_empty() {
            found.faults.push(format!("{} is told of {} own parcels and of {others:?}", recipient.name, own.len()));
        }
        for (other, files) in recipients.iter().zip(files) {
            let is_own = other.region == recipient.region;
            let parcel = other.parcel();
            let denial = || (recipient.name.as_str(), format!("parcel {parcel}"));
            for path in [format!("/{parcel}")].into_iter().chain(files.iter().map(|file| format!("/{parcel}/{file}"))) {
                let (status, _) = ask(&agent, desk, token, &path, false)?;
                found.judge(status, is_own, 404, denial(), &path);
            }
            // A receipt for what is another's; its own would be entered into the ledger.
            if !is_own {
                let path = format!("/{parcel}/receipt");
                let (status, _) = ask(&agent, desk, token, &path, true)?;
                found.judge(status, false, 404, denial(), &path);
            }
        }
    }
    for (recipient, files) in recipients.iter().zip(files) {
        let parcel = recipient.parcel();
        let mut paths =
            vec![(String::new(), false), (format!("/{parcel}"), false), (format!("/{parcel}/receipt"), true)];
        paths.extend(files.iter().map(|file| (format!("/{parcel}/{file}"), false)));
        let upper = recipient.token.to_uppercase();
        for token in [None, Some("guessed"), Some(&recipient.token[1..]), Some(upper.as_str())] {
            for (path, is_receipt) in &paths {
                let (status, _) = ask(&agent, desk, token, path, *is_receipt)?;
                found.judge(status, false, 401, (STRANGER.0, STRANGER.1.to_owned()), path);
            }
        }
    }
    Ok(found)
}

/// Status and text of an answer.
fn ask(
    agent: &ureq::Agent,
    desk: &Desk,
    token: Option<&str>,
    path: &str,
    is_receipt: bool,
) -> Result<(u16, String), Error> {
    let failed = |error: ureq::Error| Error::Step { step: "asking for a parcel", said: format!("{path}: {error}") };
    let url = format!("http://127.0.0.1:{}/v1/parcels{path}", desk.port);
    let shown = token.map(|token| format!("Bearer {token}"));
    let mut answer = match (is_receipt, &shown) {
        (false, None) => agent.get(url).call(),
        (false, Some(shown)) => agent.get(url).header("authorization", shown).call(),
        (true, None) => agent.post(url).send("{}"),
        (true, Some(shown)) => agent.post(url).header("authorization", shown).send("{}"),
    }
    .map_err(failed)?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string().map_err(failed)?))
}

fn denials(log: &Path) -> Result<Entries, Error> {
    denied(log, LOG_SEED, |line| (line.user.clone(), line.resource.clone()))
}
