//! Staffed capacity of a unit from a point in time.

use std::iter;

use serde::{Deserialize, Serialize};

use crate::{CareType, Described, Envelope, Index, Kind, Node, Record, Timestamp};

/// Decided, staffed and closed beds of one unit, valid from a point in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BedCapacity<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// The unit's code as ADT sends it.
    pub unit: &'a str,
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
    /// The unit's own telephone.
    pub telephone: Option<&'a str>,
    /// Decided beds.
    pub faststallda: Option<i32>,
    /// Staffed beds that meet the definition.
    pub disponibla: Option<i32>,
    /// Closed beds.
    pub stangda: Option<i32>,
    /// Why beds are closed.
    pub stangda_reason: Option<ClosedReason>,
    /// From when the figures hold.
    pub valid_from: Timestamp,
    /// Until when, if the source says so.
    pub valid_to: Option<Timestamp>,
}

impl Record for BedCapacity<'_> {
    const KIND: Kind = Kind::BedCapacity;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/BedCapacity/v1.avsc")];
}

impl<'a> Described<'a> for BedCapacity<'a> {
    fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    fn envelope_mut(&mut self) -> &mut Envelope<'a> {
        &mut self.envelope
    }

    fn forget_residence(&mut self) {}

    fn key(&self) -> Option<&'a str> {
        Some(self.unit)
    }

    fn index(&self) -> Index<'a> {
        Index { unit: Some(self.unit), ..Index::default() }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        iter::once(Node::Unit(self.unit))
    }
}

/// Why beds are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ClosedReason {
    /// Staff.
    Personal,
    /// Hygiene.
    Hygien,
    /// Equipment.
    Material,
    /// Premises.
    Lokal,
    /// A reason outside the four.
    #[serde(other)]
    Other,
}
