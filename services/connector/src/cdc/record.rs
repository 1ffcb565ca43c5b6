//! A change of a row as a record: which one it is, where it goes, and what it says.

use std::collections::HashMap;

use ::debezium::envelope::Operation;
use ::debezium::envelope::Origin;
use replication::Lsn;
use replication::pgoutput::{Cell, Column, Old};

use super::catalogue::Table;
use super::envelope::{self, Image};
use super::error::Error;
use crate::route::Router;

/// A table, and how the rows that come are laid out.
#[derive(Debug)]
pub(super) struct Layout {
    pub table: Table,
    /// The columns of its rows as they come.
    pub columns: Vec<Column>,
    key: Vec<usize>,
    required: Vec<usize>,
    order: Option<usize>,
}

/// What a change says beside its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct When {
    /// When it was committed, or the snapshot was begun; microseconds since 1970.
    pub at: i64,
    /// The transaction; none in a snapshot.
    pub transaction: Option<u32>,
    /// Where in the log; in a snapshot, where the changes begin.
    pub lsn: Lsn,
}

/// One thing that happened to one row, or to all rows of a table.
#[derive(Debug)]
pub(super) struct Change {
    pub operation: Operation,
    /// The row before.
    pub before: Option<Old>,
    /// The row after.
    pub after: Option<Vec<Cell>>,
}

/// Separates the parts of a key.
const SEPARATOR: char = '\u{1f}';

impl Layout {
    /// For rows with these columns.
    pub(super) fn new(table: Table, mut columns: Vec<Column>) -> Result<Self, Error> {
        let at = |name: &String| {
            columns
                .iter()
                .position(|column| column.name == *name)
                .ok_or_else(|| Error::Shape { table: table.quoted(), column: name.clone() })
        };
        let key: Vec<usize> = table.key.iter().map(at).collect::<Result<_, _>>()?;
        let order = table.order.as_ref().map(at).transpose()?;
        let required = columns.iter().enumerate().filter(|(_, column)| table.required.contains(&column.name));
        let required = required.map(|(at, _)| at).collect();
        if table.partitioned && !key.is_empty() {
            // With REPLICA IDENTITY FULL every column is marked, and a partition may say its key only.
            columns.iter_mut().enumerate().for_each(|(at, column)| column.identity = key.contains(&at));
        }
        Ok(Self { table, columns, key, required, order })
    }

    /// What an old row really says. Of a partitioned table with REPLICA IDENTITY FULL a partition that has not that writes its
    /// key only, and the log marks it as the whole row: what must not be NULL is, or everything but the key.
    pub(super) fn believed(&self, old: Old) -> Old {
        let is_null = |at: usize| old.cells.get(at) == Some(&Cell::Null);
        let lacks_required = self.required.iter().any(|at| is_null(*at));
        let lacks_all = (0..self.columns.len()).all(|at| self.key.contains(&at) || is_null(at));
        let cut = self.table.partitioned && !self.key.is_empty() && (lacks_required || lacks_all);
        Old { whole: old.whole && !cut, ..old }
    }

    /// The changes that a new version of a row is. A row whose key changes is a row deleted and another created, as
    /// Debezium has it, so that what is known by the old key ends. So is a row whose ordering column changes: the end of
    /// what is known by the old value stands behind everything else of that value, in the same partition.
    pub(super) fn update(&self, old: Option<Old>, mut new: Vec<Cell>) -> Vec<Change> {
        if let Some(old) = old.as_ref().filter(|old| old.whole) {
            for (cell, known) in new.iter_mut().zip(&old.cells) {
                if *cell == Cell::Unchanged {
                    cell.clone_from(known);
                }
            }
        }
        let moved = old.as_ref().is_some_and(|old| {
            let differs = |at: &usize| new.get(*at) != Some(&Cell::Unchanged) && old.cells.get(*at) != new.get(*at);
            self.key.iter().chain(&self.order).any(differs)
        });
        if moved {
            vec![
                Change { operation: Operation::Delete, before: old, after: None },
                Change { operation: Operation::Create, before: None, after: Some(new) },
            ]
        } else {
            vec![Change { operation: Operation::Update, before: old, after: Some(new) }]
        }
    }

    /// Where a change goes, that stands in one partition.
    pub(super) fn partition(&self, change: &Change, router: &Router) -> i32 {
        if let Some(order) = self.order
            && let Some(text) = self.cell(change, order)
        {
            // Without the table's name: rows of several tables with one patient, say, go to one partition.
            return router.of_text(text);
        }
        // Rows without a key stay in order with all rows of their table.
        router.of_text(&self.key_text(change))
    }

    /// Names the row within its table without saying its key, which may be a person's.
    pub(super) fn hash(&self, change: &Change, router: &Router) -> u64 {
        let mut text = self.key_text(change);
        if self.key.is_empty() {
            for at in 0..self.columns.len() {
                text.push(SEPARATOR);
                text.push_str(self.cell(change, at).unwrap_or_default());
            }
        }
        router.digest(&text)
    }

    fn key_text(&self, change: &Change) -> String {
        let mut text = format!("{}.{}", self.table.schema, self.table.name);
        for at in &self.key {
            text.push(SEPARATOR);
            text.push_str(self.cell(change, *at).unwrap_or_default());
        }
        text
    }

    /// A value after the change, or before it when it is not said after.
    fn cell<'a>(&self, change: &'a Change, at: usize) -> Option<&'a str> {
        let text = |cells: &'a Vec<Cell>| match cells.get(at) {
            Some(Cell::Text(bytes)) => std::str::from_utf8(bytes).ok(),
            Some(Cell::Null | Cell::Unchanged) | None => None,
        };
        let after = change.after.as_ref().and_then(text);
        after.or_else(|| change.before.as_ref().and_then(|old| text(&old.cells)))
    }

    pub(super) fn payload(&self, change: &Change, when: &When, database: &str, domains: &HashMap<u32, u32>) -> Vec<u8> {
        let image = |cells, identity_only| Image { columns: &self.columns, cells, identity_only, domains };
        let before = change.before.as_ref().map(|old| image(&old.cells, !old.whole));
        let after = change.after.as_ref().map(|cells| image(cells, false));
        let origin = Origin {
            database,
            schema: &self.table.schema,
            table: &self.table.name,
            at: when.at,
            transaction: when.transaction,
            lsn: when.lsn.0,
        };
        envelope::write(change.operation, before, after, &origin)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn layout(order: Option<&str>) -> Layout {
        let column = |name: &str, identity| Column { name: name.to_owned(), kind: 25, identity };
        let columns = vec![column("id", true), column("patient", false), column("note", false)];
        let table = Table {
            schema: "public".to_owned(),
            name: "contact".to_owned(),
            oid: 16_401,
            required: vec!["id".to_owned(), "patient".to_owned()],
            columns: columns.clone(),
            key: vec!["id".to_owned()],
            order: order.map(str::to_owned),
            filter: None,
            partitioned: false,
        };
        Layout::new(table, columns).expect("a layout")
    }

    #[test]
    fn a_partition_that_says_its_key_only_is_not_taken_for_the_whole_row() {
        let partitioned = |required: &[&str]| {
            let mut table = layout(None).table;
            table.partitioned = true;
            table.required = required.iter().map(|name| (*name).to_owned()).collect();
            // As the log marks them with REPLICA IDENTITY FULL.
            let columns = table.columns.iter().map(|column| Column { identity: true, ..column.clone() }).collect();
            Layout::new(table, columns).expect("a layout")
        };
        let cut = || Old { cells: vec![Cell::Text("1".into()), Cell::Null, Cell::Null], whole: true };
        let said = |layout: &Layout, old: Old| {
            let change = Change { operation: Operation::Delete, before: Some(layout.believed(old)), after: None };
            let when = When { at: 0, transaction: Some(1), lsn: Lsn(1) };
            let text = String::from_utf8(layout.payload(&change, &when, "care", &HashMap::new())).expect("UTF-8");
            text[..text.find(",\"after\"").expect("a row after")].to_owned()
        };
        // The patient must not be NULL, or the key is all there is.
        assert_eq!(said(&partitioned(&["id", "patient"]), cut()), r#"{"before":{"id":"1"}"#);
        assert_eq!(said(&partitioned(&["id"]), cut()), r#"{"before":{"id":"1"}"#);
        let whole = Old { cells: row(["1", "p", "n"]), whole: true };
        assert_eq!(said(&partitioned(&["id", "patient"]), whole), r#"{"before":{"id":"1","patient":"p","note":"n"}"#);
        // A table of its own writes what it is told to.
        assert_eq!(said(&layout(None), cut()), r#"{"before":{"id":"1","patient":null,"note":null}"#);
    }

    fn row(cells: [&str; 3]) -> Vec<Cell> {
        let cell = |text: &str| if text == "?" { Cell::Unchanged } else { Cell::Text(text.to_owned().into()) };
        cells.map(cell).to_vec()
    }

    #[test]
    fn a_changed_key_ends_one_row_and_begins_another() {
        let old = || Some(Old { cells: vec![Cell::Text("1".into()), Cell::Null, Cell::Null], whole: false });
        let operations = |changes: Vec<Change>| changes.iter().map(|change| change.operation).collect::<Vec<_>>();
        let layout = layout(None);
        assert_eq!(operations(layout.update(old(), row(["2", "p", "n"]))), [Operation::Delete, Operation::Create]);
        assert_eq!(operations(layout.update(old(), row(["1", "p", "n"]))), [Operation::Update]);
        assert_eq!(operations(layout.update(None, row(["1", "p", "n"]))), [Operation::Update]);
    }

    #[test]
    fn a_changed_ordering_column_ends_the_row_in_its_partition_and_begins_it_in_another() {
        let layout = layout(Some("patient"));
        let old = || Some(Old { cells: row(["1", "p", "n"]), whole: true });
        let changes = layout.update(old(), row(["1", "q", "n"]));
        let operations: Vec<_> = changes.iter().map(|change| change.operation).collect();
        assert_eq!(operations, [Operation::Delete, Operation::Create]);
        let key = identity::Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key");
        let identities = identity::RegionRules::new("14", false, Vec::new());
        let router =
            Router::new(Arc::new(identity::PartitionKey::new(&key)), 64, "SE2321000131-EXEMPEL", Arc::new(identities));
        let partition = |change: &Change| layout.partition(change, &router);
        assert_eq!(changes.iter().map(partition).collect::<Vec<_>>(), [router.of_text("p"), router.of_text("q")]);
        assert_ne!(router.of_text("p"), router.of_text("q"));
        assert_eq!(layout.update(old(), row(["1", "p", "m"])).len(), 1);
    }

    #[test]
    fn an_unchanged_value_is_taken_from_the_old_row_where_it_is_known() {
        let changes =
            layout(None).update(Some(Old { cells: row(["1", "p", "long"]), whole: true }), row(["1", "p", "?"]));
        assert_eq!(changes[0].after, Some(row(["1", "p", "long"])));
        let changes = layout(None).update(None, row(["1", "p", "?"]));
        assert_eq!(changes[0].after, Some(row(["1", "p", "?"])));
    }
}
