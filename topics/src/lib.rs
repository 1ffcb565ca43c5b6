#![doc = include_str!("../README.md")]

pub mod access;
mod broker;
mod catalogue;
mod error;
pub mod flow;
pub mod group;
mod kafka;
pub mod name;
mod plan;
mod region;
pub mod registry;
mod rules;
mod sasl;
mod settings;
pub mod token;
mod wait;

pub use broker::{Options, apply, plan};
pub use catalogue::{Allowance, Catalogue, Declaration, Invalid, Outside, Topic, Zone};
pub use error::Error;
pub use kafka::{Kafka, Setting};
pub use plan::{Change, Conflict, Existing, Plan, difference};
pub use region::{NotARegion, Region};
pub use rules::{Breach, breaches};
pub use sasl::{Mechanism, Password, Sasl};

pub use self::settings::Settings;
