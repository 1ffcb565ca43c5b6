//! Where the pipeline's output goes.

use schemas::{BedCapacity, BedStatus, Clinical, Cost, Encounter, Parked, Person, Wait};

/// Takes what a record became, in order of ordinals: common events, or one parked record, never both.
///
/// Users: the worker's sink, which encodes to Kafka; the dry run's, which prints; the bench's, which counts.
pub trait Sink {
    /// Something happened to an episode.
    fn encounter(&mut self, event: &Encounter<'_>);
    /// Something is known of a person.
    fn person(&mut self, event: &Person<'_>);
    /// A bed's status.
    fn bed_status(&mut self, event: &BedStatus<'_>);
    /// A unit's capacity.
    fn bed_capacity(&mut self, event: &BedCapacity<'_>);
    /// What is stated of a contact that somebody waits or has waited for.
    fn wait(&mut self, event: &Wait<'_>);
    /// What a contact cost.
    fn cost(&mut self, event: &Cost<'_>);
    /// What was found and done in a contact.
    fn clinical(&mut self, event: &Clinical<'_>);
    /// The record became no event.
    fn parked(&mut self, record: &Parked<'_>);
}
