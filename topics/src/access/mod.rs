//! Who may do what in Kafka: a principal per region and service, derived from the catalogue.
//!
//! [`plan`] is a pure function of the catalogue: principals, their rules (Kafka's ACLs) and quotas. [`difference`] compares it
//! with what a cluster has, purely too; [`Cluster`] reads and changes a cluster. Every rule is literal: a prefix would also hold
//! for topics that nobody has thought of yet.

mod cluster;
mod connection;
mod difference;
mod error;
mod password;
mod plan;
mod principal;
pub mod probe;
mod rule;
mod scram;

pub use cluster::{Cluster, Outcome};
pub use connection::Connection;
pub use difference::{Difference, Existing, Scope, Surplus, difference};
pub use error::Error;
pub use password::Passwords;
pub use plan::{Access, Plan, Quota, plan};
pub use principal::{Naming, Principal};
pub use rule::{Kind, Operation, Pattern, Permission, Resource, Rule};
