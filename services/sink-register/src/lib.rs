#![doc = include_str!("../README.md")]

pub mod beds;
mod clock;
mod columnar;
pub mod command;
pub mod config;
pub mod costs;
pub mod definition;
mod deliver;
mod error;
mod extract;
pub mod follow;
pub mod hip_fracture;
pub mod ledger;
mod make;
mod morning;
mod omop;
mod positions;
mod publish;
mod read;
pub mod serve;
mod session;
mod sheet;
mod show;
pub mod waiting_times;

pub use deliver::{Outcome as Delivery, deliver};
pub use error::Error;
pub use extract::Extract;
pub use make::{Made, Order, Outcome, Plan, Task, plan, run};
pub use read::{Figures, Snapshot, Survey, Taken};
pub use session::Session;
