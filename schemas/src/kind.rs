//! The kinds of record, and among them the common subjects: one list, from which follows all that goes by subject.

#[macro_use]
mod declare;

use serde::Deserialize;

use crate::PeriodKind;

/// The feeds that have a topic in the catalogue; a source topic of another feed is ours all the same.
pub(crate) const FEEDS: [&str; 8] =
    ["adt", "capacity", "waiting-times", "kpp", "par", "ward-capacity", "fhir", "identities"];

/// The list. Gives it to a macro that makes something of it.
macro_rules! subjects {
    ($make:ident) => {
        $make! {
            // What happens on the wards: it says how far time has come there, and all of it together makes stays, beds and persons.
            wards {
                /// What happened to an episode of care.
                Encounter = 1 { name: "encounter", is_personal: true }
                /// Decided, staffed and closed beds of a unit from a point in time.
                BedCapacity = 2 { name: "bed-capacity", is_personal: false }
                /// Housekeeping status of a bed.
                BedStatus = 3 { name: "bed-status", is_personal: false }
                /// What is known of a person, and which pseudonyms are one.
                Person = 4 { name: "person", is_personal: true }
            }
            // What a source states of a contact, long after: it counts for a period, and a later statement replaces an earlier one.
            statements {
                /// A contact that somebody waits or has waited for.
                Wait = 6 { name: "wait", is_personal: true, period: Month }
                /// What a contact cost.
                Cost = 7 { name: "cost", is_personal: true, period: Year }
                /// Diagnoses, procedures, causes and drugs of a contact.
                Clinical = 8 { name: "clinical", is_personal: true, period: Month }
            }
        }
    };
}

pub(crate) use subjects;

subjects!(kinds);

/// What a new version of a schema must be able to do before it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compatibility {
    /// A new reader reads what any older writer wrote.
    BackwardTransitive,
    /// Any version reads what any other version wrote.
    FullTransitive,
}

impl Compatibility {
    /// The name the Confluent registry interface uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }
}

impl Subject {
    /// The subject of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }
}

impl Kind {
    /// Every kind, in the order of the development registry's ids.
    pub const ALL: [Self; Subject::ALL.len() + 4] = {
        let mut all = [Self::SourceRecord; Subject::ALL.len() + 4];
        all[Self::Parked as usize] = Self::Parked;
        all[Self::Protection as usize] = Self::Protection;
        all[Self::Objection as usize] = Self::Objection;
        let mut at = 0;
        while at < Subject::ALL.len() {
            let kind = Subject::ALL[at].kind();
            all[kind as usize] = kind;
            at += 1;
        }
        all
    };

    /// Which rule every pair of versions keeps.
    pub const fn compatibility(self) -> Compatibility {
        if matches!(self, Self::SourceRecord) {
            Compatibility::BackwardTransitive
        } else {
            Compatibility::FullTransitive
        }
    }
}
