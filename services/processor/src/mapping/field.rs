//! The common fields that a package can fill, by subject.

/// What a package's rows become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `schemas::Wait`.
    Wait,
}

/// How a cell becomes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// As it stands, up to 200 characters.
    Text,
    /// A moment: ISO 8601 or an HL7 time stamp, Swedish wall-clock time unless it has an offset.
    Time,
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
}

const fn field(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: false }
}

const fn required(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind, required: true }
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
    field("decided_at", FieldKind::Time),
    field("started_at", FieldKind::Time),
    field("medical_target_at", FieldKind::Time),
    field("referral_at", FieldKind::Time),
    field("arrived_at", FieldKind::Time),
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

/// More fields than any subject has: the bound of a row's slots.
pub(crate) const FIELDS_MAX: usize = 40;
const _: () = assert!(WAIT.len() <= FIELDS_MAX);

impl Subject {
    /// The subject of this name.
    pub fn of_name(name: &str) -> Option<Subject> {
        [Subject::Wait].into_iter().find(|subject| subject.name() == name)
    }

    /// Its name, the last part of the topic name.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Wait => "wait",
        }
    }

    /// Its fields.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Subject::Wait => WAIT,
        }
    }

    /// The place of a field.
    pub(crate) fn place(self, name: &str) -> Option<usize> {
        self.fields().iter().position(|field| field.name == name)
    }
}

impl FieldKind {
    /// As `explain` says it.
    pub fn words(self) -> String {
        match self {
            FieldKind::Text => "text".into(),
            FieldKind::Time => "time".into(),
            FieldKind::Month => "month".into(),
            FieldKind::Number(least, greatest) => format!("number {least} to {greatest}"),
            FieldKind::Flag => "yes or no".into(),
            FieldKind::Code(symbols) => symbols.join(" | "),
            FieldKind::Icd => "ICD-10-SE".into(),
            FieldKind::Kva => "KVÅ".into(),
            FieldKind::Mvo => "MVO, three digits".into(),
            FieldKind::Lkf => "län and kommun, four digits".into(),
        }
    }
}
