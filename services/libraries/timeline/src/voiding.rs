//! Which events a deletion voids.

use std::collections::HashMap;

use schemas::Timestamp;

use crate::Trigger;
use crate::nesting::Nesting;
use crate::people::Told;
use crate::visit::{Episode, Visit};

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
