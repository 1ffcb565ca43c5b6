//! Taking a person out: from the nodes that a decision names to a store that never had the person.
//!
//! Idea: a decision, or an event that names an erased person beside another pseudonym, leaves a node in `delivery.erased`. This takes
//! them, finds every event that names one, follows the other nodes of these, and deletes all of it. Then every projection is computed
//! anew from the events that are left, in the same transaction: nothing else knows what an event had changed.
//!
//! Guarantee: after it, the content is that of a store without the person, in whatever order events and decision came. Not where an
//! identifier turns out only later to be one that many carry: what was deleted with it stays deleted.

use std::collections::{BTreeSet, HashMap, HashSet};

use schemas::{Common, Decoder, Subject, Visitor, stored};
use timeline::IDENTIFIERS_MAX;
use uuid::Uuid;

use crate::error::{Attempt, Error};
use crate::node::Named;
use crate::rebuild::anew;
use crate::session::{Purpose, Session, eraser_role, writer_role};
use crate::store::{Store, schemas_of};

/// What was taken out.
#[derive(Debug, Default)]
pub struct Erased {
    /// Events.
    pub events: usize,
    /// The nodes that are erased from now on, besides those before.
    pub(crate) nodes: Vec<String>,
}

impl Store {
    /// Takes out who is to be, in one transaction that also computes the region's projections anew; the region's batches and other
    /// sessions wait. Their later events are left out from then on.
    ///
    /// # Errors
    /// When the database does not answer, or a stored record cannot be decoded: nothing has changed.
    pub async fn erase(&mut self, region: &str) -> Result<Erased, Error> {
        let erased = erase(&self.session, region).await?;
        self.note_erased(region, &erased.nodes);
        Ok(erased)
    }
}

/// Takes out who is to be. Alone in its region, as a rebuild is.
async fn erase(session: &Session, region: &str) -> Result<Erased, Error> {
    let result = async {
        let mut decoder = Decoder::new();
        for (id, avsc) in schemas_of(session, &[region.to_owned()]).await? {
            decoder.insert(id, &avsc).map_err(|source| Error::Schema { id, source })?;
        }
        let attempt = || format!("erase in region {region}");
        session.begin(region, Purpose::Rebuild).await.attempt(attempt)?;
        let mut search = Search::begin(session, &decoder, region).await?;
        while !search.frontier.is_empty() {
            search.step().await?;
        }
        let erased = search.finish().await?;
        if erased.events > 0 {
            anew(session, &decoder, region).await?;
        }
        session.commit().await.attempt(attempt)?;
        Ok(erased)
    };
    let result = result.await;
    if result.is_err() {
        let _ = session.rollback().await;
    }
    result
}

/// The search for everything that is the person's.
struct Search<'a> {
    session: &'a Session,
    decoder: &'a Decoder,
    region: &'a str,
    /// Nodes that a decision names.
    said: HashSet<String>,
    /// Nodes that are still to be looked at.
    frontier: BTreeSet<String>,
    /// Nodes that were looked at, or erased before.
    seen: HashSet<String>,
    erased: BTreeSet<String>,
    /// Identifiers that many carry.
    nobody: BTreeSet<String>,
    events: HashSet<Uuid>,
}

impl<'a> Search<'a> {
    async fn begin(session: &'a Session, decoder: &'a Decoder, region: &'a str) -> Result<Self, Error> {
        let sql = "SELECT node, said, done FROM delivery.erased WHERE region = $1";
        let rows =
            session.client().query(sql, &[&region]).await.attempt(|| format!("read who is erased in {region}"))?;
        let (mut said, mut frontier, mut seen) = (HashSet::new(), BTreeSet::new(), HashSet::new());
        for row in &rows {
            let node: String = row.get(0);
            if row.get(2) {
                seen.insert(node);
                continue;
            }
            if row.get(1) {
                said.insert(node.clone());
            }
            frontier.insert(node);
        }
        let (erased, nobody, events) = (BTreeSet::new(), BTreeSet::new(), HashSet::new());
        Ok(Self { session, decoder, region, said, frontier, seen, erased, nobody, events })
    }

    /// Looks at the frontier; what stands beside it is the next.
    async fn step(&mut self) -> Result<(), Error> {
        let frontier = std::mem::take(&mut self.frontier);
        let found = self.find(&frontier).await?;
        let mut of_node: HashMap<&str, Vec<Uuid>> = HashMap::new();
        for (event_id, named) in &found {
            for node in named.deciding() {
                of_node.entry(node).or_default().push(*event_id);
            }
        }
        let shared = self.shared(&frontier).await?;
        self.seen.extend(frontier.iter().cloned());
        for node in &frontier {
            let of_node = of_node.get(node.as_str()).map(Vec::as_slice).unwrap_or_default();
            let beside: HashSet<&str> = of_node
                .iter()
                .flat_map(|id| &found[id].persons)
                .map(String::as_str)
                .filter(|other| other != node)
                .collect();
            if node.starts_with(stored::PERSON) && (shared.contains(node) || beside.len() > IDENTIFIERS_MAX) {
                self.nobody.insert(node.clone());
                continue;
            }
            self.erased.insert(node.clone());
            self.events.extend(of_node);
            let named = of_node.iter().flat_map(|id| found[id].persons.iter().chain(&found[id].episodes));
            self.frontier.extend(named.filter(|other| !self.seen.contains(*other)).cloned());
        }
        Ok(())
    }

    /// Every event in whose record the text of one of these stands, with whom it names. A pseudonym stands there as it is, in whatever
    /// field: so nothing is overlooked that no column and no link has.
    async fn find(&self, nodes: &BTreeSet<String>) -> Result<HashMap<Uuid, Named>, Error> {
        let texts = |before: &str| nodes.iter().filter_map(|node| node.strip_prefix(before)).collect::<Vec<&str>>();
        let persons: Vec<&[u8]> = texts(stored::PERSON).into_iter().map(str::as_bytes).collect();
        // The source system stands elsewhere in the record than the number.
        let numbers: Vec<&[u8]> = texts(stored::EPISODE)
            .into_iter()
            .map(|episode| episode.rsplit_once('/').map_or(episode, |(_, number)| number).as_bytes())
            .collect();
        let holds = |parameter: &str| {
            format!(
                "EXISTS (SELECT FROM unnest({parameter}::bytea[]) AS t (wanted) WHERE position(t.wanted IN e.record) > 0)"
            )
        };
        let sql = format!(
            "SELECT event_id, subject, record FROM events_r{0} e WHERE {1} UNION ALL \
             SELECT event_id, subject, record FROM events_r{0} e WHERE subject_token IS NULL AND episode_id IS NOT NULL AND {2}",
            self.region,
            holds("$1"),
            holds("$2")
        );
        let attempt = || format!("look for what is to be erased in region {}", self.region);
        let mut found = HashMap::new();
        for row in self.session.client().query(&sql, &[&persons, &numbers]).await.attempt(attempt)? {
            let event_id: Uuid = row.get(0);
            let naming = Naming { decoder: self.decoder, record: row.get(2) };
            let named = Subject::of_name(row.get(1)).and_then(|subject| subject.visit(naming));
            let region = self.region.to_owned();
            found.insert(event_id, named.ok_or(Error::Undecodable { region, event_id })?);
        }
        Ok(found)
    }

    /// Which of these are known to be carried by many.
    async fn shared(&self, nodes: &BTreeSet<String>) -> Result<HashSet<String>, Error> {
        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let sql = "SELECT node FROM shared_identifier WHERE region = $1 AND node = ANY ($2)";
        let rows = self.session.client().query(sql, &[&self.region, &nodes]).await;
        let rows = rows.attempt(|| format!("read the shared identifiers of region {}", self.region))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Deletes what was found, and keeps what has to be kept out.
    async fn finish(self) -> Result<Erased, Error> {
        let Self { session, region, .. } = self;
        let attempt = || format!("erase in region {region}");
        let client = session.client();
        let events: Vec<Uuid> = self.events.into_iter().collect();
        if !events.is_empty() {
            client.batch_execute(&format!("SET LOCAL ROLE {}", eraser_role(region))).await.attempt(attempt)?;
            let delete = format!("DELETE FROM events_r{region} WHERE event_id = ANY ($1)");
            client.execute(&delete, &[&events]).await.attempt(attempt)?;
            client.batch_execute(&format!("SET LOCAL ROLE {}", writer_role(region))).await.attempt(attempt)?;
        }
        let nodes: Vec<String> = self.erased.into_iter().collect();
        let said = "DELETE FROM objection WHERE region = $1 AND 's:' || subject_token = ANY ($2)";
        client.execute(said, &[&region, &nodes]).await.attempt(attempt)?;
        let kept = "INSERT INTO delivery.erased (region, node, said, done, names_nobody) \
                    SELECT $1, unnest($2::text[]), false, true, false ON CONFLICT (region, node) DO UPDATE SET done = true";
        client.execute(kept, &[&region, &nodes]).await.attempt(attempt)?;
        let nobody: Vec<&str> = self.nobody.iter().map(String::as_str).collect();
        let by_decision = self.nobody.iter().filter(|node| self.said.contains(*node)).count();
        if by_decision > 0 {
            tracing::warn!(
                region,
                code = "erased-nobody",
                "{by_decision} identifiers are to be erased that many persons carry: nothing is erased by them"
            );
        }
        for sql in [
            "DELETE FROM delivery.erased WHERE region = $1 AND node = ANY ($2) AND NOT said",
            "UPDATE delivery.erased SET done = true, names_nobody = true WHERE region = $1 AND node = ANY ($2)",
        ] {
            client.execute(sql, &[&region, &nobody]).await.attempt(attempt)?;
        }
        Ok(Erased { events: events.len(), nodes })
    }
}

/// Reads whom one event names.
struct Naming<'d, 'r> {
    decoder: &'d Decoder,
    record: &'r [u8],
}

impl<'r> Visitor<'r> for Naming<'_, 'r> {
    type Output = Option<Named>;

    fn visit<E: Common<'r>>(self) -> Self::Output {
        let event: E = self.decoder.decode(self.record).ok()?;
        Some(Named::of(&event))
    }
}
