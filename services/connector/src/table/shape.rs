//! What is known of a file that was found whole, and the payload of its rows.

use std::borrow::Cow;

use super::cutter::{Cells, Place};
use crate::cells::{joined, latin1};

/// How a file's bytes are letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// UTF-8.
    Utf8,
    /// ISO-8859-1.
    Latin1,
}

impl Letters {
    /// The text of a cell, without the blanks around it; a line end in it becomes a blank, as a payload has two lines.
    pub fn cell(self, bytes: &[u8]) -> Cow<'_, str> {
        let text = match self {
            Self::Latin1 if !bytes.is_ascii() => Cow::Owned(latin1(bytes)),
            Self::Latin1 | Self::Utf8 => String::from_utf8_lossy(bytes),
        };
        match text {
            text if text.trim().contains(['\r', '\n']) => {
                Cow::Owned(text.trim().replace("\r\n", " ").replace(['\r', '\n'], " "))
            }
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }
}

/// A file that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its encoding.
    pub letters: Letters,
    /// What cuts its rows into cells.
    pub delimiter: u8,
    /// Cells of a row.
    pub columns: usize,
    /// The header line of every payload.
    pub header: String,
    /// The column that chooses partitions.
    pub key: Option<usize>,
    /// Where the first row begins.
    pub start: Place,
    /// How many rows.
    pub rows: u64,
}

impl Shape {
    /// A row's payload: the header line, LF, the row. `None` for a row without anything in it.
    pub fn payload(&self, row: &Cells) -> Option<String> {
        if row.are_blank() {
            return None;
        }
        let cells: Vec<_> = row.iter().take(self.columns).map(|cell| self.letters.cell(cell)).collect();
        Some(format!("{}\n{}", self.header, joined(&cells)))
    }

    /// The text that chooses a row's partition; `None` when it has none.
    pub fn key<'a>(&self, row: &'a Cells) -> Option<Cow<'a, str>> {
        let cell = row.iter().nth(self.key?)?;
        Some(self.letters.cell(cell)).filter(|text| !text.is_empty())
    }
}
