//! Which watched files are ready to be read: new or changed, and no longer being written.
//!
//! Polling, not notification: the files often lie on network drives, where notifications do not arrive. A file is
//! ready when two looks in a row find the same size and modification time, and then once per version.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::metrics::{FileTrouble, Metrics};
use crate::position::Version;

/// What is known of the files of one source. In memory only: after a restart every file is new again.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    files: BTreeMap<PathBuf, State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Seen once in this version; may still be growing.
    Unsettled(Version),
    /// Seen twice; handed out until taken.
    Ready(Version),
    Taken(Version),
}

impl Watch {
    /// Takes in what a look found and gives the files that are ready, in order of name.
    pub(crate) fn look(&mut self, found: Vec<(PathBuf, Version)>) -> Vec<(PathBuf, Version)> {
        let mut files = BTreeMap::new();
        for (path, version) in found {
            let state = match self.files.get(&path) {
                Some(State::Taken(known)) if *known == version => State::Taken(version),
                Some(State::Unsettled(known) | State::Ready(known)) if *known == version => State::Ready(version),
                Some(_) | None => State::Unsettled(version),
            };
            files.insert(path, state);
        }
        self.files = files;
        let ready = |(path, state): (&PathBuf, &State)| match state {
            State::Ready(version) => Some((path.clone(), *version)),
            State::Unsettled(_) | State::Taken(_) => None,
        };
        self.files.iter().filter_map(ready).collect()
    }

    /// This version has been read (or cannot be, and is not tried again before it changes).
    pub(crate) fn take(&mut self, path: &Path, version: Version) {
        self.files.insert(path.to_owned(), State::Taken(version));
    }
}

/// Looks at one path again and again; says each trouble once.
pub(crate) struct Lister {
    path: PathBuf,
    endings: &'static [&'static str],
    files_max: usize,
    troubled: bool,
}

impl Lister {
    /// For a file, or the files of a folder that end in one of `endings`.
    pub(crate) fn new(path: PathBuf, endings: &'static [&'static str], files_max: usize) -> Self {
        Self { path, endings, files_max, troubled: false }
    }

    /// What is there now; nothing when the path cannot be looked at, which is counted.
    pub(crate) async fn list(&mut self, metrics: &Metrics) -> Vec<(PathBuf, Version)> {
        let (path, endings, files_max) = (self.path.clone(), self.endings, self.files_max);
        let listed = tokio::task::spawn_blocking(move || list(&path, endings, files_max)).await;
        let place = self.path.display();
        let (listing, trouble) = match listed {
            Ok(Ok(listing)) if listing.truncated => {
                if !self.troubled {
                    tracing::warn!("{place} holds more than {} files, the rest is not looked at", self.files_max);
                }
                (listing.files, Some(FileTrouble::TooMany))
            }
            Ok(Ok(listing)) => (listing.files, None),
            Ok(Err(error)) => {
                if !self.troubled {
                    tracing::warn!(%error, "{place} cannot be looked at: {error}");
                }
                (Vec::new(), Some(FileTrouble::Unreadable))
            }
            // A panic has been logged with its place; the next look is another try.
            Err(_) => (Vec::new(), Some(FileTrouble::Unreadable)),
        };
        if let Some(trouble) = trouble
            && !self.troubled
        {
            metrics.file_troubles.of(trouble).inc();
        }
        if self.troubled && trouble.is_none() {
            tracing::info!("{place} can be looked at again");
        }
        self.troubled = trouble.is_some();
        listing
    }
}

struct Listing {
    files: Vec<(PathBuf, Version)>,
    /// Whether the folder holds more than was looked at.
    truncated: bool,
}

/// Lists a file, or the files of a folder that end in one of `endings`; at most `files_max` entries are looked at.
fn list(path: &Path, endings: &[&str], files_max: usize) -> io::Result<Listing> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        return Ok(Listing { files: vec![(path.to_owned(), Version::of(&metadata))], truncated: false });
    }
    let mut files = Vec::new();
    let mut entries = fs::read_dir(path)?;
    for entry in entries.by_ref().take(files_max) {
        let path = entry?.path();
        if !ends_in(&path, endings) {
            continue;
        }
        // A file that vanishes between the two calls is simply not there.
        if let Ok(metadata) = fs::metadata(&path)
            && metadata.is_file()
        {
            files.push((path, Version::of(&metadata)));
        }
    }
    Ok(Listing { files, truncated: entries.next().is_some() })
}

/// Whether a file's name ends in one of these, whatever the case of the letters.
pub(crate) fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ready_when_it_rests_and_once_per_version() {
        let mut watch = Watch::default();
        let path = PathBuf::from("a.csv");
        let version = |size| Version { size, modified: 1 };
        let mut look = |size: Option<u64>| -> usize {
            let found = size.map(|size| vec![(path.clone(), version(size))]).unwrap_or_default();
            let ready = watch.look(found);
            if let Some((path, version)) = ready.first() {
                watch.take(path, *version);
            }
            ready.len()
        };
        let looks = [
            (Some(1), 0),
            (Some(2), 0),
            (Some(2), 1),
            (Some(2), 0),
            (Some(3), 0),
            (Some(3), 1),
            (None, 0),
            (Some(3), 0),
            (Some(3), 1),
        ];
        for (at, (size, ready)) in looks.into_iter().enumerate() {
            assert_eq!(look(size), ready, "look {at}");
        }
    }

    #[test]
    fn a_ready_file_is_handed_out_until_it_is_taken() {
        let mut watch = Watch::default();
        let found = vec![(PathBuf::from("a.csv"), Version { size: 1, modified: 1 })];
        let counts: Vec<_> = (0..4).map(|_| watch.look(found.clone()).len()).collect();
        assert_eq!(counts, [0, 1, 1, 1]);
    }

    #[test]
    fn a_folder_is_listed_with_a_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a.csv", "b.CSV", "c.hl7", "d.csv.part"] {
            fs::write(folder.path().join(name), "x").expect("written");
        }
        let listing = list(folder.path(), &["csv"], 100).expect("listed");
        assert_eq!((listing.files.len(), listing.truncated), (2, false));
        let listing = list(folder.path(), &["csv"], 3).expect("listed");
        assert!(listing.truncated);
        let listing = list(&folder.path().join("c.hl7"), &["csv"], 1).expect("a file named itself");
        assert_eq!(listing.files.len(), 1);
        assert!(list(&folder.path().join("none"), &["csv"], 1).is_err());
    }
}
