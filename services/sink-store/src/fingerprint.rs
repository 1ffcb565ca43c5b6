//! A hash of what the store says, apart from how it got there.
//!
//! Left out: times of writing and reception, coordinates in Kafka (`origin_*` and the same inside `record`), the schema
//! `delivery`, and the registry's numbers. Two stores that were fed the same set of messages have the same fingerprint.

use data_encoding::HEXLOWER;
use futures_util::{StreamExt, pin_mut};
use schemas::{Common, Decoder, Encoder, Origin, Subject, Timestamp, Visitor};
use sha2::{Digest, Sha256};
use tokio_postgres::types::ToSql;

use crate::error::{Attempt, Error};
use crate::session::Session;

/// Tables with the columns that count, in key order.
const TABLES: [(&str, &str, &str); 14] = [
    ("bed_status", "*", "region, unit, room, bed"),
    ("episode_finding", "*", "region, event_id, rule, number"),
    ("episode_link", "*", "region, node, other"),
    ("episode_stay", "*", "region, source_system, episode_id, number"),
    (
        "events",
        "region, event_id, subject, event_type, schema_version, source_system, source_message_id, occurred_at, recorded_at, \
         correction, target_event_id, subject_token, key_id, protected_identity, trigger, episode_id, unit",
        "region, event_id",
    ),
    ("objection", "*", "region, subject_token, verb, scope"),
    ("person", "*", "region, subject_token"),
    ("quality", "*", "region, subject, rule, severity, day"),
    ("region_horizon", "*", "region"),
    ("shared_identifier", "*", "region, node"),
    ("snapshot_0600", "*", "region, unit, day"),
    ("unit", "*", "region, unit"),
    ("unit_capacity", "*", "region, unit, valid_from"),
    ("unit_census", "*", "region, unit, hour"),
];

/// One table's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    pub(crate) rows: u64,
    /// SHA-256 over the rows in key order, hexadecimal.
    pub hash: String,
}

/// Fingerprints of all tables, from one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    pub(crate) tables: Vec<Table>,
}

impl Fingerprint {
    /// SHA-256 over all tables.
    #[must_use]
    pub fn total(&self) -> String {
        let mut hasher = Sha256::new();
        for table in &self.tables {
            hasher.update(format!("{} {} {}\n", table.name, table.rows, table.hash));
        }
        HEXLOWER.encode(&hasher.finalize())
    }
}

/// One line per table: name, rows, hash; then the total.
impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for table in &self.tables {
            writeln!(f, "{} {} {}", table.name, table.rows, table.hash)?;
        }
        let rows: u64 = self.tables.iter().map(|table| table.rows).sum();
        write!(f, "total {rows} {}", self.total())
    }
}

/// Computes the fingerprint as the national reader.
///
/// # Errors
/// When the database does not answer or its user is not `vardstrom_reader`.
pub async fn fingerprint(session: &Session) -> Result<Fingerprint, Error> {
    let attempt = || "begin to read the tables".to_owned();
    session
        .client()
        .batch_execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ROLE vardstrom_reader; \
             SET LOCAL TimeZone TO 'UTC'; SET LOCAL DateStyle TO ISO",
        )
        .await
        .attempt(attempt)?;
    let result = async {
        let mut decoder = Decoder::new();
        for row in session.client().query("SELECT id, avsc FROM record_schema", &[]).await.attempt(attempt)? {
            let id = u32::try_from(row.get::<_, i32>(0)).unwrap_or_default();
            decoder.insert(id, row.get(1)).map_err(|source| Error::Schema { id, source })?;
        }
        let mut tables = Vec::new();
        for (name, columns, order) in TABLES {
            tables.push(table(session, &decoder, name, columns, order).await?);
        }
        Ok(Fingerprint { tables })
    };
    let result = result.await;
    // Nothing was changed; an error here means that the connection is gone.
    let _ = session.rollback().await;
    result
}

async fn table(
    session: &Session,
    decoder: &Decoder,
    name: &'static str,
    columns: &str,
    order: &str,
) -> Result<Table, Error> {
    let attempt = || format!("read table {name}");
    let record = if name == "events" { ", subject, record" } else { "" };
    // The subquery picks the columns; its row as text has one spelling per value.
    let sql = format!(
        "SELECT t::text {} FROM (SELECT {columns} FROM {name}) t {} ORDER BY {}",
        if record.is_empty() { "" } else { ", e.subject, e.record" },
        if record.is_empty() { "" } else { "JOIN events e USING (region, event_id)" },
        order.split(", ").map(|column| format!("t.{column}")).collect::<Vec<_>>().join(", "),
    );
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let rows = session.client().query_raw(&sql, nothing).await.attempt(attempt)?;
    pin_mut!(rows);
    let mut hasher = Sha256::new();
    let mut count = 0;
    let mut content = Content::new();
    while let Some(row) = rows.next().await {
        let row = row.attempt(attempt)?;
        count += 1;
        hasher.update(row.get::<_, &str>(0));
        hasher.update(b"\n");
        if !record.is_empty() {
            hasher.update(content.of(decoder, row.get(1), row.get(2)));
            hasher.update(b"\n");
        }
    }
    Ok(Table { name, rows: count, hash: HEXLOWER.encode(&hasher.finalize()) })
}

/// A record without its delivery.
struct Content {
    /// One per subject, in the order of [`Subject::ALL`].
    encoders: [Encoder; Subject::ALL.len()],
    bytes: Vec<u8>,
}

impl Content {
    fn new() -> Self {
        Self { encoders: Subject::ALL.map(|subject| Encoder::new(subject.kind(), 0)), bytes: Vec::new() }
    }

    fn of<'a>(&'a mut self, decoder: &Decoder, subject: &str, record: &'a [u8]) -> &'a [u8] {
        self.bytes.clear();
        let stripping = Stripping { content: self, decoder, record };
        let done = Subject::of_name(subject).and_then(|subject| subject.visit(stripping));
        // A record that cannot be read is hashed as it is: still a difference when it differs.
        if done.is_some() { &self.bytes } else { record }
    }
}

/// Encodes a record again, without its delivery.
struct Stripping<'s, 'r> {
    content: &'s mut Content,
    decoder: &'s Decoder,
    record: &'r [u8],
}

impl<'r> Visitor<'r> for Stripping<'_, 'r> {
    type Output = Option<()>;

    fn visit<E: Common<'r>>(self) -> Option<()> {
        let mut event: E = self.decoder.decode(self.record).ok()?;
        let envelope = event.envelope_mut();
        envelope.ingested_at = Timestamp(0);
        envelope.origin = Origin { topic: "", partition: 0, offset: 0, ordinal: envelope.origin.ordinal };
        let Content { encoders, bytes } = self.content;
        encoders[E::SUBJECT as usize].encode(&event, bytes).ok()
    }
}
