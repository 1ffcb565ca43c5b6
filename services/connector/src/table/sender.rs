//! Sends the rows of one file from where it was left, or the one record that stands for a file that is left out.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use delimited::cutter::Cutter;
use delimited::cutter::Place;
use runtime::shutdown::Shutdown;
use schemas::{FileFault, Format, Timestamp};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::check::{Checked, Checker, Demand};
use super::flaw::{Flaw, told};
use super::shape::Shape;
use crate::files::{Error, Interrupted, Window, shown_name};
use crate::intake::{self, Arrival, Feed};
use crate::metrics::{FileTrouble, TableFault};
use crate::position::{Keeper, Position, Version};

const READ_BYTES: usize = 64 << 10;

/// How a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Every row is stored, by this run or an earlier one.
    Whole,
    /// No row was sent; the record that stands for the file is stored.
    LeftOut(LeftOut),
}

/// A file that was left out as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{}: {}; not one row was sent", flaw.line, told(flaw.fault))]
pub struct LeftOut {
    /// The file's name, fit to be shown.
    pub name: String,
    /// What is wrong and where.
    pub flaw: Flaw,
}

/// Sends one version of one file, and remembers how far.
pub struct Sender<'a> {
    feed: &'a Feed,
    path: &'a Path,
    demand: &'a Demand,
    name: String,
    version: Version,
    keeper: Keeper,
    done: bool,
    checked: Option<Checked>,
}

impl<'a> Sender<'a> {
    /// A sender of the file at `path` that keeps its position at `kept_at`.
    pub fn new(feed: &'a Feed, path: &'a Path, demand: &'a Demand, kept_at: &Path) -> Result<Self, Error> {
        let metadata = fs::metadata(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let version = Version::of(&metadata);
        let kept =
            Position::kept(kept_at, version).map_err(|source| Error::Position { path: kept_at.to_owned(), source })?;
        let keeper = Keeper::new(kept_at, kept.unwrap_or(Position::start(version)));
        // The start of an empty file is its end: only what was kept says that it has been sent.
        let done = kept.is_some_and(|position| position.done());
        if !done {
            keeper.probe()?;
        }
        Ok(Self { feed, path, demand, name: shown_name(path), version, keeper, done, checked: None })
    }

    /// How far the file has been sent.
    pub fn position(&self) -> Position {
        self.keeper.position()
    }

    /// Whether nothing is left to be sent.
    pub fn done(&self) -> bool {
        self.done
    }

    /// The version that is sent.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Spares the first reading: what an earlier sender found in this version of this file.
    pub fn know(&mut self, checked: Checked) {
        self.checked = Some(checked);
    }

    /// What the first reading found, for a later sender of the same version.
    pub fn known(self) -> Option<Checked> {
        self.checked
    }

    /// Sends the rest of the file; `progress` is told how far it is. After an interruption call it again.
    pub async fn send(&mut self, progress: impl FnMut(&Position)) -> Result<Sent, Error> {
        if self.done {
            return Ok(Sent::Whole);
        }
        let checked = match self.checked.take() {
            Some(checked) => checked,
            None => self.check().await?,
        };
        let sent = self.send_checked(&checked, progress).await;
        if !matches!(sent, Err(Error::Changed { .. })) {
            self.checked = Some(checked);
        }
        sent
    }

    async fn send_checked(&mut self, checked: &Checked, mut progress: impl FnMut(&Position)) -> Result<Sent, Error> {
        let message_id = format!("{}@{}", self.feed.name(), checked.content);
        let (rows, sent) = match &checked.verdict {
            Ok(shape) => (self.rows(shape, &message_id, &mut progress).await?, Sent::Whole),
            Err(flaw) => (0, Sent::LeftOut(self.leave_out(*flaw, &message_id).await?)),
        };
        let end = Position { offset: self.version.size, messages: rows, line: 0, version: self.version };
        self.keeper.keep(end)?;
        self.done = true;
        progress(&end);
        Ok(sent)
    }

    async fn check(&self) -> Result<Checked, Error> {
        if self.version.size > self.feed.intake.limits.table_file.as_bytes() {
            // What is not read is named by its version.
            let content = format!("{}-{}", self.version.size, self.version.modified);
            return Ok(Checked { content, verdict: Err(Flaw { fault: FileFault::Oversized, line: 0 }) });
        }
        let (path, version, demand) = (self.path.to_owned(), self.version, self.demand.clone());
        let shutdown = self.feed.intake.shutdown.clone();
        let read = tokio::task::spawn_blocking(move || read(&path, version, &demand, &shutdown)).await;
        // A panic has been logged with its place; the next change of the file is another try.
        read.unwrap_or_else(|_| Err(self.failed(io::Error::other("reading it ended in a panic"))))
    }

    /// The second reading; gives the count of all rows.
    async fn rows(
        &mut self,
        shape: &Shape,
        message_id: &str,
        progress: &mut impl FnMut(&Position),
    ) -> Result<u64, Error> {
        let start = self.position();
        let place = match start.offset {
            0 => shape.start,
            offset => Place { offset, line: start.line },
        };
        let mut file = File::open(self.path).await.map_err(|source| self.failed(source))?;
        file.seek(io::SeekFrom::Start(place.offset)).await.map_err(|source| self.failed(source))?;
        let mut cutter = Cutter::rows(shape.delimiter, place, self.demand.row_bytes_max());
        let mut window = Window::new(self.feed);
        let mut rows = start.messages;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let bytes = file.read(&mut buffer).await.map_err(|source| self.failed(source))?;
            // Before a row of it is sent: what was written since is another file, and another message id.
            let metadata = file.metadata().await.map_err(|source| self.failed(source))?;
            if Version::of(&metadata) != self.version {
                return Err(self.changed());
            }
            match bytes {
                0 => cutter.end(),
                bytes => cutter.push(&buffer[..bytes]),
            }
            // The first reading found no flaw, so a flaw now is a change.
            while let Some(row) = cutter.cut().map_err(|_| self.changed())? {
                let Some(payload) = shape.payload(row.cells) else { continue };
                rows += 1;
                let next =
                    Position { version: self.version, offset: row.next.offset, messages: rows, line: row.next.line };
                let partition = match shape.key(row.cells) {
                    Some(key) => self.feed.router.of_text(&key),
                    None => self.feed.router.of_content(payload.as_bytes()),
                };
                let record = Record { message_id, line: row.line, payload: &payload, partition };
                let stored = self.hand_over(record, &mut window, next).await?;
                self.feed.intake.metrics.table_rows.inc();
                if let Some(stored) = stored {
                    self.keeper.advance(stored)?;
                    progress(&self.position());
                }
            }
            if bytes == 0 {
                break;
            }
        }
        window.finish().await?;
        if rows != shape.rows {
            // The kept position is of other content with the same size and time: everything is sent from the start.
            self.keeper.keep(Position::start(self.version))?;
            return Err(self.changed());
        }
        self.feed.intake.metrics.table_files.inc();
        Ok(rows)
    }

    /// Sends the one record that stands for the file.
    async fn leave_out(&self, flaw: Flaw, message_id: &str) -> Result<LeftOut, Error> {
        let metrics = &self.feed.intake.metrics;
        let payload = flaw.fault.payload(flaw.line);
        let partition = self.feed.router.of_content(payload.as_bytes());
        let mut window = Window::new(self.feed);
        let record = Record { message_id, line: flaw.line, payload: &payload, partition };
        self.hand_over(record, &mut window, ()).await?;
        window.finish().await?;
        metrics.table_faults.of(TableFault::of(flaw.fault)).inc();
        metrics.file_troubles.of(FileTrouble::LeftOut).inc();
        Ok(LeftOut { name: self.name.clone(), flaw })
    }

    async fn hand_over<T: Copy>(
        &self,
        record: Record<'_>,
        window: &mut Window<'_, T>,
        mark: T,
    ) -> Result<Option<T>, Interrupted> {
        let arrival = Arrival {
            format: Format::Delimited,
            message_id: record.message_id,
            received_at: intake::now(),
            recorded_at: Some(Timestamp(self.version.modified)),
            position: &format!("{}:{}", self.name, record.line),
            payload: record.payload.as_bytes(),
            partition: record.partition,
        };
        window.send(arrival, mark).await
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Read { path: self.path.to_owned(), source }
    }

    fn changed(&self) -> Error {
        Error::Changed { path: self.path.to_owned() }
    }
}

/// What differs between the records of one file.
struct Record<'r> {
    message_id: &'r str,
    line: u64,
    payload: &'r str,
    partition: i32,
}

/// The first reading, on a thread that may block.
fn read(path: &PathBuf, version: Version, demand: &Demand, shutdown: &Shutdown) -> Result<Checked, Error> {
    let failed = |source| Error::Read { path: path.clone(), source };
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut checker = Checker::new(demand);
    let mut buffer = vec![0; READ_BYTES];
    let mut size = 0;
    // A file that grows faster than it is read has an end too.
    while size <= version.size {
        if shutdown.requested() {
            return Err(Interrupted::Stopping.into());
        }
        let bytes = file.read(&mut buffer).map_err(failed)?;
        if bytes == 0 {
            break;
        }
        size += bytes as u64;
        checker.push(&buffer[..bytes]);
    }
    if size != version.size || Version::of(&file.metadata().map_err(failed)?) != version {
        return Err(Error::Changed { path: path.clone() });
    }
    Ok(checker.end())
}
