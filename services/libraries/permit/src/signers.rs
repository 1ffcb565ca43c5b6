//! Whose signatures count, by name.

use std::collections::BTreeMap;

use access_log::{Note, Public};
use topics::Region;

/// Who asks for permits: the health data access body, or whoever it has charged.
pub const AUTHORITY: &str = "authority";
/// Who holds the keys of permits.
pub const KEY_HOLDER: &str = "key-holder";

/// A region's name as a signer: `region-14`.
#[must_use]
pub fn region_signer(region: Region) -> String {
    format!("region-{}", region.code())
}

/// Public keys by signer; several while a key is replaced.
#[derive(Clone, Debug, Default)]
pub struct Signers(BTreeMap<String, Vec<Public>>);

impl Signers {
    /// These and one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, key: Public) -> Self {
        self.0.entry(name.into()).or_default().push(key);
        self
    }

    /// Whether the signer of this name has signed.
    #[must_use]
    pub fn has_signed(&self, name: &str, note: &Note) -> bool {
        self.0.get(name).is_some_and(|keys| note.is_signed(name, keys))
    }
}
