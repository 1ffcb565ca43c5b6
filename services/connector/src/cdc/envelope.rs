//! A change as a Debezium envelope, its rows written by the types of their columns.

use std::collections::HashMap;

use ::debezium::envelope;
use ::debezium::envelope::Operation;
use ::debezium::envelope::Origin;
use ::debezium::object::string;
use replication::pgoutput::{Cell, Column};

use super::value;

/// A row, whole or as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Image<'a> {
    pub columns: &'a [Column],
    /// Its values, in that order.
    pub cells: &'a [Cell],
    /// Only the columns of the identity are known: the others are left out, for they are not NULL.
    pub identity_only: bool,
    /// Types whose values are written as those of another: domains.
    pub domains: &'a HashMap<u32, u32>,
}

/// The envelope's bytes.
pub(super) fn write<'a>(
    operation: Operation,
    before: Option<Image<'a>>,
    after: Option<Image<'a>>,
    origin: &Origin<'_>,
) -> Vec<u8> {
    let row = |image: Image<'a>| move |out: &mut Vec<u8>| self::row(out, &image);
    envelope::write(operation, before.map(row), after.map(row), origin)
}

fn row(out: &mut Vec<u8>, image: &Image<'_>) {
    out.push(b'{');
    let mut first = true;
    for (column, cell) in image.columns.iter().zip(image.cells) {
        if image.identity_only && !column.identity {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        string(out, &column.name);
        out.push(b':');
        value::write(out, image.domains.get(&column.kind).copied().unwrap_or(column.kind), cell);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_these() {
        let columns = [
            Column { name: "id".to_owned(), kind: 23, identity: true },
            Column { name: "note".to_owned(), kind: 25, identity: false },
        ];
        let domains = HashMap::new();
        let old = [Cell::Text("7".into()), Cell::Null];
        let new = [Cell::Text("8".into()), Cell::Unchanged];
        let before = Image { columns: &columns, cells: &old, identity_only: true, domains: &domains };
        let after = Image { columns: &columns, cells: &new, identity_only: false, domains: &domains };
        let origin = Origin {
            database: "care",
            schema: "public",
            table: "bed",
            at: 1_767_600_000_123_456,
            transaction: Some(734),
            lsn: 26_000_000,
        };
        let text = String::from_utf8(write(Operation::Update, Some(before), Some(after), &origin)).expect("UTF-8");
        assert_eq!(
            text,
            "{\"before\":{\"id\":7},\"after\":{\"id\":8,\"note\":\"__debezium_unavailable_value\"},\
             \"source\":{\"version\":\"vardstrom-1\",\"connector\":\"postgresql\",\"db\":\"care\",\"schema\":\"public\",\
             \"table\":\"bed\",\"ts_ms\":1767600000123,\"snapshot\":\"false\",\"txId\":734,\"lsn\":26000000},\
             \"op\":\"u\",\"ts_ms\":1767600000123}"
        );
    }
}
