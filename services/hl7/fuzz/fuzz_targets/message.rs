//! Any bytes are read or refused: character set, message, every value, time stamps, files, the answer.
#![no_main]

use hl7::ack::{self, Answer, Outcome, Problem};
use hl7::charset::Charset;
use hl7::{Message, batch, decode_text, time};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for piece in batch::messages(bytes).chain([bytes]) {
        let text = decode_text(piece).text;
        let Ok(message) = Message::parse(&text) else { continue };
        let mut clock = time::Stockholm::new();
        for segment in message.segments() {
            for value in (1..=segment.field_count()).map(|number| segment.field(number)) {
                for repetition in value.repetitions() {
                    let _ = (repetition.text(), repetition.component(2).subcomponent(2), clock.read(repetition.raw()));
                }
            }
        }
        assert!(message.groups().count() >= 1);
        let problem = Problem { at: Some(hl7::field::PV1_VISIT), rule: "rule", remedy: "remedy" };
        let answer = Answer { outcome: Outcome::Rejected, problem: Some(problem), sent: "20260105", control_id: "1" };
        for code in ack::codes(&message, answer.outcome) {
            let mut out = Vec::new();
            ack::answer(&message, Charset::Utf8, code, &answer, &mut out);
            let text = String::from_utf8(out).expect("an answer is text");
            assert_eq!(Message::parse(&text).expect("an answer is a message").kind(), "ACK");
        }
    }
});
