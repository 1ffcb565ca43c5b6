//! The census of the sample file, where it is at hand: a fixed count, and the same for every shuffle.

use std::path::PathBuf;

use processor::dry_run::{self, Options, Summary};

use crate::support::dry_run_options;

#[allow(clippy::print_stdout)] // A test that checks nothing has to say so.
/// Beside the workspace, and not part of it: the tests that need it say so and pass without it.
fn sample() -> Option<Vec<u8>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/adt-two-weeks.hl7"));
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("not here, so not checked: {}", path.display());
    }
    bytes
}

fn run(file: &[u8], census: bool) -> (String, Summary) {
    let options = Options { census, ..dry_run_options() };
    let mut output = Vec::new();
    let summary = dry_run::run(options, file, &mut output).expect("a dry run");
    (String::from_utf8(output).expect("UTF-8"), summary)
}

#[test]
fn the_fates_of_the_sample_add_up() {
    let Some(file) = sample() else { return };
    let (lines, summary) = run(&file, false);
    let fates = summary.fates();
    assert_eq!(fates.consumed(), 1_858);
    assert_eq!(lines.lines().count(), 1_858);
    assert_eq!((fates.mapped, fates.parked), (1_858, 0), "{summary}");
}

#[test]
fn the_census_of_the_sample_is_the_same_for_every_shuffle() {
    let Some(file) = sample() else { return };
    let (census, _) = run(&file, true);
    assert_eq!(census.lines().count(), 176);
    assert!(census.lines().is_sorted());
    let mut messages: Vec<&[u8]> = hl7::batch::messages(&file).collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..3 {
        for at in (1..messages.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            messages.swap(at, (random % (at as u64 + 1)) as usize);
        }
        let repeated = messages.iter().chain(&messages[..messages.len() / 3 * round]);
        let shuffled: Vec<u8> = repeated.flat_map(|message| [message, &b"\r\n\r\n"[..]].concat()).collect();
        assert_eq!(run(&shuffled, true).0, census, "round {round}");
    }
}
