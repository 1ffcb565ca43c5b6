//! The access log as the wall writes it: an entry is durable before anything is answered, or nothing is.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access_log::{AccessLog, Entry, Error, Region};
use jiff::Timestamp;
use runtime::exit;

use crate::entry::Entries;
use crate::strangers::{NotEntered, Strangers};

/// An entry is not known to be written: nothing may be shown or told.
#[derive(Debug)]
pub(crate) struct Unwritten;

/// The log of one service.
pub(crate) struct Log {
    log: Arc<AccessLog>,
    pub(crate) entries: Entries,
    strangers: Arc<Strangers>,
    /// Of each region's log what could not be written; nothing of those that take entries.
    missed: Mutex<BTreeMap<Region, Missed>>,
}

#[derive(Default)]
struct Missed {
    /// Requests since the last entry about them that were not answered, because their own entries could not be written.
    requests: u64,
    /// Why the last entry was not written; nothing when it was not tried.
    why: Option<String>,
}

impl Log {
    /// Begins with an entry about the versions of policies and roles that decide from now on. Blocks until it is durable.
    pub(crate) fn open(log: Arc<AccessLog>, service: &'static str, policies: &str, roles: &str) -> Result<Self, Error> {
        let entries = Entries::of(service);
        log.record_blocking(entries.policies(policies, roles, Timestamp::now()))?;
        Ok(Self { log, entries, strangers: Arc::default(), missed: Mutex::default() })
    }

    /// Enters a request of somebody who is known.
    pub(crate) async fn enter(&self, entry: Entry) -> Result<(), Unwritten> {
        self.write(entry, 1).await.map_err(|_| Unwritten)
    }

    /// Enters a request of somebody whom nobody knows, alone or with others.
    pub(crate) async fn enter_stranger(self: &Arc<Self>, entry: Entry) -> Result<(), Unwritten> {
        let log = Arc::clone(self);
        let write = async move |crowd: Option<u64>| match crowd {
            None => log.write(entry, 1).await,
            Some(requests) => log.write(log.entries.strangers(requests, Timestamp::now()), requests).await,
        };
        self.strangers.enter(write).await.map_err(|not_entered| {
            if matches!(not_entered, NotEntered::Crowded) {
                self.missed().entry(Region::NONE).or_default().requests += 1;
            }
            Unwritten
        })
    }

    async fn write(&self, entry: Entry, requests: u64) -> Result<(), Error> {
        let region = entry.region;
        let written = self.log.record(entry).await;
        let mut missed = self.missed();
        match written {
            Ok(_) => {
                if let Some(missed) = missed.get_mut(&region) {
                    missed.why = None;
                }
                Ok(())
            }
            Err(error) => {
                let missed = missed.entry(region).or_default();
                missed.requests += requests;
                missed.why = Some(exit::chain(&error));
                Err(error)
            }
        }
    }

    fn missed(&self) -> MutexGuard<'_, BTreeMap<Region, Missed>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters of each region how many requests were not answered, if there were any: so its log comes back without anybody asking.
    pub(crate) async fn catch_up(&self) {
        let due: Vec<(Region, u64)> =
            self.missed().iter_mut().map(|(region, missed)| (*region, mem::take(&mut missed.requests))).collect();
        for (region, requests) in due.into_iter().filter(|(_, requests)| *requests > 0) {
            let entry = Entry { region, ..self.entries.unanswered(requests, Timestamp::now()) };
            if self.write(entry, requests).await.is_ok() {
                tracing::info!(
                    requests,
                    "the access log {region} takes entries; it says that {requests} requests were not answered"
                );
            }
        }
    }

    /// Which regions' entries are not written, and why, if any are not.
    pub(crate) fn trouble(&self) -> Option<String> {
        let missed = self.missed();
        let whys = missed.iter().filter_map(|(region, missed)| Some(format!("{region}: {}", missed.why.as_ref()?)));
        let whys: Vec<String> = whys.collect();
        (!whys.is_empty()).then(|| whys.join("; "))
    }
}
