//! Why a FHIR server is not read right now, and what follows from it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ::fhir::Type;
use runtime::config;

use super::failing::TRIES_MAX;
use crate::files::Interrupted;
use crate::follow::{Mend, Remedy};

/// Why a FHIR server is not read right now. Says what was asked for and how it was answered, never with what.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No connection, or none that lasted until the answer.
    #[error("talk to the FHIR server at {place}")]
    Connection { place: String, source: io::Error },
    #[error("the FHIR server at {place} has not answered {what} within {}s", waited.as_secs())]
    Slow { place: String, what: String, waited: Duration },
    /// It has no time for us.
    #[error("the FHIR server answered {what} with {status}: it asks to wait")]
    Busy {
        what: String,
        status: u16,
        /// For how long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    #[error("the FHIR server answered {what} with {status}{}", said(issues))]
    Failed {
        what: String,
        status: u16,
        /// Codes of its OperationOutcome.
        issues: String,
    },
    /// It does not know us.
    #[error("the FHIR server answered {what} with {status}{}; see `token` and what its user may read", said(issues))]
    Unauthorised {
        what: String,
        status: u16,
        /// Codes of its OperationOutcome.
        issues: String,
    },
    /// It does not do what was asked for.
    #[error("the FHIR server refused {what} with {status}{}; see `base` and `types`", said(issues))]
    Refused {
        what: String,
        status: u16,
        /// Codes of its OperationOutcome.
        issues: String,
    },
    /// The answer is too long.
    #[error("the answer to {what} is longer than {bytes_max} bytes; lower `page` or raise `page_size`")]
    Oversized { what: String, bytes_max: u64 },
    /// The answer is no searchset.
    #[error("the answer to {what} is no FHIR R4 searchset in JSON; see `base`")]
    NotUnderstood { what: String },
    /// The next page is somewhere else, and nothing but it leads on.
    #[error(
        "the next page of {kind} is not on {place}, and is not asked for; the server's own base address must be `base`"
    )]
    Elsewhere {
        kind: Type,
        /// Host and port that were configured.
        place: String,
    },
    /// The pages have no end.
    #[error(
        "search-circle: the FHIR server's pages of {kind} lead back to themselves, and what is behind them is not read; have its \
         operator look at the links to the next page"
    )]
    Circle { kind: Type },
    /// The pages end, and there is more that cannot be asked for by time.
    #[error(
        "search-cut-short: the FHIR server gave {count} of {} resources of {kind}, names no next page, and their time does \
         not lead on; raise `page` (1000 at most) and what it gives at once, or send them once with `connector fhir`",
        total.map_or_else(|| "more".to_owned(), |total| total.to_string())
    )]
    CutShort {
        kind: Type,
        count: u64,
        /// How many there are, if the server says so.
        total: Option<u64>,
    },
    /// The pages of a history have no end.
    #[error(
        "history-circle: the FHIR server's pages of the history of {kind} repeat themselves after {count} changes: earlier \
         deletions are missing; raise `page` (1000 at most) and what it gives at once, or poll more often"
    )]
    HistoryCircle {
        kind: Type,
        /// How many came, with what was repeated.
        count: u64,
    },
    /// The history ends, and there is more of it.
    #[error(
        "history-cut-short: the FHIR server gave {count} of {total} changes of {kind} in its history and names no next page: \
         deletions are missing; raise `page` (1000 at most) and what it gives at once, or poll more often"
    )]
    HistoryCutShort { kind: Type, count: u64, total: u64 },
    /// More resources without a time than can be recognised.
    #[error(
        "timeless-too-many: {count} resources of {kind} without `meta.lastUpdated` are more than can be recognised, and go \
         again with every search; have the server write `meta.lastUpdated`, or leave {kind} out of `types`"
    )]
    TimelessTooMany { kind: Type, count: u64 },
    /// Resources wait for what goes with them.
    #[error(
        "context-failed: {count} of {kind} wait, for a resource that goes with them cannot be read; the others are sent, and \
         after {TRIES_MAX} tries they are without it"
    )]
    Waiting {
        kind: Type,
        count: u64,
        /// What was answered; nothing, where it was not asked for again.
        source: Option<Box<Error>>,
    },
    /// How far everything was sent cannot be kept or read.
    #[error("keep how far a FHIR server was read in {}", path.display())]
    State { path: PathBuf, source: io::Error },
    /// The configuration is no longer what was checked at the start.
    #[error("read where the FHIR server is")]
    Address(#[from] config::Fault),
    /// Sending again goes on where it was.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

fn said(issues: &str) -> String {
    if issues.is_empty() { String::new() } else { format!(" ({issues})") }
}

/// How much of a server an error says something of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only what was asked for: the rest goes on.
    Question,
    /// The whole: nothing else can be asked or sent either.
    Server,
}

/// The longest that a server's Retry-After is heeded.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

impl Mend for Error {
    fn remedy(&self) -> Remedy {
        match self {
            Self::Connection { .. }
            | Self::Slow { .. }
            | Self::Busy { .. }
            | Self::Failed { .. }
            | Self::Waiting { .. } => Remedy::Wait,
            Self::Unauthorised { .. }
            | Self::Refused { .. }
            | Self::Oversized { .. }
            | Self::NotUnderstood { .. }
            | Self::Elsewhere { .. }
            | Self::Circle { .. }
            | Self::CutShort { .. }
            | Self::HistoryCircle { .. }
            | Self::HistoryCutShort { .. }
            | Self::TimelessTooMany { .. }
            | Self::State { .. }
            | Self::Address(_) => Remedy::Operator,
            Self::Interrupted(interrupted) => (*interrupted).into(),
        }
    }
}

impl Error {
    /// For how long the server asks to be left alone.
    pub(crate) fn asked_pause(&self) -> Duration {
        match self {
            Self::Busy { retry_after, .. } => retry_after.unwrap_or_default().min(RETRY_AFTER_MAX),
            _ => Duration::ZERO,
        }
    }

    /// Whether what was asked for has been read all the same, as far as there is a way: to ask again at once brings nothing.
    pub(crate) fn comes_at_the_end(&self) -> bool {
        matches!(
            self,
            Self::Elsewhere { .. }
                | Self::Circle { .. }
                | Self::CutShort { .. }
                | Self::HistoryCircle { .. }
                | Self::HistoryCutShort { .. }
                | Self::TimelessTooMany { .. }
        )
    }

    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Connection { .. }
            | Self::Busy { .. }
            | Self::Unauthorised { .. }
            | Self::State { .. }
            | Self::Address(_)
            | Self::Interrupted(_) => Reach::Server,
            Self::Slow { .. }
            | Self::Failed { .. }
            | Self::Refused { .. }
            | Self::Oversized { .. }
            | Self::NotUnderstood { .. }
            | Self::Elsewhere { .. }
            | Self::Circle { .. }
            | Self::CutShort { .. }
            | Self::HistoryCircle { .. }
            | Self::HistoryCutShort { .. }
            | Self::TimelessTooMany { .. }
            | Self::Waiting { .. } => Reach::Question,
        }
    }
}
