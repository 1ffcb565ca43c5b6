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
    EventIds::new(source_system, message_id, content_hash).of(ordinal)
}

/// The ids of one source record's events: what they share is digested once.
pub struct EventIds {
    shared: Sha1,
}

impl EventIds {
    /// Of a source record; see [`event_id`].
    pub fn new(source_system: &str, message_id: &str, content_hash: &Sha256) -> Self {
        let mut shared = Sha1::new();
        shared.update(EVENT_ID_NAMESPACE.as_bytes());
        shared.update(source_system);
        shared.update(b"\0");
        shared.update(message_id);
        let mut hash = [0; 66];
        hash[1..65].copy_from_slice(&content_hash.hex());
        shared.update(hash);
        Self { shared }
    }

    /// The id of the event of this place, from 0.
    pub fn of(&self, ordinal: u32) -> Uuid {
        let mut digits = [0; 10];
        let digest: [u8; 20] = self.shared.clone().chain_update(decimal(ordinal, &mut digits)).finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Builder::from_sha1_bytes(bytes).into_uuid()
    }
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
