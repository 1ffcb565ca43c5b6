//! What the documents say that stands in one place stands in one place: read from the sources.

use std::{fs, path::Path};

/// Folders of what programs are made of.
const FOLDERS: [&str; 5] = ["schemas", "topics", "services", "load-tests/src", "fuzz"];

/// Each file of Rust outside of tests, examples and benchmarks: its path from the top, and its [`code`].
pub(crate) fn sources() -> Vec<(String, String)> {
    files_in(&["rs"])
}

/// The same of files whose names end so.
fn files_in(endings: &[&str]) -> Vec<(String, String)> {
    let top = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut open: Vec<_> = FOLDERS.iter().map(|folder| top.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if entry.is_dir() && !["tests", "examples", "target", "benches", "node_modules"].contains(&name) {
                open.push(entry);
            } else if name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending)) && name != "tests.rs" {
                let text = fs::read_to_string(&entry).expect("a source");
                let path = entry.strip_prefix(top).expect("under the top").display().to_string();
                found.push((path, code(&text)));
            }
        }
    }
    assert!(found.len() > 300, "{} sources were found", found.len());
    found.sort();
    found
}

/// A file's text without the tests at its end and without lines of comment.
pub(crate) fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    shipped.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The files in whose code one of these texts stands.
pub(crate) fn files_with(needles: &[&str]) -> Vec<String> {
    let stands = |text: &str| needles.iter().any(|needle| text.contains(needle));
    sources().into_iter().filter(|(_, text)| stands(text)).map(|(path, _)| path).collect()
}

#[test]
fn what_an_error_of_kafka_means_to_a_service_is_decided_in_one_place() {
    // `topics` comes before the services, and says itself what a refusal of its own commands means.
    let mut deciding = files_with(&["RDKafkaErrorCode::", "RDKafkaErrorCode as"]);
    deciding.retain(|path| !path.starts_with("topics/"));
    assert_eq!(deciding, ["services/libraries/runtime/src/policy.rs"]);
}

#[test]
fn a_topics_name_is_put_together_in_one_place() {
    let mut named = Vec::new();
    for (path, text) in sources() {
        // The place of a region's table in a configuration, which an error names.
        let text = ["\"region.{at}\"", "\"region.{at}.keys\"", "\"region.{at}.code\""]
            .iter()
            .fold(text, |text, place| text.replace(place, ""));
        if ["\"region.{", ".source.{", ".common.{", "\"region.\""].iter().any(|piece| text.contains(piece)) {
            named.push(path);
        }
    }
    assert_eq!(named, ["schemas/src/topic.rs"]);
}

#[test]
fn consumer_groups_of_ours_are_named_in_one_place() {
    assert_eq!(files_with(&["\"vardstrom-tail", "\"vardstrom-reached"]), ["topics/src/group.rs"]);
}

#[test]
fn how_the_store_writes_a_text_and_a_node_is_said_in_one_place() {
    assert_eq!(files_with(&["replace('\\0'", "\"s:", "\"e:", "\"u:"]), ["schemas/src/stored.rs"]);
}

#[test]
fn the_reading_leaves_tests_and_comments_out() {
    let text = "//! a\nuse b;\n    // c\n#[cfg(test)]\nuse d;\n#[cfg(test)]\nmod tests {\n    use e;\n}\n";
    assert_eq!(code(text), "use b;\n#[cfg(test)]\nuse d;");
}

#[test]
fn the_zone_of_swedish_clocks_is_named_once() {
    let named: Vec<_> = files_in(&["rs", "sql", "toml"])
        .into_iter()
        .map(|(path, text)| (path, text.matches(swedish_time::NAME).count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(named, [("services/libraries/swedish-time/src/zone.rs".to_owned(), 1)]);
}

#[test]
fn the_word_for_a_value_that_was_not_sent_stands_in_one_place() {
    let word = concat!("__debezium_", "unavailable_value");
    assert_eq!(files_with(&[word]), ["services/libraries/debezium/src/unavailable.rs"]);
    // The same in base 64, as a column of bytes has it.
    assert_eq!(files_with(&["X19kZWJleml1bV91"]), ["services/libraries/debezium/src/unavailable.rs"]);
}

#[test]
fn postgresql_is_reached_through_one_door() {
    assert_eq!(files_with(&["NoTls"]), Vec::<String>::new(), "the driver's way around encryption");
    assert_eq!(files_with(&["MakeRustlsConnect"]), ["services/libraries/postgresql/src/address.rs"]);
    let connecting = files_with(&["config.connect(", "tokio_postgres::connect", "connect_raw"]);
    assert_eq!(connecting, ["services/libraries/postgresql/src/connection.rs"]);
    let messages = files_with(&["as_db_error"]);
    assert_eq!(messages, ["services/libraries/postgresql/src/fault.rs"], "what of a database's error may be printed");
}

#[test]
fn a_table_of_text_is_written_in_one_place() {
    // What is exact on purpose: the region's own fixed layouts, which are told of and not altered.
    let writing = files_with(&["csv::Writer", "WriterBuilder", "join(\";\")"]);
    assert_eq!(writing, Vec::<String>::new(), "write it with `spreadsheet`, so that no cell is run");
    let using: Vec<String> =
        files_with(&["spreadsheet::"]).into_iter().filter(|path| !path.contains("libraries/spreadsheet")).collect();
    assert_eq!(
        using,
        [
            "services/dashboard/src/csv.rs",
            "services/libraries/figures/src/report/sheet.rs",
            "services/region-register/src/make.rs",
            "services/region-register/src/rows.rs",
            "services/sink-register/src/show.rs",
            "services/sink-register/src/table.rs",
        ]
    );
}
