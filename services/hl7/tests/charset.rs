//! Character sets of MSH-18.

use std::borrow::Cow;

use hl7::charset::{Charset, Error, encode_text};
use hl7::decode_text;

fn message(charset: &str, name: &[u8]) -> Vec<u8> {
    let header = format!("MSH|^~\\&|A|B|C|D|20260105||ADT^A01|1|P|2.5||||||{charset}\rPID|||1||");
    [header.as_bytes(), name, b"\r"].concat()
}

#[track_caller]
fn check(charset: &str, name: &[u8], want: Result<(&str, bool), Error>) {
    let bytes = message(charset, name);
    let got = decode_text(&bytes);
    match (got, want) {
        (Ok(text), Ok((name, borrowed))) => {
            assert!(text.ends_with(&format!("||{name}\r")), "{charset}: {text}");
            assert_eq!(matches!(text, Cow::Borrowed(_)), borrowed, "{charset}");
        }
        (got, want) => assert_eq!(got.map(|_| ()), want.map(|_| ())),
    }
}

const LATIN: &[u8] = b"\xC5sa";

#[test]
fn declared_sets() {
    check("", b"Asa", Ok(("Asa", true)));
    check("", "Åsa".as_bytes(), Ok(("Åsa", true)));
    check("", LATIN, Ok(("Åsa", false)));
    check("ASCII", b"Asa", Ok(("Asa", true)));
    check("ASCII", "Åsa".as_bytes(), Ok(("Åsa", true)));
    check("ASCII", LATIN, Ok(("Åsa", false)));
    check("8859/1", b"Asa", Ok(("Asa", true)));
    check("8859/1", LATIN, Ok(("Åsa", false)));
    check("ISO-8859-1", LATIN, Ok(("Åsa", false)));
    check("UNICODE UTF-8", "Åsa".as_bytes(), Ok(("Åsa", true)));
    check("UNICODE UTF-8~ISO IR87", "Åsa".as_bytes(), Ok(("Åsa", true)));
}

#[test]
fn what_8859_1_declares_is_read_so_even_if_it_would_be_utf8() {
    check("8859/1", "Åsa".as_bytes(), Ok(("Ã\u{85}sa", false)));
}

#[test]
fn contradictions_are_refused() {
    let at = message("UNICODE UTF-8", b"").len() - 1;
    check("UNICODE UTF-8", LATIN, Err(Error::NotUtf8 { at }));
    check("8859/2", LATIN, Err(Error::Unknown));
    check("8859/2", b"Asa", Ok(("Asa", true)));
    check("a very long name of a character set", LATIN, Err(Error::Unknown));
}

#[test]
fn without_a_header_bytes_are_text_all_the_same() {
    assert_eq!(decode_text(b"\xE5").unwrap(), "å");
    assert_eq!(decode_text(b"").unwrap(), "");
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
