//! The way of one slot's records into Kafka, in order, with what may be told to the slot.

use std::time::Duration;

use replication::{Lsn, Wire};
use schemas::{Format, Timestamp};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::error::Error;
use super::record::{Change, Layout, When};
use crate::files::Window;
use crate::intake::{self, Arrival, Feed};
use crate::metrics::Oddity;

/// How often the slot is told how far everything is stored, and how often it hears from us while Kafka is away.
const CONFIRM_INTERVAL: Duration = Duration::from_millis(500);

/// What the records of one slot have in common.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub feed: &'a Feed,
    pub name: &'a str,
    pub database: &'a str,
    /// Domains and what they are made of.
    pub domains: &'a std::collections::HashMap<u32, u32>,
}

/// A record, before it has a place.
pub(super) struct Draft {
    pub id: String,
    pub position: String,
    /// When the source wrote it, microseconds since 1970.
    pub at: i64,
    pub payload: Vec<u8>,
}

impl Slot<'_> {
    /// The record of a change; by its size only, when it is longer than a message may be.
    pub(super) fn draft(&self, layout: &Layout, change: &Change, when: &When, id: String) -> Draft {
        let payload = layout.payload(change, when, self.database, self.domains);
        let size = payload.len() as u64;
        let payload = if size > self.feed.intake.limits.message.as_bytes() { self.left_out(size) } else { payload };
        Draft { id, position: self.position(&layout.table.quoted(), when), at: when.at, payload }
    }

    /// The payload that stands for a row that is too long.
    pub(super) fn left_out(&self, size: u64) -> Vec<u8> {
        self.feed.intake.metrics.oddities.of(Oddity::Oversized).inc();
        intake::left_out(size, self.feed.intake.limits.message.as_bytes()).into_bytes()
    }

    /// Where in the source, for people.
    pub(super) fn position(&self, table: &str, when: &When) -> String {
        match when.transaction {
            Some(transaction) => format!("{table} at {} in transaction {transaction}", when.lsn),
            None => format!("{table} in the snapshot at {}", when.lsn),
        }
    }
}

/// Records under way and how far everything is stored.
pub(super) struct Sending<'a> {
    window: Window<'a, Lsn>,
    feed: &'a Feed,
    ticks: Interval,
    /// Everything before is stored.
    pub confirmed: Lsn,
}

impl<'a> Sending<'a> {
    /// Nothing under way, and nothing known to be stored.
    pub(super) fn new(feed: &'a Feed) -> Self {
        let mut ticks = interval(CONFIRM_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { window: Window::new(feed), feed, ticks, confirmed: Lsn::default() }
    }

    /// Hands a record to Kafka; `reached` is true of the slot once it is stored. While that has to wait, the slot hears
    /// from us, so that the server does not take us for dead.
    pub(super) async fn send(
        &mut self,
        draft: &Draft,
        partition: i32,
        reached: Lsn,
        mut wire: Option<&mut Wire>,
    ) -> Result<(), Error> {
        let arrival = Arrival {
            format: Format::Debezium,
            message_id: &draft.id,
            received_at: intake::now(),
            recorded_at: Some(Timestamp(draft.at)),
            position: &draft.position,
            payload: &draft.payload,
            partition,
        };
        let Self { window, ticks, confirmed, .. } = self;
        let mut sending = std::pin::pin!(window.send(arrival, reached));
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => {
                    *confirmed = sent?.map_or(*confirmed, |stored| stored.max(*confirmed));
                    return Ok(());
                }
                _ = ticks.tick() => {
                    if let Some(wire) = wire.as_deref_mut() {
                        wire.confirm(*confirmed, intake::now().0, false).await?;
                    }
                }
            }
        }
    }

    /// Everything that was sent so far reaches to here: no further record is needed for it.
    pub(super) fn reach(&mut self, reached: Lsn) {
        if !self.window.mark_last(reached) {
            self.confirmed = self.confirmed.max(reached);
        }
    }

    /// Waits until the oldest record is stored, or for the time to tell the slot. For ever while nothing is under way and
    /// between ticks; may be cancelled.
    pub(super) async fn progress(&mut self) -> Result<Progress, Error> {
        tokio::select! {
            biased;
            stored = self.window.stored(), if !self.window.is_empty() => {
                self.confirmed = stored?.map_or(self.confirmed, |stored| stored.max(self.confirmed));
                Ok(Progress::Stored)
            }
            _ = self.ticks.tick() => Ok(Progress::Tick),
        }
    }

    /// Waits until everything is stored.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        let stored = self.window.finish().await?;
        self.confirmed = stored.map_or(self.confirmed, |stored| stored.max(self.confirmed));
        Ok(())
    }

    /// Forgets what was under way, after a record was not stored: it is all sent again.
    pub(super) fn forget(&mut self) {
        self.window = Window::new(self.feed);
    }
}

/// What [`Sending::progress`] waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Stored,
    /// It is time to tell the slot.
    Tick,
}
