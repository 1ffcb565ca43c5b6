//! Keeps a source going: through outages, restarts, and faults that somebody has to mend.

mod pause;
mod remedy;

use std::time::Duration;

use runtime::exit::chain;
use runtime::health::Health;
use runtime::metrics::{Counter, Gauge};
use runtime::shutdown::Shutdown;
use tracing::Level;

pub(crate) use pause::Pause;
pub(crate) use remedy::{Mend, Remedy};

use crate::intake::Feed;

/// Pause before the first try after a source went away.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest pause, after several; also how often it is looked whether a fault has been mended.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(15);

/// How a source is spoken of.
#[derive(Default)]
pub(crate) struct Words<'a> {
    /// Its component of the service's health.
    pub component: String,
    /// Fields of its log lines, with the region.
    pub slot: Option<&'a str>,
    pub name: Option<&'a str>,
    /// Stands before what is wrong where no field says which source it is.
    pub before: &'a str,
    pub away: &'a str,
    pub back: &'a str,
    /// Said when it goes on from the last record that is stored; else why it does.
    pub repeats: Option<&'a str>,
    /// Another fault than the last says that somebody is mending them one by one.
    pub faults_in_order: bool,
}

/// What is wrong with a source, told once to log, readiness and counts; and when it is tried again.
pub(crate) struct Upkeep<'a> {
    pub words: Words<'a>,
    region: &'a str,
    health: Health,
    component: &'static str,
    /// 1 while it is followed.
    pub connected: Gauge,
    /// Times that it went away.
    pub outages: Counter,
    thing: Option<String>,
    pause: Pause,
    shutdown: Shutdown,
}

impl<'a> Upkeep<'a> {
    /// Nothing is wrong.
    pub(crate) fn new(feed: &'a Feed, health: Health, words: Words<'a>, connected: &Gauge, outages: &Counter) -> Self {
        // Health keeps names for as long as the process lives; there is one for every source of the configuration.
        let (region, component) = (feed.region(), words.component.clone().leak());
        let (connected, outages) = (connected.clone(), outages.clone());
        let (pause, shutdown) = (Pause::between(PAUSE_MIN, PAUSE_MAX), feed.intake.shutdown.clone());
        let upkeep = Self { words, region, health, component, connected, outages, thing: None, pause, shutdown };
        upkeep.ready(None);
        upkeep
    }

    /// A try has ended: says what there is to say, and waits before the next. Whether there is one.
    pub(crate) async fn again(&mut self, error: &impl Mend) -> bool {
        self.connected.set(0);
        if self.thing.is_none() {
            self.pause.reset();
        }
        match error.remedy() {
            Remedy::Stop => return false,
            Remedy::Repeat => self.say_error(error),
            Remedy::Wait | Remedy::Operator => {
                if self.failed(error) && self.words.faults_in_order {
                    self.pause.reset();
                }
            }
        }
        !self.shutdown.within(self.pause.take()).await
    }

    /// It is followed, and nothing is wrong.
    pub(crate) fn well(&mut self) {
        self.connected.set(1);
        if self.thing.take().is_some() {
            self.say(Level::INFO, self.words.back);
            self.ready(None);
        }
    }

    /// It is away, told once until it is back; or somebody must do something, told once for every thing. Whether that is
    /// another fault than the last.
    pub(crate) fn failed(&mut self, error: &impl Mend) -> bool {
        let (thing, is_fault) = (Some(error.thing()), error.remedy() == Remedy::Operator);
        let is_news = if is_fault { self.thing != thing } else { self.thing.is_none() };
        if is_news {
            self.say_error(error);
            self.thing = thing;
        }
        if is_fault {
            self.ready(Some(format!("{}{}", self.words.before, chain(error))));
        } else if is_news {
            self.outages.inc();
        }
        is_news && is_fault
    }

    /// To the log: what follows from an error.
    pub(crate) fn say_error(&self, error: &impl Mend) {
        let Words { before, away, repeats, .. } = &self.words;
        let why = || format!("reading again from what is stored: {error}");
        match error.remedy() {
            Remedy::Operator => self.say(Level::ERROR, &format!("{before}{}", chain(error))),
            Remedy::Repeat => self.say(Level::WARN, &repeats.map_or_else(why, str::to_owned)),
            Remedy::Wait | Remedy::Stop => self.say(Level::WARN, &format!("{away}: {before}{}", chain(error))),
        }
    }

    pub(crate) fn say(&self, level: Level, text: &str) {
        let (region, Words { slot, name, .. }) = (self.region, &self.words);
        match level {
            Level::ERROR => tracing::error!(region, slot, name, "{text}"),
            Level::WARN => tracing::warn!(region, slot, name, "{text}"),
            _ => tracing::info!(region, slot, name, "{text}"),
        }
    }

    /// To readiness: what somebody must do, if anything.
    pub(crate) fn ready(&self, fault: Option<String>) {
        let is_ready = fault.is_none();
        self.health.set_ready(self.component, is_ready, fault.unwrap_or_else(|| "nothing is wrong".to_owned()));
    }
}
