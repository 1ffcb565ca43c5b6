//! The connection to the store, and the two roles of a region under which it is used.
//!
//! The login is a member of `vardstrom_register_rNN` for each region that it serves, and inherits nothing. What is read is
//! read as `vardstrom_reader_rNN`, what is written (the ledger) as `vardstrom_register_rNN`: both are roles of one region, and
//! row-level security shows and takes nothing of another whatever is asked.

use std::time::Duration;

use postgresql::{Address, Client};
use tokio_postgres::error::SqlState;
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
    /// Whom the server let in: for the remedy where a role is missing.
    login: String,
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
        let attempt = || "connect to the database".to_owned();
        let client = database.connect(APPLICATION).await.attempt(attempt)?;
        let login = client.query_one("SELECT session_user::text", &[]).await.attempt(attempt)?.get(0);
        Ok(Self { client, login })
    }

    /// Refuses regions that the login has no role for, before anything is read or written.
    ///
    /// # Errors
    /// For the first such region, with the remedy; or when the database does not answer.
    pub(crate) async fn check(&self, regions: &[Region]) -> Result<(), Error> {
        for region in regions {
            let role = register_role(*region);
            let held = self
                .client
                .query_one(
                    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND pg_has_role(oid, 'MEMBER'))",
                    &[&role],
                )
                .await
                .attempt(|| format!("look for the role of region {region}"))?;
            if !held.get::<_, bool>(0) {
                return Err(missing(*region, &self.login));
            }
        }
        Ok(())
    }

    /// One consistent view of one region; ends when dropped, and changes nothing.
    pub(crate) async fn look(&mut self, region: Region) -> Result<Transaction<'_>, Error> {
        let role = format!("vardstrom_reader_r{region}");
        let attempt = format!("read region {region} as {role}");
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .attempt(|| attempt.clone())?;
        become_role(transaction, &role, region, &self.login, attempt).await
    }

    /// A transaction that adds to one region's ledger.
    pub(crate) async fn enter(&mut self, region: Region) -> Result<Transaction<'_>, Error> {
        let role = register_role(region);
        let attempt = format!("write the ledger of region {region} as {role}");
        let transaction = self.client.transaction().await.attempt(|| attempt.clone())?;
        become_role(transaction, &role, region, &self.login, attempt).await
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

fn register_role(region: Region) -> String {
    format!("vardstrom_register_r{region}")
}

/// The transaction, as the role to its end.
async fn become_role<'t>(
    transaction: Transaction<'t>,
    role: &str,
    region: Region,
    login: &str,
    attempt: String,
) -> Result<Transaction<'t>, Error> {
    match transaction.batch_execute(&format!("SET LOCAL ROLE {role}")).await {
        Ok(()) => Ok(transaction),
        // Not a member of it, or there is none: the server calls a role that is not there a wrong value.
        Err(error)
            if [Some(&SqlState::INSUFFICIENT_PRIVILEGE), Some(&SqlState::INVALID_PARAMETER_VALUE)]
                .contains(&error.code()) =>
        {
            Err(missing(region, login))
        }
        Err(error) => Err(error).attempt(|| attempt),
    }
}

fn missing(region: Region, login: &str) -> Error {
    Error::RoleMissing { region: region.code(), login: login.to_owned() }
}
