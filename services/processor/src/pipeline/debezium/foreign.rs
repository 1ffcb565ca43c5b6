//! What a record is that is no envelope: which converter or transform of Kafka Connect wrote it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::rules::Rule;

/// The first byte of what a converter with a schema registry writes.
const REGISTERED: u8 = 0;

/// The parts that tell envelopes and CloudEvents from rows.
#[derive(Deserialize)]
struct Parts {
    payload: Option<Box<Parts>>,
    op: Option<IgnoredAny>,
    before: Option<IgnoredAny>,
    after: Option<IgnoredAny>,
    specversion: Option<IgnoredAny>,
}

/// The rule by which it is parked.
pub(super) fn rule(payload: &[u8]) -> Rule {
    if payload.first() == Some(&REGISTERED) {
        return Rule::ChangeEncoded;
    }
    if payload.starts_with(b"Struct{") {
        return Rule::ChangeStringified;
    }
    let Ok(outer) = serde_json::from_slice::<Parts>(payload) else { return Rule::ChangeUnreadable };
    let parts = outer.payload.as_deref().unwrap_or(&outer);
    if parts.specversion.is_some() {
        Rule::ChangeCloudEvent
    } else if parts.op.is_none() && parts.before.is_none() && parts.after.is_none() && payload.starts_with(b"{") {
        Rule::ChangeFlattened
    } else {
        Rule::ChangeUnreadable
    }
}
