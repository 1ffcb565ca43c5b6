//! Escape sequences of a value: `\F\`, `\X41\`, `\.br\`.

use std::borrow::Cow;

use crate::charset::latin1;
use crate::delimiters::Delimiters;

/// Replaces the escape sequences of `text`. Borrows when there are none.
///
/// Highlighting (`\H\`, `\N\`) is dropped, `\.br\` is a line feed, `\X..\` are bytes read as UTF-8, else as ISO-8859-1, else,
/// where that would leave a control character, as UTF-16 (`\X00C5\` is Å). Three digits are no bytes but a character's number
/// (`\X161\` is š): python-hl7 0.4.5 writes letters beyond ISO-8859-1 so. A sequence that is unknown, never closed or of bytes
/// that are no text stays as it was sent: it may be a stray backslash of a path.
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
    if let Some(letter) = numbered(digits) {
        out.push(letter);
        return true;
    }
    if !is_hex(digits) {
        return false;
    }
    let bytes = bytes_of(digits);
    let text = plain(&bytes).or_else(|| {
        let units = bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|text| bytes.len().is_multiple_of(2) && is_text(text) && text.chars().all(is_european))
    });
    out.push_str(text.as_deref().unwrap_or_default());
    text.is_some()
}

/// The letter whose number three digits are.
fn numbered(digits: &[u8]) -> Option<char> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.len() == 3)?;
    let number = text.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?;
    number.and_then(char::from_u32).filter(|letter| letter.is_alphabetic() && is_european(*letter))
}

fn bytes_of(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
    digits.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

/// Bytes in one of the character sets that messages have.
fn plain(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| is_text(text)).map(str::to_owned);
    text.or_else(|| Some(latin1(bytes)).filter(|text| is_text(text)))
}

/// No control characters but those that lay text out.
fn is_text(text: &str) -> bool {
    !text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r'))
}

/// Latin letters, dashes and signs: what a Swedish source may write in UTF-16. Any two bytes are some character of it.
fn is_european(letter: char) -> bool {
    matches!(letter, '\0'..='\u{24F}' | '\u{2010}'..='\u{2122}')
}

/// Whether hex digits stand here that are no bytes of text in UTF-8 or ISO-8859-1.
pub(crate) fn holds_doubtful_hex(text: &str, delimiters: &Delimiters) -> bool {
    let escape = delimiters.escape;
    escape != 0
        && memchr::memchr_iter(escape, text.as_bytes()).any(|open| {
            let after = &text[open + 1..];
            let sequence = memchr::memchr(escape, after.as_bytes()).map(|close| &after.as_bytes()[..close]);
            let is_doubtful =
                |digits: &[u8]| numbered(digits).is_some() || (is_hex(digits) && plain(&bytes_of(digits)).is_none());
            matches!(sequence, Some([b'X', digits @ ..]) if is_doubtful(digits))
        })
}

fn is_hex(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit)
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
    fn hex_never_leaves_a_control_character() {
        check(r"AVD\X00C5\", "AVDÅ");
        check(r"\X004100C5\", "AÅ");
        check(r"\X0D0A\", "\r\n");
        check(r"\X20AC\", " ¬");
        for sent in [r"a\X00\b", r"\X0B\", r"\X1C0D\", r"\X0000\", r"\X0041D800\", r"\X96\", r"\XC285\"] {
            check(sent, sent);
            assert!(holds_doubtful_hex(sent, &Delimiters::USUAL), "{sent}");
        }
        assert!(holds_doubtful_hex(r"AVD\X00C5\", &Delimiters::USUAL));
        for sent in [r"C:\X\", r"\X4\", r"AVD\F\", "AVD", r"\X41", r"\X41\", r"tv\XE5\", r"\XC3A5\", r"\X0D0A\"] {
            assert!(!holds_doubtful_hex(sent, &Delimiters::USUAL), "{sent}");
        }
    }

    #[test]
    fn three_digits_are_a_letters_number() {
        for (sent, want) in [(r"\Xe5\kesson", "åkesson"), (r"Mile\X161\", "Mileš"), (r"\X141\uk", "Łuk")] {
            check(sent, want);
        }
        assert!(
            holds_doubtful_hex(r"Mile\X161\", &Delimiters::USUAL) && !holds_doubtful_hex(r"\Xe5\", &Delimiters::USUAL)
        );
        // The numbers of no letters, or of none that a Swedish source writes.
        for sent in [r"\X00b\", r"\X1f600\", r"\X66f\", r"\X2bc\", r"\X0+1\"] {
            check(sent, sent);
        }
    }

    #[test]
    fn what_is_no_sequence_stays() {
        check(r"C:\temp\x\", r"C:\temp\x\");
        check(r"slut\", r"slut\");
        check(r"\X4\", r"\X4\");
        check(r"a\b\F\c", r"a\b|c");
    }
}
