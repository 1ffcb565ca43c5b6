//! Whole-system tests: real Kafka, real PostgreSQL, every service as its own process.

mod clients;
mod delivery;
mod privacy;
mod walls;
