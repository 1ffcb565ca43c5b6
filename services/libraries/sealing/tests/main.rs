//! What is sealed opens at its place and nowhere else, through the crate's public interface.

mod config;
mod record;
mod token;

use std::sync::Arc;

use schemas::{Format, SourceRecord, Timestamp};
use sealing::{Keys, Opener, Place, Sealer};

const TOPIC: &str = "region.14.source.adt";
const PLACE: Place<'_> = Place { topic: TOPIC, partition: 3 };
/// 2026-01-05T10:20:01Z.
const NOW: Timestamp = Timestamp(1_767_608_401_000_000);

/// 64 hexadecimal digits, others for each number.
fn key(number: u8) -> String {
    format!("{number:02x}{}", "0123456789abcdef".repeat(4)).split_at(64).0.to_owned()
}

fn keys(number: u8) -> Keys {
    Keys::one("14", "s1", &key(number)).expect("a key")
}

fn sealer(number: u8) -> Sealer {
    Sealer::new(Arc::new(keys(number)), TOPIC.to_owned())
}

fn opener(number: u8) -> Opener {
    Opener::new(keys(number), true)
}

fn plain<'a>() -> SourceRecord<'a> {
    SourceRecord {
        region: "14",
        source_system: "SE2321000131-TEST",
        feed: "adt",
        format: Format::Hl7v2,
        message_id: "MSG00001",
        received_at: NOW,
        recorded_at: None,
        source_position: "inbox/file.hl7, message 3",
        payload: b"MSH|^~\\&|\xff\x00\r",
        seal: None,
    }
}
