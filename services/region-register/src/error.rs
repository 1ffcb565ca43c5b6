//! Why a delivery cannot be made, and what helps. No text holds a value of a row.

use runtime::config::Fault;
use runtime::exit::Failure;
use runtime::{config, tail};
use schemas::registry;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration, or the layout, cannot be used.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A key of the configuration cannot be used.
    #[error("the configuration cannot be used")]
    Fault(#[from] Fault),
    /// Kafka does not give the topic.
    #[error("read the region's source topic")]
    Kafka(#[from] tail::Error),
    /// The registry does not give a schema.
    #[error("get a schema from the registry")]
    Registry(#[from] registry::client::Error),
    /// Kafka gives nothing more.
    #[error("nothing came from {topic} for {seconds} seconds; is Kafka up? Run the command again")]
    Silent {
        /// The topic.
        topic: String,
        /// How long.
        seconds: u64,
    },
    /// A record is not ours.
    #[error("the record at partition {partition}, offset {offset} of {topic} is none of its topic's kind")]
    Unreadable {
        /// Its topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
    },
    /// A record's sealing key is not here, or not the one that it was sealed with: without it the delivery would lack persons.
    #[error("the record at partition {partition}, offset {offset}, sealed with the key {key_id}: {code}; {remedy}")]
    NoKey {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// The key that it names.
        key_id: String,
        /// The rule.
        code: &'static str,
        /// What helps.
        remedy: &'static str,
    },
    /// The sealing key does not answer.
    #[error("open the region's records")]
    KeyAway(#[from] sealing::Away),
    /// More contacts than memory is meant for.
    #[error("the topic holds more than {max} contacts; shorten its retention")]
    TooMany {
        /// The bound.
        max: usize,
    },
    /// More persons than memory is meant for.
    #[error(
        "the region's topics name more than {max} persons and visits, and whose identity is protected cannot be told; this program \
         has to be built with a larger bound"
    )]
    TooManyPersons {
        /// The bound.
        max: usize,
    },
    /// There is nothing to deliver.
    #[error(
        "no inpatient of {region} from {first} to {last} is in the topic {topic}; it keeps seven days: send the table again and repeat"
    )]
    Empty {
        /// Länskod.
        region: &'static str,
        /// The first day.
        first: String,
        /// The last day.
        last: String,
        /// The topic.
        topic: String,
    },
    /// The parcel cannot be written or compared.
    #[error(transparent)]
    Parcel(#[from] parcel::Error),
    /// The ledger cannot be written.
    #[error("write the ledger {path}")]
    Ledger {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The access log does not have it.
    #[error("nothing is made that the access log does not have")]
    AccessLog(#[from] access_log::Error),
    /// Kafka does not take a record.
    #[error("write a record to the region's topic; those before it are written, run the command again")]
    Unwritten(#[from] runtime::producer::Error),
    /// The list of persons cannot be read.
    #[error("read the list of persons")]
    Numbers {
        /// Why.
        source: std::io::Error,
    },
    /// A person's number stands in the command line, which others on the machine can see.
    #[error("an argument reads as a person's number: put numbers into a file, or give them on standard input")]
    Argument,
    /// What is known of one person is told at a time.
    #[error("give the number of one person; these name {persons}")]
    NotOne {
        /// How many.
        persons: usize,
    },
    /// Some lines name nobody.
    #[error("these lines name nobody, and the others are done: {lines}")]
    Nobody {
        /// Their numbers.
        lines: String,
    },
    /// A record does not fit its schema.
    #[error("encode a record")]
    Encode(#[from] schemas::EncodeError),
    /// Another key is the region's.
    #[error(
        "{to} is not the region's key, but {key_id} is: give key and key_id of {to}, and {key_id} among earlier_keys"
    )]
    NotTheKey {
        /// What was asked for.
        to: String,
        /// What the configuration has.
        key_id: String,
    },
    /// The region keeps no identities.
    #[error("region {region} keeps no identities: keep_identities is not set, and who has come is not known")]
    NothingKept {
        /// Länskod.
        region: &'static str,
    },
    /// An identity is kept under a key that is not there.
    #[error(
        "the identity at partition {partition}, offset {offset} is kept under a pseudonym by the key {key_id}, which the \
         configuration does not have: name it among earlier_keys"
    )]
    KeyNotHere {
        /// The version.
        key_id: String,
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
    },
    /// An identity cannot be written.
    #[error("encode the identity at partition {partition}, offset {offset}")]
    EncodeIdentity {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
        /// Why.
        source: schemas::EncodeError,
    },
    /// A signal came.
    #[error("stopped before anything was written")]
    Stopped,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Config(error) => error.into(),
            other => Self::failed(other),
        }
    }
}
