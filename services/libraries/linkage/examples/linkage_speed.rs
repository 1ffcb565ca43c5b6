//! How long each party takes for a person, on this machine: `cargo run --release -p linkage --example linkage_speed -- [PERSONS]`.
#![allow(clippy::print_stdout, reason = "a figure for people is what it is for")]

use std::time::Instant;

use linkage::{PermitId, Person, Seed, blind, derive_key, evaluate, finish};

const SWEDEN: f64 = 10_600_000.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u64 = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let permit = PermitId::new("p17")?;
    let seed = Seed::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")?;
    // Nobody was born in the year 0000.
    let values: Vec<String> = (0..count).map(|number| format!("{number:012}")).collect();

    let start = Instant::now();
    let mut blinds = Vec::new();
    let mut points = Vec::new();
    for value in &values {
        let (blind, point) = blind(&Person::new(&permit, "1.2.752.129.2.1.3.1", value.as_bytes())?)?;
        blinds.push(blind);
        points.push(point);
    }
    let mut total = report("region: blind", start, count);

    let sent: Vec<_> = points.iter().map(linkage::Blinded::to_bytes).collect();
    let start = Instant::now();
    let points = sent.iter().map(|bytes| linkage::Blinded::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
    total += report("key holder: read", start, count);

    let key = derive_key(&seed, &permit);
    let start = Instant::now();
    let answers = evaluate(&key, &points);
    total += report("key holder: evaluate", start, count);

    let start = Instant::now();
    let mut pseudonyms = std::collections::HashSet::new();
    for (blind, answer) in blinds.iter().zip(answers) {
        pseudonyms.insert(finish(blind, answer, &permit, "register")?);
    }
    total += report("hub: finish", start, count);
    assert_eq!(pseudonyms.len(), values.len());
    println!("{:24} {total:8.1} µs {:8.1} core-minutes for 10.6 M persons", "together", total * SWEDEN / 60e6);
    Ok(())
}

/// Microseconds a person.
fn report(what: &str, start: Instant, count: u64) -> f64 {
    let each = start.elapsed().as_secs_f64() * 1e6 / count as f64;
    println!("{what:24} {each:8.1} µs {:8.1} core-minutes for 10.6 M persons", each * SWEDEN / 60e6);
    each
}
