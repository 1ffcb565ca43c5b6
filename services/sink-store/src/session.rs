//! A dedicated connection: prepared statements by their text, transactions in a region's role.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use postgresql::{Address, Client};
use tokio_postgres::{Statement, Transaction};

use crate::error::{Attempt, Error};

/// What the server's lists of sessions call us.
const APPLICATION: &str = "vardstrom-sink-store";

/// Advisory lock classes; the second key is the länskod.
/// Shared by everything that adds events, exclusive for a rebuild.
const LOCK_EVENTS: i32 = 0x7601;
/// Whoever computes a region's projections.
const LOCK_PROJECTION: i32 = 0x7602;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Adds events: beside others that add, not beside a rebuild.
    Write,
    /// Computes projections: alone.
    Project,
    /// Computes all projections anew: alone, and nobody adds meanwhile.
    Rebuild,
}

/// A connection with its prepared statements.
pub struct Session {
    client: Client,
    prepared: Mutex<HashMap<(String, String), Statement>>,
}

impl Session {
    /// Connects to this address. The connection lives on the runtime that this is called on.
    ///
    /// # Errors
    /// When the address is wrong or nobody answers.
    pub async fn open(url: &str) -> Result<Self, Error> {
        Self::connect(&url.parse()?).await
    }

    /// The same at an address that has been read.
    ///
    /// # Errors
    /// When nobody answers, or it is not the server that was meant.
    pub async fn connect(database: &Address) -> Result<Self, Error> {
        let client = database.connect(APPLICATION).await.attempt(|| "connect to the database".to_owned())?;
        Ok(Self { client, prepared: Mutex::default() })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn transaction(&mut self) -> Result<Transaction<'_>, tokio_postgres::Error> {
        self.client.transaction().await
    }

    /// The statement with this text, prepared once per connection and region: the server throws a plan away when the role
    /// under which it was made changes, because row-level security is part of the plan.
    pub(crate) async fn prepared(&self, region: &str, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let key = (region.to_owned(), sql.to_owned());
        if let Some(statement) = self.cache().get(&key) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.cache().insert(key, statement.clone());
        Ok(statement)
    }

    fn cache(&self) -> MutexGuard<'_, HashMap<(String, String), Statement>> {
        // A panic while holding the lock leaves the map whole, so the poison says nothing.
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a transaction as the region's writer.
    ///
    /// `synchronous_commit` is off: position and rows are lost together if the server loses power, and are read again. `jit` is off:
    /// the server would compile what it takes for costly, at each execution anew, and that takes longer than the statements do.
    pub(crate) async fn begin(&self, region: &str, purpose: Purpose) -> Result<(), tokio_postgres::Error> {
        let locks = match purpose {
            Purpose::Write => format!("SELECT pg_advisory_xact_lock_shared({LOCK_EVENTS}, {region}::int4)"),
            Purpose::Project => format!("SELECT pg_advisory_xact_lock({LOCK_PROJECTION}, {region}::int4)"),
            Purpose::Rebuild => format!(
                "SELECT pg_advisory_xact_lock({LOCK_EVENTS}, {region}::int4), \
                 pg_advisory_xact_lock({LOCK_PROJECTION}, {region}::int4)"
            ),
        };
        self.client
            .batch_execute(&format!(
                "BEGIN; SET LOCAL ROLE {}; SET LOCAL synchronous_commit TO off; SET LOCAL jit TO off; {locks}",
                writer_role(region)
            ))
            .await
    }

    pub(crate) async fn commit(&self) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute("COMMIT").await
    }

    /// Ends a transaction that failed. An error here means that the connection is gone, and the transaction with it.
    pub(crate) async fn rollback(&self) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute("ROLLBACK").await
    }
}

/// The role that takes a region's events out again.
pub(crate) fn eraser_role(region: &str) -> String {
    format!("vardstrom_eraser_r{region}")
}

/// The role that writes a region. Regions are länskoder, checked when configuration and arguments are read.
pub(crate) fn writer_role(region: &str) -> String {
    format!("vardstrom_writer_r{region}")
}
