//! From events to everything that is computed from them.
//!
//! Idea: a batch leaves the nodes that its events touch in `delivery.dirty`. A projection takes them, follows the links
//! between nodes to the whole components, loads **all** events of those, computes their stays with `timeline`, and replaces
//! what differs. Counts, snapshots and capacity follow from the difference. One transaction, alone in its region.
//!
//! Guarantee: after the last dirty row is taken, every projection is a function of the set of events. It does not matter how
//! the events were batched, in which order they came, or how often the store was killed. [`crate::rebuild`] does the same
//! from nothing.
//!
//! Refused: computing from the new events alone. A late cancellation, a merge or a moved visit reaches back to any event.

pub(crate) mod capacity;
pub(crate) mod component;
pub(crate) mod finding;
pub(crate) mod stay;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemas::{BedCapacity, Decoder, stored};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::{Attempt, Error};
use crate::projection::capacity::{CapacityRow, History};
use crate::projection::component::{Component, PersonRow, UnitRow, keep_latest, owned};
use crate::projection::finding::{Counts, FindingRow};
use crate::projection::stay::{Changes, StayRow, difference};
use crate::session::{Purpose, Session};
use crate::store::write_findings;
use crate::time::Time;

/// Nodes and batches taken from the queue for one transaction, and nodes whose components are computed together: bounds of memory.
const NODES_TAKEN: i64 = 20_000;
const BATCHES_TAKEN: i64 = 256;
const NODES_TOGETHER: usize = 1_000;

/// What one projection did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Projected {
    /// Dirty batches taken. Zero: there was nothing to do.
    pub batches: usize,
    /// A bound ended what was taken, so that there is probably more.
    pub(crate) has_more: bool,
    pub(crate) events: usize,
    /// Events of the largest step: a component far larger than others is a sign of a placeholder used as identity.
    pub events_max: usize,
    /// Stays removed or added.
    pub stays: usize,
    /// Findings of the timeline removed or added.
    pub findings: usize,
}

/// Brings the projections of a region up to date with a part of what is dirty. Call again until nothing was taken.
///
/// # Errors
/// When the database does not answer: nothing has changed. Or when a stored record cannot be decoded.
pub async fn project(session: &Session, decoder: &Decoder, region: &str) -> Result<Projected, Error> {
    let attempt = || format!("compute the projections of region {region}");
    let result = async {
        session.begin(region, Purpose::Project).await.attempt(attempt)?;
        let take = session.prepared(region, include_str!("sql/dirty_take.sql")).await.attempt(attempt)?;
        let taken = session.client().query(&take, &[&region, &NODES_TAKEN, &BATCHES_TAKEN]).await.attempt(attempt)?;
        let mut work = Work::new(session, decoder, region);
        let (mut nodes, mut others) = (Vec::new(), Vec::new());
        for row in &taken {
            nodes.extend(row.get::<_, Vec<String>>(0));
            others.extend(row.get::<_, Vec<String>>(1));
        }
        work.projected.batches = taken.len();
        work.projected.has_more = at_least(nodes.len(), NODES_TAKEN) || at_least(taken.len(), BATCHES_TAKEN);
        work.link(&nodes, &others).await?;
        let mut seeds: BTreeSet<String> = nodes.into_iter().chain(others).filter(|node| !node.is_empty()).collect();
        let parted = work.find_shared(&seeds.iter().collect::<Vec<_>>()).await?;
        seeds.extend(parted);
        work.compute(seeds).await?;
        let projected = work.finish().await?;
        session.commit().await.attempt(attempt)?;
        Ok(projected)
    };
    let result = result.await;
    if result.is_err() {
        // If even this fails the connection is gone, and the transaction with it.
        let _ = session.rollback().await;
    }
    result
}

fn at_least(count: usize, bound: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count >= bound)
}

/// One transaction's worth of computing.
pub(crate) struct Work<'a> {
    session: &'a Session,
    decoder: &'a Decoder,
    region: &'a str,
    changes: Changes,
    counts: Counts,
    projected: Projected,
}

impl<'a> Work<'a> {
    pub(crate) fn new(session: &'a Session, decoder: &'a Decoder, region: &'a str) -> Self {
        Self {
            session,
            decoder,
            region,
            changes: Changes::default(),
            counts: Counts::default(),
            projected: Projected::default(),
        }
    }

    /// Adds edges to the graph.
    pub(crate) async fn link(&mut self, nodes: &[String], others: &[String]) -> Result<(), Error> {
        let edges: BTreeSet<(&str, &str)> = nodes
            .iter()
            .zip(others)
            .filter(|(_, other)| !other.is_empty())
            .map(|(node, other)| (node.as_str(), other.as_str()))
            .collect();
        if edges.is_empty() {
            return Ok(());
        }
        let (nodes, others): (Vec<&str>, Vec<&str>) = edges.into_iter().unzip();
        self.execute(include_str!("sql/link.sql"), &[&self.region, &nodes, &others]).await
    }

    /// Notes the identifiers among `nodes` that more persons carry than one person has identifiers: they tie nothing together
    /// any more and are nobody. Returns what they tied together, which has to be computed anew.
    pub(crate) async fn find_shared(&mut self, nodes: &[&String]) -> Result<Vec<String>, Error> {
        let most = i64::try_from(timeline::IDENTIFIERS_MAX).unwrap_or(i64::MAX);
        let parted = self.query(include_str!("sql/shared_find.sql"), &[&self.region, &nodes, &most]).await?;
        if parted.is_empty() {
            return Ok(Vec::new());
        }
        let tokens: BTreeSet<String> = parted
            .iter()
            .filter_map(|row| row.get::<_, String>(0).strip_prefix(stored::PERSON).map(str::to_owned))
            .collect();
        let tokens: Vec<String> = tokens.into_iter().collect();
        let sql = "DELETE FROM person WHERE region = $1 AND subject_token = ANY ($2)";
        self.execute(sql, &[&self.region, &tokens]).await?;
        Ok(parted.iter().map(|row| row.get(1)).collect())
    }

    /// Computes the components of the nodes anew, in bounded portions; a component is always whole in one of them.
    pub(crate) async fn compute(&mut self, mut seeds: BTreeSet<String>) -> Result<(), Error> {
        let units: Vec<String> =
            seeds.iter().filter_map(|node| node.strip_prefix(stored::UNIT).map(str::to_owned)).collect();
        self.replace_capacities(units).await?;
        seeds.retain(|node| !node.starts_with(stored::UNIT));
        while !seeds.is_empty() {
            let portion: Vec<String> = seeds.iter().take(NODES_TOGETHER).cloned().collect();
            let reach = self.query(include_str!("sql/reach.sql"), &[&self.region, &portion]).await?;
            let reach: Vec<(String, bool)> = reach.iter().map(|row| (row.get(0), row.get(1))).collect();
            for (node, _) in &reach {
                seeds.remove(node);
            }
            self.replace_component(&reach).await?;
        }
        Ok(())
    }

    async fn replace_component(&mut self, reach: &[(String, bool)]) -> Result<(), Error> {
        let mut component = self.load(reach).await?;
        component.protect(&self.protected(reach).await?);
        let timeline::Timeline { stays, findings, .. } = component.timeline();
        let (systems, episodes): (Vec<&str>, Vec<&str>) =
            component.episodes.iter().map(|(system, episode)| (system.as_str(), episode.as_str())).unzip();
        let held = self.query(include_str!("sql/stay_read.sql"), &[&self.region, &systems, &episodes]).await?;
        let (removed, added) = difference(held.iter().map(stay_row).collect(), stay::rows(stays));
        for stay in &removed {
            self.changes.count(stay, -1);
        }
        for stay in &added {
            self.changes.count(stay, 1);
        }
        self.projected.stays += removed.len() + added.len();
        self.remove_stays(&removed).await?;
        self.add_stays(&added).await?;
        self.replace_findings(&component, findings).await?;
        self.describe_units(&component.units).await?;
        self.describe_persons(&component.persons).await
    }

    /// Which of the persons have a protected identity.
    async fn protected(&self, reach: &[(String, bool)]) -> Result<Vec<String>, Error> {
        let tokens: Vec<&str> = reach.iter().filter_map(|(node, _)| node.strip_prefix(stored::PERSON)).collect();
        let sql = include_str!("sql/protected.sql").replace("{region}", self.region);
        Ok(self.query(&sql, &[&self.region, &tokens]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// Findings are held by the events that they are about, all of which the component has.
    async fn replace_findings(&mut self, component: &Component, findings: Vec<timeline::Finding>) -> Result<(), Error> {
        let ids = component.event_ids();
        let held = self.query(include_str!("sql/finding_read.sql"), &[&self.region, &ids]).await?;
        let wanted = component.findings(findings);
        let (removed, added) = finding::difference(held.iter().map(finding_row).collect(), wanted);
        self.counts.count(&removed, &added);
        self.projected.findings += removed.len() + added.len();
        self.remove_findings(&removed).await?;
        self.add_findings(&added).await
    }

    /// All events of the components: of the persons and of the episodes. Of a shared identifier only what belongs to these
    /// episodes, and what belongs to no episode and may be about any of its persons.
    async fn load(&mut self, reach: &[(String, bool)]) -> Result<Component, Error> {
        let tokens = |shared: bool| -> Vec<&str> {
            let named = reach.iter().filter(|(_, is_shared)| *is_shared == shared);
            named.filter_map(|(node, _)| node.strip_prefix(stored::PERSON)).collect()
        };
        let (subjects, shared) = (tokens(false), tokens(true));
        let nodes = reach.iter().map(|(node, _)| node.as_str());
        let episodes: Vec<&str> = nodes.filter(|node| node.starts_with(stored::EPISODE)).collect();
        let sql = format!(
            "SELECT event_id, subject, record FROM events_r{0} WHERE subject_token = ANY ($1) \
             UNION ALL \
             SELECT event_id, subject, record FROM events_r{0} WHERE subject_token IS NULL AND episode_id IS NOT NULL \
             AND 'e:' || source_system || '/' || episode_id = ANY ($2) \
             UNION ALL \
             SELECT event_id, subject, record FROM events_r{0} WHERE subject_token = ANY ($3) AND subject = 'encounter' \
             AND (episode_id IS NULL OR 'e:' || source_system || '/' || episode_id = ANY ($2))",
            self.region
        );
        let rows = self.query(&sql, &[&subjects, &episodes, &shared]).await?;
        self.projected.events += rows.len();
        self.projected.events_max = self.projected.events_max.max(rows.len());
        let mut component = Component::of(&subjects, &shared);
        for row in &rows {
            let event_id: Uuid = row.get(0);
            component
                .add(self.decoder, event_id, row.get(1), row.get(2))
                .map_err(|_| Error::Undecodable { region: self.region.to_owned(), event_id })?;
        }
        Ok(component)
    }

    async fn replace_capacities(&mut self, units: Vec<String>) -> Result<(), Error> {
        if units.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT unit, event_id, record FROM events_r{} WHERE subject = 'bed-capacity' AND unit = ANY ($1)",
            self.region
        );
        let mut histories: BTreeMap<String, History> = BTreeMap::new();
        let mut descriptions: BTreeMap<String, UnitRow> = BTreeMap::new();
        for row in self.query(&sql, &[&units]).await? {
            let (unit, event_id): (String, Uuid) = (row.get(0), row.get(1));
            let event: BedCapacity<'_> = self
                .decoder
                .decode(row.get(2))
                .map_err(|_| Error::Undecodable { region: self.region.to_owned(), event_id })?;
            keep_latest(&mut descriptions, event.unit, unit_row(&event, event_id));
            histories.entry(unit).or_default().insert(&event, event_id);
        }
        let sql = "SELECT unit, valid_from, valid_to, faststallda, disponibla, stangda, stangda_reason, telephone, event_id \
                   FROM unit_capacity WHERE region = $1 AND unit = ANY ($2)";
        let held: HashSet<(String, CapacityRow)> =
            self.query(sql, &[&self.region, &units]).await?.iter().map(|row| (row.get(0), capacity_row(row))).collect();
        let wanted: HashSet<(String, CapacityRow)> = histories
            .into_iter()
            .flat_map(|(unit, history)| history.rows().into_iter().map(move |row| (unit.clone(), row)))
            .collect();
        let removed: Vec<_> = held.difference(&wanted).collect();
        let added: Vec<_> = wanted.difference(&held).collect();
        for (unit, row) in removed.iter().chain(&added) {
            self.changes.spans.push((unit.clone(), row.valid_from, row.valid_to.unwrap_or(Time::INFINITY)));
        }
        self.remove_capacities(&removed).await?;
        self.add_capacities(&added).await?;
        self.describe_units(&descriptions).await
    }

    /// What follows from the changed stays and capacities: known units, census, snapshots, horizon.
    pub(crate) async fn finish(mut self) -> Result<Projected, Error> {
        let units: BTreeSet<&str> = self.changes.spans.iter().map(|(unit, ..)| unit.as_str()).collect();
        let units: Vec<String> = units.into_iter().map(str::to_owned).collect();
        let newly = if units.is_empty() {
            Vec::new()
        } else {
            self.query(include_str!("sql/unit_known.sql"), &[&self.region, &units]).await?
        };
        let newly: Vec<(String, Option<Time>)> = newly.iter().map(|row| (row.get(0), row.get(1))).collect();
        for (unit, since) in &newly {
            if let Some(since) = since {
                self.changes.spans.push((unit.clone(), *since, Time::INFINITY));
            }
        }
        self.write_census().await?;
        self.write_finding_counts().await?;
        self.write_snapshots(newly.into_iter().map(|(unit, _)| unit).collect()).await?;
        Ok(self.projected)
    }

    async fn write_census(&mut self) -> Result<(), Error> {
        let census: Vec<_> =
            std::mem::take(&mut self.changes.census).into_iter().filter(|(_, counts)| *counts != [0; 3]).collect();
        if census.is_empty() {
            return Ok(());
        }
        let units: Vec<&str> = census.iter().map(|((unit, _), _)| unit.as_str()).collect();
        let hours: Vec<Time> = census.iter().map(|((_, hour), _)| *hour).collect();
        let [belagda, ej_disponibla, utlokaliserade] =
            [0, 1, 2].map(|n| census.iter().map(|(_, counts)| counts[n]).collect::<Vec<i32>>());
        let add = include_str!("sql/census.sql");
        self.execute(add, &[&self.region, &units, &hours, &belagda, &ej_disponibla, &utlokaliserade]).await?;
        self.execute(include_str!("sql/census_clean.sql"), &[&self.region, &units, &hours]).await
    }

    async fn write_finding_counts(&mut self) -> Result<(), Error> {
        let region = self.region;
        let changes = self.counts.changes();
        if changes.is_empty() {
            return Ok(());
        }
        let attempt = || format!("compute the projections of region {region}");
        write_findings(self.session, region, &changes).await.attempt(attempt)?;
        self.execute(include_str!("sql/quality_clean.sql"), &[&region]).await
    }

    async fn write_snapshots(&mut self, newly_known: Vec<String>) -> Result<(), Error> {
        let sql = "SELECT (SELECT at FROM delivery.horizon WHERE region = $1), (SELECT at FROM region_horizon WHERE region = $1)";
        let row = self.query_one(sql, &[&self.region]).await?;
        let (Some(horizon), before): (Option<Time>, Option<Time>) = (row.get(0), row.get(1)) else { return Ok(()) };
        let mut spans = merged(std::mem::take(&mut self.changes.spans));
        if before.is_none_or(|before| before < horizon) {
            let sql = "INSERT INTO region_horizon (region, at) VALUES ($1, $2) \
                       ON CONFLICT (region) DO UPDATE SET at = EXCLUDED.at";
            self.execute(sql, &[&self.region, &horizon]).await?;
            if before.is_none_or(|before| swedish_time::last_morning(horizon.0) > before.0) {
                // Units without change have a new day too; and the oldest days leave the window.
                let sql = "SELECT unit FROM unit WHERE region = $1 AND known_from IS NOT NULL";
                let all = self.query(sql, &[&self.region]).await?;
                let since = before.unwrap_or(Time(i64::MIN / 2));
                let since = since.max(Time(horizon.0 - WINDOW));
                spans.extend(all.iter().map(|row| (row.get(0), since, Time::INFINITY)));
                let sql = "DELETE FROM snapshot_0600 WHERE region = $1 AND measured_at <= $2::timestamptz - interval '9600 hours'";
                self.execute(sql, &[&self.region, &horizon]).await?;
            }
        }
        if !newly_known.is_empty() {
            self.execute(include_str!("sql/snapshot_clean.sql"), &[&self.region, &newly_known]).await?;
        }
        spans.retain(|(_, since, until)| *since <= horizon && until.0 >= horizon.0 - WINDOW);
        let Some(since) = spans.iter().map(|(_, since, _)| *since).min() else { return Ok(()) };
        let (days, mornings) = mornings(since, horizon);
        if mornings.is_empty() {
            return Ok(());
        }
        let units: Vec<&str> = spans.iter().map(|(unit, ..)| unit.as_str()).collect();
        let since: Vec<Time> = spans.iter().map(|(_, since, _)| *since).collect();
        let until: Vec<Time> = spans.iter().map(|(.., until)| *until).collect();
        let snapshot = include_str!("sql/snapshot.sql");
        self.execute(snapshot, &[&self.region, &units, &since, &until, &mornings, &days]).await
    }

    async fn remove_stays(&mut self, stays: &[StayRow]) -> Result<(), Error> {
        if stays.is_empty() {
            return Ok(());
        }
        let systems: Vec<&str> = stays.iter().map(|stay| stay.source_system.as_str()).collect();
        let episodes: Vec<&str> = stays.iter().map(|stay| stay.episode_id.as_str()).collect();
        let numbers: Vec<i32> = stays.iter().map(|stay| stay.number).collect();
        self.execute(include_str!("sql/stay_remove.sql"), &[&self.region, &systems, &episodes, &numbers]).await
    }

    async fn add_stays(&mut self, stays: &[StayRow]) -> Result<(), Error> {
        if stays.is_empty() {
            return Ok(());
        }
        let text =
            |field: fn(&StayRow) -> &String| stays.iter().map(|stay| field(stay).as_str()).collect::<Vec<&str>>();
        let maybe = |field: fn(&StayRow) -> &Option<String>| {
            stays.iter().map(|stay| field(stay).as_deref()).collect::<Vec<Option<&str>>>()
        };
        let numbers: Vec<i32> = stays.iter().map(|stay| stay.number).collect();
        let admitted: Vec<bool> = stays.iter().map(|stay| stay.admitted).collect();
        let on_leave: Vec<bool> = stays.iter().map(|stay| stay.on_leave).collect();
        let started: Vec<Time> = stays.iter().map(|stay| stay.started_at).collect();
        let ended: Vec<Option<Time>> = stays.iter().map(|stay| stay.ended_at).collect();
        self.execute(
            include_str!("sql/stay_add.sql"),
            &[
                &self.region,
                &text(|stay| &stay.source_system),
                &text(|stay| &stay.episode_id),
                &numbers,
                &maybe(|stay| &stay.subject_token),
                &text(|stay| &stay.unit),
                &maybe(|stay| &stay.room),
                &maybe(|stay| &stay.bed),
                &maybe(|stay| &stay.hospital_code),
                &text(|stay| &stay.care_type),
                &maybe(|stay| &stay.responsible_unit),
                &text(|stay| &stay.bed_kind),
                &text(|stay| &stay.patient_class),
                &admitted,
                &on_leave,
                &started,
                &ended,
            ],
        )
        .await
    }

    async fn remove_findings(&mut self, findings: &[FindingRow]) -> Result<(), Error> {
        if findings.is_empty() {
            return Ok(());
        }
        let events: Vec<Uuid> = findings.iter().map(|finding| finding.event_id).collect();
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        let numbers: Vec<i32> = findings.iter().map(|finding| finding.number).collect();
        self.execute(include_str!("sql/finding_remove.sql"), &[&self.region, &events, &rules, &numbers]).await
    }

    async fn add_findings(&mut self, findings: &[FindingRow]) -> Result<(), Error> {
        if findings.is_empty() {
            return Ok(());
        }
        let events: Vec<Uuid> = findings.iter().map(|finding| finding.event_id).collect();
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        let numbers: Vec<i32> = findings.iter().map(|finding| finding.number).collect();
        let severities: Vec<&str> = findings.iter().map(|finding| finding.severity.as_str()).collect();
        let maybe = |field: fn(&FindingRow) -> &Option<String>| {
            findings.iter().map(|finding| field(finding).as_deref()).collect::<Vec<Option<&str>>>()
        };
        let systems = maybe(|finding| &finding.source_system);
        let episodes = maybe(|finding| &finding.episode_id);
        let units = maybe(|finding| &finding.unit);
        let at: Vec<Time> = findings.iter().map(|finding| finding.at).collect();
        let add = include_str!("sql/finding_add.sql");
        let region = &self.region;
        self.execute(add, &[region, &events, &rules, &numbers, &severities, &systems, &episodes, &units, &at]).await
    }

    async fn describe_units(&mut self, units: &BTreeMap<String, UnitRow>) -> Result<(), Error> {
        if units.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = units.keys().map(String::as_str).collect();
        let maybe = |field: fn(&UnitRow) -> &Option<String>| {
            units.values().map(|row| field(row).as_deref()).collect::<Vec<_>>()
        };
        let care_types: Vec<&str> = units.values().map(|row| row.care_type).collect();
        let at: Vec<Time> = units.values().map(|row| row.described_at).collect();
        let by: Vec<Uuid> = units.values().map(|row| row.described_by).collect();
        self.execute(
            include_str!("sql/unit.sql"),
            &[
                &self.region,
                &names,
                &maybe(|row| &row.unit_name),
                &maybe(|row| &row.unit_hsa_id),
                &maybe(|row| &row.hospital_code),
                &maybe(|row| &row.hospital_name),
                &maybe(|row| &row.mvo),
                &care_types,
                &at,
                &by,
            ],
        )
        .await
    }

    async fn describe_persons(&mut self, persons: &BTreeMap<String, PersonRow>) -> Result<(), Error> {
        if persons.is_empty() {
            return Ok(());
        }
        let tokens: Vec<&str> = persons.keys().map(String::as_str).collect();
        let years: Vec<Option<i32>> = persons.values().map(|row| row.birth_year).collect();
        let sexes: Vec<&str> = persons.values().map(|row| row.sex).collect();
        let lkf: Vec<Option<&str>> = persons.values().map(|row| row.lkf.as_deref()).collect();
        let dead: Vec<Option<bool>> = persons.values().map(|row| row.dead).collect();
        let protected: Vec<bool> = persons.values().map(|row| row.protected_identity).collect();
        let at: Vec<Time> = persons.values().map(|row| row.occurred_at).collect();
        let events: Vec<Uuid> = persons.values().map(|row| row.event_id).collect();
        let person = include_str!("sql/person.sql");
        self.execute(person, &[&self.region, &tokens, &years, &sexes, &lkf, &dead, &protected, &at, &events]).await
    }

    async fn remove_capacities(&mut self, rows: &[&(String, CapacityRow)]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let units: Vec<&str> = rows.iter().map(|(unit, _)| unit.as_str()).collect();
        let from: Vec<Time> = rows.iter().map(|(_, row)| row.valid_from).collect();
        self.execute(include_str!("sql/capacity_remove.sql"), &[&self.region, &units, &from]).await
    }

    async fn add_capacities(&mut self, rows: &[&(String, CapacityRow)]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let units: Vec<&str> = rows.iter().map(|(unit, _)| unit.as_str()).collect();
        let from: Vec<Time> = rows.iter().map(|(_, row)| row.valid_from).collect();
        let to: Vec<Option<Time>> = rows.iter().map(|(_, row)| row.valid_to).collect();
        let [faststallda, disponibla, stangda] =
            [|row: &CapacityRow| row.faststallda, |row: &CapacityRow| row.disponibla, |row: &CapacityRow| row.stangda]
                .map(|field| rows.iter().map(|(_, row)| field(row)).collect::<Vec<Option<i32>>>());
        let reasons: Vec<Option<&str>> = rows.iter().map(|(_, row)| row.stangda_reason.as_deref()).collect();
        let telephones: Vec<Option<&str>> = rows.iter().map(|(_, row)| row.telephone.as_deref()).collect();
        let events: Vec<Uuid> = rows.iter().map(|(_, row)| row.event_id).collect();
        self.execute(
            include_str!("sql/capacity_add.sql"),
            &[&self.region, &units, &from, &to, &faststallda, &disponibla, &stangda, &reasons, &telephones, &events],
        )
        .await
    }

    async fn query(&self, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let region = self.region;
        let attempt = || format!("compute the projections of region {region}");
        let statement = self.session.prepared(self.region, sql).await.attempt(attempt)?;
        self.session.client().query(&statement, params).await.attempt(attempt)
    }

    async fn query_one(&self, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Result<Row, Error> {
        let region = self.region;
        let attempt = || format!("compute the projections of region {region}");
        let statement = self.session.prepared(self.region, sql).await.attempt(attempt)?;
        self.session.client().query_one(&statement, params).await.attempt(attempt)
    }

    async fn execute(&self, sql: &str, params: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Result<(), Error> {
        let region = self.region;
        let attempt = || format!("compute the projections of region {region}");
        let statement = self.session.prepared(self.region, sql).await.attempt(attempt)?;
        self.session.client().execute(&statement, params).await.attempt(attempt)?;
        Ok(())
    }
}

/// 400 days: how far back snapshots are kept, counted from the horizon; `9600 hours` in the statements.
const WINDOW: i64 = 9_600 * 3_600_000_000;

/// The mornings from `since` to the horizon, as far as snapshots are kept: their days, counted from 1970, and their 06:00.
fn mornings(since: Time, horizon: Time) -> (Vec<i32>, Vec<Time>) {
    let since = since.0.max(horizon.0 - WINDOW + 1);
    let (first, last) = (swedish_time::date(since), swedish_time::date(horizon.0));
    swedish_time::mornings(first, last)
        .filter(|(_, at)| (since..=horizon.0).contains(at))
        .map(|(day, at)| (swedish_time::day_of(day), Time(at)))
        .unzip()
}

/// The spans of a unit as one, so that a day is counted once however many stays changed on it.
fn merged(spans: Vec<(String, Time, Time)>) -> Vec<(String, Time, Time)> {
    let mut by_unit: HashMap<String, Vec<(Time, Time)>> = HashMap::new();
    for (unit, since, until) in spans {
        by_unit.entry(unit).or_default().push((since, until));
    }
    let mut merged = Vec::new();
    for (unit, mut spans) in by_unit {
        spans.sort_unstable();
        let mut spans = spans.into_iter();
        let Some(mut held) = spans.next() else { continue };
        for (since, until) in spans {
            if since <= held.1 {
                held.1 = held.1.max(until);
            } else {
                merged.push((unit.clone(), held.0, held.1));
                held = (since, until);
            }
        }
        merged.push((unit, held.0, held.1));
    }
    merged
}

fn unit_row(event: &BedCapacity<'_>, event_id: Uuid) -> UnitRow {
    UnitRow {
        described_at: event.envelope.occurred_at.into(),
        described_by: event_id,
        unit_name: owned(event.unit_name),
        unit_hsa_id: owned(event.unit_hsa_id),
        hospital_code: owned(event.hospital_code),
        hospital_name: owned(event.hospital_name),
        mvo: owned(event.mvo),
        care_type: stay::care_type_name(event.care_type),
    }
}

fn stay_row(row: &Row) -> StayRow {
    StayRow {
        source_system: row.get(0),
        episode_id: row.get(1),
        number: row.get(2),
        subject_token: row.get(3),
        unit: row.get(4),
        room: row.get(5),
        bed: row.get(6),
        hospital_code: row.get(7),
        care_type: row.get(8),
        responsible_unit: row.get(9),
        bed_kind: row.get(10),
        patient_class: row.get(11),
        admitted: row.get(12),
        on_leave: row.get(13),
        started_at: row.get(14),
        ended_at: row.get(15),
    }
}

fn finding_row(row: &Row) -> FindingRow {
    FindingRow {
        event_id: row.get(0),
        rule: row.get(1),
        number: row.get(2),
        severity: row.get(3),
        source_system: row.get(4),
        episode_id: row.get(5),
        unit: row.get(6),
        at: row.get(7),
    }
}

fn capacity_row(row: &Row) -> CapacityRow {
    CapacityRow {
        valid_from: row.get(1),
        valid_to: row.get(2),
        faststallda: row.get(3),
        disponibla: row.get(4),
        stangda: row.get(5),
        stangda_reason: row.get(6),
        telephone: row.get(7),
        event_id: row.get(8),
    }
}

#[cfg(test)]
mod tests {
    use super::{Time, WINDOW, mornings};

    const HOUR: i64 = 3_600_000_000;
    /// 2026-03-29T04:00:00Z: the first morning of summer time.
    const SUMMER: i64 = 1_774_756_800_000_000;

    #[test]
    fn mornings_are_those_of_swedish_clocks_between_both_ends() {
        let check = |since: i64, horizon: i64, expected: &[(i32, i64)]| {
            let (days, at) = mornings(Time(since), Time(horizon));
            let found: Vec<(i32, i64)> = days.into_iter().zip(at.into_iter().map(|at| at.0)).collect();
            assert_eq!(found, expected);
        };
        let [before, on, after] = [(20_540, SUMMER - 23 * HOUR), (20_541, SUMMER), (20_542, SUMMER + 24 * HOUR)];
        check(SUMMER - 23 * HOUR, SUMMER + 24 * HOUR, &[before, on, after]);
        check(SUMMER - 23 * HOUR + 1, SUMMER + 24 * HOUR - 1, &[on]);
        // Half past midnight of the day after.
        check(SUMMER, SUMMER + 18 * HOUR + HOUR / 2, &[on]);
        check(SUMMER + 1, SUMMER + 18 * HOUR + HOUR / 2, &[]);
    }

    #[test]
    fn mornings_end_where_snapshots_do() {
        let (days, at) = mornings(Time(i64::MIN), Time(SUMMER));
        // The first of them came an hour later by UTC than the last.
        assert_eq!((days.len(), at.last()), (401, Some(&Time(SUMMER))));
        assert!(at.iter().all(|at| at.0 > SUMMER - WINDOW));
    }
}
