//! What every common event has, whatever its subject.

use serde::{Deserialize, Serialize};

use crate::{Envelope, Kind, Subject};

/// A typed record that belongs to one kind.
///
/// Implemented by exactly the record structs; it keeps a record of one kind from being encoded as another.
pub trait Record: Serialize {
    /// The kind whose schema the struct equals.
    const KIND: Kind;

    /// Every published version of the schema, oldest first; version n is at index n - 1.
    ///
    /// A published file never changes: a change is a new file and a new line here.
    const VERSIONS: &'static [&'static str];
}

/// What the record of a common subject says of itself.
pub trait Described<'a>: Record + Clone + Deserialize<'a> {
    /// What it is about.
    const SUBJECT: Subject = match Self::KIND.subject() {
        Some(subject) => subject,
        None => panic!("the record's kind is no common one"),
    };

    /// What it says about itself.
    fn envelope(&self) -> &Envelope<'a>;

    /// The same, to be changed.
    fn envelope_mut(&mut self) -> &mut Envelope<'a>;

    /// Says that its person's identity is protected. Then it says neither where the person lives nor what would tell it.
    fn protect(&mut self) {
        self.envelope_mut().protected_identity = true;
        self.forget_residence();
    }

    /// Forgets where the person lives, and what would tell it.
    fn forget_residence(&mut self);

    /// Its pseudonyms of persons beside those in the envelope.
    fn other_tokens_mut(&mut self) -> &mut [&'a str] {
        &mut []
    }

    /// Puts in place of each pseudonym of a person what `name` gives for it.
    fn rename(&mut self, name: impl Fn(&'a str) -> &'a str) {
        let envelope = self.envelope_mut();
        for token in envelope.subject_token.iter_mut().chain(&mut envelope.subject_aliases) {
            *token = name(token);
        }
        for token in self.other_tokens_mut() {
            *token = name(token);
        }
    }

    /// What it stays in order with: the key of its record in Kafka, which has events of equal keys in one partition.
    fn key(&self) -> Option<&'a str>;

    /// What the store finds it by.
    fn index(&self) -> Index<'a>;

    /// What ties it to other events; the first is the one that it is found by. Nothing of an event that moves no stay and no
    /// unit's figures.
    fn nodes(&self) -> impl Iterator<Item = Node<'a>>;
}

/// What the store finds an event by, besides what its envelope says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Index<'a> {
    /// HL7 trigger event.
    pub trigger: Option<&'a str>,
    /// Visit number.
    pub episode: Option<&'a str>,
    /// Unit code.
    pub unit: Option<&'a str>,
    /// What the statement counts for, as [`Subject::period`] says.
    pub period: Option<&'a str>,
    /// The contact or statement that is told of: of those of one source system the latest holds. Empty when a whole table is
    /// taken back.
    pub contact: Option<&'a str>,
}

/// What events can have in common so that they decide together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node<'a> {
    /// A person, by pseudonym.
    Person(&'a str),
    /// An episode of care of the source system that the event comes from, by visit number.
    Episode(&'a str),
    /// A unit's capacity, by unit code.
    Unit(&'a str),
}
