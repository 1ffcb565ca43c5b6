#![doc = include_str!("../README.md")]

pub mod command_line;
mod error;
mod file;
mod period;
mod secret;
mod size;

pub use error::{Error, Fault, Place, chain};
pub use file::{Check, load, read};
pub use period::Period;
pub use secret::{ByName, Secret, SecretValue};
pub use size::Size;
