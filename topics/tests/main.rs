//! Tests of the topic catalogue, its rules, and what is made from it on a real Kafka.

mod access;
mod apply;
mod catalogue;
mod command;
mod encrypted;
mod flow;
mod plan;
mod region;
mod registry;
mod rules;
mod storing_registry;

use std::sync::LazyLock;

/// One broker for the whole run; every test takes regions that no other test takes.
static KAFKA: LazyLock<local_stack::Kafka> = LazyLock::new(|| local_stack::Kafka::start_own().expect("a local Kafka"));
