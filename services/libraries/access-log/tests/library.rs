//! What services call.

use std::fs;
use std::sync::Arc;
use std::thread;

use access_log::{AccessLog, Error, Hash, Keys, Limits, Region, remove, verify};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::world::{entry, key, region};

fn open(folder: &TempDir, limits: Limits) -> Result<AccessLog, Error> {
    AccessLog::open(folder.path(), "test/serve", key(), Vec::new(), limits)
}

fn entries(folder: &TempDir, code: &str) -> u64 {
    let keys = Keys { log: vec![key().public()], witnesses: Vec::new() };
    let report = verify(folder.path().join(code).as_path(), region(code), &keys, &[]).unwrap();
    assert_eq!((report.wrong, report.torn), (None, 0));
    report.entries
}

#[test]
fn many_threads_and_tasks_write_each_entry_once_and_in_its_regions_log() {
    const EACH: u64 = 50;
    let folder = TempDir::new().unwrap();
    let log = Arc::new(open(&folder, Limits { checkpoint_entries: 30, ..Limits::default() }).unwrap());
    let codes = ["01", "14", "25"];
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                let record = |number| log.record_blocking(entry(codes[n % 3], number)).unwrap();
                (0..EACH).map(record).map(|receipt| (receipt.region, receipt.entry)).collect::<Vec<_>>()
            })
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let log = Arc::clone(&log);
            runtime.spawn(async move {
                let mut places = Vec::new();
                for number in 0..EACH {
                    let receipt = log.record(entry(codes[n % 3], number)).await.unwrap();
                    places.push((receipt.region, receipt.entry));
                }
                places
            })
        })
        .collect();
    let mut places: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    for task in tasks {
        places.extend(runtime.block_on(task).unwrap());
    }
    drop(log);
    places.sort_unstable();
    let count = places.len() as u64;
    places.dedup();
    assert_eq!((count, places.len() as u64), (16 * EACH, 16 * EACH), "no place was given twice");
    assert_eq!(codes.iter().map(|code| entries(&folder, code)).sum::<u64>(), 16 * EACH);
}

#[test]
fn a_log_goes_on_from_where_it_was_and_has_one_writer() {
    let folder = TempDir::new().unwrap();
    let log = open(&folder, Limits::default()).unwrap();
    assert_eq!(log.record_blocking(entry("14", 0)).unwrap().entry, 0);
    drop(log);
    let log = open(&folder, Limits::default()).unwrap();
    assert_eq!(log.record_blocking(entry("14", 1)).unwrap().entry, 1);
    let refused = open(&folder, Limits::default()).unwrap_err();
    assert!(matches!(refused, Error::Locked(_)), "{refused}");
    drop(log);
    assert_eq!(entries(&folder, "14"), 2);
}

#[test]
fn all_entries_are_read_in_their_order_and_none_of_a_log_that_was_altered() {
    let (folder, keys) = (TempDir::new().unwrap(), Keys { log: vec![key().public()], witnesses: Vec::new() });
    let read = || access_log::entries(folder.path(), &keys);
    let log = open(&folder, Limits::default()).unwrap();
    for (number, code) in ["14", "01", "14"].into_iter().enumerate() {
        log.record_blocking(entry(code, number as u64)).unwrap();
    }
    let places: Vec<(Region, u64)> = read().unwrap().iter().map(|line| (line.region, line.entry)).collect();
    assert_eq!(places, [(region("01"), 0), (region("14"), 0), (region("14"), 1)]);
    let segment = folder.path().join("14/00000000000000000000.log");
    let changed = fs::read_to_string(&segment).unwrap().replacen("\"entry\":1", "\"entry\":2", 1);
    fs::write(&segment, changed).unwrap();
    let error = read().unwrap_err();
    assert!(matches!(error, Error::Wrong { .. }), "{error}");
    let nowhere = folder.path().join("nowhere");
    assert!(access_log::entries(&nowhere, &keys).unwrap().is_empty());
}

/// More checkpoints than are read at a start, the last of them cut anywhere.
#[test]
fn checkpoints_are_gone_on_from_however_many_there_are_and_wherever_the_last_was_cut() {
    let folder = TempDir::new().unwrap();
    let every = Limits { checkpoint_entries: 1, ..Limits::default() };
    let log = open(&folder, every.clone()).unwrap();
    for number in 0..600 {
        log.record_blocking(entry("14", number)).unwrap();
    }
    drop(log);
    let path = folder.path().join("14/checkpoints");
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 80 << 10, "{} bytes", whole.len());
    let begin = b"\n\ntest/serve/14\n600\n";
    let note = whole.len() - 2 - whole.windows(begin.len()).rposition(|piece| piece == begin).unwrap();
    for cut in (0..note).step_by(3) {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        drop(open(&folder, every.clone()).unwrap());
        assert_eq!(fs::read(&path).unwrap(), whole, "what was cut off is signed again");
    }
    assert_eq!(entries(&folder, "14"), 600);
}

#[test]
fn what_was_not_finished_is_cut_off_and_what_was_changed_is_not_gone_on_from() {
    let folder = TempDir::new().unwrap();
    let write = |number| open(&folder, Limits::default())?.record_blocking(entry("14", number));
    for number in 0..3 {
        write(number).unwrap();
    }
    let segment = folder.path().join("14/00000000000000000000.log");
    let whole = fs::read(&segment).unwrap();
    fs::write(&segment, [whole.as_slice(), b"{\"action\":\"disc"].concat()).unwrap();
    assert_eq!(write(3).unwrap().entry, 3);
    assert_eq!(entries(&folder, "14"), 4);
    let refused = |content: &[u8]| {
        fs::write(&segment, content).unwrap();
        let error = write(4).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    };
    let whole = fs::read(&segment).unwrap();
    // One entry fewer than were signed; one that was changed; a first line that was changed.
    refused(&whole[..whole.len() - 10]);
    refused(&String::from_utf8(whole.clone()).unwrap().replace("parcel v1", "parcel v7").into_bytes());
    refused(&[b"x", whole.as_slice()].concat());
    fs::write(&segment, &whole).unwrap();
    assert_eq!(write(4).unwrap().entry, 4);
    // Entries whose checkpoints are gone.
    let checkpoints = folder.path().join("14/checkpoints");
    fs::remove_file(&checkpoints).unwrap();
    let error = write(5).unwrap_err();
    assert!(error.to_string().contains("its checkpoints are gone"), "{error}");
    assert!(!checkpoints.exists(), "what is wrong stays to be seen");
}

#[test]
fn a_folder_that_is_moved_away_or_not_there_refuses() {
    let folder = TempDir::new().unwrap();
    let log = open(&folder, Limits::default()).unwrap();
    log.record_blocking(entry("14", 0)).unwrap();
    let (place, away) = (folder.path().join("14"), folder.path().join("away"));
    fs::rename(&place, &away).unwrap();
    for _ in 0..2 {
        log.record_blocking(entry("14", 1)).unwrap_err();
    }
    // An empty one in its place is not the log.
    fs::create_dir(&place).unwrap();
    log.record_blocking(entry("14", 1)).unwrap_err();
    fs::remove_dir(&place).unwrap();
    fs::rename(&away, &place).unwrap();
    assert_eq!(log.record_blocking(entry("14", 1)).unwrap().entry, 1, "nothing of what was refused is there");
    drop(log);
    assert_eq!(entries(&folder, "14"), 2);
    let nowhere = AccessLog::open(&folder.path().join("nowhere"), "test", key(), Vec::new(), Limits::default());
    assert!(matches!(nowhere, Err(Error::File { .. })));
}

#[test]
fn old_segments_are_removed_young_ones_are_not_and_the_rest_verifies() {
    let folder = TempDir::new().unwrap();
    let limits = Limits { segment_bytes: 2_000, ..Limits::default() };
    let log = open(&folder, limits.clone()).unwrap();
    for number in 0..40 {
        log.record_blocking(entry("14", number)).unwrap();
    }
    drop(log);
    let written = entry("14", 0).time;
    let remove =
        |before: Timestamp, now: Timestamp| remove(folder.path(), region("14"), "test/serve", &key(), &[], before, now);
    let years = |count: i64| written.checked_add(jiff::SignedDuration::from_hours(count * 366 * 24)).unwrap();
    assert!(matches!(remove(years(1), years(2)), Err(Error::Kept(_))), "younger than five years");
    assert!(remove(written, years(6)).unwrap().segments.is_empty(), "nothing is from before the first");
    let removed = remove(years(1), years(7)).unwrap();
    assert!(removed.segments.len() > 3 && removed.first > 20, "{removed:?}");
    assert_eq!(entries(&folder, "14"), 41, "and the entry that says so");
    // The same files taken away by hand are told: nothing says so.
    let log = open(&folder, limits).unwrap();
    for number in 40..60 {
        log.record_blocking(entry("14", number)).unwrap();
    }
    drop(log);
    let mut left: Vec<_> = fs::read_dir(folder.path().join("14")).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    left.sort();
    fs::remove_file(&left[0]).unwrap();
    let keys = Keys { log: vec![key().public()], witnesses: Vec::new() };
    let report = verify(folder.path().join("14").as_path(), region("14"), &keys, &[]).unwrap();
    assert!(report.wrong.is_some_and(|wrong| wrong.to_string().contains("no signed entry says")));
}

#[test]
fn a_leaf_is_the_hash_of_the_line_that_is_written() {
    let folder = TempDir::new().unwrap();
    let receipt = open(&folder, Limits::default()).unwrap().record_blocking(entry("14", 0)).unwrap();
    let text = fs::read_to_string(folder.path().join("14/00000000000000000000.log")).unwrap();
    assert_eq!(Hash::of_leaf(text.lines().nth(1).unwrap().as_bytes()), receipt.leaf);
}
