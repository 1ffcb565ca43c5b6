//! Prints what one record costs: `cargo run --release -p processor --example throughput -- FILE.hl7 [ROUNDS]`.
#![allow(clippy::print_stdout)] // An example's purpose is to print.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a file of HL7 v2 messages")?;
    let rounds = arguments.next().map_or(Ok(20), |rounds| rounds.parse())?;
    let bytes = std::fs::read(file)?;
    let region = "14".parse()?;
    let records = processor::throughput::source_records(region, hl7::batch::messages(&bytes));
    let measured = processor::throughput::measure(region, Default::default(), &records, rounds)
        .map_err(|_| "the worker stopped: a record does not fit its schema")?;
    println!(
        "{} records, {} outputs, {:.0} records/s, {:.0} ns/record",
        measured.records,
        measured.outputs,
        measured.records_per_second(),
        measured.nanoseconds_per_record()
    );
    Ok(())
}
