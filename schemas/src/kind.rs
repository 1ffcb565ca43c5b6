//! The kinds of record, their schema versions, and which topic carries which.

use std::sync::LazyLock;

use crate::region_code;

/// A kind of record; one Avro schema with its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `region.<nn>.source.<feed>`: what the source system sent.
    SourceRecord,
    /// `region.<nn>.common.encounter`
    Encounter,
    /// `region.<nn>.common.bed-capacity`
    BedCapacity,
    /// `region.<nn>.common.bed-status`
    BedStatus,
    /// `region.<nn>.common.person`
    Person,
    /// `region.<nn>.parked`
    Parked,
    /// `region.<nn>.common.wait`
    Wait,
    /// `region.<nn>.common.cost`
    Cost,
    /// `region.<nn>.common.clinical`
    Clinical,
}

/// A typed record that belongs to one kind.
///
/// Implemented by exactly the record structs; it keeps a record of one kind from being encoded as another.
pub trait Record: serde::Serialize {
    /// The kind whose schema the struct equals.
    const KIND: Kind;
}

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

impl Kind {
    /// Every kind, in the order of the development registry's ids.
    pub const ALL: [Self; 9] = [
        Self::SourceRecord,
        Self::Encounter,
        Self::BedCapacity,
        Self::BedStatus,
        Self::Person,
        Self::Parked,
        Self::Wait,
        Self::Cost,
        Self::Clinical,
    ];

    /// Name of the Avro record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SourceRecord => "SourceRecord",
            Self::Encounter => "Encounter",
            Self::BedCapacity => "BedCapacity",
            Self::BedStatus => "BedStatus",
            Self::Person => "Person",
            Self::Parked => "Parked",
            Self::Wait => "Wait",
            Self::Cost => "Cost",
            Self::Clinical => "Clinical",
        }
    }

    /// Every published version of the schema, oldest first; version n is at index n - 1.
    ///
    /// A published file never changes: a change is a new file and a new line here.
    pub const fn versions(self) -> &'static [&'static str] {
        match self {
            Self::SourceRecord => &[include_str!("../avro/SourceRecord/v1.avsc")],
            Self::Encounter => &[include_str!("../avro/Encounter/v1.avsc"), include_str!("../avro/Encounter/v2.avsc")],
            Self::BedCapacity => &[include_str!("../avro/BedCapacity/v1.avsc")],
            Self::BedStatus => &[include_str!("../avro/BedStatus/v1.avsc")],
            Self::Person => &[include_str!("../avro/Person/v1.avsc")],
            Self::Parked => &[include_str!("../avro/Parked/v1.avsc")],
            Self::Wait => &[include_str!("../avro/Wait/v1.avsc"), include_str!("../avro/Wait/v2.avsc")],
            Self::Cost => &[include_str!("../avro/Cost/v1.avsc"), include_str!("../avro/Cost/v2.avsc")],
            Self::Clinical => &[include_str!("../avro/Clinical/v1.avsc")],
        }
    }

    /// The current schema: what the structs equal and the [`Encoder`](crate::Encoder) writes.
    pub const fn avsc(self) -> &'static str {
        let versions = self.versions();
        versions[versions.len() - 1]
    }

    /// Which rule every pair of versions keeps.
    pub const fn compatibility(self) -> Compatibility {
        match self {
            Self::SourceRecord => Compatibility::BackwardTransitive,
            Self::Encounter
            | Self::BedCapacity
            | Self::BedStatus
            | Self::Person
            | Self::Parked
            | Self::Wait
            | Self::Cost
            | Self::Clinical => Compatibility::FullTransitive,
        }
    }

    /// The kind that a topic carries, or `None` for a topic that is not ours.
    pub fn of_topic(topic: &str) -> Option<Self> {
        let (region, rest) = topic.strip_prefix("region.")?.split_once('.')?;
        if !region_code::ALL.contains(&region) {
            return None;
        }
        match rest {
            "common.encounter" => Some(Self::Encounter),
            "common.bed-capacity" => Some(Self::BedCapacity),
            "common.bed-status" => Some(Self::BedStatus),
            "common.person" => Some(Self::Person),
            "common.wait" => Some(Self::Wait),
            "common.cost" => Some(Self::Cost),
            "common.clinical" => Some(Self::Clinical),
            "parked" => Some(Self::Parked),
            _ => is_feed(rest.strip_prefix("source.")?).then_some(Self::SourceRecord),
        }
    }

    /// Parsed once for the whole process, so that encoders can borrow it for ever.
    pub(crate) fn schema(self) -> &'static serde_avro_fast::Schema {
        static SCHEMAS: LazyLock<[serde_avro_fast::Schema; Kind::ALL.len()]> = LazyLock::new(|| {
            Kind::ALL.map(|kind| kind.avsc().parse().expect("our own schemas parse, every test run parses them all"))
        });
        &SCHEMAS[self as usize]
    }
}

/// A feed's name is lower case words with hyphens, as topic names are.
fn is_feed(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
