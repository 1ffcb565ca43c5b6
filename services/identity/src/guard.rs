//! Finds a personal number where none should be: in a visit id, a room, a code.
//!
//! Senders put personnummer into free fields and build visit ids from them. The rule is deliberately without language: a
//! number of ten or twelve digits, with `-` or `+` or nothing before the last four, with a date (day plus 60 too) and a
//! right check digit, and with no letter or digit on either side.

use crate::date::days_in_month;
use crate::luhn;

/// Shortest text that can hold a personal number.
const LENGTH_MIN: usize = 10;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A number that is valid as a personnummer or samordningsnummer stands in the text.
    PersonalNumber,
    /// The text is one of the message's own patient identifiers.
    OwnIdentifier,
}

/// Does `text` hold a personal number, or is it one of the patient's `own` identifiers (hyphens and blanks apart)?
///
/// Most texts are short or hold no long run of digits, and leave after one look at each byte.
pub fn guard(text: &str, own: &[&str]) -> Option<Finding> {
    if text.len() >= LENGTH_MIN && holds_personal_number(text.as_bytes()) {
        return Some(Finding::PersonalNumber);
    }
    own.iter().any(|own| same(text, own)).then_some(Finding::OwnIdentifier)
}

fn holds_personal_number(text: &[u8]) -> bool {
    let mut at = 0;
    while at + LENGTH_MIN <= text.len() {
        if !text[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let digits = run(&text[at..]);
        if is_personal_number(&text[at..], digits) {
            return true;
        }
        // Go on after the whole word: a number inside one is not delimited.
        at += text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    }
    false
}

/// Does a personal number begin at the start of `text`, which has that many digits first, and end at a delimiter?
fn is_personal_number(text: &[u8], digits: usize) -> bool {
    let (date_length, tail_at) = match (digits, text.get(digits)) {
        (10 | 12, _) => (digits - 4, digits - 4),
        (6 | 8, Some(b'-' | b'+')) if run(&text[digits + 1..]) == 4 => (digits, digits + 1),
        _ => return false,
    };
    let end = tail_at + 4;
    if text.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let mut number = zeroize::Zeroizing::new([0_u8; 10]);
    number[..6].copy_from_slice(&text[date_length - 6..date_length]);
    number[6..].copy_from_slice(&text[tail_at..end]);
    let century = (date_length == 8).then(|| &text[..2]);
    date_exists(&number[..6], century) && luhn::holds(&*number)
}

/// Is it a date, day plus 60 and unknown parts included? Without a century any will do.
fn date_exists(date: &[u8], century: Option<&[u8]>) -> bool {
    let two = |at: usize| (date[at] - b'0') * 10 + (date[at + 1] - b'0');
    let (year, month, day) = (u16::from(two(0)), two(2), two(4));
    let centuries: &[u16] = match century {
        Some(b"18") => &[1800],
        Some(b"19") => &[1900],
        Some(b"20") => &[2000],
        Some(_) => return false,
        None => &[1900, 2000],
    };
    centuries.iter().any(|century| {
        let days = days_in_month(century + year, month);
        let plain = (1..=12).contains(&month) && (1..=days).contains(&day);
        plain || (month <= 12 && (60..=60 + days).contains(&day))
    })
}

fn run(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Equal but for hyphens, plus signs and blanks; letters in either case.
fn same(text: &str, own: &str) -> bool {
    let mut characters = kept(text).peekable();
    characters.peek().is_some() && characters.eq(kept(own))
}

fn kept(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().filter(|byte| !matches!(byte, b'-' | b'+' | b' ')).map(|byte| byte.to_ascii_uppercase())
}
