//! Which events are one episode: the visit number within its authority, after visit moves, and, where several persons were
//! admitted under one number, the person.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::people::{People, Told};
use crate::{EpisodeKey, Event, EventId, Finding, FindingRule, Trigger};

/// A visit number within its source system, as events tell it; [`EpisodeKey`] is the same, owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Number<'a> {
    source_system: &'a str,
    episode: &'a str,
}

impl<'a> Number<'a> {
    /// The number that an event names, before visit moves.
    pub(crate) fn of(event: &'a Event) -> Option<Number<'a>> {
        let source_system = &*event.source_system;
        event.episode.as_deref().map(|episode| Number { source_system, episode })
    }

    /// The number that a move names as the former one.
    pub(crate) fn prior(event: &'a Event) -> Option<Number<'a>> {
        let source_system = &*event.source_system;
        event.prior_episode.as_deref().map(|episode| Number { source_system, episode })
    }

    pub(crate) fn key(self) -> EpisodeKey {
        EpisodeKey { source_system: self.source_system.into(), episode: self.episode.into() }
    }
}

/// One episode, as finely as the events tell it from others. Its number may be another's too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Visit<'a> {
    pub(crate) number: Number<'a>,
    authority: Option<&'a str>,
    /// The person, where several share the number.
    holder: Option<&'a str>,
}

/// A visit with its events, in order of time.
pub(crate) struct Episode<'a> {
    pub(crate) visit: Visit<'a>,
    pub(crate) events: Vec<Told<'a>>,
    /// What names its person: its latest effective visit move, else its latest event.
    pub(crate) owner: Option<Told<'a>>,
}

/// The visits of a set of events.
pub(crate) struct Visits<'a> {
    moved: HashMap<Visit<'a>, Visit<'a>>,
    effective: HashSet<EventId>,
    authorities: Authorities<'a>,
}

/// Who gives each visit number that some event names an authority for, and to which persons.
type Authorities<'a> = HashMap<Number<'a>, BTreeMap<&'a str, BTreeSet<&'a str>>>;

impl<'a> Visits<'a> {
    /// `events` in order of time.
    pub(crate) fn new(events: &[Told<'a>], people: &People<'a>, findings: &mut Vec<Finding>) -> Self {
        let mut visits = Self { moved: HashMap::new(), effective: HashSet::new(), authorities: authorities(events) };
        // The latest first.
        for Told { event, person } in events.iter().rev().filter(|told| told.event.trigger == Trigger::MoveVisit) {
            let prior = event.prior_subjects.first().map_or(*person, |prior| Some(people.person(prior)));
            let from = Number::prior(event).map(|number| visits.named(number, event.prior_authority.as_deref(), prior));
            let to = Number::of(event).map(|number| visits.named(number, event.authority(), *person));
            let Some((from, to)) = from.zip(to) else { continue };
            if visits.moved.contains_key(&from) || from == to {
                continue;
            }
            if visits.current(to) == from {
                findings.push(Finding::of(event, FindingRule::MoveCircular));
                continue;
            }
            visits.moved.insert(from, to);
            visits.effective.insert(event.id);
        }
        visits
    }

    /// The episodes, in order of their visits. An event that names one of several which share its number, but not whose, is
    /// in none. What names no number comes back beside them.
    pub(crate) fn episodes(
        &self,
        events: Vec<Told<'a>>,
        people: &People<'a>,
        findings: &mut Vec<Finding>,
    ) -> (Vec<Episode<'a>>, Vec<Told<'a>>) {
        let mut at: HashMap<Visit<'a>, usize> = HashMap::new();
        let mut numbers: Vec<(Visit<'a>, Vec<Told<'a>>)> = Vec::new();
        let mut unnamed = Vec::new();
        for told in events {
            let Some(number) = Number::of(told.event) else {
                unnamed.push(told);
                continue;
            };
            let visit = self.current(self.named(number, told.event.authority(), told.person));
            let at = *at.entry(visit).or_insert_with(|| {
                numbers.push((visit, Vec::new()));
                numbers.len() - 1
            });
            numbers[at].1.push(told);
        }
        let mut episodes = Vec::with_capacity(numbers.len());
        for (visit, events) in numbers {
            match self.holders(&events, people, findings) {
                Some(holders) => {
                    let shared = parted(visit, events, &holders, findings);
                    episodes.extend(shared.into_iter().map(|(visit, events)| self.episode(visit, events)));
                }
                None => episodes.push(self.episode(visit, events)),
            }
        }
        episodes.sort_unstable_by_key(|episode| episode.visit);
        (episodes, unnamed)
    }

    fn episode(&self, visit: Visit<'a>, events: Vec<Told<'a>>) -> Episode<'a> {
        let naming = events.iter().filter(|told| told.event.subject.is_some());
        let owner = naming.max_by_key(|told| self.is_effective(told.event)).copied();
        Episode { visit, events, owner }
    }

    /// Whether this move decides where its visit is.
    fn is_effective(&self, event: &Event) -> bool {
        event.trigger == Trigger::MoveVisit && self.effective.contains(&event.id)
    }

    /// The persons who were each admitted under one number; `None` unless they are several. Persons whom a move of the visit
    /// names are one holder.
    fn holders(&self, events: &[Told<'a>], people: &People<'a>, findings: &mut Vec<Finding>) -> Option<Holders<'a>> {
        let mut persons = events.iter().filter_map(|told| told.person);
        let first = persons.next()?;
        if persons.all(|person| person == first) {
            return None;
        }
        let mut holders = Holders::new();
        let mut facility = None;
        let mut facilities_differ = false;
        for Told { event, person } in events {
            if event.facility().is_some() {
                facilities_differ |= facility.is_some_and(|facility| Some(facility) != event.facility());
                facility = event.facility();
            }
            if let Some(person) = *person {
                holders.entry(person).or_insert(person);
            }
        }
        for Told { event, person } in events.iter().filter(|told| self.is_effective(told.event)) {
            let Some(person) = *person else { continue };
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
        let founds = |event: &Event| {
            event.place.is_some()
                && (matches!(event.trigger, Trigger::Admit | Trigger::Register)
                    || (facilities_differ && event.trigger.places()))
        };
        let mut founders: BTreeMap<&str, &Event> = BTreeMap::new();
        for Told { event, person } in events.iter().filter(|told| founds(told.event)) {
            if let Some(holder) = person.and_then(|person| holders.get(person)) {
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
    fn named(&self, number: Number<'a>, authority: Option<&'a str>, person: Option<&'a str>) -> Visit<'a> {
        let authority = authority.or_else(|| {
            let known = self.authorities.get(&number)?;
            let mut of_person =
                known.iter().filter(|(_, persons)| person.is_none_or(|person| persons.contains(person)));
            let (authority, _) = of_person.next()?;
            of_person.next().is_none().then_some(*authority)
        });
        Visit { number, authority, holder: None }
    }

    /// The number that an episode has now, for a source that gives numbers without an authority.
    pub(crate) fn current_number(&self, number: Number<'a>) -> Number<'a> {
        self.current(Visit { number, authority: None, holder: None }).number
    }

    /// The visit that this one is now.
    fn current(&self, visit: Visit<'a>) -> Visit<'a> {
        let mut current = visit;
        while let Some(next) = self.moved.get(&current) {
            current = *next;
        }
        current
    }
}

/// Each person with the one that stands for all who hold the visit together.
type Holders<'a> = HashMap<&'a str, &'a str>;

/// The visits of the persons who share a number. An event of nobody among them is in none, which is a finding.
fn parted<'a>(
    visit: Visit<'a>,
    events: Vec<Told<'a>>,
    holders: &Holders<'a>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<Visit<'a>, Vec<Told<'a>>> {
    let mut parted: BTreeMap<Visit<'a>, Vec<Told<'a>>> = BTreeMap::new();
    for told in events {
        match told.person.and_then(|person| holders.get(person)) {
            Some(holder) => parted.entry(Visit { holder: Some(holder), ..visit }).or_default().push(told),
            None if told.event.trigger.has_effect() => {
                findings.push(Finding::of(told.event, FindingRule::EpisodeUnresolved));
            }
            None => {}
        }
    }
    parted
}

fn authorities<'a>(events: &[Told<'a>]) -> Authorities<'a> {
    let mut authorities = Authorities::new();
    for Told { event, person } in events {
        let Some((number, authority)) = Number::of(event).zip(event.authority()) else { continue };
        let persons = authorities.entry(number).or_default().entry(authority).or_default();
        persons.extend(*person);
    }
    authorities
}
