//! Text that PostgreSQL takes.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Longest text that is kept as it is. B-tree entries must stay below 2,704 bytes, and our widest key has four texts.
const BYTES_MAX: usize = 512;
/// What remains of a longer one, before the digest that keeps it apart from others.
const BYTES_KEPT: usize = 400;

/// The text as a column holds it. `record` keeps the original; nothing a source sends can make a row impossible.
///
/// NUL, which PostgreSQL cannot store, becomes U+FFFD; a text too long for a key is cut and ends in its own digest.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    let text = if text.as_bytes().contains(&0) { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text.into() };
    if text.len() <= BYTES_MAX {
        return text;
    }
    let mut end = BYTES_KEPT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = text[..end].to_owned();
    cut.push('#');
    HEXLOWER.encode_append(&Sha256::digest(text.as_bytes()), &mut cut);
    cut.into()
}

/// [`storable`] of a text that may be missing.
pub(crate) fn storable_option(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(storable)
}

#[cfg(test)]
mod tests {
    use super::storable;

    #[test]
    fn ordinary_text_is_borrowed_and_the_impossible_is_made_possible() {
        assert!(matches!(storable("AVD 41 Östra"), std::borrow::Cow::Borrowed("AVD 41 Östra")));
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        let (one, other) = ("å".repeat(600), "å".repeat(601));
        assert_ne!(storable(&one), storable(&other));
        assert!(storable(&one).len() <= 512 && storable(&other).len() <= 512);
        assert_eq!(storable(&one), storable(&storable(&one)));
    }
}
