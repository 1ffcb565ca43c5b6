//! From a payload's bytes to text.
//!
//! A message whose bytes contradict its declared character set is still read, as ISO 8859-1: units, beds and visit
//! numbers are ASCII nearly everywhere, and a patient must not vanish from the board over a neighbour's name.

use std::borrow::Cow;

use hl7::charset;

use super::findings::Findings;
use crate::rules::Rule;

/// The text of a message; what the declared character set does not explain is noted.
pub(crate) fn of<'a>(payload: &'a [u8], findings: &mut Findings) -> Cow<'a, str> {
    let rule = match hl7::decode_text(payload) {
        Ok(text) => return text,
        Err(charset::Error::NotUtf8 { .. }) => Rule::CharsetContradicted,
        Err(charset::Error::Unknown) => Rule::CharsetUnknown,
    };
    findings.add(rule, "MSH-18");
    match std::str::from_utf8(payload) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(payload.iter().map(|byte| char::from(*byte)).collect()),
    }
}
