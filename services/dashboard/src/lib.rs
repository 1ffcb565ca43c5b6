#![doc = include_str!("../README.md")]

pub mod address;
pub mod api;
pub mod assets;
pub mod command;
pub mod config;
pub mod csv;
pub mod follow;
mod http;
pub mod hub;
pub mod metrics;
pub mod node;
pub mod operations;
pub mod page;
pub mod reader;
pub mod server;
pub mod service;
pub mod shelf;
pub mod store;
pub mod stream;
