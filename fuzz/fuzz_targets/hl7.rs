//! A message, field by field, and through the whole pipeline of the processor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use processor::dry_run::Input;

fuzz_target!(|bytes: &[u8]| {
    let text = hl7::decode_text(bytes);
    let mut stockholm = hl7::time::Stockholm::new();
    if let Ok(message) = hl7::Message::parse(&text.text) {
        for segment in message.segments() {
            for number in 0..=segment.field_count() {
                for value in segment.field(number).repetitions() {
                    for component in 1..4 {
                        let component = value.component(component);
                        let _ = (component.text(), component.has_doubtful_hex(), component.subcomponent(1).given());
                        let _ = component.given().map(|text| stockholm.read(text));
                    }
                }
            }
        }
        let mut answer = Vec::new();
        let outcome = hl7::ack::Outcome::Accepted;
        for code in hl7::ack::codes(&message, outcome) {
            answer.clear();
            let said = hl7::ack::Answer { outcome, problem: None, sent: "20260106120000+0100", control_id: "R1" };
            hl7::ack::answer(&message, hl7::charset::Charset::declared(bytes), code, &said, &mut answer);
            assert!(answer.starts_with(b"MSH"));
        }
    }
    fuzz::dry_run(bytes, |options| {
        options.format = Some(Input::Hl7);
        options.census = bytes.len() % 2 == 0;
    });
});
