//! Every way in which a log can be altered is found, and named at its place.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use super::{By, Keys, Stored, Wrong, verify};
use crate::checkpoint::Checkpoint;
use crate::entry::tests::entry;
use crate::entry::{Action, Entry, Line, REMOVED};
use crate::error::Error;
use crate::field::{Region, Text};
use crate::files::firsts;
use crate::limits::{BATCH_MAX, Limits};
use crate::note::{Key, Note, notes};
use crate::region_log::{Identity, RegionLog};
use crate::segment::{self, CHECKPOINTS, Header, Segment};
use crate::tree::{Frontier, Hash};

const ENTRIES: u64 = 200;
/// Of random mutations, which the issue asks for.
const MUTATIONS: u64 = 10_000;

type Files = BTreeMap<String, Vec<u8>>;

impl Stored for Files {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn key(n: u8) -> Key {
    Key::parse(&format!("{n:02x}").repeat(32)).unwrap()
}

fn region() -> Region {
    Region::new("14").unwrap()
}

fn identity() -> Identity {
    Identity { name: "test".to_owned(), key: key(1), retired: Vec::new() }
}

/// A log as the writer makes it: segments of some twenty entries, checkpoints at other places, each third countersigned.
struct Made {
    files: Files,
    keys: Keys,
    witnessed: Vec<Note>,
}

fn made() -> Made {
    let folder = tempfile::tempdir().unwrap();
    let mut log = RegionLog::open(folder.path(), region(), &identity()).unwrap();
    let limits = Limits { segment_bytes: 12_000, ..Limits::default() };
    for n in 0..ENTRIES {
        log.append(&[&entry(region(), n)], &limits, &identity()).unwrap();
        if n % 7 == 6 || n + 1 == ENTRIES {
            log.checkpoint(&identity()).unwrap();
        }
    }
    let place = folder.path().join("14");
    let files: Files =
        place.names().unwrap().into_iter().map(|name| (name.clone(), place.as_path().read(&name).unwrap())).collect();
    assert!(files.len() > 6, "{:?}", files.keys());
    let text = String::from_utf8(files[CHECKPOINTS].clone()).unwrap();
    let mut witnessed: Vec<Note> = notes(&text).0.into_iter().map(Option::unwrap).rev().step_by(3).collect();
    witnessed.reverse();
    witnessed.iter_mut().for_each(|note| key(2).countersign("region-14", 1, note));
    Made { files, keys: Keys { log: vec![key(1).public()], witnesses: vec![key(2).public()] }, witnessed }
}

impl Made {
    fn wrong(&self, files: &Files) -> Option<Wrong> {
        verify(files, region(), &self.keys, &self.witnessed).unwrap().wrong
    }

    fn segments(&self) -> Vec<String> {
        self.files.keys().filter(|name| segment::first(name).is_some()).cloned().collect()
    }
}

/// xorshift64*: a seed replays a run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Where something was altered: what may be named for it.
#[derive(Debug)]
enum Touched {
    /// A line of a segment: the header's is none of an entry.
    Line {
        segment: String,
        entry: Option<u64>,
    },
    Checkpoints {
        first: usize,
        last: usize,
    },
    Rewritten {
        from: u64,
        with_key: bool,
    },
    Gone {
        from: u64,
    },
    RolledBack,
}

impl Touched {
    fn is_named_by(&self, wrong: &Wrong) -> bool {
        match (self, wrong) {
            (Self::Line { segment, entry: None }, Wrong::Header { segment: named }) => named == segment,
            // What is left of a last segment that was cut in its first line.
            (Self::Line { segment, entry: None }, Wrong::Truncated { there, .. }) => {
                segment::first(segment) == Some(*there)
            }
            (Self::Line { entry: Some(entry), .. }, wrong) => match wrong {
                Wrong::Changed { entry: named, .. }
                | Wrong::Reordered { entry: named, .. }
                | Wrong::Added { entry: named, .. }
                | Wrong::Missing { from: named, .. }
                | Wrong::Truncated { there: named, .. } => named == entry,
                // Of the very last entry nothing behind it says what it was.
                Wrong::Forked { from, to, .. } => *entry + 1 == ENTRIES && (*from..=*to).contains(entry),
                _ => false,
            },
            (Self::Checkpoints { first, last }, Wrong::Checkpoint { number, .. }) => (*first..=*last).contains(number),
            (Self::Checkpoints { .. }, Wrong::CheckpointsMissing { .. }) => true,
            (Self::Rewritten { from, with_key }, Wrong::Forked { from: begin, to, by }) => {
                (*begin..=*to).contains(from) && (*by == By::Witness) == *with_key
            }
            (Self::Rewritten { from, .. }, Wrong::Changed { entry, .. }) => entry == from,
            (Self::Gone { from: 0 }, Wrong::Beginning { .. }) => true,
            (Self::Gone { from }, Wrong::Missing { from: named, .. } | Wrong::Truncated { there: named, .. }) => {
                named == from
            }
            (Self::RolledBack, Wrong::RolledBack { .. }) => true,
            _ => false,
        }
    }
}

/// The line of a segment that holds a byte.
fn line_of(name: &str, bytes: &[u8], at: usize) -> Touched {
    let lines = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
    let entry = lines.checked_sub(1).map(|line| segment::first(name).unwrap() + line);
    Touched::Line { segment: name.to_owned(), entry }
}

/// The lines of a segment with their ends, and back.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Writes the entries from one on anew, as somebody who knows the format does; with the log's key also the checkpoints.
fn forge(files: &Files, from: u64, with_key: bool) -> Files {
    let mut forged = files.clone();
    let mut frontier = Frontier::default();
    let mut previous = Hash::of_nothing();
    let mut roots = BTreeMap::new();
    for (name, bytes) in files.iter().filter(|(name, _)| segment::first(name).is_some()) {
        let mut anew = Header::of(region(), &frontier, previous).line();
        for raw in Segment::read(bytes).raws {
            let line = raw.line.unwrap();
            let user = if line.entry >= from { "somebody else".to_owned() } else { line.user.clone() };
            let bytes = Line { user, previous, ..line }.bytes();
            previous = Hash::of_leaf(&bytes);
            frontier.push(previous);
            roots.insert(frontier.size(), frontier.root());
            anew.extend(bytes);
            anew.push(b'\n');
        }
        forged.insert(name.clone(), anew);
    }
    if with_key {
        let text = String::from_utf8(files[CHECKPOINTS].clone()).unwrap();
        let mut anew = String::new();
        for note in notes(&text).0.into_iter().flatten() {
            let old = Checkpoint::parse(&note.text).unwrap();
            let checkpoint = Checkpoint { root: roots[&old.size], ..old };
            anew.push_str(&format!("{}\n", key(1).sign(&checkpoint.origin, &checkpoint.to_string())));
        }
        forged.insert(CHECKPOINTS.to_owned(), anew.into_bytes());
    }
    forged
}

/// One random alteration, and where it is.
fn alter(made: &Made, random: &mut Random) -> (Files, Touched) {
    let mut files = made.files.clone();
    let segments = made.segments();
    let name = random.pick(&segments).clone();
    let first = segment::first(&name).unwrap();
    let bytes = files[&name].clone();
    match random.below(12) {
        // Flip a byte of a segment.
        0..=2 => {
            let at = random.below(bytes.len());
            files.get_mut(&name).unwrap()[at] ^= 1 + random.below(255) as u8;
            (files, line_of(&name, &bytes, at))
        }
        // Flip a byte of a checkpoint.
        3 => {
            let checkpoints = files.get_mut(CHECKPOINTS).unwrap();
            let at = random.below(checkpoints.len());
            // Each note has two empty lines.
            let before = checkpoints[..at].windows(2).filter(|pair| pair == b"\n\n").count() / 2 + 1;
            checkpoints[at] ^= 1 + random.below(255) as u8;
            (files, Touched::Checkpoints { first: before.saturating_sub(1), last: before + 1 })
        }
        // Delete an entry.
        4 => {
            let mut lines = lines(&bytes);
            let at = 1 + random.below(lines.len() - 1);
            lines.remove(at);
            files.insert(name, lines.concat());
            (files, Touched::Gone { from: first + at as u64 - 1 }).normalised()
        }
        // Put an entry there once more.
        5 => {
            let mut lines = lines(&bytes);
            let (from, to) = (1 + random.below(lines.len() - 1), 1 + random.below(lines.len()));
            let again = lines[from].clone();
            lines.insert(to, again);
            files.insert(name.clone(), lines.concat());
            // Beside itself it is the second of two that are alike.
            let place = if to == from { to + 1 } else { to };
            (files, Touched::Line { segment: name, entry: Some(first + place as u64 - 1) })
        }
        // Exchange two entries.
        6 => {
            let other = random.pick(&segments).clone();
            let (mut one, mut two) = (lines(&bytes), lines(&files[&other]));
            let (a, b) = (1 + random.below(one.len() - 1), 1 + random.below(two.len() - 1));
            let entries = [first + a as u64 - 1, segment::first(&other).unwrap() + b as u64 - 1];
            if name == other {
                one.swap(a, b);
            } else {
                std::mem::swap(&mut one[a], &mut two[b]);
                files.insert(other, two.concat());
            }
            files.insert(name.clone(), one.concat());
            (files, Touched::Line { segment: name, entry: entries.into_iter().min() })
        }
        // Cut a segment off.
        7 => {
            let at = random.below(bytes.len());
            files.insert(name.clone(), bytes[..at].to_vec());
            let touched = line_of(&name, &bytes, at);
            (files, touched)
        }
        // Delete a segment.
        8 => {
            files.remove(&name);
            (files, Touched::Gone { from: first })
        }
        // Write it anew from somewhere on.
        9 => {
            let from = random.below(ENTRIES as usize) as u64;
            (forge(&files, from, false), Touched::Rewritten { from, with_key: false })
        }
        // The same by the log's own keeper.
        10 => {
            let from = random.below(ENTRIES as usize) as u64;
            (forge(&files, from, true), Touched::Rewritten { from, with_key: true })
        }
        // An earlier state of everything; or of the checkpoints; or two of them exchanged.
        _ => {
            let text = String::from_utf8(files[CHECKPOINTS].clone()).unwrap();
            let mut all: Vec<Note> = notes(&text).0.into_iter().flatten().collect();
            let keep = 1 + random.below(all.len() - 1);
            let joined = |notes: &[Note]| notes.iter().map(|note| format!("{note}\n")).collect::<String>().into_bytes();
            match random.below(3) {
                0 => {
                    let size = Checkpoint::parse(&all[keep - 1].text).unwrap().size;
                    files.insert(CHECKPOINTS.to_owned(), joined(&all[..keep]));
                    for name in &segments {
                        let first = segment::first(name).unwrap();
                        match size.saturating_sub(first) {
                            0 => drop(files.remove(name)),
                            left => drop(files.insert(
                                name.clone(),
                                lines(&files[name]).into_iter().take(left as usize + 1).flatten().collect(),
                            )),
                        }
                    }
                    (files, Touched::RolledBack)
                }
                1 => {
                    files.insert(CHECKPOINTS.to_owned(), joined(&all[..keep]));
                    (files, Touched::Checkpoints { first: keep, last: keep })
                }
                _ => {
                    all.swap(keep - 1, keep);
                    files.insert(CHECKPOINTS.to_owned(), joined(&all));
                    (files, Touched::Checkpoints { first: keep, last: keep + 1 })
                }
            }
        }
    }
}

trait Normalised {
    fn normalised(self) -> Self;
}

impl Normalised for (Files, Touched) {
    /// A deleted first entry is missing; only a deleted first segment is a beginning that is gone.
    fn normalised(self) -> Self {
        match self {
            (files, Touched::Gone { from: 0 }) => (files, Touched::Line { segment: segment::name(0), entry: Some(0) }),
            other => other,
        }
    }
}

#[test]
fn ten_thousand_of_ten_thousand_alterations_are_found_and_named() {
    let made = made();
    assert_eq!(made.wrong(&made.files), None);
    let seed = 0x5EED_0BAD_CAFE_F00D;
    let mut random = Random(seed);
    let mut altered = 0;
    while altered < MUTATIONS {
        let (files, touched) = alter(&made, &mut random);
        if files == made.files {
            continue;
        }
        altered += 1;
        let wrong = made.wrong(&files).unwrap_or_else(|| panic!("seed {seed}, {altered}: {touched:?} is not found"));
        assert!(touched.is_named_by(&wrong), "seed {seed}, {altered}: {touched:?} is named {wrong:?}");
        assert!(!wrong.to_string().contains("SE23"), "{wrong}");
    }
}

#[test]
fn without_a_witness_a_log_that_its_keeper_has_written_anew_is_not_told() {
    let made = made();
    let forged = forge(&made.files, 50, true);
    let keys = Keys { witnesses: Vec::new(), ..made.keys.clone() };
    assert_eq!(verify(&forged, region(), &keys, &[]).unwrap().wrong, None);
    assert!(matches!(made.wrong(&forged), Some(Wrong::Forked { by: By::Witness, .. })));
}

#[test]
fn a_foreign_key_signs_nothing_and_another_regions_log_is_not_this() {
    let made = made();
    let keys = Keys { log: vec![key(3).public()], ..made.keys.clone() };
    let wrong = verify(&made.files, region(), &keys, &[]).unwrap().wrong;
    assert!(matches!(wrong, Some(Wrong::Checkpoint { number: 1, .. })), "{wrong:?}");
    let wrong = verify(&made.files, Region::new("01").unwrap(), &made.keys, &[]).unwrap().wrong;
    assert!(matches!(wrong, Some(Wrong::Checkpoint { number: 1, .. })), "{wrong:?}");
    let keys = Keys { witnesses: vec![key(3).public()], ..made.keys.clone() };
    let wrong = verify(&made.files, region(), &keys, &made.witnessed).unwrap().wrong;
    assert!(matches!(wrong, Some(Wrong::Countersigned { number: 1, .. })), "{wrong:?}");
}

/// What a killed writer can leave is not an alarm: the end is cut off anywhere behind the last checkpoint.
#[test]
fn what_was_not_finished_is_no_alarm_wherever_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = RegionLog::open(folder.path(), region(), &identity()).unwrap();
    let append = |log: &mut RegionLog, n: u64| {
        let entry: Entry = entry(region(), n);
        log.append(&[&entry], &Limits::default(), &identity()).unwrap();
    };
    append(&mut log, 0);
    log.checkpoint(&identity()).unwrap();
    let place = folder.path().join("14");
    let read = |name: &str| place.as_path().read(name).unwrap();
    let signed = [read(CHECKPOINTS), read(&segment::name(0))];
    append(&mut log, 1);
    log.checkpoint(&identity()).unwrap();
    let keys = Keys { log: vec![key(1).public()], witnesses: Vec::new() };
    let report = |checkpoints: &[u8], segment: &[u8]| {
        let files = Files::from([(CHECKPOINTS.to_owned(), checkpoints.to_vec()), (segment::name(0), segment.to_vec())]);
        verify(&files, region(), &keys, &[]).unwrap()
    };
    let [checkpoints, entries] = [read(CHECKPOINTS), read(&segment::name(0))];
    for end in signed[0].len()..=checkpoints.len() {
        assert_eq!(report(&checkpoints[..end], &entries).wrong, None, "{end} bytes of the checkpoints");
    }
    for end in signed[1].len()..entries.len() {
        let report = report(&signed[0], &entries[..end]);
        assert_eq!((report.wrong, report.entries, report.torn), (None, 1, end - signed[1].len()), "{end} bytes");
    }
}

/// Whoever has no key can write behind the last checkpoint what it likes.
#[test]
fn a_removal_that_nobody_has_signed_is_none_and_is_not_signed_when_the_files_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("14");
    let open = || RegionLog::open(folder.path(), region(), &identity());
    let mut log = open().unwrap();
    for n in 0..40 {
        let limits = Limits { segment_bytes: 6_000, ..Limits::default() };
        log.append(&[&entry(region(), n)], &limits, &identity()).unwrap();
    }
    log.checkpoint(&identity()).unwrap();
    let second = firsts(&place).unwrap()[1];
    let resource = Text::new(&format!("{REMOVED}{second}")).unwrap();
    let removal = Entry { action: Action::Remove, resource, ..entry(region(), 40) };
    log.append(&[&removal], &Limits::default(), &identity()).unwrap();
    drop(log);
    let keys = Keys { log: vec![key(1).public()], witnesses: Vec::new() };
    let wrong = || verify(place.as_path(), region(), &keys, &[]).unwrap().wrong;
    // What a removal leaves that was killed before it was signed.
    assert_eq!(wrong(), None);
    drop(open().unwrap());
    let path = place.join(segment::name(0));
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(wrong(), Some(Wrong::Beginning { first: second }));
    assert!(matches!(open().err(), Some(Error::Damaged { .. })));
    // Signed, and then gone.
    fs::write(&path, bytes).unwrap();
    open().unwrap().checkpoint(&identity()).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(wrong(), None);
    drop(open().unwrap());
}

/// A first batch is signed before the next is written: a log of more has lost its checkpoints, one of a batch may never have had one.
#[test]
fn a_log_killed_at_its_first_batch_is_gone_on_from_and_a_longer_one_without_checkpoints_is_not() {
    for (count, is_open) in [(1, true), (BATCH_MAX as u64, true), (BATCH_MAX as u64 + 1, false)] {
        let folder = tempfile::tempdir().unwrap();
        let open = || RegionLog::open(folder.path(), region(), &identity());
        let all: Vec<Entry> = (0..count).map(|n| entry(region(), n)).collect();
        let entries: Vec<&Entry> = all.iter().collect();
        open().unwrap().append(&entries, &Limits::default(), &identity()).unwrap();
        assert_eq!(fs::metadata(folder.path().join("14").join(CHECKPOINTS)).unwrap().len(), 0);
        assert_eq!(open().is_ok(), is_open, "{count} entries");
    }
}
