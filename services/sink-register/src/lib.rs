#![doc = include_str!("../README.md")]

mod amount;
pub mod command;
pub mod config;
pub mod definition;
mod deliver;
mod disclosure;
mod error;
mod extract;
mod follow;
mod form;
mod forms;
mod ledger;
mod make;
mod output;
mod positions;
mod publish;
mod read;
mod serve;
mod session;
mod sheet;
mod show;
mod table;

pub use deliver::{Outcome as Delivery, deliver};
pub use error::Error;
pub use extract::Extract;
pub use forms::beds;
pub use forms::costs;
pub use forms::hip_fracture;
pub use forms::waiting_times;
pub use make::{Made, Order, Outcome, Plan, Task, plan, run};
pub use output::{File, Output};
pub use read::{Figures, Reader, Snapshot, Stored, Survey, Taken};
pub use session::Session;
