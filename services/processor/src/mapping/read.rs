//! From a cell's text to a field's value. Pure; what cannot be read is `None`.

use std::borrow::Cow;

use hl7::time::{Precision, Stockholm};
use jiff::civil;
use schemas::Timestamp;

use crate::calendar;
use crate::rules::Rule;

/// What a text says of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Moment(Timestamp),
    /// A day, by where it begins in Swedish time: nothing of the hour is said.
    Day(Timestamp),
    /// A date that stands for "open" or "unknown", as 9999-12-31 and 1900-01-01 do.
    Placeholder,
}

/// When a time of a field can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// It has happened, or is to happen within the year that a clock or a plan may be ahead.
    Happened,
    /// The same, of somebody's wait, which is no longer than forty years.
    Waited,
    /// It is planned, at most ten years ahead.
    Planned,
    /// Until when something holds: beyond ten years it is no end.
    Until,
}

const DAY: i64 = 86_400_000_000;
const YEAR: i64 = 366 * DAY;

/// The day that clocks are counted from, in any zone: zero, and not a day that anything is told of.
const ZERO: std::ops::Range<i64> = -DAY / 12..DAY / 24 * 23;

/// Whether it is what databases and their change logs write for "for ever" and "since ever": the words, the greatest
/// number, and 9999-12-31 counted in days, milliseconds and microseconds.
fn is_endless(text: &str) -> bool {
    let word = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = |length: &[usize], start: &str| length.contains(&word.len()) && word.starts_with(start);
    word.eq_ignore_ascii_case("infinity")
        || word == "2932896"
        || (begins(&[15, 18], "253402") || begins(&[16, 19], "9223372036"))
            && word.bytes().all(|byte| byte.is_ascii_digit())
}

impl Told {
    fn of(at: i64, is_day: bool) -> Told {
        if !calendar::holds(Timestamp(at)) || ZERO.contains(&at) {
            Told::Placeholder
        } else if is_day {
            Told::Day(Timestamp(at))
        } else {
            Told::Moment(Timestamp(at))
        }
    }

    /// The time, if it can be one of its field; else by which rule it is none. `received_at`: when the row came.
    pub(crate) fn judged(self, when: When, received_at: Option<Timestamp>) -> Result<Told, Rule> {
        let at = match self {
            Told::Moment(at) | Told::Day(at) => at.0,
            Told::Placeholder if when == When::Until => return Err(Rule::DateOpenEnd),
            Told::Placeholder => return Err(Rule::DatePlaceholder),
        };
        let Some(Timestamp(received_at)) = received_at else { return Ok(self) };
        let (before, after) = match when {
            When::Happened => (None, YEAR),
            When::Waited => (Some(40 * YEAR), YEAR),
            When::Planned | When::Until => (None, 10 * YEAR),
        };
        if at > received_at.saturating_add(after) {
            return Err(if when == When::Until { Rule::DateOpenEnd } else { Rule::DateImplausible });
        }
        if before.is_some_and(|before| at < received_at.saturating_sub(before)) {
            return Err(Rule::DateImplausible);
        }
        Ok(self)
    }
}

/// ISO 8601 with or without offset, a date, or an HL7 time stamp; without an offset it is Swedish wall-clock time. `formats`
/// are the package's own, in strftime's language, tried first.
pub(crate) fn time(text: &str, formats: &[String], stockholm: &mut Stockholm) -> Option<Told> {
    for format in formats {
        let Ok(broken) = jiff::fmt::strtime::parse(format, text) else { continue };
        let day = broken.to_date().ok()?;
        return match broken.hour() {
            Some(_) => wall_clock(broken.to_datetime().ok()?, false),
            None => wall_clock(day.at(0, 0, 0, 0), true),
        };
    }
    if is_endless(text) {
        return Some(Told::Placeholder);
    }
    // A bare year or month is a figure in the wrong column, not a time.
    if text.len() < 8 {
        return None;
    }
    let mut compact = [0_u8; 14];
    if let Some(compact) = compacted(text.as_bytes(), &mut compact) {
        return hl7_time(compact, stockholm).or_else(|| nowhere(text));
    }
    if let Some(told) = hl7_time(text, stockholm) {
        return Some(told);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Told::of(timestamp.as_microsecond(), false));
    }
    match text.parse::<civil::DateTime>() {
        Ok(local) => wall_clock(local, is_day(text)),
        Err(_) => nowhere(text),
    }
}

fn hl7_time(text: &str, stockholm: &mut Stockholm) -> Option<Told> {
    let moment = stockholm.read(text).ok()?;
    (moment.precision >= Precision::Day).then(|| Told::of(moment.micros, moment.precision == Precision::Day))
}

/// A time at the ends of all calendars, which programs cannot reckon with: MySQL's 0000-00-00, the last hour of 9999.
fn nowhere(text: &str) -> Option<Told> {
    let is_sign = |byte: &u8| byte.is_ascii_digit() || b"-:.+ TZ".contains(byte);
    let is_end = text.starts_with("0000") || text.starts_with("9999");
    let is_date = text.as_bytes().get(4) == Some(&b'-') || matches!(text.len(), 8 | 14);
    (is_end && is_date && text.as_bytes().iter().all(is_sign)).then_some(Told::Placeholder)
}

/// Whether the text of a time says no more than the day: a day has eight digits, and hours are more of them.
fn is_day(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= 8
}

fn wall_clock(local: civil::DateTime, is_day: bool) -> Option<Told> {
    if !calendar::YEARS.contains(&local.year()) {
        return Some(Told::Placeholder);
    }
    Some(Told::of(swedish_time::instant(local)?, is_day))
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

/// Years that anything is counted for: from 1901 to 2199, as times are.
const PERIODS: std::ops::Range<u32> = 1901..2200;

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
        && PERIODS.contains(&number(year))
        && (after.is_empty() || date_follows(after));
    well_formed.then(|| [year[0], year[1], year[2], year[3], b'-', month[0], month[1]])
}

/// Whether a year or a month can be one that a row counts for: of no placeholder, and not more than a year ahead.
pub(super) fn is_counted(period: &[u8], received_at: Option<Timestamp>, stockholm: &mut Stockholm) -> Result<(), Rule> {
    let mut digits = [0_u8; 6];
    let mut length = 0;
    for (place, digit) in digits.iter_mut().zip(period.iter().filter(|byte| byte.is_ascii_digit())) {
        *place = *digit;
        length += 1;
    }
    let written = std::str::from_utf8(&digits[..length]).map_err(|_| Rule::FieldUnreadable)?;
    let first = stockholm.read(written).map_err(|_| Rule::FieldUnreadable)?;
    Told::Day(Timestamp(first.micros)).judged(When::Happened, received_at).map(|_| ())
}

/// Why a text is no year or month.
pub(super) fn no_period(text: &str, stockholm: &mut Stockholm) -> Rule {
    match time(text, &[], stockholm) {
        Some(Told::Placeholder) => Rule::DatePlaceholder,
        _ => Rule::FieldUnreadable,
    }
}

pub(super) fn number(text: &str, least: i64, greatest: i64) -> Option<i64> {
    let text = text.strip_suffix(",0").or_else(|| text.strip_suffix(".0")).unwrap_or(text);
    text.parse().ok().filter(|number| (least..=greatest).contains(number))
}

/// `2026`, or the year that a month, date or time lies in, as written.
pub(super) fn year(text: &str) -> Option<&str> {
    let year = text.get(..4)?;
    let number: u32 = year.parse().ok()?;
    let plausible = PERIODS.contains(&number) && year.bytes().all(|byte| byte.is_ascii_digit());
    (plausible && (text.len() == 4 || month(text).is_some())).then_some(year)
}

/// How the amounts of a row are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amounts {
    /// As people and spreadsheets do, and nobody has said how.
    Text,
    /// With this decimal sign, by the package's word: the other sign stands between thousands.
    Decimal(char),
    /// By a database: a single full stop is the decimal sign, whatever follows it.
    Database,
}

/// Digits before the decimals of an amount, at most: more are no cost of a contact, and would not fit.
const AMOUNT_DIGITS_MAX: usize = 15;

/// Kronor with at most two decimals, in öre: `1234`, `1234,5`, `1 234,50 kr`, `142.500,50`, `-12.00`, `12-`.
///
/// A sign between digits that exactly three digits follow may be either of two, and a figure must not be a thousandth of
/// what it was: such an amount is none, unless the package or a database says which it is.
pub(super) fn money(text: &str, written: Amounts) -> Result<i64, Rule> {
    let unreadable = Rule::FieldUnreadable;
    let number = without_unit(text);
    let (negative, number) = without_minus(number);
    let plain = match written {
        Amounts::Database => plain(number).ok_or(unreadable)?,
        Amounts::Text | Amounts::Decimal(_) => Cow::Borrowed(number),
    };
    let (whole, decimals) = parts(&plain, written)?;
    // A database may have more decimals than kronor have.
    let decimals = match decimals.get(..2) {
        Some(ore) if decimals[2..].bytes().all(|byte| byte == b'0') => ore,
        _ => decimals,
    };
    let digits = ungrouped(whole).ok_or(unreadable)?;
    if digits.len() > AMOUNT_DIGITS_MAX || decimals.len() > 2 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable);
    }
    let kronor: i64 = digits.parse().map_err(|_| unreadable)?;
    let ore: i64 = format!("{decimals:0<2}").parse().map_err(|_| unreadable)?;
    let amount = kronor * 100 + ore;
    Ok(if negative { -amount } else { amount })
}

/// The number without the name of its currency, as spreadsheets and people write it.
fn without_unit(text: &str) -> &str {
    let before = |unit: &&str| text.get(..unit.len()).is_some_and(|start| start.eq_ignore_ascii_case(unit));
    let text = ["SEK", "kr"].iter().find(|unit| before(unit)).map_or(text, |unit| &text[unit.len()..]);
    let behind = |unit: &&str| {
        let at = text.len().checked_sub(unit.len());
        at.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(unit))
    };
    // `100:-` and `100,-` are a hundred kronor and no öre, and nothing is taken away.
    let unit = ["kronor", "kr.", "kr", "SEK", ":-", ",-"].iter().find(|unit| behind(unit));
    text[..text.len() - unit.map_or(0, |unit| unit.len())].trim()
}

/// The number without its minus, which may stand behind it.
fn without_minus(number: &str) -> (bool, &str) {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    match number.strip_prefix(MINUS).or_else(|| number.strip_suffix(MINUS)) {
        Some(rest) => (true, rest.trim()),
        None => (false, number),
    }
}

/// What stands before the decimals, with its signs between thousands, and the decimals.
fn parts(number: &str, written: Amounts) -> Result<(&str, &str), Rule> {
    let signs = || number.match_indices(['.', ',']);
    let Some((at, last)) = signs().next_back() else { return Ok((number, "")) };
    let split = (&number[..at], &number[at + 1..]);
    let (before, after) = split;
    let is_single = signs().count() == 1;
    match written {
        Amounts::Decimal(decimal) if !last.starts_with(decimal) => return Ok((number, "")),
        // Twice the decimal sign is no number; thousands with it are seen when they are taken together.
        Amounts::Decimal(decimal) if before.contains(decimal) => return Err(Rule::FieldUnreadable),
        Amounts::Decimal(_) => return Ok(split),
        Amounts::Database if is_single && last == "." => return Ok(split),
        Amounts::Database | Amounts::Text => {}
    }
    if !is_single {
        // One sign several times stands between thousands; of both, the last one is the decimal sign.
        return Ok(if signs().all(|(_, sign)| sign == last) { (number, "") } else { split });
    }
    let may_be_thousands = after.len() == 3
        && after.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=3).contains(&before.len())
        && before.bytes().all(|byte| byte.is_ascii_digit())
        && !before.starts_with('0');
    if may_be_thousands { Err(Rule::AmountAmbiguous) } else { Ok(split) }
}

/// The digits of a whole number whose thousands may stand apart by one sign, the same throughout.
fn ungrouped(whole: &str) -> Option<Cow<'_, str>> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits(whole) {
        return Some(Cow::Borrowed(whole));
    }
    // Blanks of every width that programs write there: no-break, narrow no-break, thin, of a figure's width.
    const SIGNS: [char; 9] = [' ', '\u{a0}', '\u{202f}', '\u{2009}', '\u{2007}', '\'', '\u{2019}', '.', ','];
    let sign = whole.chars().find(|letter| SIGNS.contains(letter))?;
    let mut groups = whole.split(sign);
    let first = groups.next().filter(|first| is_digits(first) && first.len() <= 3 && !first.starts_with('0'))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !is_digits(group) {
            return None;
        }
        digits.push_str(group);
    }
    Some(Cow::Owned(digits))
}

/// A number that a database writes with an exponent, written out: `1e+06`, `2.5e-1`. Every digit is kept.
pub(super) fn plain(number: &str) -> Option<Cow<'_, str>> {
    /// Zeros that an exponent may stand for.
    const ZEROS_MAX: i32 = 20;
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return Some(Cow::Borrowed(number)) };
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= ZEROS_MAX)?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{decimals}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let written = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{digits:0<point$}"),
        Ok(point) if point > 0 => format!("{}.{}", &digits[..point], &digits[point..]),
        _ => format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
    };
    Some(Cow::Owned(format!("{sign}{written}")))
}

/// Whether a text is a long number as spreadsheets show it when they have taken it for an amount: `1,2E+19`, `1.2345E19`.
/// The digits that told one number from the next are gone.
pub(super) fn is_rounded(text: &str) -> bool {
    if !text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = match mantissa.split_once(['.', ',']) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa, None),
    };
    // A code may well be digits, an E and digits; what has a decimal sign or a signed exponent is a number.
    let (signed, power) = exponent.strip_prefix(['+', '-']).map_or((false, exponent), |power| (true, power));
    is_digits(whole)
        && decimals.is_none_or(is_digits)
        && (signed || decimals.is_some())
        && is_digits(power)
        && power.len() <= 3
}

/// A decimal number with full stop, digits as written. Such numbers, weights among them, have no thousands: `1,234` is a
/// little more than one.
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
    swedish_time::instant(civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?).map(Timestamp)
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
        let read = |text: &str| match time(text, &[], &mut Stockholm::new()) {
            Some(Told::Moment(at) | Told::Day(at)) => Some(at.0 / 1_000_000),
            Some(Told::Placeholder) | None => None,
        };
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
            "2026+0100",
        ] {
            assert_eq!(time(text, &[], &mut Stockholm::new()), None, "{text}");
        }
        let own = |text, format: &str| time(text, &[format.to_owned()], &mut Stockholm::new());
        let moment = Timestamp(1_767_682_800_000_000);
        assert_eq!(own("6/1 2026 08.00", "%d/%m %Y %H.%M"), Some(Told::Moment(moment)));
        assert_eq!(own("6/1 26 8.00", "%d/%m %y %k.%M"), Some(Told::Moment(moment)), "few digits, and a time");
        assert_eq!(own("6/1/2026", "%d/%m/%Y"), Some(Told::Day(Timestamp(1_767_654_000_000_000))));
        assert_eq!(own("31/12/9999", "%d/%m/%Y"), Some(Told::Placeholder));
    }

    #[test]
    fn a_date_for_open_or_unknown_is_none() {
        for text in [
            "9999-12-31",
            "99991231",
            "9999-12-31T23:59:59",
            "9999-12-31 23:59:59.9999999",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59+01:00",
            "99991231235959",
            "9999-12-31T22:59:59.999Z",
            "9998-12-31",
            "2999-12-31",
            "2999-12-31T00:00:00",
            "2200-01-01",
            "3000-01-01",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "00000000",
            "0001-01-01",
            "0001-01-01T00:00:00",
            "00010101",
            "1753-01-01",
            "1753-01-01T00:00:00.000",
            "1800-12-28",
            "1858-11-17",
            "1899-12-30",
            "1899-12-31",
            "1900-01-01",
            "19000101000000",
            "1900-01-01T00:00:00Z",
            "1970-01-01",
            "1970-01-01T00:00:00Z",
            "1970-01-01T01:00:00+01:00",
            "infinity",
            "-Infinity",
            "9223372036825200000",
            "9223372036832400000",
            "9223372036854775807",
            "-9223372036832400000",
            "2932896",
            "253402214400000",
            "253402300799999",
            "253402300799999999",
        ] {
            assert_eq!(time(text, &[], &mut Stockholm::new()), Some(Told::Placeholder), "{text}");
        }
        for text in ["1900-01-02", "1970-01-02", "2199-12-31", "1969-12-31T20:00:00", "1945-05-08"] {
            let told = time(text, &[], &mut Stockholm::new());
            assert!(matches!(told, Some(Told::Day(_) | Told::Moment(_))), "{text}");
        }
        for text in ["9999", "999999999", "9999 kr", "0000 ett", "infinite"] {
            assert_eq!(time(text, &[], &mut Stockholm::new()), None, "{text}");
        }
    }

    #[test]
    fn a_time_lies_where_its_field_can() {
        let received = Timestamp(1_768_478_400_000_000); // 2026-01-15
        let judged = |text: &str, when| {
            let told = time(text, &[], &mut Stockholm::new()).expect("a time");
            told.judged(when, Some(received)).err().map(Rule::code)
        };
        for (text, when, expected) in [
            ("2026-01-15", When::Happened, None),
            ("2027-01-10", When::Happened, None),
            ("2027-02-01", When::Happened, Some("date-implausible")),
            ("2062-01-15", When::Happened, Some("date-implausible")),
            ("1921-03-01", When::Happened, None),
            ("1921-03-01", When::Waited, Some("date-implausible")),
            ("1990-03-01", When::Waited, None),
            ("2035-01-01", When::Planned, None),
            ("2037-01-01", When::Planned, Some("date-implausible")),
            ("9999-12-31", When::Planned, Some("date-placeholder")),
            ("1900-01-01", When::Waited, Some("date-placeholder")),
            ("2026-02-01", When::Until, None),
            ("2099-12-31", When::Until, Some("date-open-end")),
            ("9999-12-31", When::Until, Some("date-open-end")),
            ("1900-01-01", When::Until, Some("date-open-end")),
        ] {
            assert_eq!(judged(text, when), expected, "{text} {when:?}");
        }
        let unknown = time("2062-01-15", &[], &mut Stockholm::new()).expect("a time").judged(When::Happened, None);
        assert!(unknown.is_ok(), "without a reception there is no bound but that of placeholders");
    }

    #[test]
    fn months_are_read_from_all_that_lies_in_them() {
        for text in ["2026-02", "202602", "2026-02-28", "20260228", "2026-02-28T00:00:00", "2026-02-01 12:00"] {
            assert_eq!(month(text), Some(*b"2026-02"), "{text}");
        }
        for text in
            ["", "2026", "26-02", "2026-13", "2026-00", "2026/02", "februari", "2026-02-99", "9999-12", "1900-01"]
        {
            assert_eq!(month(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_exact_and_never_a_thousandth() {
        let unreadable = Err("field-unreadable");
        let ambiguous = Err("amount-ambiguous");
        for (text, undeclared, comma, database) in [
            ("0", Ok(0), Ok(0), Ok(0)),
            ("1234", Ok(123_400), Ok(123_400), Ok(123_400)),
            ("142500", Ok(14_250_000), Ok(14_250_000), Ok(14_250_000)),
            ("1234,5", Ok(123_450), Ok(123_450), Ok(123_450)),
            ("142.500", ambiguous, Ok(14_250_000), Ok(14_250)),
            ("142,500", ambiguous, Ok(14_250), ambiguous),
            ("1.000", ambiguous, Ok(100_000), Ok(100)),
            ("1,000", ambiguous, Ok(100), ambiguous),
            ("-142.500", ambiguous, Ok(-14_250_000), Ok(-14_250)),
            ("12,345", ambiguous, unreadable, ambiguous),
            ("1 234,50", Ok(123_450), Ok(123_450), Ok(123_450)),
            ("1 000", Ok(100_000), Ok(100_000), Ok(100_000)),
            ("1\u{a0}000", Ok(100_000), Ok(100_000), Ok(100_000)),
            ("1\u{202f}000", Ok(100_000), Ok(100_000), Ok(100_000)),
            ("1\u{2009}000", Ok(100_000), Ok(100_000), Ok(100_000)),
            ("1'000", Ok(100_000), Ok(100_000), Ok(100_000)),
            ("1\u{2019}000.50", Ok(100_050), unreadable, Ok(100_050)),
            ("1\u{a0}234.05", Ok(123_405), unreadable, Ok(123_405)),
            ("142.500,50", Ok(14_250_050), Ok(14_250_050), Ok(14_250_050)),
            ("142,500.50", Ok(14_250_050), unreadable, Ok(14_250_050)),
            ("1.234.567", Ok(123_456_700), Ok(123_456_700), Ok(123_456_700)),
            ("1,234,567", Ok(123_456_700), unreadable, Ok(123_456_700)),
            ("1.234.567,8", Ok(123_456_780), Ok(123_456_780), Ok(123_456_780)),
            ("1 234,500", Ok(123_450), Ok(123_450), Ok(123_450)),
            ("1234,500", Ok(123_450), Ok(123_450), Ok(123_450)),
            ("0,500", Ok(50), Ok(50), Ok(50)),
            ("142.5000", Ok(14_250), unreadable, Ok(14_250)),
            ("-12,00", Ok(-1_200), Ok(-1_200), Ok(-1_200)),
            ("\u{2212}12", Ok(-1_200), Ok(-1_200), Ok(-1_200)),
            ("12,00-", Ok(-1_200), Ok(-1_200), Ok(-1_200)),
            ("1.234,00-", Ok(-123_400), Ok(-123_400), Ok(-123_400)),
            ("142\u{a0}500,50 kr", Ok(14_250_050), Ok(14_250_050), Ok(14_250_050)),
            ("12 kr", Ok(1_200), Ok(1_200), Ok(1_200)),
            ("142 500 SEK", Ok(14_250_000), Ok(14_250_000), Ok(14_250_000)),
            ("SEK 142.500", ambiguous, Ok(14_250_000), Ok(14_250)),
            ("-12 kr", Ok(-1_200), Ok(-1_200), Ok(-1_200)),
            ("12:-", Ok(1_200), Ok(1_200), Ok(1_200)),
            ("12,-", Ok(1_200), Ok(1_200), Ok(1_200)),
            ("1e6", unreadable, unreadable, Ok(100_000_000)),
            ("1.425e+05", unreadable, unreadable, Ok(14_250_000)),
            ("1,43E+05", unreadable, unreadable, unreadable),
            ("1234.5600", Ok(123_456), unreadable, Ok(123_456)),
            ("1234.5601", unreadable, unreadable, unreadable),
            ("1,234,50", unreadable, unreadable, unreadable),
            ("12 34", unreadable, unreadable, unreadable),
            ("1 234.567,8 9", unreadable, unreadable, unreadable),
            ("", unreadable, unreadable, unreadable),
            (",50", unreadable, unreadable, unreadable),
            ("kr", unreadable, unreadable, unreadable),
            ("-", unreadable, unreadable, unreadable),
            ("12 EUR", unreadable, unreadable, unreadable),
            ("1234567890123456", unreadable, unreadable, unreadable),
        ] {
            for (written, expected) in
                [(Amounts::Text, undeclared), (Amounts::Decimal(','), comma), (Amounts::Database, database)]
            {
                assert_eq!(money(text, written).map_err(Rule::code), expected, "{text} {written:?}");
            }
        }
        assert_eq!(money("142.500", Amounts::Decimal('.')), Ok(14_250));
        assert_eq!(money("142,500", Amounts::Decimal('.')), Ok(14_250_000));
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
            ("2026-02-02T00:00", false),
            ("2026020208", false),
            ("2026-02-02T00:00:00Z", false),
        ] {
            let told = time(text, &[], &mut Stockholm::new());
            assert_eq!(matches!(told, Some(Told::Day(_))), expected, "{text}");
        }
    }

    #[test]
    fn numbers_with_exponents_are_written_out() {
        for (text, expected) in [
            ("12.50", Some("12.50")),
            ("1e+06", Some("1000000")),
            ("1.425e+05", Some("142500")),
            ("1.4255e+02", Some("142.55")),
            ("1e-05", Some("0.00001")),
            ("2.5e-1", Some("0.25")),
            ("-2.5E3", Some("-2500")),
            ("1e99", None),
            ("e5", None),
            ("1e", None),
        ] {
            assert_eq!(plain(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ids_that_a_spreadsheet_has_rounded_are_known() {
        for text in ["1,2E+19", "1.23457E+18", "1E+19", "1.2345678901234568e+18", "1.2E19", "9,9E-05"] {
            assert!(is_rounded(text), "{text}");
        }
        for text in ["", "123", "1E05", "12E4", "E+19", "OPT1.2E+19", "1.2E+", "1.2", "SE2321000131-E1", "1.2E+19X"] {
            assert!(!is_rounded(text), "{text}");
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
        let Some(Told::Day(day)) = time("2026-07-06", &[], &mut stockholm) else { panic!("a day") };
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
