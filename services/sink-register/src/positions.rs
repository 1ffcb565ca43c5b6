//! How far the store had read the source topics: what makes an extract repeatable.

use parcel::{Position, Positions};
use schemas::Subject;
use topics::Region;

use crate::error::{Attempt, Error};

/// The topic that a subject reaches the store by.
pub(crate) fn topic(region: Region, subject: Subject) -> String {
    topics::name::common(region, subject)
}

/// The store's own, as the transaction sees them.
pub(crate) async fn of_store(
    transaction: &tokio_postgres::Transaction<'_>,
    region: Region,
    subject: Subject,
) -> Result<Positions, Error> {
    let sql = "SELECT origin_topic, origin_partition, origin_offset, origin_ordinal FROM delivery.origin \
               WHERE region = $1 AND topic = $2 ORDER BY origin_topic, origin_partition";
    let rows = transaction
        .query(sql, &[&region.code(), &topic(region, subject)])
        .await
        .attempt(|| format!("read the positions of region {region}"))?;
    let position = |row: &tokio_postgres::Row| Position {
        topic: row.get(0),
        partition: row.get(1),
        offset: row.get(2),
        ordinal: row.get(3),
        subject: None,
    };
    Ok(Positions(rows.iter().map(position).collect()))
}
