//! Contacts that are parts of others: one person in one bed.

use super::{check, event, rules_found, run};
use crate::Build;

/// `part` is a part of `whole`, as said at a minute.
fn part(minute: i64, part: &str, whole: &str) -> Build {
    event("PART-OF", minute, part).prior("", whole)
}

/// `contact` bears a visit number, as said at a minute.
fn numbered(minute: i64, contact: &str, number: &str) -> Build {
    event("NUMBERED", minute, contact).prior("", number)
}

#[test]
fn two_contacts_in_one_bed_are_one_stay() {
    let events =
        [event("A01", 1, "hospital").at("W/1/1"), event("A01", 1, "ward").at("W/1/1"), part(1, "ward", "hospital")];
    check(&events, &["hospital W/1/1 1-"]);
    assert!(run(&events).stays[0].admitted);
    let joined = run(&events).joined;
    assert_eq!(
        joined.iter().map(|(part, whole)| (&*part.episode, &*whole.episode)).collect::<Vec<_>>(),
        [("ward", "hospital")]
    );
}

#[test]
fn the_inner_contact_places_the_patient_and_the_outer_one_where_it_does_not() {
    check(
        &[event("A01", 1, "h").at("H"), event("A01", 2, "w").at("W/1/1"), event("A03", 5, "w"), part(2, "w", "h")],
        &["h H 1-2", "h W/1/1 2-5", "h H 5-"],
    );
    // A later place of the outer one takes nobody out of the inner one's bed.
    check(
        &[
            event("A01", 1, "h").at("H"),
            event("A02", 4, "h").at("X/1/1"),
            event("A01", 2, "w").at("W/1/1"),
            part(2, "w", "h"),
        ],
        &["h H 1-2", "h W/1/1 2-"],
    );
    // The ward is the same: the bed that only the outer one names is kept. In another ward it is not.
    let of_ward = |ward: &str| [event("A01", 1, "h").at("W/1/1"), event("A01", 2, "w").at(ward), part(2, "w", "h")];
    check(&of_ward("W"), &["h W/1/1 1-"]);
    check(&of_ward("V"), &["h W/1/1 1-2", "h V 2-"]);
    // A bed whose ward nobody names is in the ward of the contact around it.
    check(
        &[event("A01", 1, "h").at("W"), event("A01", 2, "w").at("/1/9"), part(2, "w", "h")],
        &["h W 1-2", "h W/1/9 2-"],
    );
}

#[test]
fn a_contact_on_each_ward_is_a_move() {
    let events = [
        event("A01", 1, "h"),
        event("A01", 1, "w1").at("A/1/1"),
        event("A03", 5, "w1"),
        part(1, "w1", "h"),
        event("A01", 5, "w2").at("B/1/1"),
        part(5, "w2", "h"),
    ];
    check(&events, &["h A/1/1 1-5", "h B/1/1 5-"]);
    // The next contact begins before the last one has ended, or the last one is never ended.
    let overlapping = |end: Option<i64>| {
        let mut events = vec![event("A01", 1, "w1").at("A/1/1"), part(1, "w1", "h"), part(4, "w2", "h")];
        events.push(event("A01", 4, "w2").at("B/1/1"));
        events.extend(end.map(|end| event("A03", end, "w1")));
        events
    };
    check(&overlapping(Some(6)), &["h A/1/1 1-4", "h B/1/1 4-"]);
    check(&overlapping(None), &["h A/1/1 1-4", "h B/1/1 4-"]);
}

#[test]
fn the_end_of_the_outermost_contact_is_the_end_of_all() {
    let of_end = |end: i64| {
        vec![event("A01", 1, "h"), event("A03", end, "h"), event("A01", 2, "w").at("W/1/1"), part(2, "w", "h")]
    };
    check(&of_end(9), &["h W/1/1 2-9"]);
    check(&of_end(2), &[]);
    assert_eq!(rules_found(&of_end(2)), ["placement-after-discharge"]);
    // Who has an end of one's own keeps it.
    let mut both = of_end(9);
    both.push(event("A03", 6, "w"));
    check(&both, &["h W/1/1 2-6"]);
    // One whose hospital contact never comes ends by itself.
    check(&[event("A01", 2, "w").at("W/1/1"), event("A03", 6, "w"), part(2, "w", "h")], &["h W/1/1 2-6"]);
}

#[test]
fn a_bed_outlives_its_department_until_another_contact_places_the_patient() {
    let events = |more: Vec<Build>| {
        let mut events = vec![
            event("A01", 1, "h"),
            part(1, "d1", "h"),
            event("A01", 1, "d1"),
            event("A03", 5, "d1"),
            part(1, "b", "d1"),
            event("A01", 1, "b").at("W/1/1"),
            part(5, "d2", "h"),
        ];
        events.extend(more);
        events
    };
    check(&events(vec![event("A01", 5, "d2")]), &["h W/1/1 1-"]);
    check(&events(vec![event("A01", 5, "d2").at("V")]), &["h W/1/1 1-5", "h V 5-"]);
}

#[test]
fn contacts_under_one_number_follow_each_other() {
    let events = [
        numbered(1, "c1", "v"),
        event("A01", 1, "c1").at("A/1/1"),
        event("A03", 5, "c1"),
        numbered(5, "c2", "v"),
        event("A01", 5, "c2").at("B/1/1"),
    ];
    check(&events, &["v A/1/1 1-5", "v B/1/1 5-"]);
    // What HL7 v2 says of the same number is the contact around them.
    let mut ended = Vec::from(events);
    ended.push(event("A01", 1, "v").at("A/1/1"));
    ended.push(event("A03", 8, "v"));
    check(&ended, &["v A/1/1 1-5", "v B/1/1 5-8"]);
}

#[test]
fn a_part_that_knows_only_the_number_is_inside_those_that_bear_it() {
    let events = |end: Option<i64>| {
        let mut events = vec![
            numbered(1, "h", "v"),
            event("A01", 1, "h").at("A/1/1"),
            event("A02", 3, "h").at("X"),
            part(2, "w", "v"),
            event("A01", 2, "w").at("B/1/1"),
        ];
        events.extend(end.map(|end| event("A03", end, "h")));
        events
    };
    check(&events(None), &["v A/1/1 1-2", "v B/1/1 2-"]);
    check(&events(Some(7)), &["v A/1/1 1-2", "v B/1/1 2-7"]);
}

#[test]
fn a_deletion_voids_a_contact_and_its_parts_and_no_other() {
    let events = |deleted: &str| {
        [event("A01", 1, "h").at("H"), event("A01", 2, "w").at("W/1/1"), part(2, "w", "h"), event("A23", 9, deleted)]
    };
    check(&events("w"), &["h H 1-"]);
    check(&events("h"), &[]);
}

#[test]
fn two_persons_are_never_one_row() {
    let events = [
        event("A01", 1, "mother").at("W/1/1"),
        event("A01", 2, "child").at("W/1/2").of("p2"),
        part(2, "child", "mother").of("p2"),
    ];
    check(&events, &["child W/1/2 2-", "mother W/1/1 1-"]);
    assert_eq!(rules_found(&events), ["nesting-person-differs"]);
    let numbers = [
        numbered(1, "c1", "v"),
        event("A01", 1, "c1").at("W/1/1"),
        numbered(2, "c2", "v").of("p2"),
        event("A01", 2, "c2").at("W/1/2").of("p2"),
    ];
    check(&numbers, &["c1 W/1/1 1-", "v W/1/2 2-"]);
    assert_eq!(rules_found(&numbers), ["nesting-person-differs"]);
    // After a merge they are one.
    let mut merged = Vec::from(events);
    merged.push(event("A40", 3, "").of("p1").prior("p2", ""));
    check(&merged, &["mother W/1/1 1-2", "mother W/1/2 2-"]);
}

#[test]
fn the_latest_statement_holds_and_a_circle_is_refused() {
    let events =
        [event("A01", 1, "w").at("W"), part(1, "w", "wrong"), part(3, "w", "h"), event("A01", 1, "wrong").at("X")];
    check(&events, &["h W 1-", "wrong X 1-"]);
    let circle = [event("A01", 1, "a").at("A"), part(1, "a", "b"), part(2, "b", "a")];
    check(&circle, &["a A 1-"]);
    assert_eq!(rules_found(&circle), ["nesting-circular"]);
    let chain: Vec<Build> = (0..12)
        .map(|level| part(1, &format!("c{level}"), &format!("c{}", level + 1)))
        .chain([event("A01", 1, "c0").at("A")])
        .collect();
    check(&chain, &["c8 A 1-"]);
    assert!(rules_found(&chain).contains(&"nesting-too-deep"));
}
