//! Housekeeping status of one bed.

use std::iter;

use serde::{Deserialize, Serialize};

use crate::{CareType, Described, Envelope, Index, Kind, Node, Place, Record};

/// Housekeeping status of one bed (HL7 A20).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BedStatus<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// NPU-1.
    #[serde(borrow)]
    pub place: Place<'a>,
    /// NPU-2 verbatim.
    pub status_code: &'a str,
    /// NPU-2 normalised.
    pub status: BedState,
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
}

impl Record for BedStatus<'_> {
    const KIND: Kind = Kind::BedStatus;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/BedStatus/v1.avsc")];
}

impl<'a> Described<'a> for BedStatus<'a> {
    fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    fn envelope_mut(&mut self) -> &mut Envelope<'a> {
        &mut self.envelope
    }

    fn forget_residence(&mut self) {}

    fn key(&self) -> Option<&'a str> {
        Some(self.place.unit)
    }

    fn index(&self) -> Index<'a> {
        Index { unit: Some(self.place.unit), ..Index::default() }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        iter::empty()
    }
}

/// HL7 table 0116.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum BedState {
    Closed,
    Housekeeping,
    Occupied,
    Unoccupied,
    Contaminated,
    Isolated,
    #[serde(other)]
    Unknown,
}
