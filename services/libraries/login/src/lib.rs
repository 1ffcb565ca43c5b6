#![doc = include_str!("../README.md")]

mod answer;
mod asked;
pub mod config;
mod conversation;
mod cookie;
mod entry;
mod log;
mod login;
mod metrics;
mod person;
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
pub use standing::{Standing, standing};
pub use wall::Wall;
