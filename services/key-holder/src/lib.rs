#![doc = include_str!("../README.md")]

mod appended;
pub mod command;
pub mod config;
mod error;
mod holder;
mod serve;
mod share;
mod spent;

pub use error::Error;
pub use holder::{Evaluated, Holder, Refusal};
