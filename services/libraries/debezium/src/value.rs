//! Dates, times and amounts that Debezium writes as numbers and bytes, written out as text.
//!
//! Source: Debezium's documentation of temporal and decimal types. A time without a zone is a wall clock's and stays one: in
//! the mode `isostring` it is written with a `Z` all the same, which goes. A day or a moment that no calendar has is
//! `infinity`, for Debezium tells that as a number, another in the snapshot than in a change. What has such a type and
//! cannot be written out is never left as it stands, where it could pass for something else, but becomes [`UNREADABLE`].

use std::borrow::Cow;

use data_encoding::BASE64;
use jiff::civil;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::unavailable::is_unavailable;

/// What stands for a value that cannot be written out; whoever reads it refuses the change.
pub const UNREADABLE: &str = "__vardstrom_unreadable_value";
/// Decimals of a number, at most, and zeros behind one: what PostgreSQL keeps.
const SCALE_MAX: u32 = 16_383;
/// Bytes of a number, at most: 2,466 digits.
const NUMBER_BYTES_MAX: usize = 1_024;

/// What a value means that is not what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Days since 1970.
    Day,
    /// Since 1970, so many nanoseconds each.
    Moment(i128),
    /// Since midnight, so many nanoseconds each.
    Clock(i128),
    /// A day, a moment or a time of a wall clock as text, with a `Z` that means nothing.
    Unzoned,
    /// An integer in big-endian bytes, with so many decimals.
    Decimal(i32),
    /// The same, with its decimals beside it.
    VariableDecimal,
}

pub(crate) const NANO: i128 = 1;
pub(crate) const MICRO: i128 = 1_000;
pub(crate) const MILLI: i128 = 1_000_000;
/// Nanoseconds of a day: the end of one, `24:00`, is no time of any.
const DAY: i128 = 86_400_000_000_000;

/// Whether a value, as it stands in JSON, is a day as only `isostring` writes it: `"2026-01-06Z"`.
pub fn is_iso_day(value: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        5 | 8 => byte == b'-',
        0 | 12 => byte == b'"',
        11 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    value.len() == 13 && value.bytes().enumerate().all(shape)
}

/// Whether it is a moment in UTC: `"2026-01-06T08:00:00Z"`, with or without parts of a second.
pub fn is_iso_moment(value: &str) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_digit() || b"-:.TZ\"".contains(byte);
    value.len() >= 22 && value.as_bytes()[11] == b'T' && value.ends_with("Z\"") && value.as_bytes().iter().all(is_sign)
}

/// The text of a value that stands so in JSON; it needs no escapes. Nothing for a null and for a value that was not sent: they
/// stay as they are.
pub fn written(kind: Type, value: &str) -> Option<Cow<'static, str>> {
    if value == "null" || is_unavailable(value) {
        return None;
    }
    let text = match kind {
        Type::Day => whole(value).map(day),
        Type::Moment(unit) => whole(value).and_then(|count| count.checked_mul(unit)).map(moment),
        Type::Clock(unit) => whole(value).and_then(|count| clock(count.checked_mul(unit)?)),
        Type::Unzoned => text(value).map(|text| unzoned(&text)),
        Type::Decimal(scale) => text(value).and_then(|bytes| decimal(&bytes, scale)),
        Type::VariableDecimal => variable(value),
    };
    Some(text.map_or(Cow::Borrowed(UNREADABLE), Cow::Owned))
}

fn whole(value: &str) -> Option<i128> {
    value.parse().ok()
}

fn text(value: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(value).ok()
}

fn day(days: i128) -> String {
    let day = i64::try_from(days).ok().and_then(|days| jiff::Span::new().try_days(days).ok());
    let day = day.and_then(|days| civil::date(1970, 1, 1).checked_add(days).ok());
    // PostgreSQL's infinity and its opposite overflow to negative numbers both; which one it was cannot be told.
    day.map_or_else(|| "infinity".to_owned(), |day| day.to_string())
}

fn moment(nanoseconds: i128) -> String {
    match jiff::Timestamp::from_nanosecond(nanoseconds) {
        Ok(moment) => moment.to_zoned(TimeZone::UTC).datetime().to_string(),
        Err(_) if nanoseconds < 0 => "-infinity".to_owned(),
        Err(_) => "infinity".to_owned(),
    }
}

fn clock(nanoseconds: i128) -> Option<String> {
    match nanoseconds {
        DAY => Some("24:00:00".to_owned()),
        0..DAY => Some(jiff::Timestamp::from_nanosecond(nanoseconds).ok()?.to_zoned(TimeZone::UTC).time().to_string()),
        _ => None,
    }
}

/// A text without the `Z` of a zone that it has not; what has none, such as `infinity`, as it is. No type that comes here has
/// letters that JSON would have to escape, and what has is given away by them.
fn unzoned(text: &str) -> String {
    let bare = text.strip_suffix('Z').unwrap_or(text);
    let is_plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+:. ".contains(&byte));
    if is_plain { bare.to_owned() } else { UNREADABLE.to_owned() }
}

fn variable(value: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Variable<'a> {
        scale: i32,
        #[serde(borrow)]
        value: Cow<'a, str>,
    }
    let variable: Variable<'_> = serde_json::from_str(value).ok()?;
    decimal(&variable.value, variable.scale)
}

/// The decimal number of bytes in base 64: a signed integer, its highest byte first.
fn decimal(base64: &str, scale: i32) -> Option<String> {
    let mut bytes = BASE64.decode(base64.as_bytes()).ok()?;
    if bytes.len() > NUMBER_BYTES_MAX || scale.unsigned_abs() > SCALE_MAX {
        return None;
    }
    let negative = *bytes.first()? >= 0x80;
    if negative {
        negate(&mut bytes);
    }
    let mut digits = digits(bytes);
    let scale_length = scale.unsigned_abs() as usize;
    if scale < 0 && digits != "0" {
        digits.extend(std::iter::repeat_n('0', scale_length));
    }
    let decimals = if scale > 0 { scale_length } else { 0 };
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, decimals) = digits.split_at(digits.len() - decimals);
    let sign = if negative { "-" } else { "" };
    Some(if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") })
}

/// The opposite of a number in two's complement.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

/// The decimal digits of an integer without sign, its highest byte first: divided by ten thousand millions of millions at a
/// time, until nothing is left.
fn digits(mut number: Vec<u8>) -> String {
    const CHUNK: u64 = 10_u64.pow(16);
    let mut chunks = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u64;
        for byte in &mut number {
            let dividend = u128::from(rest) << 8 | u128::from(*byte);
            *byte = (dividend / u128::from(CHUNK)) as u8;
            rest = (dividend % u128::from(CHUNK)) as u64;
        }
        chunks.push(rest);
    }
    let mut chunks = chunks.into_iter().rev();
    let first = chunks.next().unwrap_or_default().to_string();
    chunks.fold(first, |digits, chunk| format!("{digits}{chunk:016}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Columns;

    #[test]
    fn values_are_written_out_by_their_types() {
        let moment = |name: &str| format!("io.debezium.time.{name}");
        let check = |name: &str, parameters: &str, value: &str, expected: &str| {
            let column = format!(r#"{{"type":"x","name":"{name}","parameters":{parameters},"field":"k\u00e5"}}"#);
            let row = format!(r#"{{"type":"struct","fields":[{column}],"field":"after"}}"#);
            let schema = format!(r#"{{"type":"struct","fields":[{row},{{"type":"string","field":"op"}}]}}"#);
            let kind = Columns::of_envelope(&schema).written.get("kå").copied();
            let found = kind.and_then(|kind| written(kind, value));
            let found = found.map_or_else(|| value.to_owned(), |text| format!("\"{text}\""));
            assert_eq!(found, expected, "{name}");
        };
        check(&moment("Date"), "{}", "20454", r#""2026-01-01""#);
        check(&moment("Date"), "{}", "-1", r#""1969-12-31""#);
        check("org.apache.kafka.connect.data.Date", "{}", "20454", r#""2026-01-01""#);
        check(&moment("Timestamp"), "{}", "1767686400250", r#""2026-01-06T08:00:00.25""#);
        check(&moment("MicroTimestamp"), "{}", "1767686400000000", r#""2026-01-06T08:00:00""#);
        check(&moment("NanoTimestamp"), "{}", "1767686400000000001", r#""2026-01-06T08:00:00.000000001""#);
        check(&moment("MicroTime"), "{}", "34200000000", r#""09:30:00""#);
        check(&moment("Time"), "{}", "34200000", r#""09:30:00""#);
        let decimal = "org.apache.kafka.connect.data.Decimal";
        check(decimal, r#"{"scale":"2"}"#, r#""AeJA""#, r#""1234.56""#);
        check(decimal, r#"{"scale":"2"}"#, r#""/w==""#, r#""-0.01""#);
        check(decimal, r#"{"scale":"0"}"#, r#""AIA=""#, r#""128""#);
        check("io.debezium.data.VariableScaleDecimal", "{}", r#"{"scale":1,"value":"DA=="}"#, r#""1.2""#);
        // A wall clock's time, that `isostring` writes as if it were an instant.
        check(&moment("IsoTimestamp"), "{}", r#""2026-01-06T08:00:00Z""#, r#""2026-01-06T08:00:00""#);
        check(&moment("IsoDate"), "{}", r#""2026-01-06Z""#, r#""2026-01-06""#);
        check(&moment("IsoTime"), "{}", r#""09:30:00.5Z""#, r#""09:30:00.5""#);
        check(&moment("IsoTimestamp"), "{}", r#""infinity""#, r#""infinity""#);
        check(&moment("IsoTimestamp"), "{}", r#""a\"b""#, r#""__vardstrom_unreadable_value""#);
        // Infinity: of a day as the snapshot and as a change tell it, of a moment.
        for days in ["-622191234", "-622191233", "99999999999", "-785254586"] {
            check(&moment("Date"), "{}", days, r#""infinity""#);
        }
        check(&moment("MicroTimestamp"), "{}", "9223372036825200000", r#""infinity""#);
        check(&moment("MicroTimestamp"), "{}", "-9223372036832400000", r#""-infinity""#);
        // The end of a day is not its beginning.
        check(&moment("MicroTime"), "{}", "86400000000", r#""24:00:00""#);
        check(&moment("MicroTime"), "{}", "0", r#""00:00:00""#);
        check(&moment("Time"), "{}", "86400000", r#""24:00:00""#);
        check(&moment("MicroTime"), "{}", "86400000001", r#""__vardstrom_unreadable_value""#);
        // Numbers of any length.
        let long = "123456789012345678901234567890123456789012345678901234567890";
        check(decimal, r#"{"scale":"0"}"#, r#""E6r1BOS8HmIXP4ekN4w3tJyMz/GWzj8K0g==""#, &format!("\"{long}\""));
        check(decimal, r#"{"scale":"-2"}"#, r#""DA==""#, r#""1200""#);
        check(decimal, r#"{"scale":"40"}"#, r#""/w==""#, r#""-0.0000000000000000000000000000000000000001""#);
        check(decimal, r#"{"scale":"0"}"#, r#""gA==""#, r#""-128""#);
        check(decimal, r#"{"scale":"1"}"#, r#""AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#, r#""0.0""#);
        check("io.debezium.data.VariableScaleDecimal", "{}", r#"{"scale":-1,"value":"DA=="}"#, r#""120""#);
        for (name, parameters, value) in [
            (decimal, r#"{"scale":"2"}"#, r#""no base 64""#),
            (decimal, "{}", r#""AeJA""#),
            (decimal, r#"{"scale":"20000"}"#, r#""DA==""#),
            (&moment("Date"), "{}", r#""soon""#),
            ("io.debezium.data.VariableScaleDecimal", "{}", "7"),
        ] {
            check(name, parameters, value, r#""__vardstrom_unreadable_value""#);
        }
        // What has another meaning, or none, stays.
        for (name, parameters, value) in [
            (decimal, r#"{"scale":"2"}"#, "null"),
            (decimal, r#"{"scale":"2"}"#, r#""__debezium_unavailable_value""#),
            (&moment("IsoTimestamp"), "{}", "null"),
            (&moment("ZonedTimestamp"), "{}", r#""2026-01-06T07:00:00Z""#),
            ("io.debezium.data.Json", "{}", r#""{\"a\":1}""#),
        ] {
            check(name, parameters, value, value);
        }
    }
}
