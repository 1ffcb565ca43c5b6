//! Tables from OpenSSH's own SFTP server: fetched once, over kills and outages, and sent as any other table.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use local_stack::Sftp;
use schemas::FileFault;

use super::stack::{LONG, Setup, kept_offset, wait_for_offset};
use super::tables::{MANY, check_resumed, distinct, expected, payloads, position_in, table};

/// Tables of other tests in the same regions are another feed's.
const FEED: &str = "kpp";
const OTHER_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

/// A server with an outbox, and a connector's setup that fetches from it.
struct Place {
    setup: Setup,
    sftp: Sftp,
    outbox: PathBuf,
    spool: PathBuf,
    positions: PathBuf,
    port: u16,
}

impl Place {
    fn new(region: &'static str) -> Self {
        let sftp = Sftp::start().expect("sshd starts");
        let port = sftp.port();
        Self::through(region, sftp, port)
    }

    /// With another port than the server's own.
    fn through(region: &'static str, sftp: Sftp, port: u16) -> Self {
        let setup = Setup::mllp(region);
        let (outbox, spool, positions) = (sftp.files().join("outbox"), setup.path("spool"), setup.path("positions"));
        fs::create_dir(&outbox).expect("made");
        fs::create_dir(&positions).expect("made");
        let place = Self { setup, sftp, outbox, spool, positions, port };
        place.with(|sources| sources)
    }

    /// With changed sources.
    fn with(mut self, change: impl FnOnce(String) -> String) -> Self {
        let sources = format!(
            "[[region.table]]\npath = {:?}\npositions = {:?}\nfeed = \"{FEED}\"\npoll = \"50ms\"\n\
             [region.table.sftp]\n{}",
            self.spool,
            self.positions,
            self.sftp.settings(self.port, &self.outbox)
        );
        self.setup = self.setup.sources(&change(sources));
        self
    }

    /// Appears whole, as a sender that renames lets it appear.
    fn put(&self, name: &str, text: &[u8]) {
        let part = self.sftp.files().join("part");
        fs::write(&part, text).expect("written");
        fs::rename(part, self.outbox.join(name)).expect("renamed");
    }

    /// Everything that the spool holds.
    fn spooled(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.spool)
            .map_or(Vec::new(), |entries| entries.map(|entry| entry.expect("one").path()).collect())
    }

    /// Bytes of files that are on their way.
    fn fetched_bytes(&self) -> u64 {
        self.spooled().iter().filter_map(|path| Some(fs::metadata(path).ok()?.len())).sum()
    }

    fn metric(&self, connector: &super::stack::Connector, name: &str) -> f64 {
        let labels = format!("{{feed=\"{FEED}\",region=\"{}\",server=\"127.0.0.1:{}\"}}", self.setup.region, self.port);
        connector.metric(&format!("vardstrom_connector_{name}{labels}"))
    }
}

/// Between connector and server: passes everything on, and from the server only as much as it is told. An outage in the
/// middle of a file cannot be made otherwise, as a whole file comes within a moment.
struct Narrow {
    port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    /// Bytes that may still come from the server.
    left: u64,
    /// Bytes that have come.
    passed: u64,
}

impl Narrow {
    fn before(server: u16, left: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new((Mutex::new(State { left, passed: 0 }), Condvar::new()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // The server may be away: its client is told so by the end of the connection.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (from, to) = (client.try_clone().expect("cloned"), server.try_clone().expect("cloned"));
                thread::spawn(move || pass(from, to, |_| {}));
                let state = Arc::clone(&shared);
                thread::spawn(move || pass(server, client, |bytes| wait_for(&state, bytes)));
            }
        });
        Self { port, state }
    }

    /// From now on so many bytes more.
    fn let_through(&self, left: u64) {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner).left = left;
        self.state.1.notify_all();
    }

    fn passed(&self) -> u64 {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner).passed
    }
}

fn wait_for(state: &(Mutex<State>, Condvar), bytes: u64) {
    let lock = state.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut lock = state.1.wait_while(lock, |state| state.left < bytes).unwrap_or_else(PoisonError::into_inner);
    lock.left -= bytes;
    lock.passed += bytes;
}

fn pass(mut from: TcpStream, mut to: TcpStream, before: impl Fn(u64)) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        before(read as u64);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Either may be gone already.
    let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
}

#[test]
fn a_file_is_fetched_and_sent_once_and_again_when_it_has_changed() {
    const ROWS: u64 = 300;
    let place = Place::new("01");
    place.put("januari.csv", table(0..ROWS).as_bytes());
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let file = fs::File::options().write(true).open(place.outbox.join("januari.csv")).expect("there");
    file.set_modified(time).expect("set");
    fs::write(place.outbox.join("läsmig.md"), "no table").expect("written");
    fs::create_dir(place.outbox.join("mapp.csv")).expect("made");
    let mut connector = place.setup.start();
    let records = place.setup.records(FEED, ROWS as usize);
    assert_eq!((records.len() as u64, payloads(&records)), (ROWS, expected(0..ROWS)));
    assert!(records.iter().all(|record| record.recorded_at == Some(1_800_000_000_000_000)), "the server's own time");
    assert!(records.iter().all(|record| record.position.starts_with("januari.csv:")));
    connector.wait("an empty spool", |_| place.spooled().is_empty());
    assert_eq!(fs::metadata(&place.spool).expect("there").permissions().mode() & 0o777, 0o700);
    assert!(place.outbox.join("januari.csv").exists(), "what happens with it at the server is the server's own affair");

    // The same content under another name: the same records, which count as duplicates.
    place.put("januari-19700101-2397.csv", table(0..ROWS).as_bytes());
    let again = place.setup.records(FEED, 2 * ROWS as usize);
    assert_eq!((again.len() as u64, distinct(&again)), (2 * ROWS, distinct(&records)));
    connector.wait("an empty spool", |_| place.spooled().is_empty());
    assert_eq!(place.metric(&connector, "sftp_files_total"), 2.0);
    assert!(connector.log().contains("fetched januari-….csv from"), "{}", connector.log());
    assert!(!connector.log().contains("2397") && again.iter().all(|record| !record.position.contains("2397")));

    connector.kill();
    let mut connector = place.setup.start();
    place.put("mars.csv", table(500..501).as_bytes());
    connector.wait("the new file", |connector| connector.log().contains("sent mars.csv: 1 rows"));
    assert_eq!(place.metric(&connector, "sftp_files_total"), 1.0, "the others are known over a restart");
    place.put("januari.csv", table(0..ROWS + 1).as_bytes());
    connector.wait("the changed file", |connector| connector.log().contains("sent januari.csv: 301 rows"));
    let all = place.setup.records(FEED, 3 * ROWS as usize + 2);
    assert_eq!(all.len() as u64, 3 * ROWS + 2);
    // What the server no longer holds is no longer remembered.
    for name in ["januari.csv", "januari-19700101-2397.csv", "mars.csv"] {
        fs::remove_file(place.outbox.join(name)).expect("removed");
    }
    connector.wait("an empty memory", |_| {
        let mut files = fs::read_dir(&place.positions).expect("there").map(|entry| entry.expect("one").path());
        let memory = files.find(|path| path.extension().is_some_and(|ending| ending == "fetched")).expect("a memory");
        fs::read_to_string(memory).is_ok_and(|text| text.lines().count() == 1)
    });
}

/// What the narrow way lets through before the middle of a file of [`MANY`] rows.
const HALF: u64 = 200_000;

#[test]
fn a_connector_killed_in_the_middle_of_a_fetch_goes_on_where_it_was() {
    let sftp = Sftp::start().expect("sshd starts");
    let narrow = Narrow::before(sftp.port(), HALF);
    let place = Place::through("03", sftp, narrow.port);
    let content = table(0..MANY);
    let size = content.len() as u64;
    place.put("januari.csv", content.as_bytes());
    let mut connector = place.setup.start();
    connector.wait("the middle of the file", |_| place.fetched_bytes() > HALF / 2);
    connector.kill();
    let kept = place.fetched_bytes();
    assert!(kept > HALF / 2 && kept < size, "killed in the middle, at {kept} of {size}");
    assert!(place.spooled().iter().all(|path| path.extension().is_some_and(|ending| ending == "part")));
    let before = narrow.passed();
    narrow.let_through(u64::MAX);
    let mut connector = place.setup.start();
    connector.wait("the rest", |connector| connector.log().contains("sent januari.csv: 20000 rows"));
    assert!(connector.log().contains(&format!("going on with januari.csv after {kept} bytes")), "{}", connector.log());
    assert_eq!(place.metric(&connector, "sftp_bytes_total"), (size - kept) as f64, "only the rest was fetched");
    assert!(narrow.passed() - before < size, "and nothing else came");
    let records = place.setup.records(FEED, MANY as usize);
    assert_eq!((records.len() as u64, payloads(&records)), (MANY, expected(0..MANY)));
}

#[test]
fn a_connector_killed_in_the_middle_of_a_fetched_file_goes_on_where_it_was() {
    let mut place = Place::new("04");
    place.setup = place.setup.limits("window = 20");
    place.put("januari.csv", table(0..MANY).as_bytes());
    let mut connector = place.setup.start();
    let position = position_in(&place.positions);
    wait_for_offset(&position);
    connector.kill();
    let offset = kept_offset(&position);
    assert!(offset > 0 && offset < table(0..MANY).len() as u64, "killed in the middle, at {offset}");
    // What is in the spool needs no server.
    place.sftp.stop_hard().expect("it ran");
    let mut connector = place.setup.start();
    connector.wait("the rest", |connector| connector.log().contains("sent januari.csv: 20000 rows"));
    assert!(connector.metric("vardstrom_connector_table_rows_total") < MANY as f64);
    check_resumed(&place.setup, FEED);
    connector.wait("an empty spool", |_| place.spooled().is_empty());
    place.sftp.start_again().expect("sshd starts again");
    place.put("februari.csv", table(0..1).as_bytes());
    connector.wait("the next file", |connector| connector.log().contains("sent februari.csv: 1 rows"));
    assert_eq!(place.metric(&connector, "sftp_files_total"), 1.0, "the first was not fetched again");
    assert!(!position.exists(), "a file that has left the spool has no position");
}

#[test]
fn a_server_that_ends_in_the_middle_of_a_file_is_gone_on_with_when_it_is_back() {
    let sftp = Sftp::start().expect("sshd starts");
    let narrow = Narrow::before(sftp.port(), HALF);
    let mut place = Place::through("05", sftp, narrow.port);
    let content = table(0..MANY);
    place.put("januari.csv", content.as_bytes());
    let mut connector = place.setup.start();
    connector.wait("the middle of the file", |_| place.fetched_bytes() > HALF / 2);
    place.sftp.stop_hard().expect("it ran");
    narrow.let_through(u64::MAX);
    connector.wait("a word about it", |connector| connector.log().contains("the SFTP server is away"));
    assert_eq!(place.metric(&connector, "sftp_connected"), 0.0);
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 200"), "it goes away by itself");
    place.sftp.start_again().expect("sshd starts again");
    connector.wait("the rest", |connector| connector.log().contains("sent januari.csv: 20000 rows"));
    connector.wait("a word about it", |connector| connector.log().contains("is looked at again"));
    assert_eq!(connector.log().matches("the SFTP server is away").count(), 1, "said once:\n{}", connector.log());
    assert_eq!(place.metric(&connector, "sftp_outages_total"), 1.0);
    assert_eq!(place.metric(&connector, "sftp_bytes_total"), content.len() as f64, "every byte was fetched once");
    let records = place.setup.records(FEED, MANY as usize);
    assert_eq!((records.len() as u64, payloads(&records)), (MANY, expected(0..MANY)));
}

#[test]
fn a_server_with_another_key_is_told_and_gets_nothing() {
    let place = Place::new("06");
    let key = place.sftp.host_key().to_owned();
    let place = place.with(|sources| sources.replace(&key, OTHER_KEY));
    place.put("januari.csv", table(0..1).as_bytes());
    let mut connector = place.setup.start_unready();
    connector.wait("a word about it", |connector| connector.log().contains("nothing was sent to it"));
    connector.wait("not to be ready", |connector| connector.get("/readyz").contains("shows the host key SHA256:"));
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 503"));
    assert_eq!(place.metric(&connector, "sftp_connected"), 0.0);
    assert!(place.spooled().is_empty());
    let opened = format!("Accepted publickey for {}", place.sftp.user());
    assert!(!place.sftp.log_end().contains(&opened), "{}", place.sftp.log_end());
}

#[test]
fn a_wrong_file_is_one_record_and_no_row_and_the_others_go_on() {
    let mut place = Place::new("07");
    place.setup = place.setup.limits("table_file = \"1 KiB\"");
    let whole = table(0..20);
    let cut = &whole[..whole.len() - "31;19\n".len() - 1];
    place.put("januari.csv", cut.as_bytes());
    let mut connector = place.setup.start();
    let left_out = place.setup.records(FEED, 1);
    assert_eq!(left_out[0].payload, FileFault::Truncated.payload(21).into_bytes());
    assert_eq!(left_out[0].position, "januari.csv:21");
    connector.wait("a word about it", |connector| connector.log().contains("januari.csv:21: the file is cut off"));
    // Too large: not a byte of it is fetched.
    let before = place.metric(&connector, "sftp_bytes_total");
    place.put("stor.csv", table(0..100).as_bytes());
    let left_out = place.setup.records(FEED, 2);
    let oversized = FileFault::Oversized.payload(0).into_bytes();
    assert_eq!(left_out.iter().filter(|record| record.payload == oversized).count(), 1);
    assert_eq!(place.metric(&connector, "sftp_bytes_total"), before);
    connector.wait("an empty spool", |_| place.spooled().is_empty());
    // A file that grows is fetched when it rests, and one that has been mended is sent.
    place.put("januari.csv", whole.as_bytes());
    connector.wait("the whole file", |connector| connector.log().contains("sent januari.csv: 20 rows"));
    assert_eq!(place.setup.records(FEED, 22).len(), 22);
}

/// Files of two rows each that rest at the server at once.
const RESTING: u64 = 300;

#[test]
fn all_files_that_rest_are_sent_in_order_of_time_from_one_listing_also_over_a_kill() {
    let place = Place::new("09").with(|sources| sources.replace("\"50ms\"", "\"1s\""));
    for at in 0..4_700 {
        fs::write(place.outbox.join(format!("{at}.md")), "no table, and a name to be listed").expect("written");
    }
    for at in 0..RESTING {
        // Two files of each second, and the later a file the smaller its name.
        let name = place.outbox.join(format!("{}-{}.csv", RESTING - at / 2, at % 2));
        fs::write(&name, table(2 * at..2 * at + 2)).expect("written");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + at / 2);
        fs::File::options().write(true).open(&name).expect("there").set_modified(time).expect("set");
    }
    // Older than all others, and closed to the server's user.
    let refused = place.outbox.join("refused.csv");
    fs::write(&refused, table(0..1)).expect("written");
    let file = fs::File::options().write(true).open(&refused).expect("there");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).expect("set");
    fs::set_permissions(&refused, fs::Permissions::from_mode(0o000)).expect("set");

    let fetched = |connector: &super::stack::Connector, count: f64| {
        let looks = place.metric(connector, "sftp_looks_total");
        let files = place.metric(connector, "sftp_files_total");
        assert!(looks <= 2.0 || files >= count, "{files} files after {looks} listings");
        files >= count
    };
    let mut connector = place.setup.start();
    connector.wait("some of the files", |connector| fetched(connector, 100.0));
    assert_eq!(connector.log().matches("fetch refused.csv from").count(), 1, "{}", connector.log());
    connector.kill();
    let before = connector.log().matches("fetched ").count() as f64;
    assert!(before < RESTING as f64, "killed in the middle");
    let mut connector = place.setup.start();
    // What was in the spool is not fetched again; a line of the log may have been lost in the kill.
    connector.wait("the rest", |connector| fetched(connector, RESTING as f64 - before - 1.0));
    connector.wait("the last file", |connector| connector.log().contains("sent 151-1.csv: 2 rows"));
    connector.wait("an empty spool", |_| place.spooled().is_empty());

    let records = place.setup.records(FEED, 2 * RESTING as usize);
    assert_eq!(payloads(&records), expected(0..2 * RESTING));
    let doubled = records.len() - distinct(&records).len();
    assert!(doubled <= 2, "at most the file that was under way comes again: {doubled}");
    let partitions: HashSet<_> = records.iter().map(|record| record.partition).collect();
    for partition in partitions {
        let of_partition = records.iter().filter(|record| record.partition == partition);
        let rows = of_partition.map(|record| {
            let payload = String::from_utf8_lossy(&record.payload);
            payload.rsplit(';').next().expect("a cell").parse::<u64>().expect("a number")
        });
        let mut seen = HashSet::new();
        let first: Vec<_> = rows.filter(|row| seen.insert(*row)).collect();
        assert!(first.is_sorted(), "partition {partition} is not in order: {first:?}");
    }
}

#[test]
fn a_folder_that_is_missing_is_told_with_its_server_until_it_is_there() {
    let place = Place::new("08");
    fs::remove_dir(&place.outbox).expect("removed");
    let mut connector = place.setup.start_unready();
    connector.wait("a word about it", |connector| connector.log().contains("there is no such file or folder"));
    connector.wait("not to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 503"));
    fs::create_dir(&place.outbox).expect("made");
    place.put("januari.csv", table(0..2).as_bytes());
    let start = std::time::Instant::now();
    connector.wait("the file", |connector| connector.log().contains("sent januari.csv: 2 rows"));
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() < LONG);
}
