//! What a person says of the use of the person's data is one record per person, verb and scope.

use schemas::{Held, Objection, Timestamp, Verb};

fn said(verb: Verb, scope: &'static str, held: &[(i64, Option<i64>)]) -> Objection<'static> {
    Objection {
        region: "14",
        subject_token: "a",
        verb,
        scope,
        held: held
            .iter()
            .map(|(since, until)| Held { since: Timestamp(*since), until: until.map(Timestamp) })
            .collect(),
        ground: "test",
        case_id: None,
        stated_at: Timestamp(1),
    }
}

#[test]
fn a_later_word_takes_the_place_of_its_own_scope_only() {
    let opposed = said(Verb::Oppose, "rikshoft", &[(1, None)]);
    assert_eq!(opposed.key(), "s:a oppose rikshoft");
    assert_eq!(said(Verb::Oppose, "rikshoft", &[(1, Some(2))]).key(), opposed.key());
    for other in [
        said(Verb::Oppose, "swedeheart", &[]),
        said(Verb::OptOut, "rikshoft", &[]),
        said(Verb::Erase, "", &[]),
        Objection { subject_token: "b", ..opposed.clone() },
    ] {
        assert_ne!(other.key(), opposed.key());
    }
}

#[test]
fn it_holds_until_it_is_withdrawn_and_an_erasure_for_good() {
    assert!(said(Verb::OptOut, "all", &[(1, None)]).holds());
    assert!(!said(Verb::OptOut, "all", &[(1, Some(2))]).holds());
    assert!(said(Verb::OptOut, "all", &[(1, Some(2)), (3, None)]).holds());
    assert!(!said(Verb::Oppose, "rikshoft", &[]).holds());
    assert!(said(Verb::Erase, "", &[]).holds());
}
