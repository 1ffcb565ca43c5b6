//! What a ledger says of its findings, change by change.

use proptest::{
    collection::vec,
    prelude::{prop_assert_eq, proptest},
};
use timeline::{Finding, Ledger, timeline};

use super::event;

proptest! {
    #[test]
    fn changes_add_up_to_the_findings_that_hold(choices in vec((0_usize..7, 1_i64..20, 0_usize..4, 0_usize..3, 0_usize..3), 1..60)) {
        let mut ledger = Ledger::new();
        let mut followed: Vec<Finding> = Vec::new();
        let mut events = Vec::new();
        for (trigger, minute, episode, person, place) in choices {
            let trigger = ["A01", "A02", "A03", "A11", "A13", "A40", "A45"][trigger];
            let build = event(trigger, minute, ["v", "w", "x", ""][episode]).of(["p1", "p2", "p3"][person]).at(["A", "B", "C"][place]);
            let event = match trigger {
                "A40" | "A45" => build.prior(["p2", "p3", "p1"][person], ["w", "x", "v"][place]).0,
                _ => build.0,
            };
            events.push(event.clone());
            let change = ledger.insert([event]);
            for gone in &change.findings_before {
                let at = followed.iter().position(|held| held == gone).expect("only what held can end");
                followed.swap_remove(at);
            }
            followed.extend(change.findings_after);
        }
        followed.sort_unstable();
        let mut held: Vec<Finding> = ledger.findings().cloned().collect();
        held.sort_unstable();
        prop_assert_eq!(&followed, &held);
        prop_assert_eq!(held, timeline(&events).findings);
    }
}

#[test]
fn a_finding_ends_when_what_it_missed_comes() {
    let mut ledger = Ledger::new();
    let change = ledger.insert([event("A13", 5, "v").0]);
    assert_eq!(change.findings_after.len(), 1);
    assert_eq!(change.findings_after[0].rule.code(), "cancellation-unmatched");
    ledger.insert([event("A01", 1, "v").at("A").0]);
    let change = ledger.insert([event("A03", 5, "v").0]);
    assert_eq!((change.findings_before.len(), change.findings_after.len()), (1, 0));
    assert_eq!(ledger.findings().count(), 0);
}
