#![doc = include_str!("../README.md")]

pub mod capacity;
mod cdc;
mod check;
pub mod command;
pub mod config;
mod debezium;
mod fetch;
mod fhir;
mod files;
mod folder;
mod follow;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod intake;
mod message;
mod metrics;
mod mllp;
mod position;
mod replay;
mod route;
mod service;
pub mod table;
mod watch;
