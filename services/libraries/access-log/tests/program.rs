//! The commands, as the help teaches them.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use crate::world::{Desk, RECORD, line};

const WITNESS: &str = "0202020202020202020202020202020202020202020202020202020202020202";

/// Writes entries with these numbers.
fn record(desk: &Desk, lines: &[String]) -> String {
    let mut child = desk.command(&RECORD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(lines.concat().as_bytes()).unwrap();
    drop(input);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

fn numbered(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers.map(|number| line("14", number)).collect()
}

#[test]
fn entries_are_written_found_and_proven() {
    let desk = Desk::new();
    let answers = record(&desk, &numbered(0..6));
    assert_eq!(answers.lines().count(), 6);
    let show = |more: &[&str]| desk.done(&[&["show", "--folder", "log/serve"], more].concat());
    assert_eq!(show(&[]).lines().count(), 6);
    assert!(
        show(&[]).contains("user 0 (system) at process: disclose parcel v0 of waiting-times, disclosed; ground: test")
    );
    assert_eq!(show(&["--user", "user 1", "--json"]).lines().count(), 2);
    assert_eq!(show(&["--region", "01"]), "");
    assert_eq!(show(&["--from", "2026-02-02"]), "");
    assert_eq!(show(&["--from", "2026-02-01", "--to", "2026-02-02"]).lines().count(), 6);
    assert_eq!(show(&["--person", "r14.v1.MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"]), "");

    let public = desk.public();
    let proof = desk.done(&["prove", "--folder", "log/serve", "--region", "14", "--entry", "3"]);
    fs::write(desk.path("proof.json"), &proof).unwrap();
    // Another machine has the proof and the public key, nothing else.
    let said = desk.done(&["verify-proof", "proof.json", "--key", &public]);
    assert!(said.contains("vardstrom/serve/14 of 6 entries") && said.contains("parcel v3"), "{said}");
    desk.refused(&["verify-proof", "proof.json", "--key", &"0".repeat(64)], 1, "not signed by the log's key");
    desk.refused(&["verify-proof", "proof.json", "--key", &public, "--witness", &public], 1, "not countersigned");
    fs::write(desk.path("other.json"), proof.replace("parcel v3", "parcel v4")).unwrap();
    desk.refused(&["verify-proof", "other.json", "--key", &public], 1, "do not lead");
    desk.refused(&["prove", "--folder", "log/serve", "--region", "14", "--entry", "6"], 1, "no checkpoint of entry 6");
    desk.refused(&["prove", "--folder", "log/serve", "--region", "01", "--entry", "0"], 1, "no log of region 01");
}

#[test]
fn what_is_no_entry_or_reads_as_a_personal_number_is_refused_and_never_repeated() {
    let desk = Desk::new();
    let number = "19121212-1212";
    let lines = [
        line("14", 0).replace("user 0", number),
        line("14", 0).replace("\"user\"", "\"person\":\"191212121212\",\"user\""),
        line("14", 0).replace("\"role\"", "\"rolle\""),
        "191212121212\n".to_owned(),
        line("14", 0),
    ];
    let answers = record(&desk, &lines);
    let answers: Vec<&str> = answers.lines().collect();
    assert!(
        answers[..4].iter().all(|answer| answer.starts_with("error: line ")) && answers[4].starts_with("14 0 "),
        "{answers:?}"
    );
    assert!(!answers.concat().contains("1212"), "{answers:?}");
    let written = fs::read_to_string(desk.path("log/serve/14/00000000000000000000.log")).unwrap();
    assert!(!written.contains("1212"));
}

#[test]
fn a_region_countersigns_what_goes_on_and_refuses_what_was_written_anew_or_rolled_back() {
    let desk = Desk::new();
    fs::write(desk.path("witness.key"), WITNESS).unwrap();
    let public = desk.public();
    let witness = desk.done(&["key", "--key-file", "witness.key"]).trim().to_owned();
    let prove = |from: &str, to: &str| {
        let text = desk.done(&["prove", "--folder", "log/serve", "--region", "14", "--from", from]);
        fs::write(desk.path(to), text).unwrap();
    };
    let sign = |proof: &str, more: &[&str]| -> Vec<String> {
        let own = [
            "countersign",
            proof,
            "--log-key",
            &public,
            "--name",
            "region-14",
            "--key-file",
            "witness.key",
            "--state",
            "state",
        ];
        own.iter().chain(more).map(|text| (*text).to_owned()).collect()
    };
    let done = |arguments: Vec<String>| desk.done(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let refused = |arguments: Vec<String>, expected: &str| {
        desk.refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), 1, expected);
    };
    record(&desk, &numbered(0..5));
    let earlier = fs::read(desk.path("log/serve/14/00000000000000000000.log")).unwrap();
    let earlier_checkpoints = fs::read(desk.path("log/serve/14/checkpoints")).unwrap();
    prove("0", "first.json");
    refused(sign("first.json", &[]), "say --first");
    let note = done(sign("first.json", &["--first"]));
    assert!(note.starts_with("vardstrom/serve/14\n5\n"), "{note}");
    record(&desk, &numbered(5..9));
    prove("0", "wrong.json");
    refused(sign("wrong.json", &[]), "--from 5");
    prove("5", "second.json");
    let note = note + &done(sign("second.json", &[]));
    // What a killed run has not finished of its state was not given away.
    fs::write(desk.path("state"), fs::read_to_string(desk.path("state")).unwrap() + "vardstrom/ser").unwrap();
    assert!(done(sign("second.json", &[])).starts_with("vardstrom/serve/14\n9\n"), "the same again is signed again");
    fs::write(desk.path("log/serve/14/countersigned"), note).unwrap();
    let verify =
        ["verify", "--folder", "log/serve", "--key", &public, "--witness", &witness, "--countersigned", "state"];
    assert!(desk.done(&verify).contains("9 entries are signed, 9 countersigned"));
    let proof = desk.done(&["prove", "--folder", "log/serve", "--region", "14", "--entry", "7"]);
    fs::write(desk.path("proof.json"), proof).unwrap();
    desk.done(&["verify-proof", "proof.json", "--key", &public, "--witness", &witness]);

    // Rolled back: everything is as it was after five entries, and another four follow.
    let place = desk.path("log/serve/14");
    fs::remove_file(place.join("countersigned")).unwrap();
    fs::write(place.join("00000000000000000000.log"), earlier).unwrap();
    fs::write(place.join("checkpoints"), earlier_checkpoints).unwrap();
    refused(sign("first.json", &[]), "rolled back: 9 entries were countersigned");
    desk.refused(&verify, 1, "rolled back: 5 entries are there, and 9 were countersigned");
    record(&desk, &numbered(100..106));
    desk.refused(&verify, 1, "forked: entries 5 to 8 are not those that were countersigned");
    desk.done(&["verify", "--folder", "log/serve", "--key", &public]);
    let fork = desk.done(&["prove", "--folder", "log/serve", "--region", "14", "--from", "5"]);
    fs::write(desk.path("fork.json"), fork).unwrap();
    refused(sign("fork.json", &[]), "make it with `access-log prove --from 9`");
}

#[test]
fn verify_names_what_is_wrong_and_ends_with_one() {
    let desk = Desk::new();
    record(&desk, &numbered(0..6));
    let public = desk.public();
    let verify = ["verify", "--folder", "log/serve", "--key", &public];
    assert!(desk.done(&verify).contains("region 14: 6 entries, 2 checkpoints; 6 entries are signed, 0 countersigned"));
    desk.done(&[verify.as_slice(), &["--name", "vardstrom/serve"]].concat());
    let other = [verify.as_slice(), &["--name", "vardstrom/par"]].concat();
    desk.refused(&other, 1, "region 14: WRONG: its checkpoints are of another log, vardstrom/serve/14");
    let path = desk.path("log/serve/14/00000000000000000000.log");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("parcel v3", "parcel v8")).unwrap();
    desk.refused(&verify, 1, "region 14: WRONG: changed: entry 3 is not what was written");
    fs::write(
        &path,
        text.lines().filter(|line| !line.contains("parcel v2")).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    desk.refused(&verify, 1, "region 14: WRONG: deleted: entries 2 to 2 are not there");
    desk.refused(&["verify", "--folder", "log", "--key", &public], 1, "has no log of any region");
    desk.refused(&["verify", "--folder", "log/serve", "--key", "x"], 2, "64 hexadecimal digits");
}

#[test]
fn a_key_is_printed_as_other_programs_want_it_and_a_configuration_is_checked() {
    let desk = Desk::new();
    let printed = desk.done(&["key", "--config", "service.toml", "--writer", "serve", "--region", "14"]);
    assert!(printed.starts_with("vardstrom/serve/14+"), "{printed}");
    for (more, expected) in [
        ("name = \"a b\"\n", "access_log.name: must be"),
        ("checkpoint_entries = 0\n", "access_log.checkpoint_entries: must be at least 1"),
        ("retired = [\"x\"]\n", "access_log.retired.0"),
        ("nmae = \"x\"\n", "unknown field"),
    ] {
        desk.configure(more);
        desk.refused(&["key", "--config", "service.toml"], 2, expected);
    }
    fs::write(desk.path("service.toml"), "other = 1\n").unwrap();
    desk.refused(&["key", "--config", "service.toml"], 2, "it has no table [access_log]");
    assert!(desk.done(&["--help"]).contains("access-log verify --folder"));
}
