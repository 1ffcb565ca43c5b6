//! The one form of an identifier that all its notations collapse to.

use zeroize::Zeroize;

/// Longest canonical identifier; national and regional ones have 10 or 12 characters.
const LENGTH_MAX: usize = 16;

/// The canonical characters of a person's identifier. It is compared, hashed and forgotten, never shown: no `Debug`,
/// no `Display`, no `Clone`, and its memory is wiped.
pub struct Canonical {
    bytes: [u8; LENGTH_MAX],
    length: u8,
}

impl Canonical {
    /// Characters that the parsers have checked: upper-case ASCII, at most 16.
    pub(crate) fn new(checked: &[u8]) -> Canonical {
        let mut bytes = [0; LENGTH_MAX];
        bytes[..checked.len()].copy_from_slice(checked);
        Canonical { bytes, length: checked.len() as u8 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl PartialEq for Canonical {
    fn eq(&self, other: &Canonical) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Canonical {}

impl Drop for Canonical {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}
