//! One batch, one transaction: rows, position, watermarks and what the projections must look at.
//!
//! The fast path copies straight into the region's partition. A unique violation means that the source has sent an event
//! again; then the batch takes the safe path, through a temporary table and `ON CONFLICT DO NOTHING`, which counts what it
//! leaves out. Duplicates come in runs (a file sent again), so after one the safe path stays until a few batches had none.

mod erasing;
mod hear;

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use futures_util::{SinkExt, pin_mut};
use postgresql::{Address, Fault};
use schemas::{Decoder, topic};
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::batch::{Batch, COLUMNS, Facts, FindingKey, Record, Rejection, Source, schema_id};
use crate::claim::Claim;
use crate::error::{Attempt, Error};
use crate::session::{Purpose, Session};
use crate::time::Time;

pub use hear::Heard;

const ADVANCE: &str = include_str!("sql/advance.sql");
const REJECT: &str = include_str!("sql/reject.sql");
const BED_STATUS: &str = include_str!("sql/bed_status.sql");
const QUALITY: &str = include_str!("sql/quality.sql");

const BESIDE: &str = "INSERT INTO delivery.erased (region, node, said, done, names_nobody) \
     SELECT $1, unnest($2::text[]), false, false, false ON CONFLICT DO NOTHING";

/// Upper bound of the batches without a duplicate that the safe path waits for.
const CLEAN_MAX: u32 = 64;

/// What a batch became.
#[derive(Debug, Default)]
pub struct Written {
    /// Rows added to `events`.
    pub rows: u64,
    /// Events that were stored already, in an earlier batch or in this one, per source.
    pub duplicates: BTreeMap<usize, i64>,
    /// Records below the watermark.
    pub replayed: u64,
    /// Records set aside.
    pub rejected: Vec<(usize, Rejection)>,
    /// When the events of the batch were received.
    pub ingested: Vec<schemas::Timestamp>,
    /// The safe path was taken.
    pub safe: bool,
    /// Events that were left out, because their person is erased.
    pub erased: u64,
    /// Projections have something to look at.
    pub dirty: bool,
}

/// How a region's batches are written.
#[derive(Debug, Clone, Copy)]
struct Path {
    /// Batches without duplicate still wanted before the fast path is tried again; 0 is the fast path.
    clean_wanted: u32,
    /// What the next surprise on the fast path asks for.
    patience: u32,
}

/// Writes batches of some regions over one connection.
pub struct Store {
    pub(crate) session: Session,
    claim: Claim,
    sources: Vec<Source>,
    /// Those of the sources, then one of objections per region.
    topics: Vec<String>,
    decoder: Decoder,
    unusable: HashSet<u32>,
    known: HashSet<u32>,
    /// By region, the nodes of who is erased.
    erased: HashMap<String, HashSet<String>>,
    /// Regions in which somebody is to be erased whose events may be stored.
    erasing: HashSet<String>,
    paths: HashMap<String, Path>,
}

impl Store {
    /// Connects, claims the regions' positions and learns the schemas that the database knows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(url: &str, regions: &[String]) -> Result<Self, Error> {
        Self::connect(&url.parse()?, regions).await
    }

    /// The same at an address that has been read.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn connect(database: &Address, regions: &[String]) -> Result<Self, Error> {
        let session = Session::connect(database).await?;
        let sources: Vec<Source> = regions.iter().flat_map(|region| Source::of_region(region)).collect();
        let events = sources.iter().map(|source| source.topic.clone());
        let topics: Vec<String> = events.chain(regions.iter().map(|region| topic::objections(region))).collect();
        let claim = Claim::take(&session, regions, &topics).await?;
        let mut store = Self {
            session,
            claim,
            sources,
            topics,
            decoder: Decoder::new(),
            unusable: HashSet::new(),
            known: HashSet::new(),
            erased: HashMap::new(),
            erasing: HashSet::new(),
            paths: HashMap::new(),
        };
        for (id, avsc) in schemas_of(&store.session, regions).await? {
            store.learn(id, &avsc)?;
        }
        for region in regions {
            store.learn_erased(region).await?;
        }
        Ok(store)
    }

    /// The topics of the regions; [`Record::source`] is an index into them.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Every topic that is read: those of the sources, then one per region of what persons say of the use of their data.
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    #[must_use]
    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Reads records by their writers' schemas.
    #[must_use]
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Schema ids among the records that are neither known nor known to be unusable.
    #[must_use]
    pub fn unknown_schemas(&self, records: &[Record<'_>]) -> HashSet<u32> {
        let ids = records.iter().filter_map(|record| schema_id(record.value));
        ids.filter(|id| !self.known.contains(id) && !self.unusable.contains(id)).collect()
    }

    /// Remembers a schema, in the database too.
    ///
    /// # Errors
    /// When it is not an Avro schema or the database does not answer.
    pub async fn add_schema(&mut self, region: &str, id: u32, avsc: &str) -> Result<(), Error> {
        self.learn(id, avsc)?;
        let attempt = || format!("remember schema {id}");
        self.session.begin(region, Purpose::Write).await.attempt(attempt)?;
        let stored = i32::try_from(id).unwrap_or(i32::MAX);
        self.session
            .client()
            .execute("INSERT INTO record_schema (id, avsc) VALUES ($1, $2) ON CONFLICT DO NOTHING", &[&stored, &avsc])
            .await
            .attempt(attempt)?;
        self.session.commit().await.attempt(attempt)
    }

    /// Remembers that the registry does not know a schema: its records are set aside.
    pub fn refuse_schema(&mut self, id: u32) {
        self.unusable.insert(id);
    }

    fn learn(&mut self, id: u32, avsc: &str) -> Result<(), Error> {
        self.decoder.insert(id, avsc).map_err(|source| Error::Schema { id, source })?;
        self.known.insert(id);
        Ok(())
    }

    /// Writes records of one region, in the order they were read. Either all of it happens or nothing.
    ///
    /// A record whose row the database refuses is found by halving and set aside; the others are stored.
    ///
    /// # Errors
    /// [`Error::Superseded`] when a newer instance has claimed the region; otherwise the database did not answer, and the
    /// connection should be made anew: what was committed is known only from there.
    pub async fn write(&mut self, region: &str, records: &[Record<'_>]) -> Result<Written, Error> {
        let mut positions: Vec<(usize, i32)> = records.iter().map(|record| (record.source, record.partition)).collect();
        positions.sort_unstable();
        positions.dedup();
        for key in positions {
            self.claim.extend(&self.session, (region, &self.topics[key.0]), key).await?;
        }
        let mut total = Written::default();
        // Halves still to be written, the next one last.
        let mut parts = vec![records];
        while let Some(part) = parts.pop() {
            match self.write_once(region, part, false).await {
                Ok(written) => total.add(written),
                Err(Error::Refused { .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(Error::Refused { .. }) => total.add(self.write_once(region, part, true).await?),
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    async fn write_once(&mut self, region: &str, records: &[Record<'_>], refusing: bool) -> Result<Written, Error> {
        let marks = self.claim.marks.clone();
        let path = self.paths.get(region).copied().unwrap_or(Path { clean_wanted: 0, patience: 1 });
        let nobody = HashSet::new();
        let erased = self.erased.get(region).unwrap_or(&nobody);
        let mut batch = Batch::new(region, &self.sources, records, &self.decoder, &marks, &self.unusable, erased);
        if refusing {
            batch = batch.refusing();
        }
        let mut chunks = Vec::new();
        if path.clean_wanted == 0 {
            match Self::copy(&self.session, region, &mut batch, &mut chunks).await {
                Ok(()) => {
                    let facts = batch.into_facts();
                    return self.finish(region, facts, None).await;
                }
                Err(error) => {
                    self.session.rollback().await.attempt(|| format!("write to region {region}"))?;
                    if error.code() != Some(&SqlState::UNIQUE_VIOLATION) {
                        return Err(failure(region, error.into()));
                    }
                    let patience = (path.patience * 2).min(CLEAN_MAX);
                    self.paths.insert(region.to_owned(), Path { clean_wanted: path.patience, patience });
                }
            }
        }
        while let Some(chunk) = batch.chunk() {
            chunks.push(chunk);
        }
        let facts = batch.into_facts();
        let inserted = match Self::copy_safely(&self.session, region, chunks).await {
            Ok(inserted) => inserted,
            Err(error) => {
                self.session.rollback().await.attempt(|| format!("write to region {region}"))?;
                return Err(failure(region, error.into()));
            }
        };
        let clean = inserted.len() == facts.rows.len();
        let written = self.finish(region, facts, Some(inserted)).await?;
        if clean && let Some(path) = self.paths.get_mut(region) {
            path.clean_wanted = path.clean_wanted.saturating_sub(1);
        }
        Ok(written)
    }

    /// The fast path. Every chunk is kept, so that the safe path need not encode again.
    async fn copy(
        session: &Session,
        region: &str,
        batch: &mut Batch<'_>,
        kept: &mut Vec<Bytes>,
    ) -> Result<(), tokio_postgres::Error> {
        let copy =
            session.prepared(region, &format!("COPY events_r{region} ({COLUMNS}) FROM STDIN (FORMAT binary)")).await?;
        session.begin(region, Purpose::Write).await?;
        let sink = session.client().copy_in::<_, Bytes>(&copy).await?;
        pin_mut!(sink);
        // The server works on a chunk while the next one is encoded.
        while let Some(chunk) = batch.chunk() {
            kept.push(chunk.clone());
            sink.send(chunk).await?;
        }
        sink.finish().await?;
        Ok(())
    }

    /// The safe path: which events were new.
    async fn copy_safely(
        session: &Session,
        region: &str,
        chunks: Vec<Bytes>,
    ) -> Result<HashSet<Uuid>, tokio_postgres::Error> {
        session.begin(region, Purpose::Write).await?;
        session
            .client()
            .batch_execute(&format!(
                "CREATE TEMP TABLE IF NOT EXISTS staging_r{region} ON COMMIT DELETE ROWS AS \
                 SELECT {COLUMNS} FROM events_r{region} WITH NO DATA"
            ))
            .await?;
        let copy = format!("COPY pg_temp.staging_r{region} ({COLUMNS}) FROM STDIN (FORMAT binary)");
        let sink = session.client().copy_in::<_, Bytes>(&copy).await?;
        pin_mut!(sink);
        for chunk in chunks {
            sink.send(chunk).await?;
        }
        sink.finish().await?;
        let insert = format!(
            "INSERT INTO events_r{region} ({COLUMNS}) SELECT {COLUMNS} FROM pg_temp.staging_r{region} \
             ON CONFLICT (region, event_id) DO NOTHING RETURNING event_id"
        );
        let rows = session.client().query(&insert, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Writes the facts and commits. `inserted` are the new events when not all are.
    async fn finish(&mut self, region: &str, facts: Facts, inserted: Option<HashSet<Uuid>>) -> Result<Written, Error> {
        let is_new = |id: &Uuid| inserted.as_ref().is_none_or(|inserted| inserted.contains(id));
        let mut duplicates = facts.repeated.clone();
        for (_, source) in facts.rows.iter().filter(|(id, _)| !is_new(id)) {
            *duplicates.entry(*source).or_default() += 1;
        }
        let mut findings: BTreeMap<&FindingKey, i64> = BTreeMap::new();
        for (_, key) in facts.findings.iter().filter(|(id, _)| is_new(id)) {
            *findings.entry(key).or_default() += 1;
        }
        let result = self.write_facts(region, &facts, &duplicates, &findings).await;
        let moved = match result {
            Ok(moved) => moved,
            Err(error) => {
                self.session.rollback().await.attempt(|| format!("write to region {region}"))?;
                return Err(failure(region, error.into()));
            }
        };
        if moved != facts.progress.len() {
            self.session.rollback().await.attempt(|| format!("write to region {region}"))?;
            let mut topics: Vec<&str> =
                facts.progress.keys().map(|(source, _)| &*self.sources[*source].topic).collect();
            topics.dedup();
            return Err(Error::Superseded { topics: topics.join(", ") });
        }
        self.session.commit().await.attempt(|| format!("commit to region {region}"))?;
        if !facts.beside_erased.is_empty() {
            self.erasing.insert(region.to_owned());
        }
        for (source, topic, partition, position) in &facts.marks {
            let origin = runtime::origin::Origin { topic, partition: *partition, position: *position };
            self.claim.marks.restore(*source, &origin);
        }
        let all = facts.rows.len();
        Ok(Written {
            rows: inserted.as_ref().map_or(all, HashSet::len) as u64,
            duplicates,
            replayed: facts.replayed,
            rejected: facts.rejected.iter().map(|(source, _, _, reason)| (*source, *reason)).collect(),
            erased: facts.erased,
            dirty: !facts.edges.is_empty() || facts.horizon.is_some(),
            ingested: facts.ingested,
            safe: inserted.is_some(),
        })
    }

    async fn write_facts(
        &mut self,
        region: &str,
        facts: &Facts,
        duplicates: &BTreeMap<usize, i64>,
        findings: &BTreeMap<&FindingKey, i64>,
    ) -> Result<usize, tokio_postgres::Error> {
        let topic = |source: &usize| self.sources[*source].topic.as_str();
        let topics: Vec<&str> = facts.progress.keys().map(|(source, _)| topic(source)).collect();
        let partitions: Vec<i32> = facts.progress.keys().map(|(_, partition)| *partition).collect();
        let offsets: Vec<i64> = facts.progress.values().copied().collect();
        let epochs: Vec<i64> = facts.progress.keys().map(|key| self.claim.epoch(*key)).collect();
        let mark_topics: Vec<&str> = facts.marks.iter().map(|(source, ..)| topic(source)).collect();
        let mark_origins: Vec<&str> = facts.marks.iter().map(|(_, origin, ..)| origin.as_str()).collect();
        let mark_partitions: Vec<i32> = facts.marks.iter().map(|(_, _, partition, _)| *partition).collect();
        let mark_offsets: Vec<i64> = facts.marks.iter().map(|(.., position)| position.offset).collect();
        let mark_ordinals: Vec<i32> =
            facts.marks.iter().map(|(.., position)| i32::try_from(position.ordinal).unwrap_or(i32::MAX)).collect();
        let (nodes, others): (Vec<&str>, Vec<&str>) =
            facts.edges.iter().map(|(node, other)| (node.as_str(), other.as_str())).unzip();
        let doubled_topics: Vec<&str> = duplicates.keys().map(topic).collect();
        let doubled: Vec<i64> = duplicates.values().copied().collect();

        if !facts.rejected.is_empty() {
            let topics: Vec<&str> = facts.rejected.iter().map(|(source, ..)| topic(source)).collect();
            let partitions: Vec<i32> = facts.rejected.iter().map(|(_, partition, ..)| *partition).collect();
            let offsets: Vec<i64> = facts.rejected.iter().map(|(_, _, offset, _)| *offset).collect();
            let reasons: Vec<&str> = facts.rejected.iter().map(|(.., reason)| reason.code()).collect();
            let reject = self.session.prepared(region, REJECT).await?;
            self.session.client().execute(&reject, &[&region, &topics, &partitions, &offsets, &reasons]).await?;
        }
        let session = &self.session;
        if !facts.beside_erased.is_empty() {
            let nodes: Vec<&str> = facts.beside_erased.iter().map(String::as_str).collect();
            let statement = session.prepared(region, BESIDE).await?;
            session.client().execute(&statement, &[&region, &nodes]).await?;
        }
        if !facts.beds.is_empty() {
            write_beds(session, region, facts).await?;
        }
        if !findings.is_empty() {
            write_findings(session, region, findings).await?;
        }
        let advance = session.prepared(region, ADVANCE).await?;
        let moved = session
            .client()
            .query_one(
                &advance,
                &[
                    &region,
                    &topics,
                    &partitions,
                    &offsets,
                    &epochs,
                    &mark_topics,
                    &mark_origins,
                    &mark_partitions,
                    &mark_offsets,
                    &mark_ordinals,
                    &nodes,
                    &others,
                    &facts.horizon,
                    &doubled_topics,
                    &doubled,
                ],
            )
            .await?;
        Ok(usize::try_from(moved.get::<_, i64>(0)).unwrap_or_default())
    }
}

impl Written {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        for (source, count) in other.duplicates {
            *self.duplicates.entry(source).or_default() += count;
        }
        self.replayed += other.replayed;
        self.rejected.extend(other.rejected);
        self.ingested.extend(other.ingested);
        self.safe |= other.safe;
        self.dirty |= other.dirty;
        self.erased += other.erased;
    }
}

/// The latest status per bed.
pub(crate) async fn write_beds(session: &Session, region: &str, facts: &Facts) -> Result<(), tokio_postgres::Error> {
    let units: Vec<&str> = facts.beds.keys().map(|(unit, ..)| unit.as_str()).collect();
    let rooms: Vec<&str> = facts.beds.keys().map(|(_, room, _)| room.as_str()).collect();
    let beds: Vec<&str> = facts.beds.keys().map(|(.., bed)| bed.as_str()).collect();
    let occurred: Vec<Time> = facts.beds.values().map(|row| row.occurred_at).collect();
    let recorded: Vec<Time> = facts.beds.values().map(|row| row.recorded_at).collect();
    let events: Vec<Uuid> = facts.beds.values().map(|row| row.event_id).collect();
    let statuses: Vec<&str> = facts.beds.values().map(|row| row.status).collect();
    let codes: Vec<&str> = facts.beds.values().map(|row| row.status_code.as_str()).collect();
    let statement = session.prepared(region, BED_STATUS).await?;
    session
        .client()
        .execute(&statement, &[&region, &units, &rooms, &beds, &occurred, &recorded, &events, &statuses, &codes])
        .await?;
    Ok(())
}

/// Adds to the counts of findings.
pub(crate) async fn write_findings(
    session: &Session,
    region: &str,
    findings: &BTreeMap<&FindingKey, i64>,
) -> Result<(), tokio_postgres::Error> {
    let subjects: Vec<&str> = findings.keys().map(|key| key.0).collect();
    let rules: Vec<&str> = findings.keys().map(|key| key.1.as_str()).collect();
    let severities: Vec<&str> = findings.keys().map(|key| key.2).collect();
    let days: Vec<i32> = findings.keys().map(|key| key.3).collect();
    let counts: Vec<i64> = findings.values().copied().collect();
    let statement = session.prepared(region, QUALITY).await?;
    session.client().execute(&statement, &[&region, &subjects, &rules, &severities, &days, &counts]).await?;
    Ok(())
}

/// Every schema that the database knows.
pub(crate) async fn schemas_of(session: &Session, regions: &[String]) -> Result<Vec<(u32, String)>, Error> {
    let Some(region) = regions.first() else { return Ok(Vec::new()) };
    let attempt = || "read the known schemas".to_owned();
    session.begin(region, Purpose::Write).await.attempt(attempt)?;
    let rows = session.client().query("SELECT id, avsc FROM record_schema", &[]).await.attempt(attempt)?;
    session.commit().await.attempt(attempt)?;
    Ok(rows.iter().map(|row| (u32::try_from(row.get::<_, i32>(0)).unwrap_or_default(), row.get(1))).collect())
}

fn failure(region: &str, source: Fault) -> Error {
    if source.is_about_the_row() {
        let code = source.code().map(|code| code.code().to_owned()).unwrap_or_default();
        return Error::Refused { region: region.to_owned(), code };
    }
    Error::Database { attempt: format!("write to region {region}"), source }
}
