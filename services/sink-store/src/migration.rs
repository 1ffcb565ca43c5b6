//! Migrations forward and back: numbered SQL files inside the program, one transaction each, one runner at a time.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::error::{Attempt, Error};
use crate::session::Session;

/// One step; its number is its place in [`MIGRATIONS`], from 1.
struct Migration {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

macro_rules! migration {
    ($name:literal) => {
        Migration {
            name: $name,
            up: include_str!(concat!("../migrations/", $name, ".up.sql")),
            down: include_str!(concat!("../migrations/", $name, ".down.sql")),
        }
    };
}

/// Published steps never change: a change is a new step.
const MIGRATIONS: [Migration; 16] = [
    migration!("0001_roles"),
    migration!("0002_events"),
    migration!("0003_delivery"),
    migration!("0004_projections"),
    migration!("0005_board"),
    migration!("0006_register"),
    migration!("0007_published"),
    migration!("0008_emptied"),
    migration!("0009_one_figure"),
    migration!("0010_findings"),
    migration!("0011_shared"),
    migration!("0012_region_roles"),
    migration!("0013_protected"),
    migration!("0014_objections"),
    migration!("0015_erased"),
    migration!("0016_board_region"),
];

const LOCK: i64 = 0x7661_7264_7374;
/// Roles belong to the cluster, so another database's migration can touch the same rows at the same instant.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// The version that this program needs. It works with any later one.
#[must_use]
pub fn version_needed() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Version before.
    pub before: i32,
    /// Version after.
    pub after: i32,
}

/// Brings the database forward to this program's version and makes the regions' partitions. Running it twice changes nothing.
///
/// # Errors
/// When the database does not answer or its user may not make tables and roles.
pub async fn migrate(session: &Session, regions: &[String]) -> Result<Outcome, Error> {
    lock(session).await?;
    let result = async {
        let before = version(session).await?;
        for (number, migration) in (1..).zip(&MIGRATIONS).filter(|(number, _)| *number > before) {
            let record =
                format!("INSERT INTO schema_migration (version, name) VALUES ({number}, '{}')", migration.name);
            step(session, &format!("apply migration {}", migration.name), migration.up, &record).await?;
        }
        for region in regions {
            let provision = format!("SELECT provision_region('{region}')");
            step(session, &format!("make the partition of region {region}"), &provision, "").await?;
        }
        Ok(Outcome { before, after: version(session).await? })
    };
    unlock(session, result.await).await
}

/// Takes the database back to a version; 0 removes everything but the roles, which other databases may use.
///
/// # Errors
/// When the database does not answer or its user may not drop tables.
pub async fn revert(session: &Session, to: i32) -> Result<Outcome, Error> {
    lock(session).await?;
    let result = async {
        let before = version(session).await?;
        if before > version_needed() {
            return Err(Error::Newer { found: before, known: version_needed() });
        }
        for (number, migration) in (1..).zip(&MIGRATIONS).collect::<Vec<_>>().into_iter().rev() {
            if !(to + 1..=before).contains(&number) {
                continue;
            }
            let record = format!("DELETE FROM schema_migration WHERE version = {number}");
            step(session, &format!("revert migration {}", migration.name), migration.down, &record).await?;
        }
        Ok(Outcome { before, after: version(session).await? })
    };
    unlock(session, result.await).await
}

/// Refuses a database that this program cannot work with.
///
/// # Errors
/// When it is older than the program, or a region has no partition.
pub async fn check(session: &Session, regions: &[String]) -> Result<(), Error> {
    let found = version(session).await?;
    if found < version_needed() {
        return Err(Error::NotMigrated { found, needed: version_needed() });
    }
    for region in regions {
        let row = session
            .client()
            .query_one("SELECT to_regclass('events_r' || $1::text) IS NOT NULL", &[region])
            .await
            .attempt(|| "look for the regions' partitions".to_owned())?;
        if !row.get::<_, bool>(0) {
            return Err(Error::RegionMissing(region.clone()));
        }
    }
    Ok(())
}

async fn version(session: &Session) -> Result<i32, Error> {
    let attempt = || "read the database's version".to_owned();
    let exists =
        session.client().query_one("SELECT to_regclass('schema_migration') IS NOT NULL", &[]).await.attempt(attempt)?;
    if !exists.get::<_, bool>(0) {
        return Ok(0);
    }
    let row = session
        .client()
        .query_one("SELECT COALESCE(max(version), 0) FROM schema_migration", &[])
        .await
        .attempt(attempt)?;
    Ok(row.get(0))
}

async fn lock(session: &Session) -> Result<(), Error> {
    session
        .client()
        .batch_execute(&format!(
            "SET client_min_messages TO warning; SELECT pg_advisory_lock({LOCK}); \
             CREATE TABLE IF NOT EXISTS schema_migration (version int4 PRIMARY KEY, name text NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT now()); GRANT SELECT ON schema_migration TO PUBLIC"
        ))
        .await
        .attempt(|| "begin to migrate".to_owned())
}

async fn unlock<T>(session: &Session, result: Result<T, Error>) -> Result<T, Error> {
    // A connection that is gone has lost its lock already.
    let _ = session.client().batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})")).await;
    result
}

async fn step(session: &Session, what: &str, sql: &str, record: &str) -> Result<(), Error> {
    let mut attempts = 0;
    loop {
        let Err(error) = session.client().batch_execute(&format!("BEGIN; {sql}; {record}; COMMIT")).await else {
            return Ok(());
        };
        let _ = session.rollback().await;
        attempts += 1;
        let collided = error.code().is_some_and(|code| {
            // "tuple concurrently updated" has no code of its own.
            [SqlState::INTERNAL_ERROR, SqlState::UNIQUE_VIOLATION, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
        });
        if !collided || attempts == ATTEMPTS {
            return Err(error).attempt(|| what.to_owned());
        }
        tokio::time::sleep(PAUSE * attempts).await;
    }
}
