//! Delivery to a folder: once, whole, with a receipt, and in the ledger.

use std::fs;

use crate::world::{Desk, Feeder, V1, content, database, entries, entry, logged, month, with_access_log};

const DELIVERED: &str = "delivery/waiting-times_14_2026-02_v1";

async fn desk() -> Desk {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(10)).await;
    let desk = Desk::new(&database);
    desk.run(&[]);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_is_delivered_once_even_when_the_recipient_has_taken_it_away() {
    let desk = desk().await;
    assert!(desk.done(&["deliver", V1]).starts_with("delivered "));
    assert_eq!(content(&desk.path(DELIVERED)), content(&desk.path(V1)));
    let receipt = fs::read(desk.path("delivery/waiting-times_14_2026-02_v1.receipt.json")).unwrap();
    let receipt: serde_json::Value = serde_json::from_slice(&receipt).unwrap();
    let manifest = content(&desk.path(V1))["manifest.json"].clone();
    let sha256 = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&manifest));
    assert_eq!(receipt["manifest_sha256"], sha256);
    assert!(desk.done(&["deliver", V1]).starts_with("already delivered "));
    fs::remove_dir_all(desk.path("delivery")).unwrap();
    assert!(desk.done(&["deliver", V1]).starts_with("already delivered "));
    assert!(!desk.path("delivery").exists());
    let all = [entry("made", 1), entry("delivered", 1), entry("received", 1)];
    assert_eq!(entries(&desk), all);
    let csv = desk.done(&["ledger", "--region", "14", "--csv"]);
    assert!(csv.starts_with("entry;at;action;extract;"), "{csv}");
    let text = desk.done(&["ledger", "--region", "14"]);
    assert!(text.contains("rows about persons, in 2 encrypted files") && text.contains(&sha256), "{text}");
    assert!(text.contains("ground: Hälso- och sjukvårdslagen"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_not_overwritten_and_the_ledger_says_that_it_failed() {
    let desk = desk().await;
    fs::create_dir_all(desk.path(DELIVERED)).unwrap();
    fs::write(desk.path(DELIVERED).join("theirs.txt"), "theirs").unwrap();
    desk.refused(&["deliver", V1], 1, "is not a parcel");
    assert_eq!(content(&desk.path(DELIVERED)).len(), 1);
    assert_eq!(entries(&desk), [entry("made", 1), entry("failed", 1)]);
    fs::remove_dir_all(desk.path("delivery")).unwrap();
    // A file where the folder should be does not go away by itself.
    fs::write(desk.path("delivery"), "").unwrap();
    desk.refused(&["deliver", V1], 1, "make the folder");
    fs::remove_file(desk.path("delivery")).unwrap();
    desk.done(&["deliver", V1]);
    let actions: Vec<String> = entries(&desk).into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["made", "failed", "failed", "delivered", "received"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_delivered_that_the_access_log_does_not_have() {
    let desk = desk().await;
    let warned = desk.call(&["deliver", "nowhere"]);
    assert!(String::from_utf8_lossy(&warned.stderr).contains("disclosures are not in an access log"));
    with_access_log(&desk);
    fs::rename(desk.path("access"), desk.path("away")).unwrap();
    desk.refused(&["deliver", V1], 1, "nothing leaves that the access log does not have");
    assert!(!desk.path("delivery").exists());
    assert_eq!(entries(&desk), [entry("made", 1)]);
    fs::rename(desk.path("away"), desk.path("access")).unwrap();
    for _ in 0..2 {
        desk.done(&["deliver", V1]);
    }
    let log = logged(&desk, "deliver", "14");
    assert_eq!(log.len(), 1, "a parcel that was delivered does not leave again: {log:?}");
    let (result, user, what) = &log[0];
    assert_eq!((result.as_str(), what.as_str()), ("disclosed", "parcel waiting-times_14_2026-02_v1"));
    assert!(user.starts_with("sink-register uid "), "{user}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_parcel_and_an_unknown_recipient_get_nothing() {
    let desk = desk().await;
    let path = desk.path(V1).join("waits_by_step.csv");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, b"other").unwrap();
    desk.refused(&["deliver", V1], 1, "waits_by_step.csv is not what the manifest says");
    fs::write(&path, bytes).unwrap();
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    fs::write(desk.path("sink-register.toml"), config.replace("\"skr\"", "\"other\"")).unwrap();
    desk.refused(&["deliver", V1], 1, "recipient skr has no delivery");
    assert_eq!(entries(&desk), [entry("made", 1)]);
}
