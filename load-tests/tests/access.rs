//! The whole chain behind Kafka's wall: every service as a user of its own, with exactly the rights that the catalogue gives it.

use load_tests::{
    check_demo::{self, Run},
    simulated,
    stack::{Keys, Options},
};

const SEED: u64 = 14;
const MESSAGES: usize = 300;

#[test]
fn nothing_is_lost_when_every_service_may_do_only_what_the_catalogue_says() {
    let (messages, options, _) = simulated::few_regions(SEED, MESSAGES, Keys::random().expect("random bytes"));
    let options = Options { encrypted: true, apart: true, walled: true, ..options };
    let run = Run { options, messages, connections: 4, rate: None, faults: Vec::new(), poison: None };
    let outcome = check_demo::run(run, &mut |text| println!("{text}"), &mut |_, _| {}).expect("the run finishes");
    assert!(outcome.faults.is_empty(), "does not add up: {:#?}", outcome.faults);
    assert_eq!((outcome.report.sent, outcome.report.lost), (MESSAGES as u64, 0));
    assert_eq!(outcome.ended, [], "nothing ends by itself");
}
