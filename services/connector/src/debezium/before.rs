//! What may be believed of the row before a change.
//!
//! Debezium writes every column into `before`, also those that PostgreSQL did not tell. With the default replica identity
//! only the key is told: a nullable column becomes null, a NOT NULL one `""`, 0 or its default, and nothing marks them. So
//! a row before is believed as a whole where the configuration says that the table has REPLICA IDENTITY FULL, or where the
//! schema around the change proves it; else only the columns that the message's key names.
//!
//! Decided by the message and the configuration alone: what comes again is the same record.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ::debezium::COLUMNS_MAX;
use ::debezium::content::Content;
use ::debezium::envelope::{IDENTITY_FULL, IDENTITY_KEY};
use ::debezium::object::Fields;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Belief<'a> {
    Row,
    /// These columns only.
    Key(BTreeSet<Cow<'a, str>>),
}

impl Belief<'_> {
    /// Whether a column's value holds.
    pub(crate) fn holds(&self, column: &str) -> bool {
        match self {
            Self::Row => true,
            Self::Key(columns) => columns.contains(column),
        }
    }

    /// As the envelope that we send on says it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Row => IDENTITY_FULL,
            Self::Key(_) => IDENTITY_KEY,
        }
    }
}

/// The columns that a message's key names; none where it is no JSON object.
pub(super) fn columns_of_key(key: Option<Content<'_>>) -> BTreeSet<Cow<'_, str>> {
    let fields: Fields<'_> = key.and_then(|key| serde_json::from_slice(key.text).ok()).unwrap_or_default();
    fields.0.into_iter().map(|(name, _)| name).take(COLUMNS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_columns_with_and_without_its_schema() {
        let check = |key: &str, expected: &[&str]| {
            let found = columns_of_key(Some(Content::of(key.as_bytes())));
            assert_eq!(found.iter().map(AsRef::as_ref).collect::<Vec<_>>(), expected, "{key}");
        };
        check(r#"{"id":7,"ward":"å"}"#, &["id", "ward"]);
        check(r#"{"schema":{"type":"struct","optional":false},"payload":{"id":7}}"#, &["id"]);
        check(r#"{"schema":null,"payload":{"k\u00e5":7}}"#, &["kå"]);
        // A table may have such columns.
        check(r#"{"payload":"x","schema":7}"#, &["payload", "schema"]);
        for key in ["7", "\"7\"", "", "{", "null", "[1]", "id=7"] {
            check(key, &[]);
        }
        assert!(columns_of_key(None).is_empty());
    }
}
