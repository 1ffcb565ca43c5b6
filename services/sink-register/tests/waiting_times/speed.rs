//! A month of the largest region is a matter of seconds.

use std::time::Instant;

use schemas::Wait;
use sink_register::waiting_times::WaitingTimes;

use super::{completed, random::Dice, settings};
use crate::world::pseudonyms;

/// As many groups as a large region has: 30 hospitals, 600 units, 3,000 referrers, all municipalities.
#[test]
fn a_month_of_a_large_region_takes_seconds() {
    let named = |count, name: fn(u32) -> String| (0..count).map(name).collect::<Vec<_>>();
    let hospitals = named(30, |number| format!("50{number:04}"));
    let units = named(600, |number| format!("SE0000000000-U{number}"));
    let referrers = named(3_000, |number| format!("SE0000000000-R{number}"));
    let municipalities = named(290, |number| format!("{:04}", 1_000 + number));
    let mut dice = Dice(1);
    let mut one_of = |names: &[String]| dice.roll(names.len() as u64) as usize;
    let mut statements = Vec::new();
    for number in 0..100_000 {
        statements.push(Wait {
            hospital_code: Some(&hospitals[one_of(&hospitals)]),
            care_unit_hsa_id: Some(&units[one_of(&units)]),
            referrer_hsa_id: Some(&referrers[one_of(&referrers)]),
            lkf: Some(&municipalities[one_of(&municipalities)]),
            ..completed("OPT101-1", number % 300)
        });
    }
    let started = Instant::now();
    let mut extract = WaitingTimes::new(settings(), &pseudonyms("skr", "waiting-times"));
    statements.iter().for_each(|wait| extract.add(wait));
    let output = extract.finish();
    let elapsed = started.elapsed();
    assert_eq!(output.totals["completed"], 100_000);
    // Some seconds on two busy cores, unoptimised; the bound is for worse machines.
    assert!(elapsed.as_secs() < 20, "{elapsed:?}");
}
