//! The promise: figures are a function of the set of statements, and rows keep the order given.

use super::{
    extract,
    random::{Dice, contact_ids, month},
    text, waiting_times,
};

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
fn rows_keep_the_order_given() {
    let ids: Vec<String> = [3, 1, 2].map(|number| format!("OPT101-{number}")).into();
    let statements: Vec<_> = ids.iter().map(|id| super::statement(id)).collect();
    let output = waiting_times(&statements);
    let rows = text(&output, "riv_ta_completed.xml");
    let places: Vec<_> = ids.iter().map(|id| rows.find(&format!("<VardkontaktId>{id}<")).unwrap()).collect();
    assert!(places.is_sorted(), "{rows}");
}
