//! Whatever the writer is killed in the middle of, nothing that it acknowledged is lost, and the log verifies.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::world::{Desk, RECORD, WRITER, line};

const KILLS: u64 = 60;

#[test]
fn nothing_acknowledged_is_lost_when_the_writer_is_killed_again_and_again() {
    let desk = Desk::new();
    // Checkpoints and segments are written between the entries all the time.
    desk.configure("checkpoint_entries = 5\n");
    let mut acknowledged: BTreeMap<u64, String> = BTreeMap::new();
    let mut sent = 0;
    for round in 0..KILLS {
        let mut command = desk.command(&RECORD);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let from = sent;
        let writer = thread::spawn(move || {
            let mut number = from;
            // Until the pipe breaks.
            while input.write_all(line("14", number).as_bytes()).is_ok() {
                number += 1;
            }
            number
        });
        let reader = thread::spawn(move || output.lines().map_while(Result::ok).collect::<Vec<_>>());
        thread::sleep(Duration::from_micros(20_000 + round * 7_919 % 90_000));
        child.kill().unwrap();
        child.wait().unwrap();
        sent = writer.join().unwrap();
        for answer in reader.join().unwrap() {
            // A line that was cut in two has not been read as an answer by anybody.
            let mut parts = answer.split(' ');
            let (Some("14"), Some(entry), Some(leaf)) = (parts.next(), parts.next(), parts.next()) else { continue };
            if leaf.len() == 64 {
                let earlier = acknowledged.insert(entry.parse().unwrap(), leaf.to_owned());
                assert_eq!(earlier, None, "entry {entry} was acknowledged twice");
            }
        }
    }
    assert!(acknowledged.len() as u64 > KILLS, "{} entries were acknowledged", acknowledged.len());
    // Started once more, it cuts off what was not finished and signs the rest.
    desk.call(&RECORD);
    let folder = desk.path("log").join(WRITER).display().to_string();
    let said = desk.done(&["verify", "--folder", &folder, "--key", &desk.public()]);
    assert!(!said.contains("not finished") && !said.contains("not signed"), "{said}");
    let mut entries = BTreeMap::new();
    for name in fs::read_dir(desk.path("log").join(WRITER).join("14")).unwrap().map(|entry| entry.unwrap().path()) {
        if name.extension().is_some_and(|extension| extension == "log") {
            for line in fs::read_to_string(name).unwrap().lines().skip(1) {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                let leaf = access_log::Hash::of_leaf(line.as_bytes()).to_string();
                entries.insert(value["entry"].as_u64().unwrap(), leaf);
            }
        }
    }
    for (entry, leaf) in &acknowledged {
        assert_eq!(entries.get(entry), Some(leaf), "entry {entry}");
    }
}

/// A real small file system; only root can make one, in a name space of its own.
#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room_again() {
    let desk = Desk::new();
    let unshared = std::process::Command::new("unshare").args(["--mount", "true"]).status();
    if !unshared.is_ok_and(|status| status.success()) {
        // Only root can give the log a small file system.
        return;
    }
    let log = desk.path("log").display().to_string();
    let script = "mount -t tmpfs -o size=256k tmpfs \"$1\"; dd if=/dev/zero of=\"$1/filler\" bs=1k count=200 2>/dev/null; \
                  exec \"$0\" record --config service.toml --writer serve";
    let mut command = std::process::Command::new("unshare");
    command.args(["--mount", "sh", "-euc", script, env!("CARGO_BIN_EXE_access-log"), &log]);
    command.current_dir(desk.folder.path()).env("TEST_KEY", crate::world::SEED);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let inside = std::path::PathBuf::from(format!("/proc/{}/root{log}", child.id()));
    let mut ask = |number: u64| {
        input.write_all(line("14", number).as_bytes()).unwrap();
        output.next().expect("an answer")
    };
    let mut acknowledged = 0;
    let refused = loop {
        let answer = ask(acknowledged);
        if answer.starts_with("error") {
            break answer;
        }
        assert!(answer.starts_with(&format!("14 {acknowledged} ")), "{answer}");
        acknowledged += 1;
        assert!(acknowledged < 2_000, "the disk is never full");
    };
    assert!(refused.contains("os error 28"), "{refused}");
    assert!(ask(acknowledged).starts_with("error"), "it is still full");
    fs::remove_file(inside.join("filler")).unwrap();
    for _ in 0..20 {
        let answer = ask(acknowledged);
        assert!(answer.starts_with(&format!("14 {acknowledged} ")), "{answer}");
        acknowledged += 1;
    }
    let folder = inside.join("serve").display().to_string();
    let said = desk.done(&["verify", "--folder", &folder, "--key", &desk.public()]);
    assert!(acknowledged > 30 && said.contains(&format!("{acknowledged} entries")), "{said}");
    drop(input);
    // It has refused twice, and says so.
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
