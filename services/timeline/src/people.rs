//! Who is who: merges, and identifiers that stand in one message. Both are timeless.

use std::collections::{HashMap, HashSet};

use crate::{Event, Finding, FindingRule, Trigger, order};

/// More other identifiers than this beside one identifier are not one person's: a registration desk's placeholder, or a
/// number that was read wrongly. It links nobody. A person has a national number, a few reserve numbers, and one of each
/// hospital system.
pub const IDENTIFIERS_MAX: usize = 16;

/// Persons after merges. Chains are followed; the order of merges decides only which pseudonym names the person.
pub(crate) struct People<'a> {
    parent: HashMap<&'a str, &'a str>,
    survivor: HashMap<&'a str, &'a str>,
    /// Identifiers that link nobody.
    shared: HashSet<&'a str>,
}

impl<'a> People<'a> {
    /// `events` in order of time.
    pub(crate) fn new(events: &[&'a Event], known: &'a HashSet<Box<str>>, findings: &mut Vec<Finding>) -> Self {
        let mut shared = shared(events);
        shared.extend(known.iter().map(|token| &**token));
        if !shared.is_empty() {
            let names =
                |event: &&&Event| links(event).any(|(one, other)| shared.contains(one) || shared.contains(other));
            findings.extend(events.iter().filter(names).map(|event| Finding::of(event, FindingRule::IdentifierShared)));
        }
        let mut people = Self { parent: HashMap::new(), survivor: HashMap::new(), shared };
        for event in events {
            let Some(subject) = people.token(event) else { continue };
            for alias in &event.subject_aliases {
                people.unite(subject, alias);
            }
            if event.trigger == Trigger::MergePerson {
                for prior in &event.prior_subjects {
                    people.unite(subject, prior);
                    if &**prior != subject && !people.shared.contains(&**prior) {
                        people.survivor.insert(prior, subject);
                        people.survivor.remove(subject);
                    }
                }
            }
        }
        people
    }

    /// The person whom an event is about: the same for all pseudonyms of one person.
    pub(crate) fn of(&self, event: &'a Event) -> Option<&'a str> {
        self.token(event).map(|token| self.person(token))
    }

    /// The pseudonym that stands for all of a person.
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

    /// The pseudonym by which an event names its person: its subject, unless that links nobody.
    pub(crate) fn token(&self, event: &'a Event) -> Option<&'a str> {
        let mut tokens = event.subject.iter().chain(&event.subject_aliases).map(|token| &**token);
        if self.shared.is_empty() { tokens.next() } else { tokens.find(|token| !self.shared.contains(token)) }
    }

    fn unite(&mut self, one: &'a str, other: &'a str) {
        if self.shared.contains(one) || self.shared.contains(other) {
            return;
        }
        let (one, other) = (self.person(one), self.person(other));
        // The smaller name becomes the root, whatever the order of the events.
        match one.cmp(other) {
            std::cmp::Ordering::Less => self.parent.insert(other, one),
            std::cmp::Ordering::Greater => self.parent.insert(one, other),
            std::cmp::Ordering::Equal => None,
        };
    }
}

/// Pairs of pseudonyms that one event says are one person's.
pub(crate) fn links(event: &Event) -> impl Iterator<Item = (&str, &str)> {
    let priors = event.prior_subjects.iter().filter(|_| event.trigger == Trigger::MergePerson);
    let subject = event.subject.as_deref();
    event.subject_aliases.iter().chain(priors).filter_map(move |other| Some((subject?, &**other)))
}

/// The identifiers that stand beside more than [`IDENTIFIERS_MAX`] others.
pub(crate) fn shared<'a>(events: &[&'a Event]) -> HashSet<&'a str> {
    let mut pairs: Vec<(&str, &str)> = events
        .iter()
        .flat_map(|event| links(event))
        .filter(|(one, other)| one != other)
        .flat_map(|(one, other)| [(one, other), (other, one)])
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let by_identifier = pairs.chunk_by(|(one, _), (next, _)| one == next);
    by_identifier.filter(|others| others.len() > IDENTIFIERS_MAX).map(|others| others[0].0).collect()
}

/// What each merged pseudonym is called now, over a set of events in any order; who was never merged is not in it.
///
/// For statements beside the events, which name a person as their source did before a merge.
#[must_use]
pub fn survivors<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashMap<Box<str>, Box<str>> {
    let events = order::distinct(events);
    let nobody = HashSet::new();
    let people = People::new(&events, &nobody, &mut Vec::new());
    people.survivor.keys().map(|merged| (Box::from(*merged), Box::from(people.survivor(merged)))).collect()
}

/// Which pseudonyms are one person, by merges and by other identifiers in one message: each linked pseudonym with the
/// one that stands for the person, over a set of events in any order. Who was never linked is not in it.
#[must_use]
pub fn persons<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashMap<Box<str>, Box<str>> {
    let events = order::distinct(events);
    let nobody = HashSet::new();
    let people = People::new(&events, &nobody, &mut Vec::new());
    let linked = people.parent.iter().flat_map(|(one, other)| [*one, *other]);
    linked.map(|token| (Box::from(token), Box::from(people.person(token)))).collect()
}
