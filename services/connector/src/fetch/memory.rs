//! Which files of a server have been sent, in which version: what is not fetched again.
//!
//! A file of ours, with a line per file: a hash of its name, size, time of change. It knows only what the server's
//! folder still holds, so it is bounded by `limits.files`. Lost or unreadable, everything is fetched and sent again,
//! which counts as duplicates downstream. A file that has been sent is a line at its end, and of a file's lines the last
//! holds: a folder of many files is not written anew for each of them.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use schemas::content_hash;

use crate::position::Version;

const HEADING: &str = "vardstrom fetched 1";
/// Lines beyond two for each file before it is written anew.
const LINES_SPARE: usize = 100;

/// Files that have been sent, by name.
pub(super) struct Memory {
    path: PathBuf,
    files: BTreeMap<String, Version>,
    /// Lines of the file that a reader reads; none when the next one must be written with all others.
    lines: Option<usize>,
}

impl Memory {
    /// What is kept at `path`.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => String::new(),
            Err(error) => return Err(error),
        };
        let mut lines = text.lines();
        let known = lines.next() == Some(HEADING);
        let kept: Vec<_> = if known { lines.map_while(entry).collect() } else { Vec::new() };
        // What is written behind a line that was cut short would not be read.
        let whole = known && text.ends_with('\n') && text.lines().count() == kept.len() + 1;
        let lines = whole.then_some(kept.len());
        Ok(Self { path: path.to_owned(), files: kept.into_iter().collect(), lines })
    }

    /// Whether this version of this file has been sent.
    pub(super) fn knows(&self, name: &[u8], version: Version) -> bool {
        self.files.get(&name_hash(name)) == Some(&version)
    }

    /// This version of this file has been sent.
    pub(super) fn keep(&mut self, name: &[u8], version: Version) -> io::Result<()> {
        let name = name_hash(name);
        let line = line_of(&name, version);
        self.files.insert(name, version);
        // An error leaves it to the next try to write all of it.
        match self.lines.take().filter(|lines| *lines < 2 * self.files.len() + LINES_SPARE) {
            Some(lines) => {
                let mut file = fs::OpenOptions::new().append(true).open(&self.path)?;
                file.write_all(line.as_bytes())?;
                file.sync_data()?;
                self.lines = Some(lines + 1);
                Ok(())
            }
            None => self.store(),
        }
    }

    /// Forgets what the server no longer holds.
    pub(super) fn prune<'n>(&mut self, names: impl Iterator<Item = &'n [u8]>) -> io::Result<()> {
        let there: HashSet<String> = names.map(name_hash).collect();
        let before = self.files.len();
        self.files.retain(|name, _| there.contains(name));
        if self.files.len() == before { Ok(()) } else { self.store() }
    }

    /// A reader sees the old ones or the new ones, never a half.
    fn store(&mut self) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = io::BufWriter::new(fs::File::create(&new)?);
        writeln!(file, "{HEADING}")?;
        for (name, version) in &self.files {
            file.write_all(line_of(name, *version).as_bytes())?;
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
        fs::rename(&new, &self.path)?;
        self.lines = Some(self.files.len());
        Ok(())
    }
}

/// A name's place in names of ours: they repeat no file names.
pub(super) fn name_hash(name: &[u8]) -> String {
    let mut hash = content_hash(name).to_string();
    hash.truncate(32);
    hash
}

fn line_of(name: &str, version: Version) -> String {
    format!("{name} {} {}\n", version.size, version.modified)
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
        let mut memory = Memory::load(&path).expect("unreadable is empty");
        assert!(!memory.knows(b"b.csv", version));
        memory.keep(b"b.csv", version).expect("kept");
        assert!(Memory::load(&path).expect("kept").knows(b"b.csv", version));
    }

    #[test]
    fn a_file_is_a_line_and_what_stands_behind_a_cut_line_is_written_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.fetched");
        let lines = || fs::read_to_string(&path).expect("text").lines().count() - 1;
        let version = |size| Version { size, modified: 9 };
        let mut memory = Memory::load(&path).expect("none yet");
        for size in 0..100 {
            memory.keep(b"a.csv", version(size)).expect("kept");
            memory.keep(format!("{}.csv", size % 2).as_bytes(), version(size)).expect("kept");
            assert!(lines() <= 2 * 3 + LINES_SPARE, "it is bounded: {}", lines());
        }
        assert!(lines() > 3, "and a line is added to it");
        let memory = Memory::load(&path).expect("kept");
        assert!(memory.knows(b"a.csv", version(99)) && !memory.knows(b"a.csv", version(98)), "the last line holds");
        let mut text = fs::read_to_string(&path).expect("text");
        text.truncate(text.len() - 2);
        fs::write(&path, text).expect("written");
        Memory::load(&path).expect("kept").keep(b"b.csv", version(1)).expect("kept");
        assert!(Memory::load(&path).expect("kept").knows(b"b.csv", version(1)));
    }
}
