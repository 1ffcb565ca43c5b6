//! Kafka Connect's schema of a change, as its JSON converter writes it: which values mean something else than they look like,
//! and which may be null.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::COLUMNS_MAX;
use crate::value::{MICRO, MILLI, NANO, Type};

/// What a schema says of a row's columns.
#[derive(Debug, Default)]
pub struct Columns {
    /// Columns whose values have to be written out.
    pub written: BTreeMap<String, Type>,
    /// Columns of the row before that may be null, and that no default stands for then.
    pub nullable: BTreeSet<String>,
    /// Columns that may be null and have a default, with it as it stands in JSON: Connect's converters write it for a null
    /// (KIP-581), unless `replace.null.with.default` is false.
    pub defaults: BTreeMap<String, String>,
    /// Days and moments of columns that are NOT NULL.
    pub required_times: BTreeSet<String>,
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
    #[serde(borrow)]
    default: Option<&'a RawValue>,
}

impl Field<'_> {
    fn is_time(&self) -> bool {
        let is_zoned = self.name.as_deref() == Some("io.debezium.time.ZonedTimestamp");
        is_zoned || matches!(self.meaning(), Some(Type::Day | Type::Moment(_)))
    }

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

impl Columns {
    /// Whether a value of the row after, as it stands in JSON, may stand for none at all: a default that is written for a null,
    /// or the beginning of 1970 for MySQL's `0000-00-00`.
    pub fn maybe_missing(&self, name: &str, value: &str, is_mysql: bool) -> bool {
        self.defaults.get(name).is_some_and(|default| default == value)
            || (is_mysql && self.required_times.contains(name) && matches!(value, "0" | "\"1970-01-01T00:00:00Z\""))
    }

    /// Of an envelope's schema, which has one of each of its rows; nothing is said by what is no schema.
    pub fn of_envelope(schema: &str) -> Self {
        let mut columns = Self::default();
        if let Ok(schema) = serde_json::from_str::<Field<'_>>(schema) {
            let of = |name: &str| schema.fields.iter().find(|part| part.field.as_deref() == Some(name));
            of("before").into_iter().for_each(|row| columns.add(row, true));
            of("after").into_iter().for_each(|row| columns.add(row, false));
        }
        columns
    }

    /// Of a row's schema.
    pub fn of_row(schema: &str) -> Self {
        let mut columns = Self::default();
        if let Ok(schema) = serde_json::from_str::<Field<'_>>(schema) {
            columns.add(&schema, true);
        }
        columns
    }

    fn add(&mut self, row: &Field<'_>, is_before: bool) {
        for column in row.fields.iter().take(COLUMNS_MAX) {
            let Some(name) = column.field.as_deref() else { continue };
            self.written.extend(column.meaning().map(|meaning| (name.to_owned(), meaning)));
            match column.default {
                None if is_before && column.optional => drop(self.nullable.insert(name.to_owned())),
                Some(default) if column.optional => {
                    self.defaults.insert(name.to_owned(), default.get().to_owned());
                }
                _ => {}
            }
            if !column.optional && column.is_time() {
                self.required_times.insert(name.to_owned());
            }
        }
    }
}
