#![doc = include_str!("../README.md")]

mod bound;
mod cipher;
mod config;
mod fault;
mod key;
mod open;
mod seal;
mod token;

pub use bound::Place;
pub use config::{KeySettings, Settings};
pub use fault::{Away, Refusal, Unopened};
pub use key::{Closed, Keys};
pub use open::{DATA_KEYS_MAX, Opener, key_id};
pub use seal::{RECORDS_MAX, Sealer};
pub use token::TokenSettings;
