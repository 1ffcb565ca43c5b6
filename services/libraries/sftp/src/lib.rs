#![doc = include_str!("../README.md")]

mod config;
mod error;
mod files;
mod metadata;
mod session;
mod transfer;
mod wire;

pub use config::{HostKey, Server};
pub use error::{Error, Status};
pub use files::{Entry, Listing};
pub use metadata::Metadata;
pub use session::Session;
