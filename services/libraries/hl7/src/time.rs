//! HL7 time stamps (TS, DTM) as UTC microseconds, read as Swedish wall-clock time.
//!
//! `YYYY[MM[DD[HH[MM[SS[.S...]]]]]][+ZZZZ]`. Without an offset the time is Swedish. The hour that autumn
//! repeats is the first (summer time's) unless an offset says otherwise. The hour that spring leaves out is read by a
//! clock that nobody put forward: 02:30 is 03:30 summer time. Both are reported as [`Doubt`], so that a finding can say so.
//!
//! The time zone database is asked once per day, not once per message: the offset of a day without a change is kept.

use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset};

/// Days whose offset is kept. Messages are of today and of a few days before; a file replay walks through them in order.
const DAYS_KEPT: usize = 64;
const DAY_SECONDS: i64 = 86_400;
const MICROS: i64 = 1_000_000;
/// Characters of a time to the second.
const LENGTH_USUAL: usize = 14;

/// Why a text is no time stamp. Names the remedy, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the shape of a time stamp.
    #[error("not a time stamp: write YYYYMMDDHHMMSS, optionally with an offset such as +0100")]
    Shape,
    /// The shape of a time stamp, but no such date or time exists.
    #[error("no such date or time exists: check month, day, hour and offset")]
    Range,
}

/// How much of the time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// A year; the time is its first moment.
    Year,
    /// A month; the time is its first moment.
    Month,
    /// A day; the time is its midnight.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
    /// Part of a second.
    Fraction,
}

/// Why a wall-clock time does not name one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// In the hour that autumn repeats; read as the first.
    Repeated,
    /// In the hour that spring leaves out; read as an hour later.
    Skipped,
}

/// A time stamp that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub micros: i64,
    /// How much of it was written.
    pub precision: Precision,
    /// Whether the wall clock showed this time twice or never.
    pub doubt: Option<Doubt>,
    /// The last moment that the text can mean: of a day its last microsecond, of the repeated hour the second.
    pub latest: i64,
    /// Offset from UTC in seconds, where the text has one.
    pub offset_seconds: Option<i64>,
}

/// Swedish wall-clock time. Keep one per thread: it remembers the offsets of recent days.
#[derive(Debug, Clone)]
pub struct Stockholm {
    days: [Option<Day>; DAYS_KEPT],
    assumed: Option<Assumed>,
    /// The time that was read last, under what is assumed: a message tells one time again and again.
    last: Option<([u8; LENGTH_USUAL], Moment)>,
}

/// The offset of the times of one message that have none of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumed {
    /// Swedish wall-clock time, whose offset now is this many seconds: it tells which of the repeated hours is meant.
    Swedish(i64),
    /// Another clock, this many seconds ahead of UTC.
    Other(i64),
}

/// The one offset that holds from midnight to midnight.
#[derive(Debug, Clone, Copy)]
struct Day {
    number: i64,
    offset_seconds: i64,
}

impl Default for Stockholm {
    fn default() -> Stockholm {
        Stockholm::new()
    }
}

impl Stockholm {
    /// Remembers no day yet.
    pub fn new() -> Stockholm {
        Stockholm { days: [None; DAYS_KEPT], assumed: None, last: None }
    }

    /// Reads a time stamp. Pass the first component of the field; blanks around it do not matter.
    pub fn read(&mut self, text: &str) -> Result<Moment, Error> {
        let text = text.trim_ascii().as_bytes();
        if let Some((last, moment)) = self.last
            && text == last
        {
            return Ok(moment);
        }
        let written = Written::read(text)?;
        let day = days_from_epoch(written.year, written.month, written.day);
        let local_seconds = day * DAY_SECONDS + written.second_of_day;
        let (offset_seconds, doubt) = match (written.offset_seconds, self.assumed) {
            (Some(offset), _) | (None, Some(Assumed::Other(offset))) => (offset, None),
            (None, assumed) => match (self.offset(day, &written)?, assumed) {
                // Summer time is the first of the two hours, and an hour ahead of the second.
                ((first, Some(Doubt::Repeated)), Some(Assumed::Swedish(now)))
                    if (first - 3_600..=first).contains(&now) =>
                {
                    (now, None)
                }
                (found, _) => found,
            },
        };
        let micros = (local_seconds - offset_seconds) * MICROS + written.micros;
        let offset_seconds = written.offset_seconds;
        let mut moment = Moment { micros, precision: written.precision, doubt, latest: micros, offset_seconds };
        if written.precision < Precision::Second {
            moment.latest = self.end(&written)?.max(micros);
        }
        if doubt == Some(Doubt::Repeated) {
            moment.latest += 3_600 * MICROS;
        }
        if let Ok(text) = text.try_into() {
            self.last = Some((text, moment));
        }
        Ok(moment)
    }

    /// What times without an offset mean, until told otherwise; `None`: Swedish wall-clock time.
    pub fn assume(&mut self, assumed: Option<Assumed>) {
        if self.assumed != assumed {
            (self.assumed, self.last) = (assumed, None);
        }
    }

    /// What a message's own statement of its offset (MSH-7) says of its other times.
    #[must_use]
    pub fn assumed_of(&self, moment: &Moment) -> Option<Assumed> {
        let written = moment.offset_seconds?;
        let swedish = swedish_time::offset_seconds(moment.micros);
        Some(if written == swedish { Assumed::Swedish(written) } else { Assumed::Other(written) })
    }

    /// The last microsecond of what was written to less than the second.
    fn end(&mut self, written: &Written) -> Result<i64, Error> {
        let month = if written.precision == Precision::Year { 12 } else { written.month };
        let day = match written.precision {
            Precision::Year | Precision::Month => days_in_month(i64::from(written.year), i64::from(month)) as i8,
            _ => written.day,
        };
        let second_of_day = match written.precision {
            Precision::Minute => written.second_of_day + 59,
            Precision::Hour => written.second_of_day + 3_599,
            _ => DAY_SECONDS - 1,
        };
        let last = Written { month, day, second_of_day, ..*written };
        let number = days_from_epoch(last.year, last.month, last.day);
        let offset_seconds = match (written.offset_seconds, self.assumed) {
            (Some(offset), _) | (None, Some(Assumed::Other(offset))) => offset,
            _ => self.offset(number, &last)?.0,
        };
        Ok((number * DAY_SECONDS + last.second_of_day - offset_seconds + 1) * MICROS - 1)
    }

    /// The local date of a moment, as (year, month, day).
    pub fn date(&self, micros: i64) -> (i16, u8, u8) {
        let local = swedish_time::local(micros);
        (local.year(), local.month().unsigned_abs(), local.day().unsigned_abs())
    }

    /// A moment as HL7 writes it, to the second and with its offset: `20260105004015+0100`.
    pub fn write(&self, micros: i64) -> String {
        let offset_minutes = swedish_time::offset_seconds(micros) / 60;
        let local = swedish_time::local(micros);
        let sign = if offset_minutes < 0 { '-' } else { '+' };
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}{sign}{:02}{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            offset_minutes.abs() / 60,
            offset_minutes.abs() % 60
        )
    }

    fn offset(&mut self, day: i64, written: &Written) -> Result<(i64, Option<Doubt>), Error> {
        let slot = day.rem_euclid(DAYS_KEPT as i64) as usize;
        if let Some(kept) = self.days[slot].filter(|kept| kept.number == day) {
            return Ok((kept.offset_seconds, None));
        }
        let midnight = civil::Date::new(written.year, written.month, written.day)
            .map_err(|_| Error::Range)?
            .to_datetime(civil::Time::midnight());
        if let Some(offset_seconds) = whole_day(midnight) {
            self.days[slot] = Some(Day { number: day, offset_seconds });
            return Ok((offset_seconds, None));
        }
        let time = midnight + jiff::SignedDuration::from_secs(written.second_of_day);
        Ok(match swedish_time::zone().to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => (seconds(offset), None),
            AmbiguousOffset::Fold { before, .. } => (seconds(before), Some(Doubt::Repeated)),
            AmbiguousOffset::Gap { before, .. } => (seconds(before), Some(Doubt::Skipped)),
        })
    }
}

/// The offset of a day on which the clock is not changed. Sweden changes it at most once a day, so equal ends suffice.
fn whole_day(midnight: civil::DateTime) -> Option<i64> {
    let next = midnight.checked_add(jiff::SignedDuration::from_secs(DAY_SECONDS)).ok()?;
    let at = |time| match swedish_time::zone().to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => Some(seconds(offset)),
        AmbiguousOffset::Fold { .. } | AmbiguousOffset::Gap { .. } => None,
    };
    let (first, last) = (at(midnight)?, at(next)?);
    (first == last).then_some(first)
}

fn seconds(offset: Offset) -> i64 {
    i64::from(offset.seconds())
}

/// The parts as written, checked against the calendar.
#[derive(Clone, Copy)]
struct Written {
    year: i16,
    month: i8,
    day: i8,
    second_of_day: i64,
    micros: i64,
    precision: Precision,
    offset_seconds: Option<i64>,
}

impl Written {
    fn read(text: &[u8]) -> Result<Written, Error> {
        let digit_count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = text.split_at(digit_count);
        let precision = match digit_count {
            4 => Precision::Year,
            6 => Precision::Month,
            8 => Precision::Day,
            10 => Precision::Hour,
            12 => Precision::Minute,
            14 => Precision::Second,
            _ => return Err(Error::Shape),
        };
        let two = |at: usize, absent: i64| digits.get(at..at + 2).map_or(absent, number);
        let year = number(&digits[..4]);
        let (month, day) = (two(4, 1), two(6, 1));
        let (hour, minute, second) = (two(8, 0), two(10, 0), two(12, 0));
        let real = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !real {
            return Err(Error::Range);
        }
        let (micros, precision, rest) = fraction(rest, precision)?;
        Ok(Written {
            year: year as i16,
            month: month as i8,
            day: day as i8,
            second_of_day: hour * 3_600 + minute * 60 + second,
            micros,
            precision,
            offset_seconds: offset(rest)?,
        })
    }
}

/// `.S...` after whole seconds; digits beyond microseconds are cut off.
fn fraction(rest: &[u8], precision: Precision) -> Result<(i64, Precision, &[u8]), Error> {
    let Some((b'.', after)) = rest.split_first() else { return Ok((0, precision, rest)) };
    let digit_count = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if precision != Precision::Second || digit_count == 0 {
        return Err(Error::Shape);
    }
    let micros = (0..6).fold(0, |sum, at| {
        let digit = if at < digit_count { i64::from(after[at] - b'0') } else { 0 };
        sum * 10 + digit
    });
    Ok((micros, Precision::Fraction, &after[digit_count..]))
}

/// `+HHMM`, `+HH:MM`, `-HHMM`, `Z` or nothing.
fn offset(rest: &[u8]) -> Result<Option<i64>, Error> {
    let (sign, hours, minutes) = match rest {
        [] => return Ok(None),
        b"Z" => return Ok(Some(0)),
        [sign @ (b'+' | b'-'), hours @ .., b':', m1, m2] if hours.len() == 2 => (*sign, hours, [*m1, *m2]),
        [sign @ (b'+' | b'-'), hours @ .., m1, m2] if hours.len() == 2 => (*sign, hours, [*m1, *m2]),
        _ => return Err(Error::Shape),
    };
    if !hours.iter().chain(&minutes).all(u8::is_ascii_digit) {
        return Err(Error::Shape);
    }
    let (hours, minutes) = (number(hours), number(&minutes));
    if hours > 14 || minutes > 59 {
        return Err(Error::Range);
    }
    let seconds = hours * 3_600 + minutes * 60;
    Ok(Some(if sign == b'-' { -seconds } else { seconds }))
}

fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_epoch(year: i16, month: i8, day: i8) -> i64 {
    // Years run from March, so that the leap day is a year's last; 400 years have 146,097 days.
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
