//! One region's files, by their one writer: entries are durable when [`RegionLog::append`] returns, or it says that they are not.
//!
//! What failed half-way is cut off before anything else is written, so that the file never holds what the tree does not. At a start
//! the last segment is read: an entry that a killed writer left unfinished is cut off and told; whole ones stay, answered or not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Line, Receipt};
use crate::error::Error;
use crate::field::Region;
use crate::files::{firsts, sync};
use crate::limits::{BATCH_MAX, Limits};
use crate::note::{Key, Public, notes};
use crate::segment::{self, CHECKPOINTS, Header, Segment};
use crate::tree::{Frontier, Hash};
use crate::verify::{Keys, verify};

/// A segment takes no more entries than those of about this many days: whole segments are what can be removed after five years.
const SEGMENT_DAYS: i64 = 31;
/// Hundreds of checkpoints.
const TAIL_BYTES: u64 = 64 << 10;
/// Why a log whose entries nobody has signed is not gone on from.
const NO_CHECKPOINTS: &str = "its checkpoints are gone";

/// Who writes, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The log's name without the region.
    pub(crate) name: String,
    pub(crate) key: Key,
    /// Whose earlier checkpoints are gone on from.
    pub(crate) retired: Vec<Public>,
}

impl Identity {
    pub(crate) fn origin(&self, region: Region) -> String {
        format!("{}/{region}", self.name)
    }

    fn keys(&self) -> Vec<Public> {
        [&[self.key.public()], self.retired.as_slice()].concat()
    }
}

/// A file of which the first `length` bytes are durable and ours.
struct Open {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Open {
    /// Writes behind what is durable and makes it durable; the bytes count only when it succeeds.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        // What an attempt that failed has left behind.
        let present = self.file.metadata().map_err(Error::file("look at", &self.path))?.len();
        if present < self.length {
            return Err(Error::Damaged { path: self.path.clone(), what: "it has become shorter" });
        }
        if present > self.length {
            self.file.set_len(self.length).map_err(Error::file("cut off what was not finished in", &self.path))?;
        }
        self.file.write_all(bytes).map_err(Error::file("write", &self.path))?;
        self.file.sync_data().map_err(Error::file("make durable", &self.path))?;
        // A folder that was moved away, or replaced, still takes the bytes of an open file.
        let there = fs::metadata(&self.path).map_err(Error::file("find", &self.path))?;
        let ours = self.file.metadata().map_err(Error::file("look at", &self.path))?;
        if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
            return Err(Error::Away(self.path.clone()));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// The files of one region.
pub(crate) struct RegionLog {
    region: Region,
    folder: PathBuf,
    segment: Option<Open>,
    /// When the segment's first entry was.
    began: Timestamp,
    frontier: Frontier,
    previous: Hash,
    checkpoints: Open,
    /// Entries of the last checkpoint.
    signed: u64,
}

impl RegionLog {
    /// Goes on from what is in a folder, or begins there.
    pub(crate) fn open(parent: &Path, region: Region, identity: &Identity) -> Result<Self, Error> {
        let folder = parent.join(region.to_string());
        if !folder.exists() {
            fs::create_dir(&folder).map_err(Error::file("make the folder", &folder))?;
            sync(parent)?;
        }
        let (checkpoints, last) = open_checkpoints(&folder, region, identity)?;
        let mut log = Self {
            region,
            folder,
            segment: None,
            began: Timestamp::UNIX_EPOCH,
            frontier: Frontier::default(),
            previous: Hash::of_nothing(),
            checkpoints,
            signed: last.as_ref().map_or(0, |checkpoint| checkpoint.size),
        };
        log.recover(last.as_ref(), identity)?;
        Ok(log)
    }

    /// Entries.
    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Entries behind the last checkpoint.
    pub(crate) fn unsigned(&self) -> u64 {
        self.size() - self.signed
    }

    /// Reads the last segment that is more than a header that was not finished.
    fn recover(&mut self, last: Option<&Checkpoint>, identity: &Identity) -> Result<(), Error> {
        let mut firsts = firsts(&self.folder)?;
        let mut first_read = 0;
        let mut removes = false;
        while let Some(first) = firsts.pop() {
            let path = self.folder.join(segment::name(first));
            let damaged = |what| Error::Damaged { path: path.clone(), what };
            let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
            let read = Segment::read(&bytes);
            if read.header.is_none() && read.raws.is_empty() && (!bytes.ends_with(b"\n")) {
                tracing::warn!(path = %path.display(), "a segment of the access log was begun and not finished: {} is removed", path.display());
                fs::remove_file(&path).map_err(Error::file("remove", &path))?;
                sync(&self.folder)?;
                continue;
            }
            let header = read.header.filter(|header| header.first == first && header.region == self.region);
            let header = header.ok_or_else(|| damaged("its first line is not what it was"))?;
            self.frontier = header.before().ok_or_else(|| damaged("its first line is not what it was"))?;
            self.previous = header.previous;
            first_read = first;
            let mut length = bytes.len() - read.torn.len();
            let is_signed = |frontier: &Frontier| {
                last.is_none_or(|last| last.size != frontier.size() || last.root == frontier.root())
            };
            if !is_signed(&self.frontier) {
                return Err(damaged("its tree is not the one that was signed"));
            }
            for (at, raw) in read.raws.iter().enumerate() {
                let line = raw.line.as_ref().filter(|line| {
                    line.entry == self.frontier.size() && line.previous == self.previous && line.region == self.region
                });
                let Some(line) = line else {
                    // After a crash of the machine the end of a file may be anything; in front of whole entries it may not.
                    if read.raws[at + 1..].iter().any(|raw| raw.line.is_some()) || raw.line.is_some() {
                        return Err(damaged("an entry in it is not what it was"));
                    }
                    length = raw.bytes.start;
                    break;
                };
                if self.frontier.size() == first {
                    self.began = line.time;
                }
                removes |= line.entry >= self.signed && line.removed_before().is_some();
                self.previous = raw.leaf;
                self.frontier.push(raw.leaf);
                if !is_signed(&self.frontier) {
                    return Err(damaged("its tree is not the one that was signed"));
                }
            }
            // Before anything is cut off: what is wrong stays to be seen.
            self.agree(first_read)?;
            // A removal is signed before a file goes. What nobody has signed anybody may have written.
            if removes && !self.is_whole(identity)? {
                return Err(damaged("it has a removal that is not signed, and does not verify"));
            }
            let file = OpenOptions::new().append(true).open(&path).map_err(Error::file("open", &path))?;
            if length < bytes.len() {
                let torn = bytes.len() - length;
                tracing::warn!(
                    path = %path.display(),
                    bytes = torn,
                    "the last {torn} bytes of {} are an entry that was never finished and never acknowledged; they are cut off",
                    path.display()
                );
                file.set_len(length as u64).map_err(Error::file("cut off what was not finished in", &path))?;
            }
            // What was whole and not yet durable is durable now.
            file.sync_all().map_err(Error::file("make durable", &path))?;
            self.segment = Some(Open { path, file, length: length as u64 });
            break;
        }
        self.agree(first_read)
    }

    /// Whether the log verifies.
    fn is_whole(&self, identity: &Identity) -> Result<bool, Error> {
        let keys = Keys { log: identity.keys(), witnesses: Vec::new() };
        Ok(verify(self.folder.as_path(), self.region, &keys, &[])?.wrong.is_none())
    }

    /// That the last checkpoint is of a tree that was seen.
    fn agree(&self, first_read: u64) -> Result<(), Error> {
        let what = match self.signed {
            // The first batch is signed before another is written.
            0 if self.size() > BATCH_MAX as u64 => NO_CHECKPOINTS,
            signed if signed > self.size() => "it has fewer entries than its last checkpoint",
            // A segment begins where a tree was signed.
            signed if signed < first_read => "its last checkpoint is older than its last segment",
            _ => return Ok(()),
        };
        Err(Error::Damaged { path: self.folder.clone(), what })
    }

    /// Writes entries; they are durable when it returns their places.
    pub(crate) fn append(
        &mut self,
        entries: &[&Entry],
        limits: &Limits,
        identity: &Identity,
    ) -> Result<Vec<Receipt>, Error> {
        let Some(newest) = entries.first() else { return Ok(Vec::new()) };
        let is_full = self.segment.as_ref().is_some_and(|segment| {
            segment.length >= limits.segment_bytes
                || newest.time.duration_since(self.began).as_hours() >= SEGMENT_DAYS * 24
        });
        if is_full || self.signed == 0 {
            // So that a segment begins where a tree was signed, and no log has more than a batch and no checkpoint.
            self.checkpoint(identity)?;
        }
        if is_full {
            self.segment = None;
        }
        let mut bytes = Vec::new();
        let is_new = match &mut self.segment {
            Some(segment) => segment.length == 0,
            none => {
                let path = self.folder.join(segment::name(self.frontier.size()));
                // What stands there is what an attempt of ours has left that failed.
                let file = OpenOptions::new().create(true).append(true).open(&path);
                let file = file.map_err(Error::file("make", &path))?;
                sync(&self.folder)?;
                *none = Some(Open { path, file, length: 0 });
                true
            }
        };
        if is_new {
            bytes.extend(Header::of(self.region, &self.frontier, self.previous).line());
        }
        let mut frontier = self.frontier.clone();
        let mut previous = self.previous;
        let mut receipts = Vec::with_capacity(entries.len());
        for entry in entries {
            let line = Line::of(entry, frontier.size(), previous).bytes();
            let leaf = Hash::of_leaf(&line);
            bytes.extend(line);
            bytes.push(b'\n');
            receipts.push(Receipt { region: self.region, entry: frontier.size(), leaf });
            frontier.push(leaf);
            previous = leaf;
        }
        self.segment.as_mut().expect("it was opened above").append(&bytes)?;
        if is_new {
            self.began = newest.time;
        }
        (self.frontier, self.previous) = (frontier, previous);
        Ok(receipts)
    }

    /// Signs the tree as it is, when it has grown.
    pub(crate) fn checkpoint(&mut self, identity: &Identity) -> Result<(), Error> {
        if self.unsigned() == 0 {
            return Ok(());
        }
        let origin = identity.origin(self.region);
        let checkpoint = Checkpoint { origin, size: self.size(), root: self.frontier.root() };
        let note = identity.key.sign(&checkpoint.origin, &checkpoint.to_string());
        self.checkpoints.append(format!("{note}\n").as_bytes())?;
        self.signed = self.size();
        Ok(())
    }
}

/// The file of checkpoints, without what a killed writer has left in it, and the last of them.
fn open_checkpoints(folder: &Path, region: Region, identity: &Identity) -> Result<(Open, Option<Checkpoint>), Error> {
    let path = folder.join(CHECKPOINTS);
    let is_new = !path.exists();
    // It is made before the first segment is.
    if is_new && !firsts(folder)?.is_empty() {
        return Err(Error::Damaged { path, what: NO_CHECKPOINTS });
    }
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(Error::file("open", &path))?;
    if is_new {
        sync(folder)?;
    }
    let origin = identity.origin(region);
    let whole = file.metadata().map_err(Error::file("look at", &path))?.len();
    let bytes = tail(&path, whole, &origin).map_err(Error::file("read", &path))?;
    let damaged = |what| Error::Damaged { path: path.clone(), what };
    let text = match str::from_utf8(&bytes) {
        Ok(text) => text,
        // Cut inside a letter, as the dash of a signature has three bytes.
        Err(error) if error.error_len().is_none() => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        Err(_) => return Err(damaged("its last checkpoints cannot be read")),
    };
    let (found, torn) = notes(text);
    let torn = bytes.len() - (text.len() - torn.len());
    let last = match found.last() {
        None => None,
        Some(note) => {
            let checkpoint = note.as_ref().and_then(|note| Checkpoint::signed(note, &identity.keys()));
            let what = "its last checkpoint is not signed by `key` or one of `retired`";
            let checkpoint = checkpoint.ok_or_else(|| damaged(what))?;
            if checkpoint.origin != origin {
                return Err(damaged("its last checkpoint has another name; `name` or the folder is not what it was"));
            }
            Some(checkpoint)
        }
    };
    if torn > 0 {
        tracing::warn!(path = %path.display(), "the last checkpoint in {} was not finished; it is cut off", path.display());
    }
    let length = whole - torn as u64;
    Ok((Open { path, file, length }, last))
}

/// The end of a file of checkpoints, from the begin of one on: years of them are not read at a start.
fn tail(path: &Path, length: u64, origin: &str) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    if length > TAIL_BYTES {
        file.seek(SeekFrom::Start(length - TAIL_BYTES))?;
        file.read_to_end(&mut bytes)?;
        let begin = format!("\n\n{origin}\n");
        if let Some(at) = bytes.windows(begin.len()).position(|window| window == begin.as_bytes()) {
            return Ok(bytes.split_off(at + 2));
        }
        bytes.clear();
        file.rewind()?;
    }
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
