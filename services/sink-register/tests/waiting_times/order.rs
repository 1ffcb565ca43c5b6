//! The promise: figures and rows are a function of the set of statements.

use super::{
    extract,
    random::{Dice, contact_ids, month},
    text, waiting_times,
};
use crate::world::pseudonyms;

/// Everything but the row files.
const FIGURES: [&str; 3] = ["waits_by_step.csv", "waits_by_dimension.csv", "quality.csv"];

#[test]
fn any_order_gives_the_same_figures() {
    for seed in 0..60 {
        let mut dice = Dice(seed + 1_000);
        let ids = contact_ids(1 + dice.roll(80) as usize);
        let mut statements = month(seed, &ids);
        let (first, pilots) = (waiting_times(&statements), extract(&statements));
        for _ in 0..4 {
            dice.shuffle(&mut statements);
            assert_eq!(extract(&statements), pilots, "seed {seed}");
            let again = waiting_times(&statements);
            for name in FIGURES {
                assert_eq!(text(&again, name), text(&first, name), "seed {seed}, {name}");
            }
            assert_eq!(again.totals, first.totals, "seed {seed}");
        }
    }
}

#[test]
fn the_same_statements_give_the_same_bytes() {
    let ids = contact_ids(300);
    let statements = month(7, &ids);
    assert_eq!(waiting_times(&statements), waiting_times(&statements));
    assert_eq!(extract(&statements), extract(&statements));
}

#[test]
fn the_order_of_rows_is_that_of_their_pseudonyms_and_tells_nothing_of_the_order_given() {
    let mut ids = contact_ids(50);
    let rows = |ids: &[String]| {
        let statements: Vec<_> = ids.iter().map(|id| super::statement(id)).collect();
        text(&waiting_times(&statements), "riv_ta_completed.xml").to_owned()
    };
    let first = rows(&ids);
    ids.reverse();
    ids.rotate_left(17);
    assert_eq!(rows(&ids), first);
    let pseudonyms = pseudonyms("skr", "waiting-times");
    let mut expected: Vec<String> = ids.iter().map(|id| pseudonyms.number(id)).collect();
    expected.sort_unstable();
    let places: Vec<_> = expected.iter().map(|id| first.find(&format!("<VardkontaktId>{id}<")).unwrap()).collect();
    assert!(places.is_sorted(), "{first}");
}
