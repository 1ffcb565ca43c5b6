//! No identity gets through: canaries planted in every field of every segment, in every notation, are looked for in
//! everything the pipeline gives out, in every form.

use identity::test_identity::{self, TestIdentity};
use processor::pipeline::Pipeline;
use schemas::Format;

use crate::support;

const TRIGGERS: [&str; 56] = [
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10", "A11", "A12", "A13", "A14", "A15", "A16",
    "A17", "A18", "A20", "A21", "A22", "A23", "A24", "A25", "A26", "A27", "A28", "A29", "A30", "A31", "A34", "A36",
    "A38", "A40", "A42", "A45", "A47", "A50", "A19", "A32", "A33", "A35", "A37", "A39", "A41", "A43", "A44", "A46",
    "A48", "A49", "A51", "A60", "Z99", "Z01", "", "X",
];

/// Segments with as many fields as are planted in each.
const SEGMENTS: [(&str, usize); 9] =
    [("EVN", 7), ("PID", 39), ("PD1", 21), ("MRG", 7), ("PV1", 52), ("PV2", 49), ("ZBE", 9), ("NPU", 2), ("NK1", 30)];

/// What is put into a field: the identity alone, in components, in repetitions, and among other text.
pub fn planted(identity: &TestIdentity, way: usize) -> String {
    match way {
        0 => identity.as_str().to_owned(),
        1 => identity.hyphenated(),
        2 => identity.ten_digits().to_owned(),
        3 => format!("{}-{}", &identity.ten_digits()[..6], &identity.ten_digits()[6..]),
        4 => [identity.as_str(); 8].join("^"),
        5 => [identity.ten_digits(); 4].join("~"),
        6 => format!("rum {} bädd", identity.hyphenated()),
        _ => format!("^^^&{}&ISO^PNR", identity.as_str()),
    }
}
pub const WAYS: usize = 8;

/// A message that is good but for one field, which holds the canary; or with canaries everywhere.
fn message(trigger: &str, place: Option<(&str, usize)>, text: &str) -> String {
    let mut message = String::new();
    let field = |segment: &str, number: usize, usual: &'static str| {
        if place.is_none_or(|place| place == (segment, number)) { text.to_owned() } else { usual.to_owned() }
    };
    let kind = if place == Some(("MSH", 9)) { text.to_owned() } else { format!("ADT^{trigger}") };
    let charset = if place == Some(("MSH", 18)) { text } else { "UNICODE UTF-8" };
    message.push_str(&format!(
        "MSH|^~\\&|{}|{}|{}|{}|20260106120000|{}|{kind}|{}|P|{}|{}|||||{charset}\r",
        field("MSH", 3, "A"),
        field("MSH", 4, "B"),
        field("MSH", 5, "C"),
        field("MSH", 6, "D"),
        field("MSH", 8, ""),
        field("MSH", 10, "1"),
        if place == Some(("MSH", 12)) { text } else { "2.5" },
        field("MSH", 13, ""),
    ));
    for _ in 0..2 {
        for (segment, count) in SEGMENTS {
            message.push_str(segment);
            for number in 1..=count {
                let usual = match (segment, number) {
                    ("EVN", 2 | 6) => "20260106110000",
                    ("PID", 3) => "77-88-99^^^SU^MRN",
                    ("PV1", 2) => "I",
                    ("PV1", 3) | ("NPU", 1) => "MAVA^4^1",
                    ("PV1", 19) => "V1001",
                    ("MRG", 1) => "55-66-77^^^SU^MRN",
                    ("MRG", 5) => "V1000",
                    ("NPU", 2) => "C",
                    ("ZBE", 1) => "M1",
                    ("ZBE", 4) => "UPDATE",
                    ("ZBE", 6) => "A02",
                    _ => "",
                };
                // With canaries everywhere the message must still be one: times stay.
                let keep = place.is_none() && segment == "EVN" && number == 2;
                message.push('|');
                message.push_str(&if keep { usual.to_owned() } else { field(segment, number, usual) });
            }
            message.push('\r');
        }
    }
    message
}

/// Every form in which an identity could leak.
pub fn forms(identity: &TestIdentity) -> Vec<String> {
    let ten = identity.ten_digits();
    let notations = [
        identity.as_str().to_owned(),
        identity.hyphenated(),
        ten.to_owned(),
        format!("{}-{}", &ten[..6], &ten[6..]),
        format!("{}+{}", &ten[..6], &ten[6..]),
    ];
    let mut forms = Vec::new();
    for notation in notations {
        let hex: String = notation.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.push(hex.to_uppercase());
        forms.push(hex);
        // The middle of a base64 text does not depend on what surrounds it, at one of three alignments.
        for pad in 0..3 {
            let code = base64(&[&vec![b'x'; pad][..], notation.as_bytes()].concat());
            forms.push(code[4..code.len() - 4].to_owned());
        }
        forms.push(notation);
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            text.push(if at <= chunk.len() { ALPHABET[(word >> (18 - 6 * at) & 63) as usize] as char } else { '=' });
        }
    }
    text
}

/// All that the pipeline and the dry run give out for a message.
fn given_out(pipeline: &mut Pipeline, payload: &str) -> String {
    let (outcome, kept) = support::process(pipeline, Format::Hl7v2, payload.as_bytes());
    let mut text = format!("{outcome:?}");
    for value in kept.events.iter().chain(&kept.parked) {
        text.push_str(&value.to_string());
    }
    text.extend(pipeline.message_id(payload.as_bytes()));
    text
}

fn leaks(pipeline: &mut Pipeline, payload: &str, identity: &TestIdentity) -> bool {
    let text = given_out(pipeline, payload);
    forms(identity).iter().any(|form| text.contains(form.as_str()))
}

fn each_planting(mut check: impl FnMut(&str, &TestIdentity, &str)) {
    let mut index = 0;
    for trigger in TRIGGERS {
        for way in 0..WAYS {
            index += 1;
            let identity = test_identity::number(index);
            let text = planted(&identity, way);
            check(&message(trigger, None, &text), &identity, &format!("{trigger} everywhere, way {way}"));
        }
    }
    let header = [3, 4, 5, 6, 8, 9, 10, 12, 13, 18].map(|number| ("MSH", number));
    let body = SEGMENTS.iter().flat_map(|(segment, count)| (1..=*count).map(move |number| (*segment, number)));
    for place in header.into_iter().chain(body) {
        for trigger in ["A01", "A08", "A17", "A20", "A40", "A45", "Z99"] {
            index += 1;
            let identity = test_identity::number(index);
            let way = index as usize % WAYS;
            let text = planted(&identity, way);
            check(&message(trigger, Some(place), &text), &identity, &format!("{trigger} {place:?}, way {way}"));
        }
    }
}

#[cfg(not(feature = "leak-test"))]
#[test]
fn no_planted_identity_gets_through() {
    for directory in [Default::default(), support::sample_directory()] {
        let mut pipeline = support::pipeline(directory);
        each_planting(|payload, identity, what| assert!(!leaks(&mut pipeline, payload, identity), "{what}"));
    }
}

#[cfg(feature = "leak-test")]
#[test]
fn a_leaking_build_is_caught() {
    let mut pipeline = support::pipeline(Default::default());
    let mut caught = 0;
    each_planting(|payload, identity, _| caught += u32::from(leaks(&mut pipeline, payload, identity)));
    assert!(caught > 100, "{caught}");
}

#[cfg(not(feature = "leak-test"))]
#[test]
fn the_dry_run_prints_none_either() {
    use processor::dry_run::{self, Language, Options};

    for census in [false, true] {
        let mut file = String::new();
        let mut identities = Vec::new();
        each_planting(|payload, identity, _| {
            file.push_str(payload);
            file.push('\n');
            identities.push(*identity);
        });
        let options = Options {
            region: "14".into(),
            directory: support::sample_directory(),
            program: None,
            code_lists: None,
            format: None,
            census,
            language: Language::Sv,
            received_at: support::RECEIVED_AT,
        };
        let mut output = Vec::new();
        let summary = dry_run::run(options, file.as_bytes(), &mut output).expect("a dry run");
        let text = String::from_utf8(output).expect("UTF-8");
        let holds =
            |text: &str, identity: &TestIdentity| forms(identity).iter().any(|form| text.contains(form.as_str()));
        if census {
            let text = format!("{text}{summary}");
            assert!(!identities.iter().any(|identity| holds(&text, identity)));
        } else {
            // One line per message, each with an identity of its own.
            assert_eq!(text.lines().count(), identities.len());
            assert!(!text.lines().zip(&identities).any(|(line, identity)| holds(line, identity)));
        }
    }
}

#[cfg(not(feature = "leak-test"))]
#[test]
fn capacity_rows_pass_the_guard_too() {
    let mut pipeline = support::pipeline(support::sample_directory());
    for (at, way) in (0..WAYS).cycle().take(40).enumerate() {
        let identity = test_identity::number(at as u64);
        let text = planted(&identity, way);
        for row in [
            format!("{text};2026-01-06;4;4;0;"),
            format!("MAVA;{text};4;4;0;"),
            format!("MAVA;2026-01-06;{text};4;0;{text}"),
        ] {
            let payload = format!("enhet;giltig_fran;faststallda;disponibla;stangda;skal\n{row}");
            let (_, kept) = support::process(&mut pipeline, Format::Delimited, payload.as_bytes());
            let text = format!("{:?}{:?}", kept.events, kept.parked);
            assert!(!forms(&identity).iter().any(|form| text.contains(form.as_str())), "{at}");
        }
    }
}

#[test]
fn one_person_has_one_pseudonym_in_every_notation() {
    let mut pipeline = support::pipeline(Default::default());
    for index in 0..200 {
        let identity = test_identity::number(index);
        let reference = identity::Date::new(2026, 1, 6).expect("a date");
        let oid = if identity.kind() == identity::Kind::Personnummer { "3.1" } else { "3.3" };
        let mut tokens = Vec::new();
        for text in [identity.as_str().to_owned(), identity.hyphenated(), identity.short(reference)] {
            for assigner in [format!("&1.2.752.129.2.1.{oid}&ISO"), format!("1.2.752.129.2.1.{oid}"), String::new()] {
                let payload = format!(
                    "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A28|1|P|2.5\rEVN|A28|20260106110000\rPID|1||{text}^^^{assigner}\r"
                );
                let (_, kept) = support::process(&mut pipeline, Format::Hl7v2, payload.as_bytes());
                tokens.push(kept.events[0]["envelope"]["subject_token"].as_str().expect("a token").to_owned());
            }
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "identity {index}");
        assert!(tokens[0].starts_with("r14.v1."));
    }
}
