//! The program `permit`, and what its statements say to the ledger.

use std::fs;
use std::process::{Command, Output};

use access_log::{Key, Note};
use jiff::{SignedDuration, Timestamp};
use linkage::{Person, Seed, blind, derive_key, evaluate};
use permit::{AUTHORITY, Answer, Batch, Blinds, Ledger, Signers, may_evaluate, region_signer};

use crate::made::{hub, key, permit, region};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn run(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_permit")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn a_permit_goes_from_its_request_to_its_end() {
    use age::secrecy::ExposeSecret as _;
    let (folder, hub) = (tempfile::tempdir().unwrap(), hub());
    let now = Timestamp::now();
    let mut permit = permit(&hub);
    permit.end = now + SignedDuration::from_hours(1);
    let path = |name: &str| folder.path().join(name);
    fs::write(path("p17.json"), serde_json::to_string(&permit).unwrap()).unwrap();
    fs::write(path("key"), KEY).unwrap();
    fs::write(path("hub.txt"), format!("# the hub\n{}\n", hub.to_string().expose_secret())).unwrap();
    let public = Key::parse(KEY).unwrap().public();
    let signers = Signers::default().with(AUTHORITY, public).with(region_signer(region("14")), public);
    let mut ledger = Ledger::default();
    let mut enter = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = Note::parse(&String::from_utf8(output.stdout).unwrap()).unwrap();
        ledger = ledger.enter(&said, &signers, &key("keeper"), Timestamp::now()).unwrap().0;
        may_evaluate(ledger.standings().of(&permit.id), region("14"), Timestamp::now()).is_ok()
    };
    assert!(!enter(&["request", "p17.json", "--key-file", "key"]));
    assert!(enter(&["approve", "p17.json", "--region", "14", "--key-file", "key"]));
    assert!(!enter(&["revoke", "p17", "--region", "14", "--key-file", "key"]));
    assert!(enter(&["approve", "p17.json", "--region", "14", "--key-file", "key"]));
    assert!(!enter(&["expire", "p17", "--key-file", "key"]));

    // Nobody was born in the year 0000.
    let person = Person::new(&permit.id, "1.2.752.129.2.1.3.1", b"000000000017").unwrap();
    let (blind, point) = blind(&person).unwrap();
    let batch = Batch::new(permit.id.clone(), region("14"), vec![point]).unwrap();
    let points = evaluate(&derive_key(&Seed::from_hex(KEY).unwrap(), &permit.id), &batch.points);
    let (id, region) = (permit.id.clone(), batch.region);
    let blinds =
        Blinds { permit: id.clone(), region, batch: batch.digest.clone(), rows: vec![("r14.v1.a".to_owned(), blind)] };
    let answer = Answer { permit: id, region, batch: batch.digest, points };
    fs::write(path("blinds"), blinds.seal(&permit).unwrap()).unwrap();
    fs::write(path("answer"), answer.seal(&permit).unwrap()).unwrap();
    let finish = ["finish", "p17.json", "--blinds", "blinds", "--answer", "answer", "--identity", "hub.txt"];
    let output = run(folder.path(), &finish);
    let want = blinds.finish(&answer, "university").unwrap().remove(0).1;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("r14.v1.a\t{want}\n"));

    for (wrong, code) in [
        (&["approve", "p17.json", "--region", "14", "--key-file", "p17.json"][..], 2),
        (&["request", "hub.txt", "--key-file", "key"][..], 2),
        (&["revoke", "P 17", "--region", "14", "--key-file", "key"][..], 2),
        (&["finish", "p17.json", "--blinds", "answer", "--answer", "answer", "--identity", "hub.txt"][..], 1),
        (&["finish", "p17.json", "--blinds", "blinds", "--answer", "answer", "--identity", "key"][..], 2),
    ] {
        let output = run(folder.path(), wrong);
        assert_eq!(output.status.code(), Some(code), "{wrong:?}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(&KEY[..8]), "{wrong:?}");
    }
}
