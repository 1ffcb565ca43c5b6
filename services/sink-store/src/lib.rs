#![doc = include_str!("../README.md")]

mod batch;
pub mod bench;
mod claim;
pub mod command;
pub mod config;
mod control;
mod copy;
mod erase;
mod error;
mod fingerprint;
mod metrics;
mod migration;
mod node;
pub mod probe;
mod projection;
mod rebuild;
mod run;
mod session;
mod store;
mod time;
mod worker;

pub use batch::{Record, Rejection, Source, topics_of};
pub use claim::Claim;
pub use erase::Erased;
pub use error::Error;
pub use fingerprint::{Fingerprint, Table, fingerprint};
pub use migration::{Outcome, check, migrate, revert, version_needed};
pub use projection::{Projected, project};
pub use rebuild::rebuild;
pub use run::run;
pub use session::Session;
pub use store::{Heard, Store, Written};
