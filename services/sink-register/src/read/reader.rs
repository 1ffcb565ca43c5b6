//! The one way from a stored record to an event: nothing else opens one, so no form can forget whose identity is protected.
//!
//! What any event of the region says about a person's protection holds for all events of the person, whichever came first:
//! [`Protection`] is read with the snapshot, from the store's `protected_nodes`. It is today's, also where an extract is made again
//! as of earlier positions.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use schemas::{Common, DecodeError, Decoder, Envelope, Node, Subject, stored};
use tokio_postgres::Transaction;
use topics::Region;

use super::names::Names;
use super::objecting::Objecting;
use super::{Snapshot, Stored};
use crate::error::{Attempt, Error};

/// Persons of a region whose identity is protected, by the nodes of their pseudonyms and episodes. Memory: about 100 bytes each.
#[derive(Default)]
pub(super) struct Protection {
    nodes: HashSet<Box<str>>,
    /// The nodes of identifiers that many carry: that a person has one of them says nothing about the person.
    shared: HashSet<Box<str>>,
    read: AtomicU64,
    withheld: AtomicU64,
}

/// What was read of protected persons.
pub(crate) struct Protected {
    /// Events.
    pub(crate) read: u64,
    /// Events whose rows were left out.
    pub(crate) withheld: u64,
}

impl Protection {
    pub(super) async fn load(transaction: &Transaction<'_>, region: Region) -> Result<Self, Error> {
        let nodes = nodes_of(transaction, region, "SELECT node FROM protected_nodes($1, NULL)").await?;
        let shared = nodes_of(transaction, region, "SELECT node FROM shared_identifier WHERE region = $1").await?;
        Ok(Self { nodes, shared, ..Self::default() })
    }

    fn covers<'r>(&self, event: &impl Common<'r>) -> bool {
        let envelope = event.envelope();
        if envelope.protected_identity || self.nodes.is_empty() {
            return envelope.protected_identity;
        }
        let node = |node| stored::node(envelope.source_system, node);
        let subject = envelope.subject_token.map(Node::Person);
        let episode = event.index().episode.map(Node::Episode);
        if subject.into_iter().chain(episode).any(|named| self.nodes.contains(&*node(named))) {
            return true;
        }
        let mut aliases = envelope.subject_aliases.iter().map(|token| node(Node::Person(token)));
        aliases.any(|alias| self.nodes.contains(&*alias) && !self.shared.contains(&*alias))
    }
}

/// The nodes that a statement finds in a region.
async fn nodes_of(transaction: &Transaction<'_>, region: Region, sql: &str) -> Result<HashSet<Box<str>>, Error> {
    let rows = transaction.query(sql, &[&region.code()]).await;
    let rows = rows.attempt(|| format!("read whose identity is protected in region {region}"))?;
    Ok(rows.iter().map(|row| row.get::<_, &str>(0).into()).collect())
}

/// Opens the records of a snapshot, for one form and definition.
pub struct Reader<'s> {
    decoder: Decoder,
    protection: &'s Protection,
    objecting: &'s Objecting,
    names: &'s Names,
    /// The definition's ground names persons whose identity is protected.
    covers_protected: bool,
}

impl Reader<'_> {
    /// Whether an event is of somebody who objects to what the extract is for: then nothing comes of it.
    pub(super) fn is_left_out(&self, subject: Subject, stored: &Stored<'_>) -> Result<bool, DecodeError> {
        self.objecting.has(&self.decoder, subject, stored.record)
    }

    /// The event. Of a protected person it says so, whatever it said itself, and not where the person lives. A person is called by the
    /// first pseudonym, whichever key of the region the event's is by.
    ///
    /// # Errors
    /// When the record cannot be decoded.
    pub fn read<'r, E: Common<'r>>(&'r self, stored: &Stored<'r>) -> Result<E, DecodeError> {
        let mut event: E = self.decoder.decode(stored.record)?;
        if self.protection.covers(&event) {
            event.protect();
            self.protection.read.fetch_add(1, Ordering::Relaxed);
        }
        self.names.give(&mut event);
        Ok(event)
    }

    /// Whether a row about the event's person may leave; counts those that may not. Every row of a file of persons is asked for.
    pub(crate) fn may_leave(&self, envelope: &Envelope<'_>) -> bool {
        let may = self.covers_protected || !envelope.protected_identity;
        if !may {
            self.protection.withheld.fetch_add(1, Ordering::Relaxed);
        }
        may
    }

    /// The event, where all that comes of it is rows of persons: nothing when they may not leave.
    pub(crate) fn read_row<'r, E: Common<'r>>(&'r self, stored: &Stored<'r>) -> Result<Option<E>, DecodeError> {
        let event: E = self.read(stored)?;
        Ok(self.may_leave(event.envelope()).then_some(event))
    }
}

impl Snapshot<'_> {
    /// What opens this snapshot's records, for a definition whose ground names protected persons, or does not.
    pub(crate) async fn reader(&self, covers_protected: bool) -> Result<Reader<'_>, Error> {
        let (protection, objecting, names) = (&self.protection, &self.objecting, &self.names);
        Ok(Reader { decoder: self.decoder().await?, protection, objecting, names, covers_protected })
    }

    /// What has been read of protected persons so far.
    pub(crate) fn protected(&self) -> Protected {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Protected { read: count(&self.protection.read), withheld: count(&self.protection.withheld) }
    }
}
