//! Ids of events, the same each time the same content is sent.

use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

use crate::Sha256;

/// Namespace of every event id: UUIDv5 of the URL namespace and `urn:vardstrom:event-id`.
pub const EVENT_ID_NAMESPACE: Uuid = Uuid::from_u128(0x2616901f_9b2a_5fad_bc24_1d45251f9984);

/// UUIDv5 over source system, message id, content hash and ordinal.
///
/// A message that is sent again gets the same id, and a message id that is used again with other content does not.
/// The name is `source_system NUL message_id NUL hash NUL ordinal`, the hash as 64 lower case hexadecimal digits and
/// the ordinal in decimal, so any language with UUIDv5 can check it. In Python:
///
/// ```text
/// namespace = uuid.uuid5(uuid.NAMESPACE_URL, "urn:vardstrom:event-id")
/// uuid.uuid5(namespace, "\0".join([source_system, message_id, content_hash.hex(), str(ordinal)]))
/// ```
pub fn event_id(source_system: &str, message_id: &str, content_hash: &Sha256, ordinal: u32) -> Uuid {
    let mut hasher = Sha1::new();
    hasher.update(EVENT_ID_NAMESPACE.as_bytes());
    hasher.update(source_system);
    hasher.update(b"\0");
    hasher.update(message_id);
    hasher.update(b"\0");
    hasher.update(content_hash.hex());
    hasher.update(b"\0");
    let mut digits = [0; 10];
    hasher.update(decimal(ordinal, &mut digits));
    let digest: [u8; 20] = hasher.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

fn decimal(mut number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}
