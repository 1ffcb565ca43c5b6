//! The disclosure ledger: who got what, when, on which ground, how many rows. Entries are added and never changed; the
//! table's unique index lets each version be made, delivered and received once, however often it is tried.

use std::fmt;
use std::path::Path;

use tokio_postgres::types::Json;
use tokio_postgres::{Row, Transaction};
use topics::Region;

use crate::error::{Attempt, Error};
use crate::publish;
use crate::session::Session;
use parcel::{Manifest, PseudonymKey, Series};

/// Notes are for people: longer ones say nothing more.
const NOTE_MAX: usize = 500;

/// What happened to a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Made,
    /// It stands where the recipient takes it from.
    Delivered,
    /// It was read there again and is whole.
    Received,
    /// A delivery did not succeed.
    Failed,
}

impl Action {
    /// Its name in the ledger.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Delivered => "delivered",
            Self::Received => "received",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A parcel that the ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub version: u32,
    pub manifest_sha256: String,
}

/// One line for a data protection officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub entry: i64,
    /// When, UTC.
    pub at: String,
    pub action: String,
    pub extract: String,
    pub definition: String,
    pub period: String,
    pub version: i32,
    /// The version that it takes the place of.
    pub replaces: Option<i32>,
    pub reason: Option<String>,
    pub recipient: String,
    pub legal_ground: String,
    /// Rows of all its files.
    pub rows: i64,
    pub manifest_sha256: String,
    pub note: Option<String>,
}

/// Adds what happened to a parcel, all or nothing. What is there already stays as it is.
///
/// # Errors
/// When the database does not answer, or the login may not write.
pub(crate) async fn enter(
    session: &mut Session,
    manifest: &Manifest,
    manifest_sha256: &str,
    actions: &[Action],
    note: &str,
) -> Result<(), Error> {
    let attempt = || format!("enter {} into the ledger", manifest.name());
    let transaction = session.enter(manifest.region).await?;
    for action in actions {
        insert(&transaction, manifest, manifest_sha256, *action, note).await?;
    }
    transaction.commit().await.attempt(attempt)
}

/// Adds that a parcel was made, and publishes its figures, both or none. What is there already stays as it is.
///
/// # Errors
/// When the database does not answer, the login may not write, or a file of the parcel cannot be read.
pub(crate) async fn enter_made(
    session: &mut Session,
    parcel: &Path,
    manifest: &Manifest,
    manifest_sha256: &str,
) -> Result<(), Error> {
    let attempt = || format!("publish the figures of {}", manifest.name());
    let files = publish::files(parcel, manifest)?;
    let transaction = session.enter(manifest.region).await?;
    insert(&transaction, manifest, manifest_sha256, Action::Made, &made_note(manifest)).await?;
    let sql = "INSERT INTO register.published (region, extract, period, version, manifest_sha256, manifest, files) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    transaction
        .execute(
            sql,
            &[
                &manifest.region.code(),
                &manifest.extract,
                &manifest.period.to_string(),
                &i32::try_from(manifest.version).unwrap_or(i32::MAX),
                &manifest_sha256,
                &Json(manifest),
                &Json(&files),
            ],
        )
        .await
        .attempt(attempt)?;
    transaction.commit().await.attempt(attempt)
}

async fn insert(
    transaction: &Transaction<'_>,
    manifest: &Manifest,
    manifest_sha256: &str,
    action: Action,
    note: &str,
) -> Result<(), Error> {
    let attempt = || format!("enter {} into the ledger", manifest.name());
    let version = i32::try_from(manifest.version).unwrap_or(i32::MAX);
    let replaces = manifest.replaces.map(|version| i32::try_from(version).unwrap_or(i32::MAX));
    let (rows, _) = manifest.rows();
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let note: String = note.chars().take(NOTE_MAX).collect();
    // Without naming the index: looking for it would need the right to read the row that is in the way.
    let sql = "INSERT INTO register.ledger (region, action, extract, definition, period, version, replaces, reason, \
                   recipient, legal_ground, record_count, manifest_sha256, origin, note) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING";
    transaction
        .execute(
            sql,
            &[
                &manifest.region.code(),
                &action.name(),
                &manifest.extract,
                &manifest.definition,
                &manifest.period.to_string(),
                &version,
                &replaces,
                &manifest.reason,
                &manifest.recipient,
                &manifest.legal_ground,
                &rows,
                &manifest_sha256,
                &Json(&manifest.origin),
                &note,
            ],
        )
        .await
        .attempt(attempt)?;
    Ok(())
}

/// What the ledger says of a version's making.
fn made_note(manifest: &Manifest) -> String {
    let sealed = manifest.files.iter().filter(|file| file.encrypted).count();
    let (_, personal) = manifest.rows();
    format!("{personal} rows about persons, in {sealed} encrypted files")
}

/// The versions that were made, ascending.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn made(session: &mut Session, series: &Series) -> Result<Vec<Known>, Error> {
    let attempt = || format!("read the ledger of {series}");
    let transaction = session.look(series.region).await?;
    let sql = "SELECT version, manifest_sha256 FROM register.ledger \
               WHERE region = $1 AND extract = $2 AND period = $3 AND action = 'made' ORDER BY version";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&series.region.code(), &series.extract, &series.period.to_string()];
    let rows = transaction.query(sql, &parameters).await.attempt(attempt)?;
    transaction.commit().await.attempt(attempt)?;
    let known = |row: &Row| Known { version: row.get::<_, i32>(0).unsigned_abs(), manifest_sha256: row.get(1) };
    Ok(rows.iter().map(known).collect())
}

/// The parcel that was made last of an extract for a recipient, of those that have rows of persons or pseudonyms.
pub(crate) struct Pseudonymous {
    pub name: String,
    /// Nothing where it was made before recipients had pseudonyms of their own.
    pub key: Option<PseudonymKey>,
}

/// That parcel, of whatever period, as what was published with it says.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn latest_pseudonymous(
    session: &mut Session,
    region: Region,
    extract: &str,
    recipient: &str,
) -> Result<Option<Pseudonymous>, Error> {
    let attempt = || format!("read the ledger of region {region}");
    let transaction = session.look(region).await?;
    let sql = "SELECT l.period, l.version, p.manifest -> 'pseudonyms' ->> 'key', p.manifest -> 'pseudonyms' ->> 'fingerprint' \
               FROM register.ledger l JOIN register.published p USING (region, extract, period, version, manifest_sha256) \
               WHERE l.region = $1 AND l.extract = $2 AND l.recipient = $3 AND l.action = 'made' \
               AND (p.manifest ? 'pseudonyms' OR p.manifest @? '$.files[*] ? (@.personal == true)') \
               ORDER BY l.entry DESC LIMIT 1";
    let row = transaction.query_opt(sql, &[&region.code(), &extract, &recipient]).await.attempt(attempt)?;
    transaction.commit().await.attempt(attempt)?;
    Ok(row.map(|row| {
        let key: Option<String> = row.get(2);
        let key = key.zip(row.get(3)).map(|(key, fingerprint)| PseudonymKey { key, fingerprint });
        let (period, version): (&str, i32) = (row.get(0), row.get(1));
        Pseudonymous { name: format!("{extract}_{region}_{period}_v{version}"), key }
    }))
}

/// Whether the recipient has a parcel already.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn is_received(session: &mut Session, manifest: &Manifest) -> Result<bool, Error> {
    let attempt = || format!("read the ledger of {}", manifest.name());
    let transaction = session.look(manifest.region).await?;
    let sql = "SELECT EXISTS (SELECT FROM register.ledger WHERE region = $1 AND extract = $2 AND period = $3 \
               AND version = $4 AND recipient = $5 AND action = 'received')";
    let version = i32::try_from(manifest.version).unwrap_or(i32::MAX);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&manifest.region.code(), &manifest.extract, &manifest.period.to_string(), &version, &manifest.recipient];
    let row = transaction.query_one(sql, &parameters).await.attempt(attempt)?;
    transaction.commit().await.attempt(attempt)?;
    Ok(row.get(0))
}

/// A region's whole ledger, in the order of its entries.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn lines(session: &mut Session, region: Region) -> Result<Vec<Line>, Error> {
    let attempt = || format!("read the ledger of region {region}");
    let transaction = session.look(region).await?;
    let sql = "SELECT entry, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), action, extract, definition, \
               period, version, replaces, reason, recipient, legal_ground, record_count, manifest_sha256, note \
               FROM register.ledger WHERE region = $1 ORDER BY entry";
    let rows = transaction.query(sql, &[&region.code()]).await.attempt(attempt)?;
    transaction.commit().await.attempt(attempt)?;
    Ok(rows.iter().map(line).collect())
}

fn line(row: &Row) -> Line {
    Line {
        entry: row.get(0),
        at: row.get(1),
        action: row.get(2),
        extract: row.get(3),
        definition: row.get(4),
        period: row.get(5),
        version: row.get(6),
        replaces: row.get(7),
        reason: row.get(8),
        recipient: row.get(9),
        legal_ground: row.get(10),
        rows: row.get(11),
        manifest_sha256: row.get(12),
        note: row.get(13),
    }
}
