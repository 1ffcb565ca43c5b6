//! The mapping file as it is written, and how it is compiled. Errors point at file, line and key.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use schemas::{BedKind, BedState, CareType, PatientClass, Sex, TechnicalBeds};
use serde::Deserialize;
use toml::Spanned;

use super::{BedRule, Directory, FieldPath, Protection, ResponsibleUnit, Unit};

/// Why a mapping file was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or is not UTF-8.
    #[error("cannot read mapping file {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML of the documented schema, or says something that cannot be.
    #[error("{path}:{line}: {key}{}{what}", if key.is_empty() { "" } else { ": " })]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// Which key, empty if the line says enough.
        key: String,
        /// What is wrong and what would be right.
        what: String,
    },
}

impl Error {
    pub(super) fn unreadable(path: &Path, source: std::io::Error) -> Self {
        Error::Unreadable { path: path.to_owned(), source }
    }
}

/// Something odd in a mapping file that is used all the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Warning {
    /// Which line, counted from 1.
    pub line: usize,
    pub(crate) what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    region: Option<Spanned<String>>,
    technical_beds: Option<Spanned<String>>,
    #[serde(default)]
    unit: Vec<FileUnit>,
    responsible_unit: Option<FileResponsibleUnit>,
    protection: Option<FileProtection>,
    municipality: Option<FileMunicipality>,
    visit: Option<FileVisit>,
    #[serde(default)]
    codes: FileCodes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileUnit {
    code: Spanned<String>,
    facility: Option<String>,
    hsa_id: Option<Spanned<String>>,
    name: Option<String>,
    hospital_code: Option<Spanned<String>>,
    hospital_name: Option<String>,
    mvo: Option<Spanned<String>>,
    care_type: Option<Spanned<String>>,
    telephone: Option<String>,
    bed_kind: Option<Spanned<String>>,
    #[serde(default)]
    bed: Vec<FileBed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBed {
    room: Option<String>,
    bed: Spanned<String>,
    kind: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileResponsibleUnit {
    field: Spanned<String>,
    #[serde(default)]
    codes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileProtection {
    field: Spanned<String>,
    codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMunicipality {
    field: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVisit {
    field: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FileCodes {
    #[serde(default)]
    patient_class: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    sex: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    bed_status: BTreeMap<String, Spanned<String>>,
}

/// Compiles the text of a mapping file. `region`: the region it has to be for.
pub(super) fn compile(path: &Path, text: &str, region: Option<&str>) -> Result<(Directory, Vec<Warning>), Error> {
    let mut reader = Reader { path, text, warnings: Vec::new() };
    let file: File = toml::from_str(text).map_err(|error| reader.syntax(&error))?;
    reader.check_region(file.region.as_ref(), region)?;
    let technical = |word: &Spanned<String>| reader.word("technical_beds", TECHNICAL_BEDS, word);
    let directory = Directory {
        technical_beds: file.technical_beds.as_ref().map(technical).transpose()?,
        units: reader.units(file.unit)?,
        responsible_unit: file.responsible_unit.map(|table| reader.responsible_unit(table)).transpose()?,
        protection: file.protection.map(|table| reader.protection(table)).transpose()?,
        municipality: file
            .municipality
            .map(|table| reader.field_path("municipality.field", &table.field))
            .transpose()?,
        visit: file.visit.map(|table| reader.field_path("visit.field", &table.field)).transpose()?,
        patient_class: reader.codes("codes.patient_class", CLASSES, &file.codes.patient_class)?,
        sex: reader.codes("codes.sex", SEXES, &file.codes.sex)?,
        bed_status: reader.codes("codes.bed_status", BED_STATES, &file.codes.bed_status)?,
        present: true,
    };
    if let Some(responsible) = &directory.responsible_unit {
        reader.warn_of_unknown_targets(&directory, responsible);
    }
    Ok((directory, reader.warnings))
}

/// A closed list of words and what they mean. Not serde's names: those let unknown words pass as a default, for readers of
/// records from the future; a mapping file is of today.
type Words<T> = &'static [(&'static str, T)];

const CLASSES: Words<PatientClass> = &[
    ("inpatient", PatientClass::Inpatient),
    ("outpatient", PatientClass::Outpatient),
    ("emergency", PatientClass::Emergency),
    ("preadmit", PatientClass::Preadmit),
    ("recurring", PatientClass::Recurring),
    ("obstetrics", PatientClass::Obstetrics),
    ("unknown", PatientClass::Unknown),
];
const SEXES: Words<Sex> =
    &[("male", Sex::Male), ("female", Sex::Female), ("other", Sex::Other), ("unknown", Sex::Unknown)];
const BED_STATES: Words<BedState> = &[
    ("closed", BedState::Closed),
    ("housekeeping", BedState::Housekeeping),
    ("occupied", BedState::Occupied),
    ("unoccupied", BedState::Unoccupied),
    ("contaminated", BedState::Contaminated),
    ("isolated", BedState::Isolated),
    ("unknown", BedState::Unknown),
];
const BED_KINDS: Words<BedKind> = &[
    ("disponibel", BedKind::Disponibel),
    ("ej_disponibel", BedKind::EjDisponibel),
    ("teknisk", BedKind::Teknisk),
    ("unknown", BedKind::Unknown),
];
const TECHNICAL_BEDS: Words<TechnicalBeds> =
    &[("counted", TechnicalBeds::Counted), ("left_out", TechnicalBeds::LeftOut)];
const CARE_TYPES: Words<CareType> = &[("somatic", CareType::Somatic), ("psychiatric", CareType::Psychiatric)];

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn line(&self, position: usize) -> usize {
        self.text.as_bytes()[..position.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn syntax(&self, error: &toml::de::Error) -> Error {
        let line = error.span().map_or(1, |span| self.line(span.start));
        Error::Wrong {
            path: self.path.to_owned(),
            line,
            key: String::new(),
            what: error.message().trim().replace('\n', ", "),
        }
    }

    fn wrong<T>(&self, key: &str, value: &Spanned<T>, what: impl Into<String>) -> Error {
        Error::Wrong {
            path: self.path.to_owned(),
            line: self.line(value.span().start),
            key: key.to_owned(),
            what: what.into(),
        }
    }

    fn warn(&mut self, value: &Spanned<String>, what: String) {
        self.warnings.push(Warning { line: self.line(value.span().start), what });
    }

    fn check_region(&self, written: Option<&Spanned<String>>, wanted: Option<&str>) -> Result<(), Error> {
        match (written, wanted) {
            (Some(written), Some(wanted)) if written.get_ref() != wanted => {
                Err(self.wrong("region", written, format!("this file is not for region {wanted}")))
            }
            _ => Ok(()),
        }
    }

    fn units(&mut self, written: Vec<FileUnit>) -> Result<HashMap<Box<str>, Vec<Unit>>, Error> {
        let mut units: HashMap<Box<str>, Vec<Unit>> = HashMap::with_capacity(written.len());
        for unit in written {
            if unit.code.get_ref().trim().is_empty() {
                return Err(self.wrong("unit.code", &unit.code, "is empty; write the code that ADT sends in PV1-3.1"));
            }
            let code = unit.code.clone();
            let compiled = self.unit(unit)?;
            let same_code = units.entry(code.get_ref().as_str().into()).or_default();
            if same_code.iter().any(|other| other.facility == compiled.facility) {
                return Err(self.wrong(
                    "unit.code",
                    &code,
                    format!("{:?} is listed twice; tell two units of one code apart with facility", code.get_ref()),
                ));
            }
            same_code.push(compiled);
        }
        Ok(units)
    }

    fn unit(&mut self, written: FileUnit) -> Result<Unit, Error> {
        if let Some(hsa_id) = &written.hsa_id
            && !is_hsa_id(hsa_id.get_ref())
        {
            self.warn(hsa_id, format!("unit.hsa_id: {:?} has not the form SE2321000131-E1234", hsa_id.get_ref()));
        }
        if let Some(mvo) = &written.mvo
            && !(mvo.get_ref().len() == 3 && is_digits(mvo.get_ref()))
        {
            self.warn(mvo, format!("unit.mvo: {:?} is not three digits", mvo.get_ref()));
        }
        if let Some(code) = &written.hospital_code
            && !(matches!(code.get_ref().len(), 5 | 6) && is_digits(code.get_ref()))
        {
            self.warn(code, format!("unit.hospital_code: {:?} is not five or six digits", code.get_ref()));
        }
        let mut beds_named: HashMap<Box<str>, Vec<BedRule>> = HashMap::new();
        let mut beds_matched = Vec::new();
        for bed in &written.bed {
            let rule = BedRule {
                room: bed.room.as_deref().map(Into::into),
                kind: self.word("unit.bed.kind", BED_KINDS, &bed.kind)?,
            };
            match bed.bed.get_ref().strip_suffix('*') {
                Some(start) => beds_matched.push((start.into(), rule)),
                None => {
                    let rules = beds_named.entry(bed.bed.get_ref().as_str().into()).or_default();
                    if rules.iter().any(|other| other.room == rule.room) {
                        return Err(self.wrong("unit.bed.bed", &bed.bed, "is listed twice in this unit and room"));
                    }
                    rules.push(rule);
                }
            }
        }
        let bed_kind = match &written.bed_kind {
            Some(kind) => self.word("unit.bed_kind", BED_KINDS, kind)?,
            None => BedKind::Unknown,
        };
        let care_type = match &written.care_type {
            Some(care_type) => self.word("unit.care_type", CARE_TYPES, care_type)?,
            None => CareType::Unknown,
        };
        Ok(Unit {
            facility: boxed(written.facility),
            hsa_id: boxed(written.hsa_id.map(Spanned::into_inner)),
            name: boxed(written.name),
            hospital_code: boxed(written.hospital_code.map(Spanned::into_inner)),
            hospital_name: boxed(written.hospital_name),
            mvo: boxed(written.mvo.map(Spanned::into_inner)),
            care_type,
            telephone: boxed(written.telephone),
            bed_kind,
            beds_named,
            beds_matched,
        })
    }

    fn responsible_unit(&self, written: FileResponsibleUnit) -> Result<ResponsibleUnit, Error> {
        Ok(ResponsibleUnit {
            field: self.field_path("responsible_unit.field", &written.field)?,
            codes: written.codes.into_iter().map(|(code, unit)| (code.into(), unit.into())).collect(),
        })
    }

    fn protection(&self, written: FileProtection) -> Result<Protection, Error> {
        if written.codes.is_empty() {
            return Err(self.wrong("protection.codes", &written.field, "is empty; name at least one code"));
        }
        Ok(Protection {
            field: self.field_path("protection.field", &written.field)?,
            codes: written.codes.into_iter().map(Into::into).collect(),
        })
    }

    fn field_path(&self, key: &str, written: &Spanned<String>) -> Result<FieldPath, Error> {
        written.get_ref().parse().map_err(|expected: &str| self.wrong(key, written, expected))
    }

    fn word<T: Copy>(&self, key: &str, words: Words<T>, written: &Spanned<String>) -> Result<T, Error> {
        let text = written.get_ref();
        words.iter().find(|(word, _)| word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(key, written, format!("{text:?} is unknown; expected one of {}", names.join(", ")))
        })
    }

    fn codes<T: Copy>(
        &self,
        key: &str,
        words: Words<T>,
        written: &BTreeMap<String, Spanned<String>>,
    ) -> Result<HashMap<Box<str>, T>, Error> {
        written
            .iter()
            .map(|(code, word)| Ok((code.as_str().into(), self.word(&format!("{key}.{code}"), words, word)?)))
            .collect()
    }

    fn warn_of_unknown_targets(&mut self, directory: &Directory, responsible: &ResponsibleUnit) {
        let mut unknown: Vec<&str> =
            responsible.codes.values().map(AsRef::as_ref).filter(|unit| !directory.units.contains_key(*unit)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for unit in unknown {
            self.warnings.push(Warning {
                line: 1,
                what: format!("responsible_unit.codes: {unit:?} is not among the units of this file"),
            });
        }
    }
}

fn boxed(text: Option<String>) -> Option<Box<str>> {
    text.filter(|text| !text.is_empty()).map(Into::into)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hsa_id(text: &str) -> bool {
    let Some((owner, unit)) = text.strip_prefix("SE").and_then(|rest| rest.split_once('-')) else { return false };
    owner.len() == 10
        && is_digits(owner)
        && (1..=18).contains(&unit.len())
        && unit.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
