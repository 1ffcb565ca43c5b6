//! The common fields that a package can fill.

use super::read::When;
use crate::code_lists::System;

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

/// One that a package may fill.
pub(crate) const fn field(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: false, strict: false }
}

/// One that a package must fill.
pub(crate) const fn required(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: true, strict: true }
}

/// One that a package may fill, and whose text must then be readable.
pub(crate) const fn strict(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: false, strict: true }
}

/// Years in which somebody can be born.
pub(crate) const YEARS: FieldKind = FieldKind::Number(1850, 2100);

/// No unit has more beds than this; a larger number is a date or a phone number in the wrong column.
pub(crate) const BEDS_MAX: i32 = 10_000;

/// More fields than any target has: the bound of a row's slots.
pub(crate) const FIELDS_MAX: usize = 40;

/// A contact, as several tables tell it.
pub(crate) const CONTACT: [Field; 9] = [
    field("care_form", FieldKind::Code(&["INPATIENT", "OUTPATIENT", "PRIMARY", "HOME"])),
    field("started_at", FieldKind::Time(When::Happened)),
    field("ended_at", FieldKind::Time(When::Happened)),
    field("hospital_code", FieldKind::Text),
    field("hospital_name", FieldKind::Text),
    field("unit", FieldKind::Text),
    field("mvo", FieldKind::Mvo),
    field("admission_mode", FieldKind::Text),
    field("discharge_mode", FieldKind::Text),
];

/// What several tables tell of a person.
pub(crate) const PERSON: [Field; 3] = [
    field("sex", FieldKind::Code(&["MALE", "FEMALE", "OTHER"])),
    field("birth_year", YEARS),
    field("lkf", FieldKind::Lkf),
];

/// Several lists as one; another number than theirs together does not compile.
pub(crate) const fn joined<const N: usize>(lists: &[&[Field]]) -> [Field; N] {
    let mut all = [field("", FieldKind::Text); N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut place = 0;
        while place < lists[list].len() {
            all[at] = lists[list][place];
            (at, place) = (at + 1, place + 1);
        }
        list += 1;
    }
    assert!(at == N);
    all
}

/// The place of a field; a name that is not among them does not compile.
pub(crate) const fn place_of(fields: &[Field], name: &str) -> usize {
    let mut at = 0;
    while !is_same(fields[at].name.as_bytes(), name.as_bytes()) {
        at += 1;
    }
    at
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
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
