#![doc = include_str!("../README.md")]

mod answer;
pub mod config;
mod cookie;
mod metrics;
mod person;
mod provider;
mod secret;
mod session;
mod wall;

pub use config::{Listening, Settings};
pub use person::Person;
pub use wall::{Asked, Decided, Login, OpenError, Site, Standing, Wall, standing};
