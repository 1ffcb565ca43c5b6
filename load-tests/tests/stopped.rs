//! Whatever ends a run, its servers end and its folders go; and what cannot be done is refused before anything is started.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use load_tests::stack::program;

const STARTED_MAX: Duration = Duration::from_secs(120);
const ENDED_MAX: Duration = Duration::from_secs(60);

/// A run that takes longer than it may take to find its servers on a busy machine.
const SLOW: &[&str] = &["--messages", "400", "--rate", "5"];

/// A program with temporary folders of its own, and servers of its own whatever is set.
fn command(name: &str, arguments: &[&str], temporary: &Path) -> Command {
    let mut command = Command::new(program(name).expect("it is built"));
    command.args(arguments).env("TMPDIR", temporary).env_remove("KAFKA_BOOTSTRAP").env_remove("DATABASE_URL");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn find(folder: &Path, is: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    for path in fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())) {
        if is(&path) {
            return Some(path);
        }
        if let Some(found) = find(&path, is) {
            return Some(found);
        }
    }
    None
}

fn wait_until(within: Duration, what: &str, done: &mut dyn FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Stops a program with a signal once this server of it runs; then neither it nor a folder may be left.
#[track_caller]
fn check_gone(name: &str, arguments: &[&str], server: &str, with: &str) {
    let temporary = tempfile::tempdir().expect("a folder");
    let mut child = command(name, arguments, temporary.path()).spawn().expect("it starts");
    let mut id = String::new();
    wait_until(STARTED_MAX, &format!("{name} starts {server}"), &mut || {
        let file = find(temporary.path(), &|path| path.ends_with(format!("{server}.pid")));
        id = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default().trim().to_owned();
        !id.is_empty()
    });
    let runs = |id: &str| Path::new("/proc").join(id).exists();
    assert!(runs(&id));
    signal(&child, with);
    let ended = child.wait().expect("it ends");
    assert!(!ended.success(), "{name} was broken off");
    wait_until(ENDED_MAX, &format!("{name}: {server} {id} ends"), &mut || !runs(&id));
    wait_until(ENDED_MAX, &format!("{name}: its folder goes"), &mut || find(temporary.path(), &|_| true).is_none());
}

#[test]
fn a_run_that_is_stopped_leaves_neither_servers_nor_folders() {
    for with in ["TERM", "INT", "KILL"] {
        check_gone("check-demo", SLOW, "kafka", with);
    }
    check_gone("chaos", &["--brokers", "1"], "kafka", "TERM");
    check_gone("check-wall", &["--only", "tables", "--regions", "2"], "postgres", "TERM");
    check_gone("demo", &[], "kafka", "TERM");
    check_gone("bench", &["--only", "chain", "--messages-timed", "400"], "kafka", "INT");
    check_gone("check-demo", SLOW, "sink-store", "TERM");
}

/// Its exit code and what it said, in the end of which there must be nothing left on the disk.
fn refused(name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let temporary = tempfile::tempdir().expect("a folder");
    let begin = Instant::now();
    let Output { status, stderr, .. } = command(name, arguments, temporary.path()).output().expect("it runs");
    assert!(begin.elapsed() < Duration::from_secs(5), "{name} started something first");
    assert_eq!(find(temporary.path(), &|_| true), None);
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn what_cannot_be_done_is_refused_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (code, said) = refused("demo", &["--port", &port]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("port {port} of this machine cannot be used")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    for missing in ["/no/such/file.csv", "/tmp"] {
        let (code, said) = refused("check-register", &[missing, "--period", "2026-02", "--out", "/nonexistent"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&format!("read {missing}")), "{said}");
    }
}
