//! What is known of a person, without saying who.

use serde::{Deserialize, Serialize};

use crate::{Envelope, Kind, Record};

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
    /// Lan and kommun of residence, four digits; `None` for protected identity.
    pub lkf: Option<&'a str>,
    /// PID-30.
    pub dead: Option<bool>,
    /// Pseudonyms of the same person under other identifiers.
    #[serde(borrow)]
    pub linked_subject_tokens: Vec<&'a str>,
}

impl Record for Person<'_> {
    const KIND: Kind = Kind::Person;
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
