//! Something that happened to an episode of care.

use serde::{Deserialize, Serialize};

use crate::{CareType, Described, Envelope, Index, Kind, Node, Record, Sha256, Timestamp};

/// Admission, transfer, discharge, leave, cancellation or merge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Encounter<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// HL7 trigger event, `A01` to `A50`; `NUMBERED` and `PART-OF` of contacts that hang on others, for which HL7 v2 has none.
    pub trigger: &'a str,
    /// MSH-7.
    pub sent_at: Option<Timestamp>,
    /// SHA-256 of the message's content, see [`crate::event_id`].
    pub content_hash: Sha256,
    /// The source gave the event time itself (ZBE-2 or EVN-6).
    pub occurred_given: bool,
    /// PV1-19.1, the source's visit number.
    pub episode_id: Option<&'a str>,
    /// ZBE-1.
    pub movement_id: Option<&'a str>,
    /// ZBE-4.
    pub movement_action: Option<MovementAction>,
    /// PV1-2 verbatim.
    pub patient_class_code: Option<&'a str>,
    /// PV1-2 normalised.
    pub patient_class: PatientClass,
    /// PV1-3: where the patient is.
    #[serde(borrow)]
    pub place: Option<Place<'a>>,
    /// PV1-6: where the patient was.
    #[serde(borrow)]
    pub prior_place: Option<Place<'a>>,
    /// HSA-id of the unit, from the region's unit directory.
    pub unit_hsa_id: Option<&'a str>,
    /// Name of the unit.
    pub unit_name: Option<&'a str>,
    /// Sjukhuskod.
    pub hospital_code: Option<&'a str>,
    /// Name of the hospital.
    pub hospital_name: Option<&'a str>,
    /// Medicinskt verksamhetsområde, three digits.
    pub mvo: Option<&'a str>,
    /// Somatic and psychiatric care are counted apart.
    pub care_type: CareType,
    /// Unit code with the medical responsibility; differs from the place's unit for a utlokaliserad patient.
    pub responsible_unit: Option<&'a str>,
    /// `EJ_DISPONIBEL` makes the stay an överbeläggning.
    pub bed_kind: BedKind,
    /// PV1-14.
    pub admit_source: Option<&'a str>,
    /// PV1-36.
    pub discharge_disposition: Option<&'a str>,
    /// PV1-44; does not order events.
    pub admitted_at: Option<Timestamp>,
    /// PV1-45; does not order events.
    pub discharged_at: Option<Timestamp>,
    /// MRG-1: pseudonyms that are now `subject_token`.
    #[serde(borrow)]
    pub prior_subject_tokens: Vec<&'a str>,
    /// MRG-5: the visit that is now `episode_id`. Of `NUMBERED` and `PART-OF` what `episode_id` is a part of.
    pub prior_episode_id: Option<&'a str>,
    /// PV1-19.4: who gave the visit number. The same number of two authorities is two visits.
    #[serde(default)]
    pub episode_authority: Option<&'a str>,
    /// MRG-5.4: who gave the former visit number.
    #[serde(default)]
    pub prior_episode_authority: Option<&'a str>,
    /// MSH-4: tells two hospitals on one feed apart where PV1-19 names no authority.
    #[serde(default)]
    pub sending_facility: Option<&'a str>,
    /// MSH-13: the source's own order of its messages.
    #[serde(default)]
    pub sequence: Option<i64>,
    /// First moment that the written time can mean, where it is coarser than a second or happens twice; else `None`.
    #[serde(default)]
    pub occurred_earliest: Option<Timestamp>,
    /// Last moment that the written time can mean; `None` together with `occurred_earliest`.
    #[serde(default)]
    pub occurred_latest: Option<Timestamp>,
}

impl Encounter<'_> {
    /// Trigger of an event that says that `subject_token` is the one pseudonym in `prior_subject_tokens`, of the same identifier,
    /// by a later key of the region. It tells of no visit, and its time is none: the beginning of 1970.
    pub const REKEYED: &'static str = "REKEYED";
}

impl Record for Encounter<'_> {
    const KIND: Kind = Kind::Encounter;
    const VERSIONS: &'static [&'static str] =
        &[include_str!("../avro/Encounter/v1.avsc"), include_str!("../avro/Encounter/v2.avsc")];
}

impl<'a> Described<'a> for Encounter<'a> {
    fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    fn envelope_mut(&mut self) -> &mut Envelope<'a> {
        &mut self.envelope
    }

    fn forget_residence(&mut self) {}

    fn other_tokens_mut(&mut self) -> &mut [&'a str] {
        &mut self.prior_subject_tokens
    }

    fn key(&self) -> Option<&'a str> {
        // An episode whose patient is not known stays together by its visit number.
        self.envelope.subject_token.or(self.episode_id)
    }

    fn index(&self) -> Index<'a> {
        Index {
            trigger: Some(self.trigger),
            episode: self.episode_id,
            unit: self.place.map(|place| place.unit),
            ..Index::default()
        }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        let others = self.envelope.subject_aliases.iter().chain(&self.prior_subject_tokens).copied();
        let episodes = self.episode_id.into_iter().chain(self.prior_episode_id);
        let person = self.envelope.subject_token.into_iter().map(Node::Person);
        person.chain(episodes.map(Node::Episode)).chain(others.map(Node::Person))
    }
}

/// A location, codes verbatim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place<'a> {
    /// PV1-3.1, point of care.
    pub unit: &'a str,
    /// PV1-3.2
    pub room: Option<&'a str>,
    /// PV1-3.3
    pub bed: Option<&'a str>,
    /// PV1-3.4
    pub facility: Option<&'a str>,
    /// PV1-3.7
    pub building: Option<&'a str>,
    /// PV1-3.8
    pub floor: Option<&'a str>,
}

/// ZBE-4, IHE PAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MovementAction {
    /// A new movement.
    Insert,
    /// The movement happened otherwise.
    Update,
    /// The movement did not happen.
    Cancel,
}

/// PV1-2 normalised (HL7 table 0004).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum PatientClass {
    Inpatient,
    Outpatient,
    Emergency,
    Preadmit,
    Recurring,
    Obstetrics,
    #[serde(other)]
    Unknown,
}

/// What kind of bed a place is (Socialstyrelsens termbank).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BedKind {
    /// Disponibel vårdplats.
    Disponibel,
    /// Does not meet the requirements of a disponibel vårdplats: the stay is an överbeläggning.
    EjDisponibel,
    /// Disponibel vårdplats with special resources.
    Teknisk,
    /// The unit directory does not say.
    #[serde(other)]
    Unknown,
}
