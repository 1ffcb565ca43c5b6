#![doc = include_str!("../README.md")]

mod error;
mod kafka;
mod postgres;
mod process;

use std::net::TcpListener;

pub use error::Error;
pub use kafka::{KAFKA_VERSION, Kafka};
pub use postgres::Postgres;
pub use process::Process;

/// A TCP port of 127.0.0.1 that was free a moment ago.
///
/// # Errors
/// When the system has no port left.
pub fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::Port)?;
    listener.local_addr().map(|address| address.port()).map_err(Error::Port)
}
