//! The commands of replication: a slot is made, dropped, and its stream started.

use crate::error::Error;
use crate::lsn::Lsn;
use crate::quoted::{identifier, literal};
use crate::wire::Wire;

/// A slot that has just been made.
#[derive(Debug)]
pub struct Made {
    /// Where it begins.
    pub begins: Lsn,
    /// The name of a view of the tables there (`set transaction snapshot`), which lives as long as the connection that made the
    /// slot asks for nothing else.
    pub view: String,
}

impl Wire {
    /// Makes a slot for `pgoutput`.
    ///
    /// # Errors
    /// When the server refuses, does not answer in time, or does not say where the slot begins.
    pub async fn make_slot(&mut self, slot: &str) -> Result<Made, Error> {
        // This spelling is understood by every release.
        let statement = format!("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT", identifier(slot));
        let rows = self.rows(&statement).await?;
        let row = rows.first().ok_or(Error::Unexpected("name of the slot that it made"))?;
        let begins = row.text(1).parse().map_err(|_| Error::Unexpected("place where the slot begins"))?;
        Ok(Made { begins, view: row.text(2).to_owned() })
    }

    /// Drops a slot; PostgreSQL drops none that is in use.
    ///
    /// # Errors
    /// When the server refuses or does not answer in time.
    pub async fn drop_slot(&mut self, slot: &str) -> Result<(), Error> {
        self.rows(&format!("DROP_REPLICATION_SLOT {}", identifier(slot))).await.map(drop)
    }

    /// Starts the stream of a slot, from where it was told that everything is stored; what comes is given by [`Self::streamed`].
    ///
    /// # Errors
    /// When the server refuses or does not answer in time.
    pub async fn start_stream(&mut self, slot: &str, publication: &str) -> Result<(), Error> {
        let name = identifier(slot);
        let publications = literal(&identifier(publication));
        self.copy_both(&format!(
            "START_REPLICATION SLOT {name} LOGICAL 0/0 (proto_version '1', publication_names {publications})"
        ))
        .await
    }
}
