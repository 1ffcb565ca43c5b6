//! The runtime on a real Kafka, with real files, sockets, signals and `kill -9`.

mod config;
mod edges;
mod encrypted;
mod http;
mod mirror;
mod probes;
mod producer;
mod relay;
mod relay_faults;
mod shutdown;
mod strangers;
mod support;
mod tail;
mod tokens;
