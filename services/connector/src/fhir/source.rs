//! Keeps reading a FHIR server: at an interval and when told to, through outages, restarts, and faults that somebody has
//! to mend.

use std::sync::Arc;
use std::time::Duration;

use runtime::health::Health;
use tokio::sync::Notify;

use super::client::Client;
use super::context::Cache;
use super::error::{Error, Remedy};
use super::scan::{Reader, Scan};
use super::state::{self, State};
use crate::config::Fhir;
use crate::intake::Feed;
use crate::metrics::FhirCounts;

/// Pause before the first try after the server went away.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// The longest pause, after several; also how often it is looked whether a fault has been mended.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Memory for what goes with resources.
const CACHE_BYTES: usize = 16 << 20;

/// Reads a server until shutdown; `wake` makes it look at once.
pub async fn follow(feed: Arc<Feed>, source: Fhir, health: Health, wake: Arc<Notify>) {
    // Health keeps names for as long as the process lives; there is one for every server of the configuration.
    let component: &'static str = Box::leak(format!("fhir {}", source.name).into_boxed_str());
    health.set_ready(component, true, "nothing is wrong");
    let counts = feed.intake.metrics.of_fhir(feed.region(), &source.name);
    let mut follower = Follower { feed: &feed, source: &source, counts, told: None, health, component };
    follower.run(&wake).await;
}

struct Follower<'a> {
    feed: &'a Feed,
    source: &'a Fhir,
    counts: FhirCounts,
    /// What is wrong, said once.
    told: Option<String>,
    health: Health,
    component: &'static str,
}

impl<'a> Follower<'a> {
    async fn run(&mut self, wake: &Notify) {
        let shutdown = self.feed.intake.shutdown.clone();
        let mut scans: Vec<Scan> = self.source.types.iter().map(|kind| Scan::new(*kind, self.source)).collect();
        let mut reader = None;
        let mut pause = PAUSE_MIN;
        while self.feed.intake.wait_open().await {
            let round = tokio::select! {
                round = self.round(&mut reader, &mut scans) => round,
                () = shutdown.wait() => return,
            };
            let error = match round {
                Ok(more) => {
                    self.well();
                    pause = PAUSE_MIN;
                    if !more {
                        tokio::select! {
                            () = tokio::time::sleep(self.source.poll.0) => {}
                            () = wake.notified() => {}
                            () = shutdown.wait() => return,
                        }
                    }
                    continue;
                }
                Err(error) => error,
            };
            let mut wait = pause;
            match error.remedy() {
                Remedy::Stop => return,
                Remedy::Repeat => tracing::warn!(
                    region = self.feed.region(),
                    name = self.source.name,
                    "a resource was not stored in time; going on from the last page that was"
                ),
                Remedy::Wait(asked) => {
                    wait = wait.max(asked);
                    self.away(&error);
                }
                Remedy::Operator => self.fault(&error),
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => pause = PAUSE_MAX.min(pause * 2),
                () = shutdown.wait() => return,
            }
        }
    }

    /// One turn of every type; whether there is more to read. A fault of one type does not keep the others from being read.
    async fn round(&self, reader: &mut Option<Reader<'a>>, scans: &mut [Scan]) -> Result<bool, Error> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(self.open()?),
        };
        // What goes with resources may have changed since the last round.
        reader.cache.clear();
        let (mut more, mut fault) = (false, None);
        for scan in scans {
            match scan.turn(reader).await {
                Ok(unfinished) => more |= unfinished,
                Err(error @ Error::Unauthorised { .. }) => return Err(error),
                Err(error) if error.remedy() == Remedy::Operator => fault = fault.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        fault.map_or(Ok(more), Err)
    }

    fn open(&self) -> Result<Reader<'a>, Error> {
        let path = state::path(self.feed.region(), self.source);
        let unkept = |source| Error::State { path: path.clone(), source };
        let state = State::load(&path).map_err(unkept)?;
        // Told before anything is sent, if it cannot be kept.
        state.store(&path).map_err(unkept)?;
        Ok(Reader {
            feed: self.feed,
            source: self.source,
            client: Client::new(self.source)?,
            cache: Cache::new(CACHE_BYTES),
            state,
            path,
            unkept: false,
            counts: self.counts.clone(),
        })
    }

    /// The server is away or busy: said once, until it is back.
    fn away(&mut self, error: &Error) {
        self.counts.connected.set(0);
        if self.told.is_none() {
            self.counts.outages.inc();
            let text = runtime::exit::chain(error);
            tracing::warn!(region = self.feed.region(), name = self.source.name, "the FHIR server is away: {text}");
            self.told = Some(text);
        }
    }

    /// Somebody must do something: said once for every thing.
    fn fault(&mut self, error: &Error) {
        self.counts.connected.set(0);
        let text = runtime::exit::chain(error);
        if self.told.as_ref() != Some(&text) {
            tracing::error!(region = self.feed.region(), name = self.source.name, "{text}");
            self.health.set_ready(self.component, false, text.clone());
            self.told = Some(text);
        }
    }

    fn well(&mut self) {
        self.counts.connected.set(1);
        if self.told.take().is_some() {
            tracing::info!(region = self.feed.region(), name = self.source.name, "the FHIR server is read again");
            self.health.set_ready(self.component, true, "nothing is wrong");
        }
    }
}
