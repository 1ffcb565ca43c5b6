//! What a message of a Debezium topic says: as much as is needed to send it on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::before::{Belief, columns_of_key};
use super::written::{Written, is_unsent};

/// What is known of a topic beside its messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Topic<'t> {
    /// The column that keeps rows in order.
    pub order: Option<&'t str>,
    /// The configuration says that the table has REPLICA IDENTITY FULL.
    pub full: bool,
    /// Columns whose times are a wall clock's though they are written with `Z`, where the configuration says so.
    pub wall_clock: Option<&'t BTreeSet<String>>,
}

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
    /// The envelope without schema, with the values written out that only the schema explains, and of the row before what
    /// is to be believed.
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

/// Reads a message; `written` is what is known of the topic's schema.
pub fn read<'a>(
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    topic: Topic<'_>,
    written: &mut Written,
) -> Message<'a> {
    let Some(value) = value.filter(|value| !value.is_empty() && *value != b"null") else { return Message::Tombstone };
    let Ok(outer) = serde_json::from_slice::<Outer<'a>>(value) else { return Message::Unreadable };
    let (schema, bare) = match (outer.op, outer.payload) {
        (Some(_), _) => (None, value),
        (None, Some(payload)) => (outer.schema, payload.get().as_bytes()),
        // Debezium's converter wraps a missing value, too.
        (None, None) if has_schema_only(value) => return Message::Tombstone,
        (None, None) => return Message::Unreadable,
    };
    let Ok(read) = serde_json::from_slice::<Envelope<'a>>(bare) else { return Message::Unreadable };
    let known = matches!(&*read.op, "c" | "u" | "d" | "r" | "t" | "m");
    if !known {
        return Message::Unreadable;
    }
    written.learn(schema, topic.wall_clock);
    let belief = read.before.as_ref().map(|before| match topic.full || written.proves_whole(before) {
        true => Belief::Row,
        false => Belief::Key(columns_of_key(key)),
    });
    let order = |row: &Option<Row<'a>>| text(row.as_ref()?.get(topic.order?)?);
    let order_before =
        |belief: &Belief<'a>| order(&read.before).filter(|_| topic.order.is_some_and(|name| belief.holds(name)));
    let at = read.source.as_ref().and_then(|source| source.ts_ms.as_ref()).or(read.ts_ms.as_ref());
    Message::Change(Change {
        at: at.and_then(Milliseconds::value),
        truncation: read.op == "t",
        key: order(&read.after).or_else(|| order_before(belief.as_ref()?)),
        envelope: written.out(bare, belief.as_ref()),
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
            (!is_unsent(quoted)).then_some(text)
        }
        plain => Some(Cow::Borrowed(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(value: &str) -> (String, Option<i64>, bool, Option<String>) {
        let topic = Topic { order: Some("patient"), full: true, wall_clock: None };
        match read(None, Some(value.as_bytes()), topic, &mut Written::default()) {
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

    /// The row before as it is sent on, what is said of it, and the value that keeps rows in order.
    fn before(key: &str, schema: Option<&str>, change: &str, full: bool) -> (String, Option<String>) {
        let value = match schema {
            Some(schema) => format!(r#"{{"schema":{schema},"payload":{change}}}"#),
            None => change.to_owned(),
        };
        let topic = Topic { order: Some("patient"), full, wall_clock: None };
        match read(Some(key.as_bytes()), Some(value.as_bytes()), topic, &mut Written::default()) {
            Message::Change(change) => {
                let text = String::from_utf8(change.envelope.to_vec()).expect("text");
                (text, change.key.map(Cow::into_owned))
            }
            other => panic!("{other:?} of {value}"),
        }
    }

    #[test]
    fn of_a_row_before_only_the_key_is_believed_unless_somebody_says_more() {
        const KEY: &str = r#"{"id":7}"#;
        // As Debezium 3.6 writes a deletion with the default replica identity: patient and decided are NOT NULL.
        const INVENTED: &str =
            r#"{"before":{"id":7,"patient":"","decided":0,"note":null,"code":"X"},"after":null,"op":"d"}"#;
        const TOLD: &str =
            r#"{"before":{"id":7,"patient":"p","decided":20454,"note":"n","code":"X"},"after":null,"op":"d"}"#;
        const SCHEMA: &str = r#"{"type":"struct","fields":[{"type":"struct","optional":true,"field":"before","fields":[
            {"type":"int64","optional":false,"field":"id"},{"type":"string","optional":false,"field":"patient"},
            {"type":"int32","optional":false,"name":"io.debezium.time.Date","field":"decided"},
            {"type":"string","optional":true,"field":"note"},
            {"type":"string","optional":true,"default":"X","field":"code"}]}]}"#;
        let key_only = (r#"{"before":{"id":7},"after":null,"op":"d","replica_identity":"key"}"#.to_owned(), None);
        assert_eq!(before(KEY, None, INVENTED, false), key_only);
        assert_eq!(before(KEY, None, TOLD, false), key_only, "nobody says that it is the whole row");
        // A default that the converter puts in place of a null proves nothing.
        assert_eq!(before(KEY, Some(SCHEMA), INVENTED, false), key_only);
        // PostgreSQL told a value that is no key and may be null: it told all of them.
        let (envelope, order) = before(KEY, Some(SCHEMA), TOLD, false);
        assert!(envelope.contains(r#""decided":"2026-01-01","note":"n""#), "{envelope}");
        assert!(envelope.ends_with(r#""op":"d","replica_identity":"full"}"#), "{envelope}");
        assert_eq!(order.as_deref(), Some("p"));
        for unsent in ["__debezium_unavailable_value", "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="] {
            assert_eq!(before(KEY, Some(SCHEMA), &TOLD.replace("\"n\"", &format!("\"{unsent}\"")), false), key_only);
        }
        // The configuration says so.
        let (envelope, order) = before(KEY, None, TOLD, true);
        assert_eq!(envelope, TOLD.replace(r#""d"}"#, r#""d","replica_identity":"full"}"#));
        assert_eq!(order.as_deref(), Some("p"));
        // A changed row, too, and a key without names.
        let update =
            r#"{"before":{"id":7,"patient":""},"after":{"id":7,"patient":"q"},"op":"u","replica_identity":"full"}"#;
        let (envelope, order) = before("7", None, update, false);
        let expected = r#"{"before":{},"after":{"id":7,"patient":"q"},"op":"u","replica_identity":"key"}"#;
        assert_eq!((envelope.as_str(), order.as_deref()), (expected, Some("q")));
    }

    #[test]
    fn what_is_no_change_is_told_apart() {
        for value in [None, Some("null"), Some(""), Some(r#"{"schema":null,"payload":null}"#)] {
            assert_eq!(
                read(None, value.map(str::as_bytes), Topic::default(), &mut Written::default()),
                Message::Tombstone,
                "{value:?}"
            );
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
            assert_eq!(
                read(None, Some(value.as_bytes()), Topic::default(), &mut Written::default()),
                Message::Unreadable,
                "{value}"
            );
        }
    }
}
