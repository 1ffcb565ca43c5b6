//! All projections of a region anew, from its events alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, pin_mut};
use schemas::{Common, Decoder, Subject, Visitor};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::batch::{self, Facts, FindingKey};
use crate::error::{Attempt, Error};
use crate::node;
use crate::projection::{Projected, Work};
use crate::session::{Purpose, Session};
use crate::store::{write_beds, write_findings};

/// Edges are written when so many have gathered; a bound of memory.
const EDGES: usize = 10_000;

/// Empties the region's projections and computes them again, in one transaction. The store goes on reading afterwards:
/// while the rebuild runs, batches of this region wait.
///
/// # Errors
/// When the database does not answer, or a stored record cannot be decoded: nothing has changed.
pub async fn rebuild(session: &Session, region: &str) -> Result<Projected, Error> {
    let result = async {
        let mut decoder = Decoder::new();
        for (id, avsc) in crate::store::schemas_of(session, &[region.to_owned()]).await? {
            decoder.insert(id, &avsc).map_err(|source| Error::Schema { id, source })?;
        }
        let attempt = || format!("rebuild region {region}");
        session.begin(region, Purpose::Rebuild).await.attempt(attempt)?;
        let projected = anew(session, &decoder, region).await?;
        session.commit().await.attempt(attempt)?;
        Ok(projected)
    };
    let result = result.await;
    if result.is_err() {
        let _ = session.rollback().await;
    }
    result
}

/// Computes the region's projections anew, in a transaction that is alone in its region.
pub(crate) async fn anew(session: &Session, decoder: &Decoder, region: &str) -> Result<Projected, Error> {
    let attempt = || format!("rebuild region {region}");
    for table in [
        "episode_link",
        "shared_identifier",
        "episode_stay",
        "episode_finding",
        "unit",
        "unit_capacity",
        "unit_census",
        "snapshot_0600",
        "bed_status",
        "person",
        "quality",
        "region_horizon",
        "delivery.dirty",
        "delivery.horizon",
    ] {
        let delete = format!("DELETE FROM {table} WHERE region = $1");
        session.client().execute(&delete, &[&region]).await.attempt(attempt)?;
    }
    let scan = scan(session, decoder, region).await?;
    session
        .client()
        .execute(
            "INSERT INTO delivery.horizon (region, at) SELECT $1, $2 WHERE $2::timestamptz IS NOT NULL",
            &[&region, &scan.facts.horizon],
        )
        .await
        .attempt(attempt)?;
    write_beds(session, region, &scan.facts).await.attempt(attempt)?;
    let findings: BTreeMap<&FindingKey, i64> = scan.findings.iter().map(|(key, count)| (key, *count)).collect();
    write_findings(session, region, &findings).await.attempt(attempt)?;
    let mut work = Work::new(session, decoder, region);
    for edges in scan.edges.chunks(EDGES) {
        let (nodes, others): (Vec<String>, Vec<String>) = edges.iter().cloned().unzip();
        work.link(&nodes, &others).await?;
    }
    for nodes in scan.nodes.iter().collect::<Vec<_>>().chunks(EDGES) {
        work.find_shared(nodes).await?;
    }
    work.compute(scan.nodes).await?;
    work.finish().await
}

/// What all events say together.
#[derive(Default)]
struct Scan {
    facts: Facts,
    findings: BTreeMap<FindingKey, i64>,
    nodes: BTreeSet<String>,
    edges: Vec<(String, String)>,
}

async fn scan(session: &Session, decoder: &Decoder, region: &str) -> Result<Scan, Error> {
    let attempt = || format!("read the events of region {region}");
    let sql = format!("SELECT event_id, subject, record FROM events_r{region}");
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let rows = session.client().query_raw(&sql, nothing).await.attempt(attempt)?;
    pin_mut!(rows);
    let mut scan = Scan::default();
    let mut edges: BTreeSet<(String, String)> = BTreeSet::new();
    let mut rows = rows.into_stream();
    while let Some(row) = rows.next().await {
        let row = row.attempt(attempt)?;
        let event_id: Uuid = row.get(0);
        let reading = Reading { scan: &mut scan, decoder, event_id, record: row.get(2) };
        let (found, nodes) = Subject::of_name(row.get(1))
            .and_then(|subject| subject.visit(reading))
            .ok_or_else(|| Error::Undecodable { region: region.to_owned(), event_id })?;
        for key in found {
            *scan.findings.entry(key).or_default() += 1;
        }
        edges.extend(node::edges(nodes));
    }
    for (node, other) in &edges {
        scan.nodes.extend([node, other].into_iter().filter(|node| !node.is_empty()).cloned());
    }
    scan.edges = edges.into_iter().filter(|(_, other)| !other.is_empty()).collect();
    Ok(scan)
}

/// Reads one event of all.
struct Reading<'s, 'r> {
    scan: &'s mut Scan,
    decoder: &'s Decoder,
    event_id: Uuid,
    record: &'r [u8],
}

impl<'r> Visitor<'r> for Reading<'_, 'r> {
    /// The findings and nodes of the event.
    type Output = Option<(Vec<FindingKey>, Vec<String>)>;

    fn visit<E: Common<'r>>(self) -> Self::Output {
        let event: E = self.decoder.decode(self.record).ok()?;
        let (envelope, facts) = (event.envelope(), &mut self.scan.facts);
        facts.note_bed(event.event(), self.event_id);
        if E::SUBJECT.moves_horizon() {
            facts.horizon = facts.horizon.max(batch::horizon(envelope));
        }
        let findings = batch::finding_keys(E::SUBJECT.name(), envelope.occurred_at, &envelope.quality).collect();
        Some((findings, node::of(&event)))
    }
}
