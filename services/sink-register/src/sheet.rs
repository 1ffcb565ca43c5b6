//! A Parquet file in memory while rows are added: zstd, bounded row groups, the same rows are the same bytes.
//!
//! Written straight to the format's columns: our rows are records one after the other, and the arrays that the usual
//! layer above makes of them would be a second copy (and nine more crates). Nothing in a file says when or by which
//! version of a library it was made, and row groups end where the content says, so bytes depend on rows and code alone.

mod leaf;

use std::sync::Arc;

use parquet::basic::{Compression, Repetition, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

pub(crate) use leaf::{Kind, Leaf};

use crate::output::File;
use crate::output::FileKind;

/// What a file says of its writer. The library's own text has the library's version in it.
const CREATED_BY: &str = "vardstrom version 1.0.0";
/// zstd's own default: higher levels win a few percent and take several times as long.
const ZSTD_LEVEL: i32 = 3;
/// A row group is compressed and put behind the others when it has so many rows.
const GROUP_ROWS_MAX: u64 = 100_000;
/// Or when its values take this much.
const GROUP_BYTES_MAX: usize = 32 << 20;

/// Writing to memory fails only when our own levels or types do not fit, which would be a fault of this module.
const FITS: &str = "values and levels are those of the schema that they were made from";

/// A file while rows are added.
pub(crate) struct Sheet {
    kind: FileKind,
    writer: SerializedFileWriter<Vec<u8>>,
    leaves: Vec<Leaf>,
    group_rows: u64,
    rows: u64,
}

/// A column of a table without nesting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether every row has a value.
    pub(crate) required: bool,
}

/// A value of a table without nesting.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// None.
    Null,
    /// Of a [`Kind::Int`] or [`Kind::Date`].
    Int(i32),
    /// Of a [`Kind::Long`], [`Kind::WallTime`] or [`Kind::Decimal`].
    Long(i64),
    /// Of a [`Kind::Text`].
    Text(&'a str),
}

impl Sheet {
    /// A file with these columns; `leaves` in the order of the schema's.
    pub(crate) fn new(kind: FileKind, fields: Vec<TypePtr>, leaves: Vec<Leaf>) -> Self {
        let schema =
            Type::group_type_builder("row").with_fields(fields).build().expect("a group of fields is a schema");
        let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("a level of zstd");
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(level))
            .build();
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).expect(FITS);
        Self { kind, writer, leaves, group_rows: 0, rows: 0 }
    }

    /// A table without nesting.
    pub(crate) fn table(kind: FileKind, columns: &[Column]) -> Self {
        let repetition = |column: &Column| if column.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let fields = columns.iter().map(|column| column.kind.field(column.name, repetition(column))).collect();
        let leaves = columns.iter().map(|column| Leaf::new(column.kind, i16::from(!column.required), 0)).collect();
        Self::new(kind, fields, leaves)
    }

    /// The columns, to which one row is added before [`Sheet::end_row`].
    pub(crate) fn leaves(&mut self) -> &mut [Leaf] {
        &mut self.leaves
    }

    /// A row of a table without nesting: as many cells as columns, of their kinds.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) {
        assert_eq!(cells.len(), self.leaves.len(), "a row of {} has its columns", self.kind.name);
        for (leaf, cell) in self.leaves.iter_mut().zip(cells) {
            match *cell {
                Cell::Null => leaf.push_null(0, 0),
                Cell::Int(value) => leaf.push_int(value, 0),
                Cell::Long(value) => leaf.push_long(value, 0),
                Cell::Text(value) => leaf.push_text(value, 0),
            }
        }
        self.end_row();
    }

    pub(crate) fn end_row(&mut self) {
        self.rows += 1;
        self.group_rows += 1;
        let full = || self.leaves.iter().map(Leaf::bytes).sum::<usize>() >= GROUP_BYTES_MAX;
        if self.group_rows >= GROUP_ROWS_MAX || (self.group_rows.is_multiple_of(1_024) && full()) {
            self.end_group();
        }
    }

    fn end_group(&mut self) {
        if self.group_rows == 0 {
            return;
        }
        let mut group = self.writer.next_row_group().expect(FITS);
        for leaf in &mut self.leaves {
            let mut column = group.next_column().expect(FITS).expect(FITS);
            leaf.write(&mut column).expect(FITS);
            column.close().expect(FITS);
        }
        group.close().expect(FITS);
        self.group_rows = 0;
    }

    pub(crate) fn finish(mut self) -> File {
        self.end_group();
        let bytes = self.writer.into_inner().expect(FITS);
        self.kind.file(bytes, self.rows)
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::*;

    const COLUMNS: [Column; 2] = [
        Column { name: "number", kind: Kind::Long, required: true },
        Column { name: "text", kind: Kind::Text, required: false },
    ];

    fn numbers(count: i64, text: &str) -> File {
        let mut sheet = Sheet::table(FileKind::of_groups("numbers.parquet"), &COLUMNS);
        for number in 0..count {
            sheet.row(&[Cell::Long(number), if number % 3 == 0 { Cell::Null } else { Cell::Text(text) }]);
        }
        sheet.finish()
    }

    #[test]
    fn rows_come_back_and_groups_are_bounded() {
        let file = numbers(250_000, "å");
        assert_eq!(file.rows, 250_000);
        assert_eq!(file.bytes, numbers(250_000, "å").bytes, "the same rows are the same bytes");
        let reader = SerializedFileReader::new(bytes::Bytes::from(file.bytes)).unwrap();
        let groups: Vec<i64> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
        assert_eq!(groups, [100_000, 100_000, 50_000]);
        let file_metadata = reader.metadata().file_metadata();
        assert_eq!(file_metadata.created_by(), Some(CREATED_BY));
        assert!(file_metadata.key_value_metadata().is_none(), "nothing of when and where");
        for (number, row) in (0..).zip(reader.get_row_iter(None).unwrap()) {
            let row = row.unwrap();
            assert_eq!(row.get_long(0).unwrap(), number);
            assert_eq!(row.get_string(1).ok().map(String::as_str), (number % 3 != 0).then_some("å"));
        }
    }

    #[test]
    fn long_values_end_a_group_early() {
        let file = numbers(20_000, &"x".repeat(4_000));
        let reader = SerializedFileReader::new(bytes::Bytes::from(file.bytes)).unwrap();
        assert!(reader.num_row_groups() > 1);
    }

    #[test]
    fn a_file_of_nothing_has_its_columns() {
        let reader = SerializedFileReader::new(bytes::Bytes::from(numbers(0, "").bytes)).unwrap();
        assert_eq!((reader.num_row_groups(), reader.metadata().file_metadata().schema().get_fields().len()), (0, 2));
    }
}
