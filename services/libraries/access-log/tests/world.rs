//! What tests share.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use access_log::{Action, Entry, Key, Outcome, Region, Text};
use tempfile::TempDir;

pub(crate) const SEED: &str = "0101010101010101010101010101010101010101010101010101010101010101";
pub(crate) const WRITER: &str = "serve";

pub(crate) fn key() -> Key {
    Key::parse(SEED).unwrap()
}

pub(crate) fn region(code: &str) -> Region {
    Region::new(code).unwrap()
}

/// An entry that differs from others by its number.
pub(crate) fn entry(code: &str, number: u64) -> Entry {
    let text = |text: &str| Text::new(text).unwrap();
    Entry {
        action: Action::Disclose,
        care_unit: text("process register extracts"),
        commission: None,
        dataset: text("waiting-times"),
        digest: None,
        ground: text("9 kap. hälso- och sjukvårdslagen"),
        person: None,
        recipient: Some(text("skr")),
        region: region(code),
        resource: text(&format!("parcel v{number}")),
        result: Outcome::Disclosed,
        role: text("system"),
        rows: Some(number),
        time: jiff::Timestamp::from_microsecond(1_790_000_000_000_000 + number as i64).unwrap(),
        user: text("test"),
    }
}

/// The same as a line of `access-log record`.
pub(crate) fn line(code: &str, number: u64) -> String {
    format!(
        "{{\"action\":\"disclose\",\"care_unit\":\"process\",\"dataset\":\"waiting-times\",\"ground\":\"test\",\"region\":\"{code}\",\
         \"resource\":\"parcel v{number}\",\"result\":\"disclosed\",\"role\":\"system\",\"time\":\"2026-02-01T08:00:00Z\",\
         \"user\":\"user {}\"}}\n",
        number % 3
    )
}

/// A folder with a configuration in it.
pub(crate) struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        let desk = Self { folder };
        desk.configure("");
        desk
    }

    pub(crate) fn configure(&self, more: &str) {
        let folder = self.path("log").display().to_string();
        let config = format!("other = 1\n[access_log]\nfolder = \"{folder}\"\nkey = {{ env = \"TEST_KEY\" }}\n{more}");
        fs::write(self.path("service.toml"), config).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_access-log"));
        command.args(arguments).current_dir(self.folder.path()).env("TEST_KEY", SEED);
        command
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Calls it and expects success; gives what it printed.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.call(arguments);
        let (text, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {text} {errors}");
        text
    }

    /// Calls it and expects this exit code and this in what it said.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32, expected: &str) {
        let output = self.call(arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }

    pub(crate) fn public(&self) -> String {
        self.done(&["key", "--config", "service.toml"]).trim().to_owned()
    }
}

pub(crate) const RECORD: [&str; 5] = ["record", "--config", "service.toml", "--writer", WRITER];
