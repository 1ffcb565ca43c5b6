//! What a person, or a decision about the person's record, says of the use of the person's data.

use serde::{Deserialize, Serialize};

use crate::{Kind, Node, Record, Timestamp, stored};

/// What holds of the use of a person's data, of one verb and scope. The last record of a [`key`](Self::key) is all of it: it has
/// every time that it held, for a permit that was approved before an opt-out may still be served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection<'a> {
    /// Länskod, two digits.
    pub region: &'a str,
    /// Pseudonym of the person.
    pub subject_token: &'a str,
    /// What is said.
    pub verb: Verb,
    /// The register that is opposed, the purpose that is opted out of; empty where all is erased.
    pub scope: &'a str,
    /// Every time that it has held, ascending; at most the last has no end. None of an erasure, which holds for good.
    pub held: Vec<Held>,
    /// On which ground.
    pub ground: &'a str,
    /// The region's number of the case.
    pub case_id: Option<&'a str>,
    /// When it was entered: the latest one holds.
    pub stated_at: Timestamp,
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verb {
    /// The data are not to be in a quality register (patientdatalagen 7 kap. 2 §).
    Oppose,
    /// The data are not to be used for a purpose other than care (EHDS, art. 71).
    OptOut,
    /// Nothing of the person is to be kept (patientdatalagen 8 kap. 4 §, or a register's own rule).
    Erase,
}

/// A time that it has held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Held {
    /// Since when.
    pub since: Timestamp,
    /// When it was withdrawn.
    pub until: Option<Timestamp>,
}

impl Record for Objection<'_> {
    const KIND: Kind = Kind::Objection;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/Objection/v1.avsc")];
}

impl Verb {
    /// Its name in keys, tables and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Oppose => "oppose",
            Self::OptOut => "opt-out",
            Self::Erase => "erase",
        }
    }
}

impl Objection<'_> {
    /// The key of its record in Kafka: the topic keeps one record of each person, verb and scope.
    pub fn key(&self) -> String {
        let person = stored::node("", Node::Person(self.subject_token));
        format!("{person} {} {}", self.verb.name(), self.scope)
    }

    /// Whether it holds now, as far as it says.
    pub fn holds(&self) -> bool {
        self.verb == Verb::Erase || self.held.last().is_some_and(|held| held.until.is_none())
    }
}
