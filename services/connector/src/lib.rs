#![doc = include_str!("../README.md")]

pub mod capacity;
pub mod config;
mod files;
pub mod intake;
mod message;
pub mod metrics;
pub mod mllp;
pub mod replay;
pub mod route;
pub mod service;
mod watch;
