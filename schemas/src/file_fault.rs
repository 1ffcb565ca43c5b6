//! A file that is left out as a whole, as the one source record that stands for it.
//!
//! The connector looks at a whole file before it sends its first row. A file that is cut off, or is not what its feed
//! carries, becomes one delimited record with this text as its payload; the processor parks it with the fault's rule and
//! the line. The text holds nothing of the file.

use std::fmt;

/// Why a file is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFault {
    /// The last row ends before its last column: the file was cut off.
    Truncated,
    /// A row in the middle has more or fewer cells than the header.
    RowUneven,
    /// A quoted cell never ends.
    QuoteOpen,
    /// The first line is no header, or the file is empty.
    Headless,
    /// The header lacks a column that the feed must have.
    ColumnMissing,
    /// Bytes that the encoding does not have.
    NotText,
    /// A row longer than a message may be.
    RowOversized,
    /// The file is larger than the limit.
    Oversized,
}

const PREFIX: &str = "vardstrom: file left out: ";

impl FileFault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::Truncated,
        Self::RowUneven,
        Self::QuoteOpen,
        Self::Headless,
        Self::ColumnMissing,
        Self::NotText,
        Self::RowOversized,
        Self::Oversized,
    ];

    /// Its code: also the code of the processor's rule.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Truncated => "file-truncated",
            Self::RowUneven => "file-row-uneven",
            Self::QuoteOpen => "file-quote-open",
            Self::Headless => "file-headless",
            Self::ColumnMissing => "file-column-missing",
            Self::NotText => "file-not-text",
            Self::RowOversized => "file-row-oversized",
            Self::Oversized => "file-oversized",
        }
    }

    /// The payload that stands for the file. Lines count from 1; 0 is the file as a whole.
    pub fn payload(self, line: u64) -> String {
        format!("{PREFIX}{self} at line {line}")
    }

    /// The fault and the line of a payload that stands for a file.
    pub fn of_payload(payload: &[u8]) -> Option<(Self, u64)> {
        // Every row of every file comes by here, so the beginning is looked at first.
        let text = str::from_utf8(payload.strip_prefix(PREFIX.as_bytes())?).ok()?;
        let (code, line) = text.split_once(" at line ")?;
        let fault = Self::ALL.into_iter().find(|fault| fault.code() == code)?;
        Some((fault, line.parse().ok()?))
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_fault_and_line_and_a_row_does_not() {
        for fault in FileFault::ALL {
            assert_eq!(FileFault::of_payload(fault.payload(17).as_bytes()), Some((fault, 17)));
        }
        for other in [&b"a;b\n1;2"[..], b"vardstrom: file left out: nothing at line 1", b"\xFF"] {
            assert_eq!(FileFault::of_payload(other), None);
        }
    }
}
