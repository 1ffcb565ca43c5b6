#![doc = include_str!("../README.md")]

pub(crate) mod calendar;
pub mod code_lists;
pub mod command;
pub mod config;
pub mod directory;
pub mod dry_run;
pub(crate) mod findings;
pub(crate) mod leak;
pub(crate) mod made_up;
pub mod mapping;
pub mod metrics;
pub mod pipeline;
pub mod rules;
mod service;
pub(crate) mod spelling;
pub(crate) mod stop;
pub mod throughput;
pub(crate) mod verbatim;
pub mod worker;
pub(crate) mod written;
