#![doc = include_str!("../README.md")]

mod cancellation;
mod capacity;
mod event;
mod finding;
mod found;
mod ledger;
mod movement;
mod nesting;
mod occupancy;
mod order;
mod overlap;
mod people;
mod rekeyed;
mod replay;
mod stay;
mod step;
mod visit;
mod voiding;

pub use capacity::{Capacity, CapacityHistory};
pub use event::{Details, EpisodeKey, Event, EventId, Issuer, Location, Trigger};
pub use finding::{Entry, Finding, FindingRule, Text};
pub use ledger::{Change, Ledger};
pub use occupancy::{Occupancy, Total, occupancy};
pub use people::{IDENTIFIERS_MAX, persons, survivors};
pub use rekeyed::first as first_pseudonyms;
pub use replay::{Timeline, timeline, timeline_of};
pub use stay::Stay;
