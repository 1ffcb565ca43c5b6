//! Registers everything with a real registry that holds nothing yet, and checks what our services count on.
//!
//! `make check-registries` runs it on Apicurio. `cargo run -p topics --example check-registry -- URL` runs it on another.
#![allow(clippy::print_stdout, reason = "a check speaks to the person who ran it")]

use std::{collections::BTreeSet, error::Error, fs, path::Path, time::Instant};

use schemas::{
    Decoder, Kind,
    registry::{Client, client, subject},
};
use serde::de::IgnoredAny;
use topics::{Catalogue, Region, registry};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let url = std::env::args().nth(1).ok_or("write the registry's address, for example http://127.0.0.1:8081")?;
    let client = Client::new(url);
    everything_is_registered_once(&client)?;
    what_every_version_wrote_is_read(&client)?;
    a_version_that_breaks_the_rule_is_refused(&client)?;
    a_version_of_the_same_structure(&client)
}

fn everything_is_registered_once(client: &Client) -> Outcome {
    let regions: Vec<Region> = Region::all().collect();
    let planned = registry::plan(client, &regions)?;
    if !planned.notes.is_empty() {
        return Err(format!("the registry holds something already: {}", planned.notes[0]).into());
    }
    let begun = Instant::now();
    registry::apply(client, &planned)?;
    println!("{} subjects, {} changes in {:.1?}", planned.subject_count, planned.changes.len(), begun.elapsed());
    let again = registry::plan(client, &regions)?;
    if (again.changes.len(), again.notes.len()) != (0, 0) {
        return Err(format!("applied twice, it would change: {again:?}").into());
    }
    let topics = Catalogue::load().topics(&regions, None, None);
    let mut ids = BTreeSet::new();
    for topic in &topics {
        let kind = Kind::of_topic(&topic.name).ok_or("a topic without a kind")?;
        ids.insert((kind, client.id_of(&topic.name, kind)?));
    }
    println!("{} topics look up {} ids for {} kinds of record", topics.len(), ids.len(), Kind::ALL.len());
    Ok(())
}

/// The schema that the registry gives for an id reads what was once written with it.
fn what_every_version_wrote_is_read(client: &Client) -> Outcome {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/golden");
    let mut count = 0;
    for topic in Catalogue::load().topics(&["14".parse()?], None, None) {
        let kind = Kind::of_topic(&topic.name).ok_or("a topic without a kind")?;
        for (version, avsc) in (1..).zip(kind.versions()) {
            let there = client.look_up(&subject(&topic.name), avsc)?.ok_or("a version is not there")?;
            let mut decoder = Decoder::new();
            decoder.insert(there.id, &client.schema(there.id)?)?;
            for file in fs::read_dir(golden.join(format!("{}.v{version}", kind.name())))? {
                let digits = fs::read_to_string(file?.path())?.replace('\n', "");
                let digit_pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
                let mut record = vec![0];
                record.extend(there.id.to_be_bytes());
                record.extend(digit_pairs.collect::<Result<Vec<u8>, _>>()?);
                decoder.decode::<IgnoredAny>(&record)?;
                count += 1;
            }
        }
    }
    println!("{count} records of every version are read by the schemas that the registry gives");
    Ok(())
}

fn a_version_that_breaks_the_rule_is_refused(client: &Client) -> Outcome {
    let required = Kind::Encounter.avsc().replacen(
        "\"fields\": [",
        "\"fields\": [ { \"name\": \"required\", \"type\": \"string\" },",
        1,
    );
    match client.register(&subject("region.14.common.encounter"), &required) {
        Err(client::Error::Refused { status: 409, code, .. }) => println!("a breaking version is refused, code {code}"),
        other => return Err(format!("a breaking version is not refused: {other:?}").into()),
    }
    Ok(())
}

/// Only told: registries differ here, and none of our versions is such a one.
fn a_version_of_the_same_structure(client: &Client) -> Outcome {
    let scratch = "check-registry-value";
    let (first, second) =
        (Kind::Parked.avsc(), Kind::Parked.avsc().replacen("\"doc\": \"", "\"doc\": \"Otherwise. ", 1));
    let ids = [client.register(scratch, first)?, client.register(scratch, &second)?];
    let versions = client.versions(scratch)?.len();
    println!("two schemas that differ in documentation only have ids {ids:?} and are {versions} version(s)");
    Ok(())
}
