//! How far a file has been sent, kept so that a killed replay goes on where it was.
//!
//! A position says: everything before `offset` has been acknowledged by Kafka. It may lag behind, never run ahead; what
//! is sent twice because of that has the same content and counts as a duplicate downstream.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Which state of which file: a file that has changed since is another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Bytes.
    pub size: u64,
    /// Modification time, microseconds since 1970; 0 when the system does not tell.
    pub modified: i64,
}

impl Version {
    /// The version that the system tells of.
    pub fn of(metadata: &fs::Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            size: metadata.len(),
            modified: modified.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(0),
        }
    }
}

/// How far one version of a file has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The version.
    pub version: Version,
    /// Everything before is acknowledged.
    pub offset: u64,
    /// Messages before.
    pub messages: u64,
}

const HEADING: &str = "vardstrom replay position 1";

impl Position {
    /// The start of a file.
    pub fn start(version: Version) -> Self {
        Self { version, offset: 0, messages: 0 }
    }

    /// Whether the whole file has been sent.
    pub fn done(&self) -> bool {
        self.offset >= self.version.size
    }

    /// The position kept at `path` for this version of the file; its start when there is none.
    pub fn load(path: &Path, version: Version) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(parse(&text).filter(|kept| kept.version == version).unwrap_or(Self::start(version))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::start(version)),
            Err(error) => Err(error),
        }
    }

    /// Keeps the position; a reader sees the old one or the new one, never a half.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        write!(
            file,
            "{HEADING}\nsize {}\nmodified {}\noffset {}\nmessages {}\n",
            self.version.size, self.version.modified, self.offset, self.messages
        )?;
        drop(file);
        fs::rename(&new, path)
    }
}

fn parse(text: &str) -> Option<Position> {
    let mut lines = text.lines();
    (lines.next()? == HEADING).then_some(())?;
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned);
    Some(Position {
        version: Version { size: value("size")?.parse().ok()?, modified: value("modified")?.parse().ok()? },
        offset: value("offset")?.parse().ok()?,
        messages: value("messages")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_holds_for_its_version_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.position");
        let version = Version { size: 100, modified: 7 };
        let start = Position::start(version);
        assert_eq!(Position::load(&path, version).expect("none yet"), start);
        let kept = Position { offset: 60, messages: 3, ..start };
        kept.store(&path).expect("stored");
        assert_eq!(Position::load(&path, version).expect("kept"), kept);
        let other = Version { size: 101, modified: 7 };
        assert_eq!(Position::load(&path, other).expect("other"), Position::start(other));
        fs::write(&path, "half a posi").expect("written");
        assert_eq!(Position::load(&path, version).expect("unreadable"), start);
        assert!(Position { offset: 100, ..start }.done() && !kept.done());
    }
}
