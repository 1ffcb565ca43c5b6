#![doc = include_str!("../README.md")]

pub mod age;
pub mod attention;
mod board;
pub mod collate;
pub mod definitions;
pub mod detail;
mod doubt;
pub mod format;
pub mod guide;
pub mod hiding;
pub mod hyphen;
pub mod instant;
pub mod language;
pub mod lately;
pub mod live;
pub mod nearest;
pub mod restless;
pub mod shown;
pub mod standing;
pub mod status;
pub mod stopped;
pub mod usual;
pub mod ward;
pub mod words;

pub use board::{Board, Builder, Hospital, Scope, Sums, region_name, total_at};
