//! The statements of a region and a period, as they stood at given positions of the source topics.
//!
//! Everything comes from one snapshot, and every read is bounded by positions, also when they are the store's present
//! ones: there is one way to read, and a repeated reading takes it too. The database chooses the latest statement of each
//! contact and sorts; rows are streamed, so memory does not grow with their number.

mod history;
mod names;
mod objecting;
mod reader;

use std::collections::BTreeMap;

use futures_util::{StreamExt, pin_mut};
use schemas::Subject;
use schemas::{CorrectionKind, DecodeError, Decoder, Envelope, Timestamp};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;
use topics::Region;
use uuid::Uuid;

use crate::error::{Attempt, Error};
use crate::session::Session;
use names::Names;
use objecting::Objecting;
use parcel::LeftOut;
use parcel::Period;
use parcel::Positions;
use reader::Protection;

pub use history::Stored;
pub(crate) use history::{Order, Source, Window};
pub use objecting::Aim;
pub use reader::Reader;

/// Sorting two million statements within this spills to disk once, in long runs; the server's default of 4 MB takes many.
const SORT_MEMORY: &str = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off";

/// What [`Snapshot::latest`] asks.
const LATEST: &str = concat!(include_str!("sql/emptied.sql"), include_str!("sql/latest.sql"));

/// The finding under which withdrawn contacts are counted.
const WITHDRAWN: &str = "contact-withdrawn";

/// What a subject's statements are made into.
///
/// Users: waiting times and costs. `take` gets each contact's latest statement once; one that is taken back changes no figure.
pub trait Figures {
    /// Takes a record of the store.
    ///
    /// # Errors
    /// When it cannot be decoded.
    fn take<'r>(&mut self, reader: &'r Reader<'_>, stored: &Stored<'r>) -> Result<Taken<'r>, DecodeError>;
}

/// What was seen of a statement.
pub struct Taken<'r> {
    /// Codes of the rules that found something on it.
    pub findings: Vec<&'r str>,
    /// A source that takes a statement back says that there is no such contact in the period.
    pub withdrawn: bool,
}

impl<'r> Taken<'r> {
    /// Of a statement's envelope.
    pub fn of(envelope: &Envelope<'r>) -> Self {
        Self {
            findings: envelope.quality.iter().map(|finding| finding.rule).collect(),
            withdrawn: envelope.correction.kind == CorrectionKind::Cancel,
        }
    }
}

/// What is known of the statements before the first one is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Statements at or below the positions, all of each contact.
    pub statements: i64,
    /// Statements that have come since.
    pub later: i64,
    /// The latest time that a source recorded or we received one of them.
    pub until: Option<Timestamp>,
    /// Versions of the common schema they were written by, ascending.
    pub schema_versions: Vec<i32>,
    /// The positions.
    pub origin: Positions,
}

/// One consistent view of a region's statements.
pub struct Snapshot<'a> {
    transaction: Transaction<'a>,
    region: Region,
    subject: Subject,
    period: Period,
    protection: Protection,
    objecting: Objecting,
    names: Names,
}

impl<'a> Snapshot<'a> {
    /// Begins. Nothing that is stored afterwards is seen.
    ///
    /// # Errors
    /// When the database does not answer or the login may not read.
    pub async fn begin(
        session: &'a mut Session,
        region: Region,
        subject: Subject,
        period: Period,
    ) -> Result<Self, Error> {
        let transaction = session.look(region).await?;
        transaction.batch_execute(SORT_MEMORY).await.attempt(|| format!("read region {region}"))?;
        let protection = Protection::load(&transaction, region).await?;
        let names = Names::load(&transaction, region).await?;
        Ok(Self { transaction, region, subject, period, protection, objecting: Objecting::default(), names })
    }

    /// Without whoever objects to what an extract is for.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn without_objecting(mut self, aim: &Aim<'_>) -> Result<Self, Error> {
        self.objecting = Objecting::load(&self.transaction, self.region, aim).await?;
        Ok(self)
    }

    /// Whom it has left out so far, by what they object to.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        self.objecting.left_out()
    }

    /// Gives the latest statement of each source system and contact, in their order, and counts what was found on them.
    /// `covers_protected`: the ground names persons whose identity is protected.
    ///
    /// # Errors
    /// When the database goes away, or a record cannot be decoded.
    pub async fn latest(
        &self,
        origin: &Positions,
        covers_protected: bool,
        figures: &mut dyn Figures,
    ) -> Result<BTreeMap<String, u64>, Error> {
        let Self { transaction, region, subject, period, .. } = self;
        let attempt = || format!("read the statements of region {region} for {period}");
        let reader = self.reader(covers_protected).await?;
        let period = period.to_string();
        let (topics, partitions, offsets, ordinals) = origin.columns();
        let subject = subject.name();
        let parameters: [&(dyn ToSql + Sync); 7] =
            [&region.code(), &subject, &topics, &partitions, &offsets, &ordinals, &period];
        let rows = transaction.query_raw(LATEST, parameters).await.attempt(attempt)?;
        pin_mut!(rows);
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(row) = rows.next().await {
            let row = row.attempt(attempt)?;
            let undecodable =
                |source| Error::Undecodable { region: region.code(), event_id: row.get::<_, Uuid>(0), source };
            let stored = Stored::of_contact(row.get(1));
            if reader.is_left_out(self.subject, &stored).map_err(undecodable)? {
                continue;
            }
            let taken = figures.take(&reader, &stored).map_err(undecodable)?;
            for rule in taken.findings {
                count(&mut findings, rule);
            }
            if taken.withdrawn {
                count(&mut findings, WITHDRAWN);
            }
        }
        Ok(findings)
    }

    /// Reads every record of the store.
    async fn decoder(&self) -> Result<Decoder, Error> {
        decoder(&self.transaction).await
    }
}

async fn decoder(transaction: &Transaction<'_>) -> Result<Decoder, Error> {
    let mut decoder = Decoder::new();
    let rows = transaction.query("SELECT id, avsc FROM record_schema", &[]).await;
    for row in rows.attempt(|| "read the schemas of the store".to_owned())? {
        let id: i32 = row.get(0);
        // Ids are unsigned in the wire format and keep their bits in the table.
        let id = id.cast_unsigned();
        decoder.insert(id, row.get(1)).map_err(|source| Error::Schema { id, source })?;
    }
    Ok(decoder)
}

/// Rules are a closed list of codes, so the map stays small.
pub(crate) fn count(findings: &mut BTreeMap<String, u64>, rule: &str) {
    match findings.get_mut(rule) {
        Some(count) => *count += 1,
        None => {
            findings.insert(rule.to_owned(), 1);
        }
    }
}
