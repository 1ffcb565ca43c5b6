//! How far each type was sent, kept in a file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::resource::Type;
use crate::config::Fhir;

/// By type the time of the last change that is stored, microseconds since 1970 by the server's clock. A type that is not
/// named was never read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    positions: BTreeMap<Type, i64>,
}

const HEADING: &str = "vardstrom fhir state 1";

impl State {
    /// Everything up to here is stored, but for what was committed later than its time says.
    pub fn of(&self, kind: Type) -> Option<i64> {
        self.positions.get(&kind).copied()
    }

    /// Stored up to here; whether that is further than before.
    pub fn advance(&mut self, kind: Type, at: i64) -> bool {
        let further = self.of(kind).is_none_or(|known| known < at);
        if further {
            self.positions.insert(kind, at);
        }
        further
    }

    /// The state kept at `path`.
    pub fn load(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => parse(&text).ok_or_else(|| io::Error::other("not a state of ours; move the file away")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Keeps the state; a reader sees the old one or the new one, never a half.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        writeln!(file, "{HEADING}")?;
        for (kind, at) in &self.positions {
            writeln!(file, "{kind} {at}")?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(&new, path)
    }
}

fn parse(text: &str) -> Option<State> {
    let mut lines = text.lines();
    (lines.next()? == HEADING).then_some(())?;
    let line = |line: &str| {
        let (name, at) = line.split_once(' ')?;
        let kind = Type::ALL.into_iter().find(|kind| kind.name() == name)?;
        Some((kind, at.parse().ok()?))
    };
    Some(State { positions: lines.map(line).collect::<Option<_>>()? })
}

/// Where the state of a region's server is kept.
pub fn path(region: &str, source: &Fhir) -> PathBuf {
    source.positions.join(format!("{region}-{}.fhir", source.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept_and_never_goes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("14-journal.fhir");
        let mut state = State::load(&path).expect("none");
        assert_eq!(state.of(Type::Patient), None);
        assert!(
            state.advance(Type::Patient, 7) && !state.advance(Type::Patient, 7) && !state.advance(Type::Patient, 3)
        );
        assert!(state.advance(Type::Encounter, -1));
        state.store(&path).expect("stored");
        assert_eq!(State::load(&path).expect("kept"), state);
        fs::write(&path, format!("{HEADING}\nPatient")).expect("written");
        assert!(State::load(&path).is_err());
    }
}
