//! Dates, times and amounts that Debezium writes as numbers and bytes, written out by the schema that stands around the
//! change: it is not sent on, and without it nobody could read them.
//!
//! Source: Debezium's documentation of temporal and decimal types. A time without a zone is a wall clock's and stays one: in
//! the mode `isostring` it is written with a `Z` all the same, which goes. A day or a moment that no calendar has is
//! `infinity`, for Debezium tells that as a number, another in the snapshot than in a change. What has such a type and
//! cannot be written out is never sent as it stands, where it could pass for something else, but as words that are refused.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use data_encoding::BASE64;
use jiff::civil;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::before::Belief;

/// Columns of a row that are looked at, a bound against rubbish.
pub const COLUMNS_MAX: usize = 2_000;
/// Decimals of a number, at most, and zeros behind one: what PostgreSQL keeps.
const SCALE_MAX: u32 = 16_383;
/// Bytes of a number, at most: 2,466 digits.
const NUMBER_BYTES_MAX: usize = 1_024;
/// What stands for a value that cannot be written out; the processor refuses a change of which it reads one.
const UNREADABLE: &str = "__vardstrom_unreadable_value";
/// What stands for a large value that did not change.
const UNSENT: &str = "__debezium_unavailable_value";
/// The same of a column of bytes: base 64 of the words.
const UNSENT_BYTES: &str = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";
/// What is said of how much of the row before is to be believed, beside what Debezium says.
const IDENTITY: &str = "replica_identity";

/// What the schema of a topic's last change says of its values; without one, what the configuration does.
#[derive(Default)]
pub struct Written {
    /// None before the first change, empty without a schema.
    schema: Option<String>,
    /// That schema is a row's, not an envelope's around rows.
    is_of_row: bool,
    /// Nobody says which columns are a wall clock's.
    unsaid: bool,
    /// Columns whose values have to be written out.
    columns: BTreeMap<String, Type>,
    /// Columns of the row before that may be null, and that no default stands for then.
    nullable: BTreeSet<String>,
}

/// A schema as it stands around a change, and what it is of; none where the change stands alone.
#[derive(Clone, Copy, Debug)]
pub enum Schema<'a> {
    /// An envelope.
    Enveloped(Option<&'a RawValue>),
    /// A row.
    Flattened(Option<&'a RawValue>),
    /// The key of a row: there is no more of it.
    Key(Option<&'a RawValue>),
}

/// What a value means that is not what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
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

const NANO: i128 = 1;
const MICRO: i128 = 1_000;
const MILLI: i128 = 1_000_000;
/// Nanoseconds of a day: the end of one, `24:00`, is no time of any.
const DAY: i128 = 86_400_000_000_000;

impl Written {
    /// Takes the schema of a change for that of its values; without one no more is known of them than which are a
    /// `wall_clock`'s, if that is.
    pub fn learn(&mut self, schema: Schema<'_>, wall_clock: Option<&BTreeSet<String>>) {
        let (schema, is_of_row) = match schema {
            Schema::Enveloped(schema) => (schema, false),
            Schema::Flattened(schema) | Schema::Key(schema) => (schema, true),
        };
        let text = schema.map_or("", RawValue::get);
        if self.schema.as_deref() == Some(text) && self.is_of_row == is_of_row {
            return;
        }
        self.schema = Some(text.to_owned());
        self.is_of_row = is_of_row;
        self.unsaid = schema.is_none() && wall_clock.is_none();
        (self.columns, self.nullable) = match schema {
            Some(_) => columns(text, is_of_row),
            None => {
                let unzoned = wall_clock.into_iter().flatten().map(|column| (column.clone(), Type::Unzoned));
                (unzoned.collect(), BTreeSet::new())
            }
        };
    }

    fn is_schemaless(&self) -> bool {
        self.schema.as_deref().is_none_or(str::is_empty)
    }

    /// Whether a row before can only come from REPLICA IDENTITY FULL: it has a value where one that PostgreSQL did not tell
    /// would be null. A column of any other identity is NOT NULL.
    pub fn proves_whole(&self, before: &BTreeMap<Cow<'_, str>, &RawValue>) -> bool {
        let told = |value: &RawValue| value.get() != "null" && !is_unsent(value.get());
        before.iter().any(|(name, value)| self.nullable.contains(&**name) && told(value))
    }

    /// The change with its rows written out, and of the row before what is to be believed; as it is where neither changes
    /// anything.
    pub fn out<'a>(&self, change: &'a [u8], belief: Option<&Belief<'_>>) -> Cow<'a, [u8]> {
        let may_be_iso = self.is_schemaless() && change.windows(2).any(|pair| pair == b"Z\"");
        if self.columns.is_empty() && belief.is_none() && !may_be_iso {
            return Cow::Borrowed(change);
        }
        let Ok(Fields(mut fields)) = serde_json::from_slice::<Fields<'a>>(change) else {
            return Cow::Borrowed(change);
        };
        let said = belief.map(|belief| serde_json::value::to_raw_value(belief.name()).expect("a word becomes JSON"));
        fields.retain(|(name, _)| name != IDENTITY);
        fields.extend(said.as_ref().map(|said| (Cow::Borrowed(IDENTITY), &**said)));
        let mut out = String::with_capacity(change.len() + 256);
        object(&mut out, &fields, |name, value, out| match (name, belief) {
            ("before", Some(belief)) => self.row(value, |column| belief.holds(column), out),
            ("before" | "after", _) => self.row(value, |_| true, out),
            _ => out.push_str(value),
        });
        Cow::Owned(out.into_bytes())
    }

    fn row(&self, row: &str, keep: impl Fn(&str) -> bool, out: &mut String) {
        let Ok(Fields(mut fields)) = serde_json::from_str::<Fields<'_>>(row) else { return out.push_str(row) };
        fields.retain(|(name, _)| keep(name));
        // No other mode than `isostring` writes a day so, and it does so with what has a zone and what has none.
        let is_iso = self.is_schemaless() && fields.iter().any(|(_, value)| is_iso_day(value.get()));
        object(out, &fields, |name, value, out| {
            let text = match self.columns.get(name) {
                Some(kind) => written(*kind, value),
                None if is_iso && is_iso_day(value) => written(Type::Unzoned, value),
                None if is_iso && self.unsaid && is_iso_moment(value) => Some(Cow::Borrowed(UNREADABLE)),
                None => None,
            };
            match text {
                Some(text) => out.extend(["\"", &*text, "\""]),
                None => out.push_str(value),
            }
        });
    }
}

/// `"2026-01-06Z"`.
fn is_iso_day(value: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        5 | 8 => byte == b'-',
        0 | 12 => byte == b'"',
        11 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    value.len() == 13 && value.bytes().enumerate().all(shape)
}

/// `"2026-01-06T08:00:00Z"`, with or without parts of a second.
fn is_iso_moment(value: &str) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_digit() || b"-:.TZ\"".contains(byte);
    value.len() >= 22 && value.as_bytes()[11] == b'T' && value.ends_with("Z\"") && value.as_bytes().iter().all(is_sign)
}

/// Whether it stands for a large value that did not change: as text, as bytes, or in a list.
pub fn is_unsent(value: &str) -> bool {
    let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    unquoted == UNSENT || unquoted == UNSENT_BYTES || (value.starts_with('[') && value.contains(UNSENT))
}

/// Writes an object, its values by `write`.
pub fn object(out: &mut String, fields: &[(Cow<'_, str>, &RawValue)], mut write: impl FnMut(&str, &str, &mut String)) {
    let mut before = '{';
    for (name, value) in fields {
        out.push(before);
        before = ',';
        out.push_str(&serde_json::Value::from(&**name).to_string());
        out.push(':');
        write(name, value.get(), out);
    }
    out.push_str(if fields.is_empty() { "{}" } else { "}" });
}

/// The text of a value; nothing for a null and for one that was not sent: they stay as they are.
fn written(kind: Type, value: &str) -> Option<Cow<'static, str>> {
    if value == "null" || is_unsent(value) {
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

/// A field of Kafka Connect's schemas.
#[derive(Deserialize)]
struct Field<'a> {
    #[serde(borrow)]
    field: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fields: Vec<Field<'a>>,
    #[serde(borrow, default)]
    parameters: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(default)]
    optional: bool,
    default: Option<IgnoredAny>,
}

impl Field<'_> {
    fn meaning(&self) -> Option<Type> {
        Some(match &**self.name.as_ref()? {
            "io.debezium.time.Date" | "org.apache.kafka.connect.data.Date" => Type::Day,
            "io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp" => Type::Moment(MILLI),
            "io.debezium.time.MicroTimestamp" => Type::Moment(MICRO),
            "io.debezium.time.NanoTimestamp" => Type::Moment(NANO),
            "io.debezium.time.Time" | "org.apache.kafka.connect.data.Time" => Type::Clock(MILLI),
            "io.debezium.time.MicroTime" => Type::Clock(MICRO),
            "io.debezium.time.NanoTime" => Type::Clock(NANO),
            "io.debezium.time.IsoDate" | "io.debezium.time.IsoTimestamp" | "io.debezium.time.IsoTime" => Type::Unzoned,
            "org.apache.kafka.connect.data.Decimal" => {
                // Without its decimals it is no number.
                let scale = self.parameters.get("scale").and_then(|scale| scale.parse().ok());
                Type::Decimal(scale.unwrap_or(i32::MAX))
            }
            "io.debezium.data.VariableScaleDecimal" => Type::VariableDecimal,
            _ => return None,
        })
    }
}

/// Of a change's schema: the columns that have to be written out, and those of the row before that may be null.
fn columns(schema: &str, is_of_row: bool) -> (BTreeMap<String, Type>, BTreeSet<String>) {
    let Ok(schema) = serde_json::from_str::<Field<'_>>(schema) else { return Default::default() };
    let rows = match is_of_row {
        true => vec![(&schema, true)],
        false => {
            let of = |name: &str| schema.fields.iter().find(|part| part.field.as_deref() == Some(name));
            [of("before").map(|row| (row, true)), of("after").map(|row| (row, false))].into_iter().flatten().collect()
        }
    };
    let (mut written, mut nullable) = (BTreeMap::new(), BTreeSet::new());
    for (row, is_before) in rows {
        for column in row.fields.iter().take(COLUMNS_MAX) {
            let Some(name) = column.field.as_deref() else { continue };
            written.extend(column.meaning().map(|meaning| (name.to_owned(), meaning)));
            if is_before && column.optional && column.default.is_none() {
                nullable.insert(name.to_owned());
            }
        }
    }
    (written, nullable)
}

/// An object's fields in their order.
#[derive(Default)]
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(32).min(COLUMNS_MAX));
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A name, borrowed where it has nothing escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn out(schema: &str, change: &str) -> String {
        let mut written = Written::default();
        written.learn(Schema::Enveloped(Some(serde_json::from_str(schema).expect("JSON"))), None);
        String::from_utf8(written.out(change.as_bytes(), None).into_owned()).expect("text")
    }

    #[test]
    fn values_are_written_out_by_their_types() {
        let moment = |name: &str| format!("io.debezium.time.{name}");
        let check = |name: &str, parameters: &str, value: &str, expected: &str| {
            let column = format!(r#"{{"type":"x","name":"{name}","parameters":{parameters},"field":"k\u00e5"}}"#);
            let row = format!(r#"{{"type":"struct","fields":[{column}],"field":"after"}}"#);
            let schema = format!(r#"{{"type":"struct","fields":[{row},{{"type":"string","field":"op"}}]}}"#);
            let found = out(&schema, &format!(r#"{{"before":null,"after":{{"id":1,"kå":{value}}},"op":"c"}}"#));
            assert_eq!(found, format!(r#"{{"before":null,"after":{{"id":1,"kå":{expected}}},"op":"c"}}"#), "{name}");
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

    #[test]
    fn a_change_without_such_values_stays_as_it_is_written() {
        let change = r#"{ "op":"c",  "after":{"id":1} }"#;
        for schema in ["null", "7", "{}", r#"{"fields":[{"field":"after","fields":[{"field":"id","type":"int64"}]}]}"#]
        {
            assert_eq!(out(schema, change), change);
        }
    }

    #[test]
    fn a_new_schema_takes_the_place_of_the_old_one() {
        let schema = |name: &str| {
            let column = format!(r#"{{"field":"d","name":"{name}"}}"#);
            RawValue::from_string(format!(r#"{{"fields":[{{"field":"before","fields":[{column}]}}]}}"#)).expect("JSON")
        };
        let mut written = Written::default();
        let mut day = |name: &str| {
            written.learn(Schema::Enveloped(Some(&*schema(name))), None);
            String::from_utf8(written.out(br#"{"before":{"d":86400000}}"#, None).into_owned()).expect("text")
        };
        assert_eq!(day("io.debezium.time.Timestamp"), r#"{"before":{"d":"1970-01-02T00:00:00"}}"#);
        assert_eq!(day("io.debezium.time.MicroTimestamp"), r#"{"before":{"d":"1970-01-01T00:01:26.4"}}"#);
        assert_eq!(day("other"), r#"{"before":{"d":86400000}}"#);
        written.learn(Schema::Enveloped(None), None);
        assert!(written.columns.is_empty(), "nothing is known without a schema");
    }

    #[test]
    fn without_a_schema_a_wall_clock_is_one_where_the_configuration_says_so_and_else_refused() {
        let row = r#"{"d":"2026-01-06Z","at":"2026-01-06T08:00:00Z","seen":"2026-01-06T08:00:00.25Z","note":"Z"}"#;
        let change = format!(r#"{{"before":null,"after":{row},"op":"c"}}"#);
        let out = |change: &str, wall_clock: Option<&[&str]>| {
            let wall_clock = wall_clock.map(|columns| columns.iter().map(|column| (*column).to_owned()).collect());
            let mut written = Written::default();
            written.learn(Schema::Enveloped(None), wall_clock.as_ref());
            String::from_utf8(written.out(change.as_bytes(), None).into_owned()).expect("text")
        };
        let row = |at: &str, seen: &str| {
            format!(r#"{{"before":null,"after":{{"d":"2026-01-06","at":"{at}","seen":"{seen}","note":"Z"}},"op":"c"}}"#)
        };
        assert_eq!(out(&change, None), row(UNREADABLE, UNREADABLE));
        assert_eq!(out(&change, Some(&["at"])), row("2026-01-06T08:00:00", "2026-01-06T08:00:00.25Z"));
        assert_eq!(out(&change, Some(&[])), row("2026-01-06T08:00:00Z", "2026-01-06T08:00:00.25Z"));
        // Where no day shows the mode, an instant is one.
        let plain = change.replace("2026-01-06Z", "2026-01-06");
        assert_eq!(out(&plain, None), plain);
    }

    #[test]
    fn the_words_for_what_was_not_sent_are_known_in_every_type() {
        assert_eq!(BASE64.encode(UNSENT.as_bytes()), UNSENT_BYTES);
        for value in [format!("\"{UNSENT}\""), format!("\"{UNSENT_BYTES}\""), format!("[\"{UNSENT}\"]")] {
            assert!(is_unsent(&value), "{value}");
        }
        assert!(!is_unsent("\"x\"") && !is_unsent("7") && !is_unsent("[]"));
    }
}
