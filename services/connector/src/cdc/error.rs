//! Why a database is not followed right now, and what follows from it.

use std::io;
use std::path::PathBuf;

use replication::pgoutput;
use runtime::config;

use super::{catalogue, state};
use crate::files::Interrupted;
use crate::follow::{Mend, Remedy};

/// Why a database is not followed right now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database cannot be talked to.
    #[error(transparent)]
    Wire(#[from] replication::Error),
    /// It answered a question with nothing.
    #[error("PostgreSQL does not say {0}")]
    Silent(&'static str),
    /// It is not set up to be followed.
    #[error("follow the database: {0}")]
    Catalogue(#[from] catalogue::Fault),
    /// The slot is not what it was left as.
    #[error("follow the database: {0}")]
    Lost(#[from] state::Lost),
    /// How far the snapshot is cannot be kept or read.
    #[error("keep the state of the slot in {}", path.display())]
    State { path: PathBuf, source: io::Error },
    /// The stream holds something that we do not know.
    #[error(transparent)]
    Stream(#[from] pgoutput::Error),
    /// A table was changed so that its rows do not say which rows they are.
    #[error("follow {table}: its rows no longer have the column {column}")]
    Shape { table: String, column: String },
    /// The address is no longer what was checked at the start.
    #[error("read where the database is")]
    Address(#[from] config::Fault),
    /// Sending again goes on where it was.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Mend for Error {
    fn remedy(&self) -> Remedy {
        match self {
            // A missing right or a wrong password does not go away by itself.
            Self::Wire(replication::Error::Refused { code, .. })
                if code.starts_with("28") || code.starts_with("42") || code.starts_with("3D") =>
            {
                Remedy::Operator
            }
            Self::Wire(replication::Error::Unencrypted { .. } | replication::Error::Authentication(_)) => {
                Remedy::Operator
            }
            Self::Wire(_) | Self::Silent(_) => Remedy::Wait,
            Self::Catalogue(_)
            | Self::Lost(_)
            | Self::State { .. }
            | Self::Stream(_)
            | Self::Shape { .. }
            | Self::Address(_) => Remedy::Operator,
            Self::Interrupted(interrupted) => (*interrupted).into(),
        }
    }
}
