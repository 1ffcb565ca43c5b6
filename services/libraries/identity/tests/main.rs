//! The crate from outside: what goes in, what comes out, and what cannot come out.

mod guard;
mod privacy;
mod pseudonym;
mod read;
mod unchanged;
mod upgrade;
