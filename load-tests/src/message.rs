//! One message to be sent, and how it is recognised afterwards.

use schemas::{Sha256, content_hash, event_id};
use topics::Region;
use uuid::Uuid;

/// The most events that one message of this kind gives: two of a bed swap, each with a person.
pub const EVENTS_MAX: u32 = 4;

/// A message and where it goes.
#[derive(Clone)]
pub struct Message {
    /// The region whose connector receives it.
    pub region: Region,
    /// The bytes, without MLLP framing.
    pub content: Vec<u8>,
}

impl Message {
    /// Equal for equal content.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        content_hash(&self.content)
    }

    /// MSH-10 as the sender wrote it; empty when the message has none.
    #[must_use]
    pub fn control_id(&self) -> String {
        let text = String::from_utf8_lossy(&self.content);
        hl7::Message::parse_header(&text).map(|message| message.control_id().to_owned()).unwrap_or_default()
    }

    /// The ids of the events that it may become, in their order.
    #[must_use]
    pub fn event_ids(&self, source_system: &str) -> Vec<Uuid> {
        let (control_id, hash) = (self.control_id(), self.hash());
        (0..EVENTS_MAX).map(|ordinal| event_id(source_system, &control_id, &hash, ordinal)).collect()
    }
}
