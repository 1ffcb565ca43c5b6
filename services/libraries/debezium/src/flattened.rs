//! A row that Debezium's transform ExtractNewRecordState made of a change, put back into an envelope.
//!
//! Of a change it keeps the row after it, and adds what `add.fields` names: `__op`, `__ts_ms`, `__source_ts_ms`, `__table`.
//! With `delete.tombstone.handling.mode=rewrite` a deleted row comes with `__deleted`; in the other modes a value that is
//! missing is all there is, and only the message's key says of which row. What is not told stays untold: an operation that
//! is not named is a change, of which nothing is known of the row before.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::object;
use crate::object::Fields;

/// The prefix of added columns where the configuration says none.
pub const PREFIX: &str = "__";
/// The column that says of a row whether it was deleted; it has no other prefix.
const DELETED: &str = "__deleted";
/// What the processor reads of an envelope's source.
const SOURCE: [&str; 4] = ["ts_ms", "db", "schema", "table"];

/// What gives a flattened row away that nobody has told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It says whether it was deleted: a missing value says nothing more.
    Deleted,
    /// It says its operation, and deletions are missing values.
    Operation,
}

/// Whether it is a row that was flattened, as far as its columns show.
pub fn mark(row: &Fields<'_>) -> Option<Mark> {
    let has =
        |name: &str, values: &[&str]| row.0.iter().any(|(other, value)| other == name && values.contains(&value.get()));
    if has(DELETED, &["\"true\"", "\"false\"", "true", "false"]) {
        return Some(Mark::Deleted);
    }
    has("__op", &["\"c\"", "\"r\"", "\"u\"", "\"d\""]).then_some(Mark::Operation)
}

/// The envelope of a row; `sent_at` is the time of its message, for one that has no other.
pub fn envelope(row: &Fields<'_>, prefix: &str, sent_at: Option<i64>) -> Vec<u8> {
    let added = |name: &str| {
        let found = row.0.iter().find(|(column, _)| column.strip_prefix(prefix) == Some(name));
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    };
    let is_deleted = row.0.iter().any(|(name, value)| name == DELETED && matches!(value.get(), "\"true\"" | "true"));
    let operation = match added("op").map(RawValue::get) {
        _ if is_deleted => "d",
        Some("\"d\"") => "d",
        Some("\"c\"") => "c",
        Some("\"r\"") => "r",
        _ => "u",
    };
    let is_of_row = |name: &str| name != DELETED && !name.starts_with(prefix);
    let columns: Vec<_> = row.0.iter().filter(|(name, _)| is_of_row(name)).cloned().collect();
    let source = SOURCE.map(|name| (Cow::Borrowed(name), added(&format!("source_{name}")).or_else(|| added(name))));
    let source: Vec<_> = source.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let at = match added("ts_ms") {
        Some(at) => at.get().to_owned(),
        None => sent_at.map_or_else(|| "null".to_owned(), |at| at.to_string()),
    };
    let mut image = String::new();
    object::write(&mut image, &columns, |_, value, out| out.push_str(value));
    let mut told = String::new();
    object::write(&mut told, &source, |_, value, out| out.push_str(value));
    written(&image, operation, &told, &at)
}

/// The envelope of a deletion of which only the key is told.
pub fn deletion(key: &str, sent_at: Option<i64>) -> Vec<u8> {
    let key = if key.starts_with('{') { key } else { "null" };
    written(key, "d", "{}", &sent_at.map_or_else(|| "null".to_owned(), |at| at.to_string()))
}

fn written(image: &str, operation: &str, source: &str, at: &str) -> Vec<u8> {
    let (before, after) = if operation == "d" { (image, "null") } else { ("null", image) };
    let mut out = String::with_capacity(image.len() + source.len() + 128);
    write!(
        out,
        r#"{{"before":{before},"after":{after},"source":{source},"op":"{operation}","ts_ms":{at},"flattened":true}}"#
    )
    .expect("a string takes everything");
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(row: &str, prefix: &str, expected: &str) {
        let fields: Fields<'_> = serde_json::from_str(row).expect("a row");
        let found = String::from_utf8(envelope(&fields, prefix, Some(9))).expect("text");
        assert_eq!(found, expected, "{row}");
    }

    #[test]
    fn a_row_becomes_the_envelope_that_it_was_as_far_as_it_is_told() {
        // With nothing added.
        check(
            r#"{"id":1,"note":null}"#,
            "__",
            r#"{"before":null,"after":{"id":1,"note":null},"source":{},"op":"u","ts_ms":9,"flattened":true}"#,
        );
        // As Debezium 3.6 writes it with rewrite and add.fields=op,ts_ms,source.ts_ms,table,lsn,source.db.
        let added = r#""__ts_ms":1795943738776,"__source_ts_ms":1795943738136,"__table":"w","__lsn":22229752,"__source_db":"p""#;
        let source = r#"{"ts_ms":1795943738136,"db":"p","table":"w"}"#;
        for (operation, deleted, before, after) in [
            ("r", "false", "null", r#"{"id":1}"#),
            ("c", "false", "null", r#"{"id":1}"#),
            ("u", "false", "null", r#"{"id":1}"#),
            ("d", "true", r#"{"id":1}"#, "null"),
        ] {
            check(
                &format!(r#"{{"id":1,"__deleted":"{deleted}","__op":"{operation}",{added}}}"#),
                "__",
                &format!(
                    r#"{{"before":{before},"after":{after},"source":{source},"op":"{operation}","ts_ms":1795943738776,"flattened":true}}"#
                ),
            );
        }
        // Another prefix, and a name of its own for the operation: of it only the deletion is known.
        check(
            r#"{"__id":1,"__deleted":"true","x_operation":"d","x_source_ts_ms":7}"#,
            "x_",
            r#"{"before":{"__id":1},"after":null,"source":{"ts_ms":7},"op":"d","ts_ms":9,"flattened":true}"#,
        );
        check(
            r#"{"id":1,"__deleted":false,"__op":null}"#,
            "__",
            r#"{"before":null,"after":{"id":1},"source":{},"op":"u","ts_ms":9,"flattened":true}"#,
        );
    }

    #[test]
    fn a_deletion_without_a_row_has_its_key() {
        let text = |key: &str| String::from_utf8(deletion(key, None)).expect("text");
        assert_eq!(
            text(r#"{"id":1}"#),
            r#"{"before":{"id":1},"after":null,"source":{},"op":"d","ts_ms":null,"flattened":true}"#
        );
        assert!(text("7").contains(r#""before":null"#));
    }

    #[test]
    fn a_row_that_was_flattened_is_known_by_what_was_added() {
        let of = |row: &str| mark(&serde_json::from_str(row).expect("a row"));
        assert_eq!(of(r#"{"id":1,"__deleted":"false","__op":"c"}"#), Some(Mark::Deleted));
        assert_eq!(of(r#"{"id":1,"__op":"c"}"#), Some(Mark::Operation));
        for row in [r#"{"id":1}"#, r#"{"__deleted":"maybe"}"#, r#"{"__op":"appendektomi"}"#, r#"{"__op":1}"#] {
            assert_eq!(of(row), None, "{row}");
        }
    }
}
