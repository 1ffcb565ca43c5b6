#![doc = include_str!("../README.md")]

pub mod expected;
mod policies;
mod question;

pub use policies::{Decision, Error, Policies};
pub use question::{Action, Channel, Class, Dataset, Part, Principal, Question, Role};
