//! Instants as programs read them: RFC 3339, whole seconds, UTC.

use schemas::Timestamp;
use serde::{Serialize, Serializer};

/// The text.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.0.div_euclid(1_000_000)).map(|at| at.to_string()).unwrap_or_default()
}

pub(crate) fn instant<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// The same where it may be absent.
pub fn instant_or_null<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(serializer)
}
