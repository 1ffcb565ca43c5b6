#![doc = include_str!("../README.md")]

mod address;
mod api;
pub mod asks;
mod assets;
mod away;
pub mod command;
pub mod config;
mod csv;
mod dataset;
pub mod follow;
mod gzip;
mod http;
pub mod hub;
mod memory;
pub mod metrics;
mod node;
pub mod openapi;
pub mod operations;
mod page;
pub mod reader;
mod routes;
pub mod server;
pub mod service;
mod shelf;
mod sign;
pub mod store;
mod stream;
