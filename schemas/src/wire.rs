//! The Confluent wire format: a zero byte, the schema's id as four bytes big endian, the Avro datum.

/// First byte of every encoded record.
pub(crate) const MAGIC: u8 = 0;

/// Length of what stands before the datum.
pub(crate) const HEADER_LENGTH: usize = 5;

/// What stands before the datum.
pub(crate) fn header(schema_id: u32) -> [u8; HEADER_LENGTH] {
    let [a, b, c, d] = schema_id.to_be_bytes();
    [MAGIC, a, b, c, d]
}
