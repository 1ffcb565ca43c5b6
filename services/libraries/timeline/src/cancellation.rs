//! Which event a cancellation cancels.
//!
//! A11, A12, A13, A52 and A53 say that an earlier event did not happen. A cancellation can only be about what was sent before
//! it. It names its target by the time of the event (EVN-6), by the movement (ZBE-1), by a place, or by nothing: then it is
//! the one sent last before it. Cancellations are taken in the order in which they were sent, so that each finds what the
//! earlier ones left. One that is sent again takes nothing more back.

use std::cmp::Ordering;
use std::collections::HashSet;

use schemas::MovementAction;

use crate::{Event, EventId, Finding, FindingRule, Location, Trigger, movement, order};

/// In microseconds.
const MINUTE: u64 = 60_000_000;

/// What the cancellations of one visit do.
pub(crate) struct Cancelled {
    /// The events that count for nothing.
    pub(crate) void: HashSet<EventId>,
    /// The cancellations that took something back.
    pub(crate) applied: HashSet<EventId>,
}

/// The events of one visit that cancellations void, or later statements of the same movement replace. `events` are in order.
pub(crate) fn cancelled(events: &[&Event], findings: &mut Vec<Finding>) -> Cancelled {
    let mut found = Cancelled { void: movement::replaced_movements(events), applied: HashSet::new() };
    let mut cancellations: Vec<&Event> =
        events.iter().copied().filter(|event| targets_of(event.trigger).is_some()).collect();
    if cancellations.is_empty() {
        return found;
    }
    cancellations.sort_by_cached_key(|event| order::sent(event));
    let mut heard: Vec<&Event> = Vec::with_capacity(cancellations.len());
    for cancellation in cancellations {
        if names_its_movement(cancellation, events) {
            found.applied.insert(cancellation.id);
            continue;
        }
        let again = heard.iter().any(|earlier| is_same_statement(earlier, cancellation));
        if !again {
            apply(cancellation, events, &mut found, findings);
            heard.push(cancellation);
        }
    }
    found
}

/// Takes back what one cancellation is about.
fn apply(cancellation: &Event, events: &[&Event], found: &mut Cancelled, findings: &mut Vec<Finding>) {
    let mut find = |rule| findings.push(Finding::of(cancellation, rule));
    let Some(is_target) = targets_of(cancellation.trigger) else { return };
    let targets: Vec<&Event> = events.iter().copied().filter(|event| is_target(event.trigger)).collect();
    let sent_before: Vec<&Event> = targets.iter().copied().filter(|event| can_be_about(cancellation, event)).collect();
    // IHE writes the time of cancelling in A52 and A53.
    let names_time = cancellation.occurred_given
        && !matches!(cancellation.trigger, Trigger::CancelLeaveStart | Trigger::CancelLeaveEnd);
    if names_time {
        let exactly = |event: &Event| overlaps(event.between(), cancellation.between());
        // Senders round: a time that no event has may be that of one within the same minute.
        let nearly = |event: &Event| event.occurred_at.0.abs_diff(cancellation.occurred_at.0) < MINUTE;
        let named = |among: &[&Event], at: &dyn Fn(&Event) -> bool| -> Vec<EventId> {
            let at_its_time: Vec<&Event> = among.iter().copied().filter(|event| at(event)).collect();
            of_its_place(cancellation, &at_its_time, events, &found.void).iter().map(|event| event.id).collect()
        };
        // What was sent after it too, if that is all there is: senders' clocks differ, and the time is its target's.
        let mut void = named(&sent_before, &exactly);
        if void.is_empty() {
            void = named(&targets, &exactly);
        }
        let differs = void.is_empty();
        if differs {
            void = named(&sent_before, &nearly);
        }
        if !void.is_empty() {
            // Equal events sent under other control ids are one event.
            found.void.extend(void);
            found.applied.insert(cancellation.id);
            if differs {
                find(FindingRule::CancellationDiffers);
            }
            return;
        }
        // Some systems write in EVN-6 when they cancelled.
        let own_time = [cancellation.recorded_at, cancellation.sent_at].contains(&Some(cancellation.occurred_at));
        if targets.iter().any(|event| exactly(event)) || !own_time {
            return find(FindingRule::CancellationUnmatched);
        }
    }
    let left: Vec<&Event> = sent_before.iter().copied().filter(|event| !found.void.contains(&event.id)).collect();
    let fitting = of_its_place(cancellation, &left, events, &found.void);
    let Some(target) = fitting.iter().copied().max_by_key(|event| (certainty(cancellation, event), order::sent(event)))
    else {
        return find(FindingRule::CancellationUnmatched);
    };
    let is_target = |event: &&&Event| event.occurred_at == target.occurred_at && event.place == target.place;
    let equal: Vec<EventId> = fitting.iter().filter(is_target).map(|event| event.id).collect();
    if names_time {
        find(FindingRule::CancellationDiffers);
    } else if equal.len() < fitting.len() {
        find(FindingRule::CancellationAmbiguous);
    }
    found.void.extend(equal);
    found.applied.insert(cancellation.id);
}

/// What a cancellation may take back; `None` for every other trigger.
fn targets_of(cancellation: Trigger) -> Option<fn(Trigger) -> bool> {
    Some(match cancellation {
        Trigger::CancelAdmit => |trigger| matches!(trigger, Trigger::Admit | Trigger::Register),
        Trigger::CancelTransfer => |trigger| matches!(trigger, Trigger::Transfer | Trigger::ClassChange),
        Trigger::CancelDischarge => |trigger| trigger == Trigger::Discharge,
        Trigger::CancelLeaveStart => |trigger| trigger == Trigger::LeaveStart,
        Trigger::CancelLeaveEnd => |trigger| trigger == Trigger::LeaveEnd,
        _ => return None,
    })
}

/// Whether `event` may have been there when the cancellation was sent.
fn can_be_about(cancellation: &Event, event: &Event) -> bool {
    order::sent_against(event, cancellation) != Some(Ordering::Greater)
}

/// How sure it is that `event` was sent before the cancellation. Within the same second MSH-13 and reception tell.
fn certainty(cancellation: &Event, event: &Event) -> u8 {
    let order = |event: &Event| (event.sequence, event.received);
    match order::sent_against(event, cancellation) {
        Some(Ordering::Less) => 3,
        Some(Ordering::Equal) if order(event) <= order(cancellation) => 3,
        Some(_) => 2,
        None => 1,
    }
}

/// Those of `candidates` whose place the cancellation names; all when it names none, or when its place says nothing.
fn of_its_place<'a>(
    cancellation: &Event,
    candidates: &[&'a Event],
    events: &[&'a Event],
    void: &HashSet<EventId>,
) -> Vec<&'a Event> {
    let with = |fits: &dyn Fn(&Event) -> bool| -> Vec<&'a Event> {
        candidates.iter().copied().filter(|event| fits(event)).collect()
    };
    let is = |one: Option<&Location>, other: Option<&Location>| one.zip(other).is_none_or(|(one, other)| one.is(other));
    match cancellation.trigger {
        Trigger::CancelAdmit => {
            // PV1-3 is the place of the admission; or, as the standard writes it, where the patient was before the last one.
            let named = cancellation.place.as_ref();
            let last = candidates.iter().copied().max_by_key(|event| order::sent(event));
            let before = last.and_then(|last| last.prior_place.as_ref().or_else(|| place_before(last, events, void)));
            let as_standard = named.zip(before).is_some_and(|(named, before)| named.is(before));
            match last.filter(|last| as_standard && !is(named, last.place.as_ref())) {
                Some(last) => vec![last],
                None => with(&|event| is(named, event.place.as_ref())),
            }
        }
        Trigger::CancelTransfer => {
            let (now, wrong) = (cancellation.place.as_ref(), cancellation.prior_place.as_ref());
            // PV1-6 is the place that was wrong, and PV1-3 where the patient was before and is again.
            let came_from = |event: &Event| {
                let before = event.prior_place.as_ref().or_else(|| place_before(event, events, void));
                before.zip(now).is_some_and(|(before, now)| before.is(now))
            };
            let Some(wrong) = wrong else {
                let back = with(&came_from);
                // Or the transfer's own place is repeated.
                let repeated = |event: &Event| is(now, event.place.as_ref());
                return if back.is_empty() { with(&repeated) } else { back };
            };
            // Or the transfer's PV1 is sent again as it was; or both fields are the place before it.
            let repeated = |event: &Event| {
                let equal = |one: Option<&Location>, other: Option<&Location>| {
                    one.zip(other).is_some_and(|(one, other)| one.is(other))
                };
                equal(now, event.place.as_ref()) && equal(Some(wrong), event.prior_place.as_ref())
            };
            let as_it_was = with(&repeated);
            if !as_it_was.is_empty() {
                return as_it_was;
            }
            let back = if now.is_some_and(|now| now.is(wrong)) { with(&came_from) } else { Vec::new() };
            if back.is_empty() { with(&|event| is(Some(wrong), event.place.as_ref())) } else { back }
        }
        // The bed may have been given away since: the place is where the patient is now.
        _ => candidates.to_vec(),
    }
}

/// Where the patient was put last before a transfer, as far as events tell.
fn place_before<'a>(transfer: &Event, events: &[&'a Event], void: &HashSet<EventId>) -> Option<&'a Location> {
    let before = events.iter().take_while(|event| event.id != transfer.id);
    before
        .filter(|event| event.trigger.places() && !void.contains(&event.id))
        .filter_map(|event| event.place.as_ref())
        .last()
}

/// Whether the cancellation names, by ZBE-1, a movement that another event states.
fn names_its_movement(cancellation: &Event, events: &[&Event]) -> bool {
    let Some((movement, MovementAction::Cancel)) = &cancellation.movement else { return false };
    let states = |event: &&&Event| event.movement.as_ref().is_some_and(|(stated, _)| stated == movement);
    events.iter().filter(states).any(|event| event.id != cancellation.id && event.trigger.has_effect())
}

/// Whether a cancellation is an earlier one sent again: recorded at the same time, about the same.
fn is_same_statement(one: &Event, other: &Event) -> bool {
    let said = |event: &Event| (event.trigger, event.occurred_at, event.recorded_at);
    one.recorded_at.is_some()
        && said(one) == said(other)
        && one.place == other.place
        && one.prior_place == other.prior_place
}

fn overlaps<T: Ord>(one: (T, T), other: (T, T)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}
