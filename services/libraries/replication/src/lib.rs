#![doc = include_str!("../README.md")]

mod address;
mod error;
mod lsn;
pub mod pgoutput;
mod quoted;
mod slot;
mod streamed;
mod wire;

pub use address::Address;
pub use error::Error;
pub use lsn::{Lsn, Unreadable};
pub use quoted::{identifier, literal};
pub use slot::Made;
pub use streamed::Streamed;
pub use wire::{Purpose, Row, Wire};
