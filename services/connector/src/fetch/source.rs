//! Keeps looking at a server's folder, and fetches what rests there.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runtime::config::Period;
use runtime::health::Health;
use sftp::{Entry, Metadata, Server, Session};
use tokio::sync::Notify;

use super::error::Error;
use super::memory::{Memory, name_hash};
use super::spool::Spool;
use crate::config::Table;
use crate::files::{self, shown_name};
use crate::folder::{self, Carry, Folder};
use crate::follow::{PAUSE_MAX, Upkeep, Words};
use crate::intake::Feed;
use crate::metrics::{FileTrouble, ServerCounts};
use crate::position::Version;
use crate::table::Tables;
use crate::watch::{Watch, ends_in};

/// How often our own folder is looked at when nobody tells that a file has come or gone: after a failure.
const SPOOL_POLL: Duration = Duration::from_secs(1);
/// The longest name that is fetched: our file system's own bound.
const NAME_BYTES_MAX: usize = 255;
/// Files that are fetched by one listing: how old it may get. The others are fetched after the next.
const LOOK_FILES_MAX: usize = 1000;

/// Fetches and sends a server's tables until shutdown.
pub(crate) async fn follow(feed: Arc<Feed>, source: Table, server: Server, health: Health) {
    let counts = feed.intake.metrics.of_server(feed.region(), feed.name(), &server.place());
    let place = format!("{}@{}{}", server.user, server.place(), server.folder);
    let words = Words {
        component: format!("sftp {} {}{}", feed.name(), server.place(), server.folder),
        before: &format!("{place}: "),
        away: "the SFTP server is away",
        back: &format!("{place} is looked at again"),
        ..Words::default()
    };
    let mut upkeep = Upkeep::new(&feed, health, words, &counts.connected, &counts.outages);
    let identity = format!("{}|{}|{place}", feed.region(), feed.name());
    let memory_path = source.positions.join(format!("{}.fetched", name_hash(identity.as_bytes())));
    let memory = Arc::new(Mutex::new(None));
    let (arrivals, departures) = (Arc::default(), Arc::default());
    let mut fetching = Fetching {
        feed: &feed,
        source: &source,
        server: &server,
        place,
        memory_path,
        memory: Arc::clone(&memory),
        arrivals: Arc::clone(&arrivals),
        departures: Arc::clone(&departures),
        watch: Watch::default(),
        counts,
        too_many: false,
    };
    // Before anything is sent from the spool, what has been sent must be known.
    if !fetching.open(&mut upkeep).await {
        return;
    }
    let sending = Fetched { tables: Tables::of(&source, &feed), memory, departures };
    let spool = Folder {
        path: source.path.clone(),
        positions: source.positions.clone(),
        poll: Period(SPOOL_POLL),
        endings: delimited::ENDINGS,
        arrivals: Some(arrivals),
    };
    let fetch = async {
        while let Err(error) = fetching.attempt(&mut upkeep).await
            && upkeep.again(&error).await
        {}
    };
    let fetch = async {
        tokio::select! {
            () = fetch => {}
            () = feed.intake.shutdown.wait() => {}
        }
    };
    tokio::join!(fetch, folder::watch(&feed, spool, sending));
}

/// What both tasks know; nothing before it has been loaded.
type Shared = Arc<Mutex<Option<Memory>>>;

fn with<T>(memory: &Shared, act: impl FnOnce(&mut Memory) -> T) -> T {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    act(memory.as_mut().expect("loaded before the tasks that use it are started"))
}

/// A file of the spool: a table, entered into the memory when it has been sent, and removed.
struct Fetched {
    tables: Tables,
    memory: Shared,
    /// Told when one has left the spool.
    departures: Arc<Notify>,
}

impl Carry for Fetched {
    async fn carry(&mut self, feed: &Feed, path: &Path, kept_at: &Path) -> Result<(), files::Error> {
        let metadata = fs::metadata(path).map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
        self.tables.carry(feed, path, kept_at).await?;
        // In this order: whoever is killed in between finds the file sent, and goes on here.
        let name = path.file_name().unwrap_or_default().as_bytes();
        with(&self.memory, |memory| memory.keep(name, Version::of(&metadata)))
            .map_err(|source| files::Error::Position { path: kept_at.to_owned(), source })?;
        fs::remove_file(path).map_err(|source| files::Error::Spent { path: path.to_owned(), source })?;
        // A position that stays is of no file, and says nothing of the next one with this name.
        let _ = fs::remove_file(kept_at);
        self.departures.notify_one();
        Ok(())
    }
}

struct Fetching<'a> {
    feed: &'a Feed,
    source: &'a Table,
    server: &'a Server,
    /// User, server and folder, for messages.
    place: String,
    memory_path: PathBuf,
    memory: Shared,
    /// Told when a file has come into the spool.
    arrivals: Arc<Notify>,
    /// Tells when one has left it.
    departures: Arc<Notify>,
    watch: Watch,
    counts: ServerCounts,
    too_many: bool,
}

impl Fetching<'_> {
    /// Opens our folder and what is known of earlier files, as often as it takes. Whether it is open.
    async fn open(&mut self, upkeep: &mut Upkeep<'_>) -> bool {
        let shutdown = self.feed.intake.shutdown.clone();
        loop {
            let opened = self.spool().and_then(|_| {
                let failed = |source| Error::Memory { path: self.memory_path.clone(), source };
                Memory::load(&self.memory_path).map_err(failed)
            });
            match opened {
                Ok(memory) => {
                    *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = Some(memory);
                    return true;
                }
                Err(error) => {
                    upkeep.failed(&error);
                }
            }
            if shutdown.within(PAUSE_MAX).await {
                return false;
            }
        }
    }

    fn spool(&self) -> Result<Spool, Error> {
        Spool::open(&self.source.path).map_err(|source| self.unspooled(source))
    }

    fn unspooled(&self, source: std::io::Error) -> Error {
        Error::Spool { path: self.source.path.clone(), source }
    }

    /// From a new connection to whatever ends it.
    async fn attempt(&mut self, upkeep: &mut Upkeep<'_>) -> Result<(), Error> {
        let spool = self.spool()?;
        let mut session = Session::connect(self.server).await?;
        loop {
            self.look(&mut session, &spool, upkeep).await?;
            tokio::time::sleep(self.source.poll.0).await;
        }
    }

    /// Looks once, and fetches what rests, in order of time and then of name: each when the one before it has been sent.
    async fn look(&mut self, session: &mut Session, spool: &Spool, upkeep: &mut Upkeep<'_>) -> Result<(), Error> {
        let listing = session.list(&self.server.folder, self.feed.intake.limits.files).await?;
        self.counts.looks.inc();
        upkeep.connected.set(1);
        self.bounded(listing.truncated);
        let found: Vec<_> = listing.entries.iter().filter_map(table).collect();
        let wanted = with(&self.memory, |memory| {
            memory.prune(found.iter().map(|(path, _)| name_of(path)))?;
            Ok(found.into_iter().filter(|(path, version)| !memory.knows(name_of(path), *version)).collect())
        });
        let failed = |source| Error::Memory { path: self.memory_path.clone(), source };
        let wanted: Vec<(PathBuf, Version)> = wanted.map_err(failed)?;
        let parts: Vec<_> = wanted.iter().map(|(path, version)| spool.part(name_of(path), *version)).collect();
        spool.keep_parts(&parts).map_err(|source| self.unspooled(source))?;
        let mut ready = self.watch.look(wanted);
        // One that was begun goes first: there is never more than one.
        let begun = |path: &Path, version| spool.part(name_of(path), version).exists();
        ready.sort_by_cached_key(|(path, version)| (!begun(path, *version), version.modified, path.clone()));
        for (path, version) in ready.into_iter().take(LOOK_FILES_MAX) {
            self.until_empty(spool).await?;
            // What has left the spool is in the memory already.
            if with(&self.memory, |memory| memory.knows(name_of(&path), version)) {
                continue;
            }
            match self.fetch(session, spool, &path, version).await {
                Err(Error::Server(error @ sftp::Error::Status { .. })) => {
                    self.pass_over(&path, version, &error);
                    // It is not gone on with, and the next file is the only one that is begun.
                    let part = spool.part(name_of(&path), version);
                    fs::remove_file(part).map_err(|source| self.unspooled(source))?;
                }
                result => result?,
            }
            upkeep.well();
            if !session.is_idle() {
                *session = Session::connect(self.server).await?;
            }
        }
        upkeep.well();
        Ok(())
    }

    /// Waits until the spool holds no file that is still to be sent.
    async fn until_empty(&self, spool: &Spool) -> Result<(), Error> {
        while spool.holds_a_file().map_err(|source| self.unspooled(source))? {
            // It may have left before it was waited for: then nobody tells, and the next look finds out.
            let _ = tokio::time::timeout(SPOOL_POLL, self.departures.notified()).await;
        }
        Ok(())
    }

    /// The server says no to this file only: the others go on, and this one when it changes.
    fn pass_over(&mut self, path: &Path, version: Version, error: &sftp::Error) {
        let (region, file) = (self.feed.region(), shown_name(path));
        if error.is_missing() {
            tracing::info!(region, %file, "{file} is no longer at {}", self.place);
        } else {
            self.feed.intake.metrics.file_troubles.of(FileTrouble::Unreadable).inc();
            tracing::warn!(region, %file, "fetch {file} from {}: {error}", self.place);
        }
        self.watch.take(path, version);
    }

    fn bounded(&mut self, truncated: bool) {
        if truncated && !self.too_many {
            self.feed.intake.metrics.file_troubles.of(FileTrouble::TooMany).inc();
            let files = self.feed.intake.limits.files;
            tracing::warn!(
                region = self.feed.region(),
                "{} holds more than {files} files, the rest is not looked at",
                self.place
            );
        }
        self.too_many = truncated;
    }

    /// Fetches the rest of one file. What turns out to have changed is left to the next look.
    async fn fetch(&self, session: &mut Session, spool: &Spool, path: &Path, version: Version) -> Result<(), Error> {
        let unspooled = |source| self.unspooled(source);
        let (name, file_name) = (name_of(path), shown_name(path));
        let region = self.feed.region();
        let part = spool.part(name, version);
        let (mut file, offset) = spool.open_part(&part, version).map_err(unspooled)?;
        if version.size > self.feed.intake.limits.table_file.as_bytes() {
            // A hollow file of its size stands for it, so that it is left out as any other that is too large.
            file.set_len(version.size).map_err(unspooled)?;
            spool.finish(&file, &part, name, version).map_err(unspooled)?;
            self.arrivals.notify_one();
            return Ok(());
        }
        if offset > 0 {
            tracing::info!(region, file = %file_name, offset, "going on with {file_name} after {offset} bytes");
        }
        let remote = [self.server.path("").as_bytes(), name].concat();
        let take = |bytes: &[u8]| {
            self.counts.bytes.inc_by(bytes.len() as u64);
            file.write_all(bytes)
        };
        let end = session.read(&remote, offset, version.size, take).await.map_err(|error| match error {
            sftp::Error::Local(source) => self.unspooled(source),
            error => error.into(),
        })?;
        let now = session.metadata(&remote).await?.map(|metadata| version_of(&metadata));
        if end != version.size || now != Some(version) {
            let what = "was written to while it was fetched; it is fetched when it rests";
            tracing::info!(region, file = %file_name, "{file_name} {what}");
            return fs::remove_file(&part).map_err(unspooled);
        }
        spool.finish(&file, &part, name, version).map_err(unspooled)?;
        self.arrivals.notify_one();
        self.counts.files.inc();
        let bytes = version.size;
        tracing::info!(region, file = %file_name, bytes, "fetched {file_name} from {}: {bytes} bytes", self.place);
        Ok(())
    }
}

/// A file that is a table by its name, and whose name may be one of ours.
fn table(entry: &Entry) -> Option<(PathBuf, Version)> {
    let name = entry.name.as_slice();
    let plain = name.len() <= NAME_BYTES_MAX && !name.starts_with(b".") && !name.contains(&b'/') && !name.contains(&0);
    let path = PathBuf::from(OsStr::from_bytes(name));
    (plain && entry.metadata.is_file() && ends_in(&path, delimited::ENDINGS))
        .then(|| (path, version_of(&entry.metadata)))
}

fn version_of(metadata: &Metadata) -> Version {
    Version { size: metadata.size.unwrap_or(0), modified: i64::from(metadata.modified.unwrap_or(0)) * 1_000_000 }
}

fn name_of(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_of_tables_are_fetched() {
        let check = |name: &[u8], kind: u32, expected: bool| {
            let metadata = Metadata { size: Some(1), modified: Some(2), kind: Some(kind) };
            let found = table(&Entry { name: name.to_vec(), metadata });
            assert_eq!(found.is_some(), expected, "{}", String::from_utf8_lossy(name));
        };
        let (file, folder, link) = (0o100_000, 0o040_000, 0o120_000);
        check(b"a.csv", file, true);
        check(b"k\xF6er.TXT", file, true);
        check(b"a.csv", folder, false);
        check(b"a.csv", link, false);
        check(b"a.csv.part", file, false);
        check(b".a.csv", file, false);
        check(b"../a.csv", file, false);
        check(b"/etc/a.csv", file, false);
        check(b"a\0.csv", file, false);
        check(b"", file, false);
        check(&[b'a'; 300], file, false);
    }
}
