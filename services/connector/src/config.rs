//! The connector's configuration: where messages arrive, for which region, and how much may be under way.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use runtime::config::{
    Check, Fault, Http, Kafka, Log, Period, Registry, Secret, Size, check_connections, check_folder,
};
use runtime::descriptors;
use runtime::door::Bounds;
use serde::Deserialize;

use crate::cells::folded;

mod debezium;
mod fhir;

pub use debezium::{Debezium, RegistryIds};
pub use fhir::{Fhir, FhirFiles};

/// The whole configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where records are written.
    pub kafka: Kafka,
    /// Where schema ids come from.
    pub registry: Registry,
    /// Health and metrics.
    pub http: Http,
    /// What is logged.
    #[serde(default)]
    pub log: Log,
    /// How a patient's messages find their partition.
    pub routing: Routing,
    /// How much may be under way.
    #[serde(default)]
    pub limits: Limits,
    /// Where FHIR servers tell us that something has changed: they call `/fhir/notify/` and their name.
    pub fhir_hook: Option<Http>,
    /// The regions this process receives for; at least one.
    pub region: Vec<Region>,
}

/// How a patient's messages find their partition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// 64 hex digits in the environment. Not the pseudonym key. Changing it moves patients to other partitions, which
    /// the order of arrival does not matter for; do it while the topics are drained.
    pub key: Secret,
}

/// How much may be under way in this process. Everything that grows has its bound here.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The longest message; of a longer one the documents are left out, and if it is too long all the same it is answered AR
    /// and recorded by its coordinates only.
    pub message: Size,
    /// Messages received and not yet acknowledged by Kafka, all sources together.
    pub in_flight: Size,
    /// Open connections of each MLLP port, whose places are its own; a listener may have its own number.
    pub connections: usize,
    /// Of these, connections of one remote address; of IPv6, of one network of 64 bits.
    pub connections_per_address: usize,
    /// Messages that one connection may send ahead without having their answers.
    pub window: usize,
    /// A connection that has delivered no message after so long of waiting for it is closed; and one whose peer takes nothing
    /// of an answer for so long.
    pub idle: Period,
    /// A message that was begun has to end after so long of waiting for its bytes, or its connection is closed.
    pub unfinished: Period,
    /// A connection that has delivered is closed when it says nothing for so long. Senders keep theirs open and silent for
    /// hours; whether the peer is still there TCP asks every two minutes.
    pub silent: Period,
    /// A message is answered AE when Kafka has not acknowledged it after so long, so that the sender sends it again.
    pub acknowledge: Period,
    /// Kafka counts as away, and nothing more is read, when a message has waited for it for so long.
    pub stall: Period,
    /// How long a stop waits for answers that are under way.
    pub drain: Period,
    /// The largest capacity file.
    pub capacity_file: Size,
    /// The largest table file; a larger one is left out.
    pub table_file: Size,
    /// Files looked at in one watched folder.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: Size::kib(768),
            in_flight: Size::mib(24),
            connections: 64,
            connections_per_address: 16,
            window: 256,
            idle: Period::seconds(600),
            unfinished: Period::seconds(120),
            silent: Period::seconds(7 * 24 * 3600),
            acknowledge: Period::seconds(30),
            stall: Period::seconds(3),
            drain: Period::seconds(20),
            capacity_file: Size::mib(4),
            table_file: Size::mib(4096),
            files: 10_000,
        }
    }
}

/// One region and what it sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Lanskod, two digits.
    pub code: topics::Region,
    /// HSA-id of the sending system; a source below may name its own.
    pub source_system: String,
    /// Whether the region uses interim numbers (T-nummer). The processor must have the same.
    #[serde(default)]
    pub interim: bool,
    /// What the region writes for a number that is not known, besides what every region does. The processor must have the
    /// same.
    #[serde(default)]
    pub placeholders: Vec<String>,
    /// MLLP listeners.
    #[serde(default)]
    pub mllp: Vec<Mllp>,
    /// Capacity files.
    #[serde(default)]
    pub capacity: Vec<Capacity>,
    /// Folders of HL7 files.
    #[serde(default)]
    pub replay: Vec<Replay>,
    /// Delimited files.
    #[serde(default)]
    pub table: Vec<Table>,
    /// Databases whose changes are followed.
    #[serde(default)]
    pub cdc: Vec<Cdc>,
    /// FHIR servers.
    #[serde(default)]
    pub fhir: Vec<Fhir>,
    /// Files of FHIR resources.
    #[serde(default)]
    pub fhir_files: Vec<FhirFiles>,
    /// Debezium topics of the region's own Kafka.
    #[serde(default)]
    pub debezium: Vec<Debezium>,
}

/// One MLLP listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mllp {
    /// Address and port; port 0 takes a free one and logs it.
    pub listen: SocketAddr,
    /// Name of the feed, the last part of the topic name.
    #[serde(default = "adt")]
    pub feed: String,
    /// HSA-id of this listener's sender, when it is not the region's.
    pub source_system: Option<String>,
    /// Which kind of answer is sent.
    #[serde(default)]
    pub acknowledgement: Acknowledgement,
    /// How something that is no HL7 message is answered.
    #[serde(default)]
    pub unreadable: Unreadable,
    /// How a batch is answered.
    #[serde(default)]
    pub batch: BatchAnswer,
    /// Open connections, when it is not `limits.connections`.
    pub connections: Option<usize>,
    /// Of one remote address, when it is not `limits.connections_per_address`: behind a load balancer that hides its senders'
    /// addresses, as many as `connections`.
    pub connections_per_address: Option<usize>,
    /// Present: connections are encrypted.
    pub tls: Option<tls::Listener>,
}

impl Mllp {
    /// How many connections the port holds.
    pub fn bounds(&self, limits: &Limits) -> Bounds {
        Bounds {
            connections: self.connections.unwrap_or(limits.connections),
            per_address: self.connections_per_address.unwrap_or(limits.connections_per_address),
        }
    }
}

/// Which kind of answer is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acknowledgement {
    /// What each message asks for in MSH-15 and MSH-16, both answers where it asks for both; without either, original mode.
    /// A sender that asks for both and reads one would take the second for the answer to its next message: give it one of
    /// those below.
    #[default]
    Message,
    /// AA, AE and AR whatever the message says.
    Original,
    /// CA, CE and CR whatever the message says.
    Enhanced,
}

/// How something that is no HL7 message is answered. It is recorded in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unreadable {
    /// AA: received and kept, do not send it again. For a sender that sends again for ever after anything else: the patient
    /// of such a message is on no board, and its sender does not learn of it.
    Accept,
    /// AR: for a sender that stops at AR and tells its operators.
    #[default]
    Reject,
}

/// How a batch (BHS ... BTS in one MLLP frame) is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchAnswer {
    /// One frame with a batch of answers, one answer per message.
    #[default]
    Batch,
    /// One frame per message.
    Each,
}

/// One capacity file, or a folder of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// A file, or a folder whose `.csv`, `.txt` and `.tsv` files are read.
    pub path: PathBuf,
    /// HSA-id of the system that writes it, when it is not the region's.
    pub source_system: Option<String>,
    /// Name of the feed.
    #[serde(default = "capacity")]
    pub feed: String,
    /// How often it is looked at. A file is read when two looks in a row find it unchanged.
    #[serde(default = "every_second")]
    pub poll: Period,
}

/// A folder whose HL7 files are sent once each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The folder; its `.hl7`, `.txt` and `.dat` files are read in order of name.
    pub path: PathBuf,
    /// A folder of ours that remembers how far each file has been sent.
    pub positions: PathBuf,
    /// Name of the feed.
    #[serde(default = "adt")]
    pub feed: String,
    /// HSA-id of the system that wrote them, when it is not the region's.
    pub source_system: Option<String>,
    /// How often the folder is looked at. A file is read when two looks in a row find it unchanged.
    #[serde(default = "every_second")]
    pub poll: Period,
}

/// Delimited files whose rows are sent once each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// A file, or a folder whose `.csv`, `.txt` and `.tsv` files are read in order of name.
    pub path: PathBuf,
    /// A folder of ours that remembers how far each file has been sent.
    pub positions: PathBuf,
    /// Name of the feed, the last part of the topic name.
    pub feed: String,
    /// HSA-id of the system that writes them, when it is not the region's.
    pub source_system: Option<String>,
    /// How often it is looked at. A file is read when two looks in a row find it unchanged.
    #[serde(default = "every_second")]
    pub poll: Period,
    /// Rows with the same value in this column stay in order; without it, the same rows do.
    pub key: Option<String>,
    /// Columns that every file must have; the case of letters, accents and signs do not matter.
    #[serde(default)]
    pub columns: Vec<String>,
    /// How the bytes of the files are letters.
    #[serde(default)]
    pub encoding: Encoding,
    /// Present: the files are fetched from this server, `poll` is how often it is asked, and `path` is a folder of ours for
    /// those that have come and are not yet sent.
    pub sftp: Option<sftp::Server>,
}

/// A PostgreSQL database whose changes are followed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdc {
    /// `postgres://user:password@host:5432/database`, in the environment. The role needs REPLICATION and SELECT.
    pub url: Secret,
    /// PEM file with the authority of the server's certificate; present: the connection is encrypted, and the server must
    /// show a certificate for its name.
    pub ca: Option<PathBuf>,
    /// The replication slot; made by us, used by nobody else.
    pub slot: String,
    /// The publication; made by the database's owner.
    pub publication: String,
    /// The tables, each `schema.table`.
    pub tables: Vec<String>,
    /// By table: rows with the same value in this column stay in order. Without one, rows with the same primary key do.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// A folder of ours that remembers whether the snapshot has been sent.
    pub positions: PathBuf,
    /// Name of the feed, the last part of the topic name.
    pub feed: String,
    /// HSA-id of the system that writes the database, when it is not the region's.
    pub source_system: Option<String>,
}

impl Cdc {
    /// Schema and name of each table.
    pub fn table_names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tables.iter().filter_map(|table| table.split_once('.'))
    }
}

/// How the bytes of a table file are letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// UTF-8 when the file says so with a byte order mark or is valid UTF-8 to its end, else ISO-8859-1.
    #[default]
    #[serde(rename = "detect")]
    Detect,
    /// UTF-8; a file that is not is left out.
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO-8859-1, unless a byte order mark says UTF-8.
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

fn adt() -> String {
    "adt".to_owned()
}

fn capacity() -> String {
    "capacity".to_owned()
}

fn every_second() -> Period {
    Period::seconds(1)
}

/// File descriptors that a source which is no listener may have open: connections of its own, files, positions.
const SOURCE_DESCRIPTORS: u64 = 8;

impl Config {
    /// File descriptors that may be open at a time when every listener is full.
    pub fn descriptors(&self) -> u64 {
        let http = [Some(&self.http), self.fhir_hook.as_ref()].into_iter().flatten();
        let of_http: u64 = http.map(|http| http.bounds().descriptors()).sum();
        let mllp = self.region.iter().flat_map(|region| &region.mllp);
        let of_mllp: u64 = mllp.map(|mllp| mllp.bounds(&self.limits).descriptors()).sum();
        let others: usize = self.region.iter().map(Region::others).sum();
        descriptors::OTHERS + of_http + of_mllp + SOURCE_DESCRIPTORS * others as u64
    }
}

impl Region {
    /// Its sources that are no listeners.
    fn others(&self) -> usize {
        let files = self.capacity.len() + self.replay.len() + self.table.len() + self.fhir_files.len();
        files + self.cdc.len() + self.fhir.len() + self.debezium.len()
    }
}

/// The shortest limit that makes sense for anything measured in time.
const PERIOD_MIN: Duration = Duration::from_millis(10);
/// The smallest longest message: below it, ordinary messages would be refused.
const MESSAGE_MIN: u64 = 4 << 10;
/// Kafka's default for the longest record is 1 MiB, with its overhead; the processor reads no longer message either.
const MESSAGE_MAX: u64 = 960 << 10;

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        crate::route::partition_key(&self.routing.key).map_err(|fault| fault.under("routing"))?;
        self.limits.check().map_err(|fault| fault.under("limits"))?;
        self.http.check().map_err(|fault| fault.under("http"))?;
        if let Some(hook) = &self.fhir_hook {
            hook.check().map_err(|fault| fault.under("fhir_hook"))?;
        }
        if self.region.is_empty() {
            return Err(Fault::new("region", "no region; write at least one [[region]] table"));
        }
        let mut codes = HashSet::new();
        let mut hooks = HashSet::new();
        let mut listens = HashSet::new();
        let mut spools = HashSet::new();
        for (at, region) in self.region.iter().enumerate() {
            let table = format!("region.{at}");
            region.check().map_err(|fault| fault.under(&table))?;
            if !codes.insert(region.code) {
                return Err(Fault::new("code", "this region is written twice").under(&table));
            }
            for (server, fhir) in region.fhir.iter().enumerate().filter(|(_, fhir)| fhir.hook.is_some()) {
                let fault = if self.fhir_hook.is_none() {
                    Fault::new("hook", "nobody listens for it; add a [fhir_hook] table with listen")
                } else if hooks.insert(&fhir.name) {
                    continue;
                } else {
                    Fault::new("name", "a server of another region with a hook has this name; give each its own")
                };
                return Err(fault.under(&format!("{table}.fhir.{server}")));
            }
            for (listener, mllp) in region.mllp.iter().enumerate() {
                if mllp.listen.port() != 0 && !listens.insert(mllp.listen) {
                    let fault = Fault::new("listen", "another listener has this address; give each its own port");
                    return Err(fault.under(&format!("{table}.mllp.{listener}")));
                }
            }
            for (source, settings) in region.table.iter().enumerate() {
                if settings.sftp.is_some() && !spools.insert(&settings.path) {
                    let fault = Fault::new("path", "another source fetches into this folder; give each its own");
                    return Err(fault.under(&format!("{table}.table.{source}")));
                }
            }
        }
        Ok(())
    }
}

impl Check for Limits {
    fn check(&self) -> Result<(), Fault> {
        if !(MESSAGE_MIN..=MESSAGE_MAX).contains(&self.message.as_bytes()) {
            return Err(Fault::new("message", "must be between \"4 KiB\" and \"960 KiB\""));
        }
        if self.in_flight.as_bytes() < 4 * self.message.as_bytes() || self.in_flight > Size::mib(1024) {
            return Err(Fault::new("in_flight", "must be at least four times limits.message and at most \"1 GiB\""));
        }
        for (key, count, count_max) in [
            ("connections", self.connections, 65_536),
            ("connections_per_address", self.connections_per_address, 65_536),
            ("window", self.window, 65_536),
            ("files", self.files, 1_000_000),
        ] {
            if count == 0 || count > count_max {
                return Err(Fault::new(key, format!("must be between 1 and {count_max}")));
            }
        }
        for (key, period) in [
            ("idle", self.idle),
            ("unfinished", self.unfinished),
            ("silent", self.silent),
            ("acknowledge", self.acknowledge),
            ("stall", self.stall),
            ("drain", self.drain),
        ] {
            if period.0 < PERIOD_MIN {
                return Err(Fault::new(key, "must be at least \"10ms\""));
            }
        }
        Ok(())
    }
}

impl Check for Region {
    fn check(&self) -> Result<(), Fault> {
        check_source_system(&self.source_system)?;
        if self.mllp.is_empty() && self.others() == 0 {
            return Err(Fault::new(
                "mllp",
                "this region has no source; add [[region.mllp]], [[region.capacity]], [[region.replay]], \
                 [[region.table]], [[region.cdc]], [[region.fhir]], [[region.fhir_files]] or [[region.debezium]]",
            ));
        }
        for (at, mllp) in self.mllp.iter().enumerate() {
            mllp.check().map_err(|fault| fault.under(&format!("mllp.{at}")))?;
        }
        for (at, source) in self.capacity.iter().enumerate() {
            check_watched(&source.feed, source.source_system.as_deref(), source.poll)
                .map_err(|fault| fault.under(&format!("capacity.{at}")))?;
        }
        for (at, source) in self.replay.iter().enumerate() {
            check_watched(&source.feed, source.source_system.as_deref(), source.poll)
                .and_then(|()| check_folder("positions", &source.positions))
                .map_err(|fault| fault.under(&format!("replay.{at}")))?;
        }
        for (at, source) in self.table.iter().enumerate() {
            source.check().map_err(|fault| fault.under(&format!("table.{at}")))?;
        }
        let mut slots = HashSet::new();
        for (at, source) in self.cdc.iter().enumerate() {
            let table = format!("cdc.{at}");
            source.check().map_err(|fault| fault.under(&table))?;
            if !slots.insert(&source.slot) {
                return Err(
                    Fault::new("slot", "another source of this region has this slot; give each its own").under(&table)
                );
            }
        }
        fhir::check_all(&self.fhir)?;
        for (at, source) in self.fhir_files.iter().enumerate() {
            source.check().map_err(|fault| fault.under(&format!("fhir_files.{at}")))?;
        }
        debezium::check_all(&self.debezium)
    }
}

impl Check for Table {
    fn check(&self) -> Result<(), Fault> {
        check_watched(&self.feed, self.source_system.as_deref(), self.poll)?;
        check_folder("positions", &self.positions)?;
        // A name without letters would be found in every header cell without letters.
        for (key, names) in [("columns", self.columns.as_slice()), ("key", self.key.as_slice())] {
            if names.iter().any(|name| folded(name).is_empty()) {
                return Err(Fault::new(key, "a column name needs a letter or a digit"));
            }
        }
        let Some(server) = &self.sftp else { return Ok(()) };
        // What is not there of the folder that files are fetched into is made.
        if let Some(there) = self.path.ancestors().find(|folder| folder.exists()) {
            check_folder("path", there)?;
        }
        server.check().map_err(|fault| fault.under("sftp"))
    }
}

/// PostgreSQL's bound on the length of a name.
const NAME_MAX: usize = 63;
/// Followed tables of one slot.
const CDC_TABLES_MAX: usize = 1000;

impl Check for Cdc {
    fn check(&self) -> Result<(), Fault> {
        check_feed(&self.feed)?;
        self.source_system.as_deref().map_or(Ok(()), check_source_system)?;
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if self.slot.is_empty() || self.slot.len() > NAME_MAX || !self.slot.bytes().all(letter) {
            return Err(Fault::new("slot", "not a slot's name; write a-z, 0-9 and _, for example \"vardstrom_14\""));
        }
        let name = |text: &str| !text.is_empty() && text.len() <= NAME_MAX && !text.contains(['\0', '\n', '\r']);
        if !name(&self.publication) {
            return Err(Fault::new("publication", "not a name; write for example \"vardstrom\""));
        }
        if self.tables.is_empty() || self.tables.len() > CDC_TABLES_MAX {
            return Err(Fault::new("tables", format!("must name between 1 and {CDC_TABLES_MAX} tables")));
        }
        let mut tables = HashSet::new();
        for table in &self.tables {
            if !table.split_once('.').is_some_and(|(schema, table)| name(schema) && name(table)) {
                return Err(Fault::new("tables", "not a table; write schema and name, for example \"public.contact\""));
            }
            if !tables.insert(table) {
                return Err(Fault::new("tables", "a table is written twice"));
            }
        }
        if self.keys.keys().any(|table| !tables.contains(table)) {
            return Err(Fault::new("keys", "names a table that is not in tables"));
        }
        check_folder("positions", &self.positions)?;
        crate::cdc::Address::read(self).map(|_| ())
    }
}

impl Check for Mllp {
    fn check(&self) -> Result<(), Fault> {
        check_feed(&self.feed)?;
        check_connections(self.connections, self.connections_per_address)?;
        self.source_system.as_deref().map_or(Ok(()), check_source_system)?;
        match &self.tls {
            Some(tls) => tls.check().map_err(|fault| fault.under("tls")),
            None => Ok(()),
        }
    }
}

fn check_watched(feed: &str, source_system: Option<&str>, poll: Period) -> Result<(), Fault> {
    check_feed(feed)?;
    source_system.map_or(Ok(()), check_source_system)?;
    if poll.0 < PERIOD_MIN {
        return Err(Fault::new("poll", "must be at least \"10ms\""));
    }
    Ok(())
}

fn check_feed(feed: &str) -> Result<(), Fault> {
    let letters = feed.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if feed.is_empty() || feed.len() > 32 || !letters {
        return Err(Fault::new("feed", "not a feed; write a name of the catalogue, for example \"adt\""));
    }
    Ok(())
}

/// The shape of an HSA-id, told with tolerance: ids with a wrong check digit or length are in use.
fn check_source_system(id: &str) -> Result<(), Fault> {
    let shape = |id: &str| {
        let (owner, own) = id.strip_prefix("SE")?.split_once('-')?;
        let digits = (10..=11).contains(&owner.len()) && owner.bytes().all(|byte| byte.is_ascii_digit());
        let letters = !own.is_empty() && own.len() <= 18 && own.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (digits && letters).then_some(())
    };
    shape(id).ok_or_else(|| Fault::new("source_system", "not an HSA-id; write for example \"SE2321000131-COSMIC\""))
}
