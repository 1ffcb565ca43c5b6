//! Pseudonyms of level 1: deterministic within one region and purpose, worthless without the region's key.
//!
//! `r14.v1.` and the base32 of the first 160 bits of
//! `HMAC-SHA-256(key, "se-psn|v1|" purpose 0x00 system 0x00 canonical value)`. The system is hashed too: the same
//! characters in two numberings are two persons. A plain or salted hash was refused: every personnummer there can be is
//! hashed in seconds.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::canonical::Canonical;
use crate::kept::Kept;
use crate::key::Key;
use crate::subject::Subject;

/// Bytes of the HMAC that a token shows: 160 bits, so that no two persons of a nation ever share one.
const SHOWN_BYTES: usize = 20;
/// Those bytes in base32.
const SHOWN_LENGTH: usize = SHOWN_BYTES / 5 * 8;
/// Longest key id, `v` and digits.
const KEY_ID_LENGTH_MAX: usize = 6;
/// `r14.`, key id, `.`, base32.
const TOKEN_LENGTH_MAX: usize = 4 + KEY_ID_LENGTH_MAX + 1 + SHOWN_LENGTH;

/// What a pseudonym is for; another purpose gives another pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The regional event stream.
    Care,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Purpose::Care => "care",
        }
    }
}

/// Why a pseudonymiser cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PseudonymError {
    /// The region is not two digits.
    #[error("a region is its two-digit county code, such as 14")]
    Region,
    /// The key id is not `v` and one to five digits.
    #[error("a key id is v and a number, such as v1")]
    KeyId,
    /// The id of an earlier key is no earlier version than the current one's, or another earlier key has it.
    #[error("an earlier key has an earlier version than the current one, and one of its own")]
    NotEarlier,
}

/// Makes the pseudonyms of one region with one version of its key. The keyed state is made once and cloned per token.
pub struct Pseudonymiser {
    prefix: Token,
    care: Hmac<Sha256>,
    opaque: Hmac<Sha256>,
}

impl Pseudonymiser {
    /// `region` is the county code (`14`), `key_id` the key's version (`v1`); both stand in every token.
    pub fn new(region: &str, key_id: &str, key: &Key) -> Result<Pseudonymiser, PseudonymError> {
        if region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PseudonymError::Region);
        }
        number_of(key_id).ok_or(PseudonymError::KeyId)?;
        let mut prefix = Token::EMPTY;
        for part in ["r", region, ".", key_id, "."] {
            prefix.push(part.as_bytes());
        }
        let mut care = keyed(key);
        for part in ["se-psn|v1|", Purpose::Care.as_str(), "\0"] {
            care.update(part.as_bytes());
        }
        Ok(Pseudonymiser { prefix, care, opaque: opaque(key) })
    }

    /// The pseudonym of a subject.
    pub fn subject(&self, purpose: Purpose, subject: &Subject<'_>) -> Token {
        let (system, value) = subject.parts();
        self.token_of(purpose, system, value)
    }

    /// The pseudonym of a canonical identifier.
    pub fn token(&self, purpose: Purpose, system: &str, canonical: &Canonical) -> Token {
        self.token_of(purpose, system, canonical.bytes())
    }

    /// The pseudonym of what was kept of a subject: the subject's.
    pub fn of_kept(&self, purpose: Purpose, kept: &Kept) -> Token {
        let mut mac = match purpose {
            Purpose::Care => self.care.clone(),
        };
        mac.update(kept.bytes());
        self.shown(mac)
    }

    /// The version of the key, as in the pseudonyms.
    pub fn key_id(&self) -> &str {
        key_id(self.prefix.as_str()).unwrap_or_default()
    }

    /// Refuses `earlier` where it is not of an earlier version than this, which is the current one.
    pub fn follows(&self, earlier: &Pseudonymiser) -> Result<(), PseudonymError> {
        let number = |pseudonymiser: &Pseudonymiser| number_of(pseudonymiser.key_id());
        if number(earlier) < number(self) { Ok(()) } else { Err(PseudonymError::NotEarlier) }
    }

    /// With the codes of this key in place of its own ([`Self::opaque`]): a code stays what it is when the key of pseudonyms turns.
    #[must_use]
    pub fn with_codes_of(mut self, key: &Key) -> Pseudonymiser {
        self.opaque = opaque(key);
        self
    }

    /// What stands in a record for a text that must not: `x.` and base32, equal for equal texts.
    pub fn opaque(&self, text: &str) -> Token {
        let mut mac = self.opaque.clone();
        mac.update(text.as_bytes());
        let mut token = Token::EMPTY;
        token.push(b"x.");
        token.push_shown(mac);
        token
    }

    fn token_of(&self, purpose: Purpose, system: &str, value: &[u8]) -> Token {
        let mut mac = match purpose {
            Purpose::Care => self.care.clone(),
        };
        mac.update(system.as_bytes());
        mac.update(b"\0");
        mac.update(value);
        self.shown(mac)
    }

    fn shown(&self, mac: Hmac<Sha256>) -> Token {
        let mut token = self.prefix;
        token.push_shown(mac);
        token
    }
}

/// The version of the key that a pseudonym names: `v1` of `r14.v1.…`. Of a text that is no pseudonym nothing.
pub fn key_id(token: &str) -> Option<&str> {
    let id = token.split('.').nth(1)?;
    number_of(id).map(|_| id)
}

/// The number of a key's version.
pub(crate) fn number_of(key_id: &str) -> Option<u32> {
    let number = key_id.strip_prefix('v').filter(|_| key_id.len() <= KEY_ID_LENGTH_MAX)?;
    if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse().ok() } else { None }
}

fn opaque(key: &Key) -> Hmac<Sha256> {
    let mut opaque = keyed(key);
    opaque.update(b"se-opaque|v1|");
    opaque
}

/// HMAC-SHA-256 under a key.
pub(crate) fn keyed(key: &Key) -> Hmac<Sha256> {
    keyed_with(key.bytes())
}

fn keyed_with(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// A pseudonym: safe to print, to key records by and to store. Lives on the stack.
#[derive(Clone, Copy)]
pub struct Token {
    bytes: [u8; TOKEN_LENGTH_MAX],
    length: u8,
}

impl Token {
    const EMPTY: Token = Token { bytes: [0; TOKEN_LENGTH_MAX], length: 0 };

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("a token is built from ASCII only")
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn push(&mut self, part: &[u8]) {
        let start = usize::from(self.length);
        self.bytes[start..start + part.len()].copy_from_slice(part);
        self.length += part.len() as u8;
    }

    fn push_shown(&mut self, mac: Hmac<Sha256>) {
        let code = mac.finalize().into_bytes();
        let start = usize::from(self.length);
        let (fives, _) = code[..SHOWN_BYTES].as_chunks::<5>();
        let (eights, _) = self.bytes[start..start + SHOWN_LENGTH].as_chunks_mut();
        for (five, eight) in fives.iter().zip(eights) {
            *eight = base32(*five);
        }
        self.length += SHOWN_LENGTH as u8;
    }
}

/// Base32 of RFC 4648, in lower case.
fn base32([a, b, c, d, e]: [u8; 5]) -> [u8; 8] {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bits = u64::from_be_bytes([a, b, c, d, e, 0, 0, 0]);
    let digit = |place: u32| DIGITS[(bits << (5 * place) >> 59) as usize];
    [digit(0), digit(1), digit(2), digit(3), digit(4), digit(5), digit(6), digit(7)]
}

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Token) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Token {}

impl std::hash::Hash for Token {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest test case of RFC 4648 that is whole.
    #[test]
    fn rfc_4648() {
        assert_eq!(&base32(*b"fooba"), b"mzxw6ytb");
        assert_eq!(&base32([0xFF, 0, 0xFF, 0, 0xFF]), b"74ap6ah7");
    }

    /// The test cases of RFC 4231 that show the whole code.
    #[test]
    fn rfc_4231() {
        let counting: Vec<u8> = (1..=25).collect();
        let long = "This is a test using a larger than block-size key and a larger than block-size data. \
                    The key needs to be hashed before being used by the HMAC algorithm.";
        let check = |key: &[u8], text: &[u8], want: &str| {
            let mut mac = keyed_with(key);
            mac.update(text);
            let code = mac.finalize().into_bytes();
            assert_eq!(data_encoding::HEXLOWER.encode(&code), want);
        };
        check(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
        check(&counting, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
        check(&[0xaa; 131], long.as_bytes(), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    }
}
