//! Where the pipeline's output goes.

use schemas::{Common, Parked};

/// Takes what a record became, in order of ordinals: common events, or one parked record, never both.
///
/// Users: the worker's sink, which encodes to Kafka; the dry run's, which prints; the bench's, which counts.
pub trait Sink {
    /// A common event.
    fn event<'e, E: Common<'e>>(&mut self, event: &E);
    /// The record became no event.
    fn parked(&mut self, record: &Parked<'_>);
}
