//! Finds a personal number where none should be: in a visit id, a room, a code, a file's name.
//!
//! Senders put personnummer into free fields and build visit ids from them. The rule is without language, and reads a text
//! as a person would. **A personal number is** ten digits (`YYMMDDNNNC`), or twelve with a century 18, 19 or 20 before them,
//! with a date that exists (or a day from 60 to 91 and a month from 00 to 12, as samordningsnummer have), a serial other
//! than 000, and a right check digit. What may be done to it without hiding it:
//!
//! * Digits of any script; characters that cannot be seen between them; `%2D` for `-`.
//! * Letters right before it or right after it. A longer run of digits is another number, unless all that is before
//!   twelve digits is zeros, at most twelve.
//! * Anything of up to eight characters between its parts, letters excepted. The parts are year, month, day and the last
//!   four, which stand together or as three and one. Twelve digits may be cut anywhere, and ten into single ones or
//!   pairs, where no other digits of the same text stand beside them and the last four do not read as a time of day.
//! * A whole word of 20 to 64 characters that is the text in hexadecimal, or of 14 to 64 in base64; a whole word of ten
//!   hexadecimal digits, letters among them, that is the twelve digits as one value, or one of up to ten after `0x`.
//!
//! Most texts are short and ASCII, hold fewer than ten digits and no word that could be a code, and leave after one look
//! at each byte. The rest costs at most some forty characters per run of digits.

mod encoded;

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::date::days_in_month;
use crate::luhn;
use crate::symbol::{Symbol, Symbols, same};

/// Shortest text that can hold a personal number: ten digits as one hexadecimal value have eight or nine, after `0x`.
const LENGTH_MIN: usize = 10;
/// Digits of a number with its century.
const DIGITS_MAX: usize = 12;
/// Zeros before twelve digits, at most.
const ZEROS_MAX: usize = 12;
/// Characters between two parts of a number, at most.
const BETWEEN_MAX: usize = 8;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A number that is valid as a personnummer or samordningsnummer stands in the text.
    PersonalNumber,
    /// The text is one of the message's own patient identifiers.
    OwnIdentifier,
}

/// Does `text` hold a personal number, or is it one of the patient's `own` identifiers in any notation?
pub fn guard(text: &str, own: &[&str]) -> Option<Finding> {
    if find(text).is_some() {
        return Some(Finding::PersonalNumber);
    }
    own.iter().any(|own| same(text, own)).then_some(Finding::OwnIdentifier)
}

/// The text with `…` in place of every personal number that stands in it: for names of files and such in logs.
pub fn without_numbers(text: &str) -> Cow<'_, str> {
    let Some(mut found) = find(text) else { return Cow::Borrowed(text) };
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    loop {
        shown.push_str(&rest[..found.start]);
        shown.push('…');
        rest = &rest[found.end..];
        match find(rest) {
            Some(next) => found = next,
            None => break,
        }
    }
    shown.push_str(rest);
    // What is left on both sides of a number may be one together.
    if find(&shown).is_some() { Cow::Borrowed("…") } else { Cow::Owned(shown) }
}

/// The first personal number of a text, by its bytes.
fn find(text: &str) -> Option<Range<usize>> {
    if text.len() < LENGTH_MIN || is_other_number(text.as_bytes()) {
        return None;
    }
    let (mut digits, mut foreign, mut word, mut word_max) = (0, 0, 0, 0);
    for byte in text.as_bytes() {
        digits += usize::from(byte.is_ascii_digit());
        foreign += usize::from(!byte.is_ascii());
        word = if byte.is_ascii_alphanumeric() { word + 1 } else { 0 };
        word_max = word_max.max(word);
    }
    if digits + foreign == 0 && text.len() < encoded::LETTERS_MIN {
        return None;
    }
    // A digit of another script has two bytes at least.
    let written = if digits + foreign / 2 >= 10 { written(text) } else { None };
    written.or_else(|| if word_max >= encoded::LENGTH_MIN { encoded::find(text) } else { None })
}

/// One run of digits of another length than a personal number's, as times and visit numbers are, letters before it where the
/// text is short: neither a number nor the code of one. That has letters where it is base64; where it is hexadecimal, each of
/// its ten digits begins with a 3; and as one value it is as long as a number.
fn is_other_number(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digits = &text[letters..];
    let is_no_code = if letters == 0 {
        text.len() < encoded::HEX_MIN || text.iter().filter(|digit| **digit == b'3').count() < LENGTH_MIN
    } else {
        text.len() != encoded::VALUE_LENGTH && text.len() < encoded::LETTERS_MIN
    };
    is_no_code
        && !matches!(digits.len(), 10 | 12)
        && digits.first().is_none_or(|first| *first != b'0')
        && digits.iter().all(u8::is_ascii_digit)
}

/// The first personal number that is written with digits.
fn written(text: &str) -> Option<Range<usize>> {
    let mut symbols = Symbols::of(text);
    // How many characters ago the last digit was, if neither a letter nor another text has come since.
    let mut since_digit = None;
    loop {
        let here = symbols.clone();
        match symbols.next()?.0 {
            Symbol::Digit(_) => {
                if since_digit != Some(0)
                    && let Some(found) = number_at(here, since_digit.is_some_and(|since| since <= BETWEEN_MAX))
                {
                    return Some(found);
                }
                since_digit = Some(0);
            }
            Symbol::Letter(_) => since_digit = None,
            Symbol::Between(between) if ends_text(between) => since_digit = None,
            Symbol::Between(_) => since_digit = since_digit.map(|since| since + 1),
        }
    }
}

/// The number that begins with the run of digits here. `follows` says that other digits stand close before.
fn number_at(symbols: Symbols<'_>, follows: bool) -> Option<Range<usize>> {
    let mut number = Written::default();
    let mut range: Option<Range<usize>> = None;
    let mut between = 0;
    let mut is_alone = !follows;
    for (symbol, bytes) in symbols {
        match symbol {
            Symbol::Digit(digit) => {
                if std::mem::take(&mut between) > 0 {
                    number.cut();
                }
                if !number.push(digit) {
                    // Longer than any number: what has come so far does not stand alone either.
                    is_alone = false;
                    number.count = 0;
                    break;
                }
                range = Some(range.map_or(bytes.start, |range| range.start)..bytes.end);
            }
            Symbol::Between(sign) if between < BETWEEN_MAX => {
                let fits =
                    (between == 0 && number.is_in_parts()) || (ends_text(sign) && is_alone && number.is_cut_anyhow());
                if fits && number.is_personal() {
                    return range;
                }
                between += 1;
            }
            Symbol::Between(_) | Symbol::Letter(_) => break,
        }
    }
    let fits = number.is_in_parts() || (is_alone && number.is_cut_anyhow());
    range.filter(|_| fits && number.is_personal())
}

/// What begins another text in most formats: the next component, repetition, column or line. A number may still be cut there.
fn ends_text(between: char) -> bool {
    matches!(between, '^' | '~' | '|' | '&' | ';' | '\t' | '\r' | '\n')
}

/// Digits as they stand in a text, and where it is cut.
#[derive(Default)]
struct Written {
    digits: Zeroizing<[u8; DIGITS_MAX]>,
    count: usize,
    /// Zeros that stood before them.
    zeros: usize,
    /// Bit n: something stands between the digits n - 1 and n.
    cuts: u16,
}

/// The bits of places where a number is cut.
const fn cuts(places: &[u16]) -> u16 {
    let (mut bits, mut at) = (0, 0);
    while at < places.len() {
        bits |= 1 << places[at];
        at += 1;
    }
    bits
}

const EVERY_DIGIT: u16 = cuts(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
const EVERY_PAIR: u16 = cuts(&[2, 4, 6, 8]);

impl Written {
    /// Takes one more digit; false when it would be the thirteenth, zeros before not counted.
    fn push(&mut self, digit: u8) -> bool {
        if self.count == DIGITS_MAX {
            if self.digits[0] != 0 || self.zeros == ZEROS_MAX {
                return false;
            }
            self.zeros += 1;
            self.digits.rotate_left(1);
            self.count -= 1;
            self.cuts = (self.cuts >> 1) & !1;
        }
        self.digits[self.count] = digit;
        self.count += 1;
        true
    }

    /// Something stands before the next digit.
    fn cut(&mut self) {
        self.cuts |= 1 << self.count;
    }

    /// Cut between year, month, day and the last four, or not at all.
    fn is_in_parts(&self) -> bool {
        let only = |allowed: u16, needed: u16| self.cuts & !allowed == 0 && self.cuts & needed != 0;
        match self.count {
            10 => self.cuts == 0 || only(cuts(&[2, 4, 6, 9]), cuts(&[6])),
            12 => self.cuts == 0 || only(cuts(&[2, 4, 6, 8, 11]), cuts(&[8])),
            _ => false,
        }
    }

    /// Cut otherwise, and no time of day.
    fn is_cut_anyhow(&self) -> bool {
        match self.count {
            10 if self.cuts == EVERY_PAIR => !self.ends_in_time(),
            10 => self.cuts == EVERY_DIGIT,
            12 => !(self.cuts & cuts(&[8, 9, 10, 11]) == cuts(&[8, 10]) && self.ends_in_time()),
            _ => false,
        }
    }

    fn ends_in_time(&self) -> bool {
        self.two(self.count - 4) < 24 && self.two(self.count - 2) < 60
    }

    fn is_personal(&self) -> bool {
        let number = &self.digits[self.count - 10..self.count];
        let century = if self.count == DIGITS_MAX { Some(self.two(0)) } else { None };
        number[6..9] != [0, 0, 0]
            && date_exists([&number[0..2], &number[2..4], &number[4..6]].map(|two| two[0] * 10 + two[1]), century)
            && luhn::check_digit(number[..9].iter().copied()) == number[9]
    }

    fn two(&self, at: usize) -> u8 {
        self.digits[at] * 10 + self.digits[at + 1]
    }
}

/// Is it a date, or what stands for one in a samordningsnummer? Without a century any will do.
pub(crate) fn date_exists([year, month, day]: [u8; 3], century: Option<u8>) -> bool {
    let centuries: &[u16] = match century {
        Some(18) => &[1800],
        Some(19) => &[1900],
        Some(20) => &[2000],
        Some(_) => return false,
        None => &[1900, 2000],
    };
    let plain = |century: &u16| (1..=days_in_month(century + u16::from(year), month)).contains(&day);
    (month <= 12 && (60..=91).contains(&day)) || ((1..=12).contains(&month) && centuries.iter().any(plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_identity;

    proptest! {
        #[test]
        fn another_number_is_none_when_it_is_looked_at_closely(
            index in 0..test_identity::COUNT,
            before in "[0-9A-Fa-fXx]{0,3}",
            after in "[0-9]{0,3}",
        ) {
            let nobody = test_identity::number(index);
            let value: u64 = nobody.as_str().parse().expect("digits");
            for number in [nobody.as_str(), nobody.ten_digits(), &format!("{value:x}"), &format!("{value:0>20}")] {
                let text = format!("{before}{number}{after}");
                if is_other_number(text.as_bytes()) {
                    prop_assert_eq!((written(&text), encoded::find(&text)), (None, None), "{}", text);
                }
            }
        }
    }
}
