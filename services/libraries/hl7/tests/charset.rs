//! Character sets of MSH-18.

use std::borrow::Cow;

use hl7::charset::{Charset, Doubt, encode_text};
use hl7::decode_text;

fn message(charset: &str, name: &[u8]) -> Vec<u8> {
    let header = format!("MSH|^~\\&|A|B|C|D|20260105||ADT^A01|1|P|2.5||||||{charset}\rPID|||1||");
    [header.as_bytes(), name, b"\r"].concat()
}

/// What the field reads, and whether the text is borrowed.
#[track_caller]
fn check(charset: &str, name: &[u8], want: &str, borrowed: bool, doubt: Option<Doubt>) {
    let bytes = message(charset, name);
    let got = decode_text(&bytes);
    assert!(got.text.ends_with(&format!("||{want}\r")), "{charset}: {got:?}");
    assert_eq!((matches!(got.text, Cow::Borrowed(_)), got.doubt), (borrowed, doubt), "{charset}");
}

const LATIN: &[u8] = b"\xC5sa";

#[test]
fn declared_sets() {
    let utf8 = "Åsa".as_bytes();
    for charset in ["", "ASCII", "8859/1", "ISO-8859-1", "UNICODE UTF-8", "8859/2", "a very long name of a set"] {
        check(charset, b"Asa", "Asa", true, None);
    }
    for charset in ["", "ASCII", "UNICODE UTF-8", "UNICODE UTF-8~ISO IR87"] {
        check(charset, utf8, "Åsa", true, None);
    }
    for charset in ["", "ASCII", "8859/1", "ISO-8859-1"] {
        check(charset, LATIN, "Åsa", false, None);
    }
}

#[test]
fn what_the_declared_set_does_not_explain_is_read_and_said() {
    check("UNICODE UTF-8", LATIN, "Åsa", false, Some(Doubt::Contradicted));
    check("8859/1", "Åsa".as_bytes(), "Åsa", true, Some(Doubt::Contradicted));
    check("8859/1", "Åsa – Örn".as_bytes(), "Åsa – Örn", true, Some(Doubt::Contradicted));
    check("8859/2", LATIN, "Åsa", false, Some(Doubt::Unknown));
    check("8859/2", "Åsa".as_bytes(), "Åsa", true, Some(Doubt::Unknown));
}

#[test]
fn single_bytes_of_another_set_cost_no_other_letter() {
    let name = ["ÖRON^".as_bytes(), b"r\xE5d^\xC5^\xE5\xE4\xF6 ", "ÅÄÖ€".as_bytes(), b"\xF6"].concat();
    for charset in ["", "8859/1", "UNICODE UTF-8", "8859/2"] {
        check(charset, &name, "ÖRON^råd^Å^åäö ÅÄÖ€ö", false, Some(Doubt::Mixed));
    }
}

#[test]
fn a_capital_before_a_hard_blank_is_no_letter_of_utf8() {
    check("8859/1", b"BR\xD6\xA0AVD", "BRÖ\u{a0}AVD", false, None);
    check("", b"BR\xD6\xA0AVD \xE5", "BRÖ\u{a0}AVD å", false, None);
}

#[test]
fn a_line_feed_in_the_header_does_not_hide_the_set() {
    let bytes = b"MSH|^~\\&|A\nB|B|C|D|20260105||ADT^A01|1|P|2.5||||||8859/2\rPID|||\xC5\r";
    assert_eq!(Charset::declared(bytes), Charset::Unknown);
}

#[test]
fn without_a_header_bytes_are_text_all_the_same() {
    assert_eq!(decode_text(b"\xE5").text, "å");
    assert_eq!(decode_text(b"").text, "");
    assert_eq!(Charset::declared(b"MSH"), Charset::Undeclared);
    assert_eq!(Charset::declared(b"MSH|"), Charset::Undeclared);
}

#[test]
fn text_goes_back_in_its_set() {
    let mut out = Vec::new();
    encode_text("Åsa €", Charset::Latin1, &mut out);
    assert_eq!(out, b"\xC5sa ?");
    out.clear();
    encode_text("Åsa", Charset::Utf8, &mut out);
    assert_eq!(out, "Åsa".as_bytes());
}

#[test]
fn iso_8859_1_has_a_character_for_every_byte() {
    let all: Vec<u8> = (0..=0xFF).chain([b'a', 0xE5]).collect();
    let want: String = all.iter().map(|byte| char::from(*byte)).collect();
    assert_eq!(hl7::charset::latin1(&all), want);
}
