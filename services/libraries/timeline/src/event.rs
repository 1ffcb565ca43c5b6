//! What the timeline needs to know of one Encounter event.

use schemas::{BedKind, CareType, Encounter, MovementAction, PatientClass, Place, Sha256, TechnicalBeds, Timestamp};

/// Content hash and ordinal: equal content is the same message, whatever its control id.
pub type EventId = (Sha256, i32);

/// An episode of care: a visit number within its source system.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpisodeKey {
    /// HSA-id of the source system.
    pub source_system: Box<str>,
    /// PV1-19.1
    pub episode: Box<str>,
}

/// One event of an episode, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Equal ids are the same event.
    pub id: EventId,
    /// What kind of event.
    pub trigger: Trigger,
    /// When it happened; cancellations: when the cancelled event happened.
    pub occurred_at: Timestamp,
    /// The source gave `occurred_at` itself (ZBE-2 or EVN-6).
    pub occurred_given: bool,
    /// First and last moment that the written time can mean, where it is coarser than a second or happens twice.
    pub occurred_between: Option<Box<(Timestamp, Timestamp)>>,
    /// EVN-2.
    pub recorded_at: Option<Timestamp>,
    /// MSH-7.
    pub sent_at: Option<Timestamp>,
    /// MSH-13.
    pub sequence: Option<i64>,
    /// When the platform received it, and its offset in the source topic: the last that tells two events apart.
    pub received: (Timestamp, i64),
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
    /// Who gave the visit number.
    pub issuer: Option<Issuer>,
    /// MRG-5; of NUMBERED and PART-OF what the episode belongs to.
    pub prior_episode: Option<Box<str>>,
    /// MRG-5.4
    pub prior_authority: Option<Box<str>>,
    /// PV1-3
    pub place: Option<Location>,
    /// PV1-6
    pub prior_place: Option<Location>,
    /// ZBE-1 and ZBE-4.
    pub movement: Option<(Box<str>, MovementAction)>,
    /// What a stay that this event starts is like.
    pub details: Details,
}

/// Who gave a visit number, as far as the source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer {
    /// PV1-19.4: the same number of another authority is another visit.
    Authority(Box<str>),
    /// MSH-4, where PV1-19 names no authority: a hint only, for a visit may be told of from several facilities.
    Facility(Box<str>),
}

/// Where a patient is, to the bed. [`Location::is`] says whether two are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// PV1-3.1
    pub unit: Box<str>,
    /// PV1-3.2
    pub room: Option<Box<str>>,
    /// PV1-3.3
    pub bed: Option<Box<str>>,
    /// PV1-3.4, where two hospitals share codes.
    pub facility: Option<Box<str>>,
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
    /// It is a technical bed, and the region leaves those out of its figures.
    pub left_out: bool,
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
    /// A52
    CancelLeaveStart,
    /// A53
    CancelLeaveEnd,
    /// A18, A30, A34, A36, A40, A47
    MergePerson,
    /// REKEYED: two pseudonyms of one identifier, by two keys of the region.
    Rekeyed,
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
    /// A08: moves nobody; naming another place is noticed.
    Update,
    /// Everything else: recorded, without effect on place.
    Other,
}

impl Trigger {
    /// From `A01` to `A50`, and the three words for what HL7 v2 has no trigger for; unknown triggers are [`Trigger::Other`].
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "A01" => Self::Admit,
            "A02" => Self::Transfer,
            "A03" => Self::Discharge,
            "A04" => Self::Register,
            "A06" | "A07" => Self::ClassChange,
            "A08" => Self::Update,
            "A11" => Self::CancelAdmit,
            "A12" => Self::CancelTransfer,
            "A13" => Self::CancelDischarge,
            "A17" => Self::Swap,
            "A21" => Self::LeaveStart,
            "A22" => Self::LeaveEnd,
            "A23" => Self::DeleteVisit,
            "A29" => Self::DeletePerson,
            "A52" => Self::CancelLeaveStart,
            "A53" => Self::CancelLeaveEnd,
            "A18" | "A30" | "A34" | "A36" | "A40" | "A47" => Self::MergePerson,
            Encounter::REKEYED => Self::Rekeyed,
            "A42" | "A45" | "A50" => Self::MoveVisit,
            "NUMBERED" => Self::Number,
            "PART-OF" => Self::PartOf,
            _ => Self::Other,
        }
    }

    /// The codes of those that hold whenever they are said: which persons and visits are one, which are void, what is a part of
    /// what. Their time is when somebody noticed.
    pub const TIMELESS: [&str; 13] =
        ["A18", "A23", "A29", "A30", "A34", "A36", "A40", "A42", "A45", "A47", "A50", "NUMBERED", "PART-OF"];

    /// Whether it can change where anybody is.
    #[must_use]
    pub const fn has_effect(self) -> bool {
        !matches!(self, Self::Rekeyed | Self::Update | Self::Other)
    }

    /// Whether it puts a patient in a place, if it names one.
    pub(crate) const fn places(self) -> bool {
        matches!(self, Self::Admit | Self::Register | Self::Transfer | Self::ClassChange | Self::Swap | Self::LeaveEnd)
    }
}

impl Location {
    /// From a common event's place.
    #[must_use]
    pub fn new(place: &Place<'_>) -> Self {
        Self {
            unit: place.unit.into(),
            room: place.room.map(Into::into),
            bed: place.bed.map(Into::into),
            facility: place.facility.map(Into::into),
        }
    }

    /// Whether both are the same bed. A facility that one of them leaves out is no difference.
    #[must_use]
    pub fn is(&self, other: &Location) -> bool {
        self.same_unit(other) && self.room == other.room && self.bed == other.bed
    }

    /// Whether `other` may be the place that this names less precisely: `AVD5` takes in every bed of AVD5.
    pub(crate) fn takes_in(&self, other: &Location) -> bool {
        let open = |mine: &Option<Box<str>>, theirs: &Option<Box<str>>| mine.is_none() || mine == theirs;
        self.same_unit(other) && open(&self.room, &other.room) && open(&self.bed, &other.bed)
    }

    fn same_unit(&self, other: &Location) -> bool {
        let facilities = self.facility.as_ref().zip(other.facility.as_ref());
        self.unit == other.unit && facilities.is_none_or(|(mine, theirs)| mine == theirs)
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

    /// The pseudonym, and the one that the same identifier has by an earlier key.
    pub(crate) fn rekeyed(&self) -> Option<(&str, &str)> {
        let former = self.prior_subjects.first().filter(|_| self.trigger == Trigger::Rekeyed)?;
        Some((self.subject.as_deref()?, former))
    }

    /// First and last moment that its time can mean.
    pub(crate) fn between(&self) -> (Timestamp, Timestamp) {
        self.occurred_between.as_deref().copied().unwrap_or((self.occurred_at, self.occurred_at))
    }

    /// PV1-19.4.
    pub(crate) fn authority(&self) -> Option<&str> {
        match &self.issuer {
            Some(Issuer::Authority(authority)) => Some(authority),
            _ => None,
        }
    }

    /// MSH-4 of an event whose visit number names no authority.
    pub(crate) fn facility(&self) -> Option<&str> {
        match &self.issuer {
            Some(Issuer::Facility(facility)) => Some(facility),
            _ => None,
        }
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
            occurred_between: encounter
                .occurred_earliest
                .zip(encounter.occurred_latest)
                .map(|(earliest, latest)| Box::new((earliest, latest))),
            recorded_at: envelope.recorded_at,
            sent_at: encounter.sent_at,
            sequence: encounter.sequence,
            received: (envelope.ingested_at, envelope.origin.offset),
            source_system: envelope.source_system.into(),
            subject: envelope.subject_token.map(Into::into),
            subject_aliases: boxed(&envelope.subject_aliases),
            prior_subjects: boxed(&encounter.prior_subject_tokens),
            episode: encounter.episode_id.map(Into::into),
            issuer: encounter.episode_id.and_then(|_| {
                match (encounter.episode_authority, encounter.sending_facility) {
                    (Some(authority), _) => Some(Issuer::Authority(authority.into())),
                    (None, facility) => facility.map(|facility| Issuer::Facility(facility.into())),
                }
            }),
            prior_episode: encounter.prior_episode_id.map(Into::into),
            prior_authority: encounter.prior_episode_authority.map(Into::into),
            place: encounter.place.as_ref().map(Location::new),
            prior_place: encounter.prior_place.as_ref().map(Location::new),
            movement: encounter.movement_id.zip(encounter.movement_action).map(|(id, action)| (id.into(), action)),
            details: Details {
                patient_class: encounter.patient_class,
                hospital_code: encounter.hospital_code.map(Into::into),
                care_type: encounter.care_type,
                responsible_unit: encounter.responsible_unit.map(Into::into),
                bed_kind: encounter.bed_kind,
                left_out: encounter.bed_kind == BedKind::Teknisk
                    && TechnicalBeds::said_by(envelope) == Some(TechnicalBeds::LeftOut),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trigger;

    #[test]
    fn the_codes_of_what_has_no_time_are_those_of_its_triggers() {
        let is_timeless = |trigger| match trigger {
            Trigger::MergePerson
            | Trigger::MoveVisit
            | Trigger::Number
            | Trigger::PartOf
            | Trigger::DeleteVisit
            | Trigger::DeletePerson => true,
            Trigger::Admit
            | Trigger::Register
            | Trigger::Transfer
            | Trigger::Discharge
            | Trigger::ClassChange
            | Trigger::Swap
            | Trigger::LeaveStart
            | Trigger::LeaveEnd
            | Trigger::CancelAdmit
            | Trigger::CancelTransfer
            | Trigger::CancelDischarge
            | Trigger::CancelLeaveStart
            | Trigger::CancelLeaveEnd
            // Whoever reads events of a time asks for these by themselves.
            | Trigger::Rekeyed
            | Trigger::Update
            | Trigger::Other => false,
        };
        let numbered = (0..100).map(|number| format!("A{number:02}"));
        for code in numbered.chain(["NUMBERED".to_owned(), "PART-OF".to_owned()]) {
            let listed = Trigger::TIMELESS.contains(&code.as_str());
            assert_eq!(listed, is_timeless(Trigger::from_code(&code)), "{code}");
        }
    }
}
