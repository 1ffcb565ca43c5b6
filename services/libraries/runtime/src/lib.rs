#![doc = include_str!("../README.md")]

mod answers;
pub mod broker;
pub mod config;
pub mod descriptors;
pub mod door;
pub mod estrangement;
pub mod exit;
pub mod failpoint;
pub mod fate;
pub mod header;
pub mod health;
pub mod http;
pub mod logs;
pub mod metrics;
pub mod origin;
pub mod parting;
pub mod policy;
pub mod producer;
pub mod relay;
pub mod shutdown;
pub mod start;
pub mod tail;

pub use settings::command_line;
