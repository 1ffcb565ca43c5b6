//! A file that is only added to: what was added is durable when [`Appended::add`] returns, or is not there.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Error;

#[derive(Debug)]
pub(crate) struct Appended {
    file: File,
    path: PathBuf,
    length: u64,
    is_torn: bool,
}

impl Appended {
    /// Opens the file, which is made where there is none, and gives what is in it.
    pub(crate) fn open(path: &Path) -> Result<(Self, String), Error> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
        let mut file = file.map_err(Error::file("open", path))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(Error::file("read", path))?;
        sync_folder_of(path)?;
        let length = text.len() as u64;
        Ok((Self { file, path: path.to_owned(), length, is_torn: false }, text))
    }

    /// Takes away what a killed process left behind its last whole line or entry.
    pub(crate) fn cut(&mut self, length: u64) -> Result<(), Error> {
        if length < self.length {
            self.file.set_len(length).map_err(Error::file("shorten", &self.path))?;
            self.length = length;
        }
        Ok(())
    }

    /// Adds to the end.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), Error> {
        if self.is_torn {
            return Err(Error::Torn(self.path.clone()));
        }
        let end = SeekFrom::Start(self.length);
        let added = self.file.seek(end).and_then(|_| self.file.write_all(text.as_bytes()));
        if let Err(error) = added.and_then(|()| self.file.sync_data()) {
            self.is_torn = self.file.set_len(self.length).is_err();
            return Err(Error::file("add to", &self.path)(error));
        }
        self.length += text.len() as u64;
        Ok(())
    }
}

/// Makes a new or removed name durable.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file("sync", folder))
}
