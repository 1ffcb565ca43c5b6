//! What comes out: stays.

use schemas::Timestamp;

use crate::{Details, EpisodeKey, Location};

/// A patient in one place from one time to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The episode that the stay belongs to, after visit moves; of a part the outermost one around it.
    pub episode: EpisodeKey,
    /// The person, after merges; `None` when no event of the episode names one.
    pub subject: Option<Box<str>>,
    /// Where.
    pub place: Location,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` while the patient is there.
    pub to: Option<Timestamp>,
    /// The patient is admitted (inskriven); otherwise an arrival of an outpatient or emergency episode.
    pub admitted: bool,
    /// The bed is kept for a patient on leave (A21 without A22).
    pub on_leave: bool,
    /// What the events said of the stay beside its place.
    pub details: Details,
}

impl Stay {
    /// Whether the patient is there at `instant`.
    #[must_use]
    pub fn covers(&self, instant: Timestamp) -> bool {
        self.from <= instant && self.to.is_none_or(|to| instant < to)
    }
}
