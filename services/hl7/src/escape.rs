//! Escape sequences of a value: `\F\`, `\X41\`, `\.br\`.

use std::borrow::Cow;

use crate::delimiters::Delimiters;

/// Replaces the escape sequences of `text`. Borrows when there are none.
///
/// Highlighting (`\H\`, `\N\`) is dropped, `\.br\` is a line feed, `\X..\` are bytes read as UTF-8, else as ISO-8859-1.
/// A sequence that is unknown or never closed stays as it was sent: it may be a stray backslash of a path.
pub(crate) fn decode<'a>(text: &'a str, delimiters: &Delimiters) -> Cow<'a, str> {
    let escape = delimiters.escape;
    if escape == 0 || memchr::memchr(escape, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = memchr::memchr(escape, rest.as_bytes()) {
        decoded.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let Some(close) = memchr::memchr(escape, after.as_bytes()) else {
            decoded.push_str(&rest[open..]);
            return Cow::Owned(decoded);
        };
        if append(&after[..close], delimiters, &mut decoded) {
            rest = &after[close + 1..];
        } else {
            // Not a sequence: keep the character and look again from the next one, which may open a real sequence.
            decoded.push(escape as char);
            rest = after;
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn append(sequence: &str, delimiters: &Delimiters, out: &mut String) -> bool {
    match sequence {
        "F" => out.push(delimiters.field as char),
        "S" if delimiters.component != 0 => out.push(delimiters.component as char),
        "R" if delimiters.repetition != 0 => out.push(delimiters.repetition as char),
        "T" if delimiters.subcomponent != 0 => out.push(delimiters.subcomponent as char),
        "E" => out.push(delimiters.escape as char),
        "P" => out.push('#'),
        "H" | "N" => {}
        ".br" | ".sp" | ".ce" => out.push('\n'),
        hex if hex.starts_with('X') => return append_hex(&hex.as_bytes()[1..], out),
        _ => return false,
    }
    true
}

fn append_hex(digits: &[u8], out: &mut String) -> bool {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let value = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect();
    match std::str::from_utf8(&bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => out.extend(bytes.iter().map(|&byte| byte as char)),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, want: &str) {
        assert_eq!(decode(sent, &Delimiters::USUAL), want);
    }

    #[test]
    fn separators_are_restored() {
        check(r"a\F\b\S\c\R\d\T\e\E\f", r"a|b^c~d&e\f");
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(decode("Avdelning 5 Östra", &Delimiters::USUAL), Cow::Borrowed(_)));
    }

    #[test]
    fn line_breaks_and_hex() {
        check(r"rad ett\.br\rad tv\XE5\", "rad ett\nrad två");
        check(r"tv\XC3A5\", "två");
        check(r"\H\viktigt\N\", "viktigt");
    }

    #[test]
    fn what_is_no_sequence_stays() {
        check(r"C:\temp\x\", r"C:\temp\x\");
        check(r"slut\", r"slut\");
        check(r"\X4\", r"\X4\");
        check(r"a\b\F\c", r"a\b|c");
    }
}
