//! Figures, not tests: what the platform does per second and per message, beside the bare client that could do no better.
//!
//! Every comparison runs on the same servers in the same run, in rounds that take turns, and gives the median with the
//! smallest and the largest round. Everything shares one machine, the senders too, so that absolute figures are low and
//! only the ratios travel.

pub mod chain;
mod costs;
mod crowd;
pub mod extract;
pub mod mapping;
pub mod peers;
pub mod relaying;
pub mod report;
pub mod rest;
pub mod restart;
mod sending;
pub mod sources;
pub mod store;
pub mod streams;
pub mod usage;
pub mod viewers;
pub mod walls;

use std::io;

use rdkafka::error::KafkaError;

/// What stopped the benchmark.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kafka or PostgreSQL could not be started.
    #[error("start a server")]
    Server(#[from] local_stack::Error),
    /// Kafka refused something.
    #[error("use Kafka")]
    Kafka(#[from] KafkaError),
    /// The topics could not be made.
    #[error("apply the topics")]
    Topics(#[from] topics::Error),
    /// A file or a process.
    #[error("read or run {what}")]
    Io {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A round ended badly.
    #[error("the {variant} round failed: {output}")]
    Round {
        /// Which.
        variant: &'static str,
        /// What it said.
        output: String,
    },
    /// A program of a comparison with others ended badly.
    #[error("{name}: {output}")]
    Peer {
        /// Which.
        name: String,
        /// What was wrong, or what it said last.
        output: String,
    },
    /// The relay could not run.
    #[error("relay")]
    Relay(#[from] runtime::relay::Error),
    /// The processor could not be set up.
    #[error("set up the processor")]
    Processor(#[from] processor::worker::Error),
    /// Metrics could not be registered.
    #[error("register metrics")]
    Metrics(#[from] runtime::metrics::Error),
    /// The store refused something.
    #[error("use the store")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row could not be mapped.
    #[error("map a row: {0}")]
    Mapping(String),
    /// The whole stack did not run.
    #[error("run the whole stack")]
    Stack(#[from] crate::stack::Error),
    /// The source database did not do what it was told.
    #[error("read a table")]
    Source(#[from] crate::source_database::Error),
    /// What has arrived could not be added up.
    #[error("add up what has arrived")]
    Sum(#[from] crate::check_register::Error),
    /// The run through everything did not end.
    #[error("send through everything")]
    Run(#[from] crate::check_demo::Error),
}
