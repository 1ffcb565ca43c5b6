//! A source record that could not become an event.

use serde::{Deserialize, Serialize};

use crate::{Kind, Origin, Record, Timestamp};

/// Coordinates and reason, never values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parked<'a> {
    /// Länskod, two digits.
    pub region: &'a str,
    /// HSA-id of the sending system.
    pub source_system: &'a str,
    /// Name of the feed.
    pub feed: &'a str,
    /// Coordinates of the source record.
    #[serde(borrow)]
    pub origin: Origin<'a>,
    /// When the connector received it.
    pub received_at: Timestamp,
    /// Which of the two.
    pub fate: ParkedFate,
    /// Code of the rule.
    pub rule: &'a str,
    /// HL7 path or column.
    pub field: Option<&'a str>,
    /// What to do about it.
    pub remedy: &'a str,
}

impl Record for Parked<'_> {
    const KIND: Kind = Kind::Parked;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/Parked/v1.avsc")];
}

/// Why a source record did not become an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ParkedFate {
    /// Breaks a rule.
    Refused,
    /// Cannot be read.
    Parked,
}
