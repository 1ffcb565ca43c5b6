//! Reserve numbers, for patients without a personnummer: one national numbering and the regions' own.
//!
//! Letters are canonical in upper case; a hyphen after the date is a notation, not part of the number.

use zeroize::Zeroizing;

use crate::Refusal;
use crate::canonical::Canonical;
use crate::date::days_in_month;
use crate::luhn;
use crate::system::Reserve;

/// A national reserve number (NRID), `XXYYMMDDNNGC`. `G` is a digit that says the sex as in a personnummer, or a letter where
/// it is not known. `C` is Luhn over the eleven characters before it, letters by their ASCII value.
///
/// Sources: Inera's page of the format of national reserve identities (2018); the check digit as `tbillas/SwedishIdentifier`
/// reads it, which is right for every published number that was found.
pub struct NationalReserve(Canonical);

/// A region's reserve number.
pub struct RegionalReserve {
    canonical: Canonical,
    reserve: Reserve,
}

impl NationalReserve {
    /// Reads a national reserve number.
    pub fn parse(text: &str) -> Result<NationalReserve, Refusal> {
        let characters = Characters::read(text)?;
        let text = characters.exactly(12)?;
        let letter = |byte: &u8| byte.is_ascii_uppercase() && !b"IOQVW".contains(byte);
        let sex = |byte: &u8| byte.is_ascii_digit() || letter(byte);
        let digits = text[..8].iter().chain(&text[11..]).all(u8::is_ascii_digit);
        if !digits || !text[8..10].iter().all(letter) || !sex(&text[10]) {
            return Err(Refusal::Shape);
        }
        let (shifted, month, day) = (two(text, 0), two(text, 4), two(text, 6));
        // The century is moved by a multiple of three: 22, 25 ... 97 for 19, and 23, 26 ... 98 for 20.
        let exists = match shifted {
            0 => (20..=99).contains(&month) && (40..=59).contains(&day),
            22..=98 if shifted % 3 == 1 => is_date(1900 + u16::from(two(text, 2)), month, day),
            22..=98 if shifted % 3 == 2 => is_date(2000 + u16::from(two(text, 2)), month, day),
            _ => return Err(Refusal::Shape),
        };
        if !exists {
            return Err(Refusal::Date);
        }
        if luhn::holds(text) { Ok(NationalReserve(Canonical::new(text))) } else { Err(Refusal::CheckDigit) }
    }

    /// The form to compare and to pseudonymise.
    pub const fn canonical(&self) -> &Canonical {
        &self.0
    }
}

impl RegionalReserve {
    /// Reads one that nobody calls so.
    ///
    /// Of Skåne's only the published form then: the wider one is many a system's own number, and any personnummer with a letter
    /// by mistake. Of Örebro's none that is a national reserve number but for its check digit: nine of ten mistyped national
    /// ones with a T first would be persons of Örebro. That loses none that begins with a date of 1800 to 2199, for the
    /// national ones' century is moved, and three in a thousand of those whose eight digits are any.
    pub(crate) fn recognise(text: &str, reserve: Reserve) -> Result<RegionalReserve, Refusal> {
        let number = Self::parse(text, reserve)?;
        match reserve {
            Reserve::Skane => dated(Characters::read(text)?.exactly(10)?, "AA9*")?,
            Reserve::Orebro if NationalReserve::parse(text).err() == Some(Refusal::CheckDigit) => {
                return Err(Refusal::CheckDigit);
            }
            _ => {}
        }
        Ok(number)
    }

    /// Reads a reserve number of a known numbering.
    pub fn parse(text: &str, reserve: Reserve) -> Result<RegionalReserve, Refusal> {
        let characters = Characters::read(text)?;
        let text = characters.exactly(if reserve == Reserve::Skane { 10 } else { 12 })?;
        match reserve {
            Reserve::Stockholm => stockholm(text)?,
            Reserve::VastraGotaland => vastra_gotaland(text)?,
            Reserve::Varmland => varmland(text)?,
            Reserve::Inera => inera(text)?,
            Reserve::Orebro => orebro(text)?,
            Reserve::Skane => skane(text)?,
            Reserve::Blekinge | Reserve::Sormland => dated(text, "AA9*")?,
            Reserve::Vasternorrland => dated(text, "999A")?,
            Reserve::SormlandOlder => dated(text, "A999")?,
        }
        Ok(RegionalReserve { canonical: Canonical::new(text), reserve })
    }

    /// The form to compare and to pseudonymise.
    pub const fn canonical(&self) -> &Canonical {
        &self.canonical
    }

    /// Whose numbering it is.
    pub const fn reserve(&self) -> Reserve {
        self.reserve
    }
}

/// The characters without blanks at the ends and without the hyphen after the date, upper case.
struct Characters {
    bytes: Zeroizing<[u8; 12]>,
    length: usize,
}

impl Characters {
    fn read(text: &str) -> Result<Characters, Refusal> {
        let text = text.trim_ascii().as_bytes();
        let (date, tail) = match text {
            [date @ .., b'-', a, b, c, d] => (date, [*a, *b, *c, *d]),
            [date @ .., a, b, c, d] => (date, [*a, *b, *c, *d]),
            _ => return Err(Refusal::Shape),
        };
        let length = date.len() + tail.len();
        let mut bytes = Zeroizing::new([0_u8; 12]);
        if length > bytes.len() {
            return Err(Refusal::Shape);
        }
        bytes[..date.len()].copy_from_slice(date);
        bytes[date.len()..length].copy_from_slice(&tail);
        bytes.make_ascii_uppercase();
        if !bytes[..length].iter().all(u8::is_ascii_alphanumeric) {
            return Err(Refusal::Shape);
        }
        Ok(Characters { bytes, length })
    }

    fn exactly(&self, length: usize) -> Result<&[u8], Refusal> {
        if self.length == length { Ok(&self.bytes[..length]) } else { Err(Refusal::Shape) }
    }
}

/// `99yyyyNNNNNC`, the year of issue; the check digit is over the year's last two digits and the serial. Inera's page has
/// 1980 to 2299 and an example from 1945.
fn stockholm(text: &[u8]) -> Result<(), Refusal> {
    if !text.iter().all(u8::is_ascii_digit) || !text.starts_with(b"99") {
        return Err(Refusal::Shape);
    }
    if !(18..=22).contains(&two(text, 2)) {
        return Err(Refusal::Date);
    }
    if luhn::holds(&text[4..]) { Ok(()) } else { Err(Refusal::CheckDigit) }
}

/// `yyyymmddGggC`; K, M and X count as 5, 7 and 8.
fn vastra_gotaland(text: &[u8]) -> Result<(), Refusal> {
    if !text[..8].iter().chain(&text[9..]).all(u8::is_ascii_digit) {
        return Err(Refusal::Shape);
    }
    let mut digits = Zeroizing::new([0_u8; 10]);
    digits.copy_from_slice(&text[2..]);
    digits[6] = match text[8] {
        b'K' => b'5',
        b'M' => b'7',
        b'X' => b'8',
        _ => return Err(Refusal::Shape),
    };
    if !(6..=89).contains(&two(text, 9)) {
        return Err(Refusal::Shape);
    }
    check_long_date(text)?;
    if luhn::holds(&*digits) { Ok(()) } else { Err(Refusal::CheckDigit) }
}

/// `yyyymmddSBNC`; no check digit, C is a letter other than V, or 1 to 9 in test numbers.
fn varmland(text: &[u8]) -> Result<(), Refusal> {
    let last = text[11];
    let last_fits = (last.is_ascii_uppercase() && last != b'V') || (b'1'..=b'9').contains(&last);
    if text[8] != b'S' || !b"FUXPL".contains(&text[9]) || !last_fits {
        return Err(Refusal::Shape);
    }
    dated(text, "AA9*")
}

/// `yyyymmxxNNNC`, day 32 to 59.
fn inera(text: &[u8]) -> Result<(), Refusal> {
    if !text.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Shape);
    }
    let year = u16::from(two(text, 0)) * 100 + u16::from(two(text, 2));
    let exists = (1800..2100).contains(&year) && (1..=12).contains(&two(text, 4)) && (32..=59).contains(&two(text, 6));
    if !exists {
        return Err(Refusal::Date);
    }
    if luhn::holds(&text[2..]) { Ok(()) } else { Err(Refusal::CheckDigit) }
}

/// `nnnnnnnnTxNx`: eight digits that need not be a date, x a letter or a digit; no check digit.
fn orebro(text: &[u8]) -> Result<(), Refusal> {
    let digits = text[..8].iter().all(u8::is_ascii_digit) && text[10].is_ascii_digit();
    if digits && text[8] == b'T' { Ok(()) } else { Err(Refusal::Shape) }
}

/// `yymmddxxxx`, at least one x a letter: as one vendor describes it, which no page of the region confirms.
fn skane(text: &[u8]) -> Result<(), Refusal> {
    let (_, last) = text.split_at(text.len() - 4);
    if last.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Shape);
    }
    dated(text, "****")
}

/// A date and four characters: `A` a letter, `9` a digit, `*` either.
fn dated(text: &[u8], tail: &str) -> Result<(), Refusal> {
    let (date, last) = text.split_at(text.len() - 4);
    let fits = |(byte, class): (&u8, u8)| match class {
        b'A' => byte.is_ascii_uppercase(),
        b'9' => byte.is_ascii_digit(),
        _ => byte.is_ascii_alphanumeric(),
    };
    if !date.iter().all(u8::is_ascii_digit) || !last.iter().zip(tail.bytes()).all(fits) {
        return Err(Refusal::Shape);
    }
    if date.len() == 8 {
        return check_long_date(text);
    }
    let (year, month, day) = (u16::from(two(text, 0)), two(text, 2), two(text, 4));
    let exists = is_date(1900 + year, month, day) || is_date(2000 + year, month, day);
    if exists { Ok(()) } else { Err(Refusal::Date) }
}

fn check_long_date(text: &[u8]) -> Result<(), Refusal> {
    let year = u16::from(two(text, 0)) * 100 + u16::from(two(text, 2));
    let exists = (1800..2100).contains(&year) && is_date(year, two(text, 4), two(text, 6));
    if exists { Ok(()) } else { Err(Refusal::Date) }
}

fn is_date(year: u16, month: u8, day: u8) -> bool {
    (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day)
}

fn two(text: &[u8], at: usize) -> u8 {
    (text[at] - b'0') * 10 + (text[at + 1] - b'0')
}
