//! A shard: one OS thread, one connection, its share of the regions. The thin shell around [`Store`] and [`project`].
//!
//! When the database goes away the worker drops everything it has read, connects again and goes on from the positions that
//! the database holds: what was committed is known only there.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use runtime::config::Kafka;
use runtime::health::{Health, Pulse};
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Tail};
use schemas::registry;
use tokio::runtime::Runtime;

use crate::batch::{Record, topics_of};
use crate::config::Settings;
use crate::error::Error;
use crate::metrics::{Metrics, Path, Reason};
use crate::projection::project;
use crate::store::{Store, Written};
use crate::{migration, projection::Projected};

const PAUSE_FIRST: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long a poll waits for a first record before projections and shutdown get their turn.
const POLL_MAX: Duration = Duration::from_millis(100);
const LAG_INTERVAL: Duration = Duration::from_secs(1);
/// How often a region is looked at although nothing was written: another instance may have left something.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

pub(crate) struct Worker {
    /// Readiness component of this worker's connection.
    pub component: &'static str,
    pub regions: Vec<String>,
    pub kafka: Kafka,
    pub tail: tail::Settings,
    /// The registry, for schemas that the database does not know.
    pub registry: registry::Client,
    pub database: postgresql::Address,
    pub settings: Settings,
    pub metrics: Metrics,
    /// Who is told about readiness.
    pub health: Health,
    /// Its signs of life while it stores, part of `component`: a statement that waits is seen by others only.
    pub pulse: Pulse,
    /// Who says when to stop.
    pub shutdown: Shutdown,
    /// No other worker's regions are stored by this process.
    pub is_only: bool,
}

#[derive(Debug)]
pub(crate) enum End {
    Stopped,
    /// A newer instance has taken over, or trying again cannot help.
    Failed(Error),
    /// What failed is about one of its regions: the others go on without it.
    Parted {
        /// Länskod.
        region: String,
        error: Error,
    },
}

/// What ended an attempt, and the region alone that it is about.
struct Failed {
    region: Option<String>,
    error: Box<Error>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { region: error.region(None, |_| None), error: Box::new(error) }
    }
}

/// When a region's projections are due.
#[derive(Clone, Copy)]
struct Due {
    /// Batches were written since.
    dirty: bool,
    /// The last time left some for the next.
    has_more: bool,
    /// More records than one batch wait in Kafka: what is computed now would be computed again.
    is_behind: bool,
    looked: Instant,
}

impl Due {
    /// Whether to compute now. Records that wait go first, for as long as [`LOOK_AGAIN`]; then what waits to be computed goes on
    /// without a pause; and what comes little by little has its turn once in an `interval`.
    fn is_now(self, age: Duration, interval: Duration, last: bool) -> bool {
        let in_turn = last || (!self.is_behind && (self.has_more || age >= interval));
        ((self.dirty || self.has_more) && in_turn) || age >= LOOK_AGAIN
    }
}

impl Worker {
    /// Runs until shutdown, until trying again cannot help, or until a region of several must be looked after by itself.
    pub(crate) fn run(&self) -> End {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(source) => return End::Failed(Error::System { attempt: "start a worker", source }),
        };
        let mut pause = PAUSE_FIRST;
        loop {
            let started = Instant::now();
            let Err(Failed { region, error }) = self.work(&runtime) else { return End::Stopped };
            let error = *error;
            self.metrics.queue.set(0);
            if let Some(region) = region {
                self.metrics.region_failed.of(&[&region]).set(1);
                if self.regions.len() > 1 {
                    return End::Parted { region, error };
                }
            }
            match error {
                Error::Superseded { .. } => {
                    self.metrics.epochs_lost.inc();
                    self.health.set_ready(self.component, false, "a newer instance has taken over");
                    return End::Failed(error);
                }
                Error::Kafka(tail::Error::Kafka(runtime::broker::Error::Stopped)) => return End::Stopped,
                // The program and its database do not fit: an operator must act.
                Error::Newer { .. } | Error::Address(_) => return End::Failed(error),
                // Kafka refuses for good. Where others are stored too, a region whose topics are mended goes on by itself.
                Error::Kafka(_) if self.is_only => return End::Failed(error),
                error => {
                    let text = runtime::exit::chain(&error);
                    self.metrics.database_failures.inc();
                    self.health.set_ready(self.component, false, text.clone());
                    if started.elapsed() > PAUSE_MAX {
                        pause = PAUSE_FIRST;
                    }
                    tracing::warn!(regions = self.regions.join(","), "{text}; trying again in {pause:?}");
                }
            }
            if self.shutdown.sleep(pause) {
                return End::Stopped;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// What is done for one region: when it fails, or panics, it is clear for which.
    fn for_region<T>(&self, region: &str, attempt: impl FnOnce() -> Result<T, Error>) -> Result<T, Failed> {
        let panicked = |_| Err(Error::Panicked { region: region.to_owned() });
        catch_unwind(AssertUnwindSafe(attempt))
            .unwrap_or_else(panicked)
            .map_err(|error| Failed { region: error.region(Some(region), |_| None), error: Box::new(error) })
    }

    /// What Kafka says of one topic is about that topic's region.
    fn of_kafka(&self, error: tail::Error) -> Failed {
        let error = Error::from(error);
        let reads = |region: &&String, topic: &str| topics_of(region).any(|read| read == topic);
        let region = error.region(None, |topic| self.regions.iter().find(|region| reads(region, topic)).cloned());
        Failed { region, error: Box::new(error) }
    }

    /// From connecting to the first failure, or to shutdown.
    fn work(&self, runtime: &Runtime) -> Result<(), Failed> {
        let mut store = runtime.block_on(async {
            let session = crate::Session::connect(&self.database).await?;
            migration::check(&session, &self.regions).await?;
            drop(session);
            Store::connect(&self.database, &self.regions).await
        })?;
        let starts = store.claim().starts(store.topics());
        // What is written seldom need not be fetched more often.
        let fetch_wait = self.tail.fetch_wait.max(self.settings.write_interval);
        let settings = tail::Settings { fetch_wait, ..self.tail.clone() };
        let mut tail = Tail::assign(&self.kafka, settings, &starts, self.health.clone(), self.shutdown.clone())
            .map_err(|error| self.of_kafka(error))?;
        self.health.set_ready(self.component, true, "connected");
        self.metrics.workers.inc();
        tracing::info!(regions = self.regions.join(","), "storing");
        let result = self.pump(runtime, &mut store, &mut tail);
        self.pulse.rest();
        self.metrics.workers.dec();
        result
    }

    fn pump(&self, runtime: &Runtime, store: &mut Store, tail: &mut Tail) -> Result<(), Failed> {
        // A crash may have left projections to compute.
        let now = Instant::now();
        let mut due: HashMap<&str, Due> = self
            .regions
            .iter()
            .map(|region| (region.as_str(), Due { dirty: true, has_more: false, is_behind: false, looked: now }))
            .collect();
        self.report_lag(store, tail, &mut due);
        let mut full = false;
        let mut written_at = now;
        let mut lag_at = now;
        // And somebody to erase.
        for region in &self.regions {
            self.erase(runtime, store, region)?;
        }
        while !self.shutdown.requested() {
            self.pulse.beat(Instant::now());
            // What waits to be computed is computed while no records wait.
            let computing = due.values().any(|due| due.has_more && !due.is_behind);
            if !full && !computing {
                self.shutdown.sleep(self.settings.write_interval.0.saturating_sub(written_at.elapsed()));
            }
            written_at = Instant::now();
            let messages =
                tail.poll_batch(self.settings.batch_records, if computing { Duration::ZERO } else { POLL_MAX });
            let messages = messages.map_err(|error| self.of_kafka(error))?;
            full = self.take(runtime, store, &messages, &mut due)?;
            drop(messages);
            self.project_due(runtime, store, &mut due, false)?;
            if lag_at.elapsed() >= LAG_INTERVAL {
                lag_at = Instant::now();
                self.report_lag(store, tail, &mut due);
                if now.elapsed() > PAUSE_MAX {
                    self.regions.iter().for_each(|region| self.metrics.region_failed.of(&[region]).set(0));
                }
            }
        }
        // Rows are committed; leave the projections in step with them.
        self.project_due(runtime, store, &mut due, true)
    }

    /// Stores what Kafka had; true when there is probably more.
    fn take(
        &self,
        runtime: &Runtime,
        store: &mut Store,
        messages: &[tail::Record<'_>],
        due: &mut HashMap<&str, Due>,
    ) -> Result<bool, Failed> {
        self.metrics.queue.set(i64::try_from(messages.len()).unwrap_or(i64::MAX));
        // Of each region its events, and what its persons say of their use.
        let mut by_region: Vec<[Vec<Record<'_>>; 2]> = self.regions.iter().map(|_| Default::default()).collect();
        let events = store.sources().len();
        let sources_per_region = events / self.regions.len();
        for message in messages {
            let (region, part) = match message.topic().checked_sub(events) {
                None => (message.topic() / sources_per_region, 0),
                Some(region) => (region, 1),
            };
            by_region[region][part].push(Record {
                source: message.topic(),
                partition: message.partition(),
                offset: message.offset(),
                origin: message.header(runtime::origin::HEADER),
                value: message.payload(),
            });
        }
        for (region, [records, said]) in self.regions.iter().zip(&by_region) {
            if !said.is_empty() && !self.hear(runtime, store, region, said)? {
                return Ok(false);
            }
            self.erase(runtime, store, region)?;
            if records.is_empty() {
                continue;
            }
            self.pulse.beat(Instant::now());
            let written = self.for_region(region, || {
                self.learn_schemas(runtime, store, region, records)?;
                if self.shutdown.requested() && !store.unknown_schemas(records).is_empty() {
                    return Ok(None);
                }
                let timer = self.metrics.transaction.start_timer();
                let written = runtime.block_on(store.write(region, records))?;
                timer.observe_duration();
                Ok(Some(written))
            })?;
            let Some(written) = written else { return Ok(false) };
            self.count(&written);
            self.erase(runtime, store, region)?;
            if written.dirty
                && let Some(due) = due.get_mut(region.as_str())
            {
                due.dirty = true;
            }
        }
        self.metrics.queue.set(0);
        Ok(messages.len() >= self.settings.batch_records)
    }

    /// Stores what persons say of the use of their data; false when it was told to stop before.
    fn hear(&self, runtime: &Runtime, store: &mut Store, region: &str, said: &[Record<'_>]) -> Result<bool, Failed> {
        self.pulse.beat(Instant::now());
        let heard = self.for_region(region, || {
            self.learn_schemas(runtime, store, region, said)?;
            if self.shutdown.requested() && !store.unknown_schemas(said).is_empty() {
                return Ok(None);
            }
            runtime.block_on(store.hear(region, said)).map(Some)
        })?;
        let Some(heard) = heard else { return Ok(false) };
        self.metrics.objections.inc_by(heard.changed);
        for reason in heard.rejected {
            self.metrics.rejected.of(Reason::from(reason)).inc();
        }
        Ok(true)
    }

    /// Takes out who is to be erased, where somebody is.
    fn erase(&self, runtime: &Runtime, store: &mut Store, region: &str) -> Result<(), Failed> {
        if !store.is_erasing(region) {
            return Ok(());
        }
        // As long as it takes: a rebuild of the region.
        self.pulse.rest();
        let erased = self.for_region(region, || runtime.block_on(store.erase(region)))?;
        self.metrics.erased.inc_by(erased.events as u64);
        tracing::info!(region, events = erased.events, "erased who was to be");
        Ok(())
    }

    fn count(&self, written: &Written) {
        let metrics = &self.metrics;
        metrics.erased.inc_by(written.erased);
        metrics.rows.inc_by(written.rows);
        metrics.duplicates.inc_by(written.duplicates.values().map(|count| count.unsigned_abs()).sum());
        metrics.replayed.inc_by(written.replayed);
        metrics.transactions.of(if written.safe { Path::Safe } else { Path::Fast }).inc();
        for (_, reason) in &written.rejected {
            metrics.rejected.of(Reason::from(*reason)).inc();
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        for ingested in &written.ingested {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of our time fit in 53 bits")]
            metrics.end_to_end.observe((now - ingested.0 as f64 / 1e6).max(0.0));
        }
    }

    /// Fetches schemas that neither this program nor the database has seen. Waits for the registry as long as it takes.
    fn learn_schemas(
        &self,
        runtime: &Runtime,
        store: &mut Store,
        region: &str,
        records: &[Record<'_>],
    ) -> Result<(), Error> {
        for id in store.unknown_schemas(records) {
            loop {
                // The registry is asked, not the database.
                self.pulse.beat(Instant::now());
                match self.registry.schema(id) {
                    Ok(avsc) => {
                        runtime.block_on(store.add_schema(region, id, &avsc))?;
                        self.health.set_ready_of("registry", self.component, true, "answers");
                        break;
                    }
                    Err(registry::client::Error::Refused { status: 404, .. }) => {
                        tracing::warn!(
                            schema = id,
                            "the registry does not know schema {id}; its records are set aside"
                        );
                        store.refuse_schema(id);
                        break;
                    }
                    // The other regions do not wait for it.
                    Err(source) if self.regions.len() > 1 => {
                        return Err(Error::SchemaAway { id, region: region.to_owned(), source });
                    }
                    Err(error) => {
                        let text = runtime::exit::chain(&error);
                        tracing::warn!("{text}; trying again");
                        self.health.set_ready_of("registry", self.component, false, text);
                        if self.shutdown.sleep(PAUSE_FIRST) {
                            return Ok(());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn project_due(
        &self,
        runtime: &Runtime,
        store: &Store,
        due: &mut HashMap<&str, Due>,
        last: bool,
    ) -> Result<(), Failed> {
        for (region, due) in due {
            if !due.is_now(due.looked.elapsed(), self.settings.projection_interval.0, last) {
                continue;
            }
            loop {
                self.pulse.beat(Instant::now());
                let timer = self.metrics.projection.start_timer();
                let project = || runtime.block_on(project(&store.session, store.decoder(), region));
                let projected = self.for_region(region, project)?;
                timer.observe_duration();
                self.count_projection(&projected);
                due.looked = Instant::now();
                (due.dirty, due.has_more) = (false, projected.has_more);
                // While running, a backlog of projections must not keep new records waiting.
                if !(last && due.has_more) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn count_projection(&self, projected: &Projected) {
        let metrics = &self.metrics;
        metrics.projection_events.inc_by(projected.events as u64);
        metrics.projection_stays.inc_by(projected.stays as u64);
        let largest = i64::try_from(projected.events_max).unwrap_or(i64::MAX);
        metrics.projection_events_max.set(metrics.projection_events_max.get().max(largest));
    }

    fn report_lag(&self, store: &Store, tail: &mut Tail, due: &mut HashMap<&str, Due>) {
        let mut lag: HashMap<&str, i64> = self.regions.iter().map(|region| (region.as_str(), 0)).collect();
        for progress in tail.progress() {
            let source = store.sources().get(progress.topic).map(|source| source.region.as_str());
            let region = source.unwrap_or_else(|| &self.regions[progress.topic - store.sources().len()]);
            *lag.entry(region).or_default() += progress.lag();
        }
        for (region, records) in lag {
            self.metrics.lag.of(&[region]).set(records);
            if let Some(due) = due.get_mut(region) {
                due.is_behind = usize::try_from(records).is_ok_and(|records| records > self.settings.batch_records);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(1);

    fn due(dirty: bool, has_more: bool, is_behind: bool) -> Due {
        Due { dirty, has_more, is_behind, looked: Instant::now() }
    }

    #[test]
    fn records_that_wait_go_first_and_not_for_ever() {
        for has_more in [false, true] {
            let behind = due(true, has_more, true);
            assert!(!behind.is_now(10 * INTERVAL, INTERVAL, false));
            assert!(behind.is_now(LOOK_AGAIN, INTERVAL, false));
            assert!(behind.is_now(Duration::ZERO, INTERVAL, true), "who ends leaves nothing");
        }
    }

    #[test]
    fn what_a_backlog_left_is_computed_without_a_pause() {
        assert!(due(false, true, false).is_now(Duration::ZERO, INTERVAL, false));
    }

    #[test]
    fn what_comes_little_by_little_is_computed_once_in_an_interval() {
        assert!(!due(true, false, false).is_now(INTERVAL / 2, INTERVAL, false));
        assert!(due(true, false, false).is_now(INTERVAL, INTERVAL, false));
        assert!(!due(false, false, false).is_now(INTERVAL, INTERVAL, false), "nothing came");
        assert!(
            due(false, false, false).is_now(LOOK_AGAIN, INTERVAL, false),
            "another instance may have left something"
        );
    }
}
