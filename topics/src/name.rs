//! Names of topics; nobody else puts one together.

use crate::Region;

/// `region.<nn>.source.<feed>`: what a region's source systems sent.
pub fn source(region: Region, feed: &str) -> String {
    format!("region.{region}.source.{feed}")
}

/// `region.<nn>.common.<subject>`: the region's events in the common model.
pub fn common(region: Region, subject: &str) -> String {
    format!("region.{region}.common.{subject}")
}

/// `region.<nn>.parked`: coordinates of what could not become an event.
pub fn parked(region: Region) -> String {
    format!("region.{region}.parked")
}

/// The region that a topic belongs to, or `None` for a topic that is not ours.
pub fn region_of(topic: &str) -> Option<Region> {
    topic.strip_prefix("region.")?.split_once('.')?.0.parse().ok()
}
