//! Personal numbers in words that are the code of a text: hexadecimal and base64.

use std::ops::Range;

use zeroize::Zeroize;

use super::{Written, written};

/// Shortest word that can be the code of a number: ten digits as one hexadecimal value after `0x`, or twelve as one.
pub(super) const LENGTH_MIN: usize = 10;
/// Longer words are not looked at.
const LENGTH_MAX: usize = 64;
/// Ten digits as text, in hexadecimal.
pub(super) const HEX_MIN: usize = 20;
/// Ten digits as text, in base64 without its padding.
const BASE64_MIN: usize = 14;
/// Shortest code without any digit: base64.
pub(super) const LETTERS_MIN: usize = BASE64_MIN;
/// Hexadecimal digits of a number with its century, as one value.
pub(super) const VALUE_LENGTH: usize = 10;

/// The first word that is the code of a text with a personal number.
pub(super) fn find(text: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if (LENGTH_MIN..=LENGTH_MAX).contains(&length) && is_code(&bytes[at..at + length]) {
            return Some(at..at + length);
        }
        at += length.max(1);
    }
    None
}

fn is_code(word: &[u8]) -> bool {
    let prefixed = word.strip_prefix(b"0x").or_else(|| word.strip_prefix(b"0X"));
    let hex = prefixed.unwrap_or(word);
    if hex.iter().all(u8::is_ascii_hexdigit) {
        let is_value = match prefixed {
            Some(hex) => hex.len() <= VALUE_LENGTH,
            None => hex.len() == VALUE_LENGTH && !hex.iter().all(u8::is_ascii_digit),
        };
        if is_value && holds_value(hex) {
            return true;
        }
        if hex.len() >= HEX_MIN && hex.len().is_multiple_of(2) && holds(hex.chunks_exact(2).map(byte_of_pair)) {
            return true;
        }
    }
    word.len() >= BASE64_MIN && word.len() % 4 != 1 && holds(word.chunks(4).flat_map(bytes_of_four))
}

/// Is the value of these hexadecimal digits a personal number?
fn holds_value(hex: &[u8]) -> bool {
    let value = hex.iter().fold(0_u64, |value, digit| value << 4 | u64::from(value_of_hex(*digit)));
    let mut number = Written::default();
    let count = match value {
        1_000_000_000..10_000_000_000 => 10,
        180_000_000_000..210_000_000_000 => 12,
        _ => return false,
    };
    for place in (0..count).rev() {
        number.push((value / 10_u64.pow(place) % 10) as u8);
    }
    number.is_personal()
}

fn value_of_hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).unwrap_or(0) as u8
}

fn byte_of_pair(pair: &[u8]) -> u8 {
    pair.iter().fold(0, |byte, digit| byte << 4 | value_of_hex(*digit))
}

/// What up to four base64 characters stand for; a byte that is no text ends the look.
fn bytes_of_four(four: &[u8]) -> impl Iterator<Item = u8> + use<> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        _ => letter - b'0' + 52,
    };
    let bits = four.iter().fold(0_u32, |bits, letter| bits << 6 | u32::from(value(*letter))) << (6 * (4 - four.len()));
    let bytes = bits.to_be_bytes();
    (1..four.len().max(1)).map(move |at| bytes[at])
}

/// Are the bytes ASCII text that holds a personal number?
fn holds(bytes: impl Iterator<Item = u8>) -> bool {
    let mut text = [0; LENGTH_MAX];
    let mut length = 0;
    let mut is_text = true;
    for byte in bytes {
        is_text = matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n') && length < text.len();
        if !is_text {
            break;
        }
        text[length] = byte;
        length += 1;
    }
    let holds = is_text && std::str::from_utf8(&text[..length]).is_ok_and(|text| written(text).is_some());
    // No more than was written, for nearly every word ends at its first byte.
    text[..length].zeroize();
    holds
}
