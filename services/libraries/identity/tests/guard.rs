//! The guard finds personal numbers in free fields, and only those.

use identity::{Finding, guard, test_identity, without_numbers};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, want: Option<Finding>) {
    assert_eq!(guard(text, &["MRN-7", "660102-238"]), want, "{text}");
}

const FOUND: Option<Finding> = Some(Finding::PersonalNumber);
const OWN: Option<Finding> = Some(Finding::OwnIdentifier);

/// Every notation in which a sender has written a number, or could.
pub(crate) fn notations(twelve: &str) -> Vec<String> {
    let ten = &twelve[2..];
    let (century, year, month, day, serial) = (&twelve[..2], &ten[..2], &ten[2..4], &ten[4..6], &ten[6..]);
    let other_digits = |zero: u32, text: &str| -> String {
        let digit = |letter: char| letter.to_digit(10).map_or(letter, |value| char::from_u32(zero + value).unwrap());
        text.chars().map(digit).collect()
    };
    let mut all = vec![
        format!("00{twelve}"),
        format!("0000{twelve}"),
        format!("0{century}{year}{month}{day}-{serial}"),
        format!("{century} {ten}"),
        format!("{year} {month} {day} {serial}"),
        format!("{year}.{month}.{day}-{serial}"),
        format!("{century}{year}-{month}-{day}-{serial}"),
        format!("{century}{year}-{month}-{day} {serial}"),
        format!("{century}{year} {month}{day} {serial}"),
        format!("{year}{month}{day} - {serial}"),
        format!("{year}{month}{day}-{} {}", &serial[..3], &serial[3..]),
        format!("{century}{year}{month} {day}{serial}"),
        format!("{year} {month} {day} {} {}", &serial[..2], &serial[2..]),
        ten.chars().map(|digit| format!("{digit} ")).collect(),
        twelve.chars().map(|digit| format!("{digit}.")).collect(),
        other_digits(0xff10, twelve),
        other_digits(0x660, ten),
        other_digits(0x6f0, &format!("{year}{month}{day}-{serial}")),
        other_digits(0x1d7ce, ten),
        twelve.chars().map(|digit| format!("{digit}\u{200b}")).collect(),
        format!("{year}{month}{day}%2D{serial}"),
    ];
    for between in
        ["-", "+", " ", "_", "/", ":", ".", ",", "–", "\u{2212}", "\u{a0}", "\u{200b}", "\u{ad}", "--", " / "]
    {
        all.push(format!("{year}{month}{day}{between}{serial}"));
        all.push(format!("{century}{year}{month}{day}{between}{serial}"));
    }
    all.extend([ten.to_owned(), twelve.to_owned()]);
    all
}

#[test]
fn numbers_in_any_notation_and_place() {
    // A person of the 19th century would do too; a coordination number's day need not exist.
    let missing_day = completed("195102912380");
    for twelve in [test_identity::number(11).as_str(), test_identity::number(12).as_str(), &missing_day, "191500722390"]
    {
        for number in notations(twelve) {
            for text in ["#", "besök #", "#, säng B", "(#)", "V:#/A", "å#ä", "a#^b", "V#", "#X", "rum#bädd", "#.csv"]
            {
                check(&text.replace('#', &number), FOUND);
            }
        }
        for number in [twelve, &twelve[2..], &format!("{}-{}", &twelve[..8], &twelve[8..])] {
            for text in ["12-#", "#-1", "#/1", "1.2.752.#", "2026-01-05 #"] {
                check(&text.replace('#', number), FOUND);
            }
        }
    }
}

/// With the right last digit.
fn completed(twelve: &str) -> String {
    let right = |last: &u8| guard(&format!("{}{last}", &twelve[..11]), &[]).is_some();
    (0..10).find(right).map(|last| format!("{}{last}", &twelve[..11])).expect("one digit is right")
}

#[test]
fn numbers_in_codes() {
    for twelve in [test_identity::number(11).as_str(), test_identity::number(12).as_str()] {
        let ten = &twelve[2..];
        let hyphen = format!("{}-{}", &ten[..6], &ten[6..]);
        for text in [twelve, ten, &hyphen, &format!("pnr {hyphen}!")] {
            let hex = data_encoding::HEXLOWER.encode(text.as_bytes());
            let base64 = data_encoding::BASE64.encode(text.as_bytes());
            for code in [&hex, &hex.to_uppercase(), &format!("0x{hex}"), &base64, base64.trim_end_matches('=')] {
                check(code, FOUND);
                check(&format!("säng {code}/2"), FOUND);
            }
        }
        let value: u64 = twelve.parse().unwrap();
        check(&format!("{value:x}"), FOUND);
        check(&format!("0x{value:X}"), FOUND);
        check(&format!("0x{:x}", ten.parse::<u64>().unwrap()), if ten.starts_with('0') { None } else { FOUND });
    }
}

#[test]
fn what_is_no_personal_number() {
    for text in [
        "",
        "AVD5",
        "Säng 12",
        "MAVA^MainRoom^Bed 1",
        "2930240306547924680",
        "16:40 2026-01-05",
        "20260106080000",
        "20260106080000.0000+0100",
        "2026-01-06T08:00:00+01:00",
        "2026-01-06 08:00",
        "2026-01-06 08:00:00",
        "20260106 08:00",
        "20260106T0800",
        "26-01-06 08:00",
        "2026-W02-2",
        "SE2321000131-E000000000001",
        "SE2321000131-P12345",
        "2321000131",
        "1.2.752.129.2.1.3.1",
        "1.2.752.129.2.1.4.1",
        "urn:oid:1.2.752.113.11.0.2.1.1.1",
        "2.16.840.1.113883.2.4.6.3",
        "031-342 10 00",
        "08-585 800 00",
        "0470-58 80 00",
        "+46 470 58 80 00",
        "0510-85 10 00",
        "010-473 00 00",
        "Avd 5512 tel 0701-23 45 67",
        "550e8400-e29b-41d4-a716-446655440000",
        "Akutmottagningen",
        "0000000000",
        "123456-1234-5678-9012",
    ] {
        check(text, None);
    }
    // Whatever day it is, a time that is written as one stays.
    for day in 1..=28 {
        for minute in 0..60 {
            check(&format!("2026-01-{day:02} 08:{minute:02}"), None);
            check(&format!("2026-01-{day:02} 08:{minute:02}:30"), None);
            check(&format!("202601{day:02}08{minute:02}00"), None);
        }
    }
    let nobody = test_identity::number(12);
    let twelve = nobody.as_str();
    let last = (twelve.as_bytes()[11] - b'0' + 1) % 10;
    check(&format!("{}{last}", &twelve[..11]), None);
    check(&format!("{twelve}0"), None);
    check(&format!("1{twelve}"), None);
    check(&format!("17{}", &twelve[2..]), None);
    check(&format!("{}x{}", &twelve[..8], &twelve[8..]), None);
}

#[test]
fn names_are_shown_without_the_numbers_in_them() {
    let nobody = test_identity::number(12);
    let hyphen = nobody.hyphenated();
    assert_eq!(without_numbers("remisser-2026-01.csv"), "remisser-2026-01.csv");
    assert_eq!(without_numbers(&format!("remiss_{hyphen}_1.csv")), "remiss_…_1.csv");
    assert_eq!(without_numbers(&format!("{nobody} {hyphen}å.txt")), "… …å.txt");
    // What a number has stood between is no number afterwards.
    let (date, serial) = hyphen.split_once('-').unwrap();
    assert_eq!(without_numbers(&format!("{date}{nobody}{serial}")), format!("{date}{nobody}{serial}"));
    assert_eq!(without_numbers(&format!("{date}-{nobody}-{serial}")), "…");
}

#[test]
fn the_patient_s_own_identifiers() {
    check("MRN-7", OWN);
    check("mrn7", OWN);
    check(" MRN 7 ", OWN);
    check("660102238", OWN);
    check("m.r.n/7", OWN);
    check("MRN-70", None);
    check("-", None);
    assert_eq!(guard("", &[""]), None);
    assert_eq!(guard("-", &["+"]), None);
}

#[test]
fn an_own_identifier_is_seen_in_other_notations_too() {
    // Not valid, so nothing but comparison finds it.
    let own = ["199001012380"];
    for text in ["900101 2380", "9001012380", "19900101-2380", "٩001012380", "1990-01-01.2380"] {
        assert_eq!(guard(text, &own), OWN, "{text}");
        assert_eq!(guard(own[0], &[text]), OWN, "{text}");
    }
    assert_eq!(guard("200001012380", &own), None);
}

proptest! {
    #[test]
    fn any_text_is_looked_at_and_shown(text in "\\PC{0,60}", likely in "[0-9 .x%+-]{0,60}") {
        for text in [text, likely] {
            let shown = without_numbers(&text);
            prop_assert_eq!(guard(&shown, &[]), None);
            prop_assert_eq!(shown == text.as_str(), guard(&text, &[]).is_none());
        }
    }

    #[test]
    fn every_test_identity_is_seen(index in 0..test_identity::COUNT, before in "(.*[ ^:/(])?", after in "([ ^:/)].*)?") {
        let nobody = test_identity::number(index);
        for number in [nobody.as_str(), nobody.ten_digits(), &nobody.hyphenated()] {
            prop_assert_eq!(guard(&format!("{before}{number}{after}"), &[]), FOUND);
        }
    }

    #[test]
    fn texts_without_digits_pass(text in "[^0-9]{0,40}") {
        prop_assert_eq!(guard(&text, &[]), None);
    }
}
