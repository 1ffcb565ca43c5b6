#![doc = include_str!("../README.md")]

mod age_key;
pub mod config;
pub mod costs;
pub mod definition;
mod deliver;
mod digest;
mod error;
mod extract;
mod failpoint;
pub mod flag;
pub mod follow;
pub mod ledger;
mod make;
pub mod parcel;
pub mod period;
mod positions;
mod publish;
mod read;
pub mod serve;
mod session;
mod show;
mod version;
pub mod waiting_times;

pub use age_key::{AgeKey, NotAKey};
pub use deliver::{Outcome as Delivery, deliver};
pub use error::{Error, Fault};
pub use extract::Extract;
pub use make::{Made, Order, Outcome, Plan, REASON, Task, plan, run};
pub use positions::{Position, Positions};
pub use read::{Figures, Snapshot, Survey, Taken};
pub use session::Session;
pub use show::{ledger_csv, ledger_text, manifest_text, plan_text};
pub use version::{Agreement, Candidate, Decision, agree, decide};
