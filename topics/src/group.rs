//! Names of consumer groups: said here, and nowhere else.
//!
//! Under access rules each region's processor has a group of its own: members of one group can part, fence and remove each
//! other, and the one that leads it has to see the topics of all.

use crate::{Region, catalogue::REGION_MARK};

/// The group of the processors as shipped, one for all regions of an installation without access rules.
pub const PROCESSOR: &str = "processor";

/// What librdkafka is told by who reads partitions of its own choice. Nobody is ever a member of it or commits to it.
pub const TAIL: &str = "vardstrom-tail";

/// The same of a processor that looks at the ends of its own outputs.
pub const REACHED: &str = "vardstrom-reached";

/// The group of a region's own processes of a service that commits: `processor-14`.
pub fn of_region(service: &str, region: Region) -> String {
    format!("{service}-{region}")
}

/// The group of a region by a name in which `<nn>` stands for the region; a name without it is the group of all.
pub fn named(pattern: &str, region: Region) -> String {
    pattern.replace(REGION_MARK, region.code())
}
