//! Where the pipeline's output goes.

use identity::{Kept, Token};
use schemas::{Common, Parked, Protection, SourceRecord};

/// Takes what a record became, in order of ordinals: common events, or one parked record and then whom that marks as protected
/// ([`Person::is_mark`](schemas::Person::is_mark)).
///
/// Users: the worker's sink, which encodes to Kafka; the dry run's, which prints; the bench's, which counts.
pub trait Sink {
    /// A common event.
    fn event<'e, E: Common<'e>>(&mut self, event: &E);
    /// What the event before says of whose identity is protected. Of one record the same may come several times. Who keeps no
    /// such thing need not take it.
    fn protection(&mut self, said: &Protection<'_>) {
        let _ = said;
    }
    /// Whether the person of a pseudonym was told of before, so that neither the links to its earlier pseudonyms nor its identity is
    /// needed. Asked once for each person that a record names, after its events; only where somebody is told.
    fn has_told(&mut self, token: &Token) -> bool {
        let _ = token;
        false
    }
    /// What is to be kept of a person of whom nobody was told before, where the region keeps identities.
    fn identity(&mut self, source: &SourceRecord<'_>, token: &Token, kept: &Kept) {
        let _ = (source, token, kept);
    }
    /// The record became no event.
    fn parked(&mut self, record: &Parked<'_>);
}
