//! What can be asked about files and folders, and done with them.

use crate::error::Error;
use crate::metadata::Metadata;
use crate::session::Session;
use crate::wire::{self, Answer};

/// A name in a folder. Bytes: which letters they are is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: Vec<u8>,
    /// What the server says of it.
    pub metadata: Metadata,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its entries, in the server's order, without `.` and `..`.
    pub entries: Vec<Entry>,
    /// Whether there were more than were asked for.
    pub truncated: bool,
}

impl Session {
    /// Lists a folder, at most `entries_max` names of it.
    ///
    /// # Errors
    /// When it is not there, or the connection breaks.
    pub async fn list(&mut self, folder: &str, entries_max: usize) -> Result<Listing, Error> {
        const ATTEMPT: &str = "look into the folder";
        let handle = self.open(ATTEMPT, wire::OPENDIR, |request| request.text(folder)).await?;
        let mut listing = Listing { entries: Vec::new(), truncated: false };
        while !listing.truncated {
            match self.ask(wire::READDIR, |request| request.text(&handle)).await? {
                Answer::Names(names) => {
                    for (name, metadata) in names.into_iter().filter(|(name, _)| name != b"." && name != b"..") {
                        if listing.entries.len() == entries_max {
                            listing.truncated = true;
                            break;
                        }
                        listing.entries.push(Entry { name, metadata });
                    }
                }
                Answer::Status(wire::STATUS_END) => break,
                other => return Err(self.unexpected(ATTEMPT, &other)),
            }
        }
        self.close(&handle).await?;
        Ok(listing)
    }

    /// What the server says of a file or folder; `None` when there is none.
    ///
    /// # Errors
    /// When it may not be looked at, or the connection breaks.
    pub async fn metadata(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Metadata>, Error> {
        match self.ask(wire::STAT, |request| request.text(path)).await? {
            Answer::Attributes(metadata) => Ok(Some(metadata)),
            other => match self.unexpected("look at the file", &other) {
                error if error.is_missing() => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// When it is there, may not be made, or the connection breaks.
    pub async fn make_folder(&mut self, path: &str) -> Result<(), Error> {
        self.demand("make the folder", wire::MKDIR, |request| request.text(path).no_attributes()).await
    }

    /// Removes a file.
    ///
    /// # Errors
    /// When it is not there, may not be removed, or the connection breaks.
    pub async fn remove_file(&mut self, path: &str) -> Result<(), Error> {
        self.demand("remove the file", wire::REMOVE, |request| request.text(path)).await
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// When it is not there, not empty, may not be removed, or the connection breaks.
    pub async fn remove_folder(&mut self, path: &str) -> Result<(), Error> {
        self.demand("remove the folder", wire::RMDIR, |request| request.text(path)).await
    }

    /// Renames a file or folder to a name that is free.
    ///
    /// # Errors
    /// When the new name is taken, it may not be renamed, or the connection breaks.
    pub async fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        self.demand("rename", wire::RENAME, |request| request.text(from).text(to)).await
    }

    /// Renames a file, in the place of another one if there is one: at once where the server offers that, else the
    /// other one is removed first.
    ///
    /// # Errors
    /// When it may not be renamed, or the connection breaks.
    pub async fn replace(&mut self, from: &str, to: &str) -> Result<(), Error> {
        if self.can_replace {
            let name = "posix-rename@openssh.com";
            return self.demand("rename", wire::EXTENDED, |request| request.text(name).text(from).text(to)).await;
        }
        match self.remove_file(to).await {
            Err(error) if !error.is_missing() => return Err(error),
            _ => {}
        }
        self.rename(from, to).await
    }
}
