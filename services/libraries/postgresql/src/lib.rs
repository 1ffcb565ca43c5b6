#![doc = include_str!("../README.md")]

mod address;
mod condition;
mod connection;
mod fault;
mod settings;

pub use address::{Address, Unusable};
pub use fault::Fault;
pub use tokio_postgres::Client;

pub use self::settings::Settings;
