//! The 21 regions, by länskod.

use std::{fmt, str::FromStr};

use schemas::region_code;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A region of Sweden; can only be one of the 21.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(
    /// Index into [`region_code::ALL`].
    u8,
);

/// A text that is no region's länskod.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a lanskod; use one of {}", region_code::ALL.join(", "))]
pub struct NotARegion {
    text: String,
}

/// The regions' own names, in the order of [`region_code::ALL`].
const NAMES: [&str; Region::COUNT] = [
    "Region Stockholm",
    "Region Uppsala",
    "Region Sörmland",
    "Region Östergötland",
    "Region Jönköpings län",
    "Region Kronoberg",
    "Region Kalmar län",
    "Region Gotland",
    "Region Blekinge",
    "Region Skåne",
    "Region Halland",
    "Västra Götalandsregionen",
    "Region Värmland",
    "Region Örebro län",
    "Region Västmanland",
    "Region Dalarna",
    "Region Gävleborg",
    "Region Västernorrland",
    "Region Jämtland Härjedalen",
    "Region Västerbotten",
    "Region Norrbotten",
];

impl Region {
    /// How many there are.
    pub const COUNT: usize = region_code::ALL.len();

    /// Every region, by länskod.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..Self::COUNT).map(|index| Self(index as u8))
    }

    /// The länskod, two digits.
    pub fn code(self) -> &'static str {
        region_code::ALL[self.index()]
    }

    /// The region's own name, for example `Region Skåne`.
    pub fn name(self) -> &'static str {
        NAMES[self.index()]
    }

    /// The name without the word region, for lists and maps: `Skåne`, `Västra Götaland`.
    pub fn short_name(self) -> &'static str {
        let name = self.name();
        name.strip_prefix("Region ").or_else(|| name.strip_suffix("sregionen")).unwrap_or(name)
    }

    /// Place among the regions ordered by länskod, from 0; for tables with a row per region.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        Self::all().find(|region| region.code() == text).ok_or_else(|| NotARegion { text: text.to_owned() })
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Region;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a lanskod as text, for example \"14\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Region, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
