//! A published CSV text as a table whose columns are found by name.

use std::collections::BTreeMap;

/// Most lines of a file that are held; a longer one is not.
pub const LINES_MAX: usize = 20_000;

/// A file of figures.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: BTreeMap<Box<str>, usize>,
    lines: Vec<Box<[Box<str>]>>,
}

/// Why a text is no table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not a table separated by `;`.
    #[error("the text is not a table separated by `;` with as many cells in every line")]
    Malformed(#[source] csv::Error),
    /// It is longer than pages can hold.
    #[error("the table has more than {LINES_MAX} lines")]
    TooLong,
}

impl Table {
    /// Reads a text; only lines that `wanted` accepts are held.
    ///
    /// # Errors
    /// When the text is not a table, or is too long.
    pub fn read(text: &str, wanted: impl Fn(Row<'_>) -> bool) -> Result<Self, Error> {
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        let header = reader.headers().map_err(Error::Malformed)?;
        let columns = header.iter().enumerate().map(|(index, name)| (name.into(), index)).collect();
        let mut table = Self { columns, lines: Vec::new() };
        for line in reader.records() {
            let line: Box<[Box<str>]> = line.map_err(Error::Malformed)?.iter().map(Into::into).collect();
            if wanted(Row { table: &table, cells: &line }) {
                if table.lines.len() == LINES_MAX {
                    return Err(Error::TooLong);
                }
                table.lines.push(line);
            }
        }
        Ok(table)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.lines.iter().map(|cells| Row { table: self, cells })
    }
}

/// A line.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [Box<str>],
}

impl<'a> Row<'a> {
    /// The text of a column; `None` when the table has no such column or the cell is empty.
    pub fn text(self, column: &str) -> Option<&'a str> {
        let index = *self.table.columns.get(column)?;
        self.cells.get(index).map(|cell| &**cell).filter(|cell| !cell.is_empty())
    }

    /// A whole number; `None` when there is none.
    pub fn count(self, column: &str) -> Option<i64> {
        self.text(column)?.parse().ok()
    }

    /// A decimal number in so many decimals, `12.5` in tenths is 125, rounded half away from zero; `None` when there
    /// is none.
    pub fn decimal(self, column: &str, decimals: usize) -> Option<i64> {
        decimal(self.text(column)?, decimals)
    }
}

fn decimal(text: &str, decimals: usize) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(decimals).collect();
    let mut value: i64 = format!("{whole}{kept}").parse().ok()?;
    if fraction.as_bytes().get(decimals).is_some_and(|digit| *digit >= b'5') {
        value = value.checked_add(1)?;
    }
    Some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_absence_is_absence() {
        let table = Table::read("code;n;share\nA;3;12.5\nB;;\nC;0;0.0\n", |_| true).unwrap();
        let found: Vec<_> =
            table.rows().map(|row| (row.text("code"), row.count("n"), row.decimal("share", 1))).collect();
        assert_eq!(found, [(Some("A"), Some(3), Some(125)), (Some("B"), None, None), (Some("C"), Some(0), Some(0))]);
        assert_eq!(table.rows().next().unwrap().text("no_such_column"), None);
    }

    #[test]
    fn only_wanted_lines_are_held_and_their_number_is_bounded() {
        let table = Table::read("d;v\nsex;1\nreferrer;2\n", |row| row.text("d") == Some("sex")).unwrap();
        assert_eq!(table.rows().count(), 1);
        let long = format!("a\n{}", "1\n".repeat(LINES_MAX + 1));
        assert!(matches!(Table::read(&long, |_| true), Err(Error::TooLong)));
        assert!(matches!(Table::read("a;b\n1\n", |_| true), Err(Error::Malformed(_))));
    }

    #[test]
    fn decimals_are_exact() {
        for (text, decimals, expected) in [
            ("12.34", 1, Some(123)),
            ("12.35", 1, Some(124)),
            ("-0.25", 1, Some(-3)),
            ("7", 2, Some(700)),
            ("1.2e3", 1, None),
            ("", 1, None),
            ("x", 1, None),
        ] {
            assert_eq!(decimal(text, decimals), expected, "{text}");
        }
    }
}
