//! Identities that can belong to nobody, for tests, the demo and the scan that looks for leaks.
//!
//! The rule: births from 1970 on take a personnummer with serial 238 or 239; earlier births take a samordningsnummer (day
//! plus 60) with serial 238 or 239; both with a correct check digit. These are the serials of the Tax Agency's published
//! test numbers. Reserve numbers are of people born in the 2090s, whom nobody has registered yet.
//!
//! Nothing else may be used: a random number with a right check digit may be somebody's.

use std::fmt;

use crate::date::{Date, Sex};
use crate::identifier::Kind;
use crate::luhn;
use crate::system::Reserve;

/// 1930-01-01, the first birth, in days from 1970-01-01.
const BIRTH_FIRST: i64 = -14_610;
/// 2026-01-01, the day after the last birth.
const BIRTH_END: i64 = 20_454;
const SERIALS: [&[u8; 3]; 2] = [b"238", b"239"];

/// How many test identities there are; greater indices start again.
pub const COUNT: u64 = (BIRTH_END - BIRTH_FIRST) as u64 * SERIALS.len() as u64;

/// Strides over the days so that neighbours in index differ in age. Has no divisor in common with [`COUNT`], so each
/// identity occurs once.
const STRIDE: u64 = 43_349;

/// A number that belongs to nobody; unlike a real one it may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TestIdentity {
    characters: [u8; 12],
    birth: Date,
}

/// The test identity of an index. The same index always gives the same one.
pub fn number(index: u64) -> TestIdentity {
    let slot = index % COUNT * STRIDE % COUNT;
    let day = BIRTH_FIRST + (slot / 2) as i64;
    let birth = Date::of_epoch_day(day);
    let mut characters = [0_u8; 12];
    write_number(&mut characters[..4], birth.year());
    write_number(&mut characters[4..6], u16::from(birth.month()));
    let shift = if day < 0 { 60 } else { 0 };
    write_number(&mut characters[6..8], u16::from(birth.day()) + shift);
    characters[8..11].copy_from_slice(SERIALS[(slot % 2) as usize]);
    characters[11] = check_digit(&characters[2..11]);
    TestIdentity { characters, birth }
}

/// A reserve number of a numbering with a check digit, of a birth in the 2090s; `None` for numberings without one.
pub fn reserve(reserve: Reserve, index: u64) -> Option<String> {
    let birth = Date::of_epoch_day(43_830 + (index % 3_652) as i64);
    match reserve {
        Reserve::VastraGotaland => {
            let group = 6 + index / 3_652 % 74;
            let mut digits = *b"000000700 ";
            write_number(&mut digits[..2], birth.year() % 100);
            write_number(&mut digits[2..4], u16::from(birth.month()));
            write_number(&mut digits[4..6], u16::from(birth.day()));
            write_number(&mut digits[7..9], group as u16);
            let check = check_digit(&digits[..9]) as char;
            Some(format!("{:04}{:02}{:02}M{group:02}{check}", birth.year(), birth.month(), birth.day()))
        }
        Reserve::Stockholm => {
            let serial = index % 100_000;
            let year = 2090 + index / 100_000 % 10;
            let digits = format!("{:02}{serial:05}", year % 100);
            let check = check_digit(digits.as_bytes()) as char;
            Some(format!("99{year:04}{serial:05}{check}"))
        }
        _ => None,
    }
}

impl TestIdentity {
    /// Twelve characters, the canonical form.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.characters).expect("a test identity is built from digits only")
    }

    /// `YYYYMMDD-NNNC`.
    pub fn hyphenated(&self) -> String {
        let text = self.as_str();
        format!("{}-{}", &text[..8], &text[8..])
    }

    /// `YYMMDDNNNC`.
    pub fn ten_digits(&self) -> &str {
        &self.as_str()[2..]
    }

    /// `YYMMDD-NNNC`, or with `+` from the year of the 100th birthday.
    pub fn short(&self, reference: Date) -> String {
        let separator = if reference.year().saturating_sub(self.birth.year()) >= 100 { '+' } else { '-' };
        let text = self.ten_digits();
        format!("{}{separator}{}", &text[..6], &text[6..])
    }

    /// The birth date.
    pub const fn birth(&self) -> Date {
        self.birth
    }

    /// The legal sex that the serial says.
    pub const fn sex(&self) -> Sex {
        Sex::of_serial(self.characters[10] - b'0')
    }

    /// Personnummer or samordningsnummer.
    pub const fn kind(&self) -> Kind {
        if self.birth.year() >= 1970 { Kind::Personnummer } else { Kind::Samordningsnummer }
    }
}

impl fmt::Display for TestIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn write_number(digits: &mut [u8], value: u16) {
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

fn check_digit(digits: &[u8]) -> u8 {
    b'0' + luhn::check_digit(digits.iter().map(|digit| digit - b'0'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{Personnummer, RegionalReserve, Samordningsnummer};

    #[test]
    fn every_one_is_valid_and_by_the_rule() {
        let reference = Date::new(2026, 1, 5).unwrap();
        let mut seen = HashSet::new();
        for index in 0..COUNT {
            let identity = number(index);
            assert!(seen.insert(identity.characters));
            assert!(["238", "239"].contains(&&identity.as_str()[8..11]));
            match identity.kind() {
                Kind::Personnummer => assert!(Personnummer::parse(identity.as_str(), reference).is_ok()),
                _ => assert!(Samordningsnummer::parse(identity.as_str(), reference).is_ok()),
            }
        }
        assert_eq!(number(COUNT), number(0));
    }

    #[test]
    fn reserve_numbers_are_valid_and_of_the_future() {
        for known in [Reserve::VastraGotaland, Reserve::Stockholm] {
            let mut seen = HashSet::new();
            for index in 0..5_000 {
                let text = reserve(known, index).unwrap();
                assert!(RegionalReserve::parse(&text, known).is_ok());
                assert!(text[..6].contains("209"));
                assert!(seen.insert(text));
            }
        }
        assert_eq!(reserve(Reserve::Orebro, 0), None);
    }
}
