#![doc = include_str!("../README.md")]

pub(crate) mod calendar;
pub mod code_lists;
pub mod command;
pub mod config;
pub mod directory;
pub mod dry_run;
pub mod mapping;
pub mod metrics;
pub mod pipeline;
pub mod rules;
pub mod service;
pub(crate) mod spelling;
pub mod throughput;
pub mod worker;
