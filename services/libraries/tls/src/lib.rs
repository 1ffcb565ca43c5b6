#![doc = include_str!("../README.md")]

mod client;
mod error;
mod https;
mod listener;
mod pem;
mod probe;
mod refusal;
mod shown;

pub use client::{Client, Encryption, trusting_nobody};
pub use error::Error;
pub use https::{agent, basic};
pub use listener::Listener;
pub use pem::{certificates, provider};
pub use refusal::Refusal;
pub use shown::{ClientCertificate, is_name};
