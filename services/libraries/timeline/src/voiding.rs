//! Which events a deletion voids, and which statement of a movement holds.

use std::collections::{HashMap, HashSet};

use schemas::{MovementAction, Timestamp};

use crate::nesting::Nesting;
use crate::people::Told;
use crate::visit::{Episode, Visit};
use crate::{Event, EventId, Trigger, order};

/// Removes what a deletion voids: the visit's and its parts' (A23) or the person's (A29) events up to its time.
///
/// A person's events are those of the visits that the person owns, and those without a visit.
pub(crate) fn delete<'a>(episodes: &mut [Episode<'a>], unnamed: &mut Vec<Told<'a>>, nesting: &Nesting<'a>) {
    let mut visits: HashMap<Visit<'a>, Timestamp> = HashMap::new();
    let mut persons: HashMap<&str, Timestamp> = HashMap::new();
    let named = episodes.iter().flat_map(|episode| episode.events.iter().map(|told| (Some(episode.visit), told)));
    for (visit, Told { event, person }) in named.chain(unnamed.iter().map(|told| (None, told))) {
        let until = match (event.trigger, visit, person) {
            (Trigger::DeleteVisit, Some(visit), _) => visits.entry(visit).or_insert(event.occurred_at),
            (Trigger::DeletePerson, _, Some(person)) => persons.entry(person).or_insert(event.occurred_at),
            _ => continue,
        };
        *until = event.occurred_at.max(*until);
    }
    if visits.is_empty() && persons.is_empty() {
        return;
    }
    for Episode { visit, events, owner } in episodes {
        let around = nesting.around(visit.number);
        let of_whole = around.flat_map(|number| visits.iter().filter(move |(visit, _)| visit.number == number));
        let of_visit = visits.get(visit).max(of_whole.map(|(_, until)| until).max());
        let of_person = owner.and_then(|owner| owner.person).and_then(|person| persons.get(person));
        if let Some(until) = of_visit.max(of_person) {
            events.retain(|told| told.event.occurred_at > *until);
        }
    }
    unnamed.retain(|told| {
        let until = told.person.and_then(|person| persons.get(person));
        until.is_none_or(|until| told.event.occurred_at > *until)
    });
}

/// ZBE: a cancelled movement did not happen; of several statements of one movement the one sent last holds. Only what can
/// change a place states a movement: an update (A08) that repeats its number does not.
pub(crate) fn replaced_movements(events: &[&Event]) -> HashSet<EventId> {
    let mut void = HashSet::new();
    let stated = || {
        events.iter().copied().filter(|event| event.trigger != Trigger::Update).filter_map(|event| {
            let (movement, action) = event.movement.as_ref()?;
            Some((&**movement, *action, event))
        })
    };
    let mut latest: HashMap<&str, &Event> = HashMap::new();
    let mut corrected: HashMap<&str, bool> = HashMap::new();
    for (movement, action, event) in stated() {
        let held = latest.entry(movement).or_insert(event);
        if order::sent(event) > order::sent(held) {
            *held = event;
        }
        if action != MovementAction::Insert {
            *corrected.entry(movement).or_default() |= action == MovementAction::Cancel;
        }
    }
    for (movement, _, event) in stated() {
        let Some(cancelled) = corrected.get(movement) else { continue };
        if *cancelled || latest.get(movement).is_some_and(|held| held.id != event.id) {
            void.insert(event.id);
        }
    }
    void
}
