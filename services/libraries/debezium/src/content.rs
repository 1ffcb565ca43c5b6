//! What a key or a value says, apart from the schema that stands around it.
//!
//! Two keys are the same when they say the same: the schema around one, or its id in a registry, changes with the table and
//! with the converter, and the row does not.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::object::Fields;

/// What a key or a value says, and Connect's schema of it where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// As Connect's JSON converter writes it.
    pub schema: Option<&'a RawValue>,
    /// JSON, or whatever it is.
    pub text: &'a [u8],
}

impl<'a> Content<'a> {
    /// Of bytes that no schema registry explains: without the schema that Connect's JSON converter writes around it.
    pub fn of(bytes: &'a [u8]) -> Self {
        let bare = Self { schema: None, text: bytes };
        let Ok(Fields(fields)) = serde_json::from_slice::<Fields<'a>>(bytes) else { return bare };
        let of = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
        let is_schema = |value: &RawValue| value.get().starts_with('{') || value.get() == "null";
        let is_wrapper = fields.iter().all(|(name, _)| name == "schema" || name == "payload");
        match (of("schema"), of("payload")) {
            (schema, Some(payload)) if is_wrapper && schema.is_none_or(is_schema) => {
                Self { schema, text: payload.get().as_bytes() }
            }
            _ => bare,
        }
    }

    /// Whether there is nothing: Connect's JSON converter writes a missing value as a null, too.
    pub fn is_missing(&self) -> bool {
        self.text.is_empty() || self.text == b"null"
    }

    /// To compare and to route by.
    pub fn shown(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_around_it_is_no_part_of_what_is_said() {
        let check = |bytes: &str, schema: Option<&str>, text: &str| {
            let found = Content::of(bytes.as_bytes());
            assert_eq!((found.schema.map(RawValue::get), &*found.shown()), (schema, text), "{bytes}");
        };
        check(r#"{"id":7}"#, None, r#"{"id":7}"#);
        check(r#"{"schema":{"version":1},"payload":{"id":7}}"#, Some(r#"{"version":1}"#), r#"{"id":7}"#);
        check(r#"{"payload":{"id":7},"schema":{"version":2}}"#, Some(r#"{"version":2}"#), r#"{"id":7}"#);
        check(r#"{"schema":null,"payload":null}"#, Some("null"), "null");
        check(r#"{"payload":7}"#, None, "7");
        // A table may have such columns.
        for row in [r#"{"payload":"x","schema":7}"#, r#"{"id":1,"payload":{},"schema":{}}"#, r#"{"schema":{}}"#] {
            check(row, None, row);
        }
        for other in ["7", "\"7\"", "", "{", "null", "[1]", "id=7"] {
            check(other, None, other);
        }
        assert!(Content::of(b"").is_missing() && Content::of(br#"{"schema":{},"payload":null}"#).is_missing());
    }
}
