//! What is known of a person, without saying who.

use serde::{Deserialize, Serialize};

use crate::{Described, Envelope, Index, Kind, Node, Record};

/// Facts about a person under pseudonym.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// HL7 trigger event.
    pub trigger: &'a str,
    /// Year of birth.
    pub birth_year: Option<i32>,
    /// PID-8 normalised.
    pub sex: Sex,
    /// Län and kommun of residence, four digits; `None` for protected identity.
    pub lkf: Option<&'a str>,
    /// PID-30.
    pub dead: Option<bool>,
    /// Pseudonyms of the same person under other identifiers.
    #[serde(borrow)]
    pub linked_subject_tokens: Vec<&'a str>,
}

impl Person<'_> {
    /// Type of an event that says that the person's identity is protected, of a record that became no other event.
    pub const MARK: &'static str = "person.protected";

    /// Whether it says that and nothing else: what is known of the person beside it holds.
    pub fn is_mark(&self) -> bool {
        self.envelope.event_type == Self::MARK
    }
}

impl Record for Person<'_> {
    const KIND: Kind = Kind::Person;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/Person/v1.avsc")];
}

impl<'a> Described<'a> for Person<'a> {
    fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    fn envelope_mut(&mut self) -> &mut Envelope<'a> {
        &mut self.envelope
    }

    fn forget_residence(&mut self) {
        self.lkf = None;
    }

    fn other_tokens_mut(&mut self) -> &mut [&'a str] {
        &mut self.linked_subject_tokens
    }

    fn key(&self) -> Option<&'a str> {
        self.envelope.subject_token
    }

    fn index(&self) -> Index<'a> {
        Index { trigger: Some(self.trigger), ..Index::default() }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        self.envelope
            .subject_token
            .iter()
            .chain(&self.envelope.subject_aliases)
            .chain(&self.linked_subject_tokens)
            .copied()
            .map(Node::Person)
    }
}

/// PID-8 normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Sex {
    Male,
    Female,
    Other,
    #[serde(other)]
    Unknown,
}
