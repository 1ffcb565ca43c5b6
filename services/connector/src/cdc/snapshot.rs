//! Every row of the followed tables: as it was when the slot was made, or, when that was interrupted, as it is now.
//!
//! Rows that are read later than the slot was made hold what changes of the slot have made of them. They bear the slot's
//! time nevertheless: each of those changes follows, younger than any row, and has the last word. What was inserted
//! meanwhile is created again, and what was deleted meanwhile, and was sent before, is deleted by its own change.

use std::time::Duration;

use ::debezium::envelope::Operation;
use replication::pgoutput::Cell;
use replication::{Address, Made, Purpose, Row, Wire, identifier, literal};

use super::catalogue::{Database, Table};
use super::error::Error;
use super::record::{Change, Layout, When};
use super::sending::{Draft, Sending, Slot};
use super::state::Beginning;
use crate::files::Interrupted;
use crate::metrics::SlotCounts;

/// Rows that are asked for at a time. They come one by one, so their size does not matter.
const ROWS: usize = 1000;
/// Pause before a table is read again whose rows Kafka did not take.
const AGAIN_PAUSE: Duration = Duration::from_secs(1);

/// What a snapshot is taken of.
pub(super) struct Task<'a> {
    pub address: &'a Address,
    pub database: &'a Database,
    /// The slot to be made.
    pub slot: Slot<'a>,
    /// The slot, or how to come by it.
    pub origin: Origin,
    /// Rows of an earlier slot may be in Kafka: say first that they are void.
    pub void_first: bool,
}

/// Where the rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The slot is made first, and the rows are those of exactly where it begins.
    New {
        /// Whether a slot is in the way whose rows have not been sent.
        drop: bool,
    },
    /// The slot is there; the rows are read as they are now.
    Kept(Beginning),
}

/// Makes the slot where there is none, and sends the rows; returns when Kafka has them all. `wire` makes the slot.
/// `made` is told where it begins, before the first row is sent.
pub(super) async fn take(
    task: &Task<'_>,
    wire: &mut Wire,
    counts: &SlotCounts,
    made: &mut (dyn FnMut(Beginning) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    let (beginning, view) = match task.origin {
        Origin::New { drop } => {
            let (beginning, view) = make(wire, task.slot.name, drop).await?;
            (beginning, Some(view))
        }
        Origin::Kept(beginning) => (beginning, None),
    };
    made(beginning)?;
    let mut reader = Wire::connect(task.address, Purpose::Query).await?;
    reader.rows("begin transaction isolation level repeatable read, read only").await?;
    if let Some(view) = view {
        reader.rows(&format!("set transaction snapshot {}", literal(&view))).await?;
    }

    let when = When { at: beginning.at, transaction: None, lsn: beginning.lsn };
    let reading = Reading { slot: task.slot, when };
    let mut sending = Sending::new(task.slot.feed);
    if task.void_first {
        reading.send(Piece::Empty(&task.database.tables), &mut reader, &mut sending, counts).await?;
    }
    for table in &task.database.tables {
        let layout = Layout::new(table.clone(), table.columns.clone())?;
        reading.send(Piece::Rows(&layout), &mut reader, &mut sending, counts).await?;
    }
    // The rows are in Kafka; what the server says to the end of a transaction that only read does not matter.
    reader.close().await;
    Ok(())
}

/// Makes the slot; gives where it begins and the name of the view of the tables there, which lives as long as `wire` asks
/// for nothing else.
async fn make(wire: &mut Wire, slot: &str, drop: bool) -> Result<(Beginning, String), Error> {
    if drop {
        wire.drop_slot(slot).await?;
    }
    // Taken before the slot is made: every change that comes after the rows is then younger than they are.
    let time = wire.rows("select (extract(epoch from clock_timestamp()) * 1000000)::bigint").await?;
    let at = time.first().and_then(|row| row.text(0).parse().ok()).ok_or(Error::Silent("what time it is"))?;
    let Made { begins: lsn, view } = wire.make_slot(slot).await?;
    Ok((Beginning { at, lsn }, view))
}

/// What is sent as one, and as a whole again when Kafka did not take a part of it.
#[derive(Clone, Copy)]
enum Piece<'a> {
    /// That all rows of these tables are gone.
    Empty(&'a [Table]),
    /// The rows of a table.
    Rows(&'a Layout),
}

struct Reading<'a> {
    slot: Slot<'a>,
    when: When,
}

impl Reading<'_> {
    /// Until Kafka has taken all of it. The view does not move meanwhile, so every try sends the same records.
    async fn send(
        &self,
        piece: Piece<'_>,
        reader: &mut Wire,
        sending: &mut Sending<'_>,
        counts: &SlotCounts,
    ) -> Result<(), Error> {
        loop {
            let sent = match piece {
                Piece::Empty(tables) => self.empty(tables, sending).await,
                Piece::Rows(layout) => self.table(layout, reader, sending, counts).await,
            };
            let sent = match sent {
                Ok(()) => sending.finish().await,
                Err(error) => Err(error),
            };
            if !matches!(sent, Err(Error::Interrupted(Interrupted::NotStored))) {
                return sent;
            }
            sending.forget();
            tracing::warn!(slot = self.slot.name, "rows of a snapshot were not stored in time; sending them again");
            tokio::time::sleep(AGAIN_PAUSE).await;
        }
    }

    /// Says of every table that what is known of its rows is void.
    async fn empty(&self, tables: &[Table], sending: &mut Sending<'_>) -> Result<(), Error> {
        for table in tables {
            let layout = Layout::new(table.clone(), table.columns.clone())?;
            let change = Change { operation: Operation::Truncate, before: None, after: None };
            let id = format!("{}@snapshot/{}.{}", self.slot.name, table.schema, table.name);
            let draft = self.slot.draft(&layout, &change, &self.when, id);
            for partition in 0..self.slot.feed.router.partitions() {
                sending.send(&draft, partition, self.when.lsn, None).await?;
            }
        }
        Ok(())
    }

    /// Sends the rows of a table, from the first.
    async fn table(
        &self,
        layout: &Layout,
        reader: &mut Wire,
        sending: &mut Sending<'_>,
        counts: &SlotCounts,
    ) -> Result<(), Error> {
        reader.rows(&format!("declare rows no scroll cursor for {}", select(&layout.table))).await?;
        let mut number = 0_u64;
        loop {
            reader.ask(&format!("fetch {ROWS} from rows")).await?;
            let mut fetched = 0;
            let mut sent = Ok(());
            while let Some(row) = reader.row().await? {
                fetched += 1;
                number += 1;
                // After a row that was not stored the others are read and left, so that the connection can go on.
                if sent.is_ok() {
                    sent = self.row(layout, row, number, sending).await;
                    counts.snapshot_rows.inc();
                }
            }
            if sent.is_err() || fetched == 0 {
                reader.rows("close rows").await?;
                return sent;
            }
        }
    }

    async fn row(&self, layout: &Layout, row: Row, number: u64, sending: &mut Sending<'_>) -> Result<(), Error> {
        let Table { schema, name, .. } = &layout.table;
        let slot = self.slot.name;
        if let Some(size) = row.oversized {
            let draft = Draft {
                id: format!("{slot}@snapshot/{schema}.{name}/row-{number}"),
                position: self.slot.position(&layout.table.quoted(), &self.when),
                at: self.when.at,
                payload: self.slot.left_out(size as u64),
            };
            let partition = self.slot.feed.router.of_text(&draft.id);
            return sending.send(&draft, partition, self.when.lsn, None).await;
        }
        let cells = row.cells.into_iter().map(|cell| cell.map_or(Cell::Null, Cell::Text)).collect();
        let change = Change { operation: Operation::Read, before: None, after: Some(cells) };
        let router = &self.slot.feed.router;
        let id = format!("{slot}@snapshot/{schema}.{name}/{:016x}", layout.hash(&change, router));
        let draft = self.slot.draft(layout, &change, &self.when, id);
        sending.send(&draft, layout.partition(&change, router), self.when.lsn, None).await
    }
}

fn select(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|column| identifier(&column.name)).collect();
    // Rows of inheriting tables are published under those tables' own names.
    let only = if table.partitioned { "" } else { "only " };
    let filter = table.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
    format!("select {} from {only}{}{filter}", columns.join(", "), table.quoted())
}
