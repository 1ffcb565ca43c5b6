//! The month or year that figures are of.

use std::fmt;
use std::str::FromStr;

use board::format;
use board::language::Language;
use jiff::civil;
use schemas::Timestamp;

/// A closed period. Years sort before their months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: i16,
    /// 1 to 12, or 0 for a whole year.
    month: i8,
}

/// The text names no month and no year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is a month such as 2026-02 or a year such as 2026")]
pub struct Unreadable;

impl Period {
    /// A month; `None` when there is no such month.
    pub(crate) fn month(year: i16, month: i8) -> Option<Self> {
        ((1900..=2200).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month of an instant, by Swedish clocks: it is not closed yet.
    pub(crate) fn running(at: Timestamp) -> Self {
        let day = format::local(at).date();
        Self { year: day.year(), month: day.month() }
    }

    /// Whether it is a month.
    pub const fn is_month(self) -> bool {
        self.month > 0
    }

    /// The period of the same length so many before it.
    #[must_use]
    pub fn back(self, count: u16) -> Self {
        let count = i32::from(count);
        if !self.is_month() {
            return Self { year: (i32::from(self.year) - count) as i16, month: 0 };
        }
        let months = i32::from(self.year) * 12 + i32::from(self.month) - 1 - count;
        Self { year: months.div_euclid(12) as i16, month: (months.rem_euclid(12) + 1) as i8 }
    }

    /// So many periods that end with it, oldest first.
    pub(crate) fn ending(self, count: u16) -> Vec<Self> {
        (0..count).rev().map(|back| self.back(back)).collect()
    }

    /// The year it lies in.
    #[must_use]
    pub const fn year(self) -> Self {
        Self { year: self.year, month: 0 }
    }

    /// Its last day.
    pub(crate) fn last_day(self) -> civil::Date {
        let month = if self.is_month() { self.month } else { 12 };
        civil::date(self.year, month, 1).last_of_month()
    }

    /// `februari 2026`, or `2026`.
    pub(crate) fn text(self, language: Language) -> String {
        match usize::try_from(self.month - 1) {
            Ok(month) => format!("{} {}", format::month_name(language, month), self.year),
            Err(_) => self.year.to_string(),
        }
    }

    /// `feb 26` on axes, or `2026`.
    pub(crate) fn short(self, language: Language) -> String {
        match usize::try_from(self.month - 1) {
            Ok(month) => {
                let name: String = format::month_name(language, month).chars().take(3).collect();
                format!("{name} {:02}", self.year.rem_euclid(100))
            }
            Err(_) => self.year.to_string(),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_month() { write!(f, "{:04}-{:02}", self.year, self.month) } else { write!(f, "{:04}", self.year) }
    }
}

impl FromStr for Period {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month) = text.split_once('-').map_or((text, None), |(year, month)| (year, Some(month)));
        if !digits(year, 4) || month.is_some_and(|month| !digits(month, 2)) {
            return Err(Unreadable);
        }
        let year: i16 = year.parse().map_err(|_| Unreadable)?;
        match month {
            None if (1900..=2200).contains(&year) => Ok(Self { year, month: 0 }),
            None => Err(Unreadable),
            Some(month) => Self::month(year, month.parse().map_err(|_| Unreadable)?).ok_or(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_read_as_it_is_written_and_counts_back_over_new_year() {
        let period: Period = "2026-02".parse().unwrap();
        assert_eq!((period.to_string(), period.back(2).to_string()), ("2026-02".into(), "2025-12".into()));
        assert_eq!(period.ending(13).first().map(ToString::to_string), Some("2025-02".into()));
        assert_eq!("2026".parse::<Period>().unwrap().back(1).to_string(), "2025");
        assert_eq!(period.text(Language::Sv), "februari 2026");
        assert_eq!((period.short(Language::En), period.year().short(Language::En)), ("Feb 26".into(), "2026".into()));
    }

    #[test]
    fn a_month_runs_by_swedish_clocks() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
        assert_eq!(Period::running(at("2026-10-31T22:59:59Z")).to_string(), "2026-10");
        assert_eq!(Period::running(at("2026-10-31T23:00:00Z")).to_string(), "2026-11");
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in ["", "2026-13", "2026-00", "26-01", "2026-1", "2026-01-01", "0000", "2026-0x", "+026"] {
            assert_eq!(text.parse::<Period>(), Err(Unreadable), "{text}");
        }
    }
}
