//! What is one episode and one person.

use super::{check, event, rules_found, run};

#[test]
fn the_number_of_two_authorities_is_two_visits() {
    let events = [
        event("A01", 1, "v").at("A").by("SU"),
        event("A01", 2, "v").at("B").by("OSTRA").of("p2"),
        event("A02", 5, "v").at("C").by("SU"),
    ];
    check(&events, &["v B 2-", "v A 1-5", "v C 5-"]);
    assert_eq!(rules_found(&events), [""; 0]);
}

#[test]
fn an_authority_may_be_left_out() {
    check(&[event("A01", 1, "v").at("A").by("SU"), event("A03", 5, "v").at_facility("SU")], &["v A 1-5"]);
    check(
        &[
            event("A01", 1, "v").at("A").by("SU"),
            event("A01", 2, "v").at("B").by("OSTRA").of("p2"),
            event("A03", 5, "v").of("p2"),
        ],
        &["v B 2-5", "v A 1-"],
    );
    // A visit may be told of from two facilities.
    check(
        &[event("A01", 1, "v").at("A").at_facility("SU"), event("A02", 5, "v").at("B").at_facility("OSTRA")],
        &["v A 1-5", "v B 5-"],
    );
}

#[test]
fn two_facilities_use_a_number_for_two_persons() {
    check(
        &[
            event("A02", 1, "v").at("A").at_facility("SU"),
            event("A02", 2, "v").at("B").at_facility("OSTRA").of("p2"),
            event("A03", 5, "v").at_facility("SU"),
        ],
        &["v A 1-5", "v B 2-"],
    );
}

#[test]
fn a_newborn_under_the_mothers_number_does_not_push_her_out() {
    let events = [event("A01", 1, "v").at("BB"), event("A01", 5, "v").at("NEO").of("child")];
    check(&events, &["v NEO 5-", "v BB 1-"]);
    assert_eq!(rules_found(&events), ["visit-shared", "visit-shared"]);
    check(
        &[
            event("A01", 1, "v").at("BB"),
            event("A01", 5, "v").at("NEO").of("child"),
            event("A02", 7, "v").at("BB/2").of("child"),
            event("A03", 9, "v"),
        ],
        &["v NEO 5-7", "v BB/2 7-", "v BB 1-9"],
    );
    // They are one person after all.
    check(
        &[
            event("A01", 1, "v").at("BB"),
            event("A01", 5, "v").at("NEO").of("child"),
            event("A40", 8, "").prior("child", ""),
        ],
        &["v BB 1-5", "v NEO 5-"],
    );
}

#[test]
fn a_corrected_identity_without_an_admission_of_its_own_is_the_same_visit() {
    check(&[event("A01", 1, "v").at("A"), event("A02", 5, "v").at("B").of("p2")], &["v A 1-5", "v B 5-"]);
}

#[test]
fn who_is_meant_by_a_shared_number_must_be_said() {
    let events =
        [event("A01", 1, "v").at("A"), event("A01", 2, "v").at("B").of("p2"), event("A03", 5, "v").of("stranger")];
    check(&events, &["v A 1-", "v B 2-"]);
    assert!(rules_found(&events).contains(&"episode-unresolved"));
}

#[test]
fn an_identifier_that_many_carry_links_nobody() {
    let admitted = |count: usize| -> Vec<_> {
        (0..count)
            .map(|index| {
                let person = format!("p{index:03}");
                event("A01", 1, &format!("v{index:03}")).at("A").of("placeholder").with_alias(&person)
            })
            .collect()
    };
    let delete = || event("A29", 5, "").of("placeholder").with_alias("p000");
    let mut few = admitted(timeline::IDENTIFIERS_MAX);
    few.push(delete());
    assert_eq!(run(&few).stays.len(), 0);
    let mut many = admitted(timeline::IDENTIFIERS_MAX + 1);
    many.push(delete());
    assert_eq!(run(&many).stays.len(), timeline::IDENTIFIERS_MAX);
    assert!(rules_found(&many).contains(&"identifier-shared"));
}

/// A visit that goes on under the pseudonym of a later key, of which one event says so, whenever it comes.
#[test]
fn a_later_key_makes_nobody_else_of_a_person() {
    let (former, later) = ("r14.v1.a", "r14.v2.a");
    let rekeyed = || event("REKEYED", 0, "").of(later).prior(former, "");
    // Admitted under one, registered again under the other, discharged without a number, and given the bed back.
    let visit = [
        event("A01", 1, "v").at("A").of(former),
        event("A01", 5, "v").at("B").of(later),
        event("A03", 9, "").of(later),
    ];
    let mut turned = visit.to_vec();
    turned.push(rekeyed());
    check(&turned, &["v A 1-5", "v B 5-9"]);
    assert_eq!(rules_found(&turned), [""; 0]);
    let stays = run(&turned).stays;
    assert!(stays.iter().all(|stay| stay.subject.as_deref() == Some(former)), "the name that was there first");
    // Without it they are two.
    assert_eq!(rules_found(&visit), ["visit-shared", "visit-shared"]);
    // Somebody else's key says nothing of these.
    let mut others = visit.to_vec();
    others.push(event("REKEYED", 0, "").of("r14.v2.b").prior("r14.v1.b", ""));
    assert_eq!(rules_found(&others), ["visit-shared", "visit-shared"]);
}

/// Merges that are told under either key, about numbers that both have a pseudonym of each.
#[test]
fn a_merge_holds_over_a_change_of_keys() {
    let key = |token: &str| format!("r14.v1.{token}");
    let later = |token: &str| format!("r14.v2.{token}");
    let links = ["a", "b"].map(|token| event("REKEYED", 0, "").of(&later(token)).prior(&key(token), ""));
    let merges = [
        event("A40", 3, "").of(&key("a")).prior(&key("b"), ""),
        event("A40", 3, "").of(&later("a")).prior(&later("b"), ""),
        event("A40", 3, "").of(&later("a")).prior(&key("b"), ""),
    ];
    for merge in merges {
        let events = [
            event("A01", 1, "v").at("A").of(&key("b")),
            event("A02", 5, "v").at("B").of(&later("b")),
            merge,
            links[0].clone(),
            links[1].clone(),
        ];
        let stays = run(&events).stays;
        assert!(stays.len() == 2 && stays.iter().all(|stay| stay.subject.as_deref() == Some("r14.v1.a")), "{stays:?}");
    }
}
