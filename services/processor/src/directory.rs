//! The unit directory of one region: what a unit code, a bed or a local code means.
//!
//! Goes in: a TOML file that the region owns (schema in the README, a sample in `mapping.sample.toml`). Comes out: hash
//! maps that the hot path asks. It promises that a file is understood as a whole or refused with file, line and key;
//! nothing is read again after the start, because the same bytes must give the same events.

mod field_path;
mod file;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use schemas::{BedKind, BedState, CareType, PatientClass, Place, Sex, TECHNICAL_BEDS, TechnicalBeds};

use crate::spelling;

pub use field_path::FieldPath;
pub use file::{Error, Warning};

/// Between a unit's code and the facility that tells it from others of the code.
pub(crate) const FACILITY_MARK: char = '@';

/// What a region's mapping file says, compiled. The default knows nothing: codes stay verbatim.
#[derive(Debug, Default)]
pub struct Directory {
    /// Whether the region counts technical beds; nothing where it does not say.
    pub(crate) technical_beds: Option<TechnicalBeds>,
    units: HashMap<Box<str>, Vec<Unit>>,
    /// Where a message names the unit with the medical responsibility; `None`: nowhere.
    pub responsible_unit: Option<ResponsibleUnit>,
    /// Where a message marks protected identity besides PD1-12.
    pub protection: Option<Protection>,
    /// Where a message carries län and kommun; `None`: nowhere.
    pub municipality: Option<FieldPath>,
    /// Where a message carries the visit number, if not in PV1-19.
    pub visit: Option<FieldPath>,
    patient_class: HashMap<Box<str>, PatientClass>,
    sex: HashMap<Box<str>, Sex>,
    bed_status: HashMap<Box<str>, BedState>,
    present: bool,
}

/// One unit of the directory.
#[derive(Debug)]
pub struct Unit {
    facility: Option<Box<str>>,
    /// HSA-id of the unit.
    pub hsa_id: Option<Box<str>>,
    /// Name of the unit.
    pub name: Option<Box<str>>,
    /// Sjukhuskod.
    pub hospital_code: Option<Box<str>>,
    /// Name of the hospital.
    pub hospital_name: Option<Box<str>>,
    /// Medicinskt verksamhetsområde.
    pub mvo: Option<Box<str>>,
    /// Somatic or psychiatric.
    pub care_type: CareType,
    /// The unit's own telephone.
    pub telephone: Option<Box<str>>,
    bed_kind: BedKind,
    beds_named: HashMap<Box<str>, Vec<BedRule>>,
    beds_matched: Vec<(Box<str>, BedRule)>,
}

#[derive(Debug)]
struct BedRule {
    room: Option<Box<str>>,
    kind: BedKind,
}

impl BedRule {
    fn fits(&self, room: Option<&str>) -> bool {
        self.room.is_none() || self.room.as_deref() == room
    }
}

/// Where a message names the responsible unit, and how its codes become unit codes.
#[derive(Debug)]
pub struct ResponsibleUnit {
    pub(crate) field: FieldPath,
    codes: HashMap<Box<str>, Box<str>>,
}

impl ResponsibleUnit {
    /// The unit code for a value of the field; a value that is not listed is a unit code itself.
    pub fn unit<'a>(&'a self, value: &str) -> Option<&'a str> {
        self.codes.get(value).map(AsRef::as_ref)
    }
}

/// A field whose value marks protected identity.
#[derive(Debug)]
pub struct Protection {
    pub(crate) field: FieldPath,
    codes: Vec<Box<str>>,
}

impl Protection {
    /// Whether this value of the field marks protected identity.
    pub fn marks(&self, value: &str) -> bool {
        spelling::is_among(self.codes.iter().map(AsRef::as_ref), value)
    }
}

impl Directory {
    /// Reads and compiles a mapping file, refusing one that is meant for another region.
    pub fn load(path: &Path, region: &str) -> Result<(Directory, Vec<Warning>), Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::unreadable(path, source))?;
        file::compile(path, &text, Some(region))
    }

    /// Reads and compiles a mapping file for whichever region it names.
    pub fn check(path: &Path) -> Result<(Directory, Vec<Warning>), Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::unreadable(path, source))?;
        file::compile(path, &text, None)
    }

    /// Whether a mapping file was given at all.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// How many units the directory knows.
    pub fn unit_count(&self) -> usize {
        self.units.values().map(Vec::len).sum()
    }

    /// The unit of this code; where several facilities share a code, the facility decides. A code that [`Directory::ward`]
    /// made is understood too.
    pub fn unit(&self, code: &str, facility: Option<&str>) -> Option<&Unit> {
        let Some(candidates) = self.units.get(code) else {
            let (code, facility) = code.rsplit_once(FACILITY_MARK)?;
            return self.units.get(code)?.iter().find(|unit| unit.facility.as_deref() == Some(facility));
        };
        candidates
            .iter()
            .find(|unit| unit.facility.is_some() && unit.facility.as_deref() == facility)
            .or_else(|| candidates.iter().find(|unit| unit.facility.is_none()))
    }

    /// What an event in a bed of this kind says beside it: that the region leaves the bed out of its figures.
    pub(crate) fn left_out(&self, kind: BedKind) -> Option<(&'static str, &'static str)> {
        let decided = self.technical_beds.filter(|decided| *decided == TechnicalBeds::LeftOut);
        decided.filter(|_| kind == BedKind::Teknisk).map(|decided| (TECHNICAL_BEDS, decided.word()))
    }

    /// What a ward is called behind the processor: a code that several facilities share becomes `code@facility`.
    pub(crate) fn ward<'c>(&self, code: Cow<'c, str>, facility: Option<&str>) -> Cow<'c, str> {
        let Some(candidates) = self.units.get(&*code).filter(|candidates| candidates.len() > 1) else { return code };
        let listed = |named: &&str| candidates.iter().any(|unit| unit.facility.as_deref() == Some(*named));
        match facility.filter(listed) {
            Some(facility) => Cow::Owned(format!("{code}{FACILITY_MARK}{facility}")),
            None => code,
        }
    }

    /// The unit with this HSA-id, and its code.
    pub fn unit_of_hsa_id(&self, hsa_id: &str) -> Option<(&str, &Unit)> {
        // Few hundred units, and only resources that name one by HSA-id ask.
        let units = self.units.iter().flat_map(|(code, units)| units.iter().map(move |unit| (code.as_ref(), unit)));
        let mut found =
            units.filter(|(_, unit)| unit.hsa_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(hsa_id)));
        // A map has no order: of several the first by code, so that the same record gives the same event.
        let first = found.next()?;
        Some(found.fold(first, |first, other| if other.0 < first.0 { other } else { first }))
    }

    /// PV1-2 normalised: the region's own codes first, then HL7 table 0004.
    pub fn patient_class(&self, code: &str) -> Option<PatientClass> {
        if let Some(class) = self.patient_class.get(code) {
            return Some(*class);
        }
        Some(match code {
            "I" => PatientClass::Inpatient,
            "O" => PatientClass::Outpatient,
            "E" => PatientClass::Emergency,
            "P" => PatientClass::Preadmit,
            "R" => PatientClass::Recurring,
            "B" => PatientClass::Obstetrics,
            // Not applicable, unknown, commercial account: codes of the table that say nothing of a class.
            "N" | "U" | "C" => PatientClass::Unknown,
            word => return spelled(&self.patient_class, word).or_else(|| class_word(word)),
        })
    }

    /// PID-8 normalised: the region's own codes first, then HL7 table 0001 and the Swedish 1 and 2.
    pub fn sex(&self, code: &str) -> Option<Sex> {
        if let Some(sex) = self.sex.get(code) {
            return Some(*sex);
        }
        Some(match code {
            "M" | "1" => Sex::Male,
            "F" | "2" => Sex::Female,
            "O" | "A" | "X" => Sex::Other,
            "U" | "N" | "0" | "9" => Sex::Unknown,
            code => return spelled(&self.sex, code),
        })
    }

    /// NPU-2 normalised: the region's own codes first, then HL7 table 0116.
    pub fn bed_status(&self, code: &str) -> Option<BedState> {
        if let Some(state) = self.bed_status.get(code) {
            return Some(*state);
        }
        Some(match code {
            "C" => BedState::Closed,
            "H" => BedState::Housekeeping,
            "O" => BedState::Occupied,
            "U" => BedState::Unoccupied,
            "K" => BedState::Contaminated,
            "I" => BedState::Isolated,
            code => return spelled(&self.bed_status, code),
        })
    }
}

/// What a region's own code means, in whatever spelling; asked only for codes that are neither its own nor the table's.
fn spelled<M: Copy + PartialEq>(codes: &HashMap<Box<str>, M>, code: &str) -> Option<M> {
    spelling::find(codes.iter().map(|(code, meaning)| (code.as_ref(), meaning)), code).copied()
}

/// Some systems write the meaning instead of the code of table 0004.
fn class_word(word: &str) -> Option<PatientClass> {
    const WORDS: [(&str, PatientClass); 6] = [
        ("EMERGENCY", PatientClass::Emergency),
        ("INPATIENT", PatientClass::Inpatient),
        ("OUTPATIENT", PatientClass::Outpatient),
        ("PREADMIT", PatientClass::Preadmit),
        ("RECURRING", PatientClass::Recurring),
        ("OBSTETRICS", PatientClass::Obstetrics),
    ];
    WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, class)| *class)
}

impl Unit {
    /// PV1-3.4, where two hospitals share the unit's code.
    pub fn facility(&self) -> Option<&str> {
        self.facility.as_deref()
    }

    /// Whether every bed of the unit is technical, as far as the directory says.
    pub(crate) fn is_technical(&self) -> bool {
        let mut rules = self.beds_named.values().flatten().chain(self.beds_matched.iter().map(|(_, rule)| rule));
        self.bed_kind == BedKind::Teknisk && rules.all(|rule| rule.kind == BedKind::Teknisk)
    }

    /// What kind of bed this place is: a rule for the bed, else the unit's own `bed_kind`.
    pub fn bed_kind(&self, place: &Place<'_>) -> BedKind {
        let Some(bed) = place.bed else { return self.bed_kind };
        if let Some(rules) = self.beds_named.get(bed) {
            // A rule that names the room is more specific than one that does not.
            let named = rules.iter().find(|rule| rule.room.is_some() && rule.fits(place.room));
            if let Some(rule) = named.or_else(|| rules.iter().find(|rule| rule.room.is_none())) {
                return rule.kind;
            }
        }
        self.beds_matched
            .iter()
            .find(|(start, rule)| bed.starts_with(start.as_ref()) && rule.fits(place.room))
            .map_or(self.bed_kind, |(_, rule)| rule.kind)
    }
}

#[cfg(test)]
mod tests;
