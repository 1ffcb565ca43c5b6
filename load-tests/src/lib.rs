#![doc = include_str!("../README.md")]

pub mod account;
pub mod bench;
pub mod canary;
pub mod check_demo;
pub mod check_register;
pub mod demo;
pub mod ledger;
pub mod message;
pub mod sender;
pub mod simulated;
pub mod simulator;
pub mod source_database;
pub mod stack;
pub mod topic_read;
pub mod watch;
