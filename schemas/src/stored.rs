//! The store's notation: what of a text a column holds, and what ties events together as text.
//!
//! Whoever writes the store and whoever asks it by one of its keys has to mean the same text.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::Node;

/// Before the pseudonym of a person's node.
pub const PERSON: &str = "s:";
/// Before the source system and visit number of an episode's node.
pub const EPISODE: &str = "e:";
/// Before the unit code of a unit's node.
pub const UNIT: &str = "u:";

/// Longest text that is kept as it is. B-tree entries must stay below 2,704 bytes, and the widest key has four texts.
const BYTES_MAX: usize = 512;
/// What remains of a longer one, before the digest that keeps it apart from others.
const BYTES_KEPT: usize = 400;

/// The text as a column holds it, at most 512 bytes. The stored record keeps the original; nothing a source sends can make a
/// row impossible.
///
/// NUL, which PostgreSQL cannot store, becomes U+FFFD; a text too long for a key is cut and ends in its own digest.
pub fn storable(text: &str) -> Cow<'_, str> {
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
pub fn storable_option(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(storable)
}

/// A node as text: `s:<pseudonym>`, `e:<source system>/<visit number>` or `u:<unit code>`, each part [`storable`].
pub fn node(source_system: &str, node: Node<'_>) -> String {
    match node {
        Node::Person(token) => format!("{PERSON}{}", storable(token)),
        Node::Episode(number) => format!("{EPISODE}{}/{}", storable(source_system), storable(number)),
        Node::Unit(unit) => format!("{UNIT}{}", storable(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::{node, storable};
    use crate::Node;

    #[test]
    fn ordinary_text_is_borrowed_and_the_impossible_is_made_possible() {
        assert!(matches!(storable("AVD 41 Östra"), std::borrow::Cow::Borrowed("AVD 41 Östra")));
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        let (one, other) = ("å".repeat(600), "å".repeat(601));
        assert_ne!(storable(&one), storable(&other));
        assert!(storable(&one).len() <= 512 && storable(&other).len() <= 512);
        assert_eq!(storable(&one), storable(&storable(&one)));
    }

    #[test]
    fn a_node_is_named_as_its_columns_hold_it() {
        assert_eq!(node("SU", Node::Person("p1")), "s:p1");
        assert_eq!(node("SU", Node::Unit("AVD1")), "u:AVD1");
        assert_eq!(node("SU", Node::Episode("V1")), "e:SU/V1");
        let long = "v".repeat(600);
        assert_eq!(node("S\0", Node::Episode(&long)), format!("e:S\u{fffd}/{}", storable(&long)));
    }
}
