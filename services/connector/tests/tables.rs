//! Tables: delimited files, sent row by row or left out as a whole.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use schemas::FileFault;

use super::stack::{Connector, Recorded, Setup, kept_offset, wait_for_offset};

const FEED: &str = "waiting-times";
/// Keys of the test files.
const KEYS: u64 = 7;

pub(crate) fn table(rows: std::ops::Range<u64>) -> String {
    let mut text = "Kontakt;Mätperiod;Nummer\n".to_owned();
    for row in rows {
        writeln!(text, "K{};2026-01-31;{row}", row % KEYS).expect("a string takes everything");
    }
    text
}

fn payload(row: u64) -> String {
    format!("Kontakt;Mätperiod;Nummer\nK{};2026-01-31;{row}", row % KEYS)
}

/// A setup with a watched folder, its files, and our folder of positions.
fn watched(region: &'static str, keys: &str) -> (Setup, PathBuf, PathBuf) {
    let setup = Setup::mllp(region);
    let (inbox, positions) = (setup.path("inbox"), setup.path("positions"));
    fs::create_dir(&inbox).expect("made");
    fs::create_dir(&positions).expect("made");
    let source = format!(
        "[[region.table]]\npath = {inbox:?}\npositions = {positions:?}\nfeed = \"{FEED}\"\npoll = \"50ms\"\n{keys}\n"
    );
    (setup.sources(&source), inbox, positions)
}

/// Message id and payload, sorted, each once.
pub(crate) fn distinct(records: &[Recorded]) -> Vec<(String, String)> {
    let text = |record: &Recorded| String::from_utf8(record.payload.clone()).expect("UTF-8");
    let mut found: Vec<_> = records.iter().map(|record| (record.message_id.clone(), text(record))).collect();
    found.sort();
    found.dedup();
    found
}

pub(crate) fn payloads(records: &[Recorded]) -> Vec<String> {
    let mut payloads: Vec<_> = distinct(records).into_iter().map(|(_, payload)| payload).collect();
    payloads.sort();
    payloads
}

pub(crate) fn expected(rows: std::ops::Range<u64>) -> Vec<String> {
    let mut expected: Vec<_> = rows.map(payload).collect();
    expected.sort();
    expected
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect()
}

#[test]
fn a_folder_of_tables_is_sent_once_each_in_order_of_key() {
    const ROWS: u64 = 300;
    let (setup, inbox, _) = watched("01", "key = \"kontakt\"\ncolumns = [\"mätperiod\"]");
    let january = inbox.join("januari.csv");
    fs::write(&january, latin1(&table(0..ROWS)).as_slice()).expect("written");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    fs::File::options().write(true).open(&january).expect("there").set_modified(time).expect("set");
    let mut connector = setup.start();
    let records = setup.records(FEED, ROWS as usize);
    assert_eq!(payloads(&records), expected(0..ROWS));
    let id = &records[0].message_id;
    assert!(id.len() == FEED.len() + 17 && id.starts_with(FEED), "{id}");
    assert!(records.iter().all(|record| record.message_id == *id && !record.has_key));
    assert!(records.iter().all(|record| record.recorded_at == Some(1_800_000_000_000_000)));
    for key in 0..KEYS {
        let of_key: Vec<_> = records
            .iter()
            .filter(|record| String::from_utf8_lossy(&record.payload).contains(&format!("\nK{key};")))
            .collect();
        assert!(of_key.iter().all(|record| record.partition == of_key[0].partition), "K{key} is in one partition");
        let lines: Vec<u64> = of_key
            .iter()
            .map(|record| record.position.strip_prefix("januari.csv:").expect("named").parse().expect("a line"))
            .collect();
        assert_eq!(lines.len() as u64, ROWS.div_ceil(KEYS) - u64::from(key >= ROWS % KEYS));
        assert!(lines.is_sorted() && lines[0] == key + 2, "{lines:?}");
    }

    fs::copy(&january, inbox.join("januari-igen.txt")).expect("copied");
    let again = setup.records(FEED, 2 * ROWS as usize);
    assert_eq!((again.len() as u64, distinct(&again)), (2 * ROWS, distinct(&records)), "the same records again");
    connector.wait("the copy", |connector| connector.log().contains("sent januari-igen.txt: 300 rows"));
    assert_eq!(connector.metric("vardstrom_connector_table_rows_total"), 2.0 * ROWS as f64);
    assert_eq!(connector.metric("vardstrom_connector_table_files_total"), 2.0);

    connector.kill();
    fs::write(inbox.join("februari.csv"), table(500..501)).expect("written");
    let mut connector = setup.start();
    connector.wait("February", |connector| connector.log().contains("sent februari.csv: 1 rows"));
    assert_eq!(setup.records(FEED, 2 * ROWS as usize + 1).len() as u64, 2 * ROWS + 1, "the others were sent before");
    fs::write(&january, table(0..ROWS)).expect("written");
    let changed = setup.records(FEED, 3 * ROWS as usize + 1);
    assert_eq!(distinct(&changed).len() as u64, 2 * ROWS + 1, "a file with other bytes has another message id");
}

#[test]
fn a_wrong_file_is_one_record_and_no_row() {
    let (setup, inbox, _) = watched("03", "columns = [\"Nummer\"]");
    let file = inbox.join("januari.csv");
    let whole = table(0..50);
    let cut = &whole[..whole.len() - "31;49\n".len() - 1];
    fs::write(&file, cut).expect("written");
    let mut connector = setup.start();
    let left_out = setup.records(FEED, 1);
    connector.wait("a word about it", |connector| connector.log().contains("januari.csv:51: the file is cut off"));
    assert_eq!(left_out[0].payload, FileFault::Truncated.payload(51).into_bytes());
    assert_eq!(left_out[0].position, "januari.csv:51");
    fs::write(inbox.join("tom.csv"), "").expect("written");
    let left_out = setup.records(FEED, 2);
    assert!(left_out.iter().any(|record| record.payload == FileFault::Headless.payload(1).into_bytes()));
    connector.wait("a word about it", |connector| connector.log().contains("tom.csv:1: no header row"));
    for (name, count) in [
        ("file_troubles_total{reason=\"left-out\"}", 2.0),
        ("table_faults_total{fault=\"file-truncated\"}", 1.0),
        ("table_faults_total{fault=\"file-headless\"}", 1.0),
        ("table_rows_total", 0.0),
        ("table_files_total", 0.0),
    ] {
        assert_eq!(connector.metric(&format!("vardstrom_connector_{name}")), count, "{name}");
    }
    assert!(!connector.log().contains("2026-01"), "no cell is in the log");

    connector.kill();
    let mut connector = setup.start();
    fs::write(&file, &whole).expect("written");
    connector.wait("the whole file", |connector| connector.log().contains("sent januari.csv: 50 rows"));
    assert_eq!(setup.records(FEED, 52).len(), 52, "what was left out is left out once, and sent when it is whole");
}

/// Rows of the files that are killed: enough not to be sent before the kill.
pub(crate) const MANY: u64 = 20_000;

/// Everything is there at least once, and the second run did not begin at the start.
pub(crate) fn check_resumed(setup: &Setup, feed: &str) {
    let records = setup.records(feed, MANY as usize);
    assert_eq!(payloads(&records), expected(0..MANY));
    assert!((records.len() as u64) < 2 * MANY, "it did not start over");
    for record in &records {
        let text = String::from_utf8_lossy(&record.payload);
        let row: u64 = text.rsplit(';').next().expect("a number").parse().expect("a number");
        assert_eq!(record.position, format!("januari.csv:{}", row + 2), "lines are counted over the kill");
    }
}

#[test]
fn a_table_killed_in_the_middle_goes_on_where_it_was() {
    let setup = Setup::mllp("04").limits("window = 20");
    let (file, position) = (setup.path("januari.csv"), setup.path("januari.csv.position"));
    fs::write(&file, table(0..MANY)).expect("written");
    let send = || {
        let mut command = setup.command("table");
        command.arg(&file).args(["--region", "04", "--feed", FEED, "--key", "Kontakt", "--config"]).arg(setup.config());
        command
    };
    let mut killed = Connector::of(send().spawn().expect("it starts"));
    wait_for_offset(&position);
    killed.kill();
    let offset = kept_offset(&position);
    let size = fs::metadata(&file).expect("there").len();
    assert!(offset > 0 && offset < size, "killed in the middle, at {offset} of {size}");
    let output = send().output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!position.exists(), "a file that was sent has no position");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("20000 rows sent") && !said.contains("20000 of them now"), "{said}");
    check_resumed(&setup, FEED);
}

pub(crate) fn position_in(folder: &Path) -> PathBuf {
    let start = std::time::Instant::now();
    loop {
        assert!(start.elapsed() < crate::stack::LONG, "no position appears");
        let mut entries = fs::read_dir(folder).expect("there").map(|entry| entry.expect("an entry").path());
        if let Some(path) = entries.find(|path| path.extension().is_some_and(|ending| ending == "position")) {
            return path;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_connector_killed_in_the_middle_of_a_table_goes_on_where_it_was() {
    let (setup, inbox, positions) = watched("05", "");
    let setup = setup.limits("window = 20");
    fs::write(inbox.join("januari.csv"), table(0..MANY)).expect("written");
    let mut connector = setup.start();
    let position = position_in(&positions);
    wait_for_offset(&position);
    connector.kill();
    let offset = kept_offset(&position);
    assert!(offset > 0 && offset < table(0..MANY).len() as u64, "killed in the middle, at {offset}");
    let mut connector = setup.start();
    connector.wait("the rest", |connector| connector.log().contains("sent januari.csv: 20000 rows"));
    assert!(connector.metric("vardstrom_connector_table_rows_total") < MANY as f64);
    check_resumed(&setup, FEED);
}

#[test]
fn a_table_that_changes_while_it_is_sent_is_sent_anew() {
    let (setup, inbox, positions) = watched("06", "");
    let setup = setup.limits("window = 20");
    let file = inbox.join("januari.csv");
    fs::write(&file, table(0..MANY)).expect("written");
    let mut connector = setup.start();
    wait_for_offset(&position_in(&positions));
    let rest = table(MANY..MANY + 10);
    let (_, rows) = rest.split_once('\n').expect("a header");
    std::io::Write::write_all(&mut fs::File::options().append(true).open(&file).expect("there"), rows.as_bytes())
        .expect("written");
    connector.wait("the new content", |connector| connector.log().contains("sent januari.csv: 20010 rows"));
    assert!(connector.log().contains("written to while it was read"), "{}", connector.log());
    let records = setup.records(FEED, MANY as usize + 10);
    let last = records.iter().find(|record| record.payload == payload(MANY + 9).as_bytes()).expect("the last row");
    let new: Vec<_> = records.iter().filter(|record| record.message_id == last.message_id).cloned().collect();
    assert_eq!((new.len() as u64, payloads(&new)), (MANY + 10, expected(0..MANY + 10)));
}

#[test]
fn the_command_says_what_is_wrong_with_a_file() {
    let setup = Setup::mllp("07");
    let file = setup.path("januari.csv");
    fs::write(&file, "Kontakt;Nummer\nhemlig;1;för;många\nK2;2\n").expect("written");
    let send = |key: &str| {
        let output = setup
            .command("table")
            .arg(&file)
            .args(["--region", "07", "--feed", FEED, "--key", key, "--config"])
            .arg(setup.config())
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (status, said) = send("kontakt");
    assert!(status == Some(1) && said.contains("januari.csv:2: the row has more or fewer cells"), "{said}");
    assert!(!said.contains("hemlig"), "{said}");
    let (status, said) = send("Patient");
    assert!(status == Some(1) && said.contains("lacks a column"), "{said}");
    let records = setup.records(FEED, 2);
    let mut found = payloads(&records);
    found.sort();
    assert_eq!(found, [FileFault::ColumnMissing.payload(1), FileFault::RowUneven.payload(2)]);
    assert!(!setup.path("januari.csv.position").exists());
}

#[test]
fn a_large_table_is_read_in_bounded_memory() {
    const LIMIT: u64 = 80 << 20;
    let (setup, inbox, _) = watched("08", "");
    let mut connector = setup.start();
    let part = table(0..100_000);
    let (header, rows) = part.split_once('\n').expect("a header");
    let mut file = std::io::BufWriter::new(fs::File::create(inbox.join("stor.part")).expect("made"));
    std::io::Write::write_all(&mut file, format!("{header}\n").as_bytes()).expect("written");
    for _ in 0..70 {
        std::io::Write::write_all(&mut file, rows.as_bytes()).expect("written");
    }
    std::io::Write::write_all(&mut file, b"K1;2026").expect("written");
    file.into_inner().expect("flushed");
    fs::rename(inbox.join("stor.part"), inbox.join("stor.csv")).expect("renamed");
    let mut memory_max = 0;
    connector.wait("the end of the file", |connector| {
        memory_max = memory_max.max(connector.memory());
        connector.log().contains("stor.csv:7000002: the file is cut off")
    });
    println!("memory {} MiB at most", memory_max >> 20);
    assert!(memory_max < LIMIT, "{memory_max} bytes resident");
    assert_eq!(setup.records(FEED, 1).len(), 1);
}
