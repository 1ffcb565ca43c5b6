//! What the README says that stands in one place stands in one place: read from the sources.

use std::{fs, path::Path};

/// Folders of code that is shipped.
const FOLDERS: [&str; 3] = ["schemas", "topics", "services"];

/// Each file of Rust that is shipped, by its path from the top, without the tests at its end.
fn sources() -> Vec<(String, String)> {
    let top = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut open: Vec<_> = FOLDERS.iter().map(|folder| top.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if entry.is_dir() && !["tests", "examples", "target", "benches"].contains(&name) {
                open.push(entry);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = fs::read_to_string(&entry).expect("a source");
                let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
                let path = entry.strip_prefix(top).expect("under the top").display().to_string();
                found.push((path, shipped));
            }
        }
    }
    assert!(found.len() > 300, "the sources are found");
    found
}

/// The files in which a text stands, comments aside.
fn files_with(needle: &str) -> Vec<String> {
    let stands = |text: &str| text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(needle));
    let mut files: Vec<_> = sources().into_iter().filter(|(_, text)| stands(text)).map(|(path, _)| path).collect();
    files.sort();
    files
}

#[test]
fn postgresql_is_reached_through_one_door() {
    assert_eq!(files_with("NoTls"), ["services/libraries/postgresql/src/connection.rs"]);
    assert_eq!(files_with("tokio_postgres::connect"), Vec::<String>::new());
    let messages = files_with("as_db_error");
    assert_eq!(messages, ["services/libraries/postgresql/src/fault.rs"], "what of a database's error may be printed");
}

#[test]
fn what_an_error_of_kafka_means_is_decided_in_one_place() {
    let beside = files_with("RDKafkaErrorCode")
        .into_iter()
        .filter(|path| !path.starts_with("services/libraries/runtime/") && !path.starts_with("topics/"));
    assert_eq!(beside.collect::<Vec<_>>(), Vec::<String>::new());
}
