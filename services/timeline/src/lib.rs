#![doc = include_str!("../README.md")]

mod capacity;
mod event;
mod finding;
mod ledger;
mod occupancy;
mod order;
mod people;
mod stay;
mod voiding;

mod replay;

pub use capacity::{Capacity, CapacityHistory};
pub use event::{Details, Event, EventId, Location, Trigger};
pub use finding::{Entry, Finding, FindingRule, Text};
pub use ledger::{Change, Ledger};
pub use occupancy::{Occupancy, Total, occupancy};
pub use people::{persons, survivors};
pub use replay::{Timeline, timeline};
pub use stay::{EpisodeKey, Stay};
