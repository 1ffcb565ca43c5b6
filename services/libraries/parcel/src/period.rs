//! What one extract covers: a month or a year.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
pub use schemas::PeriodKind;
use schemas::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::month::Month;

/// A month, written `2026-02`, or a year, written `2025`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A calendar month.
    Month(Month),
    /// A calendar year of four digits.
    Year(u16),
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

    /// The month that it is.
    ///
    /// # Panics
    /// When it is a year: definitions of months were checked, and so was the command.
    pub fn month(self) -> Month {
        match self {
            Period::Month(month) => month,
            Period::Year(_) => unreachable!("the extract is of months: the order was checked"),
        }
    }

    /// Its first instant and that of the next period, by Swedish clocks.
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        let first = match self {
            Period::Month(month) => month.first_day(),
            Period::Year(year) => Date::constant(i16::try_from(year).expect("a year has four digits"), 1, 1),
        };
        let last = match self {
            Period::Month(month) => month.last_day(),
            Period::Year(_) => first.last_of_year(),
        };
        (Timestamp(swedish_time::day_begin(first)), Timestamp(swedish_time::day_end(last)))
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
    fn periods_begin_and_end_at_swedish_midnight() {
        let check = |period: &str, from: &str, to: &str| {
            let found: Period = period.parse().unwrap();
            let instant = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
            assert_eq!(found.bounds(), (instant(from), instant(to)), "{period}");
        };
        check("2026-02", "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z");
        check("2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
        check("2025", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z");
    }

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
