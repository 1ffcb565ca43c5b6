//! Proofs that leave the machine: that an entry stands in the log, and that one checkpoint's log is the beginning of another's.
//!
//! A proof has the checkpoint that it is about with its signatures; whoever has the log's public key needs nothing else.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::entry::Line;
use crate::error::Error;
use crate::field::Region;
use crate::files::{firsts, read_bounded};
use crate::note::{Note, Public, notes};
use crate::segment::{self, CHECKPOINTS, COUNTERSIGNED, Segment};
use crate::tree::{Hash, Leaves, consistency_holds, inclusion_holds};

/// A proof, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Proof {
    /// That an entry stands in the log of a checkpoint.
    Inclusion {
        /// The checkpoint's note.
        checkpoint: String,
        /// The entry's bytes.
        line: String,
        /// RFC 9162, 2.1.3.
        path: Vec<Hash>,
    },
    /// That the log of a checkpoint is the beginning of that of another.
    Consistency {
        /// The earlier checkpoint's note; nothing for the log without entries.
        old: Option<String>,
        /// The later checkpoint's note.
        checkpoint: String,
        /// RFC 9162, 2.1.4.
        path: Vec<Hash>,
    },
}

/// Why a proof does not hold, or cannot be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unproven {
    /// A text of it is not what it should be.
    #[error("the {0} in it cannot be read")]
    Unreadable(&'static str),
    /// Nobody who is trusted has signed it.
    #[error("the {0} in it is not signed by the log's key")]
    Unsigned(&'static str),
    /// No trusted witness has countersigned it.
    #[error("the checkpoint in it is not countersigned by the witness's key")]
    NotCountersigned,
    /// The hashes do not lead to the checkpoint.
    #[error("the hashes in it do not lead from {0} to the checkpoint")]
    Broken(&'static str),
    /// There is no checkpoint to prove it by.
    #[error("there is no checkpoint of {0}")]
    NoCheckpoint(String),
    /// The entry was removed, or is not there.
    #[error("{0} was removed, or is not there")]
    Removed(String),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] Error),
}

/// Proves that an entry stands in the log: by the latest countersigned checkpoint that has it, else by the log's latest.
///
/// # Errors
/// When there is no checkpoint that has it, it was removed, or a file cannot be read.
pub fn prove_inclusion(folder: &Path, region: Region, entry: u64) -> Result<Proof, Unproven> {
    let place = place(folder, region)?;
    let having = |file: &str| -> Result<Option<(Note, Checkpoint)>, Error> {
        Ok(signed_in(&place, file)?.into_iter().rfind(|(_, checkpoint)| checkpoint.size > entry))
    };
    let found = match having(COUNTERSIGNED)? {
        Some(found) => Some(found),
        None => having(CHECKPOINTS)?,
    };
    let (note, checkpoint) = found.ok_or_else(|| Unproven::NoCheckpoint(format!("entry {entry} yet")))?;
    let (leaves, line) = load(&place, Some(entry))?;
    let removed = || Unproven::Removed(format!("entry {entry}"));
    let line = line.ok_or_else(removed)?;
    let path = leaves.inclusion(entry, checkpoint.size).ok_or_else(removed)?;
    Ok(Proof::Inclusion { checkpoint: note.to_string(), line, path })
}

/// Proves that the checkpoint of `old` entries (0 for the log without any) is of the beginning of that of `new`, without which the
/// latest is meant.
///
/// # Errors
/// When there are no such checkpoints, what is needed was removed, or a file cannot be read.
pub fn prove_consistency(folder: &Path, region: Region, old: u64, new: Option<u64>) -> Result<Proof, Unproven> {
    let place = place(folder, region)?;
    let known = signed_in(&place, CHECKPOINTS)?;
    let of = |size: u64| {
        let found = known.iter().find(|(_, checkpoint)| checkpoint.size == size);
        found.ok_or_else(|| Unproven::NoCheckpoint(format!("{size} entries")))
    };
    let (note, checkpoint) = match new {
        Some(size) => of(size)?,
        None => known.last().ok_or_else(|| Unproven::NoCheckpoint(format!("region {region}")))?,
    };
    let before = if old == 0 { None } else { Some(of(old)?.0.to_string()) };
    let (leaves, _) = load(&place, None)?;
    let path = leaves.consistency(old, checkpoint.size);
    let path = path.ok_or_else(|| Unproven::Removed(format!("what the log of {old} entries ended with")))?;
    Ok(Proof::Consistency { old: before, checkpoint: note.to_string(), path })
}

impl Proof {
    /// Checks it by the log's keys alone, and with `witnesses` by one of theirs too; gives what it is about.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn check(&self, keys: &[Public], witnesses: &[Public]) -> Result<Checkpoint, Unproven> {
        let (Self::Inclusion { checkpoint, path, .. } | Self::Consistency { checkpoint, path, .. }) = self;
        let (note, new) = signed(checkpoint, "checkpoint", keys)?;
        if !witnesses.is_empty() && note.countersigned(witnesses).is_none() {
            return Err(Unproven::NotCountersigned);
        }
        match self {
            Self::Inclusion { line, .. } => {
                let entry = Line::read(line.as_bytes()).ok_or(Unproven::Unreadable("entry"))?;
                let leaf = Hash::of_leaf(line.as_bytes());
                if !new.is_of(entry.region) || !inclusion_holds(leaf, entry.entry, new.size, path, new.root) {
                    return Err(Unproven::Broken("the entry"));
                }
            }
            Self::Consistency { old, .. } => {
                let (size, root) = match old {
                    None => (0, Hash::of_nothing()),
                    Some(old) => {
                        let (_, old) = signed(old, "earlier checkpoint", keys)?;
                        if old.origin != new.origin {
                            return Err(Unproven::Broken("a checkpoint of another log"));
                        }
                        (old.size, old.root)
                    }
                };
                if !consistency_holds(size, root, new.size, new.root, path) {
                    return Err(Unproven::Broken("the earlier checkpoint"));
                }
            }
        }
        Ok(new)
    }
}

fn signed(text: &str, what: &'static str, keys: &[Public]) -> Result<(Note, Checkpoint), Unproven> {
    let note = Note::parse(text).ok_or(Unproven::Unreadable(what))?;
    let checkpoint = Checkpoint::signed(&note, keys).ok_or(Unproven::Unsigned(what))?;
    Ok((note, checkpoint))
}

fn place(folder: &Path, region: Region) -> Result<std::path::PathBuf, Error> {
    let place = folder.join(region.to_string());
    if place.is_dir() { Ok(place) } else { Err(Error::NoRegion { folder: folder.to_owned(), region }) }
}

/// The checkpoints of a file; none where it is not there. Signatures are looked at by whoever checks the proof.
fn signed_in(place: &Path, file: &str) -> Result<Vec<(Note, Checkpoint)>, Error> {
    let path = place.join(file);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let of = |note: Note| Checkpoint::parse(&note.text).map(|checkpoint| (note, checkpoint));
    Ok(notes(&text).0.into_iter().flatten().filter_map(of).collect())
}

/// The tree of all entries, and the bytes of one.
fn load(place: &Path, wanted: Option<u64>) -> Result<(Leaves, Option<String>), Error> {
    let mut leaves = Leaves::default();
    let mut line = None;
    for first in firsts(place)? {
        let path = place.join(segment::name(first));
        let bytes = read_bounded(&path).map_err(Error::file("read", &path))?;
        let segment = Segment::read(&bytes);
        if leaves.size() == 0
            && let Some(start) = segment.header.as_ref().and_then(|header| header.before())
        {
            leaves.start = start;
        }
        for raw in &segment.raws {
            if wanted == Some(leaves.size()) {
                line = String::from_utf8(bytes[raw.bytes.clone()].to_vec()).ok();
            }
            leaves.hashes.push(raw.leaf);
        }
    }
    Ok((leaves, line))
}
