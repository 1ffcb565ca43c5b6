//! The units of systemd/: every service has one, systemd takes them as they are, and what they allow is little.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use load_tests::stack::program;

use crate::walls::{SERVICES, crates};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../systemd");
/// Where the units expect the programs.
const INSTALLED: &str = "/usr/local/bin/";
/// What each unit may be exposed, in tenths: `systemd-analyze security` counts to 10.0, which is a hundred.
const EXPOSURE_MAX: u32 = 20;

/// Each unit's name and text.
fn units() -> BTreeMap<String, String> {
    let entries = fs::read_dir(FOLDER).expect("a folder").map(|entry| entry.expect("an entry").path());
    let named = entries.filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        name.ends_with(".service").then(|| (name, fs::read_to_string(&path).expect("a unit")))
    });
    named.collect()
}

/// Every value of a key in a unit.
fn values<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// The words of a unit's command.
fn command(text: &str) -> Vec<&str> {
    let [command] = values(text, "ExecStart")[..] else { panic!("one command") };
    command.split(' ').collect()
}

fn analyze(arguments: &[&str]) -> Output {
    let analyzed = Command::new("systemd-analyze").args(arguments).output();
    analyzed.expect("systemd-analyze runs: it is in Debian's package systemd, and no unit is taken without it")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_service_has_a_unit_and_every_unit_a_service() {
    let services: BTreeSet<String> = crates(SERVICES)
        .iter()
        .map(|path| path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned())
        .collect();
    let started: BTreeSet<String> = units()
        .values()
        .map(|text| command(text)[0].strip_prefix(INSTALLED).expect("an installed program").to_owned())
        .collect();
    assert_eq!(started, services);
}

#[test]
fn a_unit_s_command_is_one_that_its_program_has() {
    for (unit, text) in units() {
        let words = command(&text);
        let program = program(words[0].strip_prefix(INSTALLED).expect("an installed program")).expect("it is built");
        let help = Command::new(program).args([words[1], "--help"]).output().expect("it runs");
        assert!(help.status.success(), "{unit}: {} is no command", words[1]);
        let help = told(&help);
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            let known = help.split(|letter: char| letter.is_whitespace() || letter == ',').any(|word| word == *flag);
            assert!(known, "{unit}: {flag} is no flag of {}:\n{help}", words[1]);
        }
    }
}

#[test]
fn what_is_wrong_is_not_tried_for_ever_and_secrets_come_as_files() {
    for (unit, text) in units() {
        assert!(values(&text, "LoadCredential").len() == 1 && values(&text, "Environment").is_empty(), "{unit}");
        assert_eq!(values(&text, "StateDirectoryMode"), ["0700"], "{unit}");
        if values(&text, "Type") == ["oneshot"] {
            assert!(values(&text, "Restart").is_empty(), "{unit} is started by hand");
            continue;
        }
        // What services say to systemd is their exit code; none of them speaks sd_notify, so nothing may wait for that.
        assert_eq!(values(&text, "Type"), ["exec"], "{unit}");
        assert!(!text.contains("WatchdogSec") && !text.contains("NotifyAccess"), "{unit}");
        assert_eq!(values(&text, "Restart"), ["on-failure"], "{unit}");
        assert_eq!(values(&text, "RestartPreventExitStatus"), ["2"], "{unit}");
    }
}

/// The units as they lie in a folder of our own, with the programs that were built.
fn installed(folder: &Path) -> Vec<PathBuf> {
    let wall = "vardstrom-.service.d";
    fs::create_dir(folder.join(wall)).expect("a folder");
    for entry in fs::read_dir(Path::new(FOLDER).join(wall)).expect("the wall").map(|entry| entry.expect("an entry")) {
        fs::copy(entry.path(), folder.join(wall).join(entry.file_name())).expect("copied");
    }
    let write = |(name, text): (String, String)| {
        let built = command(&text)[0].strip_prefix(INSTALLED).map(|name| program(name).expect("it is built"));
        let built = built.expect("an installed program");
        let path = folder.join(name);
        fs::write(&path, text.replacen(command(&text)[0], built.to_str().expect("a path"), 1)).expect("written");
        path
    };
    units().into_iter().map(write).collect()
}

#[test]
fn systemd_takes_every_unit_and_finds_it_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let threshold = format!("--threshold={EXPOSURE_MAX}");
    let security = ["security", "--offline=true", "--no-pager", &threshold];
    let units = installed(folder.path());
    assert!(units.len() >= 7, "{units:?}");
    for path in &units {
        let path = path.to_str().expect("a path");
        let verified = analyze(&["verify", "--man=no", path]);
        assert!(verified.status.success() && told(&verified).is_empty(), "{path}: {}", told(&verified));
        let exposed = analyze(&[&security[..], &[path]].concat());
        assert!(exposed.status.success(), "{path}: {}", told(&exposed));
        assert!(told(&exposed).contains("Overall exposure level"), "{path}: {}", told(&exposed));
    }
    // The same tools refuse a unit that is misspelled, and one without the wall.
    let broken = units[0].to_str().expect("a path");
    let text = fs::read_to_string(broken).expect("a unit");
    fs::write(broken, text.replace("StateDirectory=", "StateDirektory=")).expect("written");
    assert!(told(&analyze(&["verify", "--man=no", broken])).contains("StateDirektory"));
    fs::remove_dir_all(folder.path().join("vardstrom-.service.d")).expect("removed");
    assert!(!analyze(&[&security[..], &[broken]].concat()).status.success(), "an open unit passes");
}
