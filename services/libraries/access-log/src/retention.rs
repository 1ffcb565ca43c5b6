//! Removing entries that are old enough: whole segments from the beginning, and the log says so in an entry of its own.
//!
//! What remains is verified as before: a segment's first line has the tree of all before it, and a checkpoint of just so many entries
//! is signed.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::entry::{Action, Entry, Line, Outcome, REMOVED};
use crate::error::Error;
use crate::field::{Region, Text, system_user};
use crate::files::{firsts, read_bounded};
use crate::limits::Limits;
use crate::log::lock;
use crate::note::{Key, Public};
use crate::region_log::{Identity, RegionLog};
use crate::segment::{self, Segment};
use crate::verify::{Keys, verify};

/// HSLF-FS 2016:40, 4 kap. 9 § 7: kept for at least so many years.
pub const YEARS_MIN: i64 = 5;

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The first entry that is left.
    pub first: u64,
    /// The files.
    pub segments: Vec<PathBuf>,
}

/// Removes the segments whose every entry is from before a time that is at least five years ago.
///
/// The log must verify. No other process may write it.
///
/// # Errors
/// When entries would be too young, the log does not verify, or a file cannot be removed. What an interrupted run has left is
/// removed by the next.
pub fn remove(
    folder: &Path,
    region: Region,
    name: &str,
    key: &Key,
    retired: &[Public],
    before: Timestamp,
    now: Timestamp,
) -> Result<Removed, Error> {
    let young =
        now.to_zoned(TimeZone::UTC).checked_sub(YEARS_MIN.years()).map_or(Timestamp::MIN, |young| young.timestamp());
    if before > young {
        return Err(Error::Kept("entries are kept for at least five years; give an earlier day"));
    }
    let _lock = lock(folder)?;
    let place = folder.join(region.to_string());
    if !place.is_dir() {
        return Err(Error::NoRegion { folder: folder.to_owned(), region });
    }
    let keys = Keys { log: [&[key.public()], retired].concat(), witnesses: Vec::new() };
    if verify(place.as_path(), region, &keys, &[])?.wrong.is_some() {
        return Err(Error::Kept("the log does not verify; `access-log verify` names the place"));
    }
    let (first, segments) = old(&place, before)?;
    if segments.is_empty() {
        return Ok(Removed { first, segments });
    }
    let identity = Identity { name: name.to_owned(), key: key.clone(), retired: retired.to_vec() };
    let mut log = RegionLog::open(folder, region, &identity)?;
    log.append(&[&entry(region, first, now)], &Limits::default(), &identity)?;
    log.checkpoint(&identity)?;
    for path in &segments {
        fs::remove_file(path).map_err(Error::file("remove", path))?;
    }
    Ok(Removed { first, segments })
}

/// The segments from the beginning whose every entry is older, the last one excepted, and the first entry behind them.
fn old(place: &Path, before: Timestamp) -> Result<(u64, Vec<PathBuf>), Error> {
    let firsts = firsts(place)?;
    let mut removed = Vec::new();
    for first in firsts.iter().take(firsts.len().saturating_sub(1)) {
        let path = place.join(segment::name(*first));
        let bytes = read_bounded(&path).map_err(Error::file("read", &path))?;
        let is_old = |line: &Line| line.time < before;
        if !Segment::read(&bytes).raws.iter().all(|raw| raw.line.as_ref().is_some_and(is_old)) {
            break;
        }
        removed.push(path);
    }
    Ok((firsts.get(removed.len()).copied().unwrap_or_default(), removed))
}

fn entry(region: Region, first: u64, now: Timestamp) -> Entry {
    let text = |text: &str| Text::new(text).expect("a text of ours");
    Entry {
        action: Action::Remove,
        care_unit: text("access log"),
        commission: None,
        dataset: text("access-log"),
        digest: None,
        ground: text("HSLF-FS 2016:40, 4 kap. 9 §: kept for five years"),
        person: None,
        recipient: None,
        region,
        resource: text(&format!("{REMOVED}{first}")),
        result: Outcome::Allowed,
        role: text("system"),
        rows: None,
        time: now,
        user: system_user("access-log"),
    }
}
