//! JSON objects as they are written: names in their order, values as they stand.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::COLUMNS_MAX;

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

/// Writes an object; `value_of` writes the value of a name, and is told how it stood.
pub fn write(
    out: &mut String,
    fields: &[(Cow<'_, str>, &RawValue)],
    mut value_of: impl FnMut(&str, &str, &mut String),
) {
    let mut before = '{';
    for (name, value) in fields {
        out.push(before);
        before = ',';
        out.push_str(&serde_json::Value::from(&**name).to_string());
        out.push(':');
        value_of(name, value.get(), out);
    }
    out.push_str(if fields.is_empty() { "{}" } else { "}" });
}

/// Appends a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string becomes JSON, and a vector takes it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_written_as_it_was_read() {
        for text in [r#"{"b":1.50,"a":{ "c" : null },"b":2}"#, "{}", r#"{"k\"å":[]}"#] {
            let Fields(fields) = serde_json::from_str(text).expect("an object");
            let mut out = String::new();
            write(&mut out, &fields, |_, value, out| out.push_str(value));
            assert_eq!(out, text);
        }
        assert!(serde_json::from_str::<Fields<'_>>("[1]").is_err());
    }
}
