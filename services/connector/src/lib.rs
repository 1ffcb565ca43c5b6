#![doc = include_str!("../README.md")]

pub mod capacity;
pub mod cdc;
mod check;
pub mod command;
pub mod config;
pub mod debezium;
pub mod fetch;
pub mod fhir;
pub mod files;
mod folder;
mod follow;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod intake;
mod message;
pub mod metrics;
pub mod mllp;
mod position;
pub mod replay;
pub mod route;
pub mod service;
pub mod table;
mod watch;
