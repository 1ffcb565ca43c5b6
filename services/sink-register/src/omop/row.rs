//! Rows by column name, in the order of their ids.

use super::tables::Table;
use crate::digest;
use crate::error::Error;
use crate::sheet::{Cell, Sheet};
use crate::waiting_times::File;

/// Longest source value of the model, in characters.
const TEXT_MAX: usize = 50;

/// A row while it is filled; what is not set is null.
pub(super) struct Row<'t> {
    table: &'static Table,
    cells: Vec<Cell<'t>>,
}

impl<'t> Row<'t> {
    fn set(&mut self, name: &str, cell: Cell<'t>) {
        let at = self.table.columns.iter().position(|column| column.name == name);
        self.cells[at.unwrap_or_else(|| panic!("{} has a column {name}", self.table.name))] = cell;
    }

    /// A whole number.
    pub(super) fn int(&mut self, name: &str, value: i32) {
        self.set(name, Cell::Int(value));
    }

    /// An id or an amount.
    pub(super) fn long(&mut self, name: &str, value: impl Into<Option<i64>>) {
        self.set(name, value.into().map_or(Cell::Null, Cell::Long));
    }

    /// A text, cut to what the model holds.
    pub(super) fn text(&mut self, name: &str, value: impl Into<Option<&'t str>>) {
        self.text_of(name, value.into(), TEXT_MAX);
    }

    /// A text of a column with a length of its own.
    pub(super) fn text_of(&mut self, name: &str, value: Option<&'t str>, max: usize) {
        self.set(name, value.map_or(Cell::Null, |value| Cell::Text(cut(value, max))));
    }
}

fn cut(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// The file of a table. `items` come with the ids of their rows, in any order; `fill` sets everything but the id.
///
/// # Errors
/// When two rows have the same id.
pub(super) fn file<T>(
    table: &'static Table,
    mut items: Vec<(i64, T)>,
    fill: impl for<'t> Fn(&'t T, &mut Row<'t>),
) -> Result<File, Error> {
    items.sort_unstable_by_key(|(id, _)| *id);
    if items.array_windows().any(|[(one, _), (other, _)]| one == other) {
        return Err(Error::SameId { table: table.name });
    }
    let mut sheet = Sheet::table(&format!("{}.parquet", table.name), table.personal, table.columns);
    for (id, item) in &items {
        let mut row = Row { table, cells: vec![Cell::Null; table.columns.len()] };
        row.cells[0] = Cell::Long(*id);
        fill(item, &mut row);
        sheet.row(&row.cells);
    }
    Ok(sheet.finish())
}

/// A positive 63-bit id of what these texts name together in a table. The same texts have the same id in every extract,
/// so extracts can be put together; nobody who does not know a text finds it by its id.
pub(super) fn id(table: &Table, parts: &[&str]) -> i64 {
    let mut text = Vec::new();
    for part in std::iter::once(&table.name).chain(parts) {
        // With lengths, so that no two lists of texts run into the same bytes.
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let [a, b, c, d, e, f, g, h, ..] = digest::of(&text);
    i64::from_be_bytes([a, b, c, d, e, f, g, h]) & i64::MAX
}

#[cfg(test)]
mod tests {
    use super::super::tables::{CARE_SITE, PERSON};
    use super::*;

    #[test]
    fn ids_are_of_the_whole_name() {
        assert_eq!(id(&PERSON, &["a", "bc"]), id(&PERSON, &["a", "bc"]));
        assert_ne!(id(&PERSON, &["a", "bc"]), id(&PERSON, &["ab", "c"]));
        assert_ne!(id(&PERSON, &["a"]), id(&CARE_SITE, &["a"]));
        assert!(id(&PERSON, &["x"]) >= 0);
    }

    #[test]
    fn the_same_id_twice_is_an_error_that_names_the_table() {
        let two = file(&CARE_SITE, vec![(7, ()), (7, ())], |(), _| {});
        assert!(matches!(two, Err(Error::SameId { table: "care_site" })));
        assert_eq!(file(&CARE_SITE, vec![(8, ()), (7, ())], |(), _| {}).unwrap().rows, 2);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!((cut("åäö", 2), cut("åäö", 3), cut("", 1)), ("åä", "åäö", ""));
    }
}
