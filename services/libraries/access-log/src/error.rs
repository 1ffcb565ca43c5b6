//! Why something was not written, read or proven. No text holds a value of an entry.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use settings::Fault;

use crate::field::{Region, Unfit};
use crate::limits::QUEUE_MAX;

/// Why. Whoever wanted to answer a request must not, whichever it is.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A value may not stand in an entry.
    #[error("the access log's {field}")]
    Unfit {
        /// Which field.
        field: &'static str,
        /// Why.
        source: Unfit,
    },
    /// A file or folder: a full disk is one, too.
    #[error("{attempt} {}", path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Another process writes this log.
    #[error("another process writes the access log {}; a folder has one writer: wait until it has ended", .0.display())]
    Locked(PathBuf),
    /// The file that is written is no longer where it was.
    #[error(
        "{} is not the file that was written before: put the folder back, or start the service again when you know why",
        .0.display()
    )]
    Away(PathBuf),
    /// What is there cannot be gone on from.
    #[error("the access log {} cannot be gone on from: {what}; `access-log verify` names the place", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// So many entries wait already.
    #[error("{} entries wait for the access log's disk; try again", QUEUE_MAX)]
    Busy,
    /// The disk does not answer. The entry may be written yet.
    #[error(
        "the access log's disk has not answered for {seconds} s; the entry may be written yet, the answer must not be given"
    )]
    Slow {
        /// How long.
        seconds: u64,
    },
    /// The thread that writes has ended.
    #[error("the access log's writer has ended; start the service again")]
    Stopped,
    /// The configuration names a key that is not there.
    #[error("the access log's key")]
    Key(#[source] Arc<Fault>),
    /// There is no such log.
    #[error("{} has no log of region {region}", folder.display())]
    NoRegion {
        /// The folder.
        folder: PathBuf,
        /// The region.
        region: Region,
    },
    /// A region's log is not what was written, or holds lines that are no entries.
    #[error("the log {} is not what was written: {what}", place.display())]
    Wrong {
        /// The region's folder.
        place: PathBuf,
        /// What is wrong first, and where.
        what: String,
    },
    /// Entries that may not be removed, or not yet.
    #[error("nothing is removed: {0}")]
    Kept(&'static str),
}

impl Error {
    /// What a failed attempt on this path is.
    pub(crate) fn file(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { attempt, path, source: Arc::new(source) }
    }
}
