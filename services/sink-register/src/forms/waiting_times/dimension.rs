//! What the figures are broken down by.

use schemas::{Sex, Wait};

use super::{age_group, given};

/// A property of a contact that splits contacts into groups; each contact is in exactly one group of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Activity,
    /// Age in the year that the contact took place, or of the period while it is waited for.
    AgeGroup,
    Booking,
    /// Vårdkontakttyp.
    ContactType,
    /// Län and kommun of residence.
    Municipality,
    /// Medicinskt verksamhetsområde.
    Mvo,
    Profession,
    /// HSA-id of the referring unit.
    Referrer,
    /// Kön.
    Sex,
    /// HSA-id of the vårdenhet.
    Unit,
}

/// Values of [`Dimension::Sex`]: those of FHIR's administrative gender.
pub(super) const MALE: &str = "male";
/// See [`MALE`].
pub(super) const FEMALE: &str = "female";

impl Dimension {
    /// All of them, sorted by name.
    pub(super) const ALL: [Dimension; 10] = [
        Dimension::Activity,
        Dimension::AgeGroup,
        Dimension::Booking,
        Dimension::ContactType,
        Dimension::Municipality,
        Dimension::Mvo,
        Dimension::Profession,
        Dimension::Referrer,
        Dimension::Sex,
        Dimension::Unit,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Dimension::Activity => "activity",
            Dimension::AgeGroup => "age_group",
            Dimension::Booking => "booking",
            Dimension::ContactType => "contact_type",
            Dimension::Municipality => "municipality",
            Dimension::Mvo => "mvo",
            Dimension::Profession => "profession",
            Dimension::Referrer => "referrer",
            Dimension::Sex => "sex",
            Dimension::Unit => "unit",
        }
    }

    /// The group that a contact is in; empty when the source does not say.
    pub(super) fn value<'a>(self, wait: &Wait<'a>, age_years: Option<i32>) -> &'a str {
        match self {
            Dimension::Activity => given(wait.activity),
            Dimension::AgeGroup => age_group::name_of(age_years),
            Dimension::Booking => given(wait.booking),
            Dimension::ContactType => given(wait.contact_type),
            Dimension::Municipality => given(wait.lkf),
            Dimension::Mvo => given(wait.mvo),
            Dimension::Profession => given(wait.profession),
            Dimension::Referrer => given(wait.referrer_hsa_id),
            Dimension::Sex => sex(wait.sex),
            Dimension::Unit => given(wait.care_unit_hsa_id),
        }
    }
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => MALE,
        Sex::Female => FEMALE,
        Sex::Other => "other",
        Sex::Unknown => "",
    }
}
