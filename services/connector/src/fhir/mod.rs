//! Reads the resources of a FHIR R4 server as they change, each version once, with the patient it is about.
//!
//! In: searches by `_lastUpdated`, type by type, oldest first. Out: for every version of a resource a Bundle with that
//! resource, exactly as the server wrote it, and the resources it refers to that the processor needs (which keeps no
//! state, and an Encounter names its patient by reference only).
//!
//! The position is a time of the server's, one for each type, kept in a file and moved only after Kafka has acknowledged.
//! A server that commits in parallel shows a version later than its time says, so every search begins an overlap before
//! the position, and what was sent is recognised by its version.
//!
//! Refused: paging through everything by `next` alone. Many servers page by offset, and a resource that is updated
//! meanwhile moves to the end, so that another slips over a page's edge and is never seen. A search goes on from the time
//! of the last resource instead, and follows `next` only where a whole page has one time. A server that has no `next` is so
//! read too; what is beyond a page of one time is then told, and what is later is read all the same.
//!
//! What is asked of one type waits and fails alone: the others are asked when the interval or a call says.

mod address;
pub(crate) mod bundle;
mod client;
mod context;
mod deletions;
mod error;
mod failing;
pub(crate) mod files;
pub(crate) mod hook;
mod look;
pub(crate) mod resource;
mod scan;
mod seen;
mod sending;
mod source;
mod state;

pub(crate) use source::follow;

use runtime::config::Fault;

use crate::config::Fhir;

/// Tells whether a server can be asked as configured, without asking it.
pub(crate) fn check(source: &Fhir) -> Result<(), Fault> {
    hook::secret(source)?;
    client::Client::new(source).map(|_| ())
}
