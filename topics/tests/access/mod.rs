//! Who may do what: what the catalogue gives, and what a real Kafka makes of it.

mod difference;
mod plan;
mod wall;
