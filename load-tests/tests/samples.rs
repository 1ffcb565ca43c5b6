//! Every configuration that is shipped is one that its program takes, and so is every setting that stands in it as a comment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use runtime::config::Check;
use serde::de::DeserializeOwned;

/// Reads a text as one kind of file.
type Reader = fn(&str) -> Result<(), String>;

fn read<T: DeserializeOwned>(text: &str) -> Result<(), String> {
    toml::from_str::<T>(text).map(drop).map_err(|error| error.to_string())
}

fn read_units(text: &str) -> Result<(), String> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), text).expect("written");
    let read = processor::directory::Directory::check(file.path());
    read.map(drop).map_err(|error| runtime::exit::chain(&error))
}

/// By the end of its path, what reads a file.
const READERS: [(&str, Reader); 15] = [
    ("services/connector/config.sample.toml", read::<connector::config::Config>),
    ("services/dashboard/config.sample.toml", read::<dashboard::config::Config>),
    ("services/key-holder/config.sample.toml", read::<key_holder::config::Config>),
    ("services/processor/config.sample.toml", read::<processor::config::Config>),
    ("services/processor/mapping.sample.toml", read_units),
    ("services/region-register/config.sample.toml", read::<region_register::config::Config>),
    ("services/sink-register/sink-register.sample.toml", read::<sink_register::config::Config>),
    ("services/sink-store/config.sample.toml", read::<sink_store::config::Config>),
    ("topics/config.sample.toml", read::<topics::Settings>),
    ("compose/config/connector.toml", read::<connector::config::Config>),
    ("compose/config/dashboard.toml", read::<dashboard::config::Config>),
    ("compose/config/processor.toml", read::<processor::config::Config>),
    ("compose/config/sink-register.toml", read::<sink_register::config::Config>),
    ("compose/config/sink-store.toml", read::<sink_store::config::Config>),
    ("compose/config/definitions/", read::<sink_register::definition::Definition>),
];

fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The configurations that are shipped, by their paths from the top.
fn shipped() -> Vec<String> {
    let mut open: Vec<PathBuf> = ["services", "topics", "compose"].map(|folder| top().join(folder)).into();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = path.strip_prefix(top()).expect("under the top").display().to_string();
            if path.is_dir() && !["target", "node_modules"].iter().any(|other| name.ends_with(other)) {
                open.push(path);
            } else if name.ends_with(".sample.toml") || (name.starts_with("compose/config/") && name.ends_with(".toml"))
            {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// A comment that is a setting, without its sign; the name of what it sets.
fn setting(line: &str) -> Option<(&str, &str)> {
    let text = line.strip_prefix("# ")?;
    let (name, _) = text.split_once(" = ")?;
    let bare = name.trim_matches('"');
    let is_name = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    is_name.then_some((name, text))
}

/// A comment that begins a table, without its sign.
fn table(line: &str) -> Option<&str> {
    line.strip_prefix("# ").filter(|text| text.starts_with('['))
}

/// The file with each of its commented settings uncommented in turn, a commented table with all that is in it; and which.
fn uncommented(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut made = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let begin = at;
        at += 1;
        let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        if let Some(header) = table(lines[begin]) {
            changed[begin] = header.to_owned();
            while let Some(inner) = lines.get(at).and_then(|line| table(line).or(setting(line).map(|(_, text)| text))) {
                changed[at] = inner.to_owned();
                at += 1;
            }
        } else if let Some((name, inner)) = setting(lines[begin]) {
            // In place of a line of its table that sets the same.
            let sets = |line: &&str| line.split(" = ").next() == Some(name);
            let before = lines[..begin].iter().rposition(|line| line.starts_with('[')).unwrap_or_default();
            let after = lines[begin..].iter().position(|line| line.starts_with('[')).map_or(lines.len(), |n| begin + n);
            if let Some(same) = lines[before..after].iter().position(sets) {
                changed[before + same].clear();
            }
            changed[begin] = inner.to_owned();
        } else {
            continue;
        }
        made.push((lines[begin].to_owned(), changed.join("\n")));
    }
    made
}

#[test]
fn every_sample_and_every_commented_setting_in_it_is_taken() {
    let shipped = shipped();
    assert!(shipped.len() >= 17, "{shipped:?}");
    let mut settings = 0;
    for name in shipped {
        let reader = READERS.iter().find(|(end, _)| name.starts_with(end) || name == *end);
        let (_, read) = reader.unwrap_or_else(|| panic!("{name} is read by no program that this test knows"));
        let text = fs::read_to_string(top().join(&name)).expect("a file");
        read(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (line, changed) in uncommented(&text) {
            settings += 1;
            read(&changed).unwrap_or_else(|error| panic!("{name}, with `{line}` uncommented: {error}"));
        }
    }
    assert!(settings > 30, "{settings} commented settings are found");
}

#[test]
fn a_commented_setting_that_is_misspelled_is_found() {
    let sample = fs::read_to_string(top().join("services/sink-store/config.sample.toml")).expect("the sample");
    let wrong = sample.replace("# sasl = { mechanism", "# sasl = { mechanisme");
    assert_ne!(sample, wrong);
    let refused = uncommented(&wrong).iter().any(|(_, text)| read::<sink_store::config::Config>(text).is_err());
    assert!(refused);
}

/// What a program says of its sample when other machines reach its port of HTTP, and what it then needs.
fn refused<T: DeserializeOwned + Check>(sample: &str, listen: &str, change: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(top().join(sample)).expect("a sample");
    let listening = format!("listen = \"{listen}\"");
    for (from, to) in change.iter().copied().chain([(&*listening, "listen = \"0.0.0.0:0\"")]) {
        assert!(text.contains(from), "{sample} has no {from}");
        text = text.replace(from, to);
    }
    let refused = toml::from_str::<T>(&text).expect("the sample is read").check();
    refused.expect_err(sample).to_string()
}

#[test]
fn a_service_without_a_login_listens_for_others_only_where_somebody_says_who_reads_its_metrics() {
    let key = tempfile::NamedTempFile::new().expect("a file");
    fs::write(key.path(), "0b1d2f3a4c5e6978".repeat(4)).expect("written");
    let key = format!("key = {{ file = {:?} }}", key.path());
    let routing = [("key = { env = \"VARDSTROM_PARTITION_KEY\" }", key.as_str())];
    let served = [("# [serve]", "[serve]"), ("# listen", "listen")];
    let said = [
        refused::<connector::config::Config>("services/connector/config.sample.toml", "127.0.0.1:9101", &routing),
        refused::<processor::config::Config>("services/processor/config.sample.toml", "127.0.0.1:9102", &[]),
        refused::<sink_store::config::Config>("services/sink-store/config.sample.toml", "127.0.0.1:9103", &[]),
        refused::<sink_register::config::Config>(
            "services/sink-register/sink-register.sample.toml",
            "127.0.0.1:9105",
            &served,
        ),
        refused::<dashboard::config::Config>("services/dashboard/config.sample.toml", "127.0.0.1:8080", &[]),
    ];
    for (said, key) in said.iter().zip(["http.probes", "http.probes", "http.probes", "serve.probes", "http.listen"]) {
        assert!(said.starts_with(key), "{said}");
    }
}
