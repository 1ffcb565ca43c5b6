//! Random histories of requests, approvals, revocations and ends, in any order and some of them said again, against an oracle.

use jiff::Timestamp;
use permit::{Change, Permit, Refused, Standings, Statement, may_evaluate};
use topics::Region;

use crate::made::{END, at, hub, permit, region, statement};

const HISTORIES: u64 = 100_000;

/// All that was attempted, whether it changed anything or not. Of a region counts what it said last, before anybody ended it.
fn oracle(attempts: &[Statement], asked: Region, now: Timestamp) -> bool {
    let Some(first) = attempts.iter().position(|attempt| matches!(attempt.change, Change::Request(_))) else {
        return false;
    };
    let is_end = |attempt: &&Statement| matches!(attempt.change, Change::Expire);
    let counted = attempts[first..].iter().take_while(|attempt| !is_end(attempt));
    let last = counted.filter(|attempt| match &attempt.change {
        Change::Approve { region, record } => *region == asked && record.len() == 64 && attempt.at < at(END),
        Change::Revoke { region } => *region == asked,
        Change::Request(_) | Change::Expire => false,
    });
    let approves =
        last.max_by_key(|attempt| attempt.at).is_some_and(|last| matches!(last.change, Change::Approve { .. }));
    approves && asked != region("20") && now < at(END) && !attempts[first..].iter().any(|attempt| is_end(&attempt))
}

/// splitmix64: a number behind which the next is not seen.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn attempt(state: &mut u64, earlier: &[Statement], seconds: i64, permit: &Permit, digest: &str) -> Statement {
    let which = region(["01", "12", "14", "20"][(next(state) % 4) as usize]);
    let change = match next(state) % 16 {
        0 | 1 => Change::Request(Box::new(permit.clone())),
        2..=6 => Change::Approve { region: which, record: digest.to_owned() },
        // Of another record: it never counts.
        7 => Change::Approve { region: which, record: digest[1..].to_owned() },
        8..=11 => Change::Revoke { region: which },
        12 if next(state).is_multiple_of(3) => Change::Expire,
        _ if !earlier.is_empty() => return earlier[(next(state) % earlier.len() as u64) as usize].clone(),
        _ => Change::Revoke { region: which },
    };
    statement(seconds, change)
}

#[test]
fn what_may_be_evaluated_is_what_the_oracle_says() {
    let permit = permit(&hub());
    let digest = permit.digest();
    let (mut allowed, mut refused) = (0_u64, 0_u64);
    for seed in 0..HISTORIES {
        let mut state = seed;
        let mut standings = Standings::default();
        let mut attempts = Vec::new();
        let mut seconds = 0;
        for _ in 0..1 + next(&mut state) % 12 {
            // Most histories end before the permit does, some go on behind it.
            seconds += 1 + (next(&mut state) % 150) as i64;
            let attempt = attempt(&mut state, &attempts, seconds, &permit, &digest);
            drop(standings.take(&attempt));
            attempts.push(attempt);
            for asked in ["01", "12", "14", "20"].map(region) {
                for now in [seconds, END - 1, END].map(at) {
                    let decided = may_evaluate(standings.of(&permit.id), asked, now).is_ok();
                    assert_eq!(decided, oracle(&attempts, asked, now), "seed {seed}, {now}, {asked:?}: {attempts:?}");
                    if decided { allowed += 1 } else { refused += 1 }
                }
            }
        }
    }
    assert!(allowed > HISTORIES && refused > HISTORIES, "{allowed} allowed, {refused} refused: one side is not tried");
}

#[test]
fn a_refusal_says_why() {
    let permit = permit(&hub());
    let digest = permit.digest();
    let approve = |seconds| statement(seconds, Change::Approve { region: region("14"), record: digest.clone() });
    let mut standings = Standings::default();
    let check = |standings: &Standings, code: &str, seconds, want| {
        assert_eq!(may_evaluate(standings.of(&permit.id), region(code), at(seconds)).err(), want);
    };
    check(&standings, "14", 1, Some(Refused::Unknown));
    standings.take(&statement(1, Change::Request(Box::new(permit.clone())))).unwrap();
    check(&standings, "14", 1, Some(Refused::Requested));
    check(&standings, "20", 1, Some(Refused::Foreign));
    standings.take(&approve(2)).unwrap();
    check(&standings, "14", 2, None);
    check(&standings, "01", 2, Some(Refused::Requested));
    check(&standings, "14", END, Some(Refused::Expired));
    standings.take(&statement(3, Change::Revoke { region: region("14") })).unwrap();
    check(&standings, "14", 3, Some(Refused::Revoked));
    // The old approval, once more.
    assert_eq!(standings.take(&approve(2)), Err(permit::Rejected::Older));
    check(&standings, "14", 3, Some(Refused::Revoked));
    standings.take(&approve(4)).unwrap();
    assert_eq!(standings.of(&permit.id).unwrap().approved(region("14")), Some(at(4)));
    standings.take(&statement(5, Change::Expire)).unwrap();
    // Whatever the clock says.
    check(&standings, "14", 1, Some(Refused::Expired));
    assert_eq!(standings.take(&approve(6)), Err(permit::Rejected::Expired));
    assert_eq!(standings.take(&statement(7, Change::Request(Box::new(permit.clone())))), Err(permit::Rejected::Taken));
}
