//! From bytes to text, by MSH-18 and by what the bytes themselves say.
//!
//! Everything is read: a patient must not vanish from the board over a neighbour's name. What the declared set does not
//! explain is said beside the text.

use std::borrow::Cow;

use crate::cuts;
use crate::lines::{self, header_start};

/// The text of a message's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; borrowed whenever the bytes are UTF-8, so nearly always.
    pub text: Cow<'a, str>,
    /// What MSH-18 does not explain.
    pub doubt: Option<Doubt>,
}

/// What the declared character set does not explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// MSH-18 says UTF-8 and the bytes are ISO-8859-1, or it says ISO-8859-1 and they are UTF-8.
    Contradicted,
    /// Letters in UTF-8, and bytes beside them that are not: each of those is read as ISO-8859-1.
    Mixed,
    /// MSH-18 names a character set that is not read here, and bytes beyond ASCII occur.
    Unknown,
}

impl Doubt {
    /// The rule's code, a closed set that is safe as a metric label.
    pub const fn code(&self) -> &'static str {
        match self {
            Doubt::Contradicted => "charset-contradicted",
            Doubt::Mixed => "charset-mixed",
            Doubt::Unknown => "charset-unknown",
        }
    }

    /// One of each.
    pub const ALL: [Doubt; 3] = [Doubt::Contradicted, Doubt::Mixed, Doubt::Unknown];
}

/// A character set as MSH-18 declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Nothing declared, or ASCII: UTF-8 if the bytes are, else ISO-8859-1.
    Undeclared,
    /// `UNICODE UTF-8`.
    Utf8,
    /// `8859/1`.
    Latin1,
    /// Any other.
    Unknown,
}

impl Charset {
    /// Reads MSH-18 of a message's bytes.
    pub fn declared(message: &[u8]) -> Charset {
        let Some(start) = header_start(message) else { return Charset::Undeclared };
        let header = lines::first(&message[start..]);
        let Some(&separator) = header.get(3) else { return Charset::Undeclared };
        let Some(before) = cuts::nth(header, separator, 16) else { return Charset::Undeclared };
        let rest = &header[before + 1..];
        let field = &rest[..cuts::first(rest, separator).unwrap_or(rest.len())];
        // The first repetition is the default set; later ones need escape sequences that ADT does not use.
        let first = &field[..cuts::first(field, b'~').unwrap_or(field.len())];
        Charset::named(first)
    }

    fn named(name: &[u8]) -> Charset {
        let mut plain = [0_u8; 16];
        let mut length = 0;
        for byte in name {
            if byte.is_ascii_alphanumeric() {
                let Some(slot) = plain.get_mut(length) else { return Charset::Unknown };
                *slot = byte.to_ascii_uppercase();
                length += 1;
            }
        }
        match &plain[..length] {
            b"" | b"ASCII" | b"USASCII" | b"ISOIR6" => Charset::Undeclared,
            b"UNICODEUTF8" | b"UTF8" | b"UNICODE" => Charset::Utf8,
            b"88591" | b"ISO88591" | b"LATIN1" | b"ISOIR100" => Charset::Latin1,
            _ => Charset::Unknown,
        }
    }
}

/// The text of a message's bytes.
///
/// Bytes that are UTF-8 with letters beyond ASCII are UTF-8, whatever MSH-18 says: text in another set practically never is.
/// Where other bytes stand beside such letters, those bytes are read as ISO-8859-1, one by one. Without such letters all is
/// ISO-8859-1.
pub fn decode_text(message: &[u8]) -> Decoded<'_> {
    let valid = std::str::from_utf8(message).ok();
    if let Some(text) = valid.filter(|text| text.is_ascii()) {
        return Decoded { text: Cow::Borrowed(text), doubt: None };
    }
    let declared = Charset::declared(message);
    let mut doubt = match declared {
        Charset::Undeclared | Charset::Utf8 | Charset::Latin1 => None,
        Charset::Unknown => Some(Doubt::Unknown),
    };
    let text = match valid {
        Some(text) if matches!(declared, Charset::Undeclared | Charset::Utf8) => Cow::Borrowed(text),
        Some(text) if is_surely_utf8(message) => {
            doubt = doubt.or(Some(Doubt::Contradicted));
            Cow::Borrowed(text)
        }
        None if is_surely_utf8(message) => {
            doubt = Some(Doubt::Mixed);
            Cow::Owned(mixed(message))
        }
        Some(_) | None => {
            doubt = if declared == Charset::Utf8 { Some(Doubt::Contradicted) } else { doubt };
            Cow::Owned(latin1(message))
        }
    };
    Decoded { text, doubt }
}

/// Whether a letter of western Europe, a dash or a quotation mark stands here in UTF-8. In ISO-8859-1 the same bytes would
/// be `Â`, `Ã` or `â` before a sign or a control character, which no text has. Other sequences of UTF-8 do occur in it: a
/// capital Ö before a hard blank is one.
fn is_surely_utf8(message: &[u8]) -> bool {
    memchr::memchr3_iter(0xC2, 0xC3, 0xE2, message)
        .any(|at| matches!(message[at..], [0xC2 | 0xC3, 0x80..=0xBF, ..] | [0xE2, 0x80 | 0x82, ..]))
}

/// UTF-8 where it is, and each other byte as ISO-8859-1.
fn mixed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|&byte| char::from(byte)));
    }
    text
}

/// ISO-8859-1: each byte is the character of that number.
pub fn latin1(bytes: &[u8]) -> String {
    let beyond_ascii = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let mut text = String::with_capacity(bytes.len() + beyond_ascii);
    // Nearly all of it is ASCII, which is the same in both and taken over in one piece.
    for piece in bytes.split_inclusive(|byte| !byte.is_ascii()) {
        let (ascii, beyond) = match piece {
            [ascii @ .., last] if !last.is_ascii() => (ascii, Some(*last)),
            ascii => (ascii, None),
        };
        text.push_str(std::str::from_utf8(ascii).expect("ASCII is UTF-8"));
        text.extend(beyond.map(char::from));
    }
    text
}

/// Text as bytes of a declared character set; what ISO-8859-1 lacks becomes `?`.
pub fn encode_text(text: &str, charset: Charset, out: &mut Vec<u8>) {
    match charset {
        Charset::Latin1 => out.extend(text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))),
        Charset::Undeclared | Charset::Utf8 | Charset::Unknown => out.extend_from_slice(text.as_bytes()),
    }
}
