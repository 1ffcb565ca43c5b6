//! Tests of the record schemas, through the crate's public interface.

mod compatibility;
mod encrypted;
mod event_id;
mod examples;
mod golden;
mod objection;
mod orphans;
mod property;
mod protection;
mod refusal;
mod registry;
mod round_trip;
mod shape;
mod subject;
mod value;

use std::path::{Path, PathBuf};

use schemas::Kind;

/// A folder of this crate.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files of a folder of this crate as name and path, sorted.
fn files(name: &str) -> Vec<(String, PathBuf)> {
    let folder = folder(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("reading {}: {error}", folder.display()));
    let named = entries.map(|entry| entry.expect("an entry")).map(|entry| {
        let name = entry.file_name().into_string().expect("file names are UTF-8");
        (name, entry.path())
    });
    let mut files: Vec<_> = named.collect();
    files.sort();
    files
}

/// The kind with this name.
fn kind(name: &str) -> Kind {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_else(|| panic!("no kind is called {name}"))
}
