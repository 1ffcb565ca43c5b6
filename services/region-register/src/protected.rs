//! Whose identity the region knows to be protected: what any event says holds for all of the person's, under every pseudonym.

use std::collections::{HashMap, HashSet};

use runtime::config::Kafka;
use runtime::shutdown::Shutdown;
use schemas::{Common, DecodeError, Decoder, Node, Subject, Visitor, registry};
use timeline::IDENTIFIERS_MAX;
use topics::Region;

use crate::error::Error;
use crate::records;

/// Most pseudonyms that are kept: of persons who are protected or have more than one.
const PSEUDONYMS_MAX: usize = 10_000_000;

/// What events say of persons, added in any order.
#[derive(Default)]
pub struct Protected {
    said: HashSet<Box<str>>,
    /// Pseudonyms that are one person, in both directions.
    same: HashMap<Box<str>, HashSet<Box<str>>>,
}

/// The common events that are about persons.
pub fn subjects() -> impl Iterator<Item = Subject> {
    Subject::ALL.into_iter().filter(|subject| subject.is_personal())
}

impl Protected {
    /// Adds what an event says.
    ///
    /// # Errors
    /// When there are more persons than can be kept.
    pub(crate) fn add<'r>(&mut self, event: &impl Common<'r>) -> Result<(), Error> {
        let envelope = event.envelope();
        let own = envelope.subject_token.into_iter().chain(envelope.subject_aliases.iter().copied());
        let linked = event.nodes().filter_map(|node| if let Node::Person(token) = node { Some(token) } else { None });
        let mut tokens: Vec<&str> = own.chain(linked).collect();
        tokens.sort_unstable();
        tokens.dedup();
        self.said_by(event);
        for token in tokens.iter().filter(|_| tokens.len() > 1) {
            let others = tokens.iter().filter(|other| *other != token);
            self.same.entry(Box::from(*token)).or_default().extend(others.map(|other| Box::from(*other)));
        }
        if self.said.len() + self.same.len() > PSEUDONYMS_MAX {
            return Err(Error::TooManyPersons { max: PSEUDONYMS_MAX });
        }
        Ok(())
    }

    /// Adds whether an event says that its person's identity is protected.
    pub(crate) fn said_by<'r>(&mut self, event: &impl Common<'r>) {
        let envelope = event.envelope();
        self.said.extend(envelope.subject_token.filter(|_| envelope.protected_identity).map(Box::from));
    }

    /// Adds what others say.
    pub(crate) fn join(&mut self, other: Protected) {
        self.said.extend(other.said);
        for (token, others) in other.same {
            self.same.entry(token).or_default().extend(others);
        }
    }

    /// All pseudonyms of protected persons. An identifier that more carry than one person has identifiers joins nobody.
    pub(crate) fn pseudonyms(&self) -> HashSet<Box<str>> {
        let mut found = self.said.clone();
        let mut new: Vec<&str> = self.said.iter().map(|token| &**token).collect();
        let others = |token: &str| self.same.get(token).filter(|others| others.len() <= IDENTIFIERS_MAX);
        while let Some(token) = new.pop() {
            for other in others(token).into_iter().flatten().filter(|other| others(other).is_some()) {
                if found.insert(other.clone()) {
                    new.push(other);
                }
            }
        }
        found
    }
}

/// Reads the region's common topics as they stand.
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
    let topics: Vec<String> = subjects.iter().map(|subject| topics::name::common(region, *subject)).collect();
    let mut protected = Protected::default();
    records::each(kafka, registry, &topics, shutdown, |decoder, record| {
        let adding = Adding { protected: &mut protected, decoder, record: record.payload() };
        let at = record.topic();
        subjects[at].visit(adding).map_err(|_| Error::unreadable(&topics[at], record))?
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
        Ok(self.protected.add(&event))
    }
}
