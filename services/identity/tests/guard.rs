//! The guard finds personal numbers in free fields, and only those.

use identity::{Date, Finding, guard, test_identity};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, want: Option<Finding>) {
    assert_eq!(guard(text, &["MRN-7", "660102-238"]), want, "{text}");
}

const FOUND: Option<Finding> = Some(Finding::PersonalNumber);
const OWN: Option<Finding> = Some(Finding::OwnIdentifier);

#[test]
fn numbers_in_any_notation_and_place() {
    let nobody = test_identity::number(11);
    let reference = Date::new(2026, 1, 5).unwrap();
    let plus = nobody.short(reference).replace('-', "+");
    for number in [nobody.as_str(), nobody.ten_digits(), &nobody.hyphenated(), &nobody.short(reference), &plus] {
        for text in ["#", "besök #", "#, säng 2", "(#)", "V:#/1", "å#ä", "12-#", "#-1", "a#^1"] {
            // A letter before or after means that it is another kind of number.
            let want = if text == "a#^1" { None } else { FOUND };
            check(&text.replace('#', number), want);
        }
    }
    check("191500722390", FOUND);
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
        "SE2321000131-E000000000001",
        "2321000131",
        "550e8400-e29b-41d4-a716-446655440000",
        "0000000000",
        "123456-1234-5678-9012",
    ] {
        check(text, None);
    }
    let nobody = test_identity::number(12);
    let twelve = nobody.as_str();
    let last = (twelve.as_bytes()[11] - b'0' + 1) % 10;
    check(&format!("{}{last}", &twelve[..11]), None);
    check(&format!("{twelve}0"), None);
    check(&format!("V{twelve}"), None);
    check(&format!("17{}", &twelve[2..]), None);
}

#[test]
fn the_patient_s_own_identifiers() {
    check("MRN-7", OWN);
    check("mrn7", OWN);
    check(" MRN 7 ", OWN);
    check("660102238", OWN);
    check("MRN-70", None);
    check("-", None);
    assert_eq!(guard("", &[""]), None);
    assert_eq!(guard("-", &["+"]), None);
}

proptest! {
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
