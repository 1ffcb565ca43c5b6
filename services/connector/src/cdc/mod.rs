//! Follows tables of a PostgreSQL database: every row once as it is, then every change, as Debezium envelopes.
//!
//! The slot is the position. It is made with a snapshot, the rows of that snapshot are sent, then the changes from where
//! the snapshot was taken. The slot is told that a change is stored only after Kafka has acknowledged it and everything
//! before it, so the database keeps what we do not have. What is sent again after a kill has the same ids and bytes.
//!
//! A snapshot that was not sent to its end cannot go on: its view ends with the connection. The slot stays, and with it
//! every change since it was made; the rows are read again as they are then, bear the slot's own time, and are corrected by
//! the changes that follow. Only behind a slot that was lost, rows that were deleted since appear in neither: the new
//! slot begins with a record for each table that says that all rows are void (`op` `t`, in every partition).
//!
//! Refused: a position of our own beside the slot's (two truths), streaming of transactions that are not committed (the
//! server keeps them on its disk until they are).

mod address;
mod catalogue;
mod changes;
mod envelope;
mod error;
mod followed;
mod record;
pub(crate) mod resnapshot;
mod sending;
mod snapshot;
mod source;
mod state;
mod value;

pub(crate) use address::address;
pub(crate) use source::follow;
