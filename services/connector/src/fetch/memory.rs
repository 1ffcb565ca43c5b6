//! Which files of a server have been sent, in which version: what is not fetched again.
//!
//! A file of ours, with a line per file: a hash of its name, size, time of change. It knows only what the server's
//! folder still holds, so it is bounded by `limits.files`. Lost or unreadable, everything is fetched and sent again,
//! which counts as duplicates downstream.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use schemas::content_hash;

use crate::replay::position::Version;

const HEADING: &str = "vardstrom fetched 1";

/// Files that have been sent, by name.
pub struct Memory {
    path: PathBuf,
    files: BTreeMap<String, Version>,
}

impl Memory {
    /// What is kept at `path`.
    pub fn load(path: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => String::new(),
            Err(error) => return Err(error),
        };
        let mut lines = text.lines();
        let known = lines.next() == Some(HEADING);
        let files = if known { lines.map_while(entry).collect() } else { BTreeMap::new() };
        Ok(Self { path: path.to_owned(), files })
    }

    /// Whether this version of this file has been sent.
    pub fn knows(&self, name: &[u8], version: Version) -> bool {
        self.files.get(&name_hash(name)) == Some(&version)
    }

    /// This version of this file has been sent.
    pub fn keep(&mut self, name: &[u8], version: Version) -> io::Result<()> {
        self.files.insert(name_hash(name), version);
        self.store()
    }

    /// Forgets what the server no longer holds.
    pub fn prune<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) -> io::Result<()> {
        let there: HashSet<String> = names.map(name_hash).collect();
        let before = self.files.len();
        self.files.retain(|name, _| there.contains(name));
        if self.files.len() == before { Ok(()) } else { self.store() }
    }

    /// A reader sees the old ones or the new ones, never a half.
    fn store(&self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = io::BufWriter::new(fs::File::create(&new)?);
        writeln!(file, "{HEADING}")?;
        for (name, version) in &self.files {
            writeln!(file, "{name} {} {}", version.size, version.modified)?;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
        fs::rename(&new, &self.path)
    }
}

/// A name's place in names of ours: they repeat no file names.
pub fn name_hash(name: &[u8]) -> String {
    let mut hash = content_hash(name).to_string();
    hash.truncate(32);
    hash
}

fn entry(line: &str) -> Option<(String, Version)> {
    let mut fields = line.split(' ');
    let name = fields.next()?.to_owned();
    Some((name, Version { size: fields.next()?.parse().ok()?, modified: fields.next()?.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_known_in_its_version_until_the_server_drops_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.fetched");
        let (version, other) = (Version { size: 3, modified: 9 }, Version { size: 4, modified: 9 });
        let mut memory = Memory::load(&path).expect("none yet");
        memory.keep(b"k\xF6.csv", version).expect("kept");
        memory.keep(b"b.csv", version).expect("kept");
        let mut memory = Memory::load(&path).expect("kept");
        assert!(memory.knows(b"k\xF6.csv", version) && !memory.knows(b"k\xF6.csv", other));
        assert!(!fs::read_to_string(&path).expect("text").contains("csv"), "no names");
        memory.prune([&b"b.csv"[..], b"c.csv"].into_iter()).expect("kept");
        let memory = Memory::load(&path).expect("kept");
        assert!(!memory.knows(b"k\xF6.csv", version) && memory.knows(b"b.csv", version));
        fs::write(&path, "something else\n").expect("written");
        assert!(!Memory::load(&path).expect("unreadable is empty").knows(b"b.csv", version));
    }
}
