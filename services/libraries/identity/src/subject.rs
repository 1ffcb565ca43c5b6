//! Whom a message is about: one of the identifiers it claims.
//!
//! Connector and processor both ask here, so that a person's messages go to the partition where the pseudonym expects them.
//! What many patients share, or what nobody can have, names no subject: it would make one person of them.

use zeroize::Zeroizing;

use crate::date::{Birth, Sex};
use crate::guard::date_exists;
use crate::identifier::{Identifier, Kind, Options};
use crate::kept::Kept;
use crate::personal::Interim;
use crate::placeholder::is_placeholder;
use crate::symbol::{Symbol, Symbols};
use crate::system::System;

/// Type codes (CX.5, or an Identifier's type) that name the Swedish personal number where the assigner does not.
const PERSONAL_TYPES: [&str; 4] = ["PNR", "NNSWE", "PN", "PI-SE"];

/// Type codes of the national number of any nation: Sweden's, unless another nation's numbering is named.
const NATIONAL_TYPES: [&str; 2] = ["NI", "SS"];

/// The arc of Swedish numberings.
const SWEDEN: &str = "1.2.752.";

/// Characters of the longest notation that is read anew.
const NOTATION_MAX: usize = 13;

/// An identifier as a message claims it: CX.1, who assigned it (CX.4's OID or name), its type, and who sent it.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// OID, address or name of the numbering; empty where the message names none.
    pub system: &'a str,
    /// The type code; empty where the message gives none.
    pub kind: &'a str,
    /// The system that sent it: a number that nobody is said to have assigned is its own.
    pub source: &'a str,
    /// The identifier as sent.
    pub value: &'a str,
}

/// Why an identifier names no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSubject {
    /// None was given: empty or `""`.
    Absent,
    /// It stands for a number that is not known; many patients share it.
    Placeholder,
    /// It is said to be of a Swedish numbering, or looks like a personnummer, and is none.
    Invalid,
}

/// A person, named by a Swedish identifier or by a number that only its system understands. Cannot be printed.
pub struct Subject<'a>(Inner<'a>);

enum Inner<'a> {
    Swedish(Identifier),
    /// An interim number of a region that does not use them: its source's own.
    Interim {
        system: &'a str,
        number: Interim,
    },
    Local {
        system: &'a str,
        value: &'a str,
    },
}

impl<'a> Subject<'a> {
    /// Reads a claim.
    ///
    /// A bare ten-digit number under a name that is not a known numbering stays a local number: hospital numbers often have
    /// ten digits, and some hold a date and a check digit by chance. So does ten or twelve bare digits without assigner and
    /// type of which the first are no date.
    pub fn read(claim: Claim<'a>, options: &Options<'_>) -> Result<Subject<'a>, NoSubject> {
        let value = claim.value.trim_ascii();
        if value.is_empty() || value == "\"\"" {
            return Err(NoSubject::Absent);
        }
        if is_placeholder(value, options.placeholders) {
            return Err(NoSubject::Placeholder);
        }
        let system = claim.system.trim_ascii();
        let named = System::named(system).or_else(|| says_personal(claim.kind, system).then_some(System::Personnummer));
        let ambiguous =
            named.is_none() && !system.is_empty() && value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit());
        if !ambiguous && let Ok(identifier) = Identifier::read(value, named, options) {
            return Ok(Subject(Inner::Swedish(identifier)));
        }
        if named.is_none() && !system.is_empty() {
            return Ok(Subject(Inner::Local { system, value }));
        }
        if let Ok(number) = Interim::parse(value, options.reference) {
            return Ok(Subject(Inner::Interim { system: claim.source, number }));
        }
        let notation = Notation::of(value);
        let anew = notation.as_ref().and_then(|notation| notation.text());
        if let Some(Ok(identifier)) = anew.map(|text| Identifier::read(text, named, options)) {
            return Ok(Subject(Inner::Swedish(identifier)));
        }
        if named.is_some() || notation.is_some_and(|notation| notation.looks_personal(claim.kind.is_empty())) {
            return Err(NoSubject::Invalid);
        }
        Ok(Subject(Inner::Local { system: claim.source, value }))
    }

    /// Whether it is a number that only its source understands, an interim number among them.
    pub const fn is_local(&self) -> bool {
        !matches!(self.0, Inner::Swedish(_))
    }

    /// Whether it is an interim number and the region does not use them.
    pub const fn is_interim_not_enabled(&self) -> bool {
        matches!(self.0, Inner::Interim { .. })
    }

    /// The kind of a Swedish identifier; `None` for a local number.
    pub const fn kind(&self) -> Option<Kind> {
        match &self.0 {
            Inner::Swedish(identifier) => Some(identifier.kind()),
            Inner::Interim { .. } | Inner::Local { .. } => None,
        }
    }

    /// What the identifier says of the birth date.
    pub fn birth(&self) -> Option<Birth> {
        match &self.0 {
            Inner::Swedish(identifier) => identifier.birth(),
            Inner::Interim { .. } | Inner::Local { .. } => None,
        }
    }

    /// What the identifier says of legal sex.
    pub fn sex(&self) -> Option<Sex> {
        match &self.0 {
            Inner::Swedish(identifier) => identifier.sex(),
            Inner::Interim { .. } | Inner::Local { .. } => None,
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
            Inner::Interim { .. } | Inner::Local { .. } => None,
        }
    }

    /// What its pseudonym is made of, to be kept sealed.
    pub fn kept(&self) -> Kept {
        let (system, value) = self.parts();
        Kept::new(system, value)
    }

    /// What is hashed: the system, and the canonical value.
    pub(crate) fn parts(&self) -> (&str, &[u8]) {
        match &self.0 {
            Inner::Swedish(identifier) => (identifier.system(), identifier.canonical().bytes()),
            Inner::Interim { system, number } => (system, number.canonical().bytes()),
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

/// Does the type say that it is a Swedish personal number, whoever assigned it?
fn says_personal(kind: &str, system: &str) -> bool {
    let is_foreign = || {
        let oid = system.strip_prefix("urn:oid:").unwrap_or(system);
        let is_oid = oid.contains('.') && oid.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        is_oid && !oid.starts_with(SWEDEN)
    };
    PERSONAL_TYPES.contains(&kind) || (NATIONAL_TYPES.contains(&kind) && !is_foreign())
}

/// A number of ten or twelve digits in a notation that only people understand, such as `900101 2385`.
struct Notation {
    /// The digits in ASCII, with a separator before the last four where the text has one.
    characters: Zeroizing<[u8; NOTATION_MAX]>,
    length: usize,
    /// Whether anything stands before the last four.
    is_cut: bool,
    /// Whether anything stands where a personal number is never cut.
    is_cut_oddly: bool,
}

impl Notation {
    /// `None` for a text that holds anything but so many digits and what may stand between them.
    fn of(text: &str) -> Option<Notation> {
        let mut digits = Zeroizing::new([0_u8; 14]);
        let (mut count, mut cuts, mut is_plus) = (0, 0_u16, false);
        for (symbol, _) in Symbols::of(text) {
            match symbol {
                Symbol::Digit(_) if count == digits.len() => return None,
                Symbol::Digit(digit) => {
                    digits[count] = b'0' + digit;
                    count += 1;
                }
                Symbol::Between(between) => {
                    cuts |= 1 << count;
                    is_plus = between == '+';
                }
                Symbol::Letter(_) => return None,
            }
        }
        let digits = match digits[..count] {
            [b'0', b'0', ref twelve @ ..] if count == 14 => {
                cuts >>= 2;
                twelve
            }
            ref digits if matches!(count, 10 | 12) => digits,
            _ => return None,
        };
        let date = digits.len() - 4;
        let is_cut = cuts & (1 << date) != 0;
        let parts: u16 = (0..=date).step_by(2).chain([digits.len()]).fold(0, |bits, place| bits | 1 << place);
        let mut characters = Zeroizing::new([0_u8; NOTATION_MAX]);
        characters[..date].copy_from_slice(&digits[..date]);
        characters[date] = if is_plus { b'+' } else { b'-' };
        let length = if is_cut { date + 5 } else { date + 4 };
        characters[length - 4..length].copy_from_slice(&digits[date..]);
        Some(Notation { characters, length, is_cut, is_cut_oddly: cuts & !parts != 0 })
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.characters[..self.length]).ok()
    }

    /// Whether it can be meant for a personal number: cut before the last four; or, where no type says anything else,
    /// not cut, and the first digits are a date.
    fn looks_personal(&self, is_untyped: bool) -> bool {
        let date = &self.characters[..self.length - if self.is_cut { 5 } else { 4 }];
        let two = |at: usize| (date[at] - b'0') * 10 + date[at + 1] - b'0';
        let at = date.len() - 6;
        let century = (at == 2).then(|| two(0));
        (self.is_cut && !self.is_cut_oddly)
            || (!self.is_cut && is_untyped && date_exists([two(at), two(at + 2), two(at + 4)], century))
    }
}
