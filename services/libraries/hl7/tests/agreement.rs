//! Agreement with another HL7 crate (hl7-parser) on messages that both can read.
//!
//! `ADT_FILE=path cargo test -p hl7 agreement` also compares every message of that file.

use hl7::{Message, batch, decode_text};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str) {
    let ours = Message::parse(text).expect("the text is a message");
    let theirs = hl7_parser::parse_message(text.trim_end_matches('\r')).expect("the text is a message");
    let their_segments: Vec<_> = theirs.segments().collect();
    assert_eq!(ours.segments().len(), their_segments.len());
    for (segment, their_segment) in ours.segments().zip(their_segments) {
        assert_eq!(segment.name(), their_segment.name);
        for number in 1..=segment.field_count() + 1 {
            let field = segment.field(number);
            let their_field = their_segment.field(number);
            assert_eq!(field.raw(), their_field.map_or("", |field| field.raw_value()), "{}-{number}", segment.name());
            if segment.name() == "MSH" && number <= 2 {
                continue;
            }
            let Some(their_field) = their_field.filter(|field| !field.is_empty()) else { continue };
            for (repetition, their_repeat) in field.repetitions().zip(their_field.repeats()) {
                assert_eq!(repetition.raw(), their_repeat.raw_value());
                for at in 1..=5 {
                    let component = repetition.component(at);
                    let their_component = their_repeat.component(at);
                    assert_eq!(component.raw(), their_component.map_or("", |component| component.raw_value()));
                    for sub_at in 1..=3 {
                        let their_sub = their_component.and_then(|component| component.subcomponent(sub_at));
                        assert_eq!(component.subcomponent(sub_at).raw(), their_sub.map_or("", |sub| sub.value));
                    }
                }
            }
            assert_eq!(field.repetitions().count(), their_field.repeats().count());
        }
    }
}

#[test]
fn an_admission() {
    check(
        "MSH|^~\\&|COSMIC|SU|PLATTFORM|RVG|20260105004015||ADT^A01^ADT_A01|42|P|2.5|||AL|NE||UNICODE UTF-8\r\
         EVN|A01|20260105004016\rPID|1||7^^^A&1.2&ISO~8^^^B||Ek^Åsa||\"\"|F\rPV1|1|I|AVD5^2^1|||\r",
    );
}

#[test]
fn every_message_of_a_file_when_one_is_named() {
    let Ok(path) = std::env::var("ADT_FILE") else { return };
    let file = std::fs::read(path).expect("ADT_FILE names a file that can be read");
    for bytes in batch::messages(&file) {
        check(&decode_text(bytes).text);
    }
}

proptest! {
    #[test]
    fn any_well_formed_message(
        lines in prop::collection::vec(("[A-Z][A-Z0-9]{2}", "(\\|[ a-zåäö0-9^~&]{0,6}){1,9}"), 0..6),
        header in "(\\|[ a-zå0-9^~&]{0,6}){0,9}",
    ) {
        let mut text = format!("MSH|^~\\&{header}\r");
        for (name, fields) in lines.iter().filter(|(name, _)| !["MSH", "FHS", "BHS"].contains(&name.as_str())) {
            text.push_str(&format!("{name}{fields}\r"));
        }
        check(&text);
    }
}
