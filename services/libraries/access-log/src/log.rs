//! What services call.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use tokio::sync::oneshot;

use crate::entry::{Entry, Receipt};
use crate::error::Error;
use crate::files::regions;
use crate::limits::{Limits, QUEUE_MAX};
use crate::note::{Key, Public};
use crate::region_log::{Identity, RegionLog};
use crate::writer::{Job, Writer};

/// How long the lock of a writer that has just ended, or is about to, is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(50);
const LOCK: &str = "lock";

/// The log of one writer: a folder with a log for each region. Shared by reference; the last one to drop it signs what is not signed.
#[derive(Debug)]
pub struct AccessLog {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    wait: Duration,
    _lock: File,
}

impl AccessLog {
    /// Opens the log in a folder, which must be there, and reads how far each region has come.
    ///
    /// `name` is the log's name without the region (`region14.example/serve`), of which there is one in the world. Blocks for ten
    /// seconds at most while another process writes there.
    ///
    /// # Errors
    /// When the folder is not there, another process writes it, or what is in it cannot be gone on from.
    pub fn open(folder: &Path, name: &str, key: Key, retired: Vec<Public>, limits: Limits) -> Result<Self, Error> {
        let lock = lock(folder)?;
        let identity = Identity { name: name.to_owned(), key, retired };
        let opened =
            regions(folder)?.into_iter().map(|region| Ok((region, RegionLog::open(folder, region, &identity)?)));
        let regions = opened.collect::<Result<BTreeMap<_, RegionLog>, Error>>()?;
        let wait = limits.wait;
        // Entries that a killed writer has not signed are signed at once.
        let due = regions.values().any(|log| log.unsigned() > 0).then(Instant::now);
        let writer = Writer { folder: folder.to_owned(), identity, limits, regions, due };
        let (jobs, waiting) = mpsc::sync_channel(QUEUE_MAX);
        let thread = thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.run(&waiting));
        let thread = thread.map_err(Error::file("start the thread that writes", folder))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), wait, _lock: lock })
    }

    /// Writes an entry; it is durable when this returns. Runs on any tokio runtime with time.
    ///
    /// # Errors
    /// When it is not known to be durable: then the answer that it is about must not be given.
    pub async fn record(&self, entry: Entry) -> Result<Receipt, Error> {
        let (sender, receiver) = oneshot::channel();
        self.send(entry, Box::new(move |answer| drop(sender.send(answer))))?;
        match tokio::time::timeout(self.wait, receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::Stopped),
            Err(_) => Err(self.slow()),
        }
    }

    /// The same for a caller without tasks: blocks for `wait` at most.
    ///
    /// # Errors
    /// As [`AccessLog::record`].
    pub fn record_blocking(&self, entry: Entry) -> Result<Receipt, Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.send(entry, Box::new(move |answer| drop(sender.send(answer))))?;
        match receiver.recv_timeout(self.wait) {
            Ok(answer) => answer,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(self.slow()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Error::Stopped),
        }
    }

    fn slow(&self) -> Error {
        Error::Slow { seconds: self.wait.as_secs() }
    }

    fn send(&self, entry: Entry, answer: Box<dyn FnOnce(Result<Receipt, Error>) + Send>) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().ok_or(Error::Stopped)?;
        jobs.try_send(Job { entry, answer }).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Stopped,
        })
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it has been logged with its place, and every answer since was refused.
            drop(thread.join());
        }
    }
}

/// Keeps every other process from writing there until the file is closed, which the end of a process does too.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(Error::file("open", &path))?;
    let begun = Instant::now();
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(Error::file("lock", &path)(error.into()));
        }
        if begun.elapsed() >= LOCK_WAIT {
            return Err(Error::Locked(folder.to_owned()));
        }
        thread::sleep(LOCK_PAUSE);
    }
    Ok(file)
}
