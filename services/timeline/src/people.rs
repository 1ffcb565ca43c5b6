//! Who is who, and whose visit is which: merges and visit moves, both timeless.

use std::collections::{HashMap, HashSet};

use crate::{EpisodeKey, Event, EventId, Finding, FindingRule, Trigger, order};

/// Persons after merges. Chains are followed; the order of merges decides only which pseudonym names the person.
pub(crate) struct People<'a> {
    parent: HashMap<&'a str, &'a str>,
    survivor: HashMap<&'a str, &'a str>,
}

impl<'a> People<'a> {
    /// `events` in order of time.
    pub(crate) fn new(events: &[&'a Event]) -> Self {
        let mut people = Self { parent: HashMap::new(), survivor: HashMap::new() };
        for event in events {
            let Some(subject) = event.subject.as_deref() else { continue };
            for alias in &event.subject_aliases {
                people.unite(subject, alias);
            }
            if event.trigger == Trigger::MergePerson {
                for prior in &event.prior_subjects {
                    people.unite(subject, prior);
                    if &**prior != subject {
                        people.survivor.insert(prior, subject);
                        people.survivor.remove(subject);
                    }
                }
            }
        }
        people
    }

    /// The same for all pseudonyms of one person.
    pub(crate) fn person(&self, subject: &'a str) -> &'a str {
        let mut person = subject;
        while let Some(parent) = self.parent.get(person) {
            person = parent;
        }
        person
    }

    /// The pseudonym that the person has now. The latest merge of a pseudonym wins, so no circle remains.
    pub(crate) fn survivor(&self, subject: &'a str) -> &'a str {
        let mut survivor = subject;
        while let Some(next) = self.survivor.get(survivor) {
            survivor = next;
        }
        survivor
    }

    fn unite(&mut self, one: &'a str, other: &'a str) {
        let (one, other) = (self.person(one), self.person(other));
        // The smaller name becomes the root, whatever the order of the events.
        match one.cmp(other) {
            std::cmp::Ordering::Less => self.parent.insert(other, one),
            std::cmp::Ordering::Greater => self.parent.insert(one, other),
            std::cmp::Ordering::Equal => None,
        };
    }
}

/// What each merged pseudonym is called now, over a set of events in any order; who was never merged is not in it.
///
/// For statements beside the events, which name a person as their source did before a merge.
#[must_use]
pub fn survivors<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashMap<Box<str>, Box<str>> {
    let events = crate::replay::distinct(events);
    let people = People::new(&events);
    people.survivor.keys().map(|merged| (Box::from(*merged), Box::from(people.survivor(merged)))).collect()
}

/// Which pseudonyms are one person, by merges and by other identifiers in one message: each linked pseudonym with the
/// one that stands for the person, over a set of events in any order. Who was never linked is not in it.
#[must_use]
pub fn persons<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashMap<Box<str>, Box<str>> {
    let events = crate::replay::distinct(events);
    let people = People::new(&events);
    let linked = people.parent.iter().flat_map(|(one, other)| [*one, *other]);
    linked.map(|token| (Box::from(token), Box::from(people.person(token)))).collect()
}

/// Visits after moves (A42, A45, A50): the latest move owns a visit.
pub(crate) struct Visits {
    moved: HashMap<EpisodeKey, EpisodeKey>,
    effective: HashSet<EventId>,
}

impl Visits {
    pub(crate) fn new(events: &[&Event], findings: &mut Vec<Finding>) -> Self {
        let mut moves: Vec<&Event> =
            events.iter().copied().filter(|event| event.trigger == Trigger::MoveVisit).collect();
        moves.sort_by_key(|event| std::cmp::Reverse(order::arrival(event)));
        let mut visits = Self { moved: HashMap::new(), effective: HashSet::new() };
        for event in moves {
            let Some((from, to)) = event.prior_episode_key().zip(event.episode_key()) else { continue };
            if visits.moved.contains_key(&from) || from == to {
                continue;
            }
            if visits.current(&to) == from {
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

    /// The visit that `key` is now.
    pub(crate) fn current(&self, key: &EpisodeKey) -> EpisodeKey {
        let mut current = key;
        while let Some(next) = self.moved.get(current) {
            current = next;
        }
        current.clone()
    }
}
