//! Dates, times and amounts that Debezium writes as numbers and bytes, written out by the schema that stands around the
//! change: it is not sent on, and without it nobody could read them.
//!
//! Source: Debezium's documentation of temporal and decimal types. A time without a zone is a wall clock's and stays one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use data_encoding::BASE64;
use jiff::civil;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Columns of a row that are looked at, a bound against rubbish.
const COLUMNS_MAX: usize = 2_000;
/// Decimals of an amount, at most.
const SCALE_MAX: u32 = 38;

/// How the values of a topic are written out, by the schema that its last change had.
#[derive(Default)]
pub struct Written {
    schema: String,
    columns: BTreeMap<String, Type>,
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
    /// An integer in big-endian bytes, with so many decimals.
    Decimal(u32),
    /// The same, with its decimals beside it.
    VariableDecimal,
}

const NANO: i128 = 1;
const MICRO: i128 = 1_000;
const MILLI: i128 = 1_000_000;

impl Written {
    /// The change with its rows written out; as it is where its schema says that nothing has to be.
    pub fn out<'a>(&mut self, schema: &RawValue, change: &'a RawValue) -> Cow<'a, [u8]> {
        if self.schema != schema.get() {
            schema.get().clone_into(&mut self.schema);
            self.columns = columns(schema.get());
        }
        let unchanged = change.get().as_bytes();
        if self.columns.is_empty() {
            return Cow::Borrowed(unchanged);
        }
        let Ok(Fields(fields)) = serde_json::from_str::<Fields<'a>>(change.get()) else {
            return Cow::Borrowed(unchanged);
        };
        let mut out = String::with_capacity(unchanged.len() + 256);
        object(&mut out, &fields, |name, value, out| match name {
            "before" | "after" => self.row(value, out),
            _ => out.push_str(value),
        });
        Cow::Owned(out.into_bytes())
    }

    fn row(&self, row: &str, out: &mut String) {
        let Ok(Fields(fields)) = serde_json::from_str::<Fields<'_>>(row) else { return out.push_str(row) };
        object(out, &fields, |name, value, out| match self.columns.get(name).and_then(|kind| written(*kind, value)) {
            Some(text) => out.extend(["\"", &text, "\""]),
            None => out.push_str(value),
        });
    }
}

/// Writes an object, its values by `write`.
fn object(out: &mut String, fields: &[(Cow<'_, str>, &RawValue)], mut write: impl FnMut(&str, &str, &mut String)) {
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

/// The text of a value; nothing for one that has no such meaning: it stays as it is.
fn written(kind: Type, value: &str) -> Option<String> {
    match kind {
        Type::Day => {
            let days = jiff::Span::new().try_days(value.parse::<i64>().ok()?).ok()?;
            Some(civil::date(1970, 1, 1).checked_add(days).ok()?.to_string())
        }
        Type::Moment(unit) => Some(wall_clock(value, unit)?.to_string()),
        Type::Clock(unit) => Some(wall_clock(value, unit)?.time().to_string()),
        Type::Decimal(scale) => decimal(&serde_json::from_str::<Cow<'_, str>>(value).ok()?, scale),
        Type::VariableDecimal => {
            #[derive(Deserialize)]
            struct Variable<'a> {
                scale: u32,
                #[serde(borrow)]
                value: Cow<'a, str>,
            }
            let variable: Variable<'_> = serde_json::from_str(value).ok()?;
            decimal(&variable.value, variable.scale)
        }
    }
}

fn wall_clock(value: &str, unit: i128) -> Option<civil::DateTime> {
    let nanoseconds = value.parse::<i128>().ok()?.checked_mul(unit)?;
    Some(jiff::Timestamp::from_nanosecond(nanoseconds).ok()?.to_zoned(TimeZone::UTC).datetime())
}

/// The decimal number of bytes in base 64: a signed integer, its highest byte first.
fn decimal(base64: &str, scale: u32) -> Option<String> {
    let bytes = BASE64.decode(base64.as_bytes()).ok()?;
    let negative = *bytes.first()? >= 0x80;
    let mut wide = [if negative { 0xFF } else { 0 }; 16];
    let start = wide.len().checked_sub(bytes.len()).filter(|_| scale <= SCALE_MAX)?;
    wide[start..].copy_from_slice(&bytes);
    let number = i128::from_be_bytes(wide);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale as usize + 1);
    let (whole, decimals) = digits.split_at(digits.len() - scale as usize);
    let sign = if number < 0 { "-" } else { "" };
    Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") })
}

/// A field of Kafka Connect's schemas.
#[derive(Deserialize)]
struct Schema<'a> {
    #[serde(borrow)]
    field: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fields: Vec<Schema<'a>>,
    #[serde(borrow, default)]
    parameters: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

impl Schema<'_> {
    fn meaning(&self) -> Option<Type> {
        Some(match &**self.name.as_ref()? {
            "io.debezium.time.Date" | "org.apache.kafka.connect.data.Date" => Type::Day,
            "io.debezium.time.Timestamp" | "org.apache.kafka.connect.data.Timestamp" => Type::Moment(MILLI),
            "io.debezium.time.MicroTimestamp" => Type::Moment(MICRO),
            "io.debezium.time.NanoTimestamp" => Type::Moment(NANO),
            "io.debezium.time.Time" | "org.apache.kafka.connect.data.Time" => Type::Clock(MILLI),
            "io.debezium.time.MicroTime" => Type::Clock(MICRO),
            "io.debezium.time.NanoTime" => Type::Clock(NANO),
            "org.apache.kafka.connect.data.Decimal" => Type::Decimal(self.parameters.get("scale")?.parse().ok()?),
            "io.debezium.data.VariableScaleDecimal" => Type::VariableDecimal,
            _ => return None,
        })
    }
}

/// The columns that have to be written out, of a change's schema.
fn columns(schema: &str) -> BTreeMap<String, Type> {
    let Ok(change) = serde_json::from_str::<Schema<'_>>(schema) else { return BTreeMap::new() };
    let rows = change.fields.iter().filter(|part| matches!(part.field.as_deref(), Some("before" | "after")));
    let columns = rows.flat_map(|row| row.fields.iter().take(COLUMNS_MAX));
    columns.filter_map(|column| Some((column.field.as_deref()?.to_owned(), column.meaning()?))).collect()
}

/// An object's fields in their order.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

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
        let (schema, change): (&RawValue, &RawValue) =
            (serde_json::from_str(schema).expect("JSON"), serde_json::from_str(change).expect("JSON"));
        String::from_utf8(Written::default().out(schema, change).into_owned()).expect("text")
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
        // What has another meaning, or none, stays.
        for (name, parameters, value) in [
            (decimal, r#"{"scale":"2"}"#, "null"),
            (decimal, r#"{"scale":"2"}"#, r#""__debezium_unavailable_value""#),
            (decimal, "{}", r#""AeJA""#),
            (decimal, r#"{"scale":"2"}"#, r#""AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#),
            (&moment("MicroTimestamp"), "{}", "9223372036825200000"),
            (&moment("Date"), "{}", "99999999999"),
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
        let change = RawValue::from_string(r#"{"before":{"d":86400000}}"#.to_owned()).expect("JSON");
        let mut written = Written::default();
        let mut day = |name: &str| String::from_utf8(written.out(&schema(name), &change).into_owned()).expect("text");
        assert_eq!(day("io.debezium.time.Timestamp"), r#"{"before":{"d":"1970-01-02T00:00:00"}}"#);
        assert_eq!(day("io.debezium.time.MicroTimestamp"), r#"{"before":{"d":"1970-01-01T00:01:26.4"}}"#);
        assert_eq!(day("other"), r#"{"before":{"d":86400000}}"#);
    }
}
