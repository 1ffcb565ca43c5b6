//! How far each type was sent, kept in a file.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ::fhir::Type;

use crate::config::Fhir;

/// By type the time of the last change that is stored, microseconds since 1970 by the server's clock. A type that is not
/// named was never read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    positions: BTreeMap<Type, i64>,
    deletions: BTreeMap<Type, i64>,
}

const HEADING: &str = "vardstrom fhir state 1";
/// After the name of a type: how far its history was looked at for deletions.
const HISTORY: &str = "/_history";

impl State {
    /// Everything up to here is stored, but for what was committed later than its time says.
    pub(super) fn of(&self, kind: Type) -> Option<i64> {
        self.positions.get(&kind).copied()
    }

    /// Stored up to here; whether that is further than before.
    pub(super) fn advance(&mut self, kind: Type, at: i64) -> bool {
        advance(&mut self.positions, kind, at)
    }

    /// Deletions up to here are stored, but for what was committed later than its time says.
    pub(super) fn deletions(&self, kind: Type) -> Option<i64> {
        self.deletions.get(&kind).copied()
    }

    /// Deletions are stored up to here; whether that is further than before.
    pub(super) fn advance_deletions(&mut self, kind: Type, at: i64) -> bool {
        advance(&mut self.deletions, kind, at)
    }

    /// The state kept at `path`.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => parse(&text).ok_or_else(|| io::Error::other("not a state of ours; move the file away")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Keeps the state; a reader sees the old one or the new one, never a half.
    pub(super) fn store(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        writeln!(file, "{HEADING}")?;
        for (kind, at) in &self.positions {
            writeln!(file, "{kind} {at}")?;
        }
        for (kind, at) in &self.deletions {
            writeln!(file, "{kind}{HISTORY} {at}")?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(&new, path)
    }
}

fn advance(positions: &mut BTreeMap<Type, i64>, kind: Type, at: i64) -> bool {
    let further = positions.get(&kind).is_none_or(|known| *known < at);
    if further {
        positions.insert(kind, at);
    }
    further
}

fn parse(text: &str) -> Option<State> {
    let mut lines = text.lines();
    (lines.next()? == HEADING).then_some(())?;
    let mut state = State::default();
    for line in lines {
        let (name, at) = line.split_once(' ')?;
        let (name, positions) = match name.strip_suffix(HISTORY) {
            Some(name) => (name, &mut state.deletions),
            None => (name, &mut state.positions),
        };
        let kind = Type::ALL.into_iter().find(|kind| kind.name() == name)?;
        positions.insert(kind, at.parse().ok()?);
    }
    Some(state)
}

/// Where the state of a region's server is kept.
pub(super) fn path(region: &str, source: &Fhir) -> PathBuf {
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
        assert!(state.advance(Type::Encounter, -1) && state.advance_deletions(Type::Encounter, 9));
        assert_eq!((state.of(Type::Encounter), state.deletions(Type::Encounter)), (Some(-1), Some(9)));
        state.store(&path).expect("stored");
        assert_eq!(State::load(&path).expect("kept"), state);
        fs::write(&path, format!("{HEADING}\nPatient")).expect("written");
        assert!(State::load(&path).is_err());
    }
}
