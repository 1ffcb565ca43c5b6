//! Stacks and messages for runs without a file.

use std::collections::BTreeMap;

use topics::Region;

use crate::stack::{Keys, Options};

/// A stack for one region without unit directory or capacity, as an integration engineer's first day.
#[must_use]
pub fn one_region(region: Region, keys: Keys) -> Options {
    Options {
        regions: vec![region],
        partitions: 2,
        dashboard_port: None,
        mappings: BTreeMap::new(),
        capacities: BTreeMap::new(),
        keys,
        processor: None,
    }
}
