//! What may stand in an entry: texts of a closed alphabet that do not read as a personal number, and values of a known form.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::personal::reads_as_number;

/// Longest text, in characters: legal grounds are the longest that there are.
const TEXT_MAX: usize = 300;
/// Stands for a text that may not be written.
pub const WITHHELD: &str = "withheld";

/// Why a value may not stand in an entry. The value is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// More than it may have.
    #[error("has more than {} characters", TEXT_MAX)]
    Long,
    /// A sign of no closed alphabet: control signs, invisible ones, digits of other scripts.
    #[error("has a sign that is neither a letter, a digit 0 to 9, nor a printable ASCII sign, `§` or `–`")]
    Sign,
    /// A personnummer or samordningsnummer stands in it.
    #[error("reads as a personal number; name a person by the pseudonym")]
    PersonalNumber,
    /// Not two digits.
    #[error("is no region: the two digits of its lanskod, or 00 for what belongs to none")]
    Region,
    /// Not a pseudonym.
    #[error("is no pseudonym, such as r14.v1. and 32 letters of base 32")]
    Person,
    /// Not a SHA-256.
    #[error("is no SHA-256 in 64 lower case hexadecimal digits")]
    Digest,
}

/// A text of at most 300 characters: letters, digits 0 to 9, printable ASCII signs, `§` and `–`, and no personal number in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text, where it may be written.
    ///
    /// # Errors
    /// Why it may not.
    pub fn new(text: &str) -> Result<Self, Unfit> {
        if text.trim().is_empty() {
            return Err(Unfit::Empty);
        }
        if text.chars().count() > TEXT_MAX {
            return Err(Unfit::Long);
        }
        let is_known =
            |sign: char| sign == ' ' || sign.is_ascii_graphic() || sign.is_alphabetic() || "§–".contains(sign);
        if !text.chars().all(is_known) {
            return Err(Unfit::Sign);
        }
        if reads_as_number(text) {
            return Err(Unfit::PersonalNumber);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, or [`WITHHELD`] in its place: for what a stranger has typed, whose denial has to be written all the same.
    #[must_use]
    pub fn or_withheld(text: &str) -> Self {
        Self::new(text).unwrap_or_else(|_| Self(WITHHELD.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who a program is to the log where no person is logged in: its name and the user that it runs as.
///
/// # Panics
/// When the name is none of ours.
#[must_use]
pub fn system_user(program: &str) -> Text {
    let text = format!("{program} uid {}", rustix::process::getuid().as_raw());
    Text::new(&text).expect("the name of a program and a number are a text")
}

/// A region by its länskod; `00` for what belongs to no single region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 2]);

impl Region {
    /// What belongs to no single region: a stranger's request, the whole country.
    pub const NONE: Self = Self(*b"00");

    /// From two digits.
    ///
    /// # Errors
    /// When they are none.
    pub fn new(code: &str) -> Result<Self, Unfit> {
        let code: [u8; 2] = code.as_bytes().try_into().map_err(|_| Unfit::Region)?;
        if code.iter().all(u8::is_ascii_digit) { Ok(Self(code)) } else { Err(Unfit::Region) }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [tens, ones] = self.0.map(char::from);
        write!(f, "{tens}{ones}")
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Region {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        Self::new(text)
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A person by the pseudonym of `identity` (`r14.v1.` and 160 bits in base 32); an identifier does not have this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Person(String);

impl Person {
    /// From a pseudonym.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(pseudonym: &str) -> Result<Self, Unfit> {
        let mut parts = pseudonym.split('.');
        let is_numbered = |part: Option<&str>, letter: char, digits: std::ops::RangeInclusive<usize>| {
            part.and_then(|part| part.strip_prefix(letter))
                .is_some_and(|rest| digits.contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let is_base_32 =
            |part: &str| part.len() == 32 && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        let is_one = is_numbered(parts.next(), 'r', 2..=2)
            && is_numbered(parts.next(), 'v', 1..=5)
            && parts.next().is_some_and(is_base_32)
            && parts.next().is_none();
        if is_one { Ok(Self(pseudonym.to_owned())) } else { Err(Unfit::Person) }
    }

    /// The pseudonym.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of what was disclosed, such as a parcel's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// From 64 lower case hexadecimal digits.
    ///
    /// # Errors
    /// When they are none.
    pub fn new(digits: &str) -> Result<Self, Unfit> {
        let is_one = digits.len() == 64 && HEXLOWER.decode(digits.as_bytes()).is_ok();
        if is_one { Ok(Self(digits.to_owned())) } else { Err(Unfit::Digest) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! deserialize {
    ($($name:ident)*) => { $(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $name::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    )* };
}
deserialize!(Text Region Person Digest);

#[cfg(test)]
mod tests {
    use super::{Digest, Person, Region, Text, Unfit, WITHHELD};

    #[test]
    fn a_text_is_of_a_closed_alphabet_and_holds_no_personal_number() {
        for text in ["SE2321000016-1003", "9 kap. 1 § lag (1998:543) – Åsa O'Neill", "kliniken för ögon"] {
            assert_eq!(Text::new(text).as_ref().map(Text::as_str), Ok(text));
        }
        for (text, expected) in [
            (" ", Unfit::Empty),
            ("a\nb", Unfit::Sign),
            ("a\u{200b}b", Unfit::Sign),
            ("１９１２１２１２１２１２", Unfit::Sign),
            ("patient 19121212-1212", Unfit::PersonalNumber),
            (&"a".repeat(301), Unfit::Long),
        ] {
            assert_eq!(Text::new(text), Err(expected));
            assert_eq!(Text::or_withheld(text).as_str(), WITHHELD);
            assert!(!expected.to_string().contains("1212"));
        }
    }

    #[test]
    fn a_person_is_a_pseudonym_and_never_an_identifier() {
        // In the letters that `identity` writes.
        let pseudonym = "r14.v1.mfrggzdfmztwq2lknnwg23tpobyxe43u";
        assert_eq!(Person::new(pseudonym).as_ref().map(Person::as_str), Ok(pseudonym));
        for text in
            ["191212121212", "", "r14.v1.", "r14.v1.191212121212", &pseudonym.to_uppercase(), &format!("{pseudonym}.x")]
        {
            assert_eq!(Person::new(text), Err(Unfit::Person), "{text}");
        }
    }

    #[test]
    fn regions_and_digests_have_one_form() {
        assert_eq!(Region::new("14").map(|region| region.to_string()).as_deref(), Ok("14"));
        assert_eq!([Region::new("1"), Region::new("1a"), Region::new("014")], [Err(Unfit::Region); 3]);
        assert!(Digest::new(&"0a".repeat(32)).is_ok());
        assert_eq!([Digest::new("0a"), Digest::new(&"0A".repeat(32))], [Err(Unfit::Digest), Err(Unfit::Digest)]);
    }
}
