//! Messages as senders write them.

use hl7::{Error, MESSAGE_BYTES_MAX, Message, SEGMENTS_MAX, field};

const ADMISSION: &str = "MSH|^~\\&|COSMIC|SU|PLATTFORM|RVG|20260105004015||ADT^A01^ADT_A01|42|P|2.5|||AL|NE||UNICODE UTF-8\r\
EVN|A01|20260105004016||||20260105004000\r\
PID|1||MRN7^^^KUND~MRN8^^^ANNAN||Ek^Åsa\r\
PV1|1|I|AVD5^2^1^SU|||AKUT||||KIR|||||||||V1^^^SU\r\
ZXX|okänt|segment\r";

fn parse(text: &str) -> Message<'_> {
    Message::parse(text).expect("the text is a message")
}

#[test]
fn header_fields_count_as_hl7_counts() {
    let message = parse(ADMISSION);
    let msh = message.segment("MSH").unwrap();
    assert_eq!(msh.field(1).raw(), "|");
    assert_eq!(msh.field(2).raw(), "^~\\&");
    assert_eq!(msh.field(3).raw(), "COSMIC");
    assert_eq!(message.kind(), "ADT");
    assert_eq!(message.trigger(), "A01");
    assert_eq!(message.control_id(), "42");
    assert_eq!(message.version(), "2.5");
    assert_eq!(message.get("MSH", 18).raw(), "UNICODE UTF-8");
    assert_eq!(message.get("MSH", 0).raw(), "");
    assert_eq!(msh.field_count(), 18);
}

#[test]
fn fields_components_repetitions() {
    let message = parse(ADMISSION);
    assert_eq!(message.at(field::PV1_LOCATION).component(2).raw(), "2");
    assert_eq!(message.at(field::PV1_VISIT).component(4).raw(), "SU");
    let ids: Vec<_> = message.at(field::PID_IDENTIFIERS).repetitions().map(|id| id.component(4).raw()).collect();
    assert_eq!(ids, ["KUND", "ANNAN"]);
    assert_eq!(message.get("PID", 5).component(2).raw(), "Åsa");
    assert_eq!(message.get("PID", 99).raw(), "");
    assert_eq!(message.get("ZZZ", 1).raw(), "");
    assert_eq!(message.get("ZXX", 1).raw(), "okänt");
    assert_eq!(field::PV1_VISIT.to_string(), "PV1-19");
}

#[test]
fn fields_are_what_stands_between_separators() {
    let message = parse(ADMISSION);
    for segment in message.segments().skip(1) {
        let pieces: Vec<&str> = segment.raw().split('|').skip(1).collect();
        let fields: Vec<&str> = (1..=segment.field_count()).map(|number| segment.field(number).raw()).collect();
        assert_eq!(fields, pieces, "{}", segment.name());
        assert_eq!(segment.field(0).raw(), "");
        assert_eq!(segment.field(segment.field_count() + 1).raw(), "");
    }
    let padded = parse("MSH|^~\\&|A\n \u{feff}\0PID|1||x\n\nabc|d|e\nPV1|1|I");
    assert_eq!((padded.get("PID", 3).raw(), padded.get("PV1", 2).raw(), padded.stray_line_count()), ("x", "I", 1));
}

#[test]
fn line_ends_and_junk_do_not_matter() {
    let want: Vec<&str> = parse(ADMISSION).segments().map(|segment| segment.raw()).collect();
    for (line_end, before, after) in [
        ("\n", "", ""),
        ("\r\n", "", "\r\n\r\n"),
        ("\r", "\u{feff}", "\u{1c}\r"),
        ("\r", "\u{b}", "\u{1c}"),
        ("\r", "junk\r\n  ", "\0\0 "),
        ("\r\r", "FHS|^~\\&\rBHS|^~\\&\r", ""),
        ("\r ", "", ""),
    ] {
        let text = format!("{before}{}{after}", ADMISSION.replace('\r', line_end));
        let got: Vec<&str> = parse(&text).segments().map(|segment| segment.raw()).collect();
        assert_eq!(got, want, "{line_end:?} {before:?} {after:?}");
    }
}

#[test]
fn other_separators() {
    let text = ADMISSION.replace('|', "$").replace('^', "*");
    let message = parse(&text);
    assert_eq!(message.at(field::PV1_LOCATION).component(4).raw(), "SU");
}

#[test]
fn the_trigger_may_stand_in_evn_only() {
    let text = ADMISSION.replace("ADT^A01^ADT_A01", "ADT");
    assert_eq!(parse(&text).trigger(), "A01");
    let text = ADMISSION.replace("EVN|A01", "EVN|A02");
    assert_eq!(parse(&text).trigger(), "A01", "MSH-9 is right where both speak");
}

#[test]
fn a_swap_has_two_groups() {
    let text = "MSH|^~\\&|A\rEVN|A17\rPID|1||a\rPV1|1|I|X\rPID|2||b\rPD1|\rPV1|2|I|Y\rPV2|z\r";
    let message = parse(text);
    let groups: Vec<_> = message.groups().collect();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].at(field::PV1_LOCATION).raw(), "X");
    assert_eq!(groups[0].get("PV2", 1).raw(), "");
    assert_eq!(groups[1].at(field::PV1_LOCATION).raw(), "Y");
    assert_eq!(groups[1].get("PV2", 1).raw(), "z");
    assert_eq!(groups[1].segments().len(), 4);
    assert!(groups[1].segment("EVN").is_none());
}

#[test]
fn a_message_without_patient_is_one_group() {
    let message = parse("MSH|^~\\&|A\rEVN|A20\rNPU|AVD5^2^1|O\r");
    let groups: Vec<_> = message.groups().collect();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].at(field::NPU_STATUS).raw(), "O");
}

#[test]
fn lines_that_are_no_segment_are_counted() {
    let message = parse("MSH|^~\\&|A\rPID|1||rad ett\nfortsättning\rpv1|liten\rP\rPV1|1\r");
    assert_eq!(message.stray_line_count(), 2);
    assert_eq!(message.segments().len(), 3);
    let message = parse("MSH|^~\\&|A\nPID|1||rad ett\nfortsättning\nPV1|1\n");
    assert_eq!((message.stray_line_count(), message.segments().len()), (1, 3));
}

#[test]
fn only_cr_ends_a_segment_of_a_message_that_uses_cr() {
    for inside in ["\n", "\n\n", "\u{b}", "\u{1c}", "\0", "\nPV2|", "\nMSH|"] {
        for end in ["\r", "\r\n", "\r\n\n"] {
            let text = format!("MSH|^~\\&|A|B{inside}C|||||ADT^A01|7{end}PV1|1|I|AVD5|x{inside}y|Z{end}ZBE|1{end}");
            let message = parse(&text);
            let names: Vec<_> = message.segments().map(|segment| segment.name()).collect();
            assert_eq!((names, message.stray_line_count()), (vec!["MSH", "PV1", "ZBE"], 0), "{text:?}");
            assert_eq!(message.get("PV1", 4).raw(), format!("x{inside}y").split('|').next().unwrap());
            assert_eq!(message.get("PV1", if inside.contains('|') { 6 } else { 5 }).raw(), "Z");
            assert_eq!(message.segment("ZBE").unwrap().raw(), "ZBE|1");
            assert!(message.has_control_characters());
            assert_eq!(
                Message::parse_header(&text).unwrap().control_id(),
                if inside == "\nMSH|" || inside == "\nPV2|" { "ADT^A01" } else { "7" }
            );
        }
    }
    assert!(!parse("MSH|^~\\&|A\r\nPV1|1\ttab\r\n").has_control_characters());
}

#[test]
fn refusals_name_the_place_and_the_remedy_but_no_value() {
    let many = format!("MSH|^~\\&|A\r{}", "NPU|1\r".repeat(SEGMENTS_MAX + 1));
    let long = format!("MSH|^~\\&|A\r{}", "x".repeat(MESSAGE_BYTES_MAX));
    let cases = [
        ("", Error::HeaderMissing),
        ("hemligt innehåll", Error::HeaderMissing),
        ("PID|1||hemligt\r", Error::HeaderMissing),
        ("MSHemligt|^~\\&", Error::HeaderMissing),
        ("MSH|", Error::SeparatorsMissing),
        ("MSH||A", Error::SeparatorsMissing),
        ("MSH|hemligt|A", Error::SeparatorsUnusable),
        ("MSH|^~\\&|A\rPID|hemligt\rMSH|^~\\&|B\r", Error::SecondHeader { segment: 3 }),
        (many.as_str(), Error::SegmentsTooMany),
        (long.as_str(), Error::TooLong { bytes: long.len() }),
    ];
    for (text, want) in cases {
        let error = Message::parse(text).expect_err("the text is no message");
        assert_eq!(error, want);
        assert!(!error.to_string().contains("hemlig"), "{error}");
        assert!(error.to_string().contains(": "), "an error ends in its remedy: {error}");
    }
    let codes: std::collections::HashSet<_> = Error::ALL.iter().map(Error::code).collect();
    assert_eq!(codes.len(), Error::ALL.len());
}

#[test]
fn the_header_alone_answers_for_a_message_that_is_refused() {
    let text = format!("{ADMISSION}{ADMISSION}");
    assert!(Message::parse(&text).is_err());
    let header = Message::parse_header(&text).unwrap();
    assert_eq!(header.control_id(), "42");
    assert_eq!(header.segments().len(), 1);
}

#[test]
fn only_patients_and_beds_are_bounded_by_number() {
    let text = format!("MSH|^~\\&|A\r{}", "PID|1\r".repeat(SEGMENTS_MAX));
    assert_eq!(parse(&text).groups().count(), SEGMENTS_MAX);
    let text = format!("MSH|^~\\&|A\rPID|1\r{}PV1|1|I|AVD5\r", "OBX|1\rDG1|1\rZZZ|1\rNTE|1\r".repeat(20_000));
    let message = parse(&text);
    assert_eq!(message.segments().len(), 80_003);
    assert_eq!(message.at(field::PV1_LOCATION).raw(), "AVD5");
}

#[test]
fn letters_beyond_ascii_do_not_make_a_message_too_long() {
    let text = format!("MSH|^~\\&|A\rNTE|{}", "å".repeat(MESSAGE_BYTES_MAX / 2 + 1_000));
    assert!(text.len() > MESSAGE_BYTES_MAX && Message::parse(&text).is_ok());
}
