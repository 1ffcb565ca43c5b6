//! Whether a region's log is what was signed, and if not, what is wrong first, and where. Reads only; needs no network.
//!
//! Each entry holds the leaf hash of the one before it, so a changed entry is told from its neighbours; the tree of all is
//! compared with every checkpoint, and with what a witness has countersigned, which whoever holds the log's own key cannot forge.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::checkpoint::Checkpoint;
use crate::entry::Line;
use crate::error::Error;
use crate::field::Region;
use crate::files::read_bounded;
use crate::note::{Note, Public, notes};
use crate::segment::{self, CHECKPOINTS, COUNTERSIGNED, Header, Raw, Segment};
use crate::tree::{Frontier, Hash};

/// Whose signatures count.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The log's.
    pub log: Vec<Public>,
    /// The witnesses'. Without one nothing is countersigned.
    pub witnesses: Vec<Public>,
}

/// The files of one region's log.
pub trait Stored {
    /// Their names, in any order.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn names(&self) -> io::Result<Vec<String>>;
    /// A file's bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
}

impl Stored for Path {
    fn names(&self) -> io::Result<Vec<String>> {
        fs::read_dir(self)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        read_bounded(&self.join(name))
    }
}

/// What is wrong, and where: the first thing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are numbers of entries, names of files, and places in them")]
pub enum Wrong {
    /// An entry, or a line in its place, is not what was written.
    Changed { segment: String, entry: u64, bytes: Range<usize> },
    /// Entries `from` to `to` are not there.
    Missing { from: u64, to: u64 },
    /// Another entry stands in an entry's place, and it stands elsewhere.
    Reordered { segment: String, entry: u64, found: u64 },
    /// An entry stands there again.
    Added { segment: String, entry: u64, found: u64 },
    /// The end is cut off: fewer entries than were signed.
    Truncated { there: u64, signed: u64 },
    /// Entries `from` to `to` agree with each other and not with the checkpoint behind them: they were written anew, or the last of
    /// them was changed.
    Forked { from: u64, to: u64, by: By },
    /// A segment's first line is not what was written.
    Header { segment: String },
    /// The entries before `first` are not there, and no signed entry says that they were removed.
    Beginning { first: u64 },
    /// A checkpoint, by its place in the file, from 1.
    Checkpoint { number: usize, why: &'static str },
    /// A countersigned checkpoint, likewise.
    Countersigned { number: usize, why: &'static str },
    /// Checkpoints up to what was countersigned are not there.
    CheckpointsMissing { there: u64, countersigned: u64 },
    /// The log is an earlier one than was countersigned.
    RolledBack { there: u64, countersigned: u64 },
}

/// Whose signature says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The log's own.
    Log,
    /// A witness's.
    Witness,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { segment, entry, bytes } => {
                let Range { start, end } = bytes;
                write!(f, "changed: entry {entry} is not what was written (bytes {start} to {end} of {segment})")
            }
            Self::Missing { from, to } => write!(f, "deleted: entries {from} to {to} are not there"),
            Self::Reordered { segment, entry, found } => {
                write!(f, "reordered: in {segment} entry {found} stands in the place of entry {entry}")
            }
            Self::Added { segment, entry, found } => {
                write!(f, "added: in {segment} entry {found} stands again before entry {entry}")
            }
            Self::Truncated { there, signed } => {
                write!(
                    f,
                    "truncated: {there} entries are there and {signed} were signed; entries {there} to {} are cut off",
                    signed - 1
                )
            }
            Self::Forked { from, to, by } => {
                let who = match by {
                    By::Log => "signed",
                    By::Witness => "countersigned",
                };
                write!(
                    f,
                    "forked: entries {from} to {to} are not those that were {who}; they were written anew, or the last was changed"
                )
            }
            Self::Header { segment } => write!(f, "changed: the first line of {segment} is not what was written"),
            Self::Beginning { first } => {
                write!(
                    f,
                    "deleted: entries 0 to {} are not there, and no signed entry says that they were removed",
                    first - 1
                )
            }
            Self::Checkpoint { number, why } => write!(f, "checkpoint {number} of the file {CHECKPOINTS} {why}"),
            Self::Countersigned { number, why } => write!(f, "countersigned checkpoint {number} {why}"),
            Self::CheckpointsMissing { there, countersigned } => {
                write!(
                    f,
                    "truncated: the last checkpoint is of {there} entries, and one of {countersigned} was countersigned"
                )
            }
            Self::RolledBack { there, countersigned } => {
                write!(f, "rolled back: {there} entries are there, and {countersigned} were countersigned")
            }
        }
    }
}

/// What was found of one region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first entry that is there; those before it were removed.
    pub first: u64,
    /// The entries that there are, the removed ones too, as far as they were looked at.
    pub entries: u64,
    /// The log's name, as its checkpoints have it, with the region.
    pub origin: Option<String>,
    /// Checkpoints.
    pub checkpoints: usize,
    /// Entries that the last of them is of.
    pub signed: u64,
    /// Entries that a witness has countersigned.
    pub countersigned: u64,
    /// Bytes of an entry, or of a checkpoint, that a killed writer did not finish and never acknowledged.
    pub torn: usize,
    /// What is wrong first; nothing is.
    pub wrong: Option<Wrong>,
}

/// Compares a region's log with its checkpoints and with what was countersigned: the file `countersigned` beside it and these notes.
///
/// # Errors
/// When a file cannot be read. What is wrong with it is in the report.
pub fn verify(
    stored: &(impl Stored + ?Sized),
    region: Region,
    keys: &Keys,
    countersigned: &[Note],
) -> Result<Report, Error> {
    let mut report = Report::default();
    match walk(stored, region, keys, countersigned, &mut report) {
        Ok(()) => {}
        Err(Stop::Wrong(wrong)) => report.wrong = Some(wrong),
        Err(Stop::Failed(name, source)) => return Err(Error::file("read", &PathBuf::from(name))(source)),
    }
    Ok(report)
}

/// Why the walk ends early.
enum Stop {
    Wrong(Wrong),
    Failed(String, io::Error),
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

fn read(stored: &(impl Stored + ?Sized), name: &str) -> Result<Vec<u8>, Stop> {
    stored.read(name).map_err(|error| Stop::Failed(name.to_owned(), error))
}

/// Trees that somebody has signed, by their size.
type Anchors = BTreeMap<u64, Vec<(Hash, By)>>;

fn walk(
    stored: &(impl Stored + ?Sized),
    region: Region,
    keys: &Keys,
    countersigned: &[Note],
    report: &mut Report,
) -> Result<(), Stop> {
    let names = stored.names().map_err(|error| Stop::Failed(region.to_string(), error))?;
    let has = |name: &str| names.iter().any(|found| found == name);
    let mut anchors = Anchors::new();
    if has(CHECKPOINTS) {
        checkpoints(&read(stored, CHECKPOINTS)?, region, keys, &mut anchors, report)?;
    }
    let mut known = countersigned.to_vec();
    if has(COUNTERSIGNED) && !keys.witnesses.is_empty() {
        let text = String::from_utf8_lossy(&read(stored, COUNTERSIGNED)?).into_owned();
        let (found, torn) = notes(&text);
        let why = "cannot be read";
        let number = found.len() + 1;
        if !torn.is_empty() {
            return Err(Wrong::Countersigned { number, why }.into());
        }
        for (note, number) in found.into_iter().zip(1..) {
            known.push(note.ok_or(Wrong::Countersigned { number, why })?);
        }
    }
    witnessed(&known, region, keys, &mut anchors, report)?;
    let mut firsts: Vec<u64> = names.iter().filter_map(|name| segment::first(name)).collect();
    firsts.sort_unstable();
    let mut walk = Walk {
        region,
        anchors: &anchors,
        frontier: Frontier::default(),
        previous: Hash::of_nothing(),
        last: None,
        good: 0,
        witnessed: 0,
        removed: 0,
    };
    let rest = |after: usize| -> Result<Vec<Segment>, Stop> {
        firsts[after..].iter().map(|first| Ok(Segment::read(&read(stored, &segment::name(*first))?))).collect()
    };
    let load = |at: usize| -> Result<Option<Segment>, Stop> {
        let Some(first) = firsts.get(at) else { return Ok(None) };
        Ok(Some(Segment::read(&read(stored, &segment::name(*first))?)))
    };
    let mut next = load(0)?;
    for (at, first) in firsts.iter().enumerate() {
        let name = segment::name(*first);
        let Some(segment) = next.take() else { break };
        let is_last = at + 1 == firsts.len();
        if is_last && segment.header.is_none() && segment.raws.is_empty() && !segment.torn.is_empty() {
            report.torn += segment.torn.len();
            break;
        }
        if at == 0 && *first > 0 {
            walk.begin(*first, segment.header.as_ref())?;
            report.first = *first;
        } else {
            walk.header(*first, &name, segment.header.as_ref())?;
        }
        next = load(at + 1)?;
        // Number and leaf hash of the last entry, as the next segment has them.
        let claimed = next.as_ref().and_then(|next| next.header.as_ref()).map(|header| (header.first, header.previous));
        let stood = walk.entries(&name, &segment.raws, claimed, || rest(at + 1));
        report.entries = walk.frontier.size();
        stood?;
        if !segment.torn.is_empty() && !is_last {
            return Err(Wrong::Changed { segment: name, entry: walk.frontier.size(), bytes: segment.torn }.into());
        }
        report.torn += segment.torn.len();
    }
    let there = walk.frontier.size();
    report.entries = there;
    if report.signed > there {
        return Err(Wrong::Truncated { there, signed: report.signed }.into());
    }
    if report.countersigned > there {
        return Err(Wrong::RolledBack { there, countersigned: report.countersigned }.into());
    }
    if report.countersigned > report.signed {
        return Err(Wrong::CheckpointsMissing { there: report.signed, countersigned: report.countersigned }.into());
    }
    if report.first > walk.removed {
        return Err(Wrong::Beginning { first: report.first }.into());
    }
    Ok(())
}

/// The log's own checkpoints: signed, of this region, each of more entries than the one before.
fn checkpoints(
    bytes: &[u8],
    region: Region,
    keys: &Keys,
    anchors: &mut Anchors,
    report: &mut Report,
) -> Result<(), Wrong> {
    let (text, valid) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => {
            let whole = &bytes[..error.valid_up_to()];
            // Cut inside a letter, as the dash of a signature has three bytes.
            (std::str::from_utf8(whole).unwrap_or_default(), error.error_len().is_none())
        }
    };
    let (found, torn) = notes(text);
    for (note, number) in found.iter().zip(1..) {
        let wrong = |why| Wrong::Checkpoint { number, why };
        let note = note.as_ref().ok_or_else(|| wrong("cannot be read"))?;
        let checkpoint = Checkpoint::signed(note, &keys.log)
            .ok_or_else(|| wrong("was changed: it is not signed by the log's key"))?;
        if !checkpoint.is_of(region) || report.origin.as_ref().is_some_and(|name| *name != checkpoint.origin) {
            return Err(wrong("is of another log"));
        }
        if checkpoint.size <= report.signed {
            return Err(wrong(
                "is of no more entries than the one before it: they are in another order, or one stands twice",
            ));
        }
        report.signed = checkpoint.size;
        report.checkpoints += 1;
        anchors.entry(checkpoint.size).or_default().push((checkpoint.root, By::Log));
        report.origin = Some(checkpoint.origin);
    }
    if !(valid && is_unfinished(torn)) {
        return Err(Wrong::Checkpoint { number: found.len() + 1, why: "cannot be read" });
    }
    report.torn += bytes.len() - (text.len() - torn.len());
    Ok(())
}

/// Whether this is the beginning of a checkpoint that a killed writer left, and not one that was changed.
fn is_unfinished(text: &str) -> bool {
    match text.split_once("\n\n") {
        None => text.matches('\n').count() <= 3,
        Some((body, signature)) => {
            Checkpoint::parse(&format!("{body}\n")).is_some()
                && match signature.split_once('\n') {
                    None => true,
                    Some((_, behind)) => behind.is_empty() && Note::parse(text).is_some(),
                }
        }
    }
}

fn witnessed(
    known: &[Note],
    region: Region,
    keys: &Keys,
    anchors: &mut Anchors,
    report: &mut Report,
) -> Result<(), Wrong> {
    for (note, number) in known.iter().zip(1..) {
        let wrong = |why| Wrong::Countersigned { number, why };
        let checkpoint = Checkpoint::parse(&note.text).ok_or_else(|| wrong("cannot be read"))?;
        if !checkpoint.is_of(region) {
            continue;
        }
        if note.countersigned(&keys.witnesses).is_none() {
            return Err(wrong("was changed: it is not countersigned by a witness's key"));
        }
        report.countersigned = report.countersigned.max(checkpoint.size);
        anchors.entry(checkpoint.size).or_default().push((checkpoint.root, By::Witness));
    }
    Ok(())
}

/// How far the walk has come.
struct Walk<'a> {
    region: Region,
    anchors: &'a Anchors,
    frontier: Frontier,
    /// The leaf hash of the last entry.
    previous: Hash,
    /// The last entry's place in its segment, and the tree before it.
    last: Option<(String, Range<usize>, Frontier)>,
    /// Entries that a signature was seen to cover.
    good: u64,
    /// Entries that a witness's was.
    witnessed: u64,
    /// Entries that the log says, signed, were removed.
    removed: u64,
}

impl Walk<'_> {
    /// The first segment, where those before it were removed.
    fn begin(&mut self, first: u64, header: Option<&Header>) -> Result<(), Wrong> {
        let wrong = || Wrong::Header { segment: segment::name(first) };
        let header = header.filter(|header| header.first == first && header.region == self.region).ok_or_else(wrong)?;
        let before = header.before().ok_or_else(wrong)?;
        match self.anchors.get(&first) {
            Some(anchors) if anchors.iter().all(|(root, _)| *root == before.root()) => {}
            Some(_) => return Err(wrong()),
            None => return Err(Wrong::Beginning { first }),
        }
        (self.frontier, self.previous, self.good) = (before, header.previous, first);
        Ok(())
    }

    /// Another segment goes on where the one before it ended.
    fn header(&self, first: u64, name: &str, header: Option<&Header>) -> Result<(), Wrong> {
        let size = self.frontier.size();
        if first > size {
            return Err(Wrong::Missing { from: size, to: first - 1 });
        }
        let segment = name.to_owned();
        if first < size {
            return Err(Wrong::Added { segment, entry: size, found: first });
        }
        let expected = Header::of(self.region, &self.frontier, self.previous);
        if header == Some(&expected) { Ok(()) } else { Err(Wrong::Header { segment }) }
    }

    fn entries(
        &mut self,
        name: &str,
        raws: &[Raw],
        claimed: Option<(u64, Hash)>,
        rest: impl Fn() -> Result<Vec<Segment>, Stop>,
    ) -> Result<(), Stop> {
        for (at, raw) in raws.iter().enumerate() {
            let next = raws.get(at + 1);
            // What follows says of this entry; after the last of a segment, the next one's first line.
            let said = if let Some(next) = next {
                next.line.as_ref().map(|line| line.previous)
            } else {
                claimed.map(|(_, previous)| previous)
            };
            let entry = self.frontier.size();
            let changed = || Wrong::Changed { segment: name.to_owned(), entry, bytes: raw.bytes.clone() };
            let line = raw.line.as_ref().filter(|line| line.region == self.region).ok_or_else(changed)?;
            if line.entry != entry {
                let later = raws[at + 1..].iter().any(|raw| is_entry(raw, entry));
                let is_later =
                    later || rest()?.iter().flat_map(|segment| &segment.raws).any(|raw| is_entry(raw, entry));
                let follows = match next {
                    Some(next) => is_entry(next, entry + 1),
                    None => claimed.map_or_else(|| self.signed() == entry + 1, |(first, _)| first == entry + 1),
                };
                let (segment, found) = (name.to_owned(), line.entry);
                return Err(match found > entry {
                    true if is_later => Wrong::Reordered { segment, entry, found },
                    _ if follows => changed(),
                    true => Wrong::Missing { from: entry, to: found - 1 },
                    false => Wrong::Added { segment, entry, found },
                }
                .into());
            }
            if line.previous != self.previous {
                return Err(self.blame(name, raw, line, said).into());
            }
            // What nobody has signed anybody may have written.
            if entry < self.signed() {
                self.removed = self.removed.max(line.removed_before().unwrap_or_default());
            }
            self.last = Some((name.to_owned(), raw.bytes.clone(), self.frontier.clone()));
            self.frontier.push(raw.leaf);
            self.previous = raw.leaf;
            self.compare(said)?;
        }
        Ok(())
    }

    /// Entries of the last checkpoint.
    fn signed(&self) -> u64 {
        self.anchors.last_key_value().map_or(0, |(size, _)| *size)
    }

    /// Compares the tree with what was signed of just so many entries.
    fn compare(&mut self, said: Option<Hash>) -> Result<(), Wrong> {
        let size = self.frontier.size();
        let Some(anchors) = self.anchors.get(&size) else { return Ok(()) };
        let root = self.frontier.root();
        let Some((other, by)) = anchors.iter().find(|(other, _)| *other != root) else {
            self.good = size;
            if anchors.iter().any(|(_, by)| *by == By::Witness) {
                self.witnessed = size;
            }
            return Ok(());
        };
        // Whoever has the log's own key signs what it has written anew.
        let good = if *by == By::Log { self.good } else { self.witnessed };
        if let Some((segment, bytes, before)) = &self.last {
            let with = |leaf: Hash| {
                let mut tree = before.clone();
                tree.push(leaf);
                tree.root()
            };
            if good + 1 == size || said.is_some_and(|said| with(said) == *other) {
                return Err(Wrong::Changed { segment: segment.clone(), entry: size - 1, bytes: bytes.clone() });
            }
        }
        Err(Wrong::Forked { from: good, to: size - 1, by: *by })
    }

    /// Which of two neighbours that do not agree was changed: the one before this, or this.
    fn blame(&self, name: &str, raw: &Raw, line: &Line, said: Option<Hash>) -> Wrong {
        let entry = line.entry;
        let this = Wrong::Changed { segment: name.to_owned(), entry, bytes: raw.bytes.clone() };
        let Some((segment, bytes, before)) = &self.last else { return this };
        let earlier = Wrong::Changed { segment: segment.clone(), entry: entry - 1, bytes: bytes.clone() };
        match said {
            // The one before is covered by a signature.
            Some(said) if self.good == entry && said == raw.leaf => {
                let to = self.anchors.range(entry + 1..).next().map_or(entry, |(size, _)| size - 1);
                Wrong::Forked { from: entry, to, by: By::Log }
            }
            _ if self.good == entry => this,
            Some(said) if said == raw.leaf => earlier,
            Some(_) => this,
            // The last entry: what it says of the one before it is right when the tree is the signed one with it.
            None => {
                let mut tree = before.clone();
                tree.push(line.previous);
                tree.push(raw.leaf);
                let is_signed = self.anchors.get(&(entry + 1)).is_some_and(|anchors| anchors[0].0 == tree.root());
                if is_signed { earlier } else { this }
            }
        }
    }
}

fn is_entry(raw: &Raw, entry: u64) -> bool {
    raw.line.as_ref().is_some_and(|line| line.entry == entry)
}

#[cfg(test)]
mod tests;
