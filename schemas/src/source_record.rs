//! One message, row or change as a region's source system sent it.

use serde::{Deserialize, Serialize};

use crate::{Kind, Record, Timestamp};

/// Stays inside the region zone: the payload holds identifiers, sealed where the region has a key for it.
///
/// No `Debug`: a payload must not reach a log by accident.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceRecord<'a> {
    /// Länskod, two digits.
    pub region: &'a str,
    /// HSA-id of the sending system, from the connector's configuration.
    pub source_system: &'a str,
    /// Name of the feed, the last part of the topic name.
    pub feed: &'a str,
    /// How to read the payload.
    pub format: Format,
    /// The source's own message id (HL7 v2: MSH-10); empty when it has none.
    pub message_id: &'a str,
    /// When the connector received it.
    pub received_at: Timestamp,
    /// When the source wrote it, if the transport knows (a file's modification time).
    pub recorded_at: Option<Timestamp>,
    /// Where in the source: connection and sequence, or file name and line. Never a value.
    pub source_position: &'a str,
    /// The bytes as received, without transport framing. Of a sealed record what the library `sealing` made of them, of
    /// `message_id` and of `source_position`; these two are empty then.
    #[serde(with = "serde_bytes")]
    pub payload: &'a [u8],
    /// With what a sealed record is opened; `None` when it is plain. Version 1 had plain records only.
    #[serde(default, borrow)]
    pub seal: Option<Seal<'a>>,
}

/// With what a sealed record is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal<'a> {
    /// Which of the region's keys wraps the data key.
    pub key_id: &'a str,
    /// The data key, wrapped.
    #[serde(with = "serde_bytes")]
    pub data_key: &'a [u8],
    /// How many records this data key sealed before this one: the nonce.
    pub counter: i64,
}

impl Record for SourceRecord<'_> {
    const KIND: Kind = Kind::SourceRecord;
    const VERSIONS: &'static [&'static str] =
        &[include_str!("../avro/SourceRecord/v1.avsc"), include_str!("../avro/SourceRecord/v2.avsc")];
}

/// How to read a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Format {
    /// HL7 v2, segments ended by CR.
    #[serde(rename = "HL7V2")]
    Hl7v2,
    /// A header line and one row.
    Delimited,
    /// A Debezium JSON envelope.
    Debezium,
    /// A FHIR R4 JSON resource.
    Fhir,
}
