//! How long one identifier takes, on this machine, by itself: `cargo run --release -p identity --example pseudonym_speed`.
#![allow(clippy::print_stdout, reason = "a figure for people is what it is for")]

use std::hint::black_box;
use std::time::Instant;

use identity::{Claim, Date, Key, Options, PartitionKey, Pseudonymiser, Purpose, Subject, guard, test_identity};

const COUNT: u64 = 20_000;
const ROUNDS: u32 = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::from_bytes(&std::array::from_fn(|at| at as u8))?;
    let (tokens, partitions) = (Pseudonymiser::new("14", "v1", &key)?, PartitionKey::new(&key));
    let options = Options::at(Date::new(2026, 1, 5).ok_or("a date")?);
    let numbers: Vec<String> = (0..COUNT).map(|index| test_identity::number(index).hyphenated()).collect();
    let subject = |value| Subject::read(Claim { system: "1.2.752.129.2.1.3.1", kind: "", source: "", value }, &options);
    let subjects: Vec<Subject<'_>> = numbers.iter().filter_map(|number| subject(number).ok()).collect();
    report("read a number", || numbers.iter().filter(|number| subject(number).is_ok()).count());
    report("make a pseudonym", || {
        subjects.iter().map(|subject| tokens.subject(Purpose::Care, subject).as_bytes().len()).sum()
    });
    report("choose a partition", || subjects.iter().map(|subject| partitions.partition(subject, 12) as usize).sum());
    for text in ["MAVA", "MAVA^MainRoom^Bed 1^Simulated Hospital", "2930240306547924680", "190205-0000 och sal 7"] {
        let what = format!("guard {} characters", text.len());
        report(&what, || (0..COUNT).filter(|_| guard(black_box(text), &["M1234567"]).is_some()).count());
    }
    Ok(())
}

fn report(what: &str, mut run: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(run());
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{what:28} {:8.0} ns", best * 1e9 / COUNT as f64);
}
