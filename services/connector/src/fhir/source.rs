//! Keeps reading a FHIR server: at an interval and when told to, through outages, restarts, and faults that somebody has
//! to mend.

use std::sync::Arc;
use std::time::Instant;

use runtime::health::Health;
use tokio::sync::Notify;
use tracing::Level;

use super::client::Client;
use super::context::Cache;
use super::deletions::Deletions;
use super::error::{Error, Reach};
use super::failing::Failing;
use super::look::{Look, Part, Trouble, pause};
use super::scan::{Reader, Scan};
use super::state::{self, State};
use crate::config::Fhir;
use crate::follow::{Mend, Remedy, Upkeep, Words};
use crate::intake::Feed;
use crate::metrics::FhirCounts;

/// Memory for what goes with resources.
const CACHE_BYTES: usize = 16 << 20;

/// Reads a server until shutdown; `wake` makes it look at once.
pub(crate) async fn follow(feed: Arc<Feed>, source: Fhir, health: Health, wake: Arc<Notify>) {
    let counts = feed.intake.metrics.of_fhir(feed.region(), &source.name);
    let words = Words {
        component: format!("fhir {}", source.name),
        name: Some(&source.name),
        away: "the FHIR server is away",
        back: "the FHIR server is read again",
        repeats: Some("a resource was not stored in time; going on from the last page that was"),
        ..Words::default()
    };
    let mut follower = Follower {
        upkeep: Upkeep::new(&feed, health, words, &counts.connected, &counts.outages),
        feed: &feed,
        source: &source,
        counts,
        trouble: Trouble::default(),
        out: false,
    };
    follower.run(&wake).await;
}

struct Follower<'a> {
    feed: &'a Feed,
    source: &'a Fhir,
    counts: FhirCounts,
    /// What is wrong with the server as a whole.
    trouble: Trouble,
    /// Something of it is away, and counted as an outage.
    out: bool,
    upkeep: Upkeep<'a>,
}

impl<'a> Follower<'a> {
    async fn run(&mut self, wake: &Notify) {
        let shutdown = self.feed.intake.shutdown.clone();
        let mut looks = looks(self.source);
        let mut reader = None;
        let mut pause = pause();
        let mut poll_at = Instant::now();
        while self.feed.intake.wait_open().await {
            let polls = poll_at <= Instant::now();
            let round = tokio::select! {
                round = self.round(&mut reader, &mut looks, polls) => round,
                () = shutdown.wait() => return,
            };
            let error = match round {
                Ok(()) => {
                    pause.reset();
                    let now = Instant::now();
                    if polls {
                        poll_at = now + self.source.poll.0;
                    }
                    let next = looks.iter().map(|look| look.due_at(now, poll_at)).min().unwrap_or(poll_at);
                    tokio::select! {
                        biased;
                        () = shutdown.wait() => return,
                        // Those that wait after a failure go on waiting.
                        () = wake.notified() => poll_at = now,
                        () = tokio::time::sleep_until(next.into()) => {}
                    }
                    continue;
                }
                Err(error) => error,
            };
            match error.remedy() {
                Remedy::Stop => return,
                Remedy::Repeat => self.upkeep.say_error(&error),
                // It is away or busy, or somebody must do something before anything of it can be read: said once.
                _ if self.trouble.begin(&error) => self.upkeep.say_error(&error),
                _ => {}
            }
            self.report(&looks);
            if shutdown.within(pause.take().max(error.asked_pause())).await {
                return;
            }
        }
    }

    /// One turn of everything that is due. What reaches no further than one question does not keep the others from being
    /// asked; after what reaches further the next round begins behind it, for it may be that question all the same.
    async fn round(&mut self, reader: &mut Option<Reader<'a>>, looks: &mut [Look], polls: bool) -> Result<(), Error> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(self.open()?),
        };
        // What goes with resources may have changed since the last round.
        reader.cache.clear();
        reader.round += 1;
        let now = Instant::now();
        for at in 0..looks.len() {
            let look = &mut looks[at];
            if !look.is_due(now, polls) {
                continue;
            }
            match look.turn(reader).await {
                Ok(more) => self.well(look.read(more)),
                Err(error) if error.reach() == Reach::Server => {
                    looks.rotate_left(at + 1);
                    return Err(error);
                }
                Err(error) => self.trouble_of(look, &error),
            }
            self.report(looks);
        }
        Ok(())
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
            failing: Failing::default(),
            round: 0,
            state,
            path,
            unkept: false,
            counts: self.counts.clone(),
        })
    }

    /// Something of one type cannot be read: said once, and asked again after a pause of its own.
    fn trouble_of(&mut self, look: &mut Look, error: &Error) {
        look.failed(Instant::now(), error);
        let is_news = look.trouble.begin(error);
        if error.remedy() == Remedy::Operator {
            if is_news {
                self.upkeep.say_error(error);
            }
            // A server that refuses or gives up on one thing has answered, and knows us.
            self.well(false);
        } else if is_news {
            self.upkeep.say(Level::WARN, &format!("{}; asked again, and the rest meanwhile", error.thing()));
        }
    }

    /// The server answers; `mended` says that it had not answered this before.
    fn well(&mut self, mended: bool) {
        if self.trouble.end() {
            self.upkeep.say(Level::INFO, self.upkeep.words.back);
        } else if mended {
            self.upkeep.say(Level::INFO, "what of the FHIR server could not be read is read again");
        }
    }

    /// What is wrong, to metrics and readiness.
    fn report(&mut self, looks: &[Look]) {
        let troubles = || looks.iter().map(|look| &look.trouble).chain([&self.trouble]);
        self.upkeep.connected.set(i64::from(!troubles().any(Trouble::is_some)));
        let out = troubles().any(Trouble::waits);
        if out && !self.out {
            self.upkeep.outages.inc();
        }
        let faults: Vec<&str> = troubles().filter_map(Trouble::fault).collect();
        self.upkeep.ready((!faults.is_empty()).then(|| faults.join("; ")));
        self.out = out;
    }
}

/// Everything that a server is asked: of each type what changed, then what is gone, where that is wanted.
fn looks(source: &Fhir) -> Vec<Look> {
    let mut looks = Vec::new();
    for kind in &source.types {
        looks.push(Look::new(Part::Changed(Scan::new(*kind, source))));
        if source.deletions && kind.is_missed() {
            looks.push(Look::new(Part::Gone(Deletions::new(*kind))));
        }
    }
    looks
}
