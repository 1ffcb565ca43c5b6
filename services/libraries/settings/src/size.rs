use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// An amount of memory or content written with its unit: `"64 MiB"`, `"512 KiB"`, `"100 B"`. A bare number is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub const fn bytes(count: u64) -> Self {
        Self(count)
    }

    /// So many kibibytes.
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    /// So many mebibytes.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// The count of bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (digits, unit) = UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
        let count: u64 = digits.trim().parse().ok()?;
        count.checked_mul(*unit).map(Self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size with its unit, for example \"64 MiB\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                Size::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn a_size_needs_its_unit() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(Size::parse(text).map(Size::as_bytes), expected);
        check("64 MiB", Some(64 << 20));
        check("1GiB", Some(1 << 30));
        check("100 B", Some(100));
        check("100", None);
        check("64 MB", None);
        check("-1 B", None);
        check("99999999999999999999 GiB", None);
    }
}
