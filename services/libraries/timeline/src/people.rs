//! Who is who: merges, and identifiers that stand in one message. Both are timeless.

use std::collections::{HashMap, HashSet};

use crate::{Event, Finding, FindingRule, Trigger, order, rekeyed};

/// More other identifiers than this beside one identifier are not one person's: a registration desk's placeholder, or a
/// number that was read wrongly. It links nobody. A person has a national number, a few reserve numbers, and one of each
/// hospital system.
pub const IDENTIFIERS_MAX: usize = 16;

/// Persons after merges. Chains are followed; the order of merges decides only which pseudonym names the person.
///
/// A pseudonym is looked up by its text once for each event that bears it, and is a number from then on.
pub(crate) struct People<'a> {
    numbers: HashMap<&'a str, usize>,
    /// By number, as are the next three.
    names: Vec<&'a str>,
    /// Another pseudonym of the same person; the one that stands for the person has itself.
    parents: Vec<usize>,
    /// What a merge made of it.
    successors: Vec<Option<usize>>,
    shared: Vec<bool>,
}

/// An event with the person whom it is about: the same for all pseudonyms of one person.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) event: &'a Event,
    pub(crate) person: Option<&'a str>,
}

impl<'a> People<'a> {
    /// The persons of `events`, which are in order of time, and each event with its person. Those `known` link nobody.
    pub(crate) fn of(
        events: &[&'a Event],
        known: &HashSet<Box<str>>,
        findings: &mut Vec<Finding>,
    ) -> (People<'a>, Vec<Told<'a>>) {
        let mut people = People {
            numbers: HashMap::with_capacity(events.len()),
            names: Vec::new(),
            parents: Vec::new(),
            successors: Vec::new(),
            shared: Vec::new(),
        };
        let first = rekeyed::first(events.iter().filter_map(|event| event.rekeyed()));
        let named = |token| first.get(token).copied().unwrap_or(token);
        let numbers: Vec<usize> =
            events.iter().flat_map(|event| tokens(event)).map(|token| people.number(named(token))).collect();
        for (token, first) in &first {
            let number = people.number(first);
            people.numbers.insert(token, number);
        }
        people.shared = people.names.iter().map(|name| !known.is_empty() && known.contains(*name)).collect();
        let mut left = &numbers[..];
        let borne: Vec<(&Event, Borne<'_>)> =
            events.iter().map(|event| (*event, Borne::take(event, &mut left))).collect();
        for number in shared(borne.iter().flat_map(|(_, borne)| borne.links()), people.names.len()) {
            people.shared[number] = true;
        }
        if people.shared.contains(&true) {
            let is_shared = |(one, other): (usize, usize)| people.shared[one] || people.shared[other];
            let naming = borne.iter().filter(|(_, borne)| borne.links().any(is_shared));
            findings.extend(naming.map(|(event, _)| Finding::of(event, FindingRule::IdentifierShared)));
        }
        for (_, borne) in &borne {
            let Some(subject) = people.token(*borne) else { continue };
            for other in borne.aliases().iter().chain(borne.priors) {
                people.unite(subject, *other);
            }
            for prior in borne.priors.iter().filter(|prior| **prior != subject) {
                if !people.shared[*prior] {
                    people.successors[*prior] = Some(subject);
                    people.successors[subject] = None;
                }
            }
        }
        let name = |token: usize| people.names[people.root(token)];
        let told = borne.iter().map(|(event, borne)| Told { event, person: people.token(*borne).map(name) }).collect();
        (people, told)
    }

    /// The pseudonym that stands for all of a person.
    pub(crate) fn person(&self, token: &'a str) -> &'a str {
        self.numbers.get(token).map_or(token, |number| self.names[self.root(*number)])
    }

    /// The pseudonym that the person has now. The latest merge of a pseudonym wins, so no circle remains.
    pub(crate) fn survivor(&self, token: &'a str) -> &'a str {
        let latest = |number: usize| std::iter::successors(Some(number), |number| self.successors[*number]).last();
        self.numbers.get(token).and_then(|number| latest(*number)).map_or(token, |number| self.names[number])
    }

    /// The pseudonym by which an event names its person: its subject, unless that links nobody.
    fn token(&self, borne: Borne<'_>) -> Option<usize> {
        borne.own.iter().copied().find(|number| !self.shared[*number])
    }

    fn number(&mut self, token: &'a str) -> usize {
        *self.numbers.entry(token).or_insert_with(|| {
            let number = self.names.len();
            self.names.push(token);
            self.parents.push(number);
            self.successors.push(None);
            number
        })
    }

    fn root(&self, mut number: usize) -> usize {
        while self.parents[number] != number {
            number = self.parents[number];
        }
        number
    }

    fn unite(&mut self, one: usize, other: usize) {
        if self.shared[one] || self.shared[other] {
            return;
        }
        let (one, other) = (self.root(one), self.root(other));
        // The smaller name becomes the root, whatever the order of the events.
        let (root, child) = if self.names[one] <= self.names[other] { (one, other) } else { (other, one) };
        self.parents[child] = root;
    }
}

/// The numbers of the pseudonyms that one event bears.
#[derive(Clone, Copy)]
struct Borne<'n> {
    /// The subject, if there is one, and its aliases.
    own: &'n [usize],
    has_subject: bool,
    priors: &'n [usize],
}

impl<'n> Borne<'n> {
    /// Takes those of `event` off the front of all events' numbers.
    fn take(event: &Event, left: &mut &'n [usize]) -> Borne<'n> {
        let has_subject = event.subject.is_some();
        let (own, rest) = left.split_at(usize::from(has_subject) + event.subject_aliases.len());
        let (priors, rest) = rest.split_at(priors(event).len());
        *left = rest;
        Borne { own, has_subject, priors }
    }

    fn aliases(self) -> &'n [usize] {
        &self.own[usize::from(self.has_subject)..]
    }

    /// Pairs that the event says are one person's.
    fn links(self) -> impl Iterator<Item = (usize, usize)> + Clone {
        let subject = self.own.first().filter(|_| self.has_subject);
        let others = self.aliases().iter().chain(self.priors);
        others.filter_map(move |other| Some((*subject?, *other)))
    }
}

/// The pseudonyms that an event bears: its subject's, then what a merge ends.
fn tokens(event: &Event) -> impl Iterator<Item = &str> {
    event.subject.iter().chain(&event.subject_aliases).chain(priors(event)).map(|token| &**token)
}

fn priors(event: &Event) -> &[Box<str>] {
    if event.trigger == Trigger::MergePerson { &event.prior_subjects } else { &[] }
}

/// Those of `count` numbers that stand beside more than [`IDENTIFIERS_MAX`] others.
fn shared(links: impl Iterator<Item = (usize, usize)> + Clone, count: usize) -> Vec<usize> {
    let mut times = vec![0_usize; count];
    for (one, other) in links.clone() {
        times[one] += 1;
        times[other] += 1;
    }
    // Hardly any number is linked so often; only of those it is counted to how many others.
    if times.iter().all(|times| *times <= IDENTIFIERS_MAX) {
        return Vec::new();
    }
    let mut pairs: Vec<(usize, usize)> = links
        .filter(|(one, other)| one != other)
        .flat_map(|(one, other)| [(one, other), (other, one)])
        .filter(|(one, _)| times[*one] > IDENTIFIERS_MAX)
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let by_number = pairs.chunk_by(|(one, _), (next, _)| one == next);
    by_number.filter(|others| others.len() > IDENTIFIERS_MAX).map(|others| others[0].0).collect()
}

/// The identifiers that stand beside more than [`IDENTIFIERS_MAX`] others.
pub(crate) fn shared_tokens(events: &[&Event]) -> HashSet<Box<str>> {
    let (people, _) = People::of(events, &HashSet::new(), &mut Vec::new());
    let names = people.names.iter().zip(&people.shared);
    names.filter(|(_, shared)| **shared).map(|(name, _)| Box::from(*name)).collect()
}

/// What each merged pseudonym is called now, over a set of events in any order; who was never merged is not in it.
///
/// For statements beside the events, which name a person as their source did before a merge.
#[must_use]
pub fn survivors<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashMap<Box<str>, Box<str>> {
    let people = people(events);
    let merged = people.names.iter().zip(&people.successors).filter(|(_, successor)| successor.is_some());
    merged.map(|(name, _)| (Box::from(*name), Box::from(people.survivor(name)))).collect()
}

/// Which pseudonyms are one person, by merges and by other identifiers in one message: each linked pseudonym with the
/// one that stands for the person, over a set of events in any order. Who was never linked is not in it.
#[must_use]
pub fn persons<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashMap<Box<str>, Box<str>> {
    let people = people(events);
    let linked = people.parents.iter().enumerate().filter(|(number, parent)| *number != **parent);
    let tokens = linked.flat_map(|(number, parent)| [people.names[number], people.names[*parent]]);
    tokens.map(|token| (Box::from(token), Box::from(people.person(token)))).collect()
}

fn people<'a>(events: impl IntoIterator<Item = &'a Event>) -> People<'a> {
    People::of(&order::distinct(events), &HashSet::new(), &mut Vec::new()).0
}
