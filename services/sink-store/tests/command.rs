//! The command line: what it prints and how it ends.

use std::process::{Command, Output};

use crate::world::{Feeder, POSTGRES, content, weeks};

fn sink_store(arguments: &[&str], url: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sink-store"))
        .args(arguments)
        .env("DATABASE_URL", url)
        .output()
        .expect("the program starts")
}

#[test]
fn an_address_that_this_build_cannot_use_is_refused_by_check() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/config.sample.toml");
    for (url, code, said) in [
        ("postgres://store:secret@h/d?sslmode=prefer", 0, "configuration is usable"),
        ("postgres://store:secret@h/d?sslmode=require", 2, "database.url: the address demands encryption"),
        ("postgres://store:secret@h/d?channel_binding=require", 2, "database.url: the address demands encryption"),
        ("postgres:///d?password=secret", 2, "database.url: the address has no host"),
    ] {
        let output = sink_store(&["check", "--config", sample], url);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.code() == Some(code) && text.contains(said) && !text.contains("secret"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_fingerprint_rebuild_and_revert_say_what_they_did() {
    let url = POSTGRES.fresh_database().unwrap();
    let check = |arguments: &[&str], expected: &str| {
        let output = sink_store(arguments, &url);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains(expected), "{arguments:?}: {text}");
        text
    };
    let version = sink_store::version_needed();
    check(&["migrate", "--region", "14", "--region", "12"], &format!("from version 0 to {version}"));
    check(&["migrate"], &format!("from version {version} to {version}"));
    let empty = check(&["fingerprint"], "total 0 ");
    assert_eq!(empty.lines().count(), 15);
    Feeder::new(&url, "14").await.feed(&weeks("14", 1, 20)).await;
    let full = check(&["fingerprint"], "episode_stay ");
    assert_eq!(full.trim_end(), content(&url).await);
    assert_ne!(full, empty);
    check(&["rebuild", "--region", "14"], "region 14: ");
    assert_eq!(check(&["fingerprint"], "total"), full);
    check(&["revert", "--to", "0"], &format!("from version {version} to 0"));
    let refused = sink_store(&["fingerprint"], &url);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn what_is_wrong_is_said_without_the_password() {
    let check = |arguments: &[&str], url: &str, code: i32, expected: &str| {
        let output = sink_store(arguments, url);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(expected) && !text.contains("hemligt"), "{text}");
    };
    check(&["migrate"], "postgres://u:hemligt@127.0.0.1:1/d", 1, "connect to the database");
    check(&["migrate"], "postgres://u:hemligt@h:port/d", 1, "database address: cannot be read");
    check(&["rebuild", "--region", "02"], "postgres://u:hemligt@h/d", 2, "not a lanskod");
    check(&["run", "--config", "/nowhere/sink-store.toml"], "", 2, "/nowhere/sink-store.toml");
    check(&["revert"], "postgres://u:hemligt@h/d", 2, "--to");
}
