//! The changes of a slot, from where it was left, for ever.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ::debezium::envelope::Operation;
use bytes::Bytes;
use replication::pgoutput::{self, Message, Relation, Transaction};
use replication::{Lsn, Streamed, Wire};
use tokio::time::timeout;

use super::catalogue::Database;
use super::error::Error;
use super::record::{Change, Layout, When};
use super::sending::{Draft, Progress, Sending, Slot};
use super::state::{Loss, Lost};
use crate::files::Interrupted;
use crate::intake;
use crate::metrics::SlotCounts;

/// The server is asked for a sign of life when it has said nothing for so long.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// It counts as gone when it has said nothing for so long.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a stop waits for Kafka to acknowledge what is under way; the rest is sent again after the next start.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// Follows the changes until shutdown; `started` is told when the stream has begun.
pub(super) async fn follow(
    slot: Slot<'_>,
    database: &Database,
    publication: &str,
    mut wire: Wire,
    counts: &SlotCounts,
    started: impl FnOnce(),
) -> Result<(), Error> {
    tokio::select! {
        begun = wire.start_stream(slot.name, publication) => begun?,
        () = slot.feed.intake.shutdown.wait() => return Ok(()),
    }
    started();
    let mut following = Following {
        slot,
        database,
        counts,
        sending: Sending::new(slot.feed),
        layouts: HashMap::new(),
        transaction: None,
        ordinal: 0,
        reached: Lsn::default(),
        seen: Lsn::default(),
        asked: false,
    };
    let ended = following.run(&mut wire).await;
    if matches!(ended, Ok(()) | Err(Error::Interrupted(Interrupted::Stopping))) {
        // What is stored meanwhile need not be sent again. Not after a record that was not stored: those behind it say
        // nothing of it.
        let _ = timeout(FINISH_MAX, following.sending.finish()).await;
        wire.confirm(following.sending.confirmed, intake::now().0, false).await?;
        wire.close().await;
    }
    ended
}

struct Following<'a> {
    slot: Slot<'a>,
    database: &'a Database,
    counts: &'a SlotCounts,
    sending: Sending<'a>,
    /// How the rows of the published tables come; nothing for those that are not followed.
    layouts: HashMap<u32, Option<Layout>>,
    transaction: Option<Transaction>,
    /// Changes of the transaction so far.
    ordinal: u64,
    /// Everything before has been received, in whole transactions.
    reached: Lsn,
    /// The farthest place that the server has named.
    seen: Lsn,
    /// Whether the server has been asked for a sign of life.
    asked: bool,
}

impl Following<'_> {
    async fn run(&mut self, wire: &mut Wire) -> Result<(), Error> {
        let shutdown = self.slot.feed.intake.shutdown.clone();
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = shutdown.wait() => return Ok(()),
                progress = self.sending.progress() => match progress? {
                    Progress::Stored => {}
                    Progress::Tick => self.tell(wire, heard.elapsed()).await?,
                },
                streamed = wire.streamed() => {
                    self.asked = false;
                    self.take(streamed?, wire).await?;
                    // Afterwards: what waits for Kafka is no silence of the server.
                    heard = Instant::now();
                }
            }
        }
    }

    /// Tells the slot how far everything is stored.
    async fn tell(&mut self, wire: &mut Wire, silence: Duration) -> Result<(), Error> {
        if silence > SILENCE_MAX {
            return Err(replication::Error::Silent.into());
        }
        let ask = silence > ASK_AFTER && !self.asked;
        self.asked |= ask;
        wire.confirm(self.sending.confirmed, intake::now().0, ask).await?;
        let lag = self.seen.0.saturating_sub(self.sending.confirmed.0);
        self.counts.lag_bytes.set(i64::try_from(lag).unwrap_or(i64::MAX));
        Ok(())
    }

    async fn take(&mut self, streamed: Streamed, wire: &mut Wire) -> Result<(), Error> {
        match streamed {
            Streamed::Data { begins, end, body, oversized } => {
                self.seen = self.seen.max(begins).max(end);
                match oversized {
                    Some(size) => self.oversized(&body, size, begins, wire).await,
                    None => self.change(body, begins, wire).await,
                }
            }
            Streamed::Keepalive { end, asks } => {
                self.seen = self.seen.max(end);
                if self.transaction.is_none() {
                    // Whatever was committed before has been sent to us: the slot need not keep the log of others.
                    self.reach(end);
                }
                if asks {
                    wire.confirm(self.sending.confirmed, intake::now().0, false).await?;
                }
                Ok(())
            }
        }
    }

    fn reach(&mut self, end: Lsn) {
        self.reached = self.reached.max(end);
        self.sending.reach(self.reached);
    }

    async fn change(&mut self, body: Bytes, lsn: Lsn, wire: &mut Wire) -> Result<(), Error> {
        match pgoutput::read(body)? {
            Message::Begin(transaction) => {
                self.transaction = Some(transaction);
                self.ordinal = 0;
                Ok(())
            }
            Message::Commit { end } => {
                self.transaction = None;
                self.reach(end);
                Ok(())
            }
            Message::Relation(relation) => self.relation(relation),
            Message::Insert { relation, new } => {
                let create = |_: &Layout| vec![Change { operation: Operation::Create, before: None, after: Some(new) }];
                self.changes(relation, create, lsn, wire).await
            }
            Message::Update { relation, old, new } => {
                let update = |layout: &Layout| layout.update(old.map(|old| layout.believed(old)), new);
                self.changes(relation, update, lsn, wire).await
            }
            Message::Delete { relation, old } => {
                let delete = |layout: &Layout| {
                    vec![Change { operation: Operation::Delete, before: Some(layout.believed(old)), after: None }]
                };
                self.changes(relation, delete, lsn, wire).await
            }
            Message::Truncate { relations } => {
                for relation in relations {
                    let truncate =
                        |_: &Layout| vec![Change { operation: Operation::Truncate, before: None, after: None }];
                    self.changes(relation, truncate, lsn, wire).await?;
                }
                Ok(())
            }
            Message::Other => Ok(()),
        }
    }

    fn relation(&mut self, relation: Relation) -> Result<(), Error> {
        let followed =
            self.database.tables.iter().find(|table| table.schema == relation.schema && table.name == relation.name);
        if let Some(table) = followed.filter(|table| table.oid != relation.id) {
            let (region, slot) = (self.slot.feed.region().to_owned(), self.slot.name.to_owned());
            return Err(Lost { region, slot, loss: Loss::Anew(table.quoted()) }.into());
        }
        let layout = followed.map(|table| Layout::new(table.clone(), relation.columns)).transpose()?;
        self.layouts.insert(relation.id, layout);
        Ok(())
    }

    fn when(&self, lsn: Lsn) -> Result<When, Error> {
        let transaction = self.transaction.ok_or(replication::Error::Unexpected("change outside of a transaction"))?;
        Ok(When { at: transaction.committed, transaction: Some(transaction.id), lsn })
    }

    /// The next id. Every change counts, also of tables that are not followed.
    fn id(&mut self, lsn: Lsn) -> String {
        self.ordinal += 1;
        format!("{}@{lsn}/{}", self.slot.name, self.ordinal)
    }

    async fn changes(
        &mut self,
        relation: u32,
        changes: impl FnOnce(&Layout) -> Vec<Change>,
        lsn: Lsn,
        wire: &mut Wire,
    ) -> Result<(), Error> {
        let when = self.when(lsn)?;
        let Some(Some(layout)) = self.layouts.get(&relation) else {
            self.ordinal += 1;
            return Ok(());
        };
        let router = &self.slot.feed.router;
        let mut drafts = Vec::with_capacity(1);
        for change in changes(layout) {
            self.ordinal += 1;
            let id = format!("{}@{lsn}/{}", self.slot.name, self.ordinal);
            // What concerns every row goes to every partition, for order holds within a partition only.
            let partitions = match change.operation {
                Operation::Truncate => 0..router.partitions(),
                _ => {
                    let partition = layout.partition(&change, router);
                    partition..partition + 1
                }
            };
            drafts.push((self.slot.draft(layout, &change, &when, id), partitions));
        }
        for (draft, partitions) in drafts {
            self.counts.changes.inc();
            for partition in partitions {
                self.sending.send(&draft, partition, self.reached, Some(wire)).await?;
            }
        }
        Ok(())
    }

    /// A row of which only the head was kept.
    async fn oversized(&mut self, head: &[u8], size: usize, lsn: Lsn, wire: &mut Wire) -> Result<(), Error> {
        let when = self.when(lsn)?;
        let id = self.id(lsn);
        let table = pgoutput::table_of_head(head).and_then(|relation| self.layouts.get(&relation)?.as_ref());
        let Some(layout) = table else { return Ok(()) };
        let position = self.slot.position(&layout.table.quoted(), &when);
        let draft = Draft { id, position, at: when.at, payload: self.slot.left_out(size as u64) };
        self.counts.changes.inc();
        let partition = self.slot.feed.router.of_text(&draft.id);
        self.sending.send(&draft, partition, self.reached, Some(wire)).await
    }
}
