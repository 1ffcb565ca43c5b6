//! The connector's configuration: where messages arrive, for which region, and how much may be under way.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use runtime::config::{Http, Kafka, Log, Period, Registry, Secret, Size};
use runtime::descriptors;
use runtime::door::Bounds;
use serde::Deserialize;

mod debezium;
mod fhir;

pub use self::debezium::{Debezium, RegistryIds};
pub use self::fhir::{Fhir, FhirFiles};

/// The whole configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) kafka: Kafka,
    /// Where schema ids come from.
    pub registry: Registry,
    pub(crate) http: Http,
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
    pub(crate) capacity_file: Size,
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
    /// Länskod, two digits.
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
    /// With what its records are sealed before they go to Kafka; without it they travel readable.
    pub sealing: Option<sealing::Settings>,
    #[serde(default)]
    pub(crate) mllp: Vec<Mllp>,
    #[serde(default)]
    pub(crate) capacity: Vec<Capacity>,
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
    pub(crate) fn others(&self) -> usize {
        let files = self.capacity.len() + self.replay.len() + self.table.len() + self.fhir_files.len();
        files + self.cdc.len() + self.fhir.len() + self.debezium.len()
    }
}
