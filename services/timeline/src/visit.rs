//! Which events are one episode: the visit number within its authority, after visit moves, and, where several persons were
//! admitted under one number, the person.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{EpisodeKey, Event, EventId, Finding, FindingRule, Trigger, order, people::People};

/// One episode, as finely as the events tell it from others. Its number may be another's too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Visit<'a> {
    pub(crate) key: EpisodeKey,
    authority: Option<&'a str>,
    /// The person, where several share the number.
    holder: Option<&'a str>,
}

/// The visits of a set of events.
pub(crate) struct Visits<'a> {
    moved: HashMap<Visit<'a>, Visit<'a>>,
    effective: HashSet<EventId>,
    authorities: Authorities<'a>,
}

/// Who gives each visit number that some event names an authority for, and to which persons.
type Authorities<'a> = HashMap<EpisodeKey, BTreeMap<&'a str, BTreeSet<&'a str>>>;

impl<'a> Visits<'a> {
    /// `events` in order of time.
    pub(crate) fn new(events: &[&'a Event], people: &People<'a>, findings: &mut Vec<Finding>) -> Self {
        let mut visits =
            Self { moved: HashMap::new(), effective: HashSet::new(), authorities: authorities(events, people) };
        let mut moves: Vec<&Event> =
            events.iter().copied().filter(|event| event.trigger == Trigger::MoveVisit).collect();
        moves.sort_by_key(|event| std::cmp::Reverse(order::arrival(event)));
        for event in moves {
            let person = people.of(event);
            let prior = event.prior_subjects.first().map_or(person, |prior| Some(people.person(prior)));
            let from = event.prior_episode_key().map(|key| visits.named(key, event.prior_authority.as_deref(), prior));
            let to = event.episode_key().map(|key| visits.named(key, event.authority(), person));
            let Some((from, to)) = from.zip(to) else { continue };
            if visits.moved.contains_key(&from) || from == to {
                continue;
            }
            if *visits.current(&to) == from {
                findings.push(Finding::of(event, FindingRule::MoveCircular));
                continue;
            }
            visits.moved.insert(from, to);
            visits.effective.insert(event.id);
        }
        visits
    }

    /// Whether this move decides where its visit is.
    pub(crate) fn is_effective(&self, event: &Event) -> bool {
        self.effective.contains(&event.id)
    }

    /// Each event with its visit; `None` for an event that names none, or none of several that share the number.
    pub(crate) fn assign(
        &self,
        events: &[&'a Event],
        people: &People<'a>,
        findings: &mut Vec<Finding>,
    ) -> Vec<(&'a Event, Option<Visit<'a>>)> {
        let mut assigned: Vec<(&Event, Option<Visit<'a>>)> = events
            .iter()
            .map(|event| {
                let named = event.episode_key().map(|key| self.named(key, event.authority(), people.of(event)));
                (*event, named.map(|visit| self.current(&visit).clone()))
            })
            .collect();
        let mut numbers: HashMap<&Visit<'a>, Vec<&'a Event>> = HashMap::new();
        for (event, visit) in &assigned {
            if let Some(visit) = visit {
                numbers.entry(visit).or_default().push(event);
            }
        }
        let holders: HashMap<Visit<'a>, Holders<'a>> = numbers
            .into_iter()
            .filter_map(|(visit, events)| Some((visit.clone(), self.holders(&events, people, findings)?)))
            .collect();
        if holders.is_empty() {
            return assigned;
        }
        for (event, visit) in &mut assigned {
            let Some(holders) = visit.as_ref().and_then(|visit| holders.get(visit)) else { continue };
            let holder = people.of(event).and_then(|person| holders.get(person).copied());
            match (visit.as_mut(), holder) {
                (Some(visit), Some(holder)) => visit.holder = Some(holder),
                _ => {
                    *visit = None;
                    if event.trigger.has_effect() {
                        findings.push(Finding::of(event, FindingRule::EpisodeUnresolved));
                    }
                }
            }
        }
        assigned
    }

    /// The persons who were each admitted under one number; `None` unless they are several. Persons whom a move of the visit
    /// names are one holder.
    fn holders(&self, events: &[&'a Event], people: &People<'a>, findings: &mut Vec<Finding>) -> Option<Holders<'a>> {
        let mut persons = events.iter().filter_map(|event| people.of(event));
        let first = persons.next()?;
        if persons.all(|person| person == first) {
            return None;
        }
        let mut holders = Holders::new();
        let mut facility = None;
        let mut facilities_differ = false;
        for event in events {
            if event.facility().is_some() {
                facilities_differ |= facility.is_some_and(|facility| Some(facility) != event.facility());
                facility = event.facility();
            }
            if let Some(person) = people.of(event) {
                holders.entry(person).or_insert(person);
            }
        }
        for event in events.iter().filter(|event| self.is_effective(event)) {
            let Some(person) = people.of(event) else { continue };
            for prior in event.prior_subjects.iter().map(|prior| people.person(prior)) {
                let (Some(one), Some(other)) = (holders.get(person).copied(), holders.get(prior).copied()) else {
                    continue;
                };
                let (kept, joined) = (one.min(other), one.max(other));
                holders.values_mut().filter(|holder| **holder == joined).for_each(|holder| *holder = kept);
            }
        }
        // Who was never admitted under the number may be the same person under a corrected identity. Where two facilities
        // use the number, being anywhere is enough: their numbers are their own.
        let founds = |event: &&&'a Event| {
            event.place.is_some()
                && (matches!(event.trigger, Trigger::Admit | Trigger::Register)
                    || (facilities_differ && event.trigger.places()))
        };
        let mut founders: BTreeMap<&str, &Event> = BTreeMap::new();
        for event in events.iter().filter(founds) {
            if let Some(holder) = people.of(event).and_then(|person| holders.get(person)) {
                founders.entry(holder).or_insert(event);
            }
        }
        if founders.len() < 2 {
            return None;
        }
        holders.retain(|_, holder| founders.contains_key(holder));
        findings.extend(founders.values().map(|event| Finding::of(event, FindingRule::VisitShared)));
        Some(holders)
    }

    /// The visit of a number. Where the event names no authority, the one that gives the number to this person; or the only
    /// one, for an event that names no person.
    fn named(&self, key: EpisodeKey, authority: Option<&'a str>, person: Option<&'a str>) -> Visit<'a> {
        let authority = authority.or_else(|| {
            let known = self.authorities.get(&key)?;
            let mut of_person =
                known.iter().filter(|(_, persons)| person.is_none_or(|person| persons.contains(person)));
            let (authority, _) = of_person.next()?;
            of_person.next().is_none().then_some(*authority)
        });
        Visit { key, authority, holder: None }
    }

    /// The name that an episode has now, for a source that gives names without an authority.
    pub(crate) fn current_key(&self, key: &EpisodeKey) -> EpisodeKey {
        self.current(&Visit { key: key.clone(), authority: None, holder: None }).key.clone()
    }

    /// The visit that this one is now.
    fn current<'v>(&'v self, visit: &'v Visit<'a>) -> &'v Visit<'a> {
        let mut current = visit;
        while let Some(next) = self.moved.get(current) {
            current = next;
        }
        current
    }
}

/// Each person with the one that stands for all who hold the visit together.
type Holders<'a> = HashMap<&'a str, &'a str>;

fn authorities<'a>(events: &[&'a Event], people: &People<'a>) -> Authorities<'a> {
    let mut authorities = Authorities::new();
    for event in events {
        let Some((key, authority)) = event.episode_key().zip(event.authority()) else { continue };
        let persons = authorities.entry(key).or_default().entry(authority).or_default();
        persons.extend(people.of(event));
    }
    authorities
}

/// The event that names each visit's person: its latest effective visit move, else its latest event.
pub(crate) fn owners<'a>(
    events: &[(&'a Event, Option<Visit<'a>>)],
    visits: &Visits<'a>,
) -> HashMap<Visit<'a>, &'a Event> {
    let mut owners: HashMap<Visit<'a>, &Event> = HashMap::new();
    let weight = |event: &Event| (visits.is_effective(event), order::arrival(event));
    for (event, visit) in events {
        let Some(visit) = visit else { continue };
        if event.subject.is_none() {
            continue;
        }
        let held = owners.entry(visit.clone()).or_insert(event);
        if weight(event) > weight(held) {
            *held = event;
        }
    }
    owners
}
