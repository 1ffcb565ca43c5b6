//! Looks for identities in everything behind the processor, and in the files of the brokers.
#![expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "a place that cannot be searched is no place without identities"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    account,
    canary::{Canaries, Leak},
    stack::{Service, Stack},
    topic_read,
};

/// Every page and table of the board, and the API beside it.
const PAGES: [&str; 11] = [
    "/sv",
    "/en",
    "/sv?vy=vagg",
    "/sv/region/14",
    "/sv/uppmarksamma",
    "/sv/definitioner",
    "/api/v1/regions",
    "/api/v1/hospitals",
    "/api/v1/units",
    "/api/v1/totals",
    "/api/v1/attention",
];

/// Every place behind the processor, and the logs and metrics of everything.
pub fn search(stack: &Stack, canaries: &Canaries) -> BTreeSet<Leak> {
    let mut leaks = BTreeSet::new();
    let mut scan = |place: &str, bytes: &[u8]| leaks.extend(canaries.scan(place, bytes));

    let client = topic_read::client(stack.bootstrap(), "search").expect("a Kafka client");
    let ends = topic_read::ends(&client, &|topic| !topic.contains(".source.") && !topic.starts_with("__"))
        .expect("Kafka answers");
    topic_read::read(&client, &ends, &mut |record| {
        scan("topic", &record.payload);
        scan("key", &record.key.unwrap_or_default());
        scan("topic name", record.topic.as_bytes());
        for (name, value) in record.headers {
            scan("header", name.as_bytes());
            scan("header", &value);
        }
    })
    .expect("Kafka answers");

    // Every table as text, whatever the column, and what was sent as it was sent. Its bytes as a dump writes them are no text:
    // among so many hexadecimal digits some are an identity's by chance.
    let dump = Command::new("pg_dump")
        .args(["--exclude-table-data=events*", "--dbname"])
        .arg(stack.database_url())
        .output()
        .expect("pg_dump runs");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    scan("table", &dump.stdout);
    let events = "select record, (to_jsonb(events) - 'record')::text from events";
    for row in account::query(stack, events).expect("the store answers") {
        scan("table", row.get::<_, &[u8]>(0));
        scan("table", row.get::<_, &str>(1).as_bytes());
    }

    for entry in fs::read_dir(stack.folder()).expect("the stack's folder").flatten() {
        let path: PathBuf = entry.path();
        scan("file name", path.as_os_str().as_encoded_bytes());
        if path.extension().is_some_and(|extension| extension == "log") {
            scan("log", &fs::read(&path).expect("a log"));
        }
    }
    for member in stack.members().into_iter().filter(|member| member.service != Service::Registry) {
        scan("metrics", stack.metrics(member).expect("metrics").as_bytes());
    }
    for path in PAGES {
        let url = format!("{}{path}", stack.url(Service::Dashboard));
        let page = ureq::get(&url).call().expect("a page").into_body().read_to_string().expect("text");
        scan("page", page.as_bytes());
    }
    leaks
}

/// The files of the brokers as they lie on the disk: segments of every topic, source topics apart, and all that is beside them.
/// How many batches of source records were looked through is told too. A compressed batch would hide its text, and is a panic.
pub fn search_brokers(stack: &Stack, canaries: &Canaries) -> (BTreeSet<Leak>, usize) {
    let (mut leaks, mut batches) = (BTreeSet::new(), 0);
    let mut open = vec![stack.kafka_folder().expect("brokers of the run's own").to_owned()];
    while let Some(folder) = open.pop() {
        let is_source = folder.file_name().is_some_and(|name| name.to_string_lossy().contains(".source."));
        for path in fs::read_dir(&folder).expect("a broker's folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            // Kafka deletes files of its own beside us.
            let Ok(bytes) = fs::read(&path) else { continue };
            let count = if is_segment(&path) { batch_count(&bytes) } else { 0 };
            batches += if is_source { count } else { 0 };
            leaks.extend(canaries.scan(if is_source { "source segment" } else { "segment" }, &bytes));
        }
    }
    (leaks, batches)
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
