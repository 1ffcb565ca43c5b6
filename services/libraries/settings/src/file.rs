use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::{self, Error, Fault};

/// Values that agree with each other and with the world, beyond what their types say.
///
/// A check reads no network and changes nothing. It may read environment variables and files the configuration names.
pub trait Check {
    /// The first thing that is wrong, by the key it concerns.
    fn check(&self) -> Result<(), Fault>;
}

/// Reads and checks a configuration file.
pub fn load<T: DeserializeOwned + Check>(path: &Path) -> Result<T, Error> {
    let text = text_of(path)?;
    let value: T = error::parse(path, &text)?;
    value.check().map_err(|fault| error::locate(path, &text, fault))?;
    Ok(value)
}

/// Reads a configuration file without checking it: for tests of the samples we ship, where no secret is set.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    error::parse(path, &text_of(path)?)
}

fn text_of(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}
