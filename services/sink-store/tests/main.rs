//! The store against a real PostgreSQL and, where it matters, a real Kafka.

mod board;
mod capacity;
mod catalogue;
mod command;
mod config;
mod content;
mod erase;
mod finding;
mod migration;
mod objection;
mod probe;
mod protected;
mod release;
mod service;
mod shared;
mod snapshot;
mod wall;
mod world;
mod write;
