//! What a source states of one contact that somebody waits or has waited for.

use std::{collections::BTreeMap, iter};

use serde::{Deserialize, Serialize};

use crate::{Described, Envelope, Index, Kind, Node, Record, Sex, Timestamp};

/// One statement about one contact and one measuring period. Fields and codes are those of SKR's information model for
/// specialised care (v1.1); a later statement about the same contact and period replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// The source's own id of the contact (vardkontakt_id): the key of the statement.
    pub contact_id: &'a str,
    /// The source's own id of the referral.
    pub referral_id: Option<&'a str>,
    /// Whether the contact has taken place (genomförd) or is waited for (väntande).
    pub status: WaitStatus,
    /// Month that the statement counts for (DatatGallerFor, mätperiod), YYYY-MM.
    pub period: Option<&'a str>,
    /// Fas: 1 första kontakt, 2 operation eller åtgärd, 3 undersökning, 4 återbesök, 5 akut.
    pub phase: Option<&'a str>,
    /// Vårdgaranti: whether the care guarantee covers the contact.
    pub guarantee: Option<bool>,
    /// Avvikelse: patientvald (PvV), medicinskt orsakad (MoV) or samverkansorsakad (SoV) väntan.
    pub deviation: Option<Deviation>,
    /// BeslutAktivitet: the clock starts.
    pub decided_at: Option<Timestamp>,
    /// Only the day is known: `decided_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
    pub decided_is_date: bool,
    /// StartAktivitet: the clock stops; null while waiting.
    pub started_at: Option<Timestamp>,
    /// Only the day is known: `started_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
    pub started_is_date: bool,
    /// MedicinsktMaldatum.
    pub medical_target_at: Option<Timestamp>,
    /// Only the day is known: `medical_target_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
    pub medical_target_is_date: bool,
    /// RemissDatum.
    pub referral_at: Option<Timestamp>,
    /// Only the day is known: `referral_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
    pub referral_is_date: bool,
    /// AnkomstDatum: when the referral arrived.
    pub arrived_at: Option<Timestamp>,
    /// Only the day is known: `arrived_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
    pub arrived_is_date: bool,
    /// Medicinskt verksamhetsområde, three digits.
    pub mvo: Option<&'a str>,
    /// SKR's aktivitetskod.
    pub activity: Option<&'a str>,
    /// KVÅ code of the activity, normalised.
    pub activity_kva: Option<&'a str>,
    /// ICD-10-SE code of the activity, normalised.
    pub activity_icd: Option<&'a str>,
    /// KVÅ code of what was done or is planned, normalised.
    pub kva: Option<&'a str>,
    /// Bokningssätt, 1-5.
    pub booking: Option<&'a str>,
    /// Vårdkontakttyp, 0-8, 81, 82, 83, 91.
    pub contact_type: Option<&'a str>,
    /// Yrkeskategori, XS910-XS926.
    pub profession: Option<&'a str>,
    /// TypAkutverksamhet, 0-5.
    pub emergency_kind: Option<&'a str>,
    /// Remittenttyp: 1 remiss, 2 egen vårdbegäran.
    pub referrer_kind: Option<&'a str>,
    /// HSA-id of the referring unit.
    pub referrer_hsa_id: Option<&'a str>,
    /// The source's region code, in the old landsting series; never a länskod.
    pub region_code: Option<&'a str>,
    /// HSA-id of the region.
    pub region_hsa_id: Option<&'a str>,
    /// HSA-id of the vårdgivare.
    pub provider_hsa_id: Option<&'a str>,
    /// HSA-id of the vårdenhet.
    pub care_unit_hsa_id: Option<&'a str>,
    /// HSA-id of the enhet.
    pub unit_hsa_id: Option<&'a str>,
    /// Sjukhuskod, old series.
    pub hospital_code: Option<&'a str>,
    /// Name of the hospital.
    pub hospital_name: Option<&'a str>,
    /// Kön.
    pub sex: Sex,
    /// Year of birth.
    pub birth_year: Option<i32>,
    /// Län and kommun of residence, four digits; null for protected identity.
    pub lkf: Option<&'a str>,
    /// HSA-id of the unit where the patient is listed.
    pub listing_hsa_id: Option<&'a str>,
    /// The wait in days as the source states it; figures are computed from the times.
    pub stated_wait_days: Option<i32>,
    /// The source's own text of coded fields whose code was mapped, by field.
    #[serde(borrow)]
    pub verbatim: BTreeMap<&'a str, &'a str>,
}

impl<'a> Wait<'a> {
    /// A statement of which nothing else is known.
    pub fn bare(envelope: Envelope<'a>, contact_id: &'a str, status: WaitStatus) -> Self {
        Self {
            envelope,
            contact_id,
            referral_id: None,
            status,
            period: None,
            phase: None,
            guarantee: None,
            deviation: None,
            decided_at: None,
            decided_is_date: false,
            started_at: None,
            started_is_date: false,
            medical_target_at: None,
            medical_target_is_date: false,
            referral_at: None,
            referral_is_date: false,
            arrived_at: None,
            arrived_is_date: false,
            mvo: None,
            activity: None,
            activity_kva: None,
            activity_icd: None,
            kva: None,
            booking: None,
            contact_type: None,
            profession: None,
            emergency_kind: None,
            referrer_kind: None,
            referrer_hsa_id: None,
            region_code: None,
            region_hsa_id: None,
            provider_hsa_id: None,
            care_unit_hsa_id: None,
            unit_hsa_id: None,
            hospital_code: None,
            hospital_name: None,
            sex: Sex::Unknown,
            birth_year: None,
            lkf: None,
            listing_hsa_id: None,
            stated_wait_days: None,
            verbatim: BTreeMap::new(),
        }
    }
}

impl Record for Wait<'_> {
    const KIND: Kind = Kind::Wait;
    const VERSIONS: &'static [&'static str] =
        &[include_str!("../avro/Wait/v1.avsc"), include_str!("../avro/Wait/v2.avsc")];
}

impl<'a> Described<'a> for Wait<'a> {
    fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    fn envelope_mut(&mut self) -> &mut Envelope<'a> {
        &mut self.envelope
    }

    fn forget_residence(&mut self) {
        self.lkf = None;
        // People are listed near their home.
        self.listing_hsa_id = None;
    }

    fn key(&self) -> Option<&'a str> {
        // One contact's statements stay in order.
        Some(self.contact_id)
    }

    fn index(&self) -> Index<'a> {
        Index { period: self.period, contact: Some(self.contact_id), ..Index::default() }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        iter::empty()
    }
}

/// Whether a contact has taken place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WaitStatus {
    /// Genomförd.
    Completed,
    /// Väntande.
    Waiting,
    /// The source says something else.
    #[serde(other)]
    Unknown,
}

/// Why a wait deviates from the care guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Deviation {
    /// Patientvald väntan.
    Pvv,
    /// Medicinskt orsakad väntan.
    Mov,
    /// Samverkansorsakad väntan (BUP).
    Sov,
    /// A reason outside the three.
    #[serde(other)]
    Other,
}
