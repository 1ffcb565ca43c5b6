//! What one extract covers: a month or a year.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::waiting_times::Month;

/// A month, written `2026-02`, or a year, written `2025`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A calendar month.
    Month(Month),
    /// A calendar year of four digits.
    Year(u16),
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeriodKind {
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// A text that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a period; write year and month, for example 2026-02, or a year, for example 2025")]
pub struct NotAPeriod {
    text: String,
}

impl Period {
    /// Which of the two it is.
    pub fn kind(self) -> PeriodKind {
        match self {
            Period::Month(_) => PeriodKind::Month,
            Period::Year(_) => PeriodKind::Year,
        }
    }
}

impl fmt::Display for PeriodKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            PeriodKind::Month => "a month, for example 2026-02",
            PeriodKind::Year => "a year, for example 2025",
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Month(month) => month.fmt(formatter),
            Period::Year(year) => write!(formatter, "{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Period, NotAPeriod> {
        let is_year = text.len() == 4 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let period = if is_year { text.parse().ok().map(Period::Year) } else { text.parse().ok().map(Period::Month) };
        period.ok_or_else(|| NotAPeriod { text: text.to_owned() })
    }
}

/// A period as its text.
impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_years_have_one_spelling() {
        for text in ["2026-02", "2025"] {
            assert_eq!(text.parse::<Period>().map(|period| period.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "25", "0999", "2026-2", "2026-13", "20266", "+202"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
