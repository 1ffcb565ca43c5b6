//! What a sealed record is bound to: it opens nowhere else.

use schemas::{Format, SourceRecord};

/// Where a record stands in Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
}

/// So that nothing else that the key ever seals can be taken for a record.
const RECORD: &[u8] = b"vardstrom source record 1";
/// The same for a data key.
const DATA_KEY: &[u8] = b"vardstrom data key 1";

/// Writes into `out` the bytes that a record is bound to. No two records of different words have the same bytes: each text stands
/// after its length.
pub(crate) fn record(record: &SourceRecord<'_>, place: Place<'_>, key_id: &str, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(RECORD);
    for text in [record.region, place.topic, record.source_system, record.feed, key_id] {
        put(text, out);
    }
    out.extend_from_slice(&place.partition.to_be_bytes());
    // Numbers that stay what they are whatever becomes of the list of formats.
    out.push(match record.format {
        Format::Hl7v2 => 0,
        Format::Delimited => 1,
        Format::Debezium => 2,
        Format::Fhir => 3,
    });
    out.extend_from_slice(&record.received_at.0.to_be_bytes());
    out.push(record.recorded_at.is_some().into());
    out.extend_from_slice(&record.recorded_at.map_or(0, |time| time.0).to_be_bytes());
}

/// The bytes that a wrapped data key is bound to.
pub(crate) fn data_key(region: &str, key_id: &str) -> Vec<u8> {
    let mut out = DATA_KEY.to_vec();
    put(region, &mut out);
    put(key_id, &mut out);
    out
}

fn put(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}
