//! A file of figures: separated by `;`, decimal point, a header, UTF-8, lines ended by LF.

use crate::output::File;
use crate::output::FileKind;

/// A table while lines are added.
#[derive(Debug)]
pub(crate) struct Table {
    kind: FileKind,
    writer: csv::Writer<Vec<u8>>,
    rows: u64,
}

impl Table {
    /// A table with its header.
    pub(crate) fn new(kind: &FileKind, columns: impl IntoIterator<Item: AsRef<[u8]>>) -> Table {
        let writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
        let mut table = Table { kind: kind.clone(), writer, rows: 0 };
        table.write(columns);
        table
    }

    /// A line. It has as many cells as the header, or this panics: columns are constants of its form.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item: AsRef<[u8]>>) {
        self.write(cells);
        self.rows += 1;
    }

    fn write(&mut self, cells: impl IntoIterator<Item: AsRef<[u8]>>) {
        self.writer.write_record(cells).expect("every line of a table has its header's columns");
    }

    pub(crate) fn finish(self) -> File {
        let bytes = self.writer.into_inner().expect("writing to memory does not fail");
        self.kind.file(bytes, self.rows)
    }
}
