#![doc = include_str!("../README.md")]

pub mod ack;
pub mod batch;
pub mod charset;
mod cuts;
mod delimiters;
mod error;
mod escape;
pub mod field;
mod lines;
mod message;
pub mod mllp;
pub mod sections;
pub mod shorten;
pub mod time;
mod value;

pub use charset::{Decoded, decode_text};
pub use delimiters::Delimiters;
pub use error::Error;
pub use field::Address;
pub use lines::line_end;
pub use message::{Group, Groups, MESSAGE_BYTES_MAX, Message, SEGMENTS_MAX, Segment, Segments};
pub use value::{Presence, Repetitions, Value};
