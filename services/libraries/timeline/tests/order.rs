//! The promise: a function of the set.

use proptest::{
    collection::vec,
    prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest},
    sample::select,
};
use schemas::MovementAction;
use timeline::{Event, timeline};

use super::event;

const PLACES: [&str; 4] = ["A/1/1", "A/1/2", "B/1/1", "C"];

fn any_event() -> impl Strategy<Value = Event> {
    let triggers = vec![
        "A01", "A02", "A03", "A04", "A06", "A07", "A08", "A11", "A12", "A13", "A17", "A21", "A22", "A23", "A29", "A40",
        "A45", "A52", "A53", "REKEYED", "NUMBERED", "PART-OF", "PART-OF", "NUMBERED", "PART-OF", "PART-OF",
    ];
    let place = prop_oneof![1 => Just(None), 4 => select(PLACES.to_vec()).prop_map(Some)];
    let episode = select(vec!["v", "v", "w", "x", ""]);
    let person = select(vec!["p1", "p1", "p2", "p3"]);
    (select(triggers), 1_i64..12, episode, person, (place.clone(), place), (0_i64..4, proptest::bool::ANY, 0_i64..12))
        .prop_map(|(trigger, minute, episode, person, (place, prior), (recorded, given, told))| {
            let mut build = event(trigger, minute, episode).of(person).recorded(recorded);
            // What the feed says beside: when it was sent, in what order, how coarsely, under whose number.
            build = match told {
                0..3 => build.sent(told * 3),
                3..5 => build.received(told),
                5 => build.between(minute, minute + 5),
                6 => build.by("SU"),
                7 => build.at_facility("OSTRA"),
                8 => build.with_alias("p2"),
                9 => build.movement("m", MovementAction::Update),
                _ => build,
            };
            if let Some(place) = place {
                build = build.at(place);
            }
            if let Some(prior) = prior {
                build = build.from(prior);
            }
            if matches!(trigger, "A40" | "A45" | "REKEYED" | "NUMBERED" | "PART-OF") {
                let (subject, visit) = [("p2", "w"), ("p3", "x"), ("p2", "v")][minute as usize % 3];
                build = build.prior(subject, visit);
            }
            if !given {
                build = build.without_event_time();
            }
            build.0
        })
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    (0..count)
        .flat_map(|at| {
            shorter.iter().map(move |rest| {
                let mut order = rest.clone();
                order.insert(at, count - 1);
                order
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_permutation_of_a_short_sequence_gives_the_same(events in vec(any_event(), 1..6)) {
        let expected = timeline(&events);
        for order in permutations(events.len()) {
            prop_assert_eq!(&timeline(order.iter().map(|index| &events[*index])), &expected);
        }
    }

    #[test]
    fn shuffles_with_repeats_of_long_sequences_give_the_same(
        (events, order) in vec(any_event(), 20..120).prop_flat_map(|events| {
            let twice: Vec<usize> = (0..events.len()).chain(0..events.len() / 2).collect();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(timeline(order.iter().map(|index| &events[*index])), timeline(&events));
    }

    #[test]
    fn an_episode_is_in_one_place_at_a_time(mut events in vec(any_event(), 1..60)) {
        // Stays do not say who gave the number: the same person may have one number of two authorities.
        events.iter_mut().for_each(|event| event.issuer = None);
        let stays = timeline(&events).stays;
        // Several persons may share a number; each of them is an episode.
        let same = |pair: &&[timeline::Stay]| {
            (&pair[0].episode, &pair[0].subject) == (&pair[1].episode, &pair[1].subject)
        };
        for pair in stays.windows(2).filter(same) {
            prop_assert!(pair[0].to.is_some_and(|to| to <= pair[1].from), "stays must follow each other");
        }
        for stay in &stays {
            prop_assert!(stay.to.is_none_or(|to| stay.from < to), "stays have a length");
        }
    }

    #[test]
    fn starts_minus_ends_is_the_census_at_every_instant(events in vec(any_event(), 1..60)) {
        let stays = timeline(&events).stays;
        for minute in 0..14 {
            let instant = schemas::Timestamp(minute * 60_000_000);
            let started = stays.iter().filter(|stay| stay.from <= instant).count();
            let ended = stays.iter().filter(|stay| stay.to.is_some_and(|to| to <= instant)).count();
            prop_assert_eq!(stays.iter().filter(|stay| stay.covers(instant)).count(), started - ended);
        }
    }
}
