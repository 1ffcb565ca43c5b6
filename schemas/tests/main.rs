//! Tests of the record schemas, through the crate's public interface.

mod registry;
mod round_trip;
