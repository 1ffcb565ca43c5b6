//! Opt-outs by the date of approval.

use permit::{OptOut, is_included};

use crate::made::at;

#[test]
fn what_held_when_the_region_approved_counts() {
    let out = |from, until: Option<i64>| OptOut { from: at(from), until: until.map(at) };
    let check = |outs: &[OptOut], approved, want| assert_eq!(is_included(outs, at(approved), false), want);
    check(&[], 5, true);
    check(&[out(6, None)], 5, true);
    check(&[out(5, None)], 5, false);
    check(&[out(1, Some(5))], 5, true);
    check(&[out(1, Some(6))], 5, false);
    check(&[out(1, Some(3)), out(4, None)], 5, false);
    check(&[out(1, Some(3)), out(7, Some(9))], 5, true);
    assert!(is_included(&[out(1, None)], at(5), true));
}

/// Every pair of intervals on a small line, second by second.
#[test]
fn every_pair_of_intervals_is_as_it_is_counted_second_by_second() {
    for (a, b, c, d, approved) in (0..6_i64.pow(5)).map(|n| (n % 6, n / 6 % 6, n / 36 % 6, n / 216 % 6, n / 1296)) {
        let is_out = (a..b).contains(&approved) || (c..d).contains(&approved);
        let outs = [(a, b), (c, d)].map(|(from, until)| OptOut { from: at(from), until: Some(at(until)) });
        assert_eq!(is_included(&outs, at(approved), false), !is_out, "{outs:?} {approved}");
    }
}
