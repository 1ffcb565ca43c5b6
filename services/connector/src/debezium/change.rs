//! What a message of a Debezium topic says: as much as is needed to send it on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ::debezium::content::Content;
use ::debezium::envelope::{Envelope, Milliseconds, Operation, Source};
use ::debezium::flattened;
use ::debezium::flattened::Mark;
use ::debezium::object::Fields;
use ::debezium::unavailable::is_unavailable;
use serde_json::value::RawValue;

use super::before::{Belief, columns_of_key};
use super::written::{Schema, Written};

/// What is known of a topic beside its messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Topic<'t> {
    /// The column that keeps rows in order.
    pub order: Option<&'t str>,
    /// The configuration says that the table has REPLICA IDENTITY FULL.
    pub full: bool,
    /// Columns whose times are a wall clock's though they are written with `Z`, where the configuration says so.
    pub wall_clock: Option<&'t BTreeSet<String>>,
    /// Its messages are rows without envelopes: the prefix of the columns that are not the table's.
    pub flattened: Option<&'t str>,
}

/// A message as it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent<'a> {
    pub key: Option<Content<'a>>,
    pub value: Option<Content<'a>>,
    /// When Kafka was given it, milliseconds since 1970.
    pub at: Option<i64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    Change(Change<'a>),
    /// The mark after a deletion for compacted topics: the deletion itself came before it.
    Tombstone,
    /// A row without an envelope, that says no deletion: they are missing values, and nobody has said so of the topic.
    Undeclared,
    /// No JSON, or no change.
    Unreadable,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change<'a> {
    /// The envelope without schema, with the values written out that only the schema explains, and of the row before what
    /// is to be believed.
    pub envelope: Cow<'a, [u8]>,
    /// When the source committed it, milliseconds since 1970.
    pub at: Option<i64>,
    /// It concerns every row of its table.
    pub truncation: bool,
    pub deletion: bool,
    /// The value of the column that keeps rows in order, as text.
    pub key: Option<Cow<'a, str>>,
}

impl Change<'_> {
    fn into_owned<'o>(self) -> Change<'o> {
        Change {
            envelope: Cow::Owned(self.envelope.into_owned()),
            key: self.key.map(|key| Cow::Owned(key.into_owned())),
            ..self
        }
    }
}

/// A row as far as its values are looked at.
type Row<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Reads a message; `written` is what is known of the topic's schema.
pub(crate) fn read<'a>(sent: Sent<'a>, topic: Topic<'_>, written: &mut Written) -> Message<'a> {
    let Some(value) = sent.value.filter(|value| !value.is_missing()) else {
        return match (topic.flattened, sent.key) {
            (Some(_), Some(key)) => {
                let envelope = flattened::deletion(&key.shown(), sent.at);
                made(&envelope, Schema::Key(key.schema), sent.key, topic, written)
            }
            _ => Message::Tombstone,
        };
    };
    let envelope = |written: &mut Written| {
        enveloped(value.text, Schema::Enveloped(value.schema), sent.key, topic, written).map(Message::Change)
    };
    if topic.flattened.is_none()
        && let Some(change) = envelope(written)
    {
        return change;
    }
    let Ok(row) = serde_json::from_slice::<Fields<'a>>(value.text) else { return Message::Unreadable };
    // Of before the transform was set.
    if topic.flattened.is_some()
        && ["before", "after", "source", "op"].iter().all(|part| row.0.iter().any(|(name, _)| name == part))
        && let Some(change) = envelope(written)
    {
        return change;
    }
    let prefix = match (topic.flattened, flattened::mark(&row)) {
        (Some(prefix), _) => prefix,
        (None, Some(Mark::Deleted)) => flattened::PREFIX,
        (None, Some(Mark::Operation)) => return Message::Undeclared,
        (None, None) => return Message::Unreadable,
    };
    made(&flattened::envelope(&row, prefix, sent.at), Schema::Flattened(value.schema), sent.key, topic, written)
}

/// The change of an envelope that was made here, of what has this schema.
fn made<'a>(
    envelope: &[u8],
    schema: Schema<'_>,
    key: Option<Content<'a>>,
    topic: Topic<'_>,
    written: &mut Written,
) -> Message<'a> {
    match enveloped(envelope, schema, key, topic, written) {
        Some(change) => Message::Change(change.into_owned()),
        None => Message::Unreadable,
    }
}

/// The change of an envelope; nothing where it is none.
fn enveloped<'a>(
    envelope: &'a [u8],
    schema: Schema<'_>,
    key: Option<Content<'a>>,
    topic: Topic<'_>,
    written: &mut Written,
) -> Option<Change<'a>> {
    let read: Envelope<'a, Row<'a>> = serde_json::from_slice(envelope).ok()?;
    let operation = read.operation()?;
    written.learn(schema, topic.wall_clock);
    let is_key = matches!(schema, Schema::Key(_));
    let is_mysql = read.source.as_ref().is_some_and(Source::is_mysql);
    let belief =
        read.before.as_ref().map(|before| match !is_key && (topic.full || is_mysql || written.proves_whole(before)) {
            true => Belief::Row,
            false => Belief::Key(columns_of_key(key)),
        });
    let maybe_missing = written.maybe_missing(read.after.as_ref(), is_mysql);
    let order = |row: &Option<Row<'a>>| text(row.as_ref()?.get(topic.order?)?);
    let order_before =
        |belief: &Belief<'a>| order(&read.before).filter(|_| topic.order.is_some_and(|name| belief.holds(name)));
    Some(Change {
        at: read.at().and_then(Milliseconds::value),
        truncation: operation == Operation::Truncate,
        deletion: operation == Operation::Delete,
        key: order(&read.after).or_else(|| order_before(belief.as_ref()?)),
        envelope: written.out(envelope, belief.as_ref(), &maybe_missing),
    })
}

/// A value as a text; nothing for a null and for one that is not said.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get() {
        "null" => None,
        quoted if quoted.starts_with('"') => {
            let text: Cow<'_, str> = serde_json::from_str(quoted).ok()?;
            (!is_unavailable(quoted)).then_some(text)
        }
        plain => Some(Cow::Borrowed(plain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent<'a>(key: Option<&'a str>, value: Option<&'a str>) -> Sent<'a> {
        let of = |text: Option<&'a str>| text.map(|text| Content::of(text.as_bytes()));
        Sent { key: of(key), value: of(value), at: Some(9) }
    }

    fn change(value: &str) -> (String, Option<i64>, bool, Option<String>) {
        let topic = Topic { order: Some("patient"), full: true, ..Topic::default() };
        match read(sent(None, Some(value)), topic, &mut Written::default()) {
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
        let topic = Topic { order: Some("patient"), full, ..Topic::default() };
        match read(sent(Some(key), Some(&value)), topic, &mut Written::default()) {
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

    /// As Debezium's connector 3.5.0 for MariaDB told a table with `skriven datetime null default '2020-01-01'`,
    /// `utskriven datetime not null default '0000-00-00'` and `kod varchar(5) null default 'PVV'`.
    #[test]
    fn a_row_of_mysql_is_whole_and_what_may_stand_for_no_value_is_named() {
        const SCHEMA: &str = r#"{"type":"struct","fields":[{"type":"struct","optional":true,"field":"after","fields":[
            {"type":"int32","optional":false,"field":"id"},
            {"type":"int64","optional":false,"name":"io.debezium.time.Timestamp","default":0,"field":"utskriven"},
            {"type":"string","optional":false,"name":"io.debezium.time.ZonedTimestamp","default":"1970-01-01T00:00:00Z","field":"andrad"},
            {"type":"int64","optional":true,"name":"io.debezium.time.Timestamp","default":1577836800000,"field":"skriven"},
            {"type":"string","optional":true,"default":"PVV","field":"kod"}]}]}"#;
        let told = |connector: &str, row: &str| {
            let source =
                format!(r#"{{"version":"3.5.0.Final","connector":"{connector}","db":"klinik","table":"par"}}"#);
            let change = format!(r#"{{"before":{row},"after":{row},"source":{source},"op":"u"}}"#);
            before(r#"{"id":7}"#, Some(SCHEMA), &change, false).0
        };
        let row = r#"{"id":7,"utskriven":0,"andrad":"1970-01-01T00:00:00Z","skriven":1577836800000,"kod":"PVV"}"#;
        let envelope = told("mariadb", row);
        let end = r#","replica_identity":"full","maybe_missing":["andrad","kod","skriven","utskriven"]}"#;
        assert!(envelope.ends_with(end), "{envelope}");
        let after = r#""after":{"id":7,"utskriven":"1970-01-01T00:00:00","andrad":"1970-01-01T00:00:00Z","skriven":"2020-01-01T00:00:00","kod":"PVV"}"#;
        assert!(envelope.contains(after) && envelope.contains(&after.replace("after", "before")), "{envelope}");
        // PostgreSQL has no such days, and does not tell whole rows.
        let envelope = told("postgresql", row);
        assert!(envelope.ends_with(r#","replica_identity":"key","maybe_missing":["kod","skriven"]}"#), "{envelope}");
        let other = row.replace("PVV", "MOV").replace("1577836800000", "null").replace(":0,", ":86400000,");
        let envelope = told("mysql", &other.replace("1970-01-01T", "2026-01-01T"));
        assert!(envelope.ends_with(r#","replica_identity":"full"}"#), "{envelope}");
    }

    #[test]
    fn a_flattened_row_is_a_change_and_a_missing_value_a_deletion_where_somebody_says_so() {
        const KEY: &str = r#"{"id":7}"#;
        let check = |key: &str, value: Option<&str>, topic: Topic<'_>, expected: Result<&str, &str>| {
            let told = read(sent(Some(key), value), topic, &mut Written::default());
            let found = match &told {
                Message::Change(change) => Ok(String::from_utf8_lossy(&change.envelope)),
                Message::Tombstone => Err("tombstone"),
                Message::Undeclared => Err("undeclared"),
                Message::Unreadable => Err("unreadable"),
            };
            assert_eq!(found.as_deref().map_err(|word| *word), expected, "{key} {value:?}");
        };
        let bare = Topic::default();
        let told = Topic { flattened: Some("__"), ..bare };
        let row = r#"{"id":7,"d":20454}"#;
        check(KEY, Some(row), bare, Err("unreadable"));
        check(
            KEY,
            Some(row),
            told,
            Ok(r#"{"before":null,"after":{"id":7,"d":20454},"source":{},"op":"u","ts_ms":9,"flattened":true}"#),
        );
        // By what was added. Without a word of deletions they are missing values, which nobody has said.
        check(KEY, Some(r#"{"id":7,"__op":"c"}"#), bare, Err("undeclared"));
        check(
            KEY,
            Some(r#"{"id":7,"__op":"c","__deleted":"false"}"#),
            bare,
            Ok(r#"{"before":null,"after":{"id":7},"source":{},"op":"c","ts_ms":9,"flattened":true}"#),
        );
        // Invented values of a deleted row are not believed here either.
        let deleted = r#"{"id":7,"kontakt":"","d":0,"__deleted":"true"}"#;
        let of_key = r#"{"before":{"id":7},"after":null,"source":{},"op":"d","ts_ms":9,"flattened":true,"replica_identity":"key"}"#;
        check(KEY, Some(deleted), bare, Ok(of_key));
        check(
            KEY,
            Some(deleted),
            Topic { full: true, ..told },
            Ok(
                r#"{"before":{"id":7,"kontakt":"","d":0},"after":null,"source":{},"op":"d","ts_ms":9,"flattened":true,"replica_identity":"full"}"#,
            ),
        );
        for missing in [None, Some("null"), Some(r#"{"schema":null,"payload":null}"#)] {
            check(KEY, missing, bare, Err("tombstone"));
            check(KEY, missing, told, Ok(of_key));
            check(KEY, missing, Topic { full: true, ..told }, Ok(of_key));
        }
        // The schemas of a row and of a key, and an envelope of before the transform was set.
        let fields = r#"[{"type":"int64","optional":false,"field":"id"},{"type":"int32","optional":true,"name":"io.debezium.time.Date","field":"d"}]"#;
        let wrapped = |row: &str| format!(r#"{{"schema":{{"type":"struct","fields":{fields}}},"payload":{row}}}"#);
        check(
            KEY,
            Some(&wrapped(r#"{"id":7,"d":20454,"__deleted":"true"}"#)),
            told,
            Ok(
                r#"{"before":{"id":7,"d":"2026-01-01"},"after":null,"source":{},"op":"d","ts_ms":9,"flattened":true,"replica_identity":"full"}"#,
            ),
        );
        check(
            &wrapped(row),
            None,
            told,
            Ok(
                r#"{"before":{"id":7,"d":"2026-01-01"},"after":null,"source":{},"op":"d","ts_ms":9,"flattened":true,"replica_identity":"key"}"#,
            ),
        );
        let envelope = r#"{"before":null,"after":{"id":7},"source":{"ts_ms":1},"op":"c","ts_ms":2}"#;
        check(KEY, Some(envelope), told, Ok(envelope));
        // A table may have such a column.
        check(
            KEY,
            Some(r#"{"id":7,"op":"c"}"#),
            told,
            Ok(r#"{"before":null,"after":{"id":7,"op":"c"},"source":{},"op":"u","ts_ms":9,"flattened":true}"#),
        );
        check("7", None, told, Ok(r#"{"before":null,"after":null,"source":{},"op":"d","ts_ms":9,"flattened":true}"#));
    }

    #[test]
    fn what_is_no_change_is_told_apart() {
        for value in [None, Some("null"), Some(""), Some(r#"{"schema":null,"payload":null}"#)] {
            assert_eq!(
                read(sent(None, value), Topic::default(), &mut Written::default()),
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
                read(sent(None, Some(value)), Topic::default(), &mut Written::default()),
                Message::Unreadable,
                "{value}"
            );
        }
    }
}
