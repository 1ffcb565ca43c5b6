//! While it may, and not after.

use std::fs;

use key_holder::{Error, Refusal};
use permit::{AUTHORITY, Change, NotEntered, Refused, Rejected};

use crate::world::{DAY, END, World, at, batch, region};

fn refused(answer: Result<key_holder::Evaluated, Refusal>) -> Refused {
    match answer {
        Err(Refusal::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_region_is_answered_from_its_approval_to_its_revocation_and_each_batch_is_one_entry() {
    let world = World::new(at(END));
    let mut holder = world.open(1);
    let (_, bytes) = batch("14", &[1, 2]);
    assert_eq!(refused(holder.evaluate(&bytes, at(1))), Refused::Unknown);
    holder.enter(&world.request(at(2)), at(2)).unwrap();
    assert_eq!(refused(holder.evaluate(&bytes, at(2))), Refused::Requested);
    holder.enter(&world.approve(at(3), "14"), at(3)).unwrap();
    assert_eq!(holder.evaluate(&bytes, at(3)).unwrap().points, 2);
    assert_eq!(refused(holder.evaluate(&batch("01", &[1]).1, at(3))), Refused::Requested);
    let revoke = world.statement(at(4), "region-14", Change::Revoke { region: region("14") });
    holder.enter(&revoke, at(4)).unwrap();
    assert_eq!(refused(holder.evaluate(&bytes, at(4))), Refused::Revoked);
    assert!(matches!(holder.evaluate(&bytes[1..], at(4)), Err(Refusal::Malformed(_))));
    drop(holder);
    assert_eq!(world.entries("14"), ["Denied 2", "Denied 2", "Disclosed 2", "Denied 2"]);
    assert_eq!(world.entries("01"), ["Denied 1"]);
    // It is the same after a restart.
    assert_eq!(refused(world.open(5).evaluate(&bytes, at(5))), Refused::Revoked);
}

#[test]
fn the_budget_holds_over_restarts_and_twice_a_usual_day_is_an_alarm() {
    let world = World::new(at(END));
    let mut holder = world.approved(1, &["14", "01"]);
    let mut evaluate = |code: &str, points: u64, seconds: i64| {
        let numbers: Vec<u64> = (0..points).collect();
        holder.evaluate(&batch(code, &numbers).1, at(seconds)).map(|evaluated| evaluated.is_alarm)
    };
    assert!(!evaluate("14", 4, 2).unwrap());
    assert!(evaluate("14", 1, 3).unwrap());
    // Another region, and another day.
    assert!(!evaluate("01", 4, 3).unwrap());
    assert!(!evaluate("14", 3, DAY).unwrap());
    drop(holder);
    let mut holder = world.open(DAY);
    let (_, three) = batch("14", &[1, 2, 3]);
    let exhausted = holder.evaluate(&three, at(DAY));
    assert!(matches!(exhausted, Err(Refusal::Exhausted { left: 2 })), "{exhausted:?}");
    // A killed process has left half a line.
    drop(holder);
    let path = world.path("state/spent.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}{{\"at\":")).unwrap();
    let mut holder = world.open(DAY);
    assert!(holder.evaluate(&batch("14", &[1, 2]).1, at(DAY)).is_ok());
    assert!(matches!(holder.evaluate(&batch("14", &[1]).1, at(DAY)), Err(Refusal::Exhausted { left: 0 })));
    drop(holder);
    assert_eq!(world.entries("14").iter().filter(|entry| entry.starts_with("Denied")).count(), 2);
    assert!(fs::read_to_string(path).unwrap().ends_with("}\n"));
}

#[test]
fn after_the_end_nothing_evaluates_and_the_key_is_gone() {
    let world = World::new(at(END));
    let mut holder = world.approved(1, &["14"]);
    let (blinds, bytes) = batch("14", &[1]);
    let before = world.finish(&blinds, &holder.evaluate(&bytes, at(2)).unwrap().sealed);
    assert_eq!(world.finish(&blinds, &holder.evaluate(&bytes, at(END - 1)).unwrap().sealed), before);
    let share = world.path("state/shares/p17");
    assert!(share.is_file());
    let ledger = fs::read(world.path("state/ledger")).unwrap();

    assert_eq!(refused(holder.evaluate(&bytes, at(END))), Refused::Expired);
    assert!(!share.exists());
    // The clock is set back; the region approves once more; it is requested once more; the process starts again.
    assert_eq!(refused(holder.evaluate(&bytes, at(2))), Refused::Expired);
    let entered = holder.enter(&world.approve(at(END - 1), "14"), at(2 * END));
    assert!(matches!(entered, Err(Refusal::NotEntered(NotEntered::Rejected(Rejected::Expired)))));
    let entered = holder.enter(&world.request(at(END)), at(END));
    assert!(matches!(entered, Err(Refusal::NotEntered(NotEntered::Rejected(Rejected::Taken)))));
    drop(holder);
    let mut holder = world.open(2);
    assert_eq!(refused(holder.evaluate(&bytes, at(2))), Refused::Expired);
    drop(holder);

    // Somebody rolls the ledger back to before the end.
    fs::write(world.path("state/ledger"), ledger).unwrap();
    let mut holder = world.open(2);
    assert!(matches!(holder.evaluate(&bytes, at(2)), Err(Refusal::Failed(Error::ShareGone(_)))));
    drop(holder);
    // And forgets what was spent: there is an answer, of another key.
    fs::remove_file(world.path("state/spent.jsonl")).unwrap();
    let mut holder = world.open(2);
    let after = world.finish(&blinds, &holder.evaluate(&bytes, at(2)).unwrap().sealed);
    assert_ne!(after, before);
}

#[test]
fn the_authority_ends_a_permit_before_its_time_and_a_region_does_not() {
    let world = World::new(at(END));
    let mut holder = world.approved(1, &["14"]);
    let (_, bytes) = batch("14", &[1]);
    holder.evaluate(&bytes, at(2)).unwrap();
    let by_a_region = world.statement(at(3), "region-14", Change::Expire);
    assert!(matches!(holder.enter(&by_a_region, at(3)), Err(Refusal::NotEntered(NotEntered::Statement(_)))));
    holder.evaluate(&bytes, at(3)).unwrap();
    holder.enter(&world.statement(at(4), AUTHORITY, Change::Expire), at(4)).unwrap();
    assert_eq!(refused(holder.evaluate(&bytes, at(4))), Refused::Expired);
    assert!(!world.path("state/shares/p17").exists());
}

#[test]
fn without_an_entry_there_is_no_answer() {
    let world = World::new(at(END));
    let mut holder = world.approved(1, &["14"]);
    let (_, bytes) = batch("14", &[1]);
    holder.evaluate(&bytes, at(2)).unwrap();
    // The log's folder is replaced under the process.
    fs::rename(world.path("access"), world.path("moved")).unwrap();
    assert!(matches!(holder.evaluate(&bytes, at(3)), Err(Refusal::Failed(Error::AccessLog(_)))));
    fs::rename(world.path("moved"), world.path("access")).unwrap();
    assert!(holder.evaluate(&bytes, at(4)).is_ok());
}

#[test]
fn an_altered_ledger_and_another_ones_keys_are_refused_at_the_start() {
    let world = World::new(at(END));
    drop(world.approved(1, &["14"]));
    let path = world.path("state/ledger");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("university", "uniwersity", 1)).unwrap();
    let opened = key_holder::Holder::open(&world.config(), at(2)).err();
    assert!(matches!(opened, Some(Error::Ledger(_))), "{opened:?}");
    fs::write(&path, text).unwrap();
    fs::write(world.path("seed"), "00".repeat(32)).unwrap();
    let opened = key_holder::Holder::open(&world.config(), at(2)).err();
    assert!(matches!(opened, Some(Error::Config(_))), "{opened:?}");
}
