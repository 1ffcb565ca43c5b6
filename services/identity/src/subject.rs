//! Whom a message is about: one of the identifiers it claims.
//!
//! Connector and processor both ask here, so that a person's messages go to the partition where the pseudonym expects them.

use zeroize::Zeroizing;

use crate::date::{Birth, Sex};
use crate::identifier::{Identifier, Kind, Options};
use crate::system::System;

/// An identifier as a message claims it: CX.1, and who assigned it (CX.4's OID or name, else CX.5, else the source system).
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// OID, address or name of the numbering.
    pub system: &'a str,
    /// The identifier as sent.
    pub value: &'a str,
}

/// A person, named by a Swedish identifier or by a number that only its system understands. Cannot be printed.
pub struct Subject<'a>(Inner<'a>);

enum Inner<'a> {
    Swedish(Identifier),
    Local { system: &'a str, value: &'a str },
}

impl<'a> Subject<'a> {
    /// Reads a claim; `None` when its value is empty or `""`.
    ///
    /// A bare ten-digit number under a name that is not a known numbering stays a local number: hospital numbers often have
    /// ten digits, and some hold a date and a check digit by chance.
    pub fn read(claim: Claim<'a>, options: &Options<'_>) -> Option<Subject<'a>> {
        let value = claim.value.trim_ascii();
        if value.is_empty() || value == "\"\"" {
            return None;
        }
        let system = claim.system.trim_ascii();
        let named = System::named(system);
        let ambiguous =
            named.is_none() && !system.is_empty() && value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit());
        if !ambiguous && let Ok(identifier) = Identifier::read(value, named, options) {
            return Some(Subject(Inner::Swedish(identifier)));
        }
        Some(Subject(Inner::Local { system, value }))
    }

    /// The kind of a Swedish identifier; `None` for a local number.
    pub const fn kind(&self) -> Option<Kind> {
        match &self.0 {
            Inner::Swedish(identifier) => Some(identifier.kind()),
            Inner::Local { .. } => None,
        }
    }

    /// What the identifier says of the birth date.
    pub fn birth(&self) -> Option<Birth> {
        match &self.0 {
            Inner::Swedish(identifier) => identifier.birth(),
            Inner::Local { .. } => None,
        }
    }

    /// What the identifier says of legal sex.
    pub fn sex(&self) -> Option<Sex> {
        match &self.0 {
            Inner::Swedish(identifier) => identifier.sex(),
            Inner::Local { .. } => None,
        }
    }

    /// Lower is better: personnummer and samordningsnummer, national reserve, regional reserve, interim, local.
    pub const fn rank(&self) -> u8 {
        match self.kind() {
            Some(Kind::Personnummer | Kind::Samordningsnummer) => 0,
            Some(Kind::NationalReserve) => 1,
            Some(Kind::RegionalReserve) => 2,
            Some(Kind::Interim) => 3,
            None => 4,
        }
    }

    /// The number itself, in the form that all its notations collapse to: for a delivery that the law wants it in, made
    /// inside the region. Nothing for a local number, which nobody else understands. Wiped when it is dropped.
    pub fn disclosed(&self) -> Option<Zeroizing<String>> {
        match &self.0 {
            Inner::Swedish(identifier) => {
                Some(Zeroizing::new(String::from_utf8_lossy(identifier.canonical().bytes()).into_owned()))
            }
            Inner::Local { .. } => None,
        }
    }

    /// What is hashed: the system, and the canonical value.
    pub(crate) fn parts(&self) -> (&str, &[u8]) {
        match &self.0 {
            Inner::Swedish(identifier) => (identifier.system(), identifier.canonical().bytes()),
            Inner::Local { system, value } => (system, value.as_bytes()),
        }
    }
}

impl PartialEq for Subject<'_> {
    fn eq(&self, other: &Subject<'_>) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Subject<'_> {}

/// The index of the subject that names the person: the best kind, and among equals the first.
pub fn primary(subjects: &[Subject<'_>]) -> Option<usize> {
    (0..subjects.len()).min_by_key(|&index| subjects[index].rank())
}
