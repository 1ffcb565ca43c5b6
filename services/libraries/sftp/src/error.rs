//! Why a server could not be used, and whether that goes away by itself.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a server could not be used. Names no file of the server: whoever asks for one knows its name, and whether it may
/// be shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens, or the name is unknown.
    #[error("connect to {place}")]
    Unreachable {
        /// Host and port.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// Silence.
    #[error("{place} has not answered for {seconds} s")]
    Silent {
        /// Host and port.
        place: String,
        /// How long we waited.
        seconds: u64,
    },
    /// Somebody else, or a server that was set up anew.
    #[error(
        "{place} shows the host key {found}, pinned is {pinned}; nothing was sent to it. Ask its operator which key is \
         right, and write that one as host_key"
    )]
    HostKey {
        /// Host and port.
        place: String,
        /// Fingerprint of the configured key.
        pinned: String,
        /// Fingerprint of the key that was shown.
        found: String,
    },
    /// No common algorithm; usually the server has no host key of the pinned type.
    #[error("agree with {place} on how to talk; does it have a host key of the type in host_key?")]
    Incompatible {
        /// Host and port.
        place: String,
        /// What is not common.
        source: Box<russh::Error>,
    },
    /// Our private key cannot be read.
    #[error("read the private key in {}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<russh::keys::Error>,
    },
    /// The server does not know the key or the user.
    #[error("{place} does not let {user} in with this key; ask its operator to add the public key to that user")]
    Refused {
        /// Host and port.
        place: String,
        /// The login.
        user: String,
    },
    /// A login without files.
    #[error("{place} offers no SFTP to this user; ask its operator")]
    NoSftp {
        /// Host and port.
        place: String,
    },
    /// The connection broke.
    #[error("talk to {place}")]
    Ssh {
        /// Host and port.
        place: String,
        /// Why.
        source: Box<russh::Error>,
    },
    /// The connection broke in the middle of an answer or a question.
    #[error("the connection to {place} broke")]
    Broken {
        /// Host and port.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// An answer that is none.
    #[error("{place} sent {what}")]
    Protocol {
        /// Host and port.
        place: String,
        /// What came.
        what: &'static str,
    },
    /// The server says no.
    #[error("{attempt}: {status}")]
    Status {
        /// What was attempted.
        attempt: &'static str,
        /// What it said.
        status: Status,
    },
    /// A file of ours, at the other end of a transfer.
    #[error("read or write the local file")]
    Local(#[source] io::Error),
}

/// What a server says of a request that it did not carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// No such file or folder.
    Missing,
    /// Not allowed.
    Denied,
    /// Anything else: a full disk, a name that is taken.
    Failure,
    /// Not offered.
    Unsupported,
    /// Another code of the protocol.
    Other(u32),
}

impl Status {
    pub(crate) const fn of(code: u32) -> Self {
        match code {
            2 => Self::Missing,
            3 => Self::Denied,
            4 => Self::Failure,
            8 => Self::Unsupported,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file or folder"),
            Self::Denied => f.write_str("the server does not allow it"),
            Self::Failure => f.write_str("the server could not (a name that is taken, or a full disk)"),
            Self::Unsupported => f.write_str("the server does not offer it"),
            Self::Other(code) => write!(f, "the server says no, with code {code}"),
        }
    }
}

impl Error {
    /// Whether somebody must do something; else it goes away by itself.
    #[must_use]
    pub const fn needs_operator(&self) -> bool {
        match self {
            Self::HostKey { .. }
            | Self::Incompatible { .. }
            | Self::Key { .. }
            | Self::Refused { .. }
            | Self::NoSftp { .. }
            | Self::Local(_) => true,
            Self::Status { status, .. } => !matches!(status, Status::Failure),
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Ssh { .. }
            | Self::Broken { .. }
            | Self::Protocol { .. } => false,
        }
    }

    /// Whether the server says that there is no such file or folder.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Status { status: Status::Missing, .. })
    }
}
