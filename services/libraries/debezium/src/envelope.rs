//! The envelope around a change: what happened to a row, where and when, and how much of the row before holds.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::object::string;

/// How `source.version` begins where our own connector read the database's log.
const OWN_VERSION: &str = "vardstrom-";
/// Names the form of the envelope that we write. It changes when the bytes do, not with our releases.
const VERSION: &str = "vardstrom-1";

/// The part that we add to an envelope of Debezium's: how much of the row before is to be believed.
pub const IDENTITY: &str = "replica_identity";
/// [`IDENTITY`] of a row before that is the whole row, as REPLICA IDENTITY FULL has it.
pub const IDENTITY_FULL: &str = "full";
/// [`IDENTITY`] of a row before that is left with the columns of its key.
pub const IDENTITY_KEY: &str = "key";

/// The part that we add to an envelope: columns of the row after whose value may stand for none at all.
pub const MAYBE_MISSING: &str = "maybe_missing";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A row was read in a snapshot.
    Read,
    /// A row is new.
    Create,
    /// A row changed.
    Update,
    /// A row is gone.
    Delete,
    /// All rows of the table are gone.
    Truncate,
    /// Somebody wrote a message into the database's log: no row is concerned.
    Message,
}

impl Operation {
    const ALL: [Self; 6] = [Self::Read, Self::Create, Self::Update, Self::Delete, Self::Truncate, Self::Message];

    /// As `op` says it.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Create => "c",
            Self::Update => "u",
            Self::Delete => "d",
            Self::Truncate => "t",
            Self::Message => "m",
        }
    }

    /// What `op` says; nothing for any other word.
    pub fn of(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.letter() == letter)
    }
}

/// The parts of an envelope that are read. `R` is a row, as far as the reader wants it.
#[derive(serde::Deserialize)]
pub struct Envelope<'a, R> {
    /// Where Connect's JSON converter has written a schema around it: the envelope itself.
    #[serde(borrow)]
    pub payload: Option<Box<Envelope<'a, R>>>,
    /// What happened, by its letter.
    #[serde(borrow)]
    pub op: Option<Cow<'a, str>>,
    /// The row before.
    pub before: Option<R>,
    /// The row after.
    pub after: Option<R>,
    /// Where it happened.
    #[serde(borrow)]
    pub source: Option<Source<'a>>,
    pub(crate) ts_ms: Option<Milliseconds>,
    /// How much of the row before is to be believed, where somebody has said so.
    #[serde(borrow)]
    pub replica_identity: Option<Cow<'a, str>>,
    /// We made the envelope, of a row that had none.
    #[serde(default)]
    pub flattened: bool,
    /// Columns of the row after whose value may stand for none at all, where somebody has said so.
    #[serde(borrow, default)]
    pub maybe_missing: Vec<Cow<'a, str>>,
}

/// How much of the row before somebody answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// Nobody does: it may hold invented values.
    Nothing,
    /// What is left in it holds: the columns of the key.
    Key,
    /// All of it.
    Row,
}

impl<R> Envelope<'_, R> {
    /// What happened; nothing, where that is no word of Debezium's.
    pub fn operation(&self) -> Option<Operation> {
        Operation::of(self.op.as_deref()?)
    }

    /// How much of the row before somebody answers for: of what we read of a database ourselves, all.
    pub fn vouched(&self) -> Vouched {
        let version = self.source.as_ref().and_then(|source| source.version.as_deref());
        match self.replica_identity.as_deref() {
            _ if version.is_some_and(|version| version.starts_with(OWN_VERSION)) => Vouched::Row,
            Some(IDENTITY_FULL) => Vouched::Row,
            Some(IDENTITY_KEY) => Vouched::Key,
            _ => Vouched::Nothing,
        }
    }

    /// When the source committed it, else when it was written.
    pub fn at(&self) -> Option<Milliseconds> {
        self.source.as_ref().and_then(|source| source.ts_ms).or(self.ts_ms)
    }

    /// Whether every time in it is one.
    pub fn has_times(&self) -> bool {
        let times = [self.source.as_ref().and_then(|source| source.ts_ms), self.ts_ms];
        times.into_iter().flatten().all(|at| at.value().is_some())
    }
}

/// Where a change happened.
#[derive(Default, serde::Deserialize)]
pub struct Source<'a> {
    pub(crate) ts_ms: Option<Milliseconds>,
    /// Debezium's release, or the form of our own envelopes.
    #[serde(borrow)]
    pub version: Option<Cow<'a, str>>,
    /// Debezium's connector: `postgresql`, `mariadb`.
    #[serde(borrow)]
    pub(crate) connector: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) db: Option<Cow<'a, str>>,
    /// The table's schema.
    #[serde(borrow)]
    pub schema: Option<Cow<'a, str>>,
    /// The table.
    #[serde(borrow)]
    pub table: Option<Cow<'a, str>>,
}

impl Source<'_> {
    /// Whether the database is MySQL or MariaDB. Their log has whole rows, before and after: with any other `binlog_row_image`
    /// Debezium stops (seen of 3.5.0). And they keep `0000-00-00`, which Debezium tells as 1970-01-01 where a column is NOT NULL.
    pub fn is_mysql(&self) -> bool {
        matches!(self.connector.as_deref(), Some("mysql" | "mariadb"))
    }

    /// Database, schema and table, as far as they are told: `lis.public.vantetid`.
    pub fn table(&self) -> Option<String> {
        self.table.as_ref()?;
        let parts: Vec<&str> = [&self.db, &self.schema, &self.table].into_iter().flatten().map(AsRef::as_ref).collect();
        Some(parts.join("."))
    }
}

/// Milliseconds since 1970, written as a number or, by some versions, as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(Option<i64>);

impl Milliseconds {
    /// How many; nothing for a text that is no number.
    pub fn value(self) -> Option<i64> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Milliseconds;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("milliseconds as a whole number or a text")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Milliseconds, E> {
                Ok(Milliseconds(Some(number)))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Milliseconds, E> {
                let number = i64::try_from(number).map_err(|_| E::custom("milliseconds beyond all times"))?;
                Ok(Milliseconds(Some(number)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Milliseconds, E> {
                Ok(Milliseconds(text.parse().ok()))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Where and when something happened that we read of a database ourselves.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The database.
    pub database: &'a str,
    /// The table's schema.
    pub schema: &'a str,
    /// The table.
    pub table: &'a str,
    /// When it was committed, or the snapshot was begun; microseconds since 1970.
    pub at: i64,
    /// The transaction; none in a snapshot.
    pub transaction: Option<u32>,
    /// Where in PostgreSQL's log; in a snapshot, where the changes begin.
    pub lsn: u64,
}

/// The bytes of an envelope of our own; each row is written by what is given for it, as a JSON object.
///
/// They are a function of what is given and of nothing else: not of the clock, not of this release. A change that is read
/// again is therefore the same record.
pub fn write<R: FnOnce(&mut Vec<u8>)>(
    operation: Operation,
    before: Option<R>,
    after: Option<R>,
    origin: &Origin<'_>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let row = |out: &mut Vec<u8>, row: Option<R>| match row {
        Some(row) => row(out),
        None => out.extend_from_slice(b"null"),
    };
    out.extend_from_slice(b"{\"before\":");
    row(&mut out, before);
    out.extend_from_slice(b",\"after\":");
    row(&mut out, after);
    out.extend_from_slice(b",\"source\":{\"version\":");
    string(&mut out, VERSION);
    out.extend_from_slice(b",\"connector\":\"postgresql\"");
    for (key, text) in [("db", origin.database), ("schema", origin.schema), ("table", origin.table)] {
        out.push(b',');
        string(&mut out, key);
        out.push(b':');
        string(&mut out, text);
    }
    let at = origin.at.div_euclid(1000);
    let snapshot = origin.transaction.is_none();
    let transaction = origin.transaction.map_or_else(|| "null".to_owned(), |id| id.to_string());
    let lsn = origin.lsn;
    let letter = operation.letter();
    let rest = format!(
        ",\"ts_ms\":{at},\"snapshot\":\"{snapshot}\",\"txId\":{transaction},\"lsn\":{lsn}}},\"op\":\"{letter}\",\"ts_ms\":{at}}}"
    );
    out.extend_from_slice(rest.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(text: &str) -> Option<Envelope<'_, Value>> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn what_is_written_is_read() {
        let origin = Origin {
            database: "care",
            schema: "public",
            table: "bed",
            at: 1_767_600_000_123_456,
            transaction: None,
            lsn: 7,
        };
        let row = |out: &mut Vec<u8>| out.extend_from_slice(br#"{"id":7}"#);
        for operation in Operation::ALL {
            let text = String::from_utf8(write(operation, None, Some(row), &origin)).expect("UTF-8");
            let envelope = read(&text).expect("an envelope");
            assert_eq!((envelope.operation(), envelope.vouched()), (Some(operation), Vouched::Row));
            assert!(envelope.before.is_none() && envelope.after == Some(serde_json::json!({"id": 7})));
            assert_eq!(envelope.at().and_then(Milliseconds::value), Some(1_767_600_000_123));
            assert_eq!(envelope.source.and_then(|source| source.table()).as_deref(), Some("care.public.bed"));
        }
    }

    #[test]
    fn a_time_is_a_number_or_a_text() {
        let at =
            |text: &str| read(&format!(r#"{{"ts_ms":{text}}}"#)).map(|envelope| (envelope.at(), envelope.has_times()));
        assert_eq!(at("7"), Some((Some(Milliseconds(Some(7))), true)));
        assert_eq!(at("\"-7\""), Some((Some(Milliseconds(Some(-7))), true)));
        assert_eq!(at("\"soon\""), Some((Some(Milliseconds(None)), false)));
        assert_eq!(at("null"), Some((None, true)));
        for other in ["1.5", "{}", "true", "18446744073709551615"] {
            assert_eq!(at(other), None, "{other}");
        }
    }

    #[test]
    fn a_row_before_is_vouched_for_by_what_stands_beside_it() {
        for (text, expected) in [
            (r#"{"op":"d"}"#, Vouched::Nothing),
            (r#"{"replica_identity":"key"}"#, Vouched::Key),
            (r#"{"replica_identity":"full"}"#, Vouched::Row),
            (r#"{"replica_identity":"other"}"#, Vouched::Nothing),
            (r#"{"source":{"version":"3.6.1.Final"}}"#, Vouched::Nothing),
            (r#"{"source":{"version":"vardstrom-1"}}"#, Vouched::Row),
        ] {
            assert_eq!(read(text).expect("an envelope").vouched(), expected, "{text}");
        }
    }
}
