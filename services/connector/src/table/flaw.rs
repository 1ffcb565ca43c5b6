//! What is wrong with a file, and what to do about it.

use delimited::cutter;
use schemas::FileFault;

/// Why a file is left out, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// Why.
    pub fault: FileFault,
    /// The line, as an editor shows it; 0 for the file as a whole.
    pub line: u64,
}

impl From<cutter::Flaw> for Flaw {
    fn from(flaw: cutter::Flaw) -> Self {
        let fault = match flaw.fault {
            cutter::Fault::QuoteOpen => FileFault::QuoteOpen,
            cutter::Fault::RowOversized => FileFault::RowOversized,
        };
        Self { fault, line: flaw.line }
    }
}

/// For operators: what is wrong, and the remedy. Says nothing of what the file holds.
pub fn told(fault: FileFault) -> &'static str {
    match fault {
        FileFault::Truncated => {
            "the file is cut off, its last row ends before the last column; finish it under another name and rename it then"
        }
        FileFault::RowUneven => {
            "the row has more or fewer cells than the header; correct it, and quote cells that hold the separator"
        }
        FileFault::QuoteOpen => {
            "a quotation mark opens and never closes; close it, and double quotation marks inside cells"
        }
        FileFault::Headless => {
            "no header row; write the column names on the first line, or check that the file belongs to this feed"
        }
        FileFault::ColumnMissing => {
            "the header lacks a column of `columns` or the `key`; add it, or check that the file belongs to this feed"
        }
        FileFault::NotText => "bytes that the encoding does not have; save the file as UTF-8 or ISO-8859-1",
        FileFault::RowOversized => {
            "the row is longer than limits.message; close an open quotation mark, or raise limits.message"
        }
        FileFault::Oversized => {
            "the file is larger than limits.table_file and was not read; divide it, or raise limits.table_file"
        }
    }
}
