//! What comes out: stays and findings.

use schemas::Timestamp;

use crate::{Details, EventId, Location};

/// An episode of care: a visit number within its source system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpisodeKey {
    /// HSA-id of the source system.
    pub source_system: Box<str>,
    /// PV1-19.1
    pub episode: Box<str>,
}

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

/// Something that a rule set aside, or noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Finding {
    /// The event.
    pub event: EventId,
    /// The rule.
    pub rule: FindingRule,
}

/// The rules of a timeline that leave a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingRule {
    /// A discharge or cancellation names no episode and none, or several, fit.
    EpisodeUnresolved,
    /// A cancellation found nothing to cancel (yet).
    CancellationUnmatched,
    /// A cancellation without EVN-6 fits several events.
    CancellationAmbiguous,
    /// A placement after the discharge, other than an admission.
    PlacementAfterDischarge,
    /// A move's prior place is not where the patient was.
    PriorPlaceDiffers,
    /// A discharge that a later one replaces.
    DischargeSuperseded,
    /// A discharge from another place than the current.
    DischargePlaceDiffers,
    /// A visit move that would close a circle.
    MoveCircular,
    /// An episode that would be a part of itself.
    NestingCircular,
    /// An episode of one person that is said to be a part of another person's.
    NestingPersonDiffers,
    /// More levels of parts than are followed.
    NestingTooDeep,
}

impl FindingRule {
    /// The rule's code, as shown to users.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EpisodeUnresolved => "episode-unresolved",
            Self::CancellationUnmatched => "cancellation-unmatched",
            Self::CancellationAmbiguous => "cancellation-ambiguous",
            Self::PlacementAfterDischarge => "placement-after-discharge",
            Self::PriorPlaceDiffers => "prior-place-differs",
            Self::DischargeSuperseded => "discharge-superseded",
            Self::DischargePlaceDiffers => "discharge-place-differs",
            Self::MoveCircular => "move-circular",
            Self::NestingCircular => "nesting-circular",
            Self::NestingPersonDiffers => "nesting-person-differs",
            Self::NestingTooDeep => "nesting-too-deep",
        }
    }
}
