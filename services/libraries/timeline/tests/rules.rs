//! One test per rule of an episode.

use schemas::BedKind;

use super::{Build, check, event, rules_found, run};

#[test]
fn an_admission_a_move_and_a_discharge() {
    check(
        &[event("A01", 1, "v").at("A/1/1"), event("A02", 5, "v").at("B/1/1"), event("A03", 9, "v")],
        &["v A/1/1 1-5", "v B/1/1 5-9"],
    );
}

#[test]
fn a_missing_admission_starts_at_the_first_known_placement_and_nothing_is_inferred() {
    let events = [event("A02", 5, "v").at("B").from("A")];
    check(&events, &["v B 5-"]);
    assert_eq!(rules_found(&events), ["prior-place-differs"]);
}

#[test]
fn a_registration_without_a_place_is_an_episode_without_stay() {
    check(&[event("A04", 1, "v")], &[]);
    check(&[event("A04", 1, "v").at("AKM")], &["v AKM 1-"]);
    assert!(!run(&[event("A04", 1, "v").at("AKM")]).stays[0].admitted);
    assert!(run(&[event("A01", 1, "v").at("AVD")]).stays[0].admitted);
}

#[test]
fn a_class_change_moves_when_the_place_differs() {
    check(&[event("A04", 1, "v").at("AKM"), event("A06", 3, "v").at("AKM")], &["v AKM 1-"]);
    check(&[event("A04", 1, "v").at("AKM"), event("A06", 3, "v").at("B")], &["v AKM 1-3", "v B 3-"]);
}

/// A region decides what counts from then on: the mornings before are not counted anew.
#[test]
fn a_later_decision_about_technical_beds_leaves_a_stay_as_it_was_placed() {
    let technical = |mut build: Build, left_out: bool| {
        (build.0.details.bed_kind, build.0.details.left_out) = (BedKind::Teknisk, left_out);
        build
    };
    for before in [false, true] {
        let events = [
            technical(event("A01", 1, "v").at("A/1/1"), before),
            technical(event("A08", 5, "v").at("A/1/1"), !before),
            technical(event("A02", 9, "v").at("B/1/1"), !before),
        ];
        let stays = run(&events).stays;
        let left_out: Vec<bool> = stays.iter().map(|stay| stay.details.left_out).collect();
        assert_eq!(left_out, [before, !before]);
    }
}

#[test]
fn updates_never_move_anybody() {
    for trigger in ["A08", "A28", "A31", "A05", "A14", "A15", "A16", "A25", "A26", "A27", "A38"] {
        check(&[event("A01", 1, "v").at("A"), event(trigger, 3, "v").at("B")], &["v A 1-"]);
    }
}

#[test]
fn an_update_that_names_another_place_says_so() {
    let found = |place: &str| rules_found(&[event("A01", 1, "v").at("A/1/1"), event("A08", 3, "v").at(place)]);
    assert_eq!(found("B/1/1"), ["update-place-differs"]);
    assert_eq!(found("A/1/2"), ["update-place-differs"]);
    assert_eq!((found("A/1/1"), found("A")), (vec![], vec![]));
    let after_discharge = [event("A01", 1, "v").at("A"), event("A03", 3, "v"), event("A08", 5, "v").at("B")];
    assert_eq!(rules_found(&after_discharge), [""; 0]);
}

#[test]
fn a_facility_tells_places_of_one_code_apart_and_is_no_difference_where_it_is_left_out() {
    check(
        &[event("A01", 1, "v").at("51/1/1/SU"), event("A02", 5, "v").at("51/1/1/OSTRA")],
        &["v 51/1/1 1-5", "v 51/1/1 5-"],
    );
    check(&[event("A01", 1, "v").at("51/1/1/SU"), event("A02", 5, "v").at("51/1/1")], &["v 51/1/1 1-"]);
}

#[test]
fn a_discharge_sent_again_with_another_time_corrects_the_first() {
    let earlier = [event("A01", 1, "v").at("A"), event("A03", 9, "v").sent(9), event("A03", 5, "v").sent(12)];
    check(&earlier, &["v A 1-5"]);
    assert_eq!(rules_found(&earlier), ["discharge-superseded"]);
}

#[test]
fn a_discharge_before_anything_else_is_noticed() {
    let events = [event("A03", 1, "v"), event("A02", 5, "v").at("A")];
    assert!(rules_found(&events).contains(&"discharge-before-admission"));
}

#[test]
fn one_person_in_two_places_or_twice_in_a_bed_is_noticed() {
    let two = [event("A01", 1, "v").at("A/1/1"), event("A01", 3, "w").at("B/1/1")];
    check(&two, &["v A/1/1 1-", "w B/1/1 3-"]);
    assert_eq!(rules_found(&two), ["person-in-two-places"]);
    let hundred: Vec<_> = (0..100).map(|visit| event("A01", 1 + visit, &format!("v{visit}")).at("A/1/1")).collect();
    assert_eq!(rules_found(&hundred), vec!["person-twice-in-bed"; 99]);
    let followed = [event("A01", 1, "v").at("A"), event("A03", 3, "v"), event("A01", 3, "w").at("B")];
    assert_eq!(rules_found(&followed), [""; 0]);
    let on_leave = [event("A01", 1, "v").at("A"), event("A21", 2, "v"), event("A01", 3, "w").at("B")];
    assert_eq!(rules_found(&on_leave), [""; 0]);
}

#[test]
fn leave_and_return_can_be_taken_back() {
    // IHE writes the time of cancelling into EVN-6 of A52 and A53.
    let away = [event("A01", 1, "v").at("A"), event("A21", 3, "v"), event("A52", 7, "v")];
    assert!(!run(&away).stays[0].on_leave);
    let back = [event("A01", 1, "v").at("A"), event("A21", 3, "v"), event("A22", 5, "v").at("B"), event("A53", 7, "v")];
    check(&back, &["v A 1-"]);
    assert!(run(&back).stays[0].on_leave);
}

#[test]
fn the_same_place_again_is_one_stay_and_empty_stays_vanish() {
    check(&[event("A01", 1, "v").at("A"), event("A02", 3, "v").at("A")], &["v A 1-"]);
    check(&[event("A01", 1, "v").at("A"), event("A02", 1, "v").at("B")], &["v B 1-"]);
    check(&[event("A01", 1, "v").at("A"), event("A02", 3, "v").at("B"), event("A17", 3, "v").at("A")], &["v A 1-"]);
    check(&[event("A01", 1, "v").at("A"), event("A03", 1, "v")], &[]);
}

#[test]
fn only_an_admission_reopens() {
    let events = [event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A02", 7, "v").at("B")];
    check(&events, &["v A 1-5"]);
    assert_eq!(rules_found(&events), ["placement-after-discharge"]);
    check(&[event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A01", 7, "v").at("B")], &["v A 1-5", "v B 7-"]);
}

#[test]
fn a_discharge_from_another_place_closes_what_is_open() {
    let events = [event("A01", 1, "v").at("A"), event("A03", 5, "v").at("X")];
    check(&events, &["v A 1-5"]);
    assert_eq!(rules_found(&events), ["discharge-place-differs"]);
}

#[test]
fn a_discharge_without_visit_closes_the_only_open_episode_of_the_person() {
    check(&[event("A01", 1, "v").at("A"), event("A03", 5, "")], &["v A 1-5"]);
    let two = [event("A01", 1, "v").at("A"), event("A01", 2, "w").at("B"), event("A03", 5, "")];
    check(&two, &["v A 1-", "w B 2-"]);
    assert_eq!(rules_found(&two), ["person-in-two-places", "episode-unresolved"]);
    assert_eq!(rules_found(&[event("A01", 6, "v").at("A"), event("A03", 5, "")]), ["episode-unresolved"]);
    let merged = [
        event("A01", 1, "v").at("A").of("old"),
        event("A40", 9, "").of("new").prior("old", ""),
        event("A03", 5, "").of("new"),
    ];
    check(&merged, &["v A 1-5"]);
}

#[test]
fn discharges_without_visit_see_what_earlier_ones_closed() {
    let events = [event("A01", 1, "v").at("A"), event("A03", 3, ""), event("A01", 4, "w").at("B"), event("A03", 5, "")];
    check(&events, &["v A 1-3", "w B 4-5"]);
}

#[test]
fn of_two_discharges_the_last_holds() {
    let events = [event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A03", 8, "v")];
    check(&events, &["v A 1-8"]);
    assert_eq!(rules_found(&events), ["discharge-superseded"]);
    check(
        &[event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A01", 6, "v").at("A"), event("A03", 8, "v")],
        &["v A 1-5", "v A 6-8"],
    );
}

#[test]
fn a_cancelled_admission_leaves_later_stays() {
    check(&[event("A01", 1, "v").at("A"), event("A02", 5, "v").at("B"), event("A11", 1, "v").at("A")], &["v B 5-"]);
    check(&[event("A11", 1, "v").at("A"), event("A01", 1, "v").at("A"), event("A01", 1, "v").at("A").recorded(9)], &[]);
}

#[test]
fn a_cancelled_transfer_lets_the_earlier_stay_continue() {
    check(
        &[event("A01", 1, "v").at("A"), event("A02", 5, "v").at("B").from("A"), event("A12", 5, "v").at("A").from("B")],
        &["v A 1-"],
    );
    // The wrong place is in PV1-6; it must be the transfer's.
    let other = [event("A01", 1, "v").at("A"), event("A02", 5, "v").at("B"), event("A12", 5, "v").at("A").from("C")];
    check(&other, &["v A 1-5", "v B 5-"]);
    assert_eq!(rules_found(&other), ["cancellation-unmatched"]);
}

#[test]
fn a_cancelled_discharge_opens_the_stay_again_with_its_first_start() {
    check(&[event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A13", 5, "v").at("A")], &["v A 1-"]);
}

#[test]
fn a_discharge_that_found_its_episode_can_be_cancelled_there() {
    check(&[event("A01", 1, "v").at("A"), event("A03", 5, ""), event("A13", 5, "v").at("A")], &["v A 1-"]);
}

#[test]
fn a_cancellation_without_event_time_takes_the_latest_and_says_when_there_were_several() {
    let one = [event("A01", 1, "v").at("A"), event("A03", 5, "v"), event("A13", 7, "v").without_event_time()];
    check(&one, &["v A 1-"]);
    let two = [
        event("A01", 1, "v").at("A"),
        event("A02", 3, "v").at("B"),
        event("A02", 4, "v").at("C"),
        event("A12", 7, "v").without_event_time(),
    ];
    check(&two, &["v A 1-3", "v B 3-"]);
    assert_eq!(rules_found(&two), ["cancellation-ambiguous"]);
}

#[test]
fn a_swap_places_both_patients() {
    check(
        &[
            event("A01", 1, "v").at("A/1/1").of("p1"),
            event("A01", 1, "w").at("B/1/1").of("p2"),
            event("A17", 5, "v").at("B/1/1").of("p1"),
            event("A17", 5, "w").at("A/1/1").of("p2"),
        ],
        &["v A/1/1 1-5", "v B/1/1 5-", "w B/1/1 1-5", "w A/1/1 5-"],
    );
}

#[test]
fn the_bed_is_kept_during_leave() {
    let away = [event("A01", 1, "v").at("A"), event("A21", 3, "v")];
    check(&away, &["v A 1-"]);
    assert!(run(&away).stays[0].on_leave);
    let back = [event("A01", 1, "v").at("A"), event("A21", 3, "v"), event("A22", 5, "v").at("A")];
    check(&back, &["v A 1-"]);
    assert!(!run(&back).stays[0].on_leave);
    check(&[event("A01", 1, "v").at("A"), event("A21", 3, "v"), event("A22", 5, "v").at("B")], &["v A 1-5", "v B 5-"]);
}

#[test]
fn merged_persons_keep_their_episodes_and_chains_are_followed() {
    let events = [
        event("A01", 1, "v").at("A").of("a"),
        event("A40", 9, "").of("b").prior("a", ""),
        event("A40", 12, "").of("c").prior("b", ""),
    ];
    check(&events, &["v A 1-"]);
    assert_eq!(run(&events).stays[0].subject.as_deref(), Some("c"));
}

#[test]
fn survivors_name_every_merged_pseudonym_in_any_order() {
    let chain = [event("A40", 9, "").of("b").prior("a", ""), event("A40", 12, "").of("c").prior("b", "")];
    let orders = [[&chain[0].0, &chain[1].0], [&chain[1].0, &chain[0].0]];
    for found in orders.map(timeline::survivors) {
        assert_eq!((found.len(), &*found["a"], &*found["b"]), (2, "c", "c"));
    }
}

#[test]
fn the_latest_move_owns_a_visit() {
    let events = [
        event("A01", 1, "v").at("A").of("a"),
        event("A45", 5, "w").of("b").prior("a", "v"),
        event("A45", 3, "x").of("c").prior("a", "v"),
    ];
    check(&events, &["w A 1-"]);
    assert_eq!(run(&events).stays[0].subject.as_deref(), Some("b"));
}

#[test]
fn a_circle_of_moves_is_left_open_by_the_earlier_one() {
    let events =
        [event("A01", 1, "v").at("A"), event("A45", 3, "w").prior("p1", "v"), event("A45", 5, "v").prior("p1", "w")];
    check(&events, &["v A 1-"]);
    assert_eq!(rules_found(&events), ["move-circular"]);
}

#[test]
fn deletions_void_up_to_their_time() {
    check(&[event("A01", 1, "v").at("A"), event("A23", 5, "v")], &[]);
    check(&[event("A01", 1, "v").at("A"), event("A23", 5, "v"), event("A01", 7, "v").at("B")], &["v B 7-"]);
    check(&[event("A01", 1, "v").at("A"), event("A01", 2, "w").at("B").of("p2"), event("A29", 5, "")], &["w B 2-"]);
}

#[test]
fn within_an_instant_the_move_that_fits_comes_first() {
    check(
        &[
            event("A01", 1, "v").at("A"),
            event("A02", 5, "v").at("C").from("B"),
            event("A02", 5, "v").at("B").from("A").recorded(9),
        ],
        &["v A 1-5", "v C 5-"],
    );
}
