//! What can go wrong between the register extracts and the world, and what an operator may read of it.

use std::io;
use std::path::PathBuf;

use postgresql::Fault;
use runtime::config;
use runtime::exit::Failure;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment does not hold what the configuration names.
    #[error("read {what}")]
    Secret {
        /// Which secret.
        what: &'static str,
        /// Which variable.
        source: config::Fault,
    },
    /// The database's address cannot be used.
    #[error("database address: {0}")]
    Address(#[from] postgresql::Unusable),
    /// Nobody has defined such an extract.
    #[error("extract {name} has no definition; there are: {known}")]
    UnknownExtract {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Two files of the definitions' folder say they are the same extract.
    #[error("definition {name} stands in two files of {}; remove one", folder.display())]
    DefinitionTwice {
        /// The extract.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// More files than a folder of definitions may have.
    #[error("{} holds more than {max} definitions; is it the right folder?", folder.display())]
    DefinitionsMany {
        /// The folder.
        folder: PathBuf,
        /// The bound.
        max: usize,
    },
    /// A definition or configuration file says something that is not allowed.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A file or folder.
    #[error("{attempt} {}", path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database said no, or did not answer.
    #[error("{attempt}")]
    Database {
        /// What was attempted, on which object.
        attempt: String,
        /// What the database said.
        source: Fault,
    },
    /// The login may become no role of a region.
    #[error(
        "login {login} has no role for region {region}; whoever migrates the database runs `GRANT vardstrom_register_r{region} \
         TO {login}` (`sink-store migrate` makes the role)"
    )]
    RoleMissing {
        /// The region.
        region: &'static str,
        /// The login.
        login: String,
    },
    /// Somebody else makes or delivers the same parcel.
    #[error("another sink-register works on {0}; wait until it has ended")]
    Busy(String),
    /// An extract of months was asked for a year, or the other way.
    #[error("the extract {extract} covers {wanted}; {period} is none")]
    PeriodKind {
        /// The extract.
        extract: String,
        /// What it covers.
        wanted: parcel::PeriodKind,
        /// What was asked for.
        period: parcel::Period,
    },
    /// The period is empty.
    #[error("the store has no statement of region {region} for {period}; nothing is made. Has the period arrived?")]
    Empty {
        /// The region.
        region: &'static str,
        /// The period.
        period: String,
    },
    /// The store holds statements that its own positions do not cover.
    #[error(
        "{count} statements of region {region} for {period} lie above the store's positions: it reads {topic} again; \
         wait until it has caught up"
    )]
    Rereading {
        /// How many.
        count: i64,
        /// The region.
        region: &'static str,
        /// The period.
        period: String,
        /// The topic.
        topic: String,
    },
    /// The store has not come as far as the manifest.
    #[error("the store has read {topic} partition {partition} up to {found}, the manifest says {needed}; wait for it")]
    Behind {
        /// The origin topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The store's offset, or that there is none.
        found: String,
        /// The manifest's offset.
        needed: i64,
    },
    /// A schema of the store is not one.
    #[error("read schema {id} of the store")]
    Schema {
        /// Its id.
        id: u32,
        /// Why.
        source: schemas::InvalidSchema,
    },
    /// A stored record cannot be read back.
    #[error("event {event_id} of region {region} cannot be decoded; is its schema in record_schema?")]
    Undecodable {
        /// The region.
        region: &'static str,
        /// The event.
        event_id: uuid::Uuid,
        /// Why.
        source: schemas::DecodeError,
    },
    /// Two rows of an OMOP table got the same id.
    #[error(
        "two rows of OMOP table {table} have the same 63-bit key; nothing is made. Change how omop::id::key makes keys, and \
         the definition's version"
    )]
    SameKey {
        /// The table.
        table: &'static str,
    },
    /// A parcel cannot be written, read or trusted.
    #[error(transparent)]
    Parcel(#[from] parcel::Error),
    /// The ledger knows a parcel that the folder lacks.
    #[error(
        "{name} is in the ledger and not under {}; give --out the folder that holds it, or make it there again with \
         --as-of and its manifest",
        folder.display()
    )]
    ParcelMissing {
        /// The parcel.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The ledger and the folder disagree.
    #[error("{name} under {} is not the one in the ledger (its manifest differs); find out who changed it", folder.display())]
    ParcelForeign {
        /// The parcel.
        name: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The manifest to reproduce is of something else.
    #[error("the manifest is of {found}, this command is for {asked}")]
    OtherManifest {
        /// What the manifest is of.
        found: String,
        /// What was asked for.
        asked: String,
    },
    /// The definition has changed since.
    #[error(
        "the manifest was made by version {made} of definition {extract}, this is version {present}; put version \
         {made} into the definitions folder"
    )]
    OtherDefinition {
        /// The extract.
        extract: String,
        /// Version in the manifest.
        made: String,
        /// Version at hand.
        present: String,
    },
    /// The same positions give something else.
    #[error("{name} cannot be reproduced: {difference} differs. Was it made by another version of this program?")]
    NotReproduced {
        /// The parcel.
        name: String,
        /// What differs.
        difference: String,
    },
    /// Personal rows without a key to encrypt them to.
    #[error(
        "{file} has a row per person and recipient {recipient} has no age key; add age_key to its [[recipient]], or \
         leave the file out of the definition"
    )]
    KeyMissing {
        /// The file.
        file: String,
        /// The recipient.
        recipient: String,
    },
    /// Rows without a key to make pseudonyms with.
    #[error(
        "the files of {extract} have pseudonyms of recipient {recipient} and there is no key to make them with: add \
         [pseudonyms] with keys = [{{ id = \"2026-12\", key = {{ env = \"SINK_REGISTER_PSEUDONYM_KEY\" }} }}] to the \
         configuration, and make the key with `openssl rand -hex 32`"
    )]
    PseudonymKeyMissing {
        /// The extract.
        extract: String,
        /// The recipient.
        recipient: String,
    },
    /// Rows of persons stand more alone than the definition allows.
    #[error(
        "{file} of {extract} would have {found} {what} in {by}; its definition wants {least}. Have these columns generalised, \
         masked or dropped under [treatments], leave the file out, or lower the number in the definition"
    )]
    TooAlone {
        /// The extract.
        extract: String,
        /// Its file.
        file: String,
        /// What is counted.
        what: &'static str,
        /// The least of it.
        found: u64,
        /// What the definition wants.
        least: u64,
        /// The columns by which rows say the same.
        by: String,
    },
    /// A text that was to be opened.
    #[error("line {line} of stdin is no value that a definition has encrypted with a key of {extract}")]
    NotSealed {
        /// The extract.
        extract: String,
        /// The line, from 1.
        line: usize,
    },
    /// The series was made with another key until now.
    #[error(
        "the latest parcel of {extract} for {recipient}, {name}, has pseudonyms of {made}; with key {present} the recipient \
         could follow nobody from one parcel to the other. Put the earlier key first in [pseudonyms], or begin the series anew \
         with `run --new-pseudonyms`"
    )]
    PseudonymKeyOther {
        /// The extract.
        extract: String,
        /// Its recipient.
        recipient: String,
        /// The latest parcel.
        name: String,
        /// What its pseudonyms are of.
        made: String,
        /// The key at hand.
        present: String,
    },
    /// An earlier parcel cannot be made again, for its key is not at hand.
    #[error("the pseudonyms of {name} are of {made}, which is not in [pseudonyms]; add that key behind the others")]
    PseudonymKeyLost {
        /// The parcel.
        name: String,
        /// What its pseudonyms are of.
        made: String,
    },
    /// Definition and configuration name different keys.
    #[error("recipient {0} has one age key in the configuration and another in the definition; remove one")]
    KeyTwice(String),
    /// A recipient's server.
    #[error("deliver to {path} on {place}")]
    Server {
        /// Host and port.
        place: String,
        /// The file or folder there.
        path: String,
        /// What was attempted, and what came of it.
        source: sftp::Error,
    },
    /// Nowhere to deliver to.
    #[error("recipient {0} has no delivery; add folder or sftp to its [[recipient]] in the configuration")]
    TargetMissing(String),
    /// Another parcel stands where this one should go.
    #[error("{} is another parcel than the one to deliver; nothing was overwritten", place.display())]
    TargetOccupied {
        /// The place.
        place: PathBuf,
    },
    /// Parcels are to be served, and nothing says where or to whom.
    #[error(
        "nothing is served: add [serve] with listen, and folder and token or program to the [[recipient]] that fetches"
    )]
    ServeMissing,
    /// A token that is easily guessed, or two recipients with the same.
    #[error("the token of recipient {0} is too short, or another's; make one with `openssl rand -hex 32`")]
    TokenUnfit(String),
    /// The access log does not have it, so nothing leaves.
    #[error("nothing leaves that the access log does not have")]
    AccessLog(#[from] access_log::Error),
    /// Nothing can be served.
    #[error(transparent)]
    Http(#[from] runtime::http::Error),
    /// The metrics are registered twice.
    #[error("register metrics")]
    Metrics(#[from] runtime::metrics::Error),
}

impl Error {
    /// Whether whoever typed the command or wrote the configuration has to change it: exit code 2.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Secret { .. }
                | Self::Address(_)
                | Self::UnknownExtract { .. }
                | Self::PeriodKind { .. }
                | Self::DefinitionTwice { .. }
                | Self::DefinitionsMany { .. }
                | Self::PseudonymKeyMissing { .. }
                | Self::ServeMissing
                | Self::TokenUnfit(_)
                | Self::Config(_)
        )
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.is_usage() { Self::usage(error) } else { Self::failed(error) }
    }
}

pub(crate) trait Attempt<T> {
    fn attempt(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Into<Fault>> Attempt<T> for Result<T, E> {
    fn attempt(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Database { attempt: what(), source: source.into() })
    }
}
