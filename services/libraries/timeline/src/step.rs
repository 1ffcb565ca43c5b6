//! The events of a visit as they are replayed: each with the time and the trigger that hold for it.
//!
//! A time that is written to the day, or in the hour that autumn repeats, is an interval. The event is put where the other
//! events leave room: a discharge cannot come before the admission of the same day. A correction of a movement (ZBE-4
//! UPDATE) that does not say when, or what, the movement was keeps what the movement's first statement says.

use std::collections::HashSet;

use schemas::{MovementAction, Timestamp};

use crate::{Event, EventId, Finding, FindingRule, Trigger, cancellation::Cancelled, order};

/// An event, and what holds for it.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) event: &'a Event,
    pub(crate) trigger: Trigger,
    pub(crate) at: Timestamp,
}

impl<'a> Step<'a> {
    /// A discharge that names no visit, where it is tried.
    pub(crate) fn of(event: &'a Event) -> Step<'a> {
        Step { event, trigger: event.trigger, at: event.occurred_at }
    }

    /// The order in which steps are taken.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        order::at(self.event, self.at)
    }

    /// Whether it puts the patient in a place that it names.
    pub(crate) fn places(&self) -> bool {
        self.trigger.places() && self.event.place.is_some()
    }
}

/// The events of one visit that count, in order.
pub(crate) fn steps<'a>(events: &[&'a Event], cancelled: &Cancelled, findings: &mut Vec<Finding>) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::with_capacity(events.len());
    for event in events.iter().copied() {
        let returns = event.trigger == Trigger::CancelDischarge;
        let counts = if returns { cancelled.applied.contains(&event.id) } else { !cancelled.void.contains(&event.id) };
        if !counts {
            continue;
        }
        if returns {
            // What an A13 says of the place holds from when it was said.
            let said = event.recorded_at.or(event.sent_at).unwrap_or(event.occurred_at);
            steps.push(Step { at: said.max(event.occurred_at), ..Step::of(event) });
        } else {
            steps.extend(restated(event, events, findings));
        }
    }
    if steps.iter().any(|step| step.event.occurred_between.is_some()) {
        make_room(&mut steps, findings);
    }
    steps.sort_by_cached_key(Step::order);
    steps
}

/// The event with the time and trigger of the movement that it corrects, where it says neither.
fn restated<'a>(event: &'a Event, events: &[&'a Event], findings: &mut Vec<Finding>) -> Option<Step<'a>> {
    let step = Step::of(event);
    let Some((movement, MovementAction::Update)) = &event.movement else { return Some(step) };
    let is_update = event.trigger == Trigger::Update;
    if event.trigger == Trigger::Other || (event.occurred_given && !is_update) {
        return Some(step);
    }
    let states = |other: &&&'a Event| {
        other.id != event.id
            && other.trigger.has_effect()
            && other.movement.as_ref().is_some_and(|(stated, _)| stated == movement)
    };
    match events.iter().filter(states).min_by_key(|other| order::sent(other)) {
        Some(first) => Some(Step {
            trigger: if is_update { first.trigger } else { event.trigger },
            at: if event.occurred_given { event.occurred_at } else { first.occurred_at },
            ..step
        }),
        None if !is_update => {
            findings.push(Finding::of(event, FindingRule::MovementTimeUnknown));
            None
        }
        None => Some(step),
    }
}

/// Puts events whose time leaves room where they fit: an admission before what else happened, anything else after it.
fn make_room(steps: &mut [Step<'_>], findings: &mut Vec<Finding>) {
    let exact = |steps: &[Step<'_>], but: usize| -> Vec<(Timestamp, bool)> {
        let others = steps.iter().enumerate().filter(|(at, _)| *at != but);
        others.filter(|(_, step)| step.trigger.has_effect()).map(|(_, step)| (step.at, step.places())).collect()
    };
    for index in 0..steps.len() {
        let step = steps[index];
        let Some((earliest, latest)) = step.event.occurred_between.as_deref().copied() else { continue };
        let others = exact(steps, index);
        let moved = match step.trigger {
            Trigger::Admit | Trigger::Register => {
                let first = others.iter().map(|(at, _)| *at).min();
                first.filter(|first| (earliest..step.at).contains(first))
            }
            trigger if trigger.has_effect() => {
                let follows = others.iter().any(|(at, places)| *places && *at < step.at);
                let fits = others.iter().any(|(at, places)| *places && (step.at..=latest).contains(at));
                (!follows && fits && latest > step.at).then_some(latest)
            }
            _ => None,
        };
        if let Some(at) = moved {
            steps[index].at = at;
            findings.push(Finding::of(step.event, FindingRule::TimeMoved));
        }
    }
}

/// Of discharges without an admission between them the one that was sent last holds: the others.
pub(crate) fn superseded_discharges(steps: &[Step<'_>]) -> HashSet<EventId> {
    let mut superseded = HashSet::new();
    let mut holds: Option<&Event> = None;
    for step in steps {
        match step.trigger {
            Trigger::Discharge => {
                let later = holds.is_none_or(|held| order::sent(held) < order::sent(step.event));
                let outdated = if later { holds.replace(step.event) } else { Some(step.event) };
                superseded.extend(outdated.map(|event| event.id));
            }
            Trigger::Admit | Trigger::Register if step.event.place.is_some() => holds = None,
            _ => {}
        }
    }
    superseded
}
