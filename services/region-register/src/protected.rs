//! Whose identity the region knows to be protected: what any event has ever said holds for all of the person's, under every
//! pseudonym.

use std::collections::{BTreeSet, HashMap, HashSet};

use runtime::config::Kafka;
use runtime::shutdown::Shutdown;
use schemas::{Common, DecodeError, Decoder, Node, Protection, Subject, Visitor, registry, stored};
use timeline::IDENTIFIERS_MAX;
use topics::Region;

use crate::error::Error;
use crate::records;

/// Most pseudonyms and visits that are kept: of persons who are protected or have more than one, and of visits that name one.
const NODES_MAX: usize = 10_000_000;

/// What events say of persons, added in any order.
#[derive(Default)]
pub struct Protected {
    /// Pseudonyms of those whom an event marks.
    said: HashSet<Box<str>>,
    /// Visits that an event marks without naming a person, as [`stored::node`] writes them.
    visits: HashSet<Box<str>>,
    /// Pseudonyms that are one person, in both directions.
    same: HashMap<Box<str>, HashSet<Box<str>>>,
    /// Of each visit whom events name with it.
    visitors: HashMap<Box<str>, HashSet<Box<str>>>,
}

/// The common events that are about persons.
pub fn subjects() -> impl Iterator<Item = Subject> {
    Subject::ALL.into_iter().filter(|subject| subject.is_personal())
}

impl Protected {
    /// Adds what an event said, by itself or out of the topic that keeps it for good.
    ///
    /// # Errors
    /// When there are more persons than can be kept.
    pub(crate) fn add(&mut self, said: &Protection<'_>) -> Result<(), Error> {
        if said.protected_identity {
            self.said.extend(said.subject_token.map(Box::from));
            let visit = said.episode_id.filter(|_| said.subject_token.is_none());
            self.visits.extend(visit.map(|visit| visit_node(said.source_system, visit)));
        }
        let tokens: Vec<&str> = said.subject_token.into_iter().chain(said.same_as.iter().copied()).collect();
        if let Some((first, others)) = tokens.split_first() {
            // As the store links them: all to the first, and each to the next, so that who has many is one person all the same.
            let star = others.iter().map(|other| (*first, *other));
            for (one, other) in star.chain(others.windows(2).map(|pair| (pair[0], pair[1]))) {
                self.link(one, other);
                self.link(other, one);
            }
        }
        self.bounded()
    }

    /// Adds what an event says, and whose its visits are.
    ///
    /// # Errors
    /// When there are more persons than can be kept.
    pub(crate) fn add_event<'r>(&mut self, event: &impl Common<'r>) -> Result<(), Error> {
        for said in Protection::said_by(event) {
            self.add(&said)?;
        }
        let person = |node| if let Node::Person(token) = node { Some(token) } else { None };
        let system = event.envelope().source_system;
        // A clinical event has no node, and says whose contact it belongs to all the same.
        let visits =
            event.nodes().filter_map(|node| if let Node::Episode(number) = node { Some(number) } else { None });
        for visit in visits.chain(event.index().episode) {
            let mut persons = event.nodes().filter_map(person).chain(event.envelope().subject_token).peekable();
            if persons.peek().is_some() {
                self.visitors.entry(visit_node(system, visit)).or_default().extend(persons.map(Box::from));
            }
        }
        self.bounded()
    }

    /// Adds what others say.
    pub(crate) fn join(&mut self, other: Protected) {
        self.said.extend(other.said);
        self.visits.extend(other.visits);
        for (into, from) in [(&mut self.same, other.same), (&mut self.visitors, other.visitors)] {
            for (node, others) in from {
                into.entry(node).or_default().extend(others);
            }
        }
    }

    /// All pseudonyms of protected persons. An identifier that more carry than one person has identifiers joins nobody.
    pub(crate) fn pseudonyms(&self) -> HashSet<Box<str>> {
        let is_shared = |token: &str| self.same.contains_key(token) && self.others(token).is_none();
        let visitors = self.visits.iter().filter_map(|visit| self.visitors.get(visit)).flatten();
        let mut found = self.said.clone();
        found.extend(visitors.filter(|token| !is_shared(token)).cloned());
        self.joined(found)
    }

    /// All pseudonyms of the person with this one.
    pub(crate) fn person(&self, token: &str) -> BTreeSet<String> {
        self.joined(HashSet::from([Box::from(token)])).into_iter().map(String::from).collect()
    }

    /// What a pseudonym stands beside; nothing where that is more than one person has.
    fn others(&self, token: &str) -> Option<&HashSet<Box<str>>> {
        self.same.get(token).filter(|others| others.len() <= IDENTIFIERS_MAX)
    }

    /// These, and whatever is one person with one of them.
    fn joined(&self, mut found: HashSet<Box<str>>) -> HashSet<Box<str>> {
        let others = |token: &str| self.others(token);
        let mut new: Vec<Box<str>> = found.iter().cloned().collect();
        while let Some(token) = new.pop() {
            for other in others(&token).into_iter().flatten().filter(|other| others(other).is_some()) {
                if found.insert(other.clone()) {
                    new.push(other.clone());
                }
            }
        }
        found
    }

    /// What stands beside more than one person has identifiers joins nobody, whatever else stands beside it.
    fn link(&mut self, token: &str, other: &str) {
        let known = self.same.entry(token.into()).or_default();
        if known.len() <= IDENTIFIERS_MAX {
            known.insert(other.into());
        }
    }

    fn bounded(&self) -> Result<(), Error> {
        let nodes = self.said.len() + self.visits.len() + self.same.len() + self.visitors.len();
        if nodes > NODES_MAX { Err(Error::TooManyPersons { max: NODES_MAX }) } else { Ok(()) }
    }
}

fn visit_node(source_system: &str, number: &str) -> Box<str> {
    stored::node(source_system, Node::Episode(number)).into_boxed_str()
}

/// Reads what the region keeps for good, and its common topics as they stand: a region whose processor did not keep it yet has
/// what they hold.
///
/// # Errors
/// When Kafka or the registry does not answer, or a record cannot be read.
pub fn read(
    kafka: &Kafka,
    registry: &registry::Settings,
    region: Region,
    shutdown: &Shutdown,
) -> Result<Protected, Error> {
    let subjects: Vec<Subject> = subjects().collect();
    let mut topics: Vec<String> = subjects.iter().map(|subject| topics::name::common(region, *subject)).collect();
    topics.push(topics::name::protected(region));
    let mut protected = Protected::default();
    records::each(kafka, registry, &topics, shutdown, |decoder, record| {
        let (at, payload) = (record.topic(), record.payload());
        let unreadable = |_| Error::unreadable(&topics[at], record);
        let Some(subject) = subjects.get(at) else {
            // Somebody took a mark back by hand: what it said is gone when Kafka compacts the topic.
            if payload.is_empty() {
                return Ok(());
            }
            return protected.add(&decoder.decode(payload).map_err(unreadable)?);
        };
        let adding = Adding { protected: &mut protected, decoder, record: payload };
        subject.visit(adding).map_err(unreadable)?
    })?;
    Ok(protected)
}

/// Adds one event of a topic.
struct Adding<'p, 'r> {
    protected: &'p mut Protected,
    decoder: &'p Decoder,
    record: &'r [u8],
}

impl<'r> Visitor<'r> for Adding<'_, 'r> {
    type Output = Result<Result<(), Error>, DecodeError>;

    fn visit<E: Common<'r>>(self) -> Self::Output {
        let event: E = self.decoder.decode(self.record)?;
        Ok(self.protected.add_event(&event))
    }
}

#[cfg(test)]
mod tests {
    use schemas::Timestamp;

    use super::*;

    fn said<'a>(protected: bool, tokens: &[&'a str]) -> Protection<'a> {
        Protection {
            region: "14",
            source_system: "SE2321000131-EXEMPEL",
            subject_token: tokens.first().copied(),
            same_as: tokens[1..].to_vec(),
            episode_id: None,
            protected_identity: protected,
            subject: Subject::Encounter.name(),
            received_at: Timestamp(0),
        }
    }

    #[test]
    fn a_person_of_very_many_identifiers_is_one_person_and_takes_little_memory() {
        let tokens: Vec<String> = (0..3_000).map(|token| format!("token-{token:04}")).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let mut protected = Protected::default();
        protected.add(&said(false, &tokens)).expect("few persons");
        protected.add(&said(true, &tokens[1_500..1_501])).expect("few persons");
        // The first stands beside all others, as what many persons share does.
        let found = protected.pseudonyms();
        assert!(tokens[1..].iter().all(|token| found.contains(*token)) && found.len() == 2_999, "{}", found.len());
        assert!(protected.same.values().map(HashSet::len).sum::<usize>() < 4 * tokens.len());
    }
}
