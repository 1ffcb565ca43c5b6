//! The ledger gives, event by event, what the timeline gives at once.

use proptest::{
    collection::vec,
    prelude::{prop_assert_eq, proptest},
};
use schemas::Timestamp;
use timeline::{Ledger, Stay, timeline};

use super::event;

fn sorted(mut stays: Vec<Stay>) -> Vec<Stay> {
    stays.sort_by(|one, other| {
        (&one.episode, one.from, &one.subject).cmp(&(&other.episode, other.from, &other.subject))
    });
    stays
}

proptest! {
    #[test]
    fn one_by_one_equals_all_at_once(choices in vec((0_usize..9, 1_i64..20, 0_usize..4, 0_usize..3, 0_usize..3), 1..60)) {
        let events: Vec<_> = choices
            .into_iter()
            .map(|(trigger, minute, episode, person, place)| {
                let trigger = ["A01", "A02", "A03", "A13", "A40", "A45", "REKEYED", "NUMBERED", "PART-OF"][trigger];
                let build = event(trigger, minute, ["v", "w", "x", ""][episode]).of(["p1", "p2", "p3"][person]).at(["A", "B", "C"][place]);
                match trigger {
                    "A40" | "A45" | "REKEYED" | "NUMBERED" | "PART-OF" => build.prior(["p2", "p3", "p1"][person], ["w", "x", "v"][place]).0,
                    _ => build.0,
                }
            })
            .collect();
        let mut ledger = Ledger::new();
        let mut followed: Vec<Stay> = Vec::new();
        for event in &events {
            let change = ledger.insert([event.clone()]);
            for stay in &change.before {
                let at = followed.iter().position(|held| held == stay).expect("a change removes only what was there");
                followed.swap_remove(at);
            }
            followed.extend(change.after);
        }
        let expected = sorted(timeline(&events).stays);
        prop_assert_eq!(sorted(ledger.stays().cloned().collect()), expected.clone());
        prop_assert_eq!(sorted(followed), expected.clone());
        let mut loaded = Ledger::new();
        events.iter().rev().chain(&events).for_each(|event| loaded.load(event.clone()));
        loaded.settle();
        prop_assert_eq!(sorted(loaded.stays().cloned().collect()), expected);
        prop_assert_eq!(loaded.event_count(), ledger.event_count());
    }
}

#[test]
fn retiring_forgets_only_what_is_closed_and_old() {
    let mut ledger = Ledger::new();
    ledger.insert([event("A01", 1, "v").at("A").0, event("A03", 5, "v").0, event("A01", 2, "w").of("p2").at("B").0]);
    assert_eq!(ledger.retire(Timestamp(4 * 60_000_000)), 0);
    assert_eq!(ledger.retire(Timestamp(6 * 60_000_000)), 2);
    assert!(!ledger.knows_subject("p1"));
    assert!(ledger.knows_subject("p2"));
    assert_eq!(ledger.stays().count(), 1);
}

#[test]
fn the_same_event_again_changes_nothing() {
    let mut ledger = Ledger::new();
    let admission = || event("A01", 1, "v").at("A").0;
    assert_eq!(ledger.insert([admission()]).after.len(), 1);
    assert_eq!(ledger.insert([admission()]), timeline::Change::default());
}

#[test]
fn a_placeholder_that_many_carry_joins_no_groups_and_figures_stay_those_of_the_set() {
    let events: Vec<_> = (0..200)
        .map(|index| {
            let (person, visit) = (format!("p{index:03}"), format!("v{index:03}"));
            event("A01", 1 + index, &visit).at("A").of("placeholder").with_alias(&person).0
        })
        .chain([event("A29", 500, "").of("placeholder").with_alias("p000").0])
        .collect();
    let mut ledger = Ledger::new();
    let mut followed: Vec<Stay> = Vec::new();
    for event in &events {
        let change = ledger.insert([event.clone()]);
        followed.retain(|stay| !change.before.contains(stay));
        followed.extend(change.after);
    }
    let expected = timeline(&events);
    assert_eq!(expected.stays.len(), 199);
    assert_eq!(sorted(followed), sorted(expected.stays));
    let mut findings: Vec<_> = ledger.findings().cloned().collect();
    findings.sort_unstable();
    assert_eq!(findings, expected.findings);
    let mut loaded = Ledger::new();
    events.iter().for_each(|event| loaded.load(event.clone()));
    loaded.settle();
    assert_eq!(sorted(loaded.stays().cloned().collect()), sorted(ledger.stays().cloned().collect()));
    assert!(loaded.largest() <= 2 * timeline::IDENTIFIERS_MAX, "{} events in one group", loaded.largest());
    assert!(ledger.largest() <= 2 * timeline::IDENTIFIERS_MAX, "{} events in one group", ledger.largest());
}
