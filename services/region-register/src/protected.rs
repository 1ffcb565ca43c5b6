//! Whose identity the region knows to be protected: what any event has ever said holds for all of the person's, under every
//! pseudonym.

use std::collections::{HashMap, HashSet};

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
        for token in tokens.iter().filter(|_| tokens.len() > 1) {
            let others = tokens.iter().filter(|other| *other != token);
            self.same.entry(Box::from(*token)).or_default().extend(others.map(|other| Box::from(*other)));
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
        for visit in event.nodes().filter_map(|node| if let Node::Episode(number) = node { Some(number) } else { None })
        {
            let mut persons = event.nodes().filter_map(person).peekable();
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
        let others = |token: &str| self.same.get(token).filter(|others| others.len() <= IDENTIFIERS_MAX);
        let is_shared = |token: &str| self.same.contains_key(token) && others(token).is_none();
        let visitors = self.visits.iter().filter_map(|visit| self.visitors.get(visit)).flatten();
        let mut found = self.said.clone();
        found.extend(visitors.filter(|token| !is_shared(token)).cloned());
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
