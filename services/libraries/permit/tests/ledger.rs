//! The ledger is only added to, and tells what was done to it.

use permit::{
    AUTHORITY, Change, KEY_HOLDER, Ledger, NotAStatement, NotEntered, Rejected, Statement, may_evaluate, region_signer,
};

use crate::made::{at, hub, key, permit, region, signers, statement};

fn entered(statements: &[(Statement, String)]) -> (Ledger, Vec<String>) {
    let mut ledger = Ledger::default();
    let mut entries = Vec::new();
    for (statement, signer) in statements {
        let said = statement.sign(signer, &key(signer));
        let (next, entry) = ledger.enter(&said, &signers(), &key("keeper"), statement.at).unwrap();
        ledger = next;
        entries.push(entry);
    }
    (ledger, entries)
}

fn history() -> Vec<(Statement, String)> {
    let permit = permit(&hub());
    let approve = |code| Change::Approve { region: region(code), record: permit.digest() };
    vec![
        (statement(1, Change::Request(Box::new(permit.clone()))), AUTHORITY.to_owned()),
        (statement(2, approve("14")), region_signer(region("14"))),
        (statement(3, approve("01")), region_signer(region("01"))),
        (statement(4, Change::Revoke { region: region("01") }), region_signer(region("01"))),
    ]
}

#[test]
fn what_was_entered_is_read_again() {
    let (_, entries) = entered(&history());
    let text = entries.concat();
    let keepers = [key("keeper").public()];
    let (ledger, length) = Ledger::read(&text, &keepers, &signers()).unwrap();
    assert_eq!(length, text.len() as u64);
    let standing = ledger.standings().all().next();
    assert!(
        may_evaluate(standing, region("14"), at(5)).is_ok() && may_evaluate(standing, region("01"), at(5)).is_err()
    );
    // A keeper that was killed while it wrote: what is whole counts.
    let torn = &text[..text.len() - 20];
    let (ledger, length) = Ledger::read(torn, &keepers, &signers()).unwrap();
    assert_eq!(length, entries[..3].concat().len() as u64);
    assert!(may_evaluate(ledger.standings().all().next(), region("01"), at(5)).is_ok());
    assert!(Ledger::read(&text, &[key("another").public()], &signers()).is_err());
}

#[test]
fn every_altered_byte_and_every_entry_left_out_moved_or_repeated_is_told() {
    let (_, entries) = entered(&history());
    let text = entries.concat();
    let keepers = [key("keeper").public()];
    let is_told = |text: &str, entries: usize| match Ledger::read(text, &keepers, &signers()) {
        Err(_) => true,
        // Cut off at the end: fewer entries are there, which the access log tells.
        Ok((_, length)) => length < text.len() as u64 && entries > 0,
    };
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
        if let Ok(altered) = String::from_utf8(bytes) {
            assert!(is_told(&altered, 1), "byte {at}");
        }
    }
    for (a, b) in [(0, 1), (1, 2), (2, 3), (0, 3)] {
        let mut moved = entries.clone();
        moved.swap(a, b);
        assert!(is_told(&moved.concat(), 0), "{a} and {b} exchanged");
    }
    for at in 0..3 {
        let mut fewer = entries.clone();
        fewer.remove(at);
        assert!(is_told(&fewer.concat(), 0), "entry {at} left out");
        let mut more = entries.clone();
        more.insert(at, entries[at].clone());
        assert!(is_told(&more.concat(), 0), "entry {at} twice");
    }
}

#[test]
fn nobody_speaks_for_another() {
    let (ledger, _) = entered(&history());
    let keeper = key("keeper");
    let approve =
        |code: &str, record: &str| statement(9, Change::Approve { region: region(code), record: record.to_owned() });
    let check = |statement: &Statement, signer: &str, now, want: NotEntered| {
        let said = statement.sign(signer, &key(signer));
        assert_eq!(ledger.enter(&said, &signers(), &keeper, at(now)).err(), Some(want));
    };
    let digest = ledger.standings().all().next().unwrap().permit().digest();
    let unsigned = || NotEntered::Statement(NotAStatement::Signature);
    for signer in ["region-14", AUTHORITY, KEY_HOLDER, "nobody"] {
        check(&approve("12", &digest), signer, 9, unsigned());
    }
    check(&statement(9, Change::Expire), "region-14", 9, unsigned());
    check(&approve("12", &"0".repeat(64)), "region-12", 9, NotEntered::Rejected(Rejected::Record));
    check(&approve("20", &digest), "region-20", 9, NotEntered::Rejected(Rejected::Foreign));
    check(
        &statement(4, Change::Revoke { region: region("01") }),
        "region-01",
        9,
        NotEntered::Rejected(Rejected::Older),
    );
    let later = statement(2_000, Change::Revoke { region: region("01") });
    check(&later, "region-01", 1_699, NotEntered::Ahead);
    assert!(ledger.enter(&later.sign("region-01", &key("region-01")), &signers(), &keeper, at(1_700)).is_ok());
    // The name of one, the key of another.
    let said = approve("12", &digest).sign("region-12", &key("region-14"));
    assert_eq!(ledger.enter(&said, &signers(), &keeper, at(9)).err(), Some(unsigned()));
}
