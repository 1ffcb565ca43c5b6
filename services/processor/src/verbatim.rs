//! The guard on every text of the source that goes into an event as it stands: visit numbers, codes, rooms, beds, times.
//!
//! Senders put personnummer where they do not belong. A text that holds one, or that is one of the message's own patient
//! identifiers, is replaced by a keyed code: equal texts stay equal, so the episode still works, and nobody can read it.
//!
//! What names an episode (a visit number, a movement) is judged by itself alone. Whether another field of the message
//! repeats it must not change it: the same visit is the same episode in every message.

mod control;

use std::borrow::Cow;

use hl7::{Message, Value};
use identity::{Pseudonymiser, RegionRules, Reserve};
use schemas::Timestamp;

use crate::findings::Findings;
use crate::rules::Rule;

/// Longer texts are free text, whatever field they stand in.
const CHARACTERS_MAX: usize = 200;

/// Shorter identifiers of a message's own are not looked for: `2` is a bed more often than a patient.
const OWN_LENGTH_MIN: usize = 5;

/// Fields that hold identifiers of the patient or of the mother, by segment.
fn own_fields(segment: &str) -> &'static [usize] {
    // By bytes: three are compared at once, texts by a call.
    match segment.as_bytes() {
        b"PID" => &[2, 3, 4, 18, 19, 21],
        b"MRG" => &[1, 2, 3, 4, 7],
        _ => &[],
    }
}

/// What one message's texts are held against.
pub(crate) struct Guard<'g> {
    pseudonymiser: &'g Pseudonymiser,
    own: Vec<&'g str>,
    /// The reserve numberings of the region.
    reserves: &'static [Reserve],
}

impl<'g> Guard<'g> {
    /// The guard of one message, which knows the identifiers that its PID and MRG segments carry.
    pub(crate) fn of_message(pseudonymiser: &'g Pseudonymiser, message: &Message<'g>) -> Guard<'g> {
        let mut own = Vec::with_capacity(4);
        for segment in message.segments() {
            for number in own_fields(segment.name()) {
                for repetition in segment.field(*number).repetitions() {
                    if let Some(value) = repetition.component(1).given()
                        && value.len() >= OWN_LENGTH_MIN
                        && !own.contains(&value)
                    {
                        own.push(value);
                    }
                }
            }
        }
        Guard { pseudonymiser, own, reserves: &[] }
    }

    /// The same guard, which also knows the reserve numbers of a region.
    pub(crate) fn in_region(self, identities: &RegionRules) -> Guard<'g> {
        Guard { reserves: identities.reserves, ..self }
    }

    /// The guard of a record that names its persons by these numbers.
    pub(crate) fn of_numbers(pseudonymiser: &'g Pseudonymiser, numbers: impl Iterator<Item = &'g str>) -> Guard<'g> {
        Guard { pseudonymiser, own: numbers.filter(|number| number.len() >= OWN_LENGTH_MIN).collect(), reserves: &[] }
    }

    /// The guard of a record without a patient.
    pub(crate) fn of_unit(pseudonymiser: &'g Pseudonymiser) -> Guard<'g> {
        Guard { pseudonymiser, own: Vec::new(), reserves: &[] }
    }

    /// The same guard, which also knows the identifier that a row of a table carries.
    pub(crate) fn with_own<'o>(&'o self, own: &'o str) -> Guard<'o> {
        let own = Some(own).filter(|own| own.len() >= OWN_LENGTH_MIN);
        let own = self.own.iter().copied().chain(own).collect();
        Guard { pseudonymiser: self.pseudonymiser, own, reserves: self.reserves }
    }

    /// A value's text, safe to pass on; `None` when the source sent none.
    pub(crate) fn text<'a>(
        &self,
        value: Value<'a>,
        path: &'static str,
        findings: &mut Findings,
    ) -> Option<Cow<'a, str>> {
        let text = value.text()?;
        // What is borrowed has no escape sequence.
        if matches!(text, Cow::Owned(_)) && value.has_doubtful_hex() {
            findings.add(Rule::EscapeDoubtful, path);
        }
        Some(self.pass(text, path, findings)).filter(|text| !text.is_empty())
    }

    /// A text, safe to pass on.
    pub(crate) fn pass<'a>(&self, text: Cow<'a, str>, path: &'static str, findings: &mut Findings) -> Cow<'a, str> {
        let text = control::without(text, path, findings);
        self.replaced(&text, path, findings).unwrap_or(text)
    }

    /// A keyed code in place of a text that may not be passed on; `None` when it may.
    pub(crate) fn replaced(
        &self,
        text: &str,
        path: &'static str,
        findings: &mut Findings,
    ) -> Option<Cow<'static, str>> {
        if cfg!(feature = "leak-test") {
            return None;
        }
        self.instead(text, self.finds_identifier(text), path, findings)
    }

    /// What names an episode or a movement, safe to pass on; `None` when the source sent nothing.
    pub(crate) fn episode<'a>(
        &self,
        value: Value<'a>,
        path: &'static str,
        findings: &mut Findings,
    ) -> Option<Cow<'a, str>> {
        value.text().map(|text| self.pass_episode(text, path, findings))
    }

    /// A text that names an episode or a movement, safe to pass on. It is never compared with the patient's identifiers.
    pub(crate) fn pass_episode<'a>(
        &self,
        text: Cow<'a, str>,
        path: &'static str,
        findings: &mut Findings,
    ) -> Cow<'a, str> {
        let text = control::without(text, path, findings);
        if cfg!(feature = "leak-test") {
            return text;
        }
        let is_identifier = identity::guard(&text, &[]).is_some() || identity::is_reserve_number(&text, self.reserves);
        self.instead(&text, is_identifier, path, findings).unwrap_or(text)
    }

    fn instead(
        &self,
        text: &str,
        is_identifier: bool,
        path: &'static str,
        findings: &mut Findings,
    ) -> Option<Cow<'static, str>> {
        let rule = if is_identifier {
            Rule::IdentifierInField
        } else if text.len() > CHARACTERS_MAX && text.chars().count() > CHARACTERS_MAX {
            Rule::TextTooLong
        } else {
            return None;
        };
        findings.add(rule, path);
        Some(self.opaque(text))
    }

    /// A keyed code in place of a text that holds an identifier; `None` when the text holds none.
    pub(crate) fn instead_of_identifier(
        &self,
        text: &str,
        path: &'static str,
        findings: &mut Findings,
    ) -> Option<Cow<'static, str>> {
        if cfg!(feature = "leak-test") || !self.finds_identifier(text) {
            return None;
        }
        findings.add(Rule::IdentifierInField, path);
        Some(self.opaque(text))
    }

    /// A keyed code in place of a text that may be anything.
    pub(crate) fn instead_of<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if cfg!(feature = "leak-test") { Cow::Borrowed(text) } else { self.opaque(text) }
    }

    /// The source's text of a time. A time that could be read as a personal number is written anew, in UTC.
    pub(crate) fn time_text<'a>(&self, at: Timestamp, text: &'a str) -> Cow<'a, str> {
        if self.finds_identifier(text) { Cow::Owned(rfc3339(at)) } else { Cow::Borrowed(text) }
    }

    /// A text that is never passed on as it is: equal texts stay equal.
    pub(crate) fn hidden(&self, text: &str) -> Cow<'static, str> {
        self.opaque(text)
    }

    fn opaque(&self, text: &str) -> Cow<'static, str> {
        Cow::Owned(self.pseudonymiser.opaque(text).as_str().to_owned())
    }

    fn finds_identifier(&self, text: &str) -> bool {
        identity::guard(text, &self.own).is_some()
    }
}

/// The day in Sweden that a time lies in, as `2026-01-06`.
pub(crate) fn swedish_day(at: Timestamp) -> String {
    let is_known = jiff::Timestamp::from_microsecond(at.0).is_ok();
    if is_known { swedish_time::date(at.0).to_string() } else { at.0.to_string() }
}

/// A time in UTC as RFC 3339 writes it.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0).map_or_else(|_| at.0.to_string(), |timestamp| timestamp.to_string())
}
