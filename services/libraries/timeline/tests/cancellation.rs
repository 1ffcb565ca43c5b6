//! Which event a cancellation cancels, where feeds say less than the standard wants.

use schemas::MovementAction::{Cancel, Insert, Update};

use super::{Build, check, event, rules_found};

/// As feeds without EVN-6 send: happened, recorded and sent at the same minute.
fn told(trigger: &str, minute: i64) -> Build {
    event(trigger, minute, "v").without_event_time()
}

#[test]
fn only_what_was_sent_before_it() {
    check(&[told("A01", 1).at("A"), told("A11", 3).at("A"), told("A01", 9).at("A")], &["v A 9-"]);
    check(
        &[
            told("A01", 1).at("A/1"),
            told("A02", 3).at("A/2"),
            told("A12", 4).at("A/1").from("A/2"),
            told("A02", 9).at("A/2"),
        ],
        &["v A/1 1-9", "v A/2 9-"],
    );
    let twice =
        [told("A01", 1).at("A"), told("A03", 3), told("A13", 4).at("A"), told("A03", 6), told("A13", 7).at("A")];
    check(&twice, &["v A 1-"]);
    assert_eq!(rules_found(&twice), [""; 0]);
    let entered_anew = [
        event("A01", 1, "v").at("A").sent(1),
        event("A11", 1, "v").at("A").sent(3),
        event("A01", 1, "v").at("A").sent(4),
    ];
    check(&entered_anew, &["v A 1-"]);
    // An interface engine sends the admission again: a new MSH-7, the old EVN-2.
    check(&[event("A01", 1, "v").at("A"), event("A11", 1, "v").at("A").sent(3), resent_at(5)], &[]);
}

fn resent_at(minute: i64) -> Build {
    event("A01", 1, "v").at("A").sent(minute).recorded(1)
}

#[test]
fn within_one_second_reception_tells() {
    let same_second = |trigger: &str, offset| told(trigger, 3).received(offset);
    check(
        &[
            told("A01", 1).at("A"),
            same_second("A02", 1).at("B"),
            same_second("A12", 2).from("B"),
            same_second("A02", 3).at("C"),
        ],
        &["v A 1-3", "v C 3-"],
    );
    check(&[told("A01", 1).at("A"), same_second("A12", 1), same_second("A02", 2).at("B")], &["v A 1-"]);
}

#[test]
fn the_same_cancellation_again_takes_nothing_more() {
    let again = || told("A13", 9).at("A");
    check(
        &[told("A01", 1).at("A"), told("A03", 3), told("A01", 5).at("A"), told("A03", 7), again(), again().received(9)],
        &["v A 1-3", "v A 5-"],
    );
}

#[test]
fn a_cancelled_discharge_may_name_another_bed() {
    check(
        &[event("A01", 1, "v").at("A/1/1"), event("A03", 5, "v").at("A/1/1"), event("A13", 5, "v").at("A/2/1").sent(7)],
        &["v A/1/1 1-7", "v A/2/1 7-"],
    );
    check(
        &[told("A01", 1).at("A/1/1"), told("A03", 5).at("A/1/1"), told("A13", 7).at("A/2/1")],
        &["v A/1/1 1-7", "v A/2/1 7-"],
    );
    // The ward alone is no other bed.
    check(&[told("A01", 1).at("A/1/1"), told("A03", 5), told("A13", 7).at("A")], &["v A/1/1 1-"]);
    // Nothing else is known of the visit: this is the first known placement.
    check(&[told("A03", 5), told("A13", 7).at("A")], &["v A 7-"]);
    // Without a discharge it says nothing.
    check(&[told("A13", 7).at("A")], &[]);
}

#[test]
fn a_cancelled_transfer_as_the_standard_writes_it() {
    let moves =
        || vec![told("A01", 1).at("A/1"), told("A02", 3).at("A/2").from("A/1"), told("A02", 5).at("B/3").from("A/2")];
    let with = |cancellation: Build| [moves(), vec![cancellation]].concat_builds();
    check(&with(told("A12", 7).at("A/2")), &["v A/1 1-3", "v A/2 3-"]);
    check(&with(told("A12", 7).at("A/2").from("A/2")), &["v A/1 1-3", "v A/2 3-"]);
    check(&with(told("A12", 7).at("B/3").from("A/2")), &["v A/1 1-3", "v A/2 3-"]);
    check(&with(told("A12", 7).at("A/2").from("B/3")), &["v A/1 1-3", "v A/2 3-"]);
    // Where transfers do not say where from, the places before them tell.
    check(
        &[told("A01", 1).at("A/1"), told("A02", 3).at("A/2"), told("A02", 5).at("B/3"), told("A12", 7).at("A/2")],
        &["v A/1 1-3", "v A/2 3-"],
    );
    let unfit = with(told("A12", 7).at("X").from("Y"));
    check(&unfit, &["v A/1 1-3", "v A/2 3-5", "v B/3 5-"]);
    assert!(rules_found(&unfit).contains(&"cancellation-unmatched"));
}

trait ConcatBuilds {
    fn concat_builds(self) -> Vec<Build>;
}

impl ConcatBuilds for [Vec<Build>; 2] {
    fn concat_builds(self) -> Vec<Build> {
        self.into_iter().flatten().collect()
    }
}

#[test]
fn a_time_or_place_that_fits_nothing_is_said() {
    // EVN-6 is when it was cancelled.
    let own_time = [told("A01", 1).at("A"), told("A03", 5), event("A13", 9, "v").at("A")];
    check(&own_time, &["v A 1-"]);
    assert_eq!(rules_found(&own_time), ["cancellation-differs"]);
    // PV1-3 of the A11 is where the patient was before, as the standard writes it.
    check(&[told("A04", 1).at("AKM"), told("A01", 3).at("A"), told("A11", 5).at("AKM")], &["v AKM 1-"]);
    let nowhere = [told("A01", 3).at("A"), told("A11", 5).at("X")];
    check(&nowhere, &["v A 3-"]);
    assert_eq!(rules_found(&nowhere), ["cancellation-unmatched"]);
    let rounded = [event("A01", 1, "v").at("A"), event("A03", 5, "v").seconds(20), event("A13", 5, "v").sent(9)];
    check(&rounded, &["v A 1-"]);
    assert_eq!(rules_found(&rounded), ["cancellation-differs"]);
    let elsewhen = [event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A13", 6, "v").at("A").sent(9)];
    check(&elsewhen, &["v A 1-5"]);
    assert_eq!(rules_found(&elsewhen), ["cancellation-unmatched"]);
}

#[test]
fn a_cancelled_movement_is_known_by_its_number() {
    let events = [
        event("A01", 1, "v").at("A").movement("m1", Insert),
        event("A02", 3, "v").at("B").movement("m2", Insert),
        event("A02", 5, "v").at("C").movement("m3", Insert),
        event("A12", 9, "v").at("A").movement("m2", Cancel),
    ];
    check(&events, &["v A 1-5", "v C 5-"]);
    assert_eq!(rules_found(&events), [""; 0]);
}

#[test]
fn a_corrected_movement_keeps_what_the_correction_does_not_say() {
    let moved =
        || [event("A01", 1, "v").at("A").movement("m1", Insert), event("A02", 5, "v").at("B").movement("m2", Insert)];
    let [first, second] = moved();
    check(&[first, second, event("A01", 1, "v").at("X").movement("m1", Update).sent(9)], &["v X 1-5", "v B 5-"]);
    // Z99 of an A08, or without a time.
    let [first, second] = moved();
    check(&[first, second, event("A08", 1, "v").at("X").movement("m1", Update).sent(9)], &["v X 1-5", "v B 5-"]);
    let [first, second] = moved();
    let untimed = event("A01", 9, "v").at("X").movement("m1", Update).without_event_time();
    check(&[first, second, untimed], &["v X 1-5", "v B 5-"]);
    let [first, second] = moved();
    let unknown = [first, second, event("A02", 9, "v").at("X").movement("m9", Update).without_event_time()];
    check(&unknown, &["v A 1-5", "v B 5-"]);
    assert_eq!(rules_found(&unknown), ["movement-time-unknown"]);
    // An update that only repeats the number of the movement states none.
    let [first, second] = moved();
    check(&[first, second, event("A08", 7, "v").at("B").movement("m2", Insert)], &["v A 1-5", "v B 5-"]);
}
