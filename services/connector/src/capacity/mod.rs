//! The capacity file feed: one record per row, whenever a watched file has changed.
//!
//! Every row of a changed file is sent, also those that are as before: the same row is the same record, and whoever
//! has it already ignores it.

mod feed;
pub mod table;

pub use feed::watch;
