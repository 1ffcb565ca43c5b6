#![doc = include_str!("../README.md")]

mod answering;
mod authority;
mod browser;
mod encrypted;
mod error;
mod issuer;
mod kafka;
mod keycloak;
mod maven;
mod postgres;
mod process;
mod release;
mod sftp;

use std::{
    io,
    net::TcpListener,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

pub use answering::{Answering, Asked};
pub use authority::{Authority, Certificate};
pub use browser::{Browser, Page, agent, attribute, token};
pub use encrypted::Encrypted;
pub use error::Error;
pub use issuer::{Issuer, Manner};
pub use kafka::{KAFKA_VERSION, Kafka};
pub use keycloak::{Keycloak, PASSWORD};
pub use maven::{cache_folder, libraries};
pub use postgres::Postgres;
pub use process::Process;
pub use release::other_releases;
pub use sftp::Sftp;

/// Below the ports that Linux gives to outgoing connections (from 32768): one of those could take a port between its
/// being found free and its being used.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A TCP port of 127.0.0.1 that was free a moment ago; the same process gets each port once in a long while.
///
/// # Errors
/// When the system has no port left.
pub fn free_port() -> Result<u16, Error> {
    static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| {
        // Processes that start together start apart.
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        AtomicU32::new(elapsed.subsec_nanos() ^ std::process::id().wrapping_mul(2_654_435_761))
    });
    let count = PORTS.len() as u32;
    let mut last = io::ErrorKind::AddrInUse.into();
    for _ in 0..count {
        let port = PORTS.start + (NEXT.fetch_add(1, Ordering::Relaxed) % count) as u16;
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(Error::Port(last))
}
