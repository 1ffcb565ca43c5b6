//! Which events a deletion voids, and which statement of a movement holds.

use std::collections::{HashMap, HashSet};

use schemas::{MovementAction, Timestamp};

use crate::{Event, EventId, Trigger, nesting::Nesting, order, people::People, visit::Visit};

/// Removes what a deletion voids: the visit's and its parts' (A23) or the person's (A29) events up to its time.
///
/// A person's events are those of the visits that the person owns, and those without a visit.
pub(crate) fn delete<'a>(
    events: &mut Vec<(&'a Event, Option<Visit<'a>>)>,
    owners: &HashMap<Visit<'a>, &'a str>,
    people: &People<'a>,
    nesting: &Nesting<'a>,
) {
    let mut visits: HashMap<Visit<'a>, Timestamp> = HashMap::new();
    let mut persons: HashMap<&str, Timestamp> = HashMap::new();
    for (event, visit) in &*events {
        match (event.trigger, visit, people.of(event)) {
            (Trigger::DeleteVisit, Some(visit), _) => {
                let until = visits.entry(visit.clone()).or_insert(event.occurred_at);
                *until = event.occurred_at.max(*until);
            }
            (Trigger::DeletePerson, _, Some(person)) => {
                let until = persons.entry(person).or_insert(event.occurred_at);
                *until = event.occurred_at.max(*until);
            }
            _ => {}
        }
    }
    if visits.is_empty() && persons.is_empty() {
        return;
    }
    events.retain(|(event, visit)| {
        let person = match visit {
            Some(visit) => owners.get(visit).copied(),
            None => people.of(event),
        };
        let of_visit = visit.as_ref().and_then(|visit| visits.get(visit));
        let around = visit.iter().filter(|_| !visits.is_empty()).flat_map(|visit| nesting.around(&visit.key));
        let of_whole = around
            .flat_map(|key| visits.iter().filter(move |(visit, _)| visit.key == *key))
            .map(|(_, until)| until)
            .max();
        let of_visit = of_visit.max(of_whole);
        let of_person = person.and_then(|person| persons.get(person));
        of_visit.max(of_person).is_none_or(|until| event.occurred_at > *until)
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
