//! What is known of a file that was found whole, and the payload of its rows.

use std::borrow::Cow;

use delimited::cutter::Cells;
use delimited::cutter::Place;
use delimited::letters::Letters;
use delimited::payload::joined;

/// A file that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub(crate) letters: Letters,
    /// What cuts its rows into cells.
    pub delimiter: u8,
    pub(crate) columns: usize,
    /// The header line of every payload.
    pub header: String,
    /// The column that chooses partitions.
    pub key: Option<usize>,
    /// Where the first row begins.
    pub start: Place,
    pub(crate) rows: u64,
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
