//! The order of events, total and independent of arrival.

use schemas::{Sha256, Timestamp};

use crate::{Event, Trigger};

type Arrival = (Timestamp, u8, Option<Timestamp>, Option<Timestamp>, Sha256Bytes, i32);
type Sha256Bytes = [u8; 32];

/// Event time, rank within the instant, then EVN-2, MSH-7, content hash.
pub(crate) fn arrival(event: &Event) -> Arrival {
    let (Sha256(hash), ordinal) = event.id;
    (event.occurred_at, rank(event.trigger), event.recorded_at, event.sent_at, hash, ordinal)
}

/// Which comes first when two events have the same time.
pub(crate) fn rank(trigger: Trigger) -> u8 {
    match trigger {
        Trigger::Register => 0,
        Trigger::Admit => 1,
        Trigger::LeaveEnd => 3,
        Trigger::ClassChange => 4,
        Trigger::Transfer => 5,
        Trigger::Swap => 6,
        Trigger::LeaveStart => 7,
        Trigger::Discharge => 8,
        // Among them A08, whose rank is given; none of the others has an effect on place.
        _ => 2,
    }
}
