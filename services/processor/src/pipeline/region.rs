//! How one region's records are read.

use std::sync::Arc;

use identity::{Pseudonymiser, RegionRules};

use super::named::Named;
use crate::code_lists::CodeLists;
use crate::directory::Directory;

/// What holds for all records of a region.
pub(crate) struct Region {
    /// Länskod.
    pub code: String,
    /// The version of the pseudonymisation key.
    pub key_id: String,
    pub identities: RegionRules,
    pub pseudonymiser: Pseudonymiser,
    /// Those of earlier keys whose pseudonyms are still joined to the current ones.
    pub earlier: Vec<Pseudonymiser>,
    /// Whom the record names; only where somebody is told ([`super::rekeyed`]).
    pub named: Option<Named>,
    /// What the region's codes mean.
    pub directory: Directory,
    pub code_lists: Arc<CodeLists>,
}
