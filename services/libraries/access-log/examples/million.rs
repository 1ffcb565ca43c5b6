//! How long a log takes to be written and verified: `cargo run --release -p access-log --example million [ENTRIES]`.
#![allow(clippy::print_stdout, reason = "an example speaks to the person who ran it")]

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use access_log::{AccessLog, Disclosure, Key, Keys, Limits, Region, verify};

/// Callers that wait at the same time, as requests do: what is made durable together.
const THREADS: u64 = 256;

fn main() {
    let entries: u64 = std::env::args().nth(1).map_or(1_000_000, |count| count.parse().expect("a number of entries"));
    let folder = std::env::temp_dir().join(format!("access-log-million-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a new folder");
    let key = Key::parse(&"01".repeat(32)).expect("a seed");
    let log = AccessLog::open(&folder, "million", key.clone(), Vec::new(), Limits::default()).expect("it opens");
    let log = Arc::new(log);
    let begun = Instant::now();
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let log = Arc::clone(&log);
            let digest = "0a".repeat(32);
            thread::spawn(move || {
                for number in (thread..entries).step_by(THREADS as usize) {
                    let disclosure = Disclosure {
                        user: "SE2321000016-1AB2",
                        role: "analyst",
                        region: "14",
                        extract: "waiting-times",
                        parcel: &format!("waiting-times_14_2026-02_v{number}"),
                        manifest_sha256: &digest,
                        recipient: "skr",
                        legal_ground: "Hälso- och sjukvårdslagen (2017:30) 9 kap.",
                        rows: number,
                    };
                    let entry = disclosure.entry(jiff::Timestamp::now()).expect("an entry");
                    log.record_blocking(entry).expect("it is durable");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("it ends");
    }
    drop(log);
    println!("{entries} entries by {THREADS} callers: written in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let keys = Keys { log: vec![key.public()], witnesses: Vec::new() };
    let report =
        verify(folder.join("14").as_path(), Region::new("14").expect("a region"), &keys, &[]).expect("it is read");
    assert_eq!((report.wrong, report.entries, report.signed), (None, entries, entries));
    println!("verified in {:.1} s, {} checkpoints", begun.elapsed().as_secs_f64(), report.checkpoints);
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
}
