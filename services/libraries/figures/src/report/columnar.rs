//! A table as a Parquet file, for programs that read columns: the cells of the file with commas ([`Sheet::machine`]), with their types.
//!
//! A column is text, whole numbers of 64 bits or doubles, by what stands in it; one in which no row has a number is doubles. Nothing in
//! a file says when it was made, so the same table is the same bytes.

use std::sync::Arc;

use board::language::Language;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::sheet::Sheet;

/// What a file says of its writer. The library's own text has the library's version in it.
const CREATED_BY: &str = "vardstrom version 1.0.0";

/// Writing to memory fails only when types or levels do not fit, which would be a fault of this module.
const FITS: &str = "values and levels are those of the schema that they were made from";

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Double,
}

/// A column while rows are added.
struct Leaf {
    name: String,
    is_number: bool,
    values: Vec<Value>,
}

impl Sheet {
    /// As a Parquet file, with the column `absent` at its end: why there is no number, as in the file with commas.
    pub fn parquet(&self, language: Language) -> Vec<u8> {
        let leaf = |(name, is_number)| Leaf { name, is_number, values: Vec::new() };
        let mut leaves: Vec<Leaf> = self.filed_columns().chain([("absent".to_owned(), false)]).map(leaf).collect();
        for row in &self.rows {
            let (values, absent) = self.values(row, language);
            let absent = if absent.is_empty() { Value::Null } else { absent.into() };
            for (leaf, value) in leaves.iter_mut().zip(values.into_iter().chain([absent])) {
                leaf.values.push(value);
            }
        }
        let schema = Type::group_type_builder("row").with_fields(leaves.iter().map(Leaf::field).collect()).build();
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(Default::default()))
            .build();
        let schema = Arc::new(schema.expect("a group of fields is a schema"));
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect(FITS);
        if !self.rows.is_empty() {
            let mut group = writer.next_row_group().expect(FITS);
            for leaf in &leaves {
                let mut column = group.next_column().expect(FITS).expect(FITS);
                leaf.write(&mut column);
                column.close().expect(FITS);
            }
            group.close().expect(FITS);
        }
        writer.into_inner().expect(FITS)
    }
}

impl Leaf {
    fn kind(&self) -> Kind {
        let mut numbers = self.values.iter().filter(|value| !value.is_null()).peekable();
        match (numbers.peek(), self.is_number) {
            (None, true) => Kind::Double,
            (None, false) => Kind::Text,
            (Some(_), _) => numbers.fold(Kind::Whole, |kind, value| match (kind, value) {
                (Kind::Text, _) | (_, Value::String(_)) => Kind::Text,
                (Kind::Whole, value) if value.is_i64() => Kind::Whole,
                _ => Kind::Double,
            }),
        }
    }

    fn field(&self) -> TypePtr {
        let (physical, logical) = match self.kind() {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Whole => (Physical::INT64, None),
            Kind::Double => (Physical::DOUBLE, None),
        };
        let field = Type::primitive_type_builder(&self.name, physical);
        let field = field.with_repetition(Repetition::OPTIONAL).with_logical_type(logical);
        Arc::new(field.build().expect("kinds are types of the format"))
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>) {
        let levels: Vec<i16> = self.values.iter().map(|value| i16::from(!value.is_null())).collect();
        let levels = Some(&levels[..]);
        let given = || self.values.iter().filter(|value| !value.is_null());
        let written = match self.kind() {
            Kind::Text => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let texts: Vec<ByteArray> = given().map(|value| ByteArray::from(text(value).into_bytes())).collect();
                column.typed::<ByteArrayType>().write_batch(&texts, levels, None)
            }
            Kind::Whole => {
                let numbers: Vec<i64> = given().filter_map(Value::as_i64).collect();
                column.typed::<Int64Type>().write_batch(&numbers, levels, None)
            }
            Kind::Double => {
                let numbers: Vec<f64> = given().filter_map(Value::as_f64).collect();
                column.typed::<DoubleType>().write_batch(&numbers, levels, None)
            }
        };
        written.expect(FITS);
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use super::super::sheet::{Absent, Cell, number, share, words};
    use super::*;

    fn sheet(rows: Vec<Vec<Cell>>) -> Sheet {
        let columns =
            vec![words("hospital", ""), number("count", "", ""), share("share", ""), number("median", "", "")];
        Sheet { rows, ..Sheet::new("t", "", columns, "") }
    }

    /// Columns with their types, and rows.
    fn read(sheet: &Sheet) -> (Vec<(String, Physical)>, Vec<Vec<Field>>) {
        let file = sheet.parquet(Language::En);
        assert_eq!(file, sheet.parquet(Language::En), "the same table is the same bytes");
        let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
        let schema = reader.metadata().file_metadata().schema();
        let columns =
            schema.get_fields().iter().map(|field| (field.name().to_owned(), field.get_physical_type())).collect();
        let rows = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns());
        (columns, rows.map(|row| row.into_iter().map(|(_, value)| value).collect()).collect())
    }

    #[test]
    fn a_file_has_the_values_of_the_table_with_their_types_and_why_there_is_none() {
        let named = |name: &str| Cell::text(name);
        let (columns, rows) = read(&sheet(vec![
            vec![named("Östra"), Cell::Whole(1234), Cell::Share(1, 4), Cell::Decimal(125, 1)],
            vec![named("=1+2"), Cell::Absent(Absent::FewerThan(5)), Cell::Share(0, 0), Cell::Absent(Absent::Missing)],
        ]));
        let names: Vec<&str> = columns.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["hospital", "count", "share", "share_lower", "share_upper", "median", "absent"]);
        let types: Vec<Physical> = columns.iter().map(|(_, kind)| *kind).collect();
        let [text, whole, double] = [Physical::BYTE_ARRAY, Physical::INT64, Physical::DOUBLE];
        assert_eq!(types, [text, whole, double, double, double, double, text]);
        let [first, second] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(first[..3], [Field::Str("Östra".into()), Field::Long(1234), Field::Double(25.0)]);
        assert_eq!((&first[5], &first[6]), (&Field::Double(12.5), &Field::Null));
        assert_eq!(second[0], Field::Str("=1+2".into()), "no spreadsheet reads it");
        assert!(second[1..6].iter().all(|field| *field == Field::Null));
        let Field::Str(why) = &second[6] else { panic!("{second:?}") };
        assert!(why.contains("count: fewer than") && why.contains("median: missing"), "{why}");
    }

    #[test]
    fn a_table_without_numbers_or_rows_has_its_columns() {
        let double = ("count".to_owned(), Physical::DOUBLE);
        for rows in
            [vec![], vec![vec![Cell::text("A"), Cell::Absent(Absent::Missing), Cell::Share(0, 0), Cell::Whole(1)]]]
        {
            let count = rows.len();
            let (columns, rows) = read(&sheet(rows));
            assert_eq!((columns.len(), &columns[1], rows.len()), (7, &double, count));
        }
    }
}
