//! What can go wrong between the store and the world, and what an operator may read of it.

use postgresql::Fault;
use runtime::config;
use runtime::exit::Failure;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's address cannot be used.
    #[error("database address: {0}")]
    Address(#[from] postgresql::Unusable),
    /// A secret or a file of the configuration cannot be read any more.
    #[error("read how a neighbour is reached")]
    Settings(#[source] config::Fault),
    /// The database said no, or did not answer.
    #[error("{attempt}")]
    Database {
        /// What was attempted, on which object.
        attempt: String,
        /// What the database said.
        source: Fault,
    },
    /// Another instance has taken over.
    #[error("a newer instance has taken over {topics}; this one stops")]
    Superseded {
        /// Which topics.
        topics: String,
    },
    /// A row that the database refuses whatever is tried.
    #[error("write to region {region}: the database refuses a row ({code})")]
    Refused {
        /// The region.
        region: String,
        /// SQLSTATE.
        code: String,
    },
    /// A progress row appeared that this instance did not know of.
    #[error("{topic} partition {partition} has a position that this instance did not read")]
    Unclaimed {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// The database's tables are older than this program.
    #[error("database is at version {found}, this program needs {needed}; run `sink-store migrate`")]
    NotMigrated {
        /// Version of the database.
        found: i32,
        /// Version of the program.
        needed: i32,
    },
    /// The database's tables are newer than this program.
    #[error("database is at version {found}, this program knows {known}; revert with the program that migrated it")]
    Newer {
        /// Version of the database.
        found: i32,
        /// Version of the program.
        known: i32,
    },
    /// A region without a partition.
    #[error("region {0} has no partition in the database; run `sink-store migrate --region {0}`")]
    RegionMissing(String),
    /// A region's positions cannot be claimed.
    #[error("claim the positions of region {region}")]
    Claim {
        /// The region.
        region: String,
        /// What the database said.
        source: Fault,
    },
    /// A fault of this program, which the panic hook has logged with its place.
    #[error("storing region {region} panicked")]
    Panicked {
        /// The region.
        region: String,
    },
    /// Kafka cannot be read.
    #[error(transparent)]
    Kafka(#[from] runtime::tail::Error),
    /// A stored record cannot be read back.
    #[error("event {event_id} of region {region} cannot be decoded; is its schema in record_schema?")]
    Undecodable {
        /// The region.
        region: String,
        /// The event.
        event_id: uuid::Uuid,
    },
    /// The registry is away, and a record's schema is not known.
    #[error("ask for schema {id} of region {region}")]
    SchemaAway {
        /// Its id.
        id: u32,
        /// The region.
        region: String,
        /// Why.
        source: schemas::registry::client::Error,
    },
    /// A schema that the registry gave is not one.
    #[error("schema {id} of the registry")]
    Schema {
        /// Its id.
        id: u32,
        /// Why.
        source: schemas::InvalidSchema,
    },
    /// A thread, socket or file.
    #[error("{attempt}")]
    System {
        /// What was attempted.
        attempt: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// HTTP cannot be served.
    #[error(transparent)]
    Http(#[from] runtime::http::Error),
    /// A metric is registered twice, which is a mistake in this program.
    #[error("register metrics")]
    Metrics(#[from] runtime::metrics::Error),
}

impl Error {
    /// The region alone that it is about: of the one `at` hand, unless the error names its own. `None` for what concerns all.
    pub(crate) fn region(&self, at: Option<&str>, of_topic: impl Fn(&str) -> Option<String>) -> Option<String> {
        match self {
            Self::Claim { region, source } => source.is_about_the_object().then(|| region.clone()),
            Self::RegionMissing(region) | Self::Panicked { region } | Self::SchemaAway { region, .. } => {
                Some(region.clone())
            }
            Self::Kafka(error) => error.topic().and_then(of_topic),
            Self::Database { source, .. } => at.filter(|_| source.is_about_the_object()).map(str::to_owned),
            Self::Refused { .. } | Self::Unclaimed { .. } | Self::Undecodable { .. } | Self::Schema { .. } => {
                at.map(str::to_owned)
            }
            _ => None,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::failed(error)
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
