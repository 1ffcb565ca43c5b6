//! A change as a Debezium envelope, without its schema wrapper.
//!
//! The bytes are a function of what the log says and of nothing else: not of the clock, not of this release. A change that
//! is read again is therefore the same record.

use std::collections::HashMap;

use replication::Lsn;
use replication::pgoutput::{Cell, Column};

use super::value;

/// Names the form of the envelope. It changes when the bytes do, not with our releases.
const VERSION: &str = "vardstrom-1";

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Read in a snapshot.
    Read,
    /// New.
    Create,
    /// Changed.
    Update,
    /// Gone.
    Delete,
    /// All rows of the table are gone.
    Truncate,
}

impl Operation {
    fn letter(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Create => "c",
            Self::Update => "u",
            Self::Delete => "d",
            Self::Truncate => "t",
        }
    }
}

/// Where and when it happened.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The database.
    pub database: &'a str,
    /// The table's schema.
    pub schema: &'a str,
    /// The table.
    pub table: &'a str,
    /// When it was committed, or the snapshot was begun; microseconds since 1970.
    pub at: i64,
    /// The transaction; none in a snapshot.
    pub transaction: Option<u32>,
    /// Where in the log; in a snapshot, where the changes begin.
    pub lsn: Lsn,
}

/// A row, whole or as far as it is known.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    /// Its columns.
    pub columns: &'a [Column],
    /// Its values, in that order.
    pub cells: &'a [Cell],
    /// Only the columns of the identity are known: the others are left out, for they are not NULL.
    pub identity_only: bool,
    /// Types whose values are written as those of another: domains.
    pub domains: &'a HashMap<u32, u32>,
}

/// The envelope's bytes.
pub fn write(
    operation: Operation,
    before: Option<Image<'_>>,
    after: Option<Image<'_>>,
    origin: &Origin<'_>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"before\":");
    image(&mut out, before);
    out.extend_from_slice(b",\"after\":");
    image(&mut out, after);
    out.extend_from_slice(b",\"source\":{\"version\":");
    value::string(&mut out, VERSION);
    out.extend_from_slice(b",\"connector\":\"postgresql\"");
    for (key, text) in [("db", origin.database), ("schema", origin.schema), ("table", origin.table)] {
        out.push(b',');
        value::string(&mut out, key);
        out.push(b':');
        value::string(&mut out, text);
    }
    let at = origin.at.div_euclid(1000);
    let snapshot = origin.transaction.is_none();
    let transaction = origin.transaction.map_or_else(|| "null".to_owned(), |id| id.to_string());
    let lsn = origin.lsn.0;
    let letter = operation.letter();
    let rest = format!(
        ",\"ts_ms\":{at},\"snapshot\":\"{snapshot}\",\"txId\":{transaction},\"lsn\":{lsn}}},\"op\":\"{letter}\",\"ts_ms\":{at}}}"
    );
    out.extend_from_slice(rest.as_bytes());
    out
}

fn image(out: &mut Vec<u8>, image: Option<Image<'_>>) {
    let Some(image) = image else { return out.extend_from_slice(b"null") };
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
        value::string(out, &column.name);
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
            lsn: Lsn(26_000_000),
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
