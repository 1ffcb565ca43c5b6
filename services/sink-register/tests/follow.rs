//! Extracts that are kept up to date until somebody asks to stop.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{Desk, Feeder, Statement, database, entries, entry, statement};

/// How long the machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The present month, in which statements come in while the program runs.
fn this_month() -> &'static str {
    jiff::Zoned::now().strftime("%Y-%m").to_string().leak()
}

fn until(mut holds: impl FnMut() -> bool, what: &str) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what} within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ends the program also when the test fails.
struct Running(Child);

impl Running {
    fn stop(mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it stops");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_statement_becomes_a_version_by_itself_and_nothing_new_becomes_none() {
    let database = database(&["14"]).await;
    let period = this_month();
    let present = |contact: &str, days| Statement { period, days, ..statement(contact) };
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&[present("A", 40)]).await;
    let desk = Desk::new(&database);
    let follow = ["follow", "--region", "14", "--extract", "waiting-times", "--out", "parcels", "--pause", "1"];
    let child = desk.command(&follow).stderr(Stdio::null()).spawn().unwrap();
    let running = Running(child);
    until(|| entries(&desk) == [entry("made", 1)], "the first version");
    feeder.feed(&[present("B", 50)]).await;
    until(|| entries(&desk).len() > 1, "the second version");
    running.stop();
    assert_eq!(entries(&desk), [entry("made", 1), entry("made", 2)]);
    desk.refused(&["follow", "--region", "14", "--extract", "nothing", "--out", "parcels"], 2, "nothing");
}
