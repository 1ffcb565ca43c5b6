//! Dependencies point one way, and nothing behind the processor can read an identifier.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Command,
};

use serde_json::Value;

/// What every crate may use: it uses none of them.
const ANYWHERE: &str = "swedish-time";

/// Each crate and what it may use of the workspace, tests aside.
const ALLOWED: [(&str, &[&str]); 34] = [
    ("settings", &[]),
    ("tls", &["settings"]),
    ("schemas", &["settings", "tls"]),
    ("topics", &["schemas", "settings", "tls"]),
    ("runtime", &["schemas", "settings", "tls", "topics"]),
    ("identity", &[]),
    ("linkage", &[]),
    ("hl7", &[]),
    ("delimited", &[]),
    ("debezium", &[]),
    ("fhir", &[]),
    ("timeline", &["schemas"]),
    ("local-stack", &[]),
    ("parcel", &["runtime", "schemas", "topics"]),
    ("access-log", &["settings"]),
    ("sftp", &["runtime"]),
    ("replication", &["runtime", "tls"]),
    ("sealing", &["schemas", "settings"]),
    ("spreadsheet", &[]),
    (ANYWHERE, &[]),
    ("postgresql", &["settings", "tls"]),
    ("board", &["runtime", "schemas", "timeline", "topics"]),
    ("figures", &["board", "runtime", "schemas", "spreadsheet", "timeline", "topics"]),
    (
        "connector",
        &[
            "debezium",
            "delimited",
            "fhir",
            "hl7",
            "identity",
            "replication",
            "runtime",
            "schemas",
            "sealing",
            "sftp",
            "tls",
            "topics",
        ],
    ),
    (
        "processor",
        &["debezium", "delimited", "fhir", "hl7", "identity", "runtime", "schemas", "sealing", "timeline", "topics"],
    ),
    ("sink-store", &["postgresql", "runtime", "schemas", "timeline", "topics"]),
    (
        "sink-register",
        &[
            "access-log",
            "login",
            "parcel",
            "postgresql",
            "runtime",
            "schemas",
            "sftp",
            "spreadsheet",
            "timeline",
            "topics",
        ],
    ),
    // A region's own deliveries carry identities by law: made in the region's zone, sealed before they leave it.
    (
        "region-register",
        &[
            "access-log",
            "identity",
            "linkage",
            "parcel",
            "permit",
            "processor",
            "runtime",
            "schemas",
            "sealing",
            "spreadsheet",
            "timeline",
            "topics",
        ],
    ),
    ("access", &["topics"]),
    ("permit", &["access-log", "linkage", "settings", "topics"]),
    // Sees points alone: no identity, no record, no store.
    ("key-holder", &["access-log", "linkage", "permit", "runtime", "tls", "topics"]),
    ("login", &["access", "access-log", "runtime", "tls", "topics"]),
    (
        "dashboard",
        &[
            "access",
            "access-log",
            "board",
            "figures",
            "login",
            "postgresql",
            "runtime",
            "schemas",
            "spreadsheet",
            "timeline",
            "topics",
        ],
    ),
    (
        "load-tests",
        &[
            "access",
            "access-log",
            "connector",
            "dashboard",
            "hl7",
            "identity",
            "local-stack",
            "postgresql",
            "processor",
            "runtime",
            "schemas",
            "sealing",
            "sink-register",
            "sink-store",
            "timeline",
            "tls",
            "topics",
        ],
    ),
];

pub(crate) fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

pub(crate) fn workspace_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    packages()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            let normal = dependencies
                .filter(|dependency| dependency["kind"] != "dev" && !dependency["path"].is_null())
                .map(|dependency| dependency["name"].as_str().expect("a name").to_owned());
            (package["name"].as_str().expect("a name").to_owned(), normal.collect())
        })
        .collect()
}

#[test]
fn crates_use_only_what_lies_before_them() {
    let found = workspace_dependencies();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    for (package, dependencies) in &found {
        let allowed =
            allowed.get(package.as_str()).unwrap_or_else(|| panic!("{package} has no place in the order of crates"));
        for dependency in dependencies {
            let is_allowed = dependency == ANYWHERE || allowed.contains(&dependency.as_str());
            assert!(is_allowed, "{package} must not depend on {dependency}");
        }
    }
    assert_eq!(found.len(), ALLOWED.len());
}

pub(crate) const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../services");

pub(crate) fn crates(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.join("Cargo.toml").is_file()).collect()
}

#[test]
fn what_the_dashboard_decides_links_no_server_and_no_client() {
    let packages = packages();
    for name in ["board", "figures"] {
        let package = packages.iter().find(|package| package["name"] == name).expect("a crate of the workspace");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let linked = dependency["name"].as_str().expect("a name");
            let does_io = ["axum", "hyper", "rdkafka", "tokio", "tokio-postgres", "ureq"].contains(&linked);
            assert!(!does_io, "{name} must not depend on {linked}");
        }
    }
}

#[test]
fn what_runs_lies_apart_from_what_is_linked() {
    let (run, linked) = (crates(SERVICES), crates(&format!("{SERVICES}/libraries")));
    assert!(run.len() >= 6 && linked.len() >= 7, "{run:?} {linked:?}");
    for path in run {
        for file in ["main.rs", "command.rs", "config.rs", "lib.rs"] {
            assert!(path.join("src").join(file).is_file(), "{} has no {file}: every service has", path.display());
        }
    }
    for path in linked {
        assert!(!path.join("src/main.rs").exists(), "{} is a program; it belongs in services", path.display());
    }
}

/// What a command does is its `command`'s; there is no exception.
#[test]
fn main_reads_the_command_line_and_leaves() {
    const LINES_MAX: usize = 60;
    for path in crates(SERVICES) {
        let path = path.join("src/main.rs");
        let lines = std::fs::read_to_string(&path).expect("a main").lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines; commands belong in command.rs", path.display());
    }
}

#[test]
fn nothing_behind_the_processor_reaches_identifiers_raw_messages_or_their_keys() {
    let found = workspace_dependencies();
    for service in ["sink-store", "sink-register", "dashboard", "key-holder"] {
        let mut reached = BTreeSet::new();
        let mut open = vec![service.to_owned()];
        while let Some(package) = open.pop() {
            if reached.insert(package.clone()) {
                open.extend(found.get(&package).into_iter().flatten().cloned());
            }
        }
        for forbidden in ["identity", "hl7", "debezium", "fhir", "sealing", "connector", "processor"] {
            assert!(!reached.contains(forbidden), "{service} reaches {forbidden}");
        }
    }
}
