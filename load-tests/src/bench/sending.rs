//! Messages from the senders to a running stack.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize},
};

use super::Error;
use crate::{
    ledger::Ledger,
    message::Message,
    sender::{self, Plan, Sent},
    stack::Stack,
};

/// Sends over so many connections and returns when everything is answered; `rate` in messages per second, `None`: as fast as they
/// are answered.
///
/// # Errors
/// When the ledger cannot be written.
pub(super) fn send(
    stack: &Stack,
    messages: &[Message],
    connections: usize,
    rate: Option<f64>,
    ledger: &Ledger,
) -> Result<Sent, Error> {
    let addresses: BTreeMap<_, _> = stack.regions().iter().map(|region| (*region, stack.mllp(*region))).collect();
    let plan = Plan {
        messages,
        address: &|message: &Message| addresses[&message.region],
        connections,
        rate,
        ledger,
        until: &AtomicUsize::new(usize::MAX),
        stop: &AtomicBool::new(false),
        answered: &AtomicUsize::new(0),
    };
    sender::send(&plan).map_err(|source| Error::Io { what: "the ledger", source })
}

/// The same, and an error when one is not answered.
///
/// # Errors
/// Then, and when the ledger cannot be written.
pub(super) fn send_all(
    stack: &Stack,
    messages: &[Message],
    connections: usize,
    rate: Option<f64>,
    ledger: &Ledger,
) -> Result<(), Error> {
    match send(stack, messages, connections, rate, ledger)?.unanswered {
        0 => Ok(()),
        count => Err(Error::Round { variant: "sending", output: format!("{count} messages were not answered") }),
    }
}
