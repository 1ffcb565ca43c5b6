#![doc = include_str!("../README.md")]

mod answer;
mod asked;
mod bound;
pub mod config;
mod conversation;
mod cookie;
mod entry;
mod http;
mod issuer;
mod log;
mod login;
mod metrics;
mod person;
mod programs;
mod provider;
mod renewal;
mod secret;
mod session;
mod standing;
mod strangers;
mod wall;

pub use asked::{Asked, Decided, Site};
pub use config::{Listening, Settings};
pub use login::{Login, OpenError};
pub use person::{Identity, Person};
pub use programs::{Programs, Stranger};
pub use standing::{Standing, standing};
pub use strangers::{NotEntered, Strangers};
pub use wall::Wall;
