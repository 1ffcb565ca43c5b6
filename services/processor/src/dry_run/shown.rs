//! Events as the dry run prints them: short, with readable times, and without any pseudonym.
//!
//! The key of a dry run is made up for the run, so its pseudonyms would differ each time and mean nothing. They are
//! printed as `person-1`, `person-2` in order of appearance, and guarded texts as `guarded-1`: two runs of one file can be
//! compared line by line, and nothing printed can be turned back.

use std::collections::HashMap;

use schemas::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::pipeline::rfc3339;

/// Fields that say nothing to whoever tries a file out: coordinates of Kafka, times of the run, a hash of the content.
const LEFT_OUT: [&str; 6] = ["content_hash", "origin", "ingested_at", "schema_version", "key_id", "region"];

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
        for (key, value) in fields {
            if LEFT_OUT.contains(&key.as_str()) {
                continue;
            }
            let value = match value {
                Value::Number(number) if is_time(&key) => {
                    Value::String(rfc3339(Timestamp(number.as_i64().unwrap_or_default())))
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
