//! The parked record: coordinates and rule, never a value.

use schemas::{Origin, Parked, SourceRecord};

use crate::stop::Rejection;

/// What the parked topic says of a source record. The region is the pipeline's own: what the record claims may be why it
/// was refused. `line` holds the words for a line of a file that was left out.
pub(crate) fn record<'a>(
    region: &'a str,
    source: &'a SourceRecord<'a>,
    origin: Origin<'a>,
    rejection: Rejection,
    line: &'a mut String,
) -> Parked<'a> {
    if let Some(number) = rejection.line {
        *line = format!("line {number}");
    }
    Parked {
        region,
        source_system: source.source_system,
        feed: source.feed,
        origin,
        received_at: source.received_at,
        fate: rejection.fate(),
        rule: rejection.code(),
        field: rejection.field.or(rejection.line.map(|_| line.as_str())),
        remedy: rejection.remedy(),
    }
}
