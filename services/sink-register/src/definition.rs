//! Definitions: what an extract is, versioned, in a file of its own.
//!
//! The ones that we ship are inside the program; a folder named in the configuration adds others or puts a region's own in
//! the place of ours. The program knows how to compute a subject, the definition says who gets what on which ground.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use runtime::config::{self, Check, Fault};
pub use schemas::Subject;
use serde::Deserialize;

use crate::column;
use crate::error::Error;
use crate::form::Form;
use crate::forms;
use crate::output::FileKind;
use crate::read::Aim;
use crate::treatment::{TIMES, Treatment};
use parcel::AgeKey;
use parcel::PeriodKind;

/// More files in one folder are not definitions.
const FILES_MAX: usize = 100;
/// Longer names make folder names that some file systems refuse.
const NAME_MAX: usize = 40;

/// What an extract is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its name: lower case letters, digits and hyphens, part of the parcel's name.
    pub name: String,
    /// Raised with every change.
    pub version: String,
    /// The common events it is made from.
    pub subject: Subject,
    /// What they are made into: the name of a form.
    #[serde(default = "figures")]
    pub form: String,
    /// What one extract covers.
    pub period: PeriodKind,
    /// Who gets it: the name of a recipient in the configuration.
    pub recipient: String,
    /// The recipient's age public key, where the configuration does not say it.
    pub recipient_key: Option<AgeKey>,
    /// On which ground it may be disclosed.
    pub legal_ground: String,
    /// Whether that ground names persons whose identity is protected: else no row about them leaves.
    #[serde(default)]
    pub covers_protected: bool,
    /// The quality register that it is for: who opposes it is left out (patientdatalagen 7 kap. 2 §).
    pub register: Option<String>,
    /// The secondary use that it is for: who has opted out of it is left out (EHDS, art. 71).
    pub purpose: Option<String>,
    /// The day on which that use was permitted, YYYY-MM-DD: who had opted out then is left out, and nobody else. Without it who has
    /// opted out today.
    pub approved: Option<String>,
    /// What it is, in a sentence.
    pub description: String,
    /// The files that leave, of those that the subject can be made into.
    pub files: Vec<String>,
    /// Below how many nothing is said; what it counts is the form's. Without it the form's own number holds.
    pub hide_below: Option<u32>,
    /// Extracts of one recipient that name the same series have the same pseudonyms, so that they can be joined. Without it each
    /// extract is a series of its own.
    pub series: Option<String>,
    /// Extensions of events whose values leave as they are. Nobody here knows what a region has put there: the values of all
    /// others become pseudonyms.
    #[serde(default)]
    pub plain_extensions: Vec<String>,
    /// What is done with columns of its files before they leave, by the column's name; `times` are all days and times.
    #[serde(default)]
    pub(crate) treatments: BTreeMap<String, Treatment>,
    /// How many rows at least say the same of what others know of somebody: else nothing is made. Codes that fewer rows have are
    /// rolled up where the definition has them generalised.
    pub k_at_least: Option<u64>,
    /// How many different things such rows tell at least.
    pub l_at_least: Option<u64>,
}

fn figures() -> String {
    forms::FIGURES.to_owned()
}

impl Definition {
    /// The series that its pseudonyms are of.
    #[must_use]
    pub fn series(&self) -> &str {
        self.series.as_deref().unwrap_or(&self.name)
    }

    /// What it is for, to which persons may object.
    #[must_use]
    pub fn aim(&self) -> Aim<'_> {
        let Self { register, purpose, approved, .. } = self;
        let approved = approved.as_ref().and_then(|day| day.parse().ok());
        Aim { register: register.as_deref(), purpose: purpose.as_deref(), approved }
    }

    /// Whether a file that leaves has columns with pseudonyms.
    pub(crate) fn is_pseudonymous(&self) -> bool {
        let kinds = (self.made_into().files)(self.subject);
        kinds.iter().any(|kind| kind.pseudonymous && self.files.iter().any(|file| *file == kind.name))
    }

    /// The form that it names.
    ///
    /// # Panics
    /// When it was not checked: then there may be none.
    pub(crate) fn made_into(&self) -> &'static Form {
        forms::of(&self.form, self.subject).expect("the definition was checked")
    }
}

/// All definitions, by name.
#[derive(Clone, Debug)]
pub struct Definitions(BTreeMap<String, Definition>);

impl Definitions {
    /// The shipped ones and, over them, those of a folder.
    ///
    /// # Errors
    /// When the folder cannot be read, or a file says something that is not allowed.
    pub fn load(folder: Option<&Path>) -> Result<Self, Error> {
        let shipped = forms::definitions().map(|text| {
            let definition: Definition = toml::from_str(text).expect("what we ship parses, a test reads it");
            (definition.name.clone(), definition)
        });
        let mut all: BTreeMap<String, Definition> = shipped.collect();
        let mut own: BTreeMap<String, Definition> = BTreeMap::new();
        for path in folder.map(files).transpose()?.unwrap_or_default() {
            let definition: Definition = config::load(&path)?;
            if let Some(earlier) = own.insert(definition.name.clone(), definition) {
                let folder = path.parent().unwrap_or(&path).to_owned();
                return Err(Error::DefinitionTwice { name: earlier.name, folder });
            }
        }
        all.extend(own);
        Ok(Self(all))
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The definition with this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(&self, name: &str) -> Result<&Definition, Error> {
        self.0.get(name).ok_or_else(|| Error::UnknownExtract {
            name: name.to_owned(),
            known: self.names().collect::<Vec<_>>().join(", "),
        })
    }
}

/// The folder's definitions in the order of their names, so that the same mistake is found first every time.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::File { attempt: "read the definitions in", path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
        if found.len() > FILES_MAX {
            return Err(Error::DefinitionsMany { folder: folder.to_owned(), max: FILES_MAX });
        }
    }
    found.sort();
    Ok(found)
}

impl Check for Definition {
    fn check(&self) -> Result<(), Fault> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.name.is_empty() || self.name.len() > NAME_MAX || !self.name.bytes().all(plain) {
            let message = format!("must be 1 to {NAME_MAX} lower case letters, digits and hyphens");
            return Err(Fault::new("name", message));
        }
        for (key, text) in [
            ("version", &self.version),
            ("recipient", &self.recipient),
            ("legal_ground", &self.legal_ground),
            ("description", &self.description),
        ] {
            if text.trim().is_empty() {
                return Err(Fault::new(key, "must not be empty"));
            }
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        for (key, name) in [("register", &self.register), ("purpose", &self.purpose)] {
            if name.as_ref().is_some_and(|name| name.is_empty() || !name.bytes().all(plain)) {
                return Err(Fault::new(key, "must be lower case letters and hyphens, as persons' objections name it"));
            }
        }
        if let Some(approved) = &self.approved {
            if self.purpose.is_none() {
                return Err(Fault::new("approved", "is of a purpose; say which"));
            }
            if approved.parse::<jiff::civil::Date>().is_err() || approved.len() != 10 {
                return Err(Fault::new("approved", "must be a day, YYYY-MM-DD"));
            }
        }
        let names = forms::names();
        if !names.contains(self.form.as_str()) {
            let names = Vec::from_iter(names).join(", ");
            return Err(Fault::new("form", format!("must be one of {names}")));
        }
        let Some(form) = forms::of(&self.form, self.subject) else {
            return Err(Fault::new("form", format!("cannot be made of {} events", self.subject.name())));
        };
        let period = form.covers(self.subject);
        if self.period != period {
            let message = format!("{} events count for {period}", self.subject.name());
            return Err(Fault::new("period", message));
        }
        if self.hide_below.is_some() && !form.hides {
            return Err(Fault::new("hide_below", "is for figures; leave it out"));
        }
        if self.series.as_ref().is_some_and(|series| series.trim().is_empty()) {
            return Err(Fault::new("series", "must not be empty"));
        }
        if self.files.is_empty() {
            return Err(Fault::new("files", "must name at least one file"));
        }
        let kinds = (form.files)(self.subject);
        let known: Vec<&str> = kinds.iter().map(|kind| &*kind.name).collect();
        for (n, file) in self.files.iter().enumerate() {
            if !known.contains(&file.as_str()) {
                return Err(Fault::new(format!("files.{n}"), format!("not a file of it; one of {}", known.join(", "))));
            }
            if self.files[..n].contains(file) {
                return Err(Fault::new(format!("files.{n}"), "named twice"));
            }
        }
        for (key, least) in [("k_at_least", self.k_at_least), ("l_at_least", self.l_at_least)] {
            if least == Some(0) {
                return Err(Fault::new(key, "must be 1 or more"));
            }
        }
        let treated: Vec<&FileKind> =
            kinds.iter().filter(|kind| kind.pseudonymous && self.files.iter().any(|file| *file == kind.name)).collect();
        self.check_treatments(form, &treated)
    }
}

impl Definition {
    /// Every treatment is of a column that one of the files has, and one that the column can take in all of them.
    fn check_treatments(&self, form: &Form, files: &[&FileKind]) -> Result<(), Fault> {
        for (column, treatment) in &self.treatments {
            let fault = |message: String| Err(Fault::new(format!("treatments.{column}"), message));
            if column == TIMES {
                let without = files.iter().find(|kind| !column::has_times(kind.layout));
                match (treatment, without) {
                    (Treatment::Shifted, None) if !files.is_empty() => continue,
                    (Treatment::Shifted, Some(kind)) => {
                        return fault(format!(
                            "{} has no days or times that can be moved alone; leave the file or the treatment out",
                            kind.name
                        ));
                    }
                    _ => {
                        return fault(
                            "days and times can be shifted, of files of persons, and nothing else".to_owned(),
                        );
                    }
                }
            }
            let found: Vec<_> =
                files.iter().filter_map(|kind| Some((kind, column::find(kind.layout, column)?))).collect();
            if found.is_empty() || !(form.has)(self.subject, column) {
                return fault("no file of it has such a column".to_owned());
            }
            for (kind, says) in found {
                if let Some(reason) = says.refusal(kind.layout, *treatment) {
                    return fault(format!("cannot be {} in {}: {reason}", treatment.word(), kind.name));
                }
            }
        }
        if self.treatments.contains_key(TIMES) {
            let told = files.iter().flat_map(|kind| column::time_texts(kind.layout));
            let is_told = |column: &&str| {
                let treatment = self.treatments.get(*column);
                (form.has)(self.subject, column) && !matches!(treatment, Some(Treatment::Dropped | Treatment::Masked))
            };
            if let Some(column) = told.into_iter().find(is_told) {
                let message = format!("is shifted in vain while {column} tells the true time; say that it is dropped");
                return Err(Fault::new(format!("treatments.{TIMES}"), message));
            }
        }
        Ok(())
    }
}
