//! A text as a person reads it: digits of any script, letters, and what stands between them.

use std::ops::Range;

/// Where the decimal digits of each script begin; each has ten in a row (Unicode's category Nd, without ASCII), sorted.
const ZEROS: [u32; 72] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0,
    0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x11730, 0x118E0, 0x11950, 0x11BF0,
    0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// Raised, lowered and ringed digits: the first of a row, the last, and the first one's value.
const ROWS: [(char, char, u8); 12] = [
    ('\u{b2}', '\u{b3}', 2),
    ('\u{b9}', '\u{b9}', 1),
    ('\u{2070}', '\u{2070}', 0),
    ('\u{2074}', '\u{2079}', 4),
    ('\u{2080}', '\u{2089}', 0),
    ('\u{2460}', '\u{2468}', 1),
    ('\u{24ea}', '\u{24ea}', 0),
    ('\u{24f5}', '\u{24fd}', 1),
    ('\u{24ff}', '\u{24ff}', 0),
    ('\u{2776}', '\u{277e}', 1),
    ('\u{2780}', '\u{2788}', 1),
    ('\u{278a}', '\u{2792}', 1),
];

/// What one character is to a person who looks for a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// A digit of any script, by its value.
    Digit(u8),
    /// A letter, and all else that is neither digit nor separator.
    Letter(char),
    /// What stands between: blanks, signs, punctuation.
    Between(char),
}

/// The symbols of a text with the bytes that each takes. What cannot be seen is left out; `%2D` is what it stands for.
#[derive(Clone)]
pub(crate) struct Symbols<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Symbols<'t> {
    pub(crate) fn of(text: &'t str) -> Symbols<'t> {
        Symbols { text, at: 0 }
    }
}

impl Iterator for Symbols<'_> {
    type Item = (Symbol, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at;
            let byte = *self.text.as_bytes().get(start)?;
            let symbol = match byte {
                b'0'..=b'9' => Some(Symbol::Digit(byte - b'0')),
                b'A'..=b'Z' | b'a'..=b'z' => Some(Symbol::Letter(char::from(byte))),
                b'%' if let Some(code) = escaped(&self.text.as_bytes()[start + 1..]) => {
                    self.at += 2;
                    symbol(code)
                }
                ..0x80 => Some(Symbol::Between(char::from(byte))),
                _ => {
                    let letter = self.text[start..].chars().next()?;
                    self.at += letter.len_utf8() - 1;
                    symbol(letter)
                }
            };
            self.at += 1;
            if let Some(symbol) = symbol {
                return Some((symbol, start..self.at));
            }
        }
    }
}

/// The ASCII character that two hexadecimal digits stand for.
fn escaped(digits: &[u8]) -> Option<char> {
    let value = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    let code = value(0)? * 16 + value(1)?;
    char::from_u32(code).filter(char::is_ascii)
}

/// What a character is; `None` for one that cannot be seen.
fn symbol(letter: char) -> Option<Symbol> {
    if let Some(digit) = digit(letter) {
        return Some(Symbol::Digit(digit));
    }
    match letter {
        // Soft hyphen, marks on the character before, joiners, directions, variants, byte order.
        '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' => None,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20f0}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}' => None,
        letter if letter.is_alphanumeric() => Some(Symbol::Letter(letter)),
        between => Some(Symbol::Between(between)),
    }
}

fn digit(letter: char) -> Option<u8> {
    if let Some(digit) = letter.to_digit(10) {
        return Some(digit as u8);
    }
    let code = u32::from(letter);
    let script = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1).map(|at| code - ZEROS[at]);
    if let Some(value) = script.filter(|value| *value < 10) {
        return Some(value as u8);
    }
    let row = ROWS.iter().find(|(first, last, _)| (*first..=*last).contains(&letter))?;
    Some((code - u32::from(row.0)) as u8 + row.2)
}

/// The digits and letters of a text, in the form that all notations share.
pub(crate) fn kept(text: &str) -> impl Iterator<Item = char> + Clone + '_ {
    Symbols::of(text).filter_map(|(symbol, _)| match symbol {
        Symbol::Digit(digit) => Some(char::from(b'0' + digit)),
        Symbol::Letter(letter) => Some(fold(letter)),
        Symbol::Between(_) => None,
    })
}

/// A letter as comparisons see it: upper case.
fn fold(letter: char) -> char {
    if letter.is_ascii() { letter.to_ascii_uppercase() } else { letter.to_uppercase().next().unwrap_or(letter) }
}

/// Are they one number: equal but for what stands between the characters, for the case of letters and for the script of
/// the digits, and ten characters equal to the last ten of twelve? Texts of which nothing is kept are no number.
#[inline]
pub(crate) fn same(text: &str, other: &str) -> bool {
    // Most pairs differ in their last byte, which costs nothing to see.
    let differ = match (text.as_bytes(), other.as_bytes()) {
        ([.., one], [.., two]) => {
            one.is_ascii_alphanumeric() && two.is_ascii_alphanumeric() && !one.eq_ignore_ascii_case(two)
        }
        _ => false,
    };
    !differ && is_one_number(text, other)
}

fn is_one_number(text: &str, other: &str) -> bool {
    if let (Some(one), Some(two)) = (last(text), last(other))
        && one != two
    {
        return false;
    }
    let (length, other_length) = (kept(text).count(), kept(other).count());
    match (length, other_length) {
        (0, _) | (_, 0) => false,
        (10, 12) => without_century(other).is_some_and(|ten| ten.eq(kept(text))),
        (12, 10) => without_century(text).is_some_and(|ten| ten.eq(kept(other))),
        _ => length == other_length && kept(text).eq(kept(other)),
    }
}

/// The last character that counts, where it is ASCII.
fn last(text: &str) -> Option<u8> {
    let last = text.bytes().rfind(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())?;
    last.is_ascii().then(|| last.to_ascii_uppercase())
}

fn without_century(text: &str) -> Option<impl Iterator<Item = char> + '_> {
    let mut all = kept(text);
    let century = [all.next()?, all.next()?];
    matches!(century, ['1', '8' | '9'] | ['2', '0']).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let shown = |(symbol, _)| match symbol {
            Symbol::Digit(digit) => char::from(b'0' + digit),
            Symbol::Letter(letter) => letter,
            Symbol::Between(_) => '.',
        };
        Symbols::of(text).map(shown).collect()
    }

    #[test]
    fn digits_of_every_script_are_digits() {
        assert!(ZEROS.is_sorted());
        for zero in ZEROS {
            for value in 0..10 {
                let letter = char::from_u32(zero + value).expect("a character");
                assert_eq!(read(&letter.to_string()), value.to_string(), "{zero:X}");
            }
        }
        assert_eq!(read("²³¹⁰⁴₀₉①⑨⓪❶➈"), "231040919019");
        assert_eq!(read("½Ⅷ"), "½Ⅷ");
    }

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        assert_eq!(read("9\u{200b}0\u{ad}1\u{feff}\u{fe0f}\u{20e3}0"), "9010");
        assert_eq!(read("90\u{a0}1\u{2013}2"), "90.1.2");
        assert_eq!(read("90%2d1%202%zz%"), "90.1.2.zz.");
        assert_eq!(read("Åä%C3"), "Åä.C3");
    }

    #[test]
    fn one_number_in_two_notations() {
        for (one, other) in [
            ("900101 2385", "199001012385"),
            ("19900101-2385", "9001012385"),
            ("mrn/7", "MRN-7"),
            ("å7", "Å 7"),
            ("٩001", "9-001"),
            ("900101T220", "19900101-t220"),
        ] {
            assert!(same(one, other) && same(other, one), "{one} {other}");
        }
        for (one, other) in
            [("", ""), ("-", "+"), ("MRN-70", "MRN-7"), ("219001012385", "9001012385"), ("12345", "2345")]
        {
            assert!(!same(one, other) && !same(other, one), "{one} {other}");
        }
    }
}
