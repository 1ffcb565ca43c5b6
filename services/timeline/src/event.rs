//! What the timeline needs to know of one Encounter event.

use schemas::{BedKind, CareType, Encounter, MovementAction, PatientClass, Place, Sha256, Timestamp};

use crate::EpisodeKey;

/// Content hash and ordinal: equal content is the same message, whatever its control id.
pub type EventId = (Sha256, i32);

/// One event of an episode, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Equal ids are the same event.
    pub id: EventId,
    /// What kind of event.
    pub trigger: Trigger,
    /// When it happened; cancellations: when the cancelled event happened.
    pub occurred_at: Timestamp,
    /// The source gave `occurred_at` itself (EVN-6).
    pub occurred_given: bool,
    /// EVN-2.
    pub recorded_at: Option<Timestamp>,
    /// MSH-7.
    pub sent_at: Option<Timestamp>,
    /// HSA-id of the source system: visit numbers are unique within it only.
    pub source_system: Box<str>,
    /// Pseudonym of the person.
    pub subject: Option<Box<str>>,
    /// Pseudonyms of the same person's other identifiers.
    pub subject_aliases: Vec<Box<str>>,
    /// MRG-1: pseudonyms that are now `subject`.
    pub prior_subjects: Vec<Box<str>>,
    /// PV1-19.1
    pub episode: Option<Box<str>>,
    /// MRG-5; of NUMBERED and PART-OF what the episode belongs to.
    pub prior_episode: Option<Box<str>>,
    /// PV1-3
    pub place: Option<Location>,
    /// PV1-6
    pub prior_place: Option<Location>,
    /// ZBE-1 and ZBE-4.
    pub movement: Option<(Box<str>, MovementAction)>,
    /// What a stay that this event starts is like.
    pub details: Details,
}

/// Where a patient is, to the bed. Two locations are the same when unit, room and bed are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// PV1-3.1
    pub unit: Box<str>,
    /// PV1-3.2
    pub room: Option<Box<str>>,
    /// PV1-3.3
    pub bed: Option<Box<str>>,
}

/// What is said of a stay beside its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// PV1-2 normalised.
    pub patient_class: PatientClass,
    /// Sjukhuskod.
    pub hospital_code: Option<Box<str>>,
    /// Somatic or psychiatric.
    pub care_type: CareType,
    /// Unit with the medical responsibility.
    pub responsible_unit: Option<Box<str>>,
    /// Kind of bed.
    pub bed_kind: BedKind,
}

/// HL7 trigger events, by what they do to a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// A01
    Admit,
    /// A04
    Register,
    /// A02
    Transfer,
    /// A03
    Discharge,
    /// A06, A07
    ClassChange,
    /// A17
    Swap,
    /// A21
    LeaveStart,
    /// A22
    LeaveEnd,
    /// A11
    CancelAdmit,
    /// A12
    CancelTransfer,
    /// A13
    CancelDischarge,
    /// A18, A30, A34, A36, A40, A47
    MergePerson,
    /// A42, A45, A50
    MoveVisit,
    /// NUMBERED: the episode is one of the contacts that bear the visit number in `prior_episode`.
    Number,
    /// PART-OF: the episode is a part of the one in `prior_episode`.
    PartOf,
    /// A23
    DeleteVisit,
    /// A29
    DeletePerson,
    /// Everything else: recorded, without effect on place.
    Other,
}

impl Trigger {
    /// From `A01` to `A50`, and the two words for what HL7 v2 has no trigger for; unknown triggers are [`Trigger::Other`].
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "A01" => Self::Admit,
            "A02" => Self::Transfer,
            "A03" => Self::Discharge,
            "A04" => Self::Register,
            "A06" | "A07" => Self::ClassChange,
            "A11" => Self::CancelAdmit,
            "A12" => Self::CancelTransfer,
            "A13" => Self::CancelDischarge,
            "A17" => Self::Swap,
            "A21" => Self::LeaveStart,
            "A22" => Self::LeaveEnd,
            "A23" => Self::DeleteVisit,
            "A29" => Self::DeletePerson,
            "A18" | "A30" | "A34" | "A36" | "A40" | "A47" => Self::MergePerson,
            "A42" | "A45" | "A50" => Self::MoveVisit,
            "NUMBERED" => Self::Number,
            "PART-OF" => Self::PartOf,
            _ => Self::Other,
        }
    }
}

impl Location {
    /// From a common event's place.
    #[must_use]
    pub fn new(place: &Place<'_>) -> Self {
        Self { unit: place.unit.into(), room: place.room.map(Into::into), bed: place.bed.map(Into::into) }
    }
}

impl Event {
    /// The episode that this event names, before visit moves.
    #[must_use]
    pub fn episode_key(&self) -> Option<EpisodeKey> {
        self.episode.as_ref().map(|episode| self.key_of(episode))
    }

    /// The visit that a move names as the former one.
    #[must_use]
    pub fn prior_episode_key(&self) -> Option<EpisodeKey> {
        self.prior_episode.as_ref().map(|episode| self.key_of(episode))
    }

    fn key_of(&self, episode: &str) -> EpisodeKey {
        EpisodeKey { source_system: self.source_system.clone(), episode: episode.into() }
    }
}

impl From<&Encounter<'_>> for Event {
    fn from(encounter: &Encounter<'_>) -> Self {
        let envelope = &encounter.envelope;
        let boxed = |tokens: &[&str]| tokens.iter().map(|token| Box::from(*token)).collect();
        Self {
            id: (encounter.content_hash, envelope.origin.ordinal),
            trigger: Trigger::from_code(encounter.trigger),
            occurred_at: envelope.occurred_at,
            occurred_given: encounter.occurred_given,
            recorded_at: envelope.recorded_at,
            sent_at: encounter.sent_at,
            source_system: envelope.source_system.into(),
            subject: envelope.subject_token.map(Into::into),
            subject_aliases: boxed(&envelope.subject_aliases),
            prior_subjects: boxed(&encounter.prior_subject_tokens),
            episode: encounter.episode_id.map(Into::into),
            prior_episode: encounter.prior_episode_id.map(Into::into),
            place: encounter.place.as_ref().map(Location::new),
            prior_place: encounter.prior_place.as_ref().map(Location::new),
            movement: encounter.movement_id.zip(encounter.movement_action).map(|(id, action)| (id.into(), action)),
            details: Details {
                patient_class: encounter.patient_class,
                hospital_code: encounter.hospital_code.map(Into::into),
                care_type: encounter.care_type,
                responsible_unit: encounter.responsible_unit.map(Into::into),
                bed_kind: encounter.bed_kind,
            },
        }
    }
}
