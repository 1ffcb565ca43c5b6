//! The parked record: coordinates and rule, never a value.

use schemas::{Origin, Parked, SourceRecord};

use super::stop::Rejection;

/// What the parked topic says of a source record. The region is the pipeline's own: what the record claims may be why it
/// was refused.
pub(crate) fn record<'a>(
    region: &'a str,
    source: &'a SourceRecord<'a>,
    origin: Origin<'a>,
    rejection: Rejection,
) -> Parked<'a> {
    Parked {
        region,
        source_system: source.source_system,
        feed: source.feed,
        origin,
        received_at: source.received_at,
        fate: rejection.fate(),
        rule: rejection.rule.code(),
        field: rejection.field,
        remedy: rejection.rule.entry().remedy.en,
    }
}
