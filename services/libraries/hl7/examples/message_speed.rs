//! How long one message takes, on this machine, by itself: `cargo run --release -p hl7 --example message_speed -- FILE.hl7`.
#![allow(clippy::print_stdout, reason = "a figure for people is what it is for")]

use std::hint::black_box;
use std::time::Instant;

use hl7::{Message, batch, decode_text, field, mllp, time};

const ROUNDS: u32 = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file of HL7 messages")?;
    let file = std::fs::read(path)?;
    let messages: Vec<&[u8]> = batch::messages(&file).collect();
    let texts: Vec<_> = messages.iter().map(|bytes| decode_text(bytes).text).collect();
    println!("{} messages, {} bytes, best of {ROUNDS} rounds", messages.len(), file.len());
    report("split the file", messages.len(), || batch::messages(&file).count());
    report("bytes to text", messages.len(), || {
        messages.iter().filter(|bytes| decode_text(bytes).doubt.is_none()).count()
    });
    report("index the segments", texts.len(), || texts.iter().filter(|text| Message::parse(text).is_ok()).count());
    report("index and read 20 fields", texts.len(), || texts.iter().map(|text| read(text)).sum());
    let mut clock = time::Stockholm::new();
    report("one time stamp", texts.len(), || {
        texts.iter().filter(|_| clock.read(black_box("20260105004015")).is_ok()).count()
    });
    let mut stream = Vec::new();
    messages.iter().for_each(|message| mllp::encode(message, &mut stream));
    report("unframe, 8 KiB reads", messages.len(), || {
        let mut frames = mllp::Frames::default();
        let mut count = 0;
        for chunk in stream.chunks(8_192) {
            frames.push(chunk);
            while frames.next().is_some() {
                count += 1;
            }
        }
        count
    });
    Ok(())
}

fn read(text: &str) -> usize {
    let Ok(message) = Message::parse(text) else { return 0 };
    let given = |name| {
        let fields = message.segment(name).map(|segment| (1..=segment.field_count()).map(move |at| segment.field(at)));
        fields.into_iter().flatten().filter(|field| field.given().is_some()).count()
    };
    let event = [field::EVN_RECORDED, field::EVN_OCCURRED, field::MSH_SENT, field::MSH_CONTROL_ID];
    let of_event = event.iter().filter(|address| message.at(**address).given().is_some()).count();
    given("PV1") + given("PID") + of_event
}

fn report(what: &str, count: usize, mut run: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(run());
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{what:28} {:8.0} ns per message", best * 1e9 / count.max(1) as f64);
}
