//! The one thread that writes: it takes what waits as a batch, makes it durable with one call for each region, then answers all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::entry::{Entry, Receipt};
use crate::error::Error;
use crate::field::Region;
use crate::limits::{BATCH_MAX, Limits};
use crate::region_log::{Identity, RegionLog};

/// How often a checkpoint that could not be written is tried again while nothing comes.
const AGAIN: Duration = Duration::from_secs(5);

/// An entry that waits.
pub(crate) struct Job {
    pub(crate) entry: Entry,
    pub(crate) answer: Box<dyn FnOnce(Result<Receipt, Error>) + Send>,
}

/// What the thread has.
pub(crate) struct Writer {
    pub(crate) folder: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) limits: Limits,
    pub(crate) regions: BTreeMap<Region, RegionLog>,
    /// When entries that nobody has signed yet have to be.
    pub(crate) due: Option<Instant>,
}

impl Writer {
    /// Until nobody can send any more.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let first = match self.due {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => jobs.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match first {
                Ok(first) => self.write(std::iter::once(first).chain(jobs.try_iter()).take(BATCH_MAX).collect()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.sign(false);
        }
        self.sign(true);
    }

    fn write(&mut self, batch: Vec<Job>) {
        let mut by_region: BTreeMap<Region, Vec<Job>> = BTreeMap::new();
        for job in batch {
            by_region.entry(job.entry.region).or_default().push(job);
        }
        for (region, jobs) in by_region {
            let entries: Vec<&Entry> = jobs.iter().map(|job| &job.entry).collect();
            match self.append(region, &entries) {
                Ok(receipts) => jobs.into_iter().zip(receipts).for_each(|(job, receipt)| (job.answer)(Ok(receipt))),
                Err(error) => {
                    tracing::error!(%region, "{}; {} answers are refused", settings::chain(&error), jobs.len());
                    jobs.into_iter().for_each(|job| (job.answer)(Err(error.clone())));
                }
            }
        }
    }

    fn append(&mut self, region: Region, entries: &[&Entry]) -> Result<Vec<Receipt>, Error> {
        if !self.regions.contains_key(&region) {
            let log = RegionLog::open(&self.folder, region, &self.identity)?;
            self.regions.insert(region, log);
        }
        let log = self.regions.get_mut(&region).expect("it was opened above");
        log.append(entries, &self.limits, &self.identity)
    }

    /// Signs where so many entries have come, or so much time has passed, or `now`.
    fn sign(&mut self, now: bool) {
        let is_due = now || self.due.is_some_and(|due| due <= Instant::now());
        let mut next = None;
        for (region, log) in &mut self.regions {
            if log.unsigned() == 0 {
                continue;
            }
            if !is_due && log.unsigned() < self.limits.checkpoint_entries {
                next = next.or(Some(self.limits.checkpoint_after));
                continue;
            }
            if let Err(error) = log.checkpoint(&self.identity) {
                tracing::error!(%region, "a checkpoint is not written yet: {}", settings::chain(&error));
                next = Some(AGAIN);
            }
        }
        self.due = match (next, self.due) {
            (Some(_), Some(due)) if !is_due => Some(due),
            (next, _) => next.map(|after| Instant::now() + after),
        };
    }
}
