#![doc = include_str!("../README.md")]

pub mod bundle;
pub mod json;
pub mod reference;
mod resource_type;

pub use resource_type::Type;
