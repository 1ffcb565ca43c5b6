//! The manifest: what is in a parcel, why, and what it was made from. The same content is the same bytes: fields have an
//! order, maps are sorted, and there is no clock.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use topics::Region;

use super::Series;
use crate::digest;
use crate::flag::Flag;
use crate::groups::Groups;
use crate::left_out::LeftOut;
use crate::period::Period;
use crate::positions::Positions;

/// The manifest's file.
pub const MANIFEST: &str = "manifest.json";
/// Its signature.
pub const MANIFEST_SIGNATURE: &str = "manifest.sig";
/// Raised when a field changes meaning.
pub const FORMAT: u32 = 1;

/// What a parcel says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Name of the extract's definition.
    pub extract: String,
    /// Version of the extract's definition.
    pub definition: String,
    /// The region that discloses.
    pub region: Region,
    /// What it covers.
    pub period: Period,
    /// 1 for the first parcel of the period.
    pub version: u32,
    /// The version that this one takes the place of.
    pub replaces: Option<u32>,
    /// Why there is another version.
    pub reason: Option<String>,
    /// Who gets it.
    pub recipient: String,
    /// On which ground.
    pub legal_ground: String,
    /// Versions of the common schema that the statements were written by.
    pub schema_versions: Vec<i32>,
    /// The latest time in the statements, UTC; the figures' own date.
    pub statements_until: String,
    /// The data files.
    pub files: Vec<FileEntry>,
    /// Control totals by name.
    pub totals: BTreeMap<String, i64>,
    /// What differs from the version that this one replaces.
    pub explained: Option<Explanation>,
    /// What a reader of the figures must know.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// How far the source topics had been read.
    pub origin: Positions,
    /// Statements per quality rule that found something on them.
    pub findings: BTreeMap<String, u64>,
    /// Of whose key the pseudonyms in the files are; nothing where they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<PseudonymKey>,
    /// How alone the rows of files of persons stand, by file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Groups>,
    /// Whom it leaves out because they object, by what they object to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What was done with every column of files with pseudonyms, by file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub treatments: BTreeMap<String, Treatments>,
}

/// Columns of a file by what was done with them: `plain`, `pseudonym`, `encrypted`, `masked`, `generalised`, `shifted`, `dropped`.
pub type Treatments = BTreeMap<String, Vec<String>>;

/// The key that the pseudonyms of a recipient's series were made with. Two parcels have the same pseudonyms when their
/// fingerprints are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudonymKey {
    /// The name of the secret that it was derived from.
    pub key: String,
    /// Tells it from every other one, and says nothing of it.
    pub fingerprint: String,
}

/// A data file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name; in the parcel `.age` follows when it is encrypted.
    pub name: String,
    /// Rows, contacts or reports.
    pub rows: u64,
    /// SHA-256 before encryption.
    pub sha256: String,
    /// Length before encryption.
    pub bytes: u64,
    /// Whether it has a row per person.
    pub personal: bool,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

/// What differs between two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// Control totals that differ.
    pub totals: Vec<Change>,
    /// Files whose content differs; the totals may be the same.
    pub files: Vec<String>,
}

/// A control total in two versions; nothing where a version does not have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Name of the total.
    pub total: String,
    /// In the version that was replaced.
    pub before: Option<i64>,
    /// In this one.
    pub after: Option<i64>,
}

impl FileEntry {
    /// What a manifest says of a file; one with a row per person is encrypted.
    #[must_use]
    pub fn of(name: &str, rows: u64, bytes: &[u8], personal: bool) -> Self {
        let (sha256, length) = (digest::hex(bytes), bytes.len() as u64);
        Self { name: name.to_owned(), rows, sha256, bytes: length, personal, encrypted: personal }
    }
}

impl Manifest {
    /// The digest of its bytes.
    #[must_use]
    pub fn sha256(&self) -> String {
        digest::hex(&self.bytes())
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts, numbers and sorted maps are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The parcels that this one belongs to.
    #[must_use]
    pub fn series(&self) -> Series {
        Series { extract: self.extract.clone(), region: self.region, period: self.period }
    }

    /// The name of its folder.
    #[must_use]
    pub fn name(&self) -> String {
        self.series().name(self.version)
    }

    /// Rows of all files, and of those with a row per person.
    #[must_use]
    pub fn rows(&self) -> (u64, u64) {
        let sum = |personal_only: bool| {
            self.files.iter().filter(|file| file.personal || !personal_only).map(|file| file.rows).sum()
        };
        (sum(false), sum(true))
    }
}
