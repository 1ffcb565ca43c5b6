//! The entry of a parcel that leaves: the same from every program that makes or hands out parcels.

use jiff::Timestamp;

use crate::entry::{Action, Entry, Outcome};
use crate::error::Error;
use crate::field::{Digest, Region, Text};

/// What a program says once at its start when it has no access log.
pub const WITHOUT: &str =
    "disclosures are not in an access log: add [access_log] with folder and key to the configuration";

/// A parcel, or a file of one, that is about to leave.
#[derive(Clone, Copy, Debug)]
pub struct Disclosure<'a> {
    /// Who takes it or sends it: a recipient that fetches, or a program.
    pub user: &'a str,
    /// In which role.
    pub role: &'a str,
    /// The region that discloses, by länskod.
    pub region: &'a str,
    /// The extract.
    pub extract: &'a str,
    /// The parcel's name, or its name and a file's.
    pub parcel: &'a str,
    /// SHA-256 of its manifest.
    pub manifest_sha256: &'a str,
    /// Who gets it.
    pub recipient: &'a str,
    /// On which ground.
    pub legal_ground: &'a str,
    /// Rows about persons.
    pub rows: u64,
}

impl Disclosure<'_> {
    /// The entry.
    ///
    /// # Errors
    /// When one of the texts may not stand in a log; it names the field.
    pub fn entry(&self, time: Timestamp) -> Result<Entry, Error> {
        let text = |field, text: &str| Text::new(text).map_err(|source| Error::Unfit { field, source });
        Ok(Entry {
            action: Action::Disclose,
            care_unit: text("care_unit", &format!("process: register extract {}", self.extract))?,
            commission: None,
            dataset: text("dataset", self.extract)?,
            digest: Some(Digest::new(self.manifest_sha256).map_err(|source| Error::Unfit { field: "digest", source })?),
            ground: text("ground", self.legal_ground)?,
            person: None,
            recipient: Some(text("recipient", self.recipient)?),
            region: Region::new(self.region).map_err(|source| Error::Unfit { field: "region", source })?,
            resource: text("resource", &format!("parcel {}", self.parcel))?,
            result: Outcome::Disclosed,
            role: text("role", self.role)?,
            rows: Some(self.rows),
            time,
            user: text("user", self.user)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Disclosure;

    #[test]
    fn a_text_that_may_not_be_logged_is_named_and_not_repeated() {
        let disclosure = Disclosure {
            user: "skr",
            role: "recipient",
            region: "14",
            extract: "par",
            parcel: "par_14_2026-03_v1",
            manifest_sha256: &"0a".repeat(32),
            recipient: "skr",
            legal_ground: "HSLF-FS 2023:33: uppgiftsskyldighet till patientregistret",
            rows: 3,
        };
        let now = jiff::Timestamp::UNIX_EPOCH;
        assert_eq!(disclosure.entry(now).unwrap().resource.as_str(), "parcel par_14_2026-03_v1");
        let error = Disclosure { legal_ground: "beslut 19121212-1212", ..disclosure }.entry(now).unwrap_err();
        let said = settings::chain(&error);
        assert!(said.contains("ground: reads as a personal number") && !said.contains("1212"), "{said}");
    }
}
