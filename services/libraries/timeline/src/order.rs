//! Orders of events: by when they happened, and by when they were sent. Both total and independent of arrival.

use std::cmp::Ordering;
use std::collections::HashSet;

use schemas::{Sha256, Timestamp};

use crate::{Event, Trigger};

type Sha256Bytes = [u8; 32];
type Told = (Option<Timestamp>, Option<i64>, Option<Timestamp>, (Timestamp, i64), Sha256Bytes, i32);

/// Event time, rank within the instant, then what the feed says: EVN-2, MSH-13, MSH-7, reception; the content hash only
/// where nothing else tells two events apart.
pub(crate) fn arrival(event: &Event) -> (Timestamp, u8, Told) {
    at(event, event.occurred_at)
}

/// As [`arrival`], of an event that is taken to have happened at `at`.
pub(crate) fn at(event: &Event, at: Timestamp) -> (Timestamp, u8, Told) {
    let (Sha256(hash), ordinal) = event.id;
    let told = (event.recorded_at, event.sequence, event.sent_at, event.received, hash, ordinal);
    (at, rank(event.trigger), told)
}

/// MSH-7 (else EVN-2), EVN-2, MSH-13, event time, reception, content hash.
pub(crate) fn sent(event: &Event) -> impl Ord + use<> {
    let (Sha256(hash), ordinal) = event.id;
    let sent_at = event.sent_at.or(event.recorded_at);
    (sent_at, event.recorded_at, event.sequence, event.occurred_at, event.received, hash, ordinal)
}

/// Whether `event` was sent before or after `other`, as far as the feed says: `None` where MSH-7 and EVN-2 contradict each
/// other (an interface engine that sends an old message again writes a new MSH-7), `Equal` where neither tells.
pub(crate) fn sent_against(event: &Event, other: &Event) -> Option<Ordering> {
    let compare = |one: Option<Timestamp>, two: Option<Timestamp>| one.zip(two).map(|(one, two)| one.cmp(&two));
    match (compare(event.sent_at, other.sent_at), compare(event.recorded_at, other.recorded_at)) {
        (Some(sent), Some(recorded)) if sent == recorded => Some(sent),
        (Some(_), Some(_)) => None,
        (told, None) | (None, told) => Some(told.unwrap_or(Ordering::Equal)),
    }
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

/// Events in order of [`arrival`], equal ones once: of copies that were received apart, the one received first.
pub(crate) fn distinct<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut events: Vec<&Event> = events.into_iter().collect();
    events.sort_by_cached_key(|event| arrival(event));
    let mut seen = HashSet::with_capacity(events.len());
    events.retain(|event| seen.insert(event.id));
    events
}
