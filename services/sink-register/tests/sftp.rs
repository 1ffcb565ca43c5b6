//! Delivery over SFTP, to OpenSSH's own server: the promises of a folder, and those that a network adds.

use std::fs;
use std::path::PathBuf;

use local_stack::Sftp;

use crate::kill::kill_at;
use crate::world::{Database, Desk, Feeder, V1, content, database, entries, entry, month};

const NAME: &str = "waiting-times_14_2026-02_v1";
const OTHER_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

struct Place {
    desk: Desk,
    sftp: Sftp,
    /// The folder of the server that parcels go to.
    inbox: PathBuf,
}

impl Place {
    /// A desk whose recipient takes parcels from a server; region 14's parcel is made.
    fn new(database: &Database) -> Self {
        let (desk, sftp) = (Desk::new(database), Sftp::start().expect("sshd starts"));
        let inbox = sftp.files().join("inbox");
        fs::create_dir(&inbox).unwrap();
        let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
        let (before, _) = config.split_once("folder = ").unwrap();
        let server = sftp.settings(sftp.port(), &inbox);
        fs::write(desk.path("sink-register.toml"), format!("{before}[recipient.sftp]\n{server}")).unwrap();
        desk.run(&[]);
        Self { desk, sftp, inbox }
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.inbox).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn change_config(&self, from: &str, to: &str) {
        let config = fs::read_to_string(self.desk.path("sink-register.toml")).unwrap();
        assert!(config.contains(from), "{from} in {config}");
        fs::write(self.desk.path("sink-register.toml"), config.replace(from, to)).unwrap();
    }

    /// Parcel and receipt are there, nothing half done, and the ledger has each step once.
    fn check_delivered(&self, what: &str) {
        assert_eq!(content(&self.inbox.join(NAME)), content(&self.desk.path(V1)), "{what}");
        assert_eq!(self.names(), [NAME.to_owned(), format!("{NAME}.receipt.json")], "{what}");
        let all = [entry("made", 1), entry("delivered", 1), entry("received", 1)];
        let found: Vec<_> = entries(&self.desk).into_iter().filter(|(action, _)| action != "failed").collect();
        assert_eq!(found, all, "{what}");
    }
}

async fn filled() -> Database {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(10)).await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_is_delivered_once_even_when_the_recipient_has_taken_it_away() {
    let place = Place::new(&filled().await);
    assert!(place.desk.done(&["deliver", V1]).starts_with("delivered "));
    place.check_delivered("the first time");
    let receipt = fs::read(place.inbox.join(format!("{NAME}.receipt.json"))).unwrap();
    let receipt: serde_json::Value = serde_json::from_slice(&receipt).unwrap();
    let manifest = content(&place.desk.path(V1))["manifest.json"].clone();
    let sha256 = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&manifest));
    assert_eq!((receipt["parcel"].as_str(), receipt["manifest_sha256"].as_str()), (Some(NAME), Some(sha256.as_str())));
    let text = place.desk.done(&["ledger", "--region", "14"]);
    assert!(text.contains(&format!("SFTP {}@127.0.0.1:{}", place.sftp.user(), place.sftp.port())), "{text}");
    assert!(place.desk.done(&["deliver", V1]).starts_with("already delivered "));
    fs::remove_dir_all(place.inbox.join(NAME)).unwrap();
    assert!(place.desk.done(&["deliver", V1]).starts_with("already delivered "));
    assert_eq!(place.names(), [format!("{NAME}.receipt.json")], "it was not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_killed_at_any_step_arrives_once() {
    let database = filled().await;
    for point in ["copying", "copied", "receipt-written"] {
        crate::world::connect(&database.superuser).await.batch_execute("DELETE FROM register.ledger").await.unwrap();
        let place = Place::new(&database);
        kill_at(&place.desk, point, &["deliver", V1]);
        let half_done = place.names().iter().any(|name| name.ends_with(".partial"));
        assert_eq!((half_done, place.inbox.join(NAME).exists()), (point == "copying", point != "copying"), "{point}");
        place.desk.done(&["deliver", V1]);
        place.check_delivered(point);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_a_failure_in_the_ledger_and_the_next_try_delivers() {
    let mut place = Place::new(&filled().await);
    place.sftp.stop_hard().expect("it ran");
    place.desk.refused(&["deliver", V1], 1, "connect to 127.0.0.1:");
    assert_eq!(entries(&place.desk), [entry("made", 1), entry("failed", 1)]);
    place.sftp.start_again().expect("sshd starts again");
    place.desk.done(&["deliver", V1]);
    place.check_delivered("after an outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shows_another_key_gets_nothing() {
    let place = Place::new(&filled().await);
    place.change_config(place.sftp.host_key(), OTHER_KEY);
    place.desk.refused(&["deliver", V1], 1, "nothing was sent to it");
    assert!(place.names().is_empty());
    assert_eq!(entries(&place.desk), [entry("made", 1), entry("failed", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_or_was_changed_there_is_not_taken_for_the_parcel() {
    let place = Place::new(&filled().await);
    let there = place.inbox.join(NAME);
    fs::create_dir(&there).unwrap();
    fs::write(there.join("theirs.txt"), "theirs").unwrap();
    place.desk.refused(&["deliver", V1], 1, "is another parcel than the one to deliver; nothing was overwritten");
    assert_eq!((content(&there).len(), place.names()), (1, vec![NAME.to_owned()]));
    // Whole but for one byte, as a server that stores badly would have it.
    fs::remove_dir_all(&there).unwrap();
    fs::create_dir(&there).unwrap();
    for (name, mut bytes) in content(&place.desk.path(V1)) {
        if name == "waits_by_step.csv" {
            bytes[0] ^= 1;
        }
        fs::write(there.join(name), bytes).unwrap();
    }
    place.desk.refused(&["deliver", V1], 1, "is another parcel than the one to deliver");
    assert_eq!(place.names(), [NAME], "no receipt");
    fs::remove_dir_all(&there).unwrap();
    place.desk.done(&["deliver", V1]);
    place.check_delivered("once the way is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_has_one_delivery_and_its_settings_are_checked() {
    let place = Place::new(&filled().await);
    place.change_config("[recipient.sftp]", "folder = \"/srv\"\n[recipient.sftp]");
    place.desk.refused(&["deliver", V1], 2, "a recipient has one delivery; remove folder or sftp");
    place.change_config("folder = \"/srv\"\n", "");
    place.change_config("host_key = \"ssh-ed25519 ", "host_key = \"ssh-ed25518 ");
    place.desk.refused(&["deliver", V1], 2, "ssh-keyscan");
    place.change_config("host_key = \"ssh-ed25518 ", "host_key = \"ssh-ed25519 ");
    fs::remove_dir(&place.inbox).unwrap();
    place.desk.refused(&["deliver", V1], 1, "there is no such file or folder");
    assert_eq!(entries(&place.desk), [entry("made", 1), entry("failed", 1)]);
}
