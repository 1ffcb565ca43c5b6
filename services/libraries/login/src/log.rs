//! The access log as the wall writes it: an entry is durable before anything is answered, or nothing is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use access_log::{AccessLog, Entry, Error};
use jiff::Timestamp;
use runtime::exit;

use crate::entry::Entries;
use crate::strangers::{GATHERED, Strangers, Turn};

/// An entry is not known to be written: nothing may be shown or told.
#[derive(Debug)]
pub(crate) struct Unwritten;

/// The log of one service.
pub(crate) struct Log {
    log: Arc<AccessLog>,
    pub(crate) entries: Entries,
    strangers: Strangers,
    /// Requests since the last entry about them that were not answered, because their own entries could not be written.
    unanswered: AtomicU64,
    /// Why the last entry was not written.
    trouble: Mutex<Option<String>>,
}

impl Log {
    /// Begins with an entry about the versions of policies and roles that decide from now on. Blocks until it is durable.
    pub(crate) fn open(log: Arc<AccessLog>, service: &'static str, policies: &str, roles: &str) -> Result<Self, Error> {
        let entries = Entries::of(service);
        log.record_blocking(entries.policies(policies, roles, Timestamp::now()))?;
        let (strangers, unanswered, trouble) = (Strangers::default(), AtomicU64::new(0), Mutex::default());
        Ok(Self { log, entries, strangers, unanswered, trouble })
    }

    /// Enters a request of somebody who is known.
    pub(crate) async fn enter(&self, entry: Entry) -> Result<(), Unwritten> {
        self.write(entry, 1).await
    }

    /// Enters a request of somebody whom nobody knows, alone or with others.
    pub(crate) async fn enter_stranger(self: &Arc<Self>, entry: Entry) -> Result<(), Unwritten> {
        match self.strangers.turn(Instant::now()) {
            Turn::Alone => self.enter(entry).await,
            Turn::Crowd { told, is_first } => {
                if is_first {
                    // A task of its own: the first of them may hang up.
                    let log = self.clone();
                    tokio::spawn(async move { log.enter_crowd().await });
                }
                if told.await.unwrap_or(false) { Ok(()) } else { Err(Unwritten) }
            }
            Turn::Full => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                Err(Unwritten)
            }
        }
    }

    async fn enter_crowd(&self) {
        tokio::time::sleep(GATHERED).await;
        let crowd = self.strangers.gathered();
        let requests = crowd.len() as u64;
        let written = self.write(self.entries.strangers(requests, Timestamp::now()), requests).await.is_ok();
        for teller in crowd {
            // Who has hung up is told nothing.
            let _ = teller.send(written);
        }
    }

    async fn write(&self, entry: Entry, requests: u64) -> Result<(), Unwritten> {
        let written = self.log.record(entry).await;
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) =
            written.as_ref().err().map(|error| exit::chain(error));
        written.map(drop).map_err(|_| {
            self.unanswered.fetch_add(requests, Ordering::Relaxed);
            Unwritten
        })
    }

    /// Enters how many requests were not answered, if there were any: so the log comes back without anybody asking.
    pub(crate) async fn catch_up(&self) {
        let requests = self.unanswered.swap(0, Ordering::Relaxed);
        if requests > 0 && self.write(self.entries.unanswered(requests, Timestamp::now()), requests).await.is_ok() {
            tracing::info!(
                requests,
                "the access log takes entries; it says that {requests} requests were not answered"
            );
        }
    }

    /// Why entries are not written, if they are not.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
