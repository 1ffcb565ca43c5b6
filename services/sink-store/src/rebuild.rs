//! All projections of a region anew, from its events alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, pin_mut};
use schemas::{BedStatus, Clinical, Cost, Decoder, Encounter, Envelope, Person, Wait};
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
        let scan = scan(session, &decoder, region).await?;
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
        let mut work = Work::new(session, &decoder, region);
        for edges in scan.edges.chunks(EDGES) {
            let (nodes, others): (Vec<String>, Vec<String>) = edges.iter().cloned().unzip();
            work.link(&nodes, &others).await?;
        }
        for nodes in scan.nodes.iter().collect::<Vec<_>>().chunks(EDGES) {
            work.find_shared(nodes).await?;
        }
        work.compute(scan.nodes).await?;
        let projected = work.finish().await?;
        session.commit().await.attempt(attempt)?;
        Ok(projected)
    };
    let result = result.await;
    if result.is_err() {
        let _ = session.rollback().await;
    }
    result
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
        let (found, nodes) = scan
            .read(decoder, event_id, row.get(1), row.get(2))
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

impl Scan {
    /// The findings and nodes of an event.
    fn read(
        &mut self,
        decoder: &Decoder,
        event_id: Uuid,
        subject: &str,
        record: &[u8],
    ) -> Option<(Vec<FindingKey>, Vec<String>)> {
        let (name, nodes, envelope) = match subject {
            "encounter" => {
                let event: Encounter<'_> = decoder.decode(record).ok()?;
                ("encounter", node::of_encounter(&event), event.envelope)
            }
            "person" => {
                let event: Person<'_> = decoder.decode(record).ok()?;
                ("person", node::of_person(&event), event.envelope)
            }
            "bed-capacity" => {
                let event: schemas::BedCapacity<'_> = decoder.decode(record).ok()?;
                ("bed-capacity", vec![node::unit(event.unit)], event.envelope)
            }
            "wait" => return findings_only("wait", &decoder.decode::<Wait<'_>>(record).ok()?.envelope),
            "cost" => return findings_only("cost", &decoder.decode::<Cost<'_>>(record).ok()?.envelope),
            "clinical" => return findings_only("clinical", &decoder.decode::<Clinical<'_>>(record).ok()?.envelope),
            _ => {
                let event: BedStatus<'_> = decoder.decode(record).ok()?;
                let (bed, row) = batch::bed(&event, event_id);
                let latest = self.facts.beds.entry(bed).or_insert_with(|| row.clone());
                *latest = row.max(latest.clone());
                ("bed-status", Vec::new(), event.envelope)
            }
        };
        self.facts.horizon = self.facts.horizon.max(batch::horizon(&envelope));
        Some((batch::finding_keys(name, envelope.occurred_at, &envelope.quality).collect(), nodes))
    }
}

/// Of a statement that moves no projection.
fn findings_only(subject: &'static str, envelope: &Envelope<'_>) -> Option<(Vec<FindingKey>, Vec<String>)> {
    Some((batch::finding_keys(subject, envelope.occurred_at, &envelope.quality).collect(), Vec::new()))
}
