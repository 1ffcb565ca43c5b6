//! The files of the brokers as they lie on the disk: segments of every topic and all that is beside them.

use std::{fs, path::Path};

use super::sheet::files_below;
use crate::{search::Sheet, stack::Stack};

/// A compressed batch would hide its text, and is a panic; so is a disk without a source record.
pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    let mut source_batches = 0;
    for path in files_below(stack.kafka_folder().expect("brokers of the run's own")) {
        // Kafka deletes files of its own beside us.
        let Ok(bytes) = fs::read(&path) else { continue };
        let place = place(&path);
        let count = if is_segment(&path) { batch_count(&bytes) } else { 0 };
        source_batches += if place == "source segment" { count } else { 0 };
        sheet.scan(place, &bytes);
    }
    assert!(source_batches > 0, "the source records must have been looked through");
}

/// What a file is, by the folder of its partition.
fn place(path: &Path) -> &'static str {
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    match folder {
        _ if name == "kafka.log" => "log",
        folder if folder.starts_with("__cluster_metadata") => "metadata log",
        folder if folder.starts_with("__consumer_offsets") => "offsets",
        folder if folder.contains(".source.") => "source segment",
        _ => "segment",
    }
}

/// A segment is named by its first offset.
fn is_segment(path: &Path) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    path.extension().is_some_and(|extension| extension == "log") && stem.bytes().all(|byte| byte.is_ascii_digit())
}

/// Counts a segment's batches, of which none may be compressed.
fn batch_count(segment: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    // Of a batch: its first offset, the length of what follows that, an epoch, the format, a checksum, the attributes.
    while let Some(head) = segment.get(at..at + 23) {
        let length = u32::from_be_bytes([head[8], head[9], head[10], head[11]]) as usize;
        assert_eq!((head[16], head[22] & 7), (2, 0), "a batch of format 2 without compression");
        at += 12 + length;
        count += 1;
    }
    count
}
