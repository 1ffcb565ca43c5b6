//! How far a file has been sent, kept so that a killed replay goes on where it was.
//!
//! A position says: everything before `offset` has been acknowledged by Kafka. It may lag behind, never run ahead; what
//! is sent twice because of that has the same content and counts as a duplicate downstream.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::files::Error;

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
    pub version: Version,
    /// Everything before is acknowledged.
    pub offset: u64,
    /// Messages, or rows, before.
    pub messages: u64,
    /// The line that begins there, the first being 1; 0 for files whose lines are not counted.
    pub line: u64,
}

const HEADING: &str = "vardstrom replay position 1";

impl Position {
    /// The start of a file.
    pub fn start(version: Version) -> Self {
        Self { version, offset: 0, messages: 0, line: 0 }
    }

    /// Whether the whole file has been sent.
    pub fn done(&self) -> bool {
        self.offset >= self.version.size
    }

    /// The position kept at `path` for this version of the file; its start when there is none.
    pub fn load(path: &Path, version: Version) -> io::Result<Self> {
        Ok(Self::kept(path, version)?.unwrap_or(Self::start(version)))
    }

    /// The position kept at `path` for this version of the file, if there is one.
    pub fn kept(path: &Path, version: Version) -> io::Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(parse(&text).filter(|kept| kept.version == version)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the position; a reader sees the old one or the new one, never a half.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        write!(
            file,
            "{HEADING}\nsize {}\nmodified {}\noffset {}\nmessages {}\nline {}\n",
            self.version.size, self.version.modified, self.offset, self.messages, self.line
        )?;
        drop(file);
        fs::rename(&new, path)
    }
}

/// How often a position is kept, at most: a killed process sends this much again.
const KEEP_INTERVAL: Duration = Duration::from_millis(100);

/// Keeps the position of a file that is being sent.
pub(crate) struct Keeper {
    path: PathBuf,
    position: Position,
    kept: Instant,
}

impl Keeper {
    /// A keeper at `path` of what was kept before.
    pub(crate) fn new(path: &Path, position: Position) -> Self {
        Self { path: path.to_owned(), position, kept: Instant::now() }
    }

    /// How far the file has been sent.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Tells whether positions can be kept at all, before anything is sent.
    pub(crate) fn probe(&self) -> Result<(), Error> {
        let new = self.path.with_extension("new");
        fs::File::create(&new)
            .and_then(|_| fs::remove_file(&new))
            .map_err(|source| Error::Position { path: self.path.clone(), source })
    }

    /// The file has been sent so far; kept when the last time is long enough ago. A position never goes back.
    pub(crate) fn advance(&mut self, position: Position) -> Result<(), Error> {
        if position.offset > self.position.offset {
            self.position = position;
        }
        if self.kept.elapsed() >= KEEP_INTERVAL { self.keep(self.position) } else { Ok(()) }
    }

    pub(crate) fn keep(&mut self, position: Position) -> Result<(), Error> {
        self.position = position;
        position.store(&self.path).map_err(|source| Error::Position { path: self.path.clone(), source })?;
        self.kept = Instant::now();
        Ok(())
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
        // Positions of earlier releases have none, and are of files whose lines are not counted.
        line: value("line").map_or(Some(0), |line| line.parse().ok())?,
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
        let kept = Position { offset: 60, messages: 3, line: 9, ..start };
        kept.store(&path).expect("stored");
        assert_eq!(Position::load(&path, version).expect("kept"), kept);
        let other = Version { size: 101, modified: 7 };
        assert_eq!(Position::load(&path, other).expect("other"), Position::start(other));
        let earlier = format!("{HEADING}\nsize 100\nmodified 7\noffset 60\nmessages 3\n");
        fs::write(&path, earlier).expect("written");
        assert_eq!(Position::load(&path, version).expect("kept by an earlier release"), Position { line: 0, ..kept });
        fs::write(&path, "half a posi").expect("written");
        assert_eq!(Position::load(&path, version).expect("unreadable"), start);
        assert!(Position { offset: 100, ..start }.done() && !kept.done());
    }
}
