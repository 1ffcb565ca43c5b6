//! The crate from outside: what goes in, what comes out.

mod ack;
mod agreement;
mod batch;
mod charset;
mod message;
mod mllp;
mod rubbish;
mod time;
