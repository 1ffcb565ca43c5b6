#![doc = include_str!("../README.md")]

mod blind;
mod group;
mod key;
mod permit_id;
mod person;
mod point;
mod pseudonym;

pub use blind::{Blind, NotABlind, blind};
pub use group::NoRandom;
pub use key::{Key, Seed, SeedError, derive_key, evaluate};
pub use permit_id::{NotAPermitId, PermitId};
pub use person::{NotNational, Person};
pub use point::{Blinded, EVALUATED_BYTES, Evaluated, POINT_BYTES, Unusable};
pub use pseudonym::{Pseudonym, VERSION, finish};
