//! Numbers that the Tax Agency gives: personnummer and samordningsnummer; and the interim numbers that look like them.
//!
//! Accepted notations are `YYYYMMDDNNNC`, `YYYYMMDD-NNNC`, `YYMMDDNNNC`, `YYMMDD-NNNC` and `YYMMDD+NNNC`, blanks at both
//! ends taken off. Digits are ASCII: look-alikes from other scripts are refused. `+` stands for `-` from the year in which
//! the person turns 100.

use zeroize::Zeroizing;

use crate::Refusal;
use crate::canonical::Canonical;
use crate::date::{Birth, Date, Sex, days_in_month};
use crate::luhn;

/// Characters of the canonical form.
const LENGTH: usize = 12;
/// Added to the day in a samordningsnummer.
const DAY_SHIFT: u8 = 60;
/// The last day of a samordningsnummer. The Tax Agency gives days that do not exist too, such as 31 February plus 60.
const SHIFTED_DAY_MAX: u8 = DAY_SHIFT + 31;
/// Letters that stand for the first digit of an interim number's serial.
const INTERIM_LETTERS: &[u8] = b"TRSUWXJKLMN";

/// A personnummer, whatever its notation was. It cannot be printed, copied or serialised:
///
/// ```compile_fail
/// fn leak(number: identity::Personnummer) { println!("{number}"); }
/// ```
/// ```compile_fail
/// fn leak(number: identity::Personnummer) { println!("{number:?}"); }
/// ```
/// ```compile_fail
/// fn leak(number: identity::Personnummer) -> String { number.to_string() }
/// ```
pub struct Personnummer(Canonical);

/// A samordningsnummer: day plus 60; month 00 or day 60 where the birth date is not known, or a day that its month does
/// not have.
pub struct Samordningsnummer(Canonical);

/// An interim number (T-number) of a care provider: a letter stands for the first digit of the serial.
pub struct Interim(Canonical);

impl Personnummer {
    /// Reads any notation. `reference` is the date of the event, which decides the century of a short form.
    pub fn parse(text: &str, reference: Date) -> Result<Personnummer, Refusal> {
        let number = Number::read(text, reference)?;
        if number.serial_letter().is_some() {
            return Err(Refusal::Shape);
        }
        number.check_date(Day::Plain)?;
        number.check_digit()?;
        Ok(Personnummer(Canonical::new(&*number.characters)))
    }

    /// The form to compare and to pseudonymise.
    pub const fn canonical(&self) -> &Canonical {
        &self.0
    }

    /// The birth date in the number.
    pub fn birth(&self) -> Birth {
        birth(&self.0, 0)
    }

    /// The legal sex in the number.
    pub fn sex(&self) -> Sex {
        sex(&self.0)
    }
}

impl Samordningsnummer {
    /// Reads any notation. `reference` is the date of the event, which decides the century of a short form.
    pub fn parse(text: &str, reference: Date) -> Result<Samordningsnummer, Refusal> {
        let number = Number::read(text, reference)?;
        if number.serial_letter().is_some() {
            return Err(Refusal::Shape);
        }
        number.check_date(Day::Shifted)?;
        number.check_digit()?;
        Ok(Samordningsnummer(Canonical::new(&*number.characters)))
    }

    /// The form to compare and to pseudonymise.
    pub const fn canonical(&self) -> &Canonical {
        &self.0
    }

    /// What is known of the birth date; no day where the month does not have it.
    pub fn birth(&self) -> Birth {
        birth(&self.0, DAY_SHIFT)
    }

    /// The sex in the number.
    pub fn sex(&self) -> Sex {
        sex(&self.0)
    }
}

impl Interim {
    /// Reads any notation. Call it only for a region that uses interim numbers.
    pub fn parse(text: &str, reference: Date) -> Result<Interim, Refusal> {
        let number = Number::read(text, reference)?;
        if number.serial_letter().is_none() {
            return Err(Refusal::Shape);
        }
        number.check_date(Day::Plain)?;
        number.check_digit()?;
        Ok(Interim(Canonical::new(&*number.characters)))
    }

    /// The form to compare and to pseudonymise.
    pub const fn canonical(&self) -> &Canonical {
        &self.0
    }

    /// The birth date in the number.
    pub fn birth(&self) -> Birth {
        birth(&self.0, 0)
    }

    /// The sex in the number.
    pub fn sex(&self) -> Sex {
        sex(&self.0)
    }
}

/// How the day is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Day {
    Plain,
    /// Plus 60, and parts may be unknown or not exist.
    Shifted,
}

/// Twelve characters of the right classes: digits, but the ninth may be an interim letter.
struct Number {
    characters: Zeroizing<[u8; LENGTH]>,
}

impl Number {
    fn read(text: &str, reference: Date) -> Result<Number, Refusal> {
        let text = text.trim_ascii().as_bytes();
        let (date, plus, tail) = match text.len() {
            10 => (&text[..6], false, &text[6..]),
            11 => (&text[..6], separator(text[6])?, &text[7..]),
            12 => (&text[..8], false, &text[8..]),
            13 => (&text[..8], separator(text[8])?, &text[9..]),
            _ => return Err(Refusal::Shape),
        };
        let serial = tail[0].is_ascii_digit() || INTERIM_LETTERS.contains(&tail[0].to_ascii_uppercase());
        if !(serial && date.iter().all(u8::is_ascii_digit) && tail[1..].iter().all(u8::is_ascii_digit)) {
            return Err(Refusal::Shape);
        }
        let mut characters = Zeroizing::new([0_u8; LENGTH]);
        characters[LENGTH - 4..].copy_from_slice(tail);
        characters.make_ascii_uppercase();
        characters[8 - date.len()..8].copy_from_slice(date);
        let mut number = Number { characters };
        if date.len() == 6 {
            let century = number.century(plus, reference).to_be_bytes();
            number.characters[0] = b'0' + century[1] / 10;
            number.characters[1] = b'0' + century[1] % 10;
        }
        Ok(number)
    }

    /// The century of a short form: the latest in which the person was born by `reference` and, with `+`, turns 100 at
    /// the latest in its year.
    fn century(&self, plus: bool, reference: Date) -> u16 {
        let year_of_century = u16::from(self.two(2));
        let latest = |year: u16| year - (year + 100 - year_of_century) % 100;
        if plus {
            return latest(reference.year().saturating_sub(100).max(100)) / 100;
        }
        let year = latest(reference.year().max(100));
        let born = (year, self.two(4), self.two(6) % DAY_SHIFT);
        let later = born > (reference.year(), reference.month(), reference.day());
        (if later { year.saturating_sub(100) } else { year }) / 100
    }

    fn check_date(&self, day_form: Day) -> Result<(), Refusal> {
        let year = u16::from(self.two(0)) * 100 + u16::from(self.two(2));
        let (month, day) = (self.two(4), self.two(6));
        let exists = match day_form {
            Day::Plain => (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day),
            Day::Shifted => month <= 12 && (DAY_SHIFT..=SHIFTED_DAY_MAX).contains(&day),
        };
        if exists && (1800..2100).contains(&year) { Ok(()) } else { Err(Refusal::Date) }
    }

    fn check_digit(&self) -> Result<(), Refusal> {
        // An interim letter counts as 1.
        let value = |&character: &u8| if character.is_ascii_digit() { character - b'0' } else { 1 };
        let (last, others) = (self.characters[LENGTH - 1], &self.characters[2..LENGTH - 1]);
        // The Tax Agency gives no serial 000.
        let holds = self.characters[8..11] != *b"000" && luhn::check_digit(others.iter().map(value)) == value(&last);
        if holds { Ok(()) } else { Err(Refusal::CheckDigit) }
    }

    fn serial_letter(&self) -> Option<u8> {
        Some(self.characters[8]).filter(u8::is_ascii_uppercase)
    }

    /// The two digits at a place.
    fn two(&self, at: usize) -> u8 {
        (self.characters[at] - b'0') * 10 + (self.characters[at + 1] - b'0')
    }
}

/// True for `+`, which says a hundred years or more.
fn separator(byte: u8) -> Result<bool, Refusal> {
    match byte {
        b'-' => Ok(false),
        b'+' => Ok(true),
        _ => Err(Refusal::Shape),
    }
}

/// The birth date of a checked canonical number.
fn birth(canonical: &Canonical, day_shift: u8) -> Birth {
    let two = |at: usize| (canonical.bytes()[at] - b'0') * 10 + (canonical.bytes()[at + 1] - b'0');
    let known = |part: u8| (part != 0).then_some(part);
    let year = u16::from(two(0)) * 100 + u16::from(two(2));
    let (month, day) = (two(4), two(6) - day_shift);
    Birth { year, month: known(month), day: known(day).filter(|day| *day <= days_in_month(year, month)) }
}

fn sex(canonical: &Canonical) -> Sex {
    Sex::of_serial(canonical.bytes()[10] - b'0')
}
