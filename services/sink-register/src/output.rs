//! What an extract comes to: files in memory, and control totals.

use std::borrow::Cow;
use std::collections::BTreeMap;

use parcel::{Groups, Treatments};

/// A file that a form gives, as it is known before anything is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileKind {
    /// Its name, without a folder.
    pub(crate) name: Cow<'static, str>,
    /// Whether it has a row per contact or person: pseudonymous, but about persons, so it leaves encrypted and is never
    /// published.
    pub(crate) personal: bool,
    /// Whether it has columns that get pseudonyms of the recipient's own: of events also where they are about nobody.
    pub(crate) pseudonymous: bool,
    /// What `column.rs` calls its columns' layout; empty of groups.
    pub(crate) layout: &'static str,
}

/// One file of an extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Lines without the header, contacts, or reports.
    pub rows: u64,
    /// Whether it has a row per contact: pseudonymous, but about persons.
    pub personal: bool,
    /// Cells that a spreadsheet would run if nothing were done.
    pub formulas: u64,
    /// How alone its rows stand, of a file of persons.
    pub groups: Option<Groups>,
    /// What was done with its columns, of a file with pseudonyms.
    pub treatments: Treatments,
}

/// What an extract came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The files, always the same ones in the same order.
    pub files: Vec<File>,
    /// Control totals by name; every name is there, also at zero.
    pub totals: BTreeMap<String, i64>,
}

impl FileKind {
    /// A file whose rows are of groups.
    pub(crate) const fn of_groups(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), personal: false, pseudonymous: false, layout: "" }
    }

    /// A file with a row per contact or person.
    pub(crate) const fn of_persons(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), personal: true, pseudonymous: true, layout: name }
    }

    /// The same with a layout that other files have too.
    pub(crate) const fn of_persons_in(layout: &'static str, name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), personal: true, pseudonymous: true, layout }
    }

    /// The file with this content.
    pub(crate) fn file(&self, bytes: Vec<u8>, rows: u64) -> File {
        let (groups, treatments) = (None, Treatments::new());
        File { name: self.name.to_string(), bytes, rows, personal: self.personal, formulas: 0, groups, treatments }
    }
}
