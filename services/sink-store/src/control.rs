//! Control traffic over a small pool: what an operator wants to know, apart from the workers' connections.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use tokio_postgres::NoTls;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::session::{config, writer_role};

/// Readiness component of the pool.
pub const COMPONENT: &str = "control";

const CONNECTIONS_MAX: usize = 2;
const INTERVAL: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at the database until shutdown: is it there, and what is still to be computed?
///
/// # Errors
/// When the address is wrong.
pub async fn watch(
    url: &str,
    regions: Vec<String>,
    metrics: Metrics,
    health: Health,
    shutdown: Shutdown,
) -> Result<(), Error> {
    let manager = Manager::from_config(config(url)?, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Clean });
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS_MAX)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .recycle_timeout(Some(PATIENCE))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|_| Error::Address("no pool can be made for it"))?;
    while !shutdown.requested() {
        match look(&pool, &regions, &metrics).await {
            Ok(()) => health.set_ready(COMPONENT, true, "the database answers"),
            Err(Silent) => health.set_ready(COMPONENT, false, "the database does not answer"),
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.wait() => {}
        }
    }
    Ok(())
}

/// The database did not answer; the workers, which meet the same, say why.
struct Silent;

impl<E: std::error::Error> From<E> for Silent {
    fn from(_: E) -> Self {
        Self
    }
}

async fn look(pool: &Pool, regions: &[String], metrics: &Metrics) -> Result<(), Silent> {
    let mut client = pool.get().await?;
    for region in regions {
        let transaction = client.transaction().await?;
        transaction.batch_execute(&format!("SET LOCAL ROLE {}", writer_role(region))).await?;
        let row = transaction.query_one("SELECT count(*) FROM delivery.dirty WHERE region = $1", &[region]).await?;
        metrics.dirty.of(&[region]).set(row.get(0));
        transaction.commit().await?;
    }
    Ok(())
}
