//! Passwords of users, a file each.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use settings::SecretValue;

use super::{Error, scram::random};

/// Rights of others to a file or folder.
const OTHERS: u32 = 0o077;

/// A folder with a file `<user>.password` per user, which only its owner can read. A service is given its own by
/// `password = { file = "…" }`.
#[derive(Debug, Clone)]
pub struct Passwords {
    folder: PathBuf,
}

impl Passwords {
    /// The passwords of this folder.
    ///
    /// # Errors
    /// When there is no such folder, or others may look into it.
    pub fn of(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let meta = fs::metadata(&folder).map_err(|error| failed("read the folder of passwords", &folder, error))?;
        kept_from_others(&folder, &meta)?;
        Ok(Self { folder })
    }

    /// The file of a user's password.
    #[must_use]
    pub fn file(&self, user: &str) -> PathBuf {
        self.folder.join(format!("{user}.password"))
    }

    /// A user's password from its file; where there is none, a new one that is in its file before this returns.
    ///
    /// # Errors
    /// When the file cannot be read or written, is empty, or others may read it.
    pub fn read_or_make(&self, user: &str) -> Result<SecretValue, Error> {
        let path = self.file(user);
        match File::open(&path) {
            Ok(file) => read(&path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path),
            Err(error) => Err(failed("read the password", &path, error)),
        }
    }
}

fn read(path: &Path, file: File) -> Result<SecretValue, Error> {
    let reading = |error| failed("read the password", path, error);
    kept_from_others(path, &file.metadata().map_err(reading)?)?;
    let text = io::read_to_string(file).map_err(reading)?;
    let text = SecretValue::new(text);
    // Editors and `echo` end a file with a line break, which is no part of the password.
    let password = text.expose().trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Error::Password { what: "the password is empty in", path: path.to_owned(), source: None });
    }
    Ok(SecretValue::new(password.to_owned()))
}

fn make(path: &Path) -> Result<SecretValue, Error> {
    let writing = |error| failed("write the password", path, error);
    let password = SecretValue::new(HEXLOWER.encode(&random::<32>().map_err(writing)?));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(writing)?;
    file.write_all(password.expose().as_bytes()).and_then(|()| file.sync_all()).map_err(writing)?;
    Ok(password)
}

fn kept_from_others(path: &Path, meta: &fs::Metadata) -> Result<(), Error> {
    if meta.permissions().mode() & OTHERS == 0 {
        return Ok(());
    }
    let what = "others may read it; take their rights away (chmod go=):";
    Err(Error::Password { what, path: path.to_owned(), source: None })
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Password { what, path: path.to_owned(), source: Some(source) }
}
