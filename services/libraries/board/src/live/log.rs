//! What a unit's page tells of declarations, corrections and findings. No person, no message id: times, kinds and counts.

use schemas::Timestamp;
use serde::{Serialize, Serializer};
use timeline::FindingRule;

/// One line of a unit's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// When the platform received it.
    #[serde(serialize_with = "crate::instant::instant")]
    pub received: Timestamp,
    /// The time it is about.
    #[serde(serialize_with = "crate::instant::instant")]
    pub valid: Timestamp,
    /// What it is.
    pub kind: LogKind,
    /// Belagda, or disponibla for a declaration, before it.
    pub before: Option<i64>,
    /// And after it.
    pub after: Option<i64>,
    /// What the timeline found, for [`LogKind::Found`].
    #[serde(serialize_with = "code")]
    pub rule: Option<FindingRule>,
    /// How many times on that day.
    pub findings: Option<u32>,
}

fn code<S: Serializer>(rule: &Option<FindingRule>, serializer: S) -> Result<S::Ok, S::Error> {
    rule.map(FindingRule::code).serialize(serializer)
}

/// Kinds of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// A new declaration of beds.
    Declared,
    /// An earlier event did not happen.
    Cancelled,
    /// An earlier event happened otherwise.
    Replaced,
    /// An event much older than its arrival.
    Late,
    /// The timeline set aside, guessed or noticed something.
    Found,
}

impl LogKind {
    /// Whether figures that were shown before have been corrected.
    pub(crate) const fn corrects(self) -> bool {
        matches!(self, Self::Cancelled | Self::Replaced)
    }
}
