//! The messages of PostgreSQL's `pgoutput` plugin, version 1: a committed transaction at a time, in order of commit.
//!
//! Bytes in, borrowed by reference count, values out as the text that PostgreSQL wrote. Nothing is judged here.

use bytes::{Buf, Bytes};

use crate::lsn::Lsn;
use crate::wire::EPOCH_MICROS;

/// What the plugin says.
#[derive(Debug)]
pub enum Message {
    /// A transaction begins.
    Begin(Transaction),
    /// It ends; everything before `end` has been sent.
    Commit {
        /// Where the log goes on after it.
        end: Lsn,
    },
    /// How a table's rows are written from here on.
    Relation(Relation),
    /// A row is new.
    Insert {
        /// Its table.
        relation: u32,
        /// Its values.
        new: Vec<Cell>,
    },
    /// A row has changed.
    Update {
        /// Its table.
        relation: u32,
        /// What was; absent when its identity has not changed and the table keeps no more.
        old: Option<Old>,
        /// What is.
        new: Vec<Cell>,
    },
    /// A row is gone.
    Delete {
        /// Its table.
        relation: u32,
        /// What was.
        old: Old,
    },
    /// Tables were emptied.
    Truncate {
        /// Which.
        relations: Vec<u32>,
    },
    /// Something that says nothing about rows: types, origins.
    Other,
}

/// A transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// When it was committed, microseconds since 1970.
    pub committed: i64,
    /// Its number.
    pub id: u32,
}

/// A table as the stream has it.
#[derive(Debug)]
pub struct Relation {
    /// What its rows refer to.
    pub id: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, in the order of the values.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: u32,
    /// Whether it is part of the replica identity.
    pub identity: bool,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A long value that has not changed and is therefore not in the log.
    Unchanged,
    /// The value as text.
    Text(Bytes),
}

/// What a row was.
#[derive(Debug)]
pub struct Old {
    /// Its values; with `whole` unset only those of the identity are real.
    pub cells: Vec<Cell>,
    /// REPLICA IDENTITY FULL.
    pub whole: bool,
}

/// The bytes are no message of the plugin.
#[derive(Debug, thiserror::Error)]
#[error("read a change: its {0} is cut off or unknown")]
pub struct Error(&'static str);

/// Reads one message.
pub fn read(body: Bytes) -> Result<Message, Error> {
    let mut rest = Reader(body);
    Ok(match rest.u8("kind")? {
        b'B' => {
            rest.u64("place")?;
            let committed = rest.i64("time")?.saturating_add(EPOCH_MICROS);
            Message::Begin(Transaction { committed, id: rest.u32("transaction")? })
        }
        b'C' => {
            rest.u8("flags")?;
            rest.u64("place")?;
            Message::Commit { end: Lsn(rest.u64("end")?) }
        }
        b'R' => Message::Relation(rest.relation()?),
        b'I' => {
            let relation = rest.u32("table")?;
            rest.expect(b'N')?;
            Message::Insert { relation, new: rest.cells()? }
        }
        b'U' => {
            let relation = rest.u32("table")?;
            let mut mark = rest.u8("row")?;
            let mut old = None;
            if mark != b'N' {
                old = Some(rest.old(mark)?);
                mark = rest.u8("row")?;
            }
            if mark != b'N' {
                return Err(Error("row"));
            }
            Message::Update { relation, old, new: rest.cells()? }
        }
        b'D' => {
            let relation = rest.u32("table")?;
            let mark = rest.u8("row")?;
            Message::Delete { relation, old: rest.old(mark)? }
        }
        b'T' => {
            let count = rest.u32("count")?;
            rest.u8("options")?;
            let relations = (0..count).map(|_| rest.u32("table")).collect::<Result<_, _>>()?;
            Message::Truncate { relations }
        }
        _ => Message::Other,
    })
}

/// The table of a row whose message was cut off after its head.
pub fn table_of_head(head: &[u8]) -> Option<u32> {
    let [b'I' | b'U' | b'D', a, b, c, d, ..] = head else { return None };
    Some(u32::from_be_bytes([*a, *b, *c, *d]))
}

struct Reader(Bytes);

impl Reader {
    fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        self.0.try_get_u8().map_err(|_| Error(what))
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, Error> {
        self.0.try_get_u16().map_err(|_| Error(what))
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        self.0.try_get_u32().map_err(|_| Error(what))
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, Error> {
        self.0.try_get_u64().map_err(|_| Error(what))
    }

    fn i64(&mut self, what: &'static str) -> Result<i64, Error> {
        self.0.try_get_i64().map_err(|_| Error(what))
    }

    fn expect(&mut self, mark: u8) -> Result<(), Error> {
        if self.u8("row")? == mark { Ok(()) } else { Err(Error("row")) }
    }

    fn text(&mut self, what: &'static str) -> Result<String, Error> {
        let end = self.0.iter().position(|byte| *byte == 0).ok_or(Error(what))?;
        let text = String::from_utf8_lossy(&self.0.split_to(end)).into_owned();
        self.0.advance(1);
        Ok(text)
    }

    fn relation(&mut self) -> Result<Relation, Error> {
        let id = self.u32("table")?;
        // An empty schema is pg_catalog, which nobody publishes.
        let schema = self.text("schema")?;
        let name = self.text("name")?;
        self.u8("identity")?;
        let count = self.u16("columns")?;
        let mut columns = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let identity = self.u8("column")? & 1 == 1;
            let name = self.text("column")?;
            let kind = self.u32("type")?;
            self.u32("type")?;
            columns.push(Column { name, kind, identity });
        }
        Ok(Relation { id, schema, name, columns })
    }

    fn old(&mut self, mark: u8) -> Result<Old, Error> {
        match mark {
            b'K' | b'O' => Ok(Old { cells: self.cells()?, whole: mark == b'O' }),
            _ => Err(Error("old row")),
        }
    }

    fn cells(&mut self) -> Result<Vec<Cell>, Error> {
        let count = self.u16("row")?;
        let mut cells = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            cells.push(match self.u8("value")? {
                b'n' => Cell::Null,
                b'u' => Cell::Unchanged,
                b't' => {
                    let length = self.u32("value")? as usize;
                    if length > self.0.len() {
                        return Err(Error("value"));
                    }
                    Cell::Text(self.0.split_to(length))
                }
                _ => return Err(Error("value")),
            });
        }
        Ok(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update() -> Vec<u8> {
        let mut bytes = b"U\0\0\x40\x01K\0\x02t\0\0\0\x011nN\0\x02t\0\0\0\x012u".to_vec();
        bytes.shrink_to_fit();
        bytes
    }

    #[test]
    fn an_update_has_its_old_identity_and_marks_what_is_not_in_the_log() {
        let Ok(Message::Update { relation, old: Some(old), new }) = read(update().into()) else { panic!("an update") };
        assert_eq!((relation, old.whole), (0x4001, false));
        assert_eq!(old.cells, [Cell::Text("1".into()), Cell::Null]);
        assert_eq!(new, [Cell::Text("2".into()), Cell::Unchanged]);
        assert_eq!(table_of_head(&update()), Some(0x4001));
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_never_a_panic() {
        let whole = update();
        for end in 0..whole.len() {
            assert!(read(Bytes::copy_from_slice(&whole[..end])).is_err(), "{end}");
        }
    }

    #[test]
    fn a_transaction_has_the_time_of_its_commit() {
        for (time, committed) in [(1_000_000, EPOCH_MICROS + 1_000_000), (i64::MAX, i64::MAX)] {
            let begin = [b"B".as_slice(), &[0; 7], &[9], &time.to_be_bytes(), &7_u32.to_be_bytes()].concat();
            let Ok(Message::Begin(transaction)) = read(begin.into()) else { panic!("a beginning") };
            assert_eq!(transaction, Transaction { committed, id: 7 });
        }
    }
}
