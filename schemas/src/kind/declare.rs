//! What the list of subjects says of kinds and subjects.

/// Makes the types that have a variant per subject. Of each subject it is given the name of its record, the kind's place in the
/// development registry, the last part of its topics' names, and whether its events are about persons; of a statement also what
/// it counts for.
macro_rules! kinds {
    (
        wards {
            $($(#[$ward_doc:meta])* $ward:ident = $ward_number:literal
                { name: $ward_name:literal, is_personal: $ward_is_personal:literal })*
        }
        statements {
            $($(#[$doc:meta])* $statement:ident = $number:literal
                { name: $name:literal, is_personal: $is_personal:literal, period: $period:ident })*
        }
    ) => {
        /// A kind of record; one Avro schema with its versions.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            /// What a source system sent: `region.<nn>.source.<feed>`.
            SourceRecord = 0,
            /// Coordinates of what could not become an event: `region.<nn>.parked`.
            Parked = 5,
            /// What is known of whose identity is protected: `region.<nn>.protected`.
            Protection = 9,
            /// What persons and decisions say of the use of persons' data: `region.<nn>.objections`.
            Objection = 10,
            $($(#[$ward_doc])* $ward = $ward_number,)*
            $($(#[$doc])* $statement = $number,)*
        }

        /// What common events are about; each region has a topic of each, `region.<nn>.common.<subject>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        pub enum Subject {
            $($(#[$ward_doc])* #[serde(rename = $ward_name)] $ward,)*
            $($(#[$doc])* #[serde(rename = $name)] $statement,)*
        }

        impl Subject {
            /// Every subject whose events tell of the wards.
            pub const WARDS: [Self; [$($ward_number),*].len()] = [$(Self::$ward),*];

            /// Every subject. A subject's place here is `self as usize`.
            pub const ALL: [Self; [$($ward_number,)* $($number),*].len()] =
                [$(Self::$ward,)* $(Self::$statement),*];

            /// Its name: the last part of its topics' names, and how store and extracts call it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$ward => $ward_name,)*
                    $(Self::$statement => $name,)*
                }
            }

            /// The kind of its records.
            pub const fn kind(self) -> Kind {
                match self {
                    $(Self::$ward => Kind::$ward,)*
                    $(Self::$statement => Kind::$statement,)*
                }
            }

            /// Whether an event is about a person. Units and beds are none, occupied or not.
            pub const fn is_personal(self) -> bool {
                match self {
                    $(Self::$ward => $ward_is_personal,)*
                    $(Self::$statement => $is_personal,)*
                }
            }

            /// Whether events say how far time has come on the wards. Statements are told long after.
            pub const fn moves_horizon(self) -> bool {
                match self {
                    $(Self::$ward => true,)*
                    $(Self::$statement => false,)*
                }
            }

            /// What an event counts for; nothing when it counts for the time at which it happened.
            pub const fn period(self) -> Option<PeriodKind> {
                match self {
                    $(Self::$ward => None,)*
                    $(Self::$statement => Some(PeriodKind::$period),)*
                }
            }
        }

        impl Kind {
            /// Name of the Avro record.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::SourceRecord => "SourceRecord",
                    Self::Parked => "Parked",
                    Self::Protection => "Protection",
                    Self::Objection => "Objection",
                    $(Self::$ward => stringify!($ward),)*
                    $(Self::$statement => stringify!($statement),)*
                }
            }

            /// The subject whose records are of this kind.
            pub const fn subject(self) -> Option<Subject> {
                match self {
                    Self::SourceRecord | Self::Parked | Self::Protection | Self::Objection => None,
                    $(Self::$ward => Some(Subject::$ward),)*
                    $(Self::$statement => Some(Subject::$statement),)*
                }
            }
        }
    };
}
