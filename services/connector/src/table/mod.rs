//! Delimited files: one record per row, after the whole file has been found whole.
//!
//! A file is read twice. The first reading ([`check`]) decides its encoding, hashes it and looks at every row; a file
//! with a [`flaw`] is left out as a whole and one record stands for it. The second sends the rows in order, from where an
//! earlier run stopped. A file half sent and then found wrong cannot be taken back; that is why it is read twice.

pub mod check;
pub mod flaw;
mod folder;
mod sender;
pub mod shape;

pub use folder::{Tables, watch};
pub use sender::{LeftOut, Sender, Sent};
