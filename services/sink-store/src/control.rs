//! Control traffic: what an operator wants to know, apart from the workers' connections.

use std::time::Duration;

use postgresql::Address;
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use tokio::time::timeout;

use crate::metrics::Metrics;
use crate::session::{Session, writer_role};

/// Readiness component of this connection.
pub(crate) const COMPONENT: &str = "control";

const INTERVAL: Duration = Duration::from_secs(5);
/// For a connection, and for each region's answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// For a lock that another session holds. The server itself ends the wait: of a connection that is given up it would not know.
const LOCK_MAX: &str = "4s";

/// Looks at the database until shutdown: is it there, can the events be read, and what is still to be computed?
pub(crate) async fn watch(
    database: &Address,
    regions: Vec<String>,
    metrics: Metrics,
    health: Health,
    shutdown: Shutdown,
) {
    let mut kept = None;
    while !shutdown.requested() {
        match look(database, kept.take(), &regions, &metrics).await {
            Ok(session) => {
                kept = Some(session);
                health.set_ready(COMPONENT, true, "the database answers");
            }
            Err(Silent) => health.set_ready(
                COMPONENT,
                false,
                "the database does not answer, or another session has locked a table",
            ),
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.wait() => {}
        }
    }
}

/// The database did not answer; the workers, which meet the same, say why.
struct Silent;

impl<E: std::error::Error> From<E> for Silent {
    fn from(_: E) -> Self {
        Self
    }
}

/// Over the connection that was kept, or a new one; gives it back. One that failed is dropped, and what it began with it.
async fn look(
    database: &Address,
    kept: Option<Session>,
    regions: &[String],
    metrics: &Metrics,
) -> Result<Session, Silent> {
    let mut session = match kept {
        Some(session) => session,
        None => timeout(PATIENCE, Session::connect(database)).await??,
    };
    for region in regions {
        metrics.dirty.of(&[region]).set(timeout(PATIENCE, dirty(&mut session, region)).await??);
    }
    Ok(session)
}

async fn dirty(session: &mut Session, region: &String) -> Result<i64, tokio_postgres::Error> {
    let transaction = session.transaction().await?;
    let begin = format!(
        "SET LOCAL ROLE {}; SET LOCAL lock_timeout TO '{LOCK_MAX}'; SELECT FROM events_r{region} LIMIT 1",
        writer_role(region)
    );
    transaction.batch_execute(&begin).await?;
    let row = transaction.query_one("SELECT count(*) FROM delivery.dirty WHERE region = $1", &[region]).await?;
    transaction.commit().await?;
    Ok(row.get(0))
}
