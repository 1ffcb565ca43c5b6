//! Prints what an event costs the timeline: `cargo run --release -p processor --example timeline -- FILE.hl7 [ROUNDS]`.
#![allow(clippy::print_stdout)] // An example's purpose is to print.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use identity::Key;
use processor::pipeline::{Pipeline, Settings, Sink};
use schemas::{Common, Format, Origin, Parked, SourceRecord, Timestamp};
use timeline::Event;

/// Keeps what the timeline needs.
struct Events(Vec<Event>);

impl Sink for Events {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        if let schemas::Event::Encounter(encounter) = event.event() {
            self.0.push(Event::from(encounter));
        }
    }

    fn parked(&mut self, _: &Parked<'_>) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a file of HL7 v2 messages")?;
    let rounds: u32 = arguments.next().map_or(Ok(100), |rounds| rounds.parse())?;
    let events = events_of(&std::fs::read(file)?)?;
    let stays = timeline::timeline(&events).stays.len();
    let started = Instant::now();
    for _ in 0..rounds {
        black_box(timeline::timeline(black_box(&events)));
    }
    let per_event = started.elapsed().as_nanos() as f64 / f64::from(rounds) / events.len() as f64;
    println!("{} events, {stays} stays, {per_event:.0} ns/event", events.len());
    Ok(())
}

fn events_of(file: &[u8]) -> Result<Vec<Event>, Box<dyn Error>> {
    let settings = Settings {
        region: "14".to_owned(),
        key: Key::from_bytes(&std::array::from_fn(|at| at as u8))?,
        key_id: "v1".to_owned(),
        directory: Default::default(),
        programs: Vec::new(),
        interim: false,
    };
    let mut pipeline = Pipeline::new(settings)?;
    let mut events = Events(Vec::new());
    for (offset, payload) in (0..).zip(hl7::batch::messages(file)) {
        let source = SourceRecord {
            region: "14",
            source_system: "SE2321000131-BENCH",
            feed: "adt",
            format: Format::Hl7v2,
            message_id: "",
            received_at: Timestamp(1_800_000_000_000_000),
            recorded_at: None,
            source_position: "bench",
            payload,
            seal: None,
        };
        pipeline.process(&source, Origin { topic: "bench", partition: 0, offset, ordinal: 0 }, &mut events);
    }
    Ok(events.0)
}
