//! From statements to files, in memory: no clock, no file system, nothing that a second run could see otherwise.

use std::collections::BTreeMap;

use schemas::Timestamp;
use topics::Region;

use crate::definition::{Definition, Subject};
use crate::digest;
use crate::error::Error;
use crate::parcel::FileEntry;
use crate::read::{Snapshot, Survey};
use crate::waiting_times::{File, Month, Settings, WaitingTimes};

/// What a definition comes to at some positions.
#[derive(Debug)]
pub struct Extract {
    /// The files that the definition names, in the order in which the figures give them.
    pub files: Vec<File>,
    /// Control totals by name.
    pub totals: BTreeMap<String, i64>,
    /// Statements per quality rule that found something on them.
    pub findings: BTreeMap<String, u64>,
    /// What it was made from.
    pub survey: Survey,
    /// The latest time in the statements.
    pub until: Timestamp,
}

impl Extract {
    /// Reads and computes.
    ///
    /// # Errors
    /// When there is no statement, or the store cannot be read.
    pub async fn make(
        snapshot: &Snapshot<'_>,
        survey: Survey,
        definition: &Definition,
        region: Region,
        period: Month,
    ) -> Result<Self, Error> {
        let Some(until) = survey.until else {
            return Err(Error::Empty { region: region.code(), period: period.to_string() });
        };
        let mut figures = match definition.subject {
            Subject::Wait => {
                WaitingTimes::new(Settings { region, period, definition_version: definition.version.clone() })
            }
        };
        let findings = snapshot.latest(&survey.origin, |wait| figures.add(wait)).await?;
        let output = figures.finish();
        let named = |file: &File| definition.files.contains(&file.name);
        let files = output.files.into_iter().filter(named).collect();
        Ok(Self { files, totals: output.totals, findings, survey, until })
    }

    /// What the manifest says of the files. Every file with a row per person is encrypted.
    #[must_use]
    pub fn entries(&self) -> Vec<FileEntry> {
        let entry = |file: &File| FileEntry {
            name: file.name.clone(),
            rows: file.rows,
            sha256: digest::hex(&file.bytes),
            bytes: file.bytes.len() as u64,
            personal: file.personal,
            encrypted: file.personal,
        };
        self.files.iter().map(entry).collect()
    }
}

/// The files that a subject can be made into: always the same, so an extract of nothing tells.
pub(crate) fn file_names(subject: Subject) -> Vec<String> {
    let nothing = Settings {
        region: Region::all().next().expect("there are 21 regions"),
        period: "2026-01".parse().expect("a month"),
        definition_version: String::new(),
    };
    match subject {
        Subject::Wait => WaitingTimes::new(nothing).finish().files.into_iter().map(|file| file.name).collect(),
    }
}
