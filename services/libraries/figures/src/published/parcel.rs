//! One published parcel: its figures, and what must stand beside them.

use std::collections::BTreeMap;

use board::language::Language;
use schemas::Timestamp;
use serde::Deserialize;
use topics::Region;

use super::{Extract, Table};
use crate::period::Period;

/// A version of an extract, as it was published.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// What it is of.
    pub extract: Extract,
    /// Whose figures.
    pub region: Region,
    /// Of which period.
    pub period: Period,
    /// Counts up with each correction.
    pub version: u32,
    /// Tells the same version apart when it was made anew.
    pub manifest_sha256: Box<str>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Version of the extract's definition.
    pub definition: Box<str>,
    /// The latest time in the statements.
    pub statements_until: Box<str>,
    /// What must be known beside each figure.
    pub(crate) flags: Vec<Flag>,
    /// Control totals.
    pub totals: BTreeMap<Box<str>, i64>,
    /// Statements per quality rule that found something.
    pub findings: BTreeMap<Box<str>, i64>,
    /// Rows of each file, also of those that are not published.
    pub file_rows: BTreeMap<Box<str>, i64>,
    /// The files that pages show.
    pub tables: BTreeMap<Box<str>, Table>,
}

/// What a region says of its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flag {
    pub kind: FlagKind,
    /// In the region's words, Swedish.
    pub text: Box<str>,
}

/// What kind of thing a flag tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FlagKind {
    /// Another record system: figures before and after are not made alike.
    ChangingRecordSystem,
    /// What is registered, or how, has changed.
    ChangedRoutine,
    /// Something has not come.
    Incomplete,
    Provisional,
    /// A kind that this version does not know; its text is shown.
    Other,
}

impl FlagKind {
    fn of_code(code: &str) -> Self {
        match code {
            "changing-record-system" => Self::ChangingRecordSystem,
            "changed-routine" => Self::ChangedRoutine,
            "incomplete" => Self::Incomplete,
            "provisional" => Self::Provisional,
            _ => Self::Other,
        }
    }

    /// The word beside a figure.
    pub(crate) const fn word(self, language: Language) -> &'static str {
        match self {
            Self::ChangingRecordSystem => language.say("byter journalsystem", "changing record system"),
            Self::ChangedRoutine => language.say("ändrad rutin", "changed routine"),
            Self::Incomplete => language.say("ofullständig", "incomplete"),
            Self::Provisional => language.say("preliminär", "provisional"),
            Self::Other => language.say("förbehåll", "reservation"),
        }
    }

    /// Whether a series is not comparable across its beginning and end.
    pub(crate) const fn breaks(self) -> bool {
        matches!(self, Self::ChangingRecordSystem | Self::ChangedRoutine)
    }
}

/// A manifest, in what pages need of it. Unknown fields are of a later version and no fault.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    definition: Box<str>,
    statements_until: Box<str>,
    #[serde(default)]
    files: Vec<FileEntry>,
    #[serde(default)]
    totals: BTreeMap<Box<str>, i64>,
    #[serde(default)]
    flags: Vec<FlagEntry>,
    #[serde(default)]
    findings: BTreeMap<Box<str>, i64>,
}

#[derive(Debug, Deserialize)]
struct FileEntry {
    name: Box<str>,
    rows: i64,
}

#[derive(Debug, Deserialize)]
struct FlagEntry {
    code: Box<str>,
    text: Box<str>,
}

/// The columns of a parcel's row in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What it is of.
    pub extract: Extract,
    /// Whose figures.
    pub region: Region,
    /// Of which period.
    pub period: Period,
    /// Its version.
    pub version: u32,
    /// Of its manifest.
    pub manifest_sha256: Box<str>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Lines of `waits_by_dimension.csv` that pages show: by these. It is of whole regions: hospitals by dimension would be
/// small cells, and their differences from the region would tell more of them.
const DIMENSIONS: [&str; 3] = ["age_group", "mvo", "sex"];

impl Parcel {
    /// A parcel of its row and texts.
    ///
    /// # Errors
    /// When a text is not a table.
    pub fn of(head: Head, manifest: Manifest, files: &BTreeMap<String, String>) -> Result<Self, super::table::Error> {
        let mut tables = BTreeMap::new();
        for (name, text) in files {
            let by_dimension = name == "waits_by_dimension.csv";
            let table = Table::read(text, |row| {
                !by_dimension || row.text("dimension").is_some_and(|name| DIMENSIONS.contains(&name))
            })?;
            tables.insert(name.as_str().into(), table);
        }
        let flags = manifest.flags.into_iter();
        Ok(Self {
            extract: head.extract,
            region: head.region,
            period: head.period,
            version: head.version,
            manifest_sha256: head.manifest_sha256,
            made_at: head.made_at,
            definition: manifest.definition,
            statements_until: manifest.statements_until,
            flags: flags.map(|flag| Flag { kind: FlagKind::of_code(&flag.code), text: flag.text }).collect(),
            totals: manifest.totals,
            findings: manifest.findings,
            file_rows: manifest.files.into_iter().map(|file| (file.name, file.rows)).collect(),
            tables,
        })
    }

    /// What series it belongs to.
    pub(crate) fn key(&self) -> (Extract, Region, Period) {
        (self.extract, self.region, self.period)
    }

    /// A file's lines; none when the file was not published.
    pub fn rows(&self, file: &str) -> impl Iterator<Item = super::Row<'_>> {
        self.tables.get(file).into_iter().flat_map(Table::rows)
    }

    /// A control total.
    pub fn total(&self, name: &str) -> Option<i64> {
        self.totals.get(name).copied()
    }

    pub(crate) fn is_provisional(&self) -> bool {
        self.flags.iter().any(|flag| flag.kind == FlagKind::Provisional)
    }

    /// The kinds of flag that make a series incomparable.
    pub(crate) fn breaks(&self) -> Vec<FlagKind> {
        let mut kinds: Vec<FlagKind> = self.flags.iter().map(|flag| flag.kind).filter(|kind| kind.breaks()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The words of its flags, each once; empty when there are none.
    pub(crate) fn flag_words(&self, language: Language) -> String {
        let mut kinds: Vec<FlagKind> = self.flags.iter().map(|flag| flag.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.into_iter().map(|kind| kind.word(language)).collect::<Vec<_>>().join(", ")
    }
}
