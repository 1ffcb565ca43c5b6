//! From a cell's text to a field's value. Pure; what cannot be read is `None`.

use std::borrow::Cow;

use hl7::time::Stockholm;
use jiff::civil;
use jiff::tz::TimeZone;
use schemas::Timestamp;

/// ISO 8601 with or without offset, a date, or an HL7 time stamp; without an offset it is Swedish wall-clock time. `formats`
/// are the package's own, in strftime's language, tried first.
pub(super) fn time(text: &str, formats: &[String], stockholm: &mut Stockholm) -> Option<Timestamp> {
    for format in formats {
        let Ok(broken) = jiff::fmt::strtime::parse(format, text) else { continue };
        let local = broken.to_datetime().or_else(|_| broken.to_date().map(|date| date.at(0, 0, 0, 0))).ok()?;
        return wall_clock(local);
    }
    // A bare year or month is a figure in the wrong column, not a time.
    if text.len() < 8 {
        return None;
    }
    let mut compact = [0_u8; 14];
    if let Some(compact) = compacted(text.as_bytes(), &mut compact) {
        return Some(Timestamp(stockholm.read(compact).ok()?.micros));
    }
    if let Ok(moment) = stockholm.read(text) {
        return Some(Timestamp(moment.micros));
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(timestamp.as_microsecond()));
    }
    wall_clock(text.parse().ok()?)
}

/// Whether the text of a time says no more than the day: a day has eight digits, and hours are more of them.
pub(crate) fn is_day(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= 8
}

fn wall_clock(local: civil::DateTime) -> Option<Timestamp> {
    let zone = TimeZone::get("Europe/Stockholm").ok()?;
    let timestamp = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Timestamp(timestamp.as_microsecond()))
}

/// `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM` or `YYYY-MM-DDTHH:MM:SS` without its signs, as HL7 writes it: the shape of nearly every
/// cell, so it is read without a general parser. Whether the rest are digits, HL7's reader sees.
fn compacted<'b>(text: &[u8], out: &'b mut [u8; 14]) -> Option<&'b str> {
    let length = match text.len() {
        10 => 8,
        16 => 12,
        19 => 14,
        _ => return None,
    };
    let is = |at: usize, signs: &[u8]| signs.contains(&text[at]);
    let fits =
        is(4, b"-") && is(7, b"-") && (length < 12 || is(10, b"T t") && is(13, b":")) && (length < 14 || is(16, b":"));
    if !fits {
        return None;
    }
    out[..4].copy_from_slice(&text[..4]);
    for (pair, digits) in out[4..length].chunks_exact_mut(2).zip(text[5..].chunks(3)) {
        pair.copy_from_slice(&digits[..2]);
    }
    let compact = &out[..length];
    compact.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(compact).ok())?
}

/// `2026-02`, `202602`, or the month that a date or time lies in, as written.
pub(super) fn month(text: &str) -> Option<[u8; 7]> {
    let bytes = text.as_bytes();
    let (year, rest) = bytes.split_at_checked(4)?;
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let (month, after) = rest.split_at_checked(2)?;
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let number = |text: &[u8]| text.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    let date_follows = |after: &[u8]| {
        let after = after.strip_prefix(b"-").unwrap_or(after);
        after.len() >= 2 && digits(&after[..2]) && (1..=31).contains(&number(&after[..2]))
    };
    let well_formed = digits(year)
        && digits(month)
        && (1..=12).contains(&number(month))
        && (1850..=2100).contains(&number(year))
        && (after.is_empty() || date_follows(after));
    well_formed.then(|| [year[0], year[1], year[2], year[3], b'-', month[0], month[1]])
}

pub(super) fn number(text: &str, least: i64, greatest: i64) -> Option<i64> {
    let text = text.strip_suffix(",0").or_else(|| text.strip_suffix(".0")).unwrap_or(text);
    text.parse().ok().filter(|number| (least..=greatest).contains(number))
}

/// `2026`, or the year that a month, date or time lies in, as written.
pub(super) fn year(text: &str) -> Option<&str> {
    let year = text.get(..4)?;
    let number: u16 = year.parse().ok()?;
    let plausible = (1850..=2100).contains(&number) && year.bytes().all(|byte| byte.is_ascii_digit());
    (plausible && (text.len() == 4 || month(text).is_some())).then_some(year)
}

/// Kronor with at most two decimals, in öre: `1234`, `1234,5`, `1 234,50`, `-12.00`.
pub(super) fn money(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, decimals) = text.split_once([',', '.']).unwrap_or((text, ""));
    // A database may have more decimals than kronor have.
    let decimals = match decimals.get(..2) {
        Some(ore) if decimals[2..].bytes().all(|byte| byte == b'0') => ore,
        _ => decimals,
    };
    let digits: String = whole.chars().filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\u{202f}')).collect();
    let well_formed = !digits.is_empty()
        && digits.len() <= 15
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && decimals.len() <= 2
        && decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !well_formed {
        return None;
    }
    let kronor: i64 = digits.parse().ok()?;
    let ore: i64 = format!("{decimals:0<2}").parse().ok()?;
    Some(sign * (kronor * 100 + ore))
}

/// A decimal number with full stop, digits as written.
pub(super) fn decimal(text: &str) -> Option<Cow<'_, str>> {
    let (whole, decimals) = text.split_once([',', '.']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = !whole.is_empty() && whole.len() + decimals.len() <= 20 && digits(whole) && digits(decimals);
    well_formed.then(|| if text.contains(',') { Cow::Owned(text.replace(',', ".")) } else { Cow::Borrowed(text) })
}

/// Hours and minutes, seconds too: `0930`, `930`, `09:30`, `09:30:15`.
pub(super) fn clock(text: &str) -> Option<(i8, i8, i8)> {
    let digits: String = text.chars().filter(|sign| !matches!(sign, ':' | '.')).collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 3 | 4 | 6) {
        return None;
    }
    let padded = format!("{digits:0>4}");
    let part = |at: usize| padded.get(at..at + 2).map_or(Some(0), |text| text.parse::<i8>().ok());
    let (hour, minute, second) = (part(0)?, part(2)?, part(4)?);
    (hour < 24 && minute < 60 && second < 60).then_some((hour, minute, second))
}

/// The moment of a day that is written in one cell and a clock that is written in another.
pub(super) fn on_the_clock(day: Timestamp, clock: (i8, i8, i8), stockholm: &Stockholm) -> Option<Timestamp> {
    let (year, month, day) = stockholm.date(day.0);
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let (hour, minute, second) = clock;
    wall_clock(civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?)
}

/// Four digits, or six with the församling, of which the first four are kept.
pub(super) fn lkf(text: &str) -> Option<&str> {
    (matches!(text.len(), 4 | 6) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| &text[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_swedish_wall_clock_times_in_every_notation() {
        let read = |text: &str| time(text, &[], &mut Stockholm::new()).map(|time| time.0 / 1_000_000);
        for (text, expected) in [
            ("2026-01-06", 1_767_654_000),
            ("20260106", 1_767_654_000),
            ("2026-01-06T08:00", 1_767_682_800),
            ("2026-01-06 08:00:00", 1_767_682_800),
            ("2026-01-06T08:00:00.000", 1_767_682_800),
            ("20260106080000", 1_767_682_800),
            ("2026-01-06T08:00:00+01:00", 1_767_682_800),
            ("2026-01-06T07:00:00Z", 1_767_682_800),
            ("2026-07-06T08:00:00", 1_783_317_600),
            ("2025-10-26T02:30:00", 1_761_438_600),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-02",
            "2026-13-01",
            "2026-02-30",
            "2026-01-06T25:00:00",
            "2026-01-+0T1::00",
            "igår kväll",
            "0000-00-00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let own = time("6/1 2026 08.00", &["%d/%m %Y %H.%M".to_owned()], &mut Stockholm::new());
        assert_eq!(own, Some(Timestamp(1_767_682_800_000_000)));
    }

    #[test]
    fn months_are_read_from_all_that_lies_in_them() {
        for text in ["2026-02", "202602", "2026-02-28", "20260228", "2026-02-28T00:00:00", "2026-02-01 12:00"] {
            assert_eq!(month(text), Some(*b"2026-02"), "{text}");
        }
        for text in ["", "2026", "26-02", "2026-13", "2026-00", "2026/02", "februari", "2026-02-99"] {
            assert_eq!(month(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_exact() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1234", Some(123_400)),
            ("1234,5", Some(123_450)),
            ("1 234,50", Some(123_450)),
            ("1\u{a0}234.05", Some(123_405)),
            ("-12,00", Some(-1_200)),
            ("", None),
            (",50", None),
            ("1,234,50", None),
            ("12,345", None),
            ("1234.5600", Some(123_456)),
            ("1234.5601", None),
            ("12 kr", None),
        ] {
            assert_eq!(money(text), expected, "{text}");
        }
        assert_eq!(
            (decimal("1,873").as_deref(), decimal("2").as_deref(), decimal("1,8,7")),
            (Some("1.873"), Some("2"), None)
        );
        assert_eq!(
            (year("2025"), year("2025-12-31"), year("20251"), year("25")),
            (Some("2025"), Some("2025"), None, None)
        );
    }

    #[test]
    fn a_day_is_told_from_a_time() {
        for (text, expected) in [
            ("2026-02-02", true),
            ("20260202", true),
            ("2/2/2026", true),
            ("2026-02-02T00:00", false),
            ("2026020208", false),
        ] {
            assert_eq!(is_day(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_and_a_clock_are_a_moment() {
        for (text, expected) in [
            ("0930", Some((9, 30, 0))),
            ("930", Some((9, 30, 0))),
            ("09:30", Some((9, 30, 0))),
            ("23.59", Some((23, 59, 0))),
            ("093015", Some((9, 30, 15))),
            ("2400", None),
            ("0960", None),
            ("9", None),
            ("nio", None),
            ("", None),
        ] {
            assert_eq!(clock(text), expected, "{text}");
        }
        let mut stockholm = Stockholm::new();
        let day = time("2026-07-06", &[], &mut stockholm).expect("a day");
        let moment = on_the_clock(day, (8, 0, 0), &stockholm);
        assert_eq!(moment, Some(Timestamp(1_783_317_600_000_000)));
    }

    #[test]
    fn numbers_and_lkf_have_their_shapes() {
        assert_eq!((lkf("148001"), lkf("1480"), lkf("148")), (Some("1480"), Some("1480"), None));
        assert_eq!(
            (number("34", 0, 99), number("34,0", 0, 99), number("-1", 0, 99), number("x", 0, 9)),
            (Some(34), Some(34), None, None)
        );
    }
}
