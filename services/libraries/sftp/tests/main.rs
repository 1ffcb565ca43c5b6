//! The client against OpenSSH's server.

use std::fs;
use std::io::Read;
use std::path::Path;

use local_stack::Sftp;
use runtime::config::{Check, Fault};
use sftp::{Error, Server, Session, Status};

/// A key that no server here has.
const OTHER_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

fn server(sftp: &Sftp) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port: sftp.port(),
        user: sftp.user().to_owned(),
        key: sftp.user_key(),
        host_key: sftp.host_key().to_owned().try_into().expect("a key"),
        folder: sftp.files().display().to_string(),
    }
}

async fn connect(server: &Server) -> Session {
    Session::connect(server).await.unwrap_or_else(|error| panic!("{}", runtime::exit::chain(&error)))
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 7 % 251) as u8).collect()
}

#[tokio::test]
async fn what_is_written_is_read_from_anywhere_and_listed() {
    let sftp = Sftp::start().expect("sshd starts");
    let server = server(&sftp);
    let mut session = connect(&server).await;
    let content = bytes(1_500_001);
    session.write(&server.path("a.csv"), content.as_slice()).await.expect("written");
    assert_eq!(fs::read(sftp.files().join("a.csv")).expect("there"), content);
    for (offset, end) in [(0, u64::MAX), (0, 1_500_001), (777_777, 1_500_001), (5, 6), (1_500_001, 2_000_000), (0, 0)] {
        let mut found = Vec::new();
        let take = |bytes: &[u8]| {
            found.extend_from_slice(bytes);
            Ok(())
        };
        let stopped = session.read(&server.path("a.csv"), offset, end, take).await.expect("read");
        let last = end.min(1_500_001);
        assert_eq!((stopped, found.len() as u64), (last.max(offset), last - offset), "{offset} to {end}");
        assert_eq!(found, content[offset as usize..last as usize]);
    }
    let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"k\xF6.csv");
    fs::write(sftp.files().join(name), "1234567").expect("written");
    fs::create_dir(sftp.files().join("folder")).expect("made");
    let mut listing = session.list(&server.folder, 10).await.expect("listed");
    listing.entries.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<_> = listing.entries.iter().map(|entry| entry.name.as_slice()).collect();
    assert_eq!(names, [&b"a.csv"[..], b"folder", b"k\xF6.csv"]);
    assert!(listing.entries[1].metadata.is_folder() && listing.entries[2].metadata.is_file() && !listing.truncated);
    assert_eq!(listing.entries[2].metadata.size, Some(7));
    let listing = session.list(&server.folder, 2).await.expect("listed");
    assert_eq!((listing.entries.len(), listing.truncated), (2, true));
}

#[tokio::test]
async fn a_rename_overwrites_nothing_and_a_replacement_does() {
    let sftp = Sftp::start().expect("sshd starts");
    let server = server(&sftp);
    let mut session = connect(&server).await;
    let (one, other) = (server.path("one"), server.path("other"));
    for (path, text) in [(&one, "1"), (&other, "2")] {
        session.write(path, text.as_bytes()).await.expect("written");
    }
    let refused = session.rename(&one, &other).await.expect_err("the name is taken");
    assert!(matches!(refused, Error::Status { status: Status::Failure, .. }), "{refused}");
    session.replace(&one, &other).await.expect("replaced");
    assert_eq!(fs::read(sftp.files().join("other")).expect("there"), b"1");
    assert_eq!(session.metadata(&one).await.expect("asked"), None);
    for folder in ["folder", "full"] {
        session.make_folder(&server.path(folder)).await.expect("made");
    }
    session.write(&server.path("full/file"), &b"3"[..]).await.expect("written");
    assert!(session.rename(&server.path("folder"), &server.path("full")).await.is_err());
    session.rename(&server.path("full"), &server.path("moved")).await.expect("the name is free");
    assert!(session.remove_folder(&server.path("moved")).await.is_err(), "not empty");
    session.remove_file(&server.path("moved/file")).await.expect("removed");
    session.remove_folder(&server.path("moved")).await.expect("removed");
    let missing = session.read(&one, 0, 1, |_| Ok(())).await.expect_err("it was renamed");
    assert!(missing.is_missing() && missing.needs_operator(), "{missing}");
}

#[tokio::test]
async fn another_host_key_ends_it_before_a_user_is_named() {
    let sftp = Sftp::start().expect("sshd starts");
    let mut server = server(&sftp);
    server.host_key = OTHER_KEY.to_owned().try_into().expect("a key");
    server.user = "nobody-ever-logged-in".to_owned();
    let error = Session::connect(&server).await.err().expect("refused");
    let text = error.to_string();
    assert!(error.needs_operator() && text.contains("shows the host key SHA256:"), "{text}");
    assert!(text.contains(&server.host_key.fingerprint()), "{text}");
    assert!(!sftp.log_end().contains("nobody-ever-logged-in"), "{}", sftp.log_end());
    // The same user with the right key is named, so the server's log would have said so.
    server.host_key = sftp.host_key().to_owned().try_into().expect("a key");
    assert!(Session::connect(&server).await.is_err_and(|error| matches!(error, Error::Refused { .. })));
    assert!(sftp.log_end().contains("nobody-ever-logged-in"), "{}", sftp.log_end());
}

#[tokio::test]
async fn an_unknown_key_and_a_server_that_is_away_are_told_apart() {
    let mut sftp = Sftp::start().expect("sshd starts");
    let other = Sftp::start().expect("sshd starts");
    let mut stranger = server(&sftp);
    stranger.key = other.user_key();
    let error = Session::connect(&stranger).await.err().expect("refused");
    assert!(matches!(error, Error::Refused { .. }) && error.needs_operator(), "{error}");
    let server = server(&sftp);
    let mut session = connect(&server).await;
    sftp.stop_hard().expect("it ran");
    let error = session.list(&server.folder, 1).await.expect_err("it is gone");
    assert!(!error.needs_operator(), "{error}");
    let error = Session::connect(&server).await.err().expect("it is gone");
    assert!(matches!(error, Error::Unreachable { .. }) && !error.needs_operator(), "{error}");
    sftp.start_again().expect("sshd starts again");
    connect(&server).await.list(&server.folder, 1).await.expect("it is back");
}

#[test]
fn what_is_wrong_in_the_settings_is_named() {
    let sftp = Sftp::start().expect("sshd starts");
    let check = |change: fn(&mut Server), key: &str, message: &str| {
        let mut server = server(&sftp);
        change(&mut server);
        let fault: Fault = server.check().expect_err(key);
        let text = fault.to_string();
        assert!(text.contains(key) && text.contains(message), "{text}");
    };
    assert!(server(&sftp).check().is_ok());
    check(|server| server.host.clear(), "host", "a word");
    check(|server| server.user.push(' '), "user", "a word");
    check(|server| server.port = 0, "port", "22");
    check(|server| server.folder = "outbox".to_owned(), "folder", "/outbox");
    check(|server| server.key = Path::new("/nowhere/key").to_owned(), "key", "ssh-keygen");
    for (text, expected) in
        [("", "ssh-keyscan"), ("ssh-ed25519 AAAA", "ssh-keyscan"), ("ssh-dss AAAAB3NzaC1kc3MAAAAA", "ssh-keyscan")]
    {
        let error = sftp::HostKey::try_from(text.to_owned()).expect_err(text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
}

#[tokio::test]
async fn what_the_source_or_the_sink_of_a_transfer_says_ends_it() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let sftp = Sftp::start().expect("sshd starts");
    let server = server(&sftp);
    let error = connect(&server).await.write(&server.path("a"), Failing).await.expect_err("it fails");
    assert!(matches!(error, Error::Local(_)), "{error}");
    fs::write(sftp.files().join("b"), bytes(100_000)).expect("written");
    let full = |_: &[u8]| Err(std::io::Error::other("the disk is full"));
    let error = connect(&server).await.read(&server.path("b"), 0, u64::MAX, full).await.expect_err("it fails");
    assert!(matches!(error, Error::Local(_)), "{error}");
}
