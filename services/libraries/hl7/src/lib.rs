#![doc = include_str!("../README.md")]

pub mod ack;
pub mod batch;
pub mod charset;
mod cuts;
mod delimiters;
mod error;
mod escape;
pub mod field;
mod limits;
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
pub use limits::{MESSAGE_BYTES_MAX, SEGMENTS_MAX};
pub use lines::line_end;
pub use message::{Group, Groups, Message, Segment, Segments};
pub use value::{Presence, Repetitions, Value};
