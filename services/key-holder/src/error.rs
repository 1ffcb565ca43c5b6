//! What keeps the key holder from its work. No text holds a key, a point or anything of a person.

use std::io;
use std::path::{Path, PathBuf};

use runtime::config;
use runtime::exit::Failure;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A secret, or a public key, cannot be used.
    #[error("the configuration cannot be used")]
    Config(#[from] config::Fault),
    /// A file or folder.
    #[error("{attempt} {}", path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier write failed and could not be taken back.
    #[error("{} may end in half a line: start again when the disk is mended", .0.display())]
    Torn(PathBuf),
    /// The ledger is not what was written.
    #[error("the permit ledger cannot be gone on from")]
    Ledger(#[from] permit::Broken),
    /// What was spent cannot be read.
    #[error("line {line} of {} is none of ours", path.display())]
    Spent {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The permit was evaluated before, and its share is gone: another one would link nobody to those before.
    #[error("the share of permit {0} is gone: put it back from where it was copied to, or end the permit")]
    ShareGone(linkage::PermitId),
    /// The share is not what was written.
    #[error("{} is no share of a key", .0.display())]
    NotAShare(PathBuf),
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] linkage::NoRandom),
    /// An entry is not known to be durable.
    #[error("enter it in the access log")]
    AccessLog(#[from] access_log::Error),
    /// The answer cannot be sealed.
    #[error("seal the answer to the hub")]
    Seal(#[from] age::EncryptError),
    /// The port, or its metrics.
    #[error(transparent)]
    Http(#[from] runtime::http::Error),
    /// A metric is registered twice.
    #[error("register metrics")]
    Metrics(#[from] runtime::metrics::Error),
}

impl Error {
    pub(crate) fn file(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { attempt, path, source }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Config(_) => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}
