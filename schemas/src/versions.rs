//! The published schemas of each kind.

use crate::kind::{Kind, subjects};
use crate::{Objection, Parked, Protection, Record, SourceRecord};

/// Makes of the list of subjects which record has a kind's versions.
macro_rules! versions {
    (
        wards { $($(#[$ward_doc:meta])* $ward:ident = $ward_number:literal { $($ward_rest:tt)* })* }
        statements { $($(#[$doc:meta])* $statement:ident = $number:literal { $($rest:tt)* })* }
    ) => {
        impl Kind {
            /// Every published version of the schema, oldest first; version n is at index n - 1.
            pub const fn versions(self) -> &'static [&'static str] {
                match self {
                    Self::SourceRecord => SourceRecord::VERSIONS,
                    Self::Parked => Parked::VERSIONS,
                    Self::Protection => Protection::VERSIONS,
                    Self::Objection => Objection::VERSIONS,
                    $(Self::$ward => crate::$ward::VERSIONS,)*
                    $(Self::$statement => crate::$statement::VERSIONS,)*
                }
            }
        }
    };
}

subjects!(versions);

impl Kind {
    /// The current schema: what the structs equal and the [`Encoder`](crate::Encoder) writes.
    pub const fn avsc(self) -> &'static str {
        let versions = self.versions();
        versions[versions.len() - 1]
    }
}
