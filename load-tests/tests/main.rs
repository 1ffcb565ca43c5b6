//! Whole-system tests: real Kafka, real PostgreSQL, every service as its own process.

mod walls;
