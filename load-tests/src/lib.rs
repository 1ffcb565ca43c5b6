#![doc = include_str!("../README.md")]

pub mod account;
mod addresses;
pub mod bench;
pub mod canary;
pub mod chaos;
pub mod check_demo;
pub mod check_register;
pub mod demo;
pub mod fault;
mod ledger;
pub mod message;
mod poison;
pub mod run_folder;
mod sabotage;
pub mod schedule;
pub mod search;
mod sender;
pub mod simulated;
pub mod simulator;
pub mod source_database;
pub mod stack;
mod topic_read;
pub mod wall;
mod watch;
