//! Looks for identities in everything behind the processor: in what a client can ask for, and in what lies on disks and stands in
//! processes.
#![expect(clippy::expect_used, reason = "a place that cannot be searched is no place without identities")]

mod brokers;
mod compressed;
mod files;
mod parcels;
mod postgresql;
mod processes;
mod services;
mod sheet;
mod tables;
mod topics;
mod write_ahead_log;

use crate::{canary::Canaries, stack::Stack};

pub use sheet::Sheet;

/// What any client can read: topics, tables, logs, metrics and pages.
pub fn search<'a>(stack: &Stack, canaries: &'a Canaries) -> Sheet<'a> {
    let mut sheet = Sheet::new(canaries);
    topics::search(stack, &mut sheet);
    tables::search(stack, &mut sheet);
    services::search(stack, &mut sheet);
    sheet
}

/// That, the extracts that can be made of it, and all that the servers and services of a stack of its own keep on their disks,
/// show of their processes, and hold in memory.
pub fn search_everything<'a>(stack: &Stack, canaries: &'a Canaries) -> Sheet<'a> {
    let mut sheet = search(stack, canaries);
    files::search(stack, &mut sheet);
    parcels::search(stack, &mut sheet);
    brokers::search(stack, &mut sheet);
    postgresql::search(stack, &mut sheet);
    processes::search(stack, &mut sheet);
    sheet
}
