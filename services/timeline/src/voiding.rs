//! Which events count: deletions first, then cancellations.

use std::collections::{HashMap, HashSet};

use schemas::{MovementAction, Timestamp};

use crate::{
    EpisodeKey, Event, EventId, Finding, FindingRule, Location, Trigger,
    nesting::Nesting,
    order,
    people::{People, Visits},
};

/// Removes what a deletion voids: the episode's and its parts' (A23) or the person's (A29) events up to its time.
///
/// A person's events are those of the episodes that the person owns, and those without an episode.
pub(crate) fn delete<'a>(
    events: &mut Vec<(&'a Event, Option<EpisodeKey>)>,
    owners: &HashMap<EpisodeKey, &'a str>,
    people: &People<'a>,
    nesting: &Nesting,
) {
    let mut episodes: HashMap<EpisodeKey, Timestamp> = HashMap::new();
    let mut persons: HashMap<&str, Timestamp> = HashMap::new();
    for (event, episode) in &*events {
        match (event.trigger, episode, event.subject.as_deref()) {
            (Trigger::DeleteVisit, Some(episode), _) => {
                let until = episodes.entry(episode.clone()).or_insert(event.occurred_at);
                *until = event.occurred_at.max(*until);
            }
            (Trigger::DeletePerson, _, Some(subject)) => {
                let until = persons.entry(people.person(subject)).or_insert(event.occurred_at);
                *until = event.occurred_at.max(*until);
            }
            _ => {}
        }
    }
    events.retain(|(event, episode)| {
        let person = match episode {
            Some(episode) => owners.get(episode).copied(),
            None => event.subject.as_deref().map(|subject| people.person(subject)),
        };
        let around = episode.iter().filter(|_| !episodes.is_empty()).flat_map(|episode| nesting.chain(episode));
        let of_episode = around.filter_map(|key| episodes.get(key)).max();
        let of_person = person.and_then(|person| persons.get(person));
        of_episode.max(of_person).is_none_or(|until| event.occurred_at > *until)
    });
}

/// The events of one episode that a cancellation voids, or a later statement of the same movement replaces.
pub(crate) fn cancelled(events: &[&Event], findings: &mut Vec<Finding>) -> HashSet<EventId> {
    let mut void = HashSet::new();
    for cancellation in events {
        let is_target: fn(Trigger) -> bool = match cancellation.trigger {
            Trigger::CancelAdmit => |trigger| matches!(trigger, Trigger::Admit | Trigger::Register),
            Trigger::CancelTransfer => |trigger| matches!(trigger, Trigger::Transfer | Trigger::ClassChange),
            Trigger::CancelDischarge => |trigger| trigger == Trigger::Discharge,
            _ => continue,
        };
        let wrong_place = match cancellation.trigger {
            Trigger::CancelTransfer => &cancellation.prior_place,
            _ => &cancellation.place,
        };
        let candidates: Vec<&Event> = events
            .iter()
            .copied()
            .filter(|event| is_target(event.trigger) && fits(wrong_place.as_ref(), event.place.as_ref()))
            .filter(|event| !cancellation.occurred_given || event.occurred_at == cancellation.occurred_at)
            .collect();
        // Equal events sent under other control ids are one candidate.
        let distinct: HashSet<_> = candidates.iter().map(|event| (event.occurred_at, &event.place)).collect();
        let rule = match distinct.len() {
            0 => Some(FindingRule::CancellationUnmatched),
            1 => None,
            _ if cancellation.occurred_given => None,
            _ => Some(FindingRule::CancellationAmbiguous),
        };
        match rule {
            Some(rule) => findings.push(Finding { event: cancellation.id, rule }),
            None => void.extend(candidates.iter().map(|event| event.id)),
        }
    }
    replaced_movements(events, &mut void);
    void
}

/// ZBE: a cancelled movement did not happen; of several statements of one movement the latest holds.
fn replaced_movements(events: &[&Event], void: &mut HashSet<EventId>) {
    let mut latest: HashMap<&str, &Event> = HashMap::new();
    let stated = |event: &Event| (event.recorded_at, event.sent_at, event.id.0.0, event.id.1);
    for event in events {
        let Some((movement, _)) = &event.movement else { continue };
        let held = latest.entry(movement).or_insert(event);
        if stated(event) > stated(held) {
            *held = event;
        }
    }
    let corrected: HashSet<&str> = events
        .iter()
        .filter_map(|event| event.movement.as_ref())
        .filter(|(_, action)| *action != MovementAction::Insert)
        .map(|(movement, _)| &**movement)
        .collect();
    let cancelled: HashSet<&str> = events
        .iter()
        .filter_map(|event| event.movement.as_ref())
        .filter(|(_, action)| *action == MovementAction::Cancel)
        .map(|(movement, _)| &**movement)
        .collect();
    for event in events {
        let Some((movement, _)) = &event.movement else { continue };
        let movement = &**movement;
        let outdated = latest.get(movement).is_some_and(|held| held.id != event.id);
        if cancelled.contains(movement) || (corrected.contains(movement) && outdated) {
            void.insert(event.id);
        }
    }
}

/// An empty place fits any.
fn fits(one: Option<&Location>, other: Option<&Location>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// The event that names each episode's person: its latest effective visit move, else its latest event.
pub(crate) fn owners<'a>(
    events: &[(&'a Event, Option<EpisodeKey>)],
    visits: &Visits,
) -> HashMap<EpisodeKey, &'a Event> {
    let mut owners: HashMap<EpisodeKey, &Event> = HashMap::new();
    let weight = |event: &Event| (visits.is_effective(event), order::arrival(event));
    for (event, episode) in events {
        let Some(episode) = episode else { continue };
        if event.subject.is_none() {
            continue;
        }
        let held = owners.entry(episode.clone()).or_insert(event);
        if weight(event) > weight(held) {
            *held = event;
        }
    }
    owners
}
