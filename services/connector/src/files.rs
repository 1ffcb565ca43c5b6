//! What files of every kind have in common: names fit to be shown, why one was not sent to its end, and records sent with
//! a bound on how many are under way.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use crate::intake::{self, Arrival, Feed, NotStored, Receipt};

/// A file's name for logs and positions, with `…` in place of every personal number in it.
pub(crate) fn shown_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    identity::without_numbers(&name).chars().filter(|letter| !letter.is_control()).collect()
}

/// A file's path with its name fit to be shown.
pub(crate) fn shown_path(path: &Path) -> String {
    path.with_file_name(shown_name(path)).display().to_string()
}

/// Why a file was not sent to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("read {}", shown_path(path))]
    Read { path: PathBuf, source: io::Error },
    /// The file is not what it was when it was first looked at: its new content is another file.
    #[error("send {}: it was written to while it was read", shown_path(path))]
    Changed { path: PathBuf },
    /// The position cannot be kept or read.
    #[error("keep how far a file has been sent in {}", shown_path(path))]
    Position { path: PathBuf, source: io::Error },
    /// A file of ours that has been sent cannot be removed.
    #[error("remove {}, which has been sent", shown_path(path))]
    Spent { path: PathBuf, source: io::Error },
    /// Sending again goes on where it was.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Why sending stopped; the rest is sent later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// Kafka did not take a record.
    #[error("a record was not stored")]
    NotStored,
    /// The process is to stop.
    #[error("asked to stop")]
    Stopping,
}

impl From<NotStored> for Interrupted {
    fn from(_: NotStored) -> Self {
        Self::NotStored
    }
}

/// Records under way, oldest first, each with what is true once it and all before it are stored.
pub(crate) struct Window<'a, T> {
    feed: &'a Feed,
    under_way: VecDeque<(Receipt, T)>,
    /// A record was not stored: what is stored behind it says nothing of it, so nothing more is given out.
    failed: bool,
}

impl<'a, T: Copy> Window<'a, T> {
    /// Nothing under way.
    pub(crate) fn new(feed: &'a Feed) -> Self {
        Self { feed, under_way: VecDeque::new(), failed: false }
    }

    /// Hands a record to Kafka; waits while `limits.window` are under way, and while Kafka is away. Gives the latest
    /// mark up to which everything is stored.
    pub(crate) async fn send(&mut self, arrival: Arrival<'_>, mark: T) -> Result<Option<T>, Interrupted> {
        self.send_to(self.feed, arrival, mark).await
    }

    /// The same, into another feed of the same process.
    pub(crate) async fn send_to(
        &mut self,
        feed: &Feed,
        arrival: Arrival<'_>,
        mark: T,
    ) -> Result<Option<T>, Interrupted> {
        let mut stored = None;
        while self.under_way.len() >= self.feed.intake.limits.window {
            stored = self.stored().await?;
        }
        if !self.feed.intake.wait_open().await {
            return Err(Interrupted::Stopping);
        }
        let room = tokio::select! {
            room = self.feed.intake.room(intake::cost(arrival.payload)) => room,
            () = self.feed.intake.shutdown.wait() => return Err(Interrupted::Stopping),
        };
        let sent = feed.send(arrival, room).await;
        self.failed |= sent.is_err();
        self.under_way.push_back((sent?, mark));
        Ok(stored)
    }

    /// Waits until everything is stored; gives the last mark.
    pub(crate) async fn finish(&mut self) -> Result<Option<T>, Interrupted> {
        let mut stored = None;
        while self.failed || !self.under_way.is_empty() {
            stored = self.stored().await?;
        }
        Ok(stored)
    }

    /// Whether nothing is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether a record was not stored, so that nothing more is known.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// What is true once everything under way is stored; false when everything is, so that it is true now.
    pub(crate) fn mark_last(&mut self, mark: T) -> bool {
        self.under_way.back_mut().map(|(_, last)| *last = mark).is_some() || self.failed
    }

    /// Waits until the oldest record is stored; gives its mark. May be cancelled: the record stays under way. After a
    /// record that was not stored there is nothing more to wait for.
    pub(crate) async fn stored(&mut self) -> Result<Option<T>, Interrupted> {
        if self.failed {
            return Err(Interrupted::NotStored);
        }
        let Some((receipt, _)) = self.under_way.front_mut() else { return Ok(None) };
        let delivered = receipt.await;
        let mark = self.under_way.pop_front().map(|(_, mark)| mark);
        self.failed = delivered.is_err();
        delivered?;
        Ok(mark)
    }
}
