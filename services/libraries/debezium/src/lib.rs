#![doc = include_str!("../README.md")]

pub mod content;
pub mod counted;
pub mod envelope;
pub mod flattened;
pub mod object;
pub mod schema;
pub mod unavailable;
pub mod value;

/// Columns of a row that are looked at, a bound against rubbish.
pub const COLUMNS_MAX: usize = 2_000;
