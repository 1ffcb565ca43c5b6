//! A real server.

mod encrypted;
mod fault;

use std::sync::LazyLock;

use local_stack::Postgres;

/// Shared by all tests.
pub static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().expect("PostgreSQL starts"));
