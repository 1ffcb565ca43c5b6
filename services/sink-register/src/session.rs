//! The connection to the store, and the two roles under which it is used.
//!
//! The login is a member of `vardstrom_register` and nothing else. What is read is read as `vardstrom_region_reader`, what is
//! written (the ledger) as `vardstrom_register`; both are held by row-level security to the one region that the
//! transaction names.

use std::time::Duration;

use postgresql::{Address, Client};
use tokio_postgres::{IsolationLevel, Transaction};
use topics::Region;

use crate::error::{Attempt, Error};
use parcel::Series;
use parcel::digest;

/// What the server's lists of sessions call us.
const APPLICATION: &str = "vardstrom-sink-register";

/// Advisory lock class of parcels; the store uses 0x7601 and 0x7602.
const LOCK_PARCEL: i32 = 0x7603;
/// The server notices a killed client only when it next speaks to it: the lock of one that was killed a moment ago may still
/// be held. Ten seconds in all.
const LOCK_TRIES_MAX: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(250);

/// A connection.
pub struct Session {
    client: Client,
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
        Ok(Self { client })
    }

    /// One consistent view of one region; ends when dropped, and changes nothing.
    pub(crate) async fn look(&mut self, region: Region) -> Result<Transaction<'_>, Error> {
        let attempt = || format!("read region {region} as vardstrom_region_reader");
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .attempt(attempt)?;
        let role = format!("SET LOCAL ROLE vardstrom_region_reader; SET LOCAL app.region = '{region}'");
        transaction.batch_execute(&role).await.attempt(attempt)?;
        Ok(transaction)
    }

    /// A transaction that adds to one region's ledger.
    pub(crate) async fn enter(&mut self, region: Region) -> Result<Transaction<'_>, Error> {
        let attempt = || format!("write the ledger of region {region} as vardstrom_register");
        let transaction = self.client.transaction().await.attempt(attempt)?;
        let role = format!("SET LOCAL ROLE vardstrom_register; SET LOCAL app.region = '{region}'");
        transaction.batch_execute(&role).await.attempt(attempt)?;
        Ok(transaction)
    }

    /// Keeps everybody else from making or delivering the same parcels until the connection ends.
    pub(crate) async fn lock(&self, series: &Series) -> Result<(), Error> {
        let [a, b, c, d, ..] = digest::of(series.to_string().as_bytes());
        let key = i32::from_be_bytes([a, b, c, d]);
        for tried in 0..LOCK_TRIES_MAX {
            if tried > 0 {
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            let taken = self
                .client
                .query_one("SELECT pg_try_advisory_lock($1, $2)", &[&LOCK_PARCEL, &key])
                .await
                .attempt(|| format!("lock {series}"))?;
            if taken.get(0) {
                return Ok(());
            }
        }
        Err(Error::Busy(series.to_string()))
    }
}
