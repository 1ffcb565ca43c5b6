//! What a log says of itself (<https://c2sp.org/tlog-checkpoint>): its name, how many entries it has, and their tree's hash.

use std::fmt;

use data_encoding::BASE64;

use crate::field::Region;
use crate::note::{Note, Public};
use crate::tree::Hash;

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name; its last part is the region.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Their tree's hash.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a note's text; nothing when it is no checkpoint.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let root = Hash(BASE64.decode(root.as_bytes()).ok()?.try_into().ok()?);
        let checkpoint = Self { origin: origin.to_owned(), size: size.parse().ok()?, root };
        (checkpoint.to_string() == text && !origin.is_empty()).then_some(checkpoint)
    }

    /// What a note says that one of these keys has signed as the log that it is of.
    #[must_use]
    pub fn signed(note: &Note, keys: &[Public]) -> Option<Self> {
        Self::parse(&note.text).filter(|checkpoint| note.is_signed(&checkpoint.origin, keys))
    }

    /// Whether it is of this region's log.
    #[must_use]
    pub fn is_of(&self, region: Region) -> bool {
        self.origin.rsplit_once('/').is_some_and(|(_, last)| last == region.to_string())
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Checkpoint;
    use crate::field::Region;
    use crate::tree::Hash;

    #[test]
    fn a_checkpoint_has_one_spelling() {
        let checkpoint = Checkpoint { origin: "a/b/14".to_owned(), size: 7, root: Hash::of_nothing() };
        let text = checkpoint.to_string();
        assert_eq!(text, "a/b/14\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
        assert_eq!(Checkpoint::parse(&text), Some(checkpoint.clone()));
        assert!(checkpoint.is_of(Region::new("14").unwrap()) && !checkpoint.is_of(Region::new("41").unwrap()));
        for other in
            [text.replace("\n7\n", "\n07\n"), text.replace("\n7\n", "\n+7\n"), format!("{text}more\n"), String::new()]
        {
            assert_eq!(Checkpoint::parse(&other), None);
        }
    }
}
