//! What is hashed of a person: a number that means the same person in every region.

use zeroize::Zeroizing;

use crate::permit_id::PermitId;

/// Says what this hash is for, and by which version of the binding.
const DOMAIN: &[u8] = b"vardstrom linkage person 1";

/// Numberings of the whole country: personnummer, samordningsnummer, national reserve number.
const NATIONAL: [&str; 3] = ["1.2.752.129.2.1.3.1", "1.2.752.129.2.1.3.3", "1.2.752.74.9.1"];

/// Characters of a national number, in the one form that all its notations collapse to.
const VALUE_BYTES: usize = 12;

/// A person within a permit, as the region hashes it to the curve. Cannot be printed and is wiped when dropped.
pub struct Person(Zeroizing<Vec<u8>>);

/// A number that does not enter a linkage. Never says what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNational {
    /// A region's own numbering, or none that is known.
    #[error(
        "only personnummer, samordningsnummer and national reserve numbers are linked: a local number can be another person's elsewhere"
    )]
    Numbering,
    /// Not the canonical form.
    #[error("a national number has twelve letters and digits")]
    Value,
}

impl Person {
    /// A person by the numbering's OID and the canonical number.
    ///
    /// # Errors
    /// When the numbering is not national, or the value is not twelve upper-case letters and digits.
    pub fn new(permit: &PermitId, numbering: &str, value: &[u8]) -> Result<Self, NotNational> {
        if !NATIONAL.contains(&numbering) {
            return Err(NotNational::Numbering);
        }
        if value.len() != VALUE_BYTES || !value.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(NotNational::Value);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(128));
        for part in [DOMAIN, permit.as_str().as_bytes(), numbering.as_bytes(), value] {
            push(&mut bytes, part);
        }
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A part behind its length, so that no two lists of parts are the same bytes.
pub(crate) fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u8::try_from(part.len()).expect("every part here is short");
    bytes.push(length);
    bytes.extend_from_slice(part);
}
