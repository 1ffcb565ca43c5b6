//! Times that leave room, and events of one instant.

use super::{check, event, rules_found};

#[test]
fn a_discharge_of_a_day_does_not_come_before_the_admission_of_that_day() {
    let events = [event("A01", 600, "v").at("A"), event("A03", 0, "v").between(0, 1439)];
    check(&events, &["v A 600-1439"]);
    assert_eq!(rules_found(&events), ["time-moved"]);
    // Nothing stands in the way of the time as it was read.
    check(&[event("A01", -100, "v").at("A"), event("A03", 960, "v").between(0, 1439)], &["v A -100-960"]);
}

#[test]
fn a_transfer_of_a_day_comes_after_the_admission() {
    check(
        &[event("A01", 600, "v").at("A"), event("A02", 0, "v").at("B").between(0, 1439)],
        &["v A 600-1439", "v B 1439-"],
    );
}

#[test]
fn an_admission_of_a_day_comes_before_the_transfer() {
    check(&[event("A01", 600, "v").at("A").between(0, 1439), event("A02", 500, "v").at("B")], &["v B 500-"]);
}

#[test]
fn a_stay_across_the_repeated_hour_closes() {
    // 02:30 in summer time, 02:10 in winter time: each is read as the first of the two.
    check(
        &[event("A01", 150, "v").at("A").between(150, 210), event("A03", 130, "v").between(130, 190)],
        &["v A 150-190"],
    );
}

#[test]
fn a_cancellation_written_to_the_minute_or_day_finds_its_event() {
    check(
        &[
            event("A01", 1, "v").at("A"),
            event("A03", 960, "v").between(0, 1439),
            event("A13", 1000, "v").at("A").between(0, 1439).sent(1000),
        ],
        &["v A 1-"],
    );
}

#[test]
fn of_events_of_one_instant_reception_decides_before_their_contents() {
    for (first, second) in [("B", "C"), ("C", "B")] {
        check(
            &[
                event("A01", 1, "v").at("A"),
                event("A02", 5, "v").at(first).received(7),
                event("A02", 5, "v").at(second).received(8),
            ],
            &["v A 1-5", &format!("v {second} 5-")],
        );
    }
}
