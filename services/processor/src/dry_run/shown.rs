//! Events as the dry run prints them: short, with readable times, and without any pseudonym.
//!
//! The key of a dry run is made up for the run, so its pseudonyms would differ each time and mean nothing. They are
//! printed as `person-1`, `person-2` in order of appearance, and guarded texts as `guarded-1`: two runs of one file can be
//! compared line by line, and nothing printed can be turned back.

use std::collections::HashMap;

use schemas::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::verbatim::{rfc3339, swedish_day};

/// Fields that say nothing to whoever tries a file out: coordinates of Kafka, times of the run, a hash of the content.
const LEFT_OUT: [&str; 6] = ["content_hash", "origin", "ingested_at", "schema_version", "key_id", "region"];

/// How the name of a flag ends that says that only the day of a time is known.
const IS_DATE: &str = "_is_date";

/// Length of the base32 part of pseudonyms and guarded texts.
const SHOWN_LENGTH: usize = 32;

/// Numbers pseudonyms and guarded texts in order of appearance.
#[derive(Debug, Default)]
pub struct Names {
    persons: HashMap<Box<str>, usize>,
    guarded: HashMap<Box<str>, usize>,
}

impl Names {
    /// The text to print for a text of an event.
    pub fn shown(&mut self, text: &str) -> Option<String> {
        let (names, kind) = match kind_of(text)? {
            Kind::Person => (&mut self.persons, "person"),
            Kind::Guarded => (&mut self.guarded, "guarded"),
        };
        let next = names.len() + 1;
        Some(format!("{kind}-{}", names.entry(text.into()).or_insert(next)))
    }

    /// One event as JSON, the envelope's fields beside the event's own.
    pub fn event<E: Serialize>(&mut self, event: &E) -> Value {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(event) else { return Value::Null };
        if let Some(Value::Object(envelope)) = fields.remove("envelope") {
            fields.extend(envelope);
        }
        Value::Object(self.fields(fields))
    }

    fn fields(&mut self, fields: Map<String, Value>) -> Map<String, Value> {
        let mut shown = Map::new();
        let days = days_of(&fields);
        for (key, value) in fields {
            if LEFT_OUT.contains(&key.as_str()) || (key.ends_with(IS_DATE) && value == Value::Bool(false)) {
                continue;
            }
            let value = match value {
                Value::Number(number) if is_time(&key) => {
                    let at = Timestamp(number.as_i64().unwrap_or_default());
                    Value::String(if days.contains(&key) { swedish_day(at) } else { rfc3339(at) })
                }
                value => self.value(value),
            };
            if !is_empty(&value) {
                shown.insert(key, value);
            }
        }
        shown
    }

    fn value(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.shown(&text).unwrap_or(text)),
            Value::Array(values) => Value::Array(values.into_iter().map(|value| self.value(value)).collect()),
            Value::Object(fields) => Value::Object(self.fields(fields)),
            value => value,
        }
    }
}

/// Whether the text is one that the guard put in place of another.
pub fn is_guarded(text: &str) -> bool {
    matches!(kind_of(text), Some(Kind::Guarded))
}

enum Kind {
    Person,
    Guarded,
}

fn kind_of(text: &str) -> Option<Kind> {
    let (head, code) = text.rsplit_once('.')?;
    let keyed = code.len() == SHOWN_LENGTH && code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    match head {
        "x" if keyed => Some(Kind::Guarded),
        head if keyed && head.starts_with('r') => Some(Kind::Person),
        _ => None,
    }
}

/// The times of a record of which only the day is known: a date is shown as a date. What happened on a day is known by the
/// source's own text, in records that tell days at all.
fn days_of(fields: &Map<String, Value>) -> Vec<String> {
    let is_day = |text: &str| !text.is_empty() && text.bytes().filter(u8::is_ascii_digit).count() <= 8;
    let mut flags = fields.iter().filter(|(key, _)| key.ends_with(IS_DATE)).peekable();
    let tells_days = flags.peek().is_some();
    let told = flags.filter(|(_, value)| **value == Value::Bool(true));
    let mut days: Vec<String> =
        told.map(|(key, _)| format!("{}_at", key.strip_suffix(IS_DATE).unwrap_or(key))).collect();
    if tells_days && fields.get("occurred_text").and_then(Value::as_str).is_some_and(is_day) {
        days.push("occurred_at".to_owned());
    }
    days
}

fn is_time(key: &str) -> bool {
    key.ends_with("_at") || matches!(key, "valid_from" | "valid_to")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
