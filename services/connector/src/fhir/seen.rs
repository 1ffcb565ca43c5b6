//! Which versions were sent within the overlap, so that they are not sent again with every search.

use std::collections::{BTreeSet, HashSet};

use schemas::content_hash;

/// Versions that are remembered of one type; about 40 bytes each. As many again without a time, twice.
pub(super) const VERSIONS_MAX: usize = 200_000;

/// What is remembered of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// When it was changed; nothing, when it does not say: its search's own time would be another with every search.
    at: Option<i64>,
    short: Short,
}

type Short = [u8; 16];

impl Name {
    pub(super) fn of(at: Option<i64>, message_id: &str) -> Self {
        let mut short = [0; 16];
        short.copy_from_slice(&content_hash(message_id.as_bytes()).0[..16]);
        Self { at, short }
    }
}

/// Names of versions by the time of their change. Holds at most so many, and says from where on it holds all.
///
/// Those without a time come with every search, or with none: what a whole search and the one before it have not met is
/// forgotten. What there is no room for is not remembered, and counted.
pub(super) struct Seen {
    versions: BTreeSet<(i64, Short)>,
    timeless: HashSet<Short>,
    /// Of the search before.
    timeless_before: HashSet<Short>,
    /// Those without a time that there was no room for, since the search began.
    unremembered: u64,
    versions_max: usize,
    floor: i64,
}

impl Seen {
    /// Nothing was sent.
    pub(super) fn new(versions_max: usize) -> Self {
        let (timeless, timeless_before) = (HashSet::new(), HashSet::new());
        Self { versions: BTreeSet::new(), timeless, timeless_before, unremembered: 0, versions_max, floor: i64::MIN }
    }

    /// Whether it was sent; then it stays remembered.
    pub(super) fn recognises(&mut self, name: &Name) -> bool {
        match name.at {
            Some(at) if self.versions.contains(&(at, name.short)) => true,
            // One that was ahead of our clock had none then.
            _ if self.timeless_before.remove(&name.short) => {
                self.remember_timeless(name.short);
                true
            }
            _ => self.timeless.contains(&name.short),
        }
    }

    pub(super) fn extend(&mut self, names: impl IntoIterator<Item = Name>) {
        for name in names {
            match name.at {
                Some(at) => _ = self.versions.insert((at, name.short)),
                None => self.remember_timeless(name.short),
            }
        }
        while self.versions.len() > self.versions_max {
            if let Some((at, _)) = self.versions.pop_first() {
                // Another version of the same time may be forgotten next.
                self.floor = self.floor.max(at.saturating_add(1));
            }
        }
    }

    fn remember_timeless(&mut self, short: Short) {
        if self.timeless.len() < self.versions_max {
            self.timeless.insert(short);
        } else {
            self.unremembered += 1;
        }
    }

    /// A search has come to its end. How many versions without a time it will send again for want of room.
    pub(super) fn end_search(&mut self) -> u64 {
        self.timeless_before = std::mem::take(&mut self.timeless);
        std::mem::take(&mut self.unremembered)
    }

    /// Forgets what is older than any search will ask for.
    pub(super) fn forget_before(&mut self, at: i64) {
        self.versions = self.versions.split_off(&(at, [0; 16]));
    }

    /// From this time on everything that was sent is remembered.
    pub(super) fn floor(&self) -> i64 {
        self.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_known_to_be() {
        let mut seen = Seen::new(2);
        let names: Vec<_> = (1..=3).map(|at| Name::of(Some(at), "Patient/p@1")).collect();
        seen.extend(names.clone());
        let known = |seen: &mut Seen| names.iter().map(|name| seen.recognises(name)).collect::<Vec<_>>();
        assert_eq!(known(&mut seen), [false, true, true]);
        assert_eq!(seen.floor(), 2);
        seen.forget_before(3);
        assert_eq!(known(&mut seen), [false, false, true]);
        assert!(!seen.recognises(&Name::of(Some(3), "Patient/p@2")));
    }

    #[test]
    fn what_has_no_time_is_remembered_while_it_is_met() {
        let mut seen = Seen::new(2);
        let [one, other, more] = ["1", "2", "3"].map(|version| Name::of(None, version));
        seen.extend([one, other, more]);
        assert_eq!(seen.end_search(), 1, "there is no room for one");
        assert!(seen.recognises(&one) && seen.recognises(&one) && !seen.recognises(&more));
        assert_eq!(seen.end_search(), 0);
        assert!(seen.recognises(&one) && !seen.recognises(&other), "not met by the last search");
        assert!(seen.recognises(&Name::of(Some(7), "1")), "its time was ahead of our clock, and has come");
    }
}
