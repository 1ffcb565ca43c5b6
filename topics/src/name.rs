//! Names of the topics of a [`Region`]. How a name is written is said in [`schemas::topic`].

use schemas::{Subject, topic};

use crate::Region;

/// `region.<nn>.source.<feed>`: what a region's source systems sent.
pub fn source(region: Region, feed: &str) -> String {
    topic::source(region.code(), feed)
}

/// `region.<nn>.common.<subject>`: the region's events in the common model.
pub fn common(region: Region, subject: Subject) -> String {
    topic::common(region.code(), subject)
}

/// `region.<nn>.parked`: coordinates of what could not become an event.
pub fn parked(region: Region) -> String {
    topic::parked(region.code())
}

/// `region.<nn>.protected`: what is known of whose identity is protected, kept for good.
pub fn protected(region: Region) -> String {
    topic::protected(region.code())
}

/// `region.<nn>.objections`: what persons and decisions say of the use of persons' data, kept for good.
pub fn objections(region: Region) -> String {
    topic::objections(region.code())
}

/// `region.<nn>.identities`: of whom the region's pseudonyms are, sealed.
pub fn identities(region: Region) -> String {
    topic::identities(region.code())
}

/// The region that a topic belongs to, or `None` for a topic that is not ours.
pub fn region_of(name: &str) -> Option<Region> {
    topic::region_of(name)?.parse().ok()
}
