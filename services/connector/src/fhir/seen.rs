//! Which versions were sent within the overlap, so that they are not sent again with every search.

use std::collections::BTreeSet;

use schemas::content_hash;

/// Versions that are remembered of one type; about 40 bytes each.
pub const VERSIONS_MAX: usize = 200_000;

/// What is remembered of a version: when it was changed, and what it is.
pub type Name = (i64, [u8; 16]);

/// Names of versions by the time of their change. Holds at most so many, and says from where on it holds all.
pub struct Seen {
    versions: BTreeSet<Name>,
    versions_max: usize,
    floor: i64,
}

impl Seen {
    /// Nothing was sent.
    pub fn new(versions_max: usize) -> Self {
        Self { versions: BTreeSet::new(), versions_max, floor: i64::MIN }
    }

    /// What is remembered of a version.
    pub fn name(at: i64, message_id: &str) -> Name {
        let mut short = [0; 16];
        short.copy_from_slice(&content_hash(message_id.as_bytes()).0[..16]);
        (at, short)
    }

    /// Whether it was sent.
    pub fn contains(&self, name: &Name) -> bool {
        self.versions.contains(name)
    }

    /// These were sent.
    pub fn extend(&mut self, names: impl IntoIterator<Item = Name>) {
        self.versions.extend(names);
        while self.versions.len() > self.versions_max {
            if let Some((at, _)) = self.versions.pop_first() {
                // Another version of the same time may be forgotten next.
                self.floor = self.floor.max(at + 1);
            }
        }
    }

    /// Forgets what is older than any search will ask for.
    pub fn forget_before(&mut self, at: i64) {
        self.versions = self.versions.split_off(&(at, [0; 16]));
    }

    /// From this time on everything that was sent is remembered.
    pub fn floor(&self) -> i64 {
        self.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_known_to_be() {
        let mut seen = Seen::new(2);
        let names: Vec<_> = (1..=3).map(|at| Seen::name(at, "Patient/p@1")).collect();
        seen.extend(names.clone());
        assert_eq!(names.iter().map(|name| seen.contains(name)).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!(seen.floor(), 2);
        seen.forget_before(3);
        assert_eq!(names.iter().map(|name| seen.contains(name)).collect::<Vec<_>>(), [false, false, true]);
        assert!(!seen.contains(&Seen::name(3, "Patient/p@2")));
    }
}
