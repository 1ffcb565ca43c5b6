//! What was looked through, and what was found there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::canary::{Canaries, Leak};

/// A search under way, and its result.
pub struct Sheet<'a> {
    canaries: &'a Canaries,
    looked_through: BTreeMap<&'static str, u64>,
    leaks: BTreeSet<Leak>,
}

impl<'a> Sheet<'a> {
    pub(super) const fn new(canaries: &'a Canaries) -> Self {
        Self { canaries, looked_through: BTreeMap::new(), leaks: BTreeSet::new() }
    }

    /// Looks through these bytes, of a place of this class.
    pub(super) fn scan(&mut self, place: &'static str, bytes: &[u8]) {
        *self.looked_through.entry(place).or_default() += bytes.len() as u64;
        self.leaks.extend(self.canaries.scan(place, bytes));
    }

    /// How many bytes of each class of place were looked through.
    #[must_use]
    pub const fn looked_through(&self) -> &BTreeMap<&'static str, u64> {
        &self.looked_through
    }

    /// Where identities were found.
    #[must_use]
    pub const fn leaks(&self) -> &BTreeSet<Leak> {
        &self.leaks
    }
}

/// All files below a folder, whatever is made or deleted there meanwhile. Links are not followed.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        // A folder may be gone, like a topic's that was deleted; the first may not.
        let Ok(entries) = fs::read_dir(&folder) else {
            assert!(!files.is_empty() || !open.is_empty(), "{} is a folder that can be read", folder.display());
            continue;
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}
