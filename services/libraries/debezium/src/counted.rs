//! Times that a database's change tells as a count since 1970, where no schema stands around it.
//!
//! Source: Debezium's documentation of temporal types. The clock on the wall is counted as if it stood in Greenwich.

use jiff::tz::TimeZone;

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

/// Whether a text may be a count: five digits of days, or as many as milli-, micro- and nanoseconds of 2001 and later have.
pub fn is_count(text: &str) -> bool {
    matches!(text.len(), 5 | 13 | 16 | 19) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a day is told as that no calendar has: PostgreSQL's infinity and its opposite overflow to such numbers, others in the
/// snapshot than in a change. Days of 700 before our era and earlier; as a moment less than four months before 1970.
pub fn is_endless_day(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or_default();
    matches!(digits.len(), 7..=10) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Days of 2000 to 2034: no year and day of it (`%y%j`) since 2024 looks so.
const DAYS: std::ops::Range<i128> = 10_957..23_741;
/// Beyond it a database means no day: PostgreSQL's infinity is told so.
const YEAR_MAX: i16 = 2100;

/// Whether it begins with a day as people write it: such a number may be a time with more digits than we know.
fn is_written(text: &str) -> bool {
    let Some((year, month, day)) = text.get(..8).map(|day| (&day[..4], &day[4..6], &day[6..])) else { return false };
    (year.starts_with("19") || year.starts_with("20")) && ("01"..="12").contains(&month) && ("01"..="31").contains(&day)
}

/// A count as ISO 8601; nothing for one that may mean something else.
pub fn written(text: &str) -> Option<String> {
    let number: i128 = text.parse().ok()?;
    if is_written(text) || (text.len() == 5 && !DAYS.contains(&number)) {
        return None;
    }
    let unit = match text.len() {
        5 => DAY,
        13 => 1_000_000,
        16 => 1_000,
        _ => 1,
    };
    let local = jiff::Timestamp::from_nanosecond(number * unit).ok()?.to_zoned(TimeZone::UTC).datetime();
    (local.year() < YEAR_MAX).then_some(())?;
    Some(if unit == DAY { local.date().to_string() } else { local.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_from_times_as_people_write_them() {
        for (text, expected) in [
            ("20459", "2026-01-06"),
            ("1767686400250", "2026-01-06T08:00:00.25"),
            ("1767686400000000", "2026-01-06T08:00:00"),
            ("1767686400000000000", "2026-01-06T08:00:00"),
        ] {
            assert!(is_count(text), "{text}");
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "2026", "202602", "20260106", "202601060800", "20260106080000", "2026-01-06", "12.50", "-7305"]
        {
            assert!(!is_count(text), "{text}");
        }
    }
}
