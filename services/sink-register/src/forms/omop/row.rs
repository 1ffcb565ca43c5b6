//! Rows by column name, in the order of their ids.

use std::borrow::Cow;
use std::collections::HashMap;

use super::id::{Ids, Items};
use super::tables::Table;
use crate::column::{Decided, OMOP, Says};
use crate::error::Error;
use crate::output::File;
use crate::pseudonym::Pseudonyms;
use crate::quasi::Grouping;
use crate::sheet::{Cell, Sheet};
use crate::table::treatments;
use crate::treatment::{Treatment, rolled_up};
use parcel::Treatments;

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

    /// An id, a concept, a day or another whole number.
    pub(super) fn int(&mut self, name: &str, value: impl Into<Option<i32>>) {
        self.set(name, value.into().map_or(Cell::Null, Cell::Int));
    }

    /// A time or an amount.
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

/// Also before a zero byte, which PostgreSQL holds in no text.
fn cut(text: &str, max: usize) -> &str {
    let text = text.split('\0').next().unwrap_or_default();
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// The file of a table. `fill` sets everything but the id, which is the first column.
///
/// # Errors
/// When two rows have the same key.
pub(super) fn file<T>(
    pseudonyms: &Pseudonyms,
    table: &'static Table,
    items: Items<T>,
    fill: impl for<'t> Fn(&'t T, &mut Row<'t>),
) -> Result<File, Error> {
    let ids = Ids::of(table, &items, pseudonyms);
    file_beside(&ids, table, items, fill)
}

/// The same for a table whose rows have the ids of another table's rows.
///
/// # Errors
/// When two rows have the same key.
pub(super) fn file_beside<T>(
    ids: &Ids,
    table: &'static Table,
    mut items: Items<T>,
    fill: impl for<'t> Fn(&'t T, &mut Row<'t>),
) -> Result<File, Error> {
    items.sort_by_cached_key(|(key, _)| ids.order(*key));
    if items.array_windows().any(|[(one, _), (other, _)]| ids.order(*one) == ids.order(*other)) {
        return Err(Error::SameKey { table: table.name });
    }
    let mut sheet = Sheet::table(table.file(), table.columns);
    let pseudonyms = ids.pseudonyms();
    let decided = table.decided(pseudonyms);
    let rolled = rolled(table, &decided, pseudonyms.rows_min(), &items, &fill);
    let mut grouping = Grouping::of(OMOP, &table.file().name);
    for (number, (key, item)) in items.iter().enumerate() {
        let mut row = Row { table, cells: vec![Cell::Null; table.columns.len()] };
        row.cells[0] = Cell::Int(ids.id(*key));
        fill(item, &mut row);
        let text = |at: usize, decided: Decided| match (row.cells[at], rolled.get(&at)) {
            (Cell::Text(_), Some(codes)) => Cow::Borrowed(&*codes[number]),
            (Cell::Text(text), None) => pseudonyms.text(decided, text, 0),
            _ => Cow::Borrowed(""),
        };
        let texts: Vec<Cow<'_, str>> = decided.iter().enumerate().map(|(at, decided)| text(at, *decided)).collect();
        let cells = row.cells.iter().enumerate().map(|(at, cell)| match cell {
            // What has to be there is there, and says nothing.
            Cell::Text(_) if decided[at].treatment == Treatment::Dropped && !table.columns[at].required => Cell::Null,
            Cell::Text(_) => Cell::Text(&texts[at]),
            Cell::Int(number) => Cell::Int(pseudonyms.int(decided[at], *number)),
            other => *other,
        });
        let cells: Vec<Cell<'_>> = cells.collect();
        if let Some(grouping) = &mut grouping {
            let at = |name: &str| table.columns.iter().position(|column| column.name == name).expect("a column of it");
            grouping.row(|name| match cells[at(name)] {
                Cell::Text(text) => Cow::Borrowed(text),
                Cell::Int(number) => number.to_string().into(),
                Cell::Null | Cell::Long(_) => Cow::Borrowed(""),
            });
        }
        sheet.row(&cells);
    }
    let columns = table.columns.iter().map(|column| column.name).zip(decided);
    let treatments = if table.personal { treatments(columns) } else { Treatments::new() };
    Ok(File { groups: grouping.map(Grouping::finish), treatments, ..sheet.finish() })
}

/// Codes of all rows by column, where those of few are rolled up.
fn rolled<T>(
    table: &'static Table,
    decided: &[Decided],
    least: u64,
    items: &Items<T>,
    fill: &impl for<'t> Fn(&'t T, &mut Row<'t>),
) -> HashMap<usize, Vec<String>> {
    let mut rolled = HashMap::new();
    for (at, decided) in decided.iter().enumerate() {
        let Decided { says: Says::Code(system), treatment: Treatment::Generalised } = decided else { continue };
        let code = |(_, item): &(i64, T)| {
            let mut row = Row { table, cells: vec![Cell::Null; table.columns.len()] };
            fill(item, &mut row);
            match row.cells[at] {
                Cell::Text(text) => text.to_owned(),
                _ => String::new(),
            }
        };
        let codes: Vec<String> = items.iter().map(code).collect();
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        rolled.insert(at, rolled_up(*system, &codes, least));
    }
    rolled
}

/// The file of a table with one row and no id.
pub(super) fn file_of_one<'t>(table: &'static Table, fill: impl FnOnce(&mut Row<'t>)) -> File {
    let names_nobody = |decided: &Decided| !decided.says.is_found_by();
    assert!(table.decided(&Pseudonyms::unused()).iter().all(names_nobody), "{} says nothing of anybody", table.name);
    let mut sheet = Sheet::table(table.file(), table.columns);
    let mut row = Row { table, cells: vec![Cell::Null; table.columns.len()] };
    fill(&mut row);
    sheet.row(&row.cells);
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::super::tables::CARE_SITE;
    use super::*;

    #[test]
    fn the_same_key_twice_is_an_error_that_names_the_table() {
        let two = file(&Pseudonyms::unused(), &CARE_SITE, vec![(7, ()), (7, ())], |(), _| {});
        assert!(matches!(two, Err(Error::SameKey { table: "care_site" })));
        assert_eq!(file(&Pseudonyms::unused(), &CARE_SITE, vec![(8, ()), (7, ())], |(), _| {}).unwrap().rows, 2);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!((cut("åäö", 2), cut("åäö", 3), cut("", 1), cut("å\0ö", 3)), ("åä", "åäö", "", "å"));
    }
}
