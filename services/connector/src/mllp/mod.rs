//! MLLP: HL7 v2 messages over TCP, answered when they are durable.

mod answer;
mod connection;
mod frame;
mod listener;

pub(crate) use listener::{Error, Gate, Listener};
