//! The connector's binary against a real Kafka and real sockets.

mod faults;
mod files;
mod fuzz;
mod messages;
mod samples;
mod stack;
mod tls;
