#![doc = include_str!("../README.md")]

mod capacity;
mod event;
mod ledger;
mod nesting;
mod occupancy;
mod order;
mod people;
mod stay;
mod voiding;

mod replay;

pub use capacity::{Capacity, CapacityHistory};
pub use event::{Details, Event, EventId, Location, Trigger};
pub use ledger::{Change, Ledger};
pub use occupancy::{Occupancy, Total, occupancy, overbelaggning_known};
pub use people::{persons, survivors};
pub use replay::{Timeline, timeline};
pub use stay::{EpisodeKey, Finding, FindingRule, Stay};
