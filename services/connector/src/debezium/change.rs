//! What a message of a Debezium topic says: as much as is needed to send it on.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::written::Written;

/// What stands for a large value that did not change.
const UNAVAILABLE: &str = "__debezium_unavailable_value";

/// A message.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A change.
    Change(Change<'a>),
    /// The mark after a deletion for compacted topics: the deletion itself came before it.
    Tombstone,
    /// No JSON, or no change.
    Unreadable,
}

/// A change.
#[derive(Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The envelope without schema, with the values written out that only the schema explains.
    pub envelope: Cow<'a, [u8]>,
    /// When the source committed it, milliseconds since 1970.
    pub at: Option<i64>,
    /// It concerns every row of its table.
    pub truncation: bool,
    /// The value of the column that keeps rows in order, as text.
    pub key: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow)]
    op: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    op: Cow<'a, str>,
    #[serde(borrow)]
    before: Option<Row<'a>>,
    #[serde(borrow)]
    after: Option<Row<'a>>,
    source: Option<Source>,
    ts_ms: Option<Milliseconds>,
}

type Row<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
struct Source {
    ts_ms: Option<Milliseconds>,
}

/// Milliseconds as a number, or by some versions as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Milliseconds {
    Number(i64),
    Text(String),
}

impl Milliseconds {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// Reads a message's value; `key` names the column that keeps rows in order, `written` is what is known of the topic's schema.
pub fn read<'a>(value: Option<&'a [u8]>, key: Option<&str>, written: &mut Written) -> Message<'a> {
    let Some(value) = value.filter(|value| !value.is_empty() && *value != b"null") else { return Message::Tombstone };
    let Ok(outer) = serde_json::from_slice::<Outer<'a>>(value) else { return Message::Unreadable };
    let bare: &'a [u8] = match (outer.op, outer.payload) {
        (Some(_), _) => value,
        (None, Some(payload)) => payload.get().as_bytes(),
        // Debezium's converter wraps a missing value, too.
        (None, None) if has_schema_only(value) => return Message::Tombstone,
        (None, None) => return Message::Unreadable,
    };
    let Ok(read) = serde_json::from_slice::<Envelope<'a>>(bare) else { return Message::Unreadable };
    let known = matches!(&*read.op, "c" | "u" | "d" | "r" | "t" | "m");
    if !known {
        return Message::Unreadable;
    }
    let column = |row: &Option<Row<'a>>| text(row.as_ref()?.get(key?)?);
    let at = read.source.and_then(|source| source.ts_ms).or(read.ts_ms);
    let envelope = match (outer.op, outer.schema, outer.payload) {
        (None, Some(schema), Some(payload)) => written.out(schema, payload),
        _ => Cow::Borrowed(bare),
    };
    Message::Change(Change {
        envelope,
        at: at.and_then(|at| at.value()),
        truncation: read.op == "t",
        key: column(&read.after).or_else(|| column(&read.before)),
    })
}

/// `{"schema": ..., "payload": null}`.
fn has_schema_only(value: &[u8]) -> bool {
    let fields = serde_json::from_slice::<BTreeMap<Cow<'_, str>, &RawValue>>(value).unwrap_or_default();
    fields.len() == 2
        && fields.contains_key("schema")
        && fields.get("payload").is_some_and(|payload| payload.get() == "null")
}

/// A value as a text; nothing for a null and for one that is not said.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get() {
        "null" => None,
        quoted if quoted.starts_with('"') => {
            let text: Cow<'_, str> = serde_json::from_str(quoted).ok()?;
            (text != UNAVAILABLE).then_some(text)
        }
        plain => Some(Cow::Borrowed(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(value: &str) -> (String, Option<i64>, bool, Option<String>) {
        match read(Some(value.as_bytes()), Some("patient"), &mut Written::default()) {
            Message::Change(change) => (
                String::from_utf8(change.envelope.to_vec()).expect("text"),
                change.at,
                change.truncation,
                change.key.map(Cow::into_owned),
            ),
            other => panic!("{other:?} of {value}"),
        }
    }

    #[test]
    fn a_change_is_read_with_and_without_its_schema() {
        let plain = r#"{"before":null, "after":{"id":1,"patient":"a\nb"},"op":"c","source":{"ts_ms":7},"ts_ms":9}"#;
        let expected = (plain.to_owned(), Some(7), false, Some("a\nb".to_owned()));
        assert_eq!(change(plain), expected);
        assert_eq!(change(&format!(r#"{{"schema":{{"type":"struct"}},"payload":{plain}}}"#)), expected);
        assert_eq!(change(&format!(r#"{{"payload": {plain} ,"schema":null}}"#)), expected);
    }

    #[test]
    fn its_time_and_key_are_found_where_they_are() {
        let check = |value: &str, at: Option<i64>, key: Option<&str>| {
            let (_, found_at, _, found_key) = change(value);
            assert_eq!((found_at, found_key.as_deref()), (at, key), "{value}");
        };
        check(r#"{"op":"d","before":{"patient":17},"source":{"ts_ms":"8"}}"#, Some(8), Some("17"));
        check(
            r#"{"op":"u","before":{"patient":"x"},"after":{"patient":"__debezium_unavailable_value"},"ts_ms":"9"}"#,
            Some(9),
            Some("x"),
        );
        check(r#"{"op":"u","before":null,"after":{"patient":null},"ts_ms":"soon"}"#, None, None);
        check(r#"{"op":"r","after":{"id":1}}"#, None, None);
        assert!(change(r#"{"op":"t","source":{"table":"contact"}}"#).2);
    }

    #[test]
    fn what_is_no_change_is_told_apart() {
        for value in [None, Some("null"), Some(""), Some(r#"{"schema":null,"payload":null}"#)] {
            assert_eq!(read(value.map(str::as_bytes), None, &mut Written::default()), Message::Tombstone, "{value:?}");
        }
        for value in [
            "{",
            "7",
            "{}",
            r#"{"payload":7}"#,
            r#"{"op":"x","after":{}}"#,
            r#"{"op":1}"#,
            r#"{"id":1}"#,
            "\u{0}\u{0}\u{0}\u{0}\u{1}",
        ] {
            assert_eq!(read(Some(value.as_bytes()), None, &mut Written::default()), Message::Unreadable, "{value}");
        }
    }
}
