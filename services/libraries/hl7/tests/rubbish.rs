//! Random bytes: everything is read or refused, nothing panics, every invariant holds.

use hl7::ack::{self, Answer, Outcome, Problem};
use hl7::charset::Charset;
use hl7::{Message, batch, decode_text};
use proptest::prelude::*;

/// Bytes that look enough like HL7 to get past the first checks.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"MSH|^~\\&|".to_vec()),
        Just(b"PID|1||".to_vec()),
        Just(b"PV1|".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n\n".to_vec()),
        Just(b"\\X".to_vec()),
        Just("Å^ö~&\"\"".as_bytes().to_vec()),
        prop::collection::vec(prop::sample::select(b"|^~\\&\r\n\x0B\x1C 0AZ\xE5".to_vec()), 0..12),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn look_everywhere(message: &Message<'_>) {
    for segment in message.segments() {
        assert_eq!(segment.name().len(), 3);
        let shift = usize::from(segment.name() == "MSH" || matches!(segment.name(), "FHS" | "BHS"));
        for (at, raw) in segment.raw().split(char::from(message.delimiters().field)).enumerate().skip(1) {
            let value = segment.field(at + shift);
            assert_eq!(value.raw(), raw);
            for repetition in value.repetitions() {
                let _ = (repetition.component(2).subcomponent(2), repetition.text());
            }
            let _ = (value.text(), value.presence(), value.components::<4>());
        }
    }
    let in_groups: usize = message.groups().map(|group| group.segments().len()).sum();
    assert!(in_groups <= message.segments().len());
    assert!(message.groups().count() >= 1);
}

proptest! {
    #[test]
    fn a_message_is_read_or_refused(bytes in nearly()) {
        let text = decode_text(&bytes).text;
        if let Ok(message) = Message::parse(&text) {
            look_everywhere(&message);
            let problem = Problem { at: Some(hl7::field::PV1_VISIT), rule: "episode-missing", remedy: "send PV1-19" };
            let answer = Answer { outcome: Outcome::Rejected, problem: Some(problem), sent: "20260105", control_id: "1" };
            let mut out = Vec::new();
            for code in ack::codes(&message, answer.outcome) {
                ack::answer(&message, Charset::Utf8, code, &answer, &mut out);
            }
        }
        let _ = Message::parse_header(&text);
    }

    #[test]
    fn a_file_loses_no_letter(bytes in nearly()) {
        let messages: Vec<&[u8]> = batch::messages(&bytes).collect();
        let letters = |bytes: &[u8]| bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        let out: usize = messages.iter().map(|message| letters(message)).sum();
        // No envelope is among the pieces, so every digit belongs to a message.
        prop_assert_eq!(out, letters(&bytes));
        prop_assert!(messages.iter().all(|message| !message.is_empty()));
    }
}
