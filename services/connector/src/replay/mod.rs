//! HL7 files: the same path as MLLP, with the file in the place of the sender.

mod folder;
mod sender;

pub(crate) use folder::watch;
pub(crate) use sender::Sender;
