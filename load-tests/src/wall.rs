//! The wall between regions, tried from outside: every region's logins reach for every other region's tables, topics, pages and
//! parcels, each by a login of its own, on real servers.
//!
//! A surface says how many probes there were and what came of them, and whether the log of whoever refuses has each refusal. At its
//! end walls are built wrong on purpose and tried by the same probes: one that is not noticed makes the run fail.

mod api;
mod count;
mod entries;
mod parcels;
mod tables;
mod topics;

use std::{io, time::Instant};

use ::topics::Region;
use serde::Serialize;

pub use count::{Count, Planted, Surface};

use crate::{simulator::random::Random, stack};

/// What is tried, in the order in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// PostgreSQL's tables, views and functions.
    Tables,
    /// Kafka's topics and groups.
    Topics,
    /// The dashboard's pages, streams, files and API.
    Api,
    /// Parcels that recipients fetch.
    Parcels,
}

impl Of {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tables, Self::Topics, Self::Api, Self::Parcels];

    /// Its name on the command line and in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::Topics => "topics",
            Self::Api => "api",
            Self::Parcels => "parcels",
        }
    }

    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.name() == name)
    }
}

/// What a run tries.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many regions, from 2.
    pub regions: usize,
    /// Decides which regions, and between which of them walls are built wrong.
    pub seed: u64,
    /// What is tried.
    pub of: Vec<Of>,
}

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A server did not start.
    #[error(transparent)]
    Server(#[from] local_stack::Error),
    /// A file or folder, or a program that is not built.
    #[error("prepare the run's files")]
    File(#[from] io::Error),
    /// The store's database.
    #[error(transparent)]
    Store(#[from] sink_store::Error),
    /// Kafka's access rules or a connection to it.
    #[error(transparent)]
    Access(#[from] ::topics::access::Error),
    /// Making the topics.
    #[error(transparent)]
    Topics(#[from] ::topics::Error),
    /// A client of Kafka.
    #[error("write a record into each topic")]
    Kafka(#[from] rdkafka::error::KafkaError),
    /// Settings of ours that cannot be read back, which is a mistake in this program.
    #[error("settings of this run")]
    Settings(#[from] toml::de::Error),
    /// A service of the dashboard's stack.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// The store's database, asked as its owner.
    #[error("publish figures to lose")]
    Publish(#[from] crate::account::Error),
    /// An access log cannot be read.
    #[error(transparent)]
    Log(#[from] access_log::Error),
    /// A step failed.
    #[error("{step} failed: {said}")]
    Step {
        /// Which.
        step: &'static str,
        /// What was said.
        said: String,
    },
}

/// What a run came to.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The regions that were tried against each other.
    pub regions: Vec<&'static str>,
    /// What decided them.
    pub seed: u64,
    /// What was tried, all surfaces together.
    pub probes: u64,
    /// What was reached of other regions.
    pub foreign: u64,
    /// Refusals.
    pub denied: u64,
    /// Refusals that the log of whoever refused has.
    pub logged: u64,
    /// Walls built wrong.
    pub planted: usize,
    /// Those that were noticed.
    pub caught: usize,
    /// Whether all of it adds up.
    pub holds: bool,
    /// Each surface by itself.
    pub surfaces: Vec<Surface>,
}

impl Report {
    fn of(plan: &Plan, regions: &[Region], surfaces: Vec<Surface>) -> Self {
        let sum = |count: fn(&Count) -> u64| surfaces.iter().map(|surface| count(&surface.count)).sum();
        let planted = || surfaces.iter().flat_map(|surface| &surface.planted);
        Self {
            regions: regions.iter().map(|region| region.code()).collect(),
            seed: plan.seed,
            probes: sum(|count| count.probes),
            foreign: sum(|count| count.foreign),
            denied: sum(|count| count.denied),
            logged: sum(|count| count.logged),
            planted: planted().count(),
            caught: planted().filter(|planted| planted.caught).count(),
            holds: !surfaces.is_empty() && surfaces.iter().all(Surface::holds),
            surfaces,
        }
    }

    /// A line per surface, for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{}\n", Surface::HEAD);
        for surface in &self.surfaces {
            text.push_str(&format!("{}\n", surface.line()));
        }
        text
    }
}

/// Tries everything; `say` is told each step.
///
/// # Errors
/// When a server does not start or a step before the probes fails. What the probes find is in the report.
pub fn run(plan: &Plan, say: &mut dyn FnMut(&str)) -> Result<Report, Error> {
    let regions = chosen(plan.regions, plan.seed);
    let codes: Vec<&str> = regions.iter().map(|region| region.code()).collect();
    say(&format!("regions {} against each other", codes.join(" ")));
    let mut surfaces = Vec::new();
    for of in Of::ALL.into_iter().filter(|of| plan.of.contains(of)) {
        let begun = Instant::now();
        let say = &mut |text: &str| say(&format!("{}: {text}", of.name()));
        let mut surface = match of {
            Of::Tables => tables::run(&regions, say)?,
            Of::Topics => topics::run(&regions, say)?,
            Of::Api => api::run(&regions, plan.seed, say)?,
            Of::Parcels => parcels::run(&regions, say)?,
        };
        surface.seconds = begun.elapsed().as_secs();
        surfaces.push(surface);
    }
    Ok(Report::of(plan, &regions, surfaces))
}

/// So many regions, at least two, in an order that the seed decides: walls are built wrong between the first and the second.
fn chosen(count: usize, seed: u64) -> Vec<Region> {
    let mut left: Vec<Region> = Region::all().collect();
    let mut random = Random::new(seed);
    let count = count.clamp(2, left.len());
    std::iter::from_fn(|| Some(left.remove(random.pick_index(left.len())?))).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_chosen_once_each_and_again_by_the_same_seed() {
        let some = chosen(3, 7);
        assert_eq!((some.len(), chosen(3, 7) == some, chosen(3, 8) == some), (3, true, false));
        let mut all = chosen(100, 1);
        all.sort_unstable();
        assert_eq!(all, Region::all().collect::<Vec<_>>());
        assert_eq!(chosen(0, 1).len(), 2);
    }
}
