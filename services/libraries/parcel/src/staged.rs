//! A folder that appears whole or not at all: written beside its place, made durable, renamed into it.
//!
//! Whoever is killed before the rename leaves a `.<name>.partial`, which the next one removes. Only one works on a series
//! at a time, which the caller sees to, so what is removed is nobody's.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::Error;

const PARTIAL: &str = ".partial";

/// A folder on its way.
pub struct Staged {
    parent: PathBuf,
    partial: PathBuf,
    place: PathBuf,
}

impl Staged {
    /// Begins a folder of this name.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(parent: &Path, name: &str) -> Result<Self, Error> {
        let partial = parent.join(format!(".{name}{PARTIAL}"));
        fs::create_dir_all(parent).map_err(failed("make the folder", parent))?;
        remove(&partial)?;
        fs::create_dir(&partial).map_err(failed("make the folder", &partial))?;
        Ok(Self { parent: parent.to_owned(), partial, place: parent.join(name) })
    }

    /// Adds a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.fill(name, |file| file.write_all(bytes))
    }

    /// Adds a file that is made while it is written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn fill<T>(&self, name: &str, fill: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, Error> {
        let path = self.partial.join(name);
        durable(&path, fill).map_err(failed("write", &path))
    }

    /// Adds a copy of a file.
    ///
    /// # Errors
    /// When one cannot be read or the other written.
    pub fn copy(&self, name: &str, from: &Path) -> Result<(), Error> {
        let mut source = File::open(from).map_err(failed("open", from))?;
        self.fill(name, |file| io::copy(&mut source, file).map(|_| ()))
    }

    /// Puts the folder into its place, which must be free.
    ///
    /// # Errors
    /// When it cannot be moved there.
    pub fn finish(self) -> Result<PathBuf, Error> {
        sync(&self.partial)?;
        fs::rename(&self.partial, &self.place).map_err(failed("move a parcel to", &self.place))?;
        sync(&self.parent)?;
        Ok(self.place)
    }
}

/// Writes one file whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let parent = path.parent().unwrap_or(Path::new("."));
    let partial = parent.join(format!(".{name}{PARTIAL}"));
    durable(&partial, |file| file.write_all(bytes)).map_err(failed("write", &partial))?;
    fs::rename(&partial, path).map_err(failed("write", path))?;
    sync(parent)
}

/// Removes what killed runs have left of these parcels. `is_ours` looks at the name that the folder would have got.
///
/// # Errors
/// When the folder cannot be read or changed.
pub fn clean(parent: &Path, is_ours: impl Fn(&str) -> bool) -> Result<(), Error> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed("look into", parent)(source)),
    };
    for entry in entries {
        let entry = entry.map_err(failed("look into", parent))?;
        let name = entry.file_name();
        let unfinished = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix(PARTIAL));
        if unfinished.is_some_and(&is_ours) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(partial: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove what a killed run left in", partial)(error))
        }
        _ => Ok(()),
    }
}

fn durable<T>(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let mut file = File::create(path)?;
    let filled = fill(&mut file)?;
    file.sync_all()?;
    Ok(filled)
}

fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("make durable", folder))
}

fn failed(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { attempt, path, source }
}
