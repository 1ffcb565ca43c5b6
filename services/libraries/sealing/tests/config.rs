//! What a configuration may say of keys, how they are rotated, and what is told of them.

use std::fs;
use std::sync::Arc;

use sealing::{Opener, Sealer, Settings};

use crate::{NOW, PLACE, TOPIC, key, plain};

struct Folder(tempfile::TempDir);

impl Folder {
    /// A table `keys` of these ids; the key of `s<n>` has the number n.
    fn settings(&self, ids: &[&str]) -> Settings {
        let key = |id: &&str| {
            let path = self.0.path().join(id);
            fs::write(&path, key(id[1..].parse().expect("a number"))).expect("written");
            format!("{{ id = \"{id}\", key = {{ file = {path:?} }} }}")
        };
        parse(&format!("keys = [{}]", ids.iter().map(key).collect::<Vec<_>>().join(", ")))
    }
}

fn parse(text: &str) -> Settings {
    toml::from_str(text).expect("settings")
}

fn told(settings: &Settings) -> (String, bool) {
    let mut told = String::new();
    let tried = settings.keys("14").expect("keys").tried(&mut |line| told.push_str(&format!("{line}\n")));
    (told, tried.is_ok())
}

#[test]
fn the_newest_key_seals_and_all_of_them_open() {
    let folder = Folder(tempfile::tempdir().expect("a folder"));
    let keys = |ids: &[&str]| Arc::new(folder.settings(ids).keys("14").expect("keys"));
    let opener = |ids: &[&str]| folder.settings(ids).opener("14").expect("an opener");
    let opens = |mut opener: Opener, sealer: &mut Sealer| {
        let plain = plain();
        let sealed = sealer.seal(&plain, 3, NOW).expect("sealed");
        let key_id = sealing::key_id(&sealed).expect("sealed").to_owned();
        (key_id, opener.open(&sealed, PLACE).is_ok())
    };
    let (mut before, mut after) =
        (Sealer::new(keys(&["s1"]), TOPIC.to_owned()), Sealer::new(keys(&["s2", "s1"]), TOPIC.to_owned()));
    // Readers first, then the connector, and the old key goes when what it sealed is gone.
    assert_eq!(opens(opener(&["s2", "s1"]), &mut before), ("s1".to_owned(), true));
    assert_eq!(opens(opener(&["s2", "s1"]), &mut after), ("s2".to_owned(), true));
    assert_eq!(opens(opener(&["s1", "s2"]), &mut after), ("s2".to_owned(), true));
    assert_eq!(opens(opener(&["s2"]), &mut after), ("s2".to_owned(), true));
    assert_eq!(opens(opener(&["s2"]), &mut before), ("s1".to_owned(), false));
}

#[test]
fn a_key_is_told_by_its_fingerprint_and_never_by_itself() {
    let folder = Folder(tempfile::tempdir().expect("a folder"));
    let (text, opens) = told(&folder.settings(&["s2", "s1"]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(opens && lines.len() == 2, "{text}");
    assert!(lines[0].starts_with("sealing key s2 (fingerprint ") && lines[0].ends_with("): seals and opens"), "{text}");
    assert!(lines[1].starts_with("sealing key s1 (fingerprint ") && lines[1].ends_with("): opens"), "{text}");
    assert!(!text.contains(&key(1)[..8]) && !text.contains(&key(2)[..8]), "{text}");
    assert_eq!(told(&folder.settings(&["s2"])).0.lines().next(), Some(lines[0]), "the same key, the same fingerprint");
    assert_ne!(lines[0].replace("s2", "s1").replace("seals and ", ""), lines[1], "another key, another fingerprint");
}

#[test]
fn what_is_no_key_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (good, short, same) = (file("good", &key(1)), file("short", "abc"), file("same", &"11".repeat(32)));
    let token = r#"token = { module = "m", name = "n", label = "l", pin = { env = "SURELY_NOT_SET" } }"#;
    for (text, said) in [
        ("keys = []".to_owned(), "keys: must be between 1 and 16 keys"),
        (format!("keys = [{{ id = \"s 1\", key = {{ file = {good:?} }} }}]"), "keys.0.id: must be 1 to 32 letters"),
        (format!("keys = [{{ id = \"s1\", key = {{ file = {short:?} }} }}]"), "short: a key is 64 hexadecimal digits"),
        (format!("keys = [{{ id = \"s1\", key = {{ file = {same:?} }} }}]"), "same: the key is a placeholder"),
        ("keys = [{ id = \"s1\" }]".to_owned(), "keys.0.id: a key is in one place: write key or token"),
        (format!("keys = [{{ id = \"s1\", key = {{ file = {good:?} }}, {token} }}]"), "a key is in one place"),
        ("keys = [{ id = \"s1\", key = { env = \"SURELY_NOT_SET\" } }]".to_owned(), "SURELY_NOT_SET is not set"),
        (format!("keys = [{{ id = \"s1\", {token} }}]"), "keys.0.token.pin.env: environment variable SURELY_NOT_SET"),
        (
            format!(
                "keys = [{{ id = \"s1\", key = {{ file = {good:?} }} }}, {{ id = \"s1\", key = {{ file = {good:?} }} }}]"
            ),
            "keys.1.id: another key has this id",
        ),
    ] {
        let error = parse(&text).keys("14").err().expect("it is refused").to_string();
        assert!(error.contains(said) && !error.contains(&key(1)), "{text}: {error}");
    }
    for wrong in ["keys = [\"0123\"]", "key = 1", "keys = []\nrequire = true", "keys = [{ id = \"a\", pkcs = 1 }]"] {
        assert!(toml::from_str::<Settings>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sealing_is_required_where_nothing_else_is_said() {
    let folder = Folder(tempfile::tempdir().expect("a folder"));
    let mut settings = folder.settings(&["s1"]);
    assert!(settings.opener("14").expect("an opener").is_required());
    settings.required = Some(false);
    assert!(!settings.opener("14").expect("an opener").is_required());
}
