//! The files of a delivery, as data: which rows, which columns, in which order.

use std::path::Path;

use runtime::config::{self, Check, Fault};
use serde::Deserialize;

use crate::error::Error;

const SHIPPED: &str = include_str!("../layouts/par.toml");
const FILES_MAX: usize = 20;
/// Stands for the delivery's filkod in names.
const FILKOD: &str = "{filkod}";

/// The layout of a delivery.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Raised with every change.
    pub version: String,
    /// Whether somebody has compared names, columns and their order with the annex of the rules in force.
    #[serde(default)]
    pub verified: bool,
    /// Where they are from.
    #[serde(default)]
    pub source: String,
    /// The files, in the order of the delivery.
    #[serde(rename = "file")]
    pub files: Vec<FileLayout>,
}

/// One file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileLayout {
    /// Its name; `{filkod}` stands for the filkod.
    pub name: String,
    pub(crate) rows: Rows,
    /// Its cells. There is no header line.
    pub columns: Vec<Column>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// A contact.
    Contact,
    /// A diagnosis, each followed by its external causes.
    Diagnosis,
    /// A procedure, each followed by the drugs given with it.
    Procedure,
    /// A contact with compulsory psychiatric care.
    CompulsoryCare,
    /// A given drug.
    Drug,
}

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Länskod of a public provider, else as configured.
    Filkod,
    /// The source's own id of the contact.
    ContactId,
    /// Personnummer, samordningsnummer or reserve number; twelve digits where it has them.
    PersonalNumber,
    /// 1 man, 2 woman.
    Sex,
    /// Year of birth.
    BirthYear,
    /// Län and kommun of residence.
    Lkf,
    /// Sjukhuskod.
    Hospital,
    /// The source's own code of the clinic.
    Clinic,
    /// Medicinskt verksamhetsområde.
    Mvo,
    /// YYYYMMDD, Swedish date.
    AdmittedDate,
    /// HHMM, Swedish time; empty where the source has a date only.
    AdmittedTime,
    /// YYYYMMDD.
    DischargedDate,
    /// HHMM.
    DischargedTime,
    /// Inskrivningssätt.
    AdmissionMode,
    /// Utskrivningssätt.
    DischargeMode,
    /// 1 planned, 2 unplanned.
    Planned,
    /// Huvuddiagnos.
    MainDiagnosis,
    /// NordDRG.
    Drg,
    /// 1 reported to its end, 0 not.
    Final,
    /// Number of the row within the contact's rows of the file, from 1.
    Row,
    /// What the code is: `H` main diagnosis, `B` other diagnosis, `E` external cause, `O` procedure, `L` drug.
    Role,
    /// The code.
    Code,
    /// YYYYMMDD.
    PerformedDate,
    /// HHMM.
    PerformedTime,
    /// Form of compulsory care, the source's own text.
    CompulsoryCare,
}

impl Column {
    /// Whether a row about a whole contact can say it.
    const fn is_of_code(self) -> bool {
        matches!(self, Self::Row | Self::Role | Self::Code | Self::PerformedDate | Self::PerformedTime)
    }
}

impl Layout {
    /// The one in a file, else the shipped one.
    ///
    /// # Errors
    /// When it cannot be read, or says something that is not allowed.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        match path {
            Some(path) => Ok(config::load(path)?),
            None => Ok(toml::from_str(SHIPPED).expect("what we ship parses, a test reads it")),
        }
    }

    /// What a user must know of one that nobody has compared with the rules.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let source = if self.source.is_empty() { "it does not say" } else { &self.source };
        (!self.verified).then(|| {
            format!("the layout is not verified against the annex of the rules in force (from: {source}); compare it, then say verified = true in it")
        })
    }

    /// The shipped layout's text, to begin from.
    #[must_use]
    pub const fn shipped() -> &'static str {
        SHIPPED
    }
}

impl FileLayout {
    /// Its name in a delivery.
    #[must_use]
    pub fn name(&self, filkod: &str) -> String {
        self.name.replace(FILKOD, filkod)
    }
}

impl Check for Layout {
    fn check(&self) -> Result<(), Fault> {
        if self.files.is_empty() || self.files.len() > FILES_MAX {
            return Err(Fault::new("file", format!("must stand 1 to {FILES_MAX} times")));
        }
        for (n, file) in self.files.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"{}_-.".contains(&byte);
            if file.name.is_empty() || file.name.starts_with('.') || !file.name.bytes().all(plain) {
                let message = "letters, digits, `_`, `-`, `.` and {filkod} only";
                return Err(Fault::new(format!("file.{n}.name"), message));
            }
            if self.files[..n].iter().any(|earlier| earlier.name == file.name) {
                return Err(Fault::new(format!("file.{n}.name"), "stands twice"));
            }
            let of_contact = matches!(file.rows, Rows::Contact | Rows::CompulsoryCare);
            if file.columns.is_empty() || (of_contact && file.columns.iter().any(|column| column.is_of_code())) {
                let message = "must not be empty, and rows of contacts have no `row`, `role`, `code` or `performed_…`";
                return Err(Fault::new(format!("file.{n}.columns"), message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use runtime::config::Check as _;

    use super::Layout;

    #[test]
    fn the_shipped_layout_has_five_files_and_that_of_drugs() {
        let layout = Layout::load(None).unwrap();
        layout.check().unwrap();
        let names: Vec<String> = layout.files.iter().map(|file| file.name("14")).collect();
        let expected = ["patient", "vardtillfalle", "diagnos", "atgard", "tvangsvard", "lakemedel"];
        assert_eq!(names, expected.map(|name| format!("14_{name}.txt")));
    }

    #[test]
    fn a_layout_says_whether_it_is_verified() {
        let warning = Layout::load(None).unwrap().warning().unwrap();
        assert!(warning.contains("not verified") && warning.contains("2016:91"), "{warning}");
        let text = Layout::shipped().replacen("verified = false", "verified = true", 1);
        assert_eq!(toml::from_str::<Layout>(&text).unwrap().warning(), None);
        // One of before says nothing of it.
        let text = Layout::shipped().replacen("verified = false", "", 1);
        assert!(toml::from_str::<Layout>(&text).unwrap().warning().is_some());
    }

    #[test]
    fn a_layout_that_cannot_be_meant_is_refused() {
        let fault = |from: &str, to: &str| {
            let layout: Layout = toml::from_str(&Layout::shipped().replacen(from, to, 1)).unwrap();
            layout.check().unwrap_err().to_string()
        };
        assert!(fault("{filkod}_patient", "../patient").contains("file.0.name"));
        assert!(fault("{filkod}_vardtillfalle", "{filkod}_patient").contains("stands twice"));
        assert!(fault("\"sex\"", "\"code\"").contains("file.0.columns"));
    }
}
