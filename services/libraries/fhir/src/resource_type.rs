//! The types of resources that are read.

use std::fmt;

use serde::Deserialize;

/// The types that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Type {
    /// Wards and beds, with `operationalStatus`.
    Location,
    /// Persons.
    Patient,
    /// Care contacts.
    Encounter,
    /// Referrals.
    ServiceRequest,
    /// Bookings.
    Appointment,
    /// Diagnoses.
    Condition,
    /// Procedures.
    Procedure,
}

impl Type {
    /// Every one; what others refer to comes first.
    pub const ALL: [Self; 7] = [
        Self::Location,
        Self::Patient,
        Self::Encounter,
        Self::ServiceRequest,
        Self::Appointment,
        Self::Condition,
        Self::Procedure,
    ];

    /// FHIR's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Location => "Location",
            Self::Patient => "Patient",
            Self::Encounter => "Encounter",
            Self::ServiceRequest => "ServiceRequest",
            Self::Appointment => "Appointment",
            Self::Condition => "Condition",
            Self::Procedure => "Procedure",
        }
    }

    /// The type with this name; nothing for one that is not read.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it means something that one is gone: for persons and places it does not.
    pub const fn is_missed(self) -> bool {
        !matches!(self, Self::Location | Self::Patient)
    }

    /// The search parameters that bring what goes with a resource of this type.
    pub const fn includes(self) -> &'static [&'static str] {
        match self {
            Self::Location | Self::Patient => &[],
            Self::Encounter => &["Encounter:patient", "Encounter:location"],
            Self::ServiceRequest => &["ServiceRequest:patient"],
            Self::Appointment => &["Appointment:patient", "Appointment:based-on"],
            Self::Condition => &["Condition:patient", "Condition:encounter"],
            Self::Procedure => &["Procedure:patient", "Procedure:encounter"],
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn a_type_has_one_name_wherever_it_is_written() {
        for kind in Type::ALL {
            assert_eq!(Type::of(kind.name()), Some(kind));
            assert_eq!(serde_json::from_str::<Type>(&format!("\"{kind}\"")).ok(), Some(kind));
        }
        assert_eq!(Type::of("patient"), None);
    }
}
