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
pub(crate) fn planted(identity: &TestIdentity, way: usize) -> String {
    match way {
        0 => identity.as_str().to_owned(),
        1 => identity.hyphenated(),
        2 => identity.ten_digits().to_owned(),
        3 => format!("{}-{}", &identity.ten_digits()[..6], &identity.ten_digits()[6..]),
        4 => [identity.as_str(); 8].join("^"),
        5 => [identity.ten_digits(); 4].join("~"),
        6 => format!("rum {} bädd", identity.hyphenated()),
        7 => format!("^^^&{}&ISO^PNR", identity.as_str()),
        8 => odd_notation(identity),
        _ => vec![odd_notation(identity); 8].join("^"),
    }
}
pub(crate) const WAYS: usize = 10;

/// Notations that no register has and people write all the same.
pub(crate) fn odd_notations(identity: &TestIdentity) -> Vec<String> {
    let (twelve, ten) = (identity.as_str(), identity.ten_digits());
    let (century, date, serial) = (&twelve[..2], &ten[..6], &ten[6..]);
    let (year, month, day) = (&ten[..2], &ten[2..4], &ten[4..6]);
    let digits_from = |zero: u32, text: &str| -> String {
        let digit = |letter: char| letter.to_digit(10).and_then(|value| char::from_u32(zero + value)).unwrap_or(letter);
        text.chars().map(digit).collect()
    };
    let mut all: Vec<String> = ["_", "/", ":", " ", ".", ",", "–", "\u{2212}", "\u{a0}", "\u{200b}", "\u{ad}", " - "]
        .iter()
        .flat_map(|between| [format!("{century}{date}{between}{serial}"), format!("{date}{between}{serial}")])
        .collect();
    all.extend([
        format!("{year} {month} {day} {serial}"),
        format!("{year}.{month}.{day}-{serial}"),
        format!("{century}{year}-{month}-{day}-{serial}"),
        format!("{century} {date} {serial}"),
        format!("{date}-{} {}", &serial[..3], &serial[3..]),
        twelve.chars().map(|digit| format!("{digit} ")).collect(),
        format!("00{twelve}"),
        format!("00{century}{date}-{serial}"),
        digits_from(0xff10, twelve),
        digits_from(0x660, ten),
        digits_from(0x6f0, &format!("{date}-{serial}")),
        format!("V{twelve}"),
        format!("{ten}X"),
        format!("rum{date}-{serial}bädd"),
        format!("{date}%2D{serial}"),
        twelve.bytes().map(|byte| format!("{byte:02x}")).collect(),
        format!("{date}-{serial}").bytes().map(|byte| format!("{byte:02X}")).collect(),
        base64(twelve.as_bytes()),
        base64(ten.as_bytes()),
    ]);
    all
}

/// One of them, the same for one identity.
fn odd_notation(identity: &TestIdentity) -> String {
    let all = odd_notations(identity);
    let number: usize = identity.ten_digits().parse().expect("digits");
    all[number % all.len()].clone()
}

/// Whether a text of JSON holds the identity in any form: what stands between the digits of a string does not matter.
pub(crate) fn holds(text: &str, identity: &TestIdentity) -> bool {
    let digit = |letter: char| match u32::from(letter) {
        code @ 0x30..=0x39 => Some(code - 0x30),
        code @ 0x660..=0x669 => Some(code - 0x660),
        code @ 0x6f0..=0x6f9 => Some(code - 0x6f0),
        code @ 0xff10..=0xff19 => Some(code - 0xff10),
        _ => None,
    };
    let digits = |string: &str| -> String { string.chars().filter_map(digit).map(|digit| digit.to_string()).collect() };
    text.split('"').any(|string| digits(string).contains(identity.ten_digits()))
        || forms(identity).iter().any(|form| text.contains(form.as_str()))
}

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
pub(crate) fn forms(identity: &TestIdentity) -> Vec<String> {
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
    for value in kept.all() {
        text.push_str(&value.to_string());
    }
    text.extend(pipeline.message_id(payload.as_bytes()));
    text
}

fn leaks(pipeline: &mut Pipeline, payload: &str, identity: &TestIdentity) -> bool {
    holds(&given_out(pipeline, payload), identity)
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
            stays: false,
            language: Language::Sv,
            received_at: support::RECEIVED_AT,
        };
        let mut output = Vec::new();
        let summary = dry_run::run(options, file.as_bytes(), &mut output).expect("a dry run");
        let text = String::from_utf8(output).expect("UTF-8");
        if census {
            let text = format!("{text}{summary}");
            assert!(!identities.iter().any(|identity| forms(identity).iter().any(|form| text.contains(form.as_str()))));
        } else {
            // One line per message, each with an identity of its own.
            assert_eq!(text.lines().count(), identities.len());
            assert!(!text.lines().zip(&identities).any(|(line, identity)| holds(line, identity)));
        }
    }
}

/// Where a text of the sender is passed on as it is.
#[cfg(not(feature = "leak-test"))]
const PASSED_ON: [(&str, usize); 14] = [
    ("MSH", 10),
    ("EVN", 2),
    ("EVN", 6),
    ("PV1", 2),
    ("PV1", 3),
    ("PV1", 6),
    ("PV1", 10),
    ("PV1", 14),
    ("PV1", 19),
    ("PV1", 36),
    ("ZBE", 1),
    ("NPU", 1),
    ("NPU", 2),
    ("MRG", 5),
];

#[cfg(not(feature = "leak-test"))]
#[test]
fn no_notation_gets_through_where_texts_are_passed_on() {
    let mut pipeline = support::pipeline(support::sample_directory());
    let mut index = 0;
    for place in PASSED_ON {
        for trigger in ["A01", "A08", "A20", "A40", "A45"] {
            index += 1;
            let identity = test_identity::number(index);
            for (at, notation) in odd_notations(&identity).iter().enumerate() {
                for text in [notation.clone(), [notation.as_str(); 8].join("^")] {
                    let payload = message(trigger, Some(place), &text);
                    assert!(!leaks(&mut pipeline, &payload, &identity), "{trigger} {place:?}, notation {at}");
                }
            }
        }
    }
}

#[cfg(not(feature = "leak-test"))]
#[test]
fn the_patient_s_own_number_does_not_get_through_in_another_notation() {
    let mut pipeline = support::pipeline(support::sample_directory());
    for index in 0..40 {
        let identity = test_identity::number(index);
        let ten = identity.ten_digits();
        // A wrong check digit, too: then nothing but the comparison finds it.
        let last = (ten.as_bytes()[9] - b'0' + index as u8 % 2) % 10;
        let (date, serial) = (&ten[..6], format!("{}{last}", &ten[6..9]));
        let century = &identity.as_str()[..2];
        for own in [format!("{century}{date}{serial}"), format!("{date}-{serial}")] {
            for text in [format!("{date} {serial}"), format!("{century}{date}:{serial}"), format!("{date}{serial}")] {
                let payload = message("A01", Some(("PV1", 3)), &format!("{text}^{text}^{text}"))
                    .replace("77-88-99^^^SU^MRN", &format!("{own}^^^1.2.752.129.2.1.3.1"));
                let given_out = given_out(&mut pipeline, &payload);
                let digits: String = given_out.chars().filter(char::is_ascii_digit).collect();
                assert!(!digits.contains(&format!("{date}{serial}")), "{index}");
            }
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
            let text: String = kept.all().map(ToString::to_string).collect();
            assert!(!holds(&text, &identity), "{at}");
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
