//! Signals.

use std::process::{Command, Stdio};
use std::time::Duration;

use runtime::shutdown::{EXIT_FORCED, Shutdown};

use super::support::wait_for;

const CHILD: &str = "VARDSTROM_TEST_SHUTDOWN_CHILD";

/// Not a test of its own: the process that is sent signals. It never ends by itself after the first one.
#[test]
fn child() {
    let Ok(file) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shutdown = runtime.block_on(async { Shutdown::install() }).unwrap();
    std::fs::write(&file, "installed").unwrap();
    while !shutdown.sleep(Duration::from_secs(1)) {}
    runtime.block_on(shutdown.wait());
    assert!(shutdown.requested());
    std::fs::write(&file, "requested").unwrap();
    std::thread::sleep(super::support::PATIENCE);
}

#[test]
fn the_first_signal_asks_and_the_second_leaves_at_once() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "shutdown::child", "--nocapture"])
            .env(CHILD, &file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let state = |wanted: &str| (std::fs::read_to_string(&file).ok()? == wanted).then_some(());
        let send = |id: u32| assert!(Command::new("kill").args([signal, &id.to_string()]).status().unwrap().success());
        wait_for("the child to install", || state("installed"));
        send(child.id());
        wait_for("the wish to be seen", || state("requested"));
        send(child.id());
        assert_eq!(child.wait().unwrap().code(), Some(EXIT_FORCED));
    }
}

#[test]
fn a_request_wakes_sleeping_threads() {
    let shutdown = Shutdown::manual();
    assert!(!shutdown.requested());
    assert!(!shutdown.sleep(Duration::ZERO));
    let other = shutdown.clone();
    let sleeper = std::thread::spawn(move || other.sleep(super::support::PATIENCE));
    shutdown.request();
    assert!(sleeper.join().unwrap());
    assert!(shutdown.requested());
}
