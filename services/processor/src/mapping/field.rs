//! The common fields that a package can fill, by subject.

use super::read::When;
use crate::code_lists::System;
use crate::pipeline::BEDS_MAX;

/// What a package's rows become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `schemas::Wait`.
    Wait,
    /// `schemas::Cost`.
    Cost,
    /// `schemas::Clinical`.
    Clinical,
    /// `schemas::BedCapacity`.
    BedCapacity,
}

/// How a cell becomes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// As it stands, up to 200 characters.
    Text,
    /// A moment or a day: ISO 8601 or an HL7 time stamp, Swedish wall-clock time unless it has an offset.
    Time(When),
    /// A month: `2026-02`, `202602`, or any date or time in it.
    Month,
    /// A whole number between these.
    Number(i64, i64),
    /// Yes or no, by the package's codes.
    Flag,
    /// One of these symbols, by the package's codes.
    Code(&'static [&'static str]),
    /// An ICD-10-SE code: the dot goes, letters become capitals.
    Icd,
    /// A KVÅ code: letters become capitals.
    Kva,
    /// Medicinskt verksamhetsområde, three digits.
    Mvo,
    /// Län and kommun, four digits; a församling after them goes.
    Lkf,
    /// A person's identifier: only its pseudonym goes on.
    Identity,
    /// A year, or any date or time in it.
    Year,
    /// An amount in kronor with at most two decimals, kept in öre.
    Money,
    /// A decimal number, kept as text.
    Decimal,
    /// Several ICD-10-SE codes, in columns of their own or in one with a separator.
    IcdList,
    /// Several KVÅ codes, likewise.
    KvaList,
}

/// A common field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in the schema.
    pub name: &'static str,
    /// How it is read.
    pub kind: FieldKind,
    /// Whether a package must fill it.
    pub required: bool,
    /// Whether a row is refused when it has a text there that cannot be read: a wrong figure is worse than a missing row.
    pub strict: bool,
}

const fn field(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: false, strict: false }
}

const fn required(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: true, strict: true }
}

const fn strict(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: false, strict: true }
}

const YEARS: FieldKind = FieldKind::Number(1850, 2100);
/// Forty years; a longer wait is a mistyped year.
const DAYS: FieldKind = FieldKind::Number(-14_610, 14_610);

/// `schemas::Wait`, in the order of its schema: [`super::slot`] and the pipeline know the places.
const WAIT: &[Field] = &[
    required("contact_id", FieldKind::Text),
    field("referral_id", FieldKind::Text),
    required("status", FieldKind::Code(&["COMPLETED", "WAITING"])),
    field("period", FieldKind::Month),
    field("phase", FieldKind::Text),
    field("guarantee", FieldKind::Flag),
    field("deviation", FieldKind::Code(&["PVV", "MOV", "SOV"])),
    field("decided_at", FieldKind::Time(When::Waited)),
    field("started_at", FieldKind::Time(When::Waited)),
    field("medical_target_at", FieldKind::Time(When::Planned)),
    field("referral_at", FieldKind::Time(When::Waited)),
    field("arrived_at", FieldKind::Time(When::Waited)),
    field("mvo", FieldKind::Mvo),
    field("activity", FieldKind::Text),
    field("activity_kva", FieldKind::Kva),
    field("activity_icd", FieldKind::Icd),
    field("kva", FieldKind::Kva),
    field("booking", FieldKind::Text),
    field("contact_type", FieldKind::Text),
    field("profession", FieldKind::Text),
    field("emergency_kind", FieldKind::Text),
    field("referrer_kind", FieldKind::Text),
    field("referrer_hsa_id", FieldKind::Text),
    field("region_code", FieldKind::Text),
    field("region_hsa_id", FieldKind::Text),
    field("provider_hsa_id", FieldKind::Text),
    field("care_unit_hsa_id", FieldKind::Text),
    field("unit_hsa_id", FieldKind::Text),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
    field("listing_hsa_id", FieldKind::Text),
    field("stated_wait_days", DAYS),
];

/// `schemas::Cost`; `subject` and `protected` go to its envelope.
const COST: &[Field] = &[
    required("contact_id", FieldKind::Text),
    field("subject", FieldKind::Identity),
    field("protected", FieldKind::Flag),
    field("period", FieldKind::Year),
    field("cost_run_id", FieldKind::Text),
    field("care_form", FieldKind::Code(&["INPATIENT", "OUTPATIENT", "PRIMARY", "HOME"])),
    field("started_at", FieldKind::Time(When::Happened)),
    field("ended_at", FieldKind::Time(When::Happened)),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("unit", FieldKind::Text),
    field("mvo", FieldKind::Mvo),
    field("admission_mode", FieldKind::Text),
    field("discharge_mode", FieldKind::Text),
    field("main_diagnosis", FieldKind::Icd),
    field("diagnoses", FieldKind::IcdList),
    field("procedures", FieldKind::KvaList),
    field("drg", FieldKind::Text),
    field("drg_weight", FieldKind::Decimal),
    field("total_ore", FieldKind::Money),
    field("outlier", FieldKind::Flag),
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
];

/// `schemas::Clinical`, but for its codes, which repeat and have a form of their own; `subject` and `protected` go to its
/// envelope, and so does `recorded_at`.
const CLINICAL: &[Field] = &[
    required("statement_id", FieldKind::Text),
    field("contact_id", FieldKind::Text),
    field("episode_id", FieldKind::Text),
    field("subject", FieldKind::Identity),
    field("protected", FieldKind::Flag),
    field("recorded_at", FieldKind::Time(When::Happened)),
    field("period", FieldKind::Month),
    field("care_form", FieldKind::Code(&["INPATIENT", "OUTPATIENT", "PRIMARY", "HOME"])),
    field("started_at", FieldKind::Time(When::Happened)),
    field("ended_at", FieldKind::Time(When::Happened)),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("unit", FieldKind::Text),
    field("mvo", FieldKind::Mvo),
    field("admission_mode", FieldKind::Text),
    field("discharge_mode", FieldKind::Text),
    field("planned", FieldKind::Flag),
    field("drg", FieldKind::Text),
    field("final", FieldKind::Flag),
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
];

const BEDS: FieldKind = FieldKind::Number(0, BEDS_MAX as i64);

/// `schemas::BedCapacity`, but for what the unit directory says of the unit.
const BED_CAPACITY: &[Field] = &[
    required("unit", FieldKind::Text),
    required("valid_from", FieldKind::Time(When::Planned)),
    strict("valid_to", FieldKind::Time(When::Until)),
    strict("faststallda", BEDS),
    strict("disponibla", BEDS),
    strict("stangda", BEDS),
    field("stangda_reason", FieldKind::Text),
];

/// More fields than any subject has: the bound of a row's slots.
pub(crate) const FIELDS_MAX: usize = 40;
const _: () = assert!(WAIT.len() <= FIELDS_MAX && COST.len() <= FIELDS_MAX && CLINICAL.len() <= FIELDS_MAX);

impl Subject {
    /// Every subject that a package can fill.
    pub const ALL: [Subject; 4] = [Subject::Wait, Subject::Cost, Subject::Clinical, Subject::BedCapacity];

    /// The subject of this name.
    pub fn of_name(name: &str) -> Option<Subject> {
        Subject::ALL.into_iter().find(|subject| subject.name() == name)
    }

    /// Its name, the last part of the topic name.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Wait => "wait",
            Subject::Cost => "cost",
            Subject::Clinical => "clinical",
            Subject::BedCapacity => "bed-capacity",
        }
    }

    /// Its fields.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Subject::Wait => WAIT,
            Subject::Cost => COST,
            Subject::Clinical => CLINICAL,
            Subject::BedCapacity => BED_CAPACITY,
        }
    }

    /// The place of a field.
    pub(crate) fn place(self, name: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.name == name)
    }
}

impl FieldKind {
    /// The code system of its texts.
    pub(crate) fn system(self) -> Option<System> {
        match self {
            FieldKind::Icd | FieldKind::IcdList => Some(System::Icd),
            FieldKind::Kva | FieldKind::KvaList => Some(System::Kva),
            FieldKind::Mvo => Some(System::Mvo),
            _ => None,
        }
    }

    /// Whether a field of this kind can come from several columns.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, FieldKind::IcdList | FieldKind::KvaList)
    }

    /// As `explain` says it.
    pub fn words(self) -> String {
        match self {
            FieldKind::Text => "text".into(),
            FieldKind::Time(When::Happened | When::Waited | When::Planned) => "time".into(),
            FieldKind::Time(When::Until) => "time, or no end".into(),
            FieldKind::Month => "month".into(),
            FieldKind::Number(least, greatest) => format!("number {least} to {greatest}"),
            FieldKind::Flag => "yes or no".into(),
            FieldKind::Code(symbols) => symbols.join(" | "),
            FieldKind::Icd => "ICD-10-SE".into(),
            FieldKind::Kva => "KVÅ".into(),
            FieldKind::Mvo => "MVO, three digits".into(),
            FieldKind::Lkf => "län and kommun, four digits".into(),
            FieldKind::Identity => "identifier, pseudonymised".into(),
            FieldKind::Year => "year".into(),
            FieldKind::Money => "kronor".into(),
            FieldKind::Decimal => "decimal number".into(),
            FieldKind::IcdList => "ICD-10-SE codes".into(),
            FieldKind::KvaList => "KVÅ codes".into(),
        }
    }
}
