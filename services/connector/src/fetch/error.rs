//! Why a server's files are not fetched right now.

use std::io;
use std::path::PathBuf;

use crate::follow::{Mend, Remedy};

/// Why a server's files are not fetched right now. Names no file of the server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The server is away, or says no.
    #[error(transparent)]
    Server(#[from] sftp::Error),
    /// Our folder for files on their way.
    #[error("keep a file that is fetched in {}", path.display())]
    Spool { path: PathBuf, source: io::Error },
    /// Which files have been sent.
    #[error("keep which files have been sent in {}", path.display())]
    Memory { path: PathBuf, source: io::Error },
}

impl Mend for Error {
    fn remedy(&self) -> Remedy {
        match self {
            Self::Server(error) if !error.needs_operator() => Remedy::Wait,
            Self::Server(_) | Self::Spool { .. } | Self::Memory { .. } => Remedy::Operator,
        }
    }
}
