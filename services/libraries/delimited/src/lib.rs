#![doc = include_str!("../README.md")]

pub mod cutter;
pub mod letters;
pub mod line;
pub mod name;
pub mod payload;
pub mod separator;

/// How the names of delimited files end.
pub const ENDINGS: &[&str] = &["csv", "txt", "tsv"];
