use std::path::{Path, PathBuf};
use std::{fmt, io};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("read configuration file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file says something that is not allowed.
    #[error("{place}: {message}")]
    Invalid {
        /// Where in the file.
        place: Place,
        /// What is wrong, and what to write instead.
        message: String,
    },
}

/// A place in a configuration file.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    line: Option<usize>,
    key: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        Ok(())
    }
}

/// A value that fails a check, by its key; [`crate::load`] finds the line.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}", path.join("."))]
pub struct Fault {
    path: Vec<String>,
    message: String,
}

impl Fault {
    /// A fault of this key; a dot separates tables, an array's element is its index: `region.0.code`.
    pub fn new(key: impl AsRef<str>, message: impl Into<String>) -> Self {
        Self { path: key.as_ref().split('.').map(str::to_owned).collect(), message: message.into() }
    }

    /// A fault of one entry of this table; the entry's key may itself hold dots.
    pub fn entry(table: &str, key: &str, message: impl Into<String>) -> Self {
        Self { path: vec![table.to_owned(), key.to_owned()], message: message.into() }
    }

    /// The same fault seen from the table that holds the key's table.
    pub fn under(mut self, table: &str) -> Self {
        self.path.splice(0..0, table.split('.').map(str::to_owned));
        self
    }
}

pub(crate) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map(|span| span.start);
        let key = start.map(|start| key_at(text, start)).unwrap_or_default();
        let place = Place { path: path.to_owned(), line: start.map(|start| line_of(text, start)), key };
        Error::Invalid { place, message: error.message().trim().replace('\n', ", ") }
    })
}

pub(crate) fn locate(path: &Path, text: &str, fault: Fault) -> Error {
    let line = start_of(text, &fault.path).map(|start| line_of(text, start));
    let place = Place { path: path.to_owned(), line, key: fault.path.join(".") };
    Error::Invalid { place, message: fault.message }
}

/// An error and its causes on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn line_of(text: &str, start: usize) -> usize {
    text.as_bytes()[..start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The key written on the line, under the table header above it.
fn key_at(text: &str, start: usize) -> String {
    let before = &text[..floor(text, start)];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let header = |line: &str| line.trim().starts_with('[').then(|| line.trim().trim_matches(['[', ']']).to_owned());
    if let Some(table) = header(line) {
        return table;
    }
    let table = before[..line_start].lines().rev().find_map(header);
    let key = line.split_once('=').map(|(key, _)| key.trim().to_owned());
    [table, key].into_iter().flatten().collect::<Vec<_>>().join(".")
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where the value of a key starts, or of the nearest table around it that the file has.
fn start_of(text: &str, path: &[String]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut start = None;
    let mut table = document.get_ref();
    let mut parts = path.iter().peekable();
    while let Some(part) = parts.next() {
        let Some(value) = table.get(part.as_str()) else { return start };
        start = Some(value.span().start);
        let mut value = value.get_ref();
        while let (DeValue::Array(values), Some(part)) = (value, parts.peek()) {
            let Some(element) = part.parse::<usize>().ok().and_then(|index| values.get(index)) else { return start };
            parts.next();
            start = Some(element.span().start);
            value = element.get_ref();
        }
        match value {
            DeValue::Table(inner) => table = inner,
            _ => return start,
        }
    }
    start
}
