//! An identity that the region keeps: how it is written, and what becomes of it when it is told once more.
//!
//! A table of one row, as any source record can be: the pseudonym that it was kept under, and in hexadecimal digits what that was made of.
//! It goes into Kafka sealed only.

use std::fmt::Write;

use identity::{Kept, Purpose, Token};
use schemas::{Origin, SourceRecord};
use zeroize::Zeroizing;

use super::region::Region;
use super::rekeyed;
use super::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// The feed of identities that are told once more.
pub const FEED: &str = "identities";

const HEADER: &str = "pseudonym;kept";

/// What is written of an identity.
pub fn payload(token: &Token, kept: &Kept) -> Zeroizing<String> {
    let bytes = kept.bytes();
    // In one piece, for what a text outgrows is not wiped.
    let length = HEADER.len() + token.as_bytes().len() + 2 * bytes.len() + 2;
    let mut text = Zeroizing::new(String::with_capacity(length));
    let written =
        write!(text, "{HEADER}\n{token};").and_then(|()| bytes.iter().try_for_each(|byte| write!(text, "{byte:02x}")));
    written.expect("a text can be written to");
    text
}

/// The pseudonym, and what it was made of.
pub(super) fn read(payload: &[u8]) -> Option<(&str, Kept)> {
    let (header, row) = std::str::from_utf8(payload).ok()?.split_once('\n')?;
    let (token, digits) = row.split_once(';').filter(|_| header == HEADER)?;
    let (pairs, []) = digits.as_bytes().as_chunks() else { return None };
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for pair in pairs {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        bytes.push((high? << 4 | low?) as u8);
    }
    Some((token, Kept::from_bytes(&bytes)?))
}

/// Joins it to its pseudonyms by all keys, of which that one must be.
pub(super) fn map<S: Sink>(
    region: &Region,
    source: &SourceRecord<'_>,
    origin: Origin<'_>,
    sink: &mut S,
) -> Result<u32, Stop> {
    let (token, kept) = read(source.payload).ok_or(Stop::park(Rule::IdentityUnreadable))?;
    let key_id = identity::key_id(token).ok_or(Stop::park(Rule::IdentityUnreadable))?;
    let mut keys = std::iter::once(&region.pseudonymiser).chain(&region.earlier);
    let by = keys.find(|by| by.key_id() == key_id).ok_or(Stop::refuse(Rule::IdentityKeyUnknown, "pseudonym"))?;
    if by.of_kept(Purpose::Care, &kept).as_str() != token {
        return Err(Stop::refuse(Rule::IdentityOfAnotherKey, "pseudonym"));
    }
    if region.earlier.is_empty() {
        return Err(Stop::Ignore(Rule::IdentityJoined));
    }
    let current = region.pseudonymiser.of_kept(Purpose::Care, &kept);
    if !sink.has_told(&current) {
        sink.identity(source, &current, &kept);
    }
    Ok(rekeyed::join(region, source, origin, 0, &current, &kept, sink))
}

#[cfg(test)]
mod tests {
    use identity::{Claim, Date, Key, Options, Pseudonymiser, Subject, test_identity};

    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let nobody = test_identity::number(3);
        let options = Options::at(Date::new(2026, 1, 5).expect("a date"));
        let claim = Claim { system: "", kind: "", source: "", value: nobody.as_str() };
        let Ok(person) = Subject::read(claim, &options) else { panic!("a number") };
        let key = Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key");
        let pseudonymiser = Pseudonymiser::new("14", "v1", &key).expect("a pseudonymiser");
        let token = pseudonymiser.subject(Purpose::Care, &person);
        let text = payload(&token, &person.kept());
        assert!(text.capacity() == text.len() && !text.contains(nobody.as_str()));
        let (read_token, kept) = read(text.as_bytes()).expect("read");
        assert_eq!((read_token, pseudonymiser.of_kept(Purpose::Care, &kept)), (token.as_str(), token));
        for altered in [&text[1..], &text[..text.len() - 1], &text.replace(';', ","), &text.replace('\n', ""), ""] {
            assert!(read(altered.as_bytes()).is_none(), "{}", altered.len());
        }
    }
}
