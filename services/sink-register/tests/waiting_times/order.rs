//! The promise: figures are a function of the set of statements, and rows keep the order given.

use super::{
    extract,
    random::{Dice, contact_ids, month},
    text,
};

/// Everything but the row files.
const FIGURES: [&str; 5] =
    ["kpi_total.csv", "kpi_by_dimension.csv", "kpi_waiting.csv", "quality.csv", "measure_reports.json"];

#[test]
fn any_order_gives_the_same_figures() {
    for seed in 0..60 {
        let mut dice = Dice(seed + 1_000);
        let ids = contact_ids(1 + dice.roll(80) as usize);
        let mut statements = month(seed, &ids);
        let first = extract(&statements);
        for _ in 0..4 {
            dice.shuffle(&mut statements);
            let again = extract(&statements);
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
    assert_eq!(extract(&statements), extract(&statements));
}

#[test]
fn rows_keep_the_order_given() {
    let ids: Vec<String> = [3, 1, 2].map(|number| format!("OPT101-{number}")).into();
    let statements: Vec<_> = ids.iter().map(|id| super::statement(id)).collect();
    let output = extract(&statements);
    let rows = text(&output, "riv_ta_completed.xml");
    let places: Vec<_> = ids.iter().map(|id| rows.find(&format!("<VardkontaktId>{id}<")).unwrap()).collect();
    assert!(places.is_sorted(), "{rows}");
}
