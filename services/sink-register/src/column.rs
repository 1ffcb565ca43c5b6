//! What every column of a file with rows says, and so whether a recipient gets a pseudonym of its own there.
//!
//! One table. Whoever writes a column asks it, and a column that it does not know is a panic which the first test of that form
//! meets: nobody can add one without deciding. Days, times, flags and amounts are not in it, for their types hold no key.
//!
//! What stays here joins nothing by itself, but rows are what they are: who knows when somebody came where, or has two files of the
//! same events, can compare contents. The README says so under its gaps.

use crate::treatment::{System, Treatment};

/// What a column says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// Who somebody is: a token of the store.
    Person,
    /// Which event it is.
    Event,
    /// A number by which a source finds a contact, visit, referral, message or statement.
    Number,
    /// Where something stands in the order of a topic or source.
    Place,
    /// A hash of what a source sent.
    Hash,
    /// The number of a row in its own file, and where others refer to it: counted in an order that is the recipient's alone.
    Row,
    /// What one region alone has: of some of these nobody here knows what they are.
    Extension,
    /// The year somebody was born in.
    BirthYear,
    /// The municipality somebody lives in.
    Lkf,
    /// A code of a system with categories.
    Code(System),
    /// A day or time, as a text or in a column of times.
    Time,
    /// What tells a day or month in words of its own, which nobody can move.
    TimeText,
    /// A whole number that is told.
    Figure,
    /// What is told of them otherwise.
    Content,
}

use Says::{BirthYear, Code, Content, Event, Extension, Figure, Hash, Lkf, Number, Person, Place, Row, Time, TimeText};

impl Says {
    /// Whether somebody or something is found by it, so that it never leaves as it is.
    pub(crate) const fn is_found_by(self) -> bool {
        matches!(self, Person | Event | Number | Place | Hash | Row | Extension)
    }

    /// Why a definition cannot have it treated so, in a layout.
    pub(crate) fn refusal(self, layout: &str, treatment: Treatment) -> Option<&'static str> {
        let is_number = matches!(self, Figure | BirthYear | Time) && (layout == EVENTS || layout == OMOP);
        match treatment {
            Treatment::Plain => None,
            _ if layout == RIV_TA => Some("its layout is a contract that knows no other values"),
            Treatment::Generalised => match self {
                BirthYear => None,
                Lkf if layout == OMOP => Some("location_id would still tell municipalities apart; mask it, or drop it"),
                Lkf => None,
                Code(_) if layout == EVENTS => Some(
                    "columnar files are written while they are read, and which codes are rare is known only after; mask it, or drop it",
                ),
                Code(_) => None,
                _ => Some("there is nothing that it is a part of"),
            },
            Treatment::Shifted => Some("days and times are moved together or not at all: say times = \"shifted\""),
            _ if matches!(self, Event | Place | Hash | Row) => {
                Some("rows are told apart and joined by it, and it has a pseudonym")
            }
            _ if is_number => Some("it is a number, and no text can stand there"),
            Treatment::Encrypted if layout == OMOP => {
                Some("the model's texts end at 50 characters, and one under a key is longer")
            }
            Treatment::Pseudonym | Treatment::Encrypted | Treatment::Masked | Treatment::Dropped => None,
        }
    }
}

/// What is known of a column that is written: what it says, and what is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    pub(crate) says: Says,
    pub(crate) treatment: Treatment,
}

impl Decided {
    /// As it is done where a definition says nothing of it.
    pub(crate) const fn usual(says: Says) -> Self {
        Self { says, treatment: if says.is_found_by() { Treatment::Pseudonym } else { Treatment::Plain } }
    }
}

/// A layout, and its columns by what they say.
type Layout = (&'static str, &'static [(Says, &'static [&'static str])]);

/// The columns of events as such, whatever their subject.
pub(crate) const EVENTS: &str = "events";
/// The elements of both of RIV-TA's contracts.
pub(crate) const RIV_TA: &str = "riv_ta";
/// The tables of the OMOP common data model.
pub(crate) const OMOP: &str = "omop";

static TABLE: [Layout; 6] = [
    (
        EVENTS,
        &[
            (
                Person,
                &[
                    "subject_token",
                    "subject_aliases.element",
                    "prior_subject_tokens.element",
                    "linked_subject_tokens.element",
                ],
            ),
            (Event, &["event_id", "correction_target_event_id"]),
            (
                Number,
                &[
                    "source_message_id",
                    "contact_id",
                    "episode_id",
                    "prior_episode_id",
                    "movement_id",
                    "referral_id",
                    "statement_id",
                ],
            ),
            (Place, &["origin_offset", "sequence"]),
            (Hash, &["content_hash"]),
            (Extension, &["extensions.value"]),
            (BirthYear, &["birth_year"]),
            (Lkf, &["lkf"]),
            (Code(System::Icd), &["main_diagnosis", "activity_icd"]),
            (Code(System::Kva), &["kva", "activity_kva"]),
            (TimeText, &["occurred_text", "recorded_text", "period"]),
            (
                Figure,
                &[
                    "schema_version",
                    "origin_partition",
                    "origin_ordinal",
                    "faststallda",
                    "disponibla",
                    "stangda",
                    "total_ore",
                    "components_ore.value",
                    "stated_wait_days",
                    "codes.belongs_to",
                ],
            ),
            (
                Content,
                &[
                    // What kind of event, from where.
                    "event_type",
                    "region",
                    "source_system",
                    "origin_topic",
                    "correction_kind",
                    "key_id",
                    "quality.rule",
                    "quality.severity",
                    "quality.field",
                    "extensions.key",
                    "trigger",
                    "movement_action",
                    "episode_authority",
                    "prior_episode_authority",
                    "sending_facility",
                    // Where.
                    "place_unit",
                    "place_room",
                    "place_bed",
                    "place_facility",
                    "place_building",
                    "place_floor",
                    "prior_place_unit",
                    "prior_place_room",
                    "prior_place_bed",
                    "prior_place_facility",
                    "prior_place_building",
                    "prior_place_floor",
                    "unit",
                    "unit_hsa_id",
                    "unit_name",
                    "hospital_code",
                    "hospital_name",
                    "mvo",
                    "care_type",
                    "telephone",
                    "responsible_unit",
                    "bed_kind",
                    "region_code",
                    "region_hsa_id",
                    "provider_hsa_id",
                    "care_unit_hsa_id",
                    "referrer_kind",
                    "referrer_hsa_id",
                    "listing_hsa_id",
                    // Beds.
                    "status_code",
                    "status",
                    "stangda_reason",
                    // Whom, in what many share.
                    "sex",
                    // The care.
                    "patient_class_code",
                    "patient_class",
                    "admit_source",
                    "discharge_disposition",
                    "care_form",
                    "admission_mode",
                    "discharge_mode",
                    "codes.role",
                    "codes.system",
                    "codes.code",
                    "codes.verbatim",
                    "codes.laterality",
                    "diagnoses.element",
                    "procedures.element",
                    "drg",
                    "drg_weight",
                    "components_ore.key",
                    // Of a calculation, which has all contacts of a year.
                    "cost_run_id",
                    "phase",
                    "deviation",
                    "activity",
                    "booking",
                    "contact_type",
                    "profession",
                    "emergency_kind",
                    // The source's own words for coded fields, by field.
                    "verbatim.key",
                    "verbatim.value",
                ],
            ),
        ],
    ),
    (
        RIV_TA,
        &[
            (Number, &["VardkontaktId", "RemissId"]),
            (
                Content,
                &[
                    "DatatGallerFor",
                    "Vardgaranti",
                    "Fas",
                    "Mvo",
                    "Aktivitet",
                    "Bokningssatt",
                    "Vardkontakt",
                    "Yrkeskategori",
                    "Avvikelse",
                    "Remittenttyp",
                    "BeslutAktivitet",
                    "StartAktivitet",
                    "MedicinsktMaldatum",
                    "TypAkutverksamhet",
                    "Diagnos",
                    "Atgard",
                    "Remittent",
                    "RemissDatum",
                    "AnkomstDatum",
                    "FodelseAr",
                    "Kon",
                    "Lkf",
                    "HSAIdPatientListning",
                    "HSAIdRegion",
                    "HSAIdVardgivare",
                    "Sjukhus",
                    "SjukhusNamn",
                    "HSAIdVardenhet",
                    "HSAIdEnhet",
                ],
            ),
        ],
    ),
    (
        "kpp_contacts.csv",
        &[
            (Person, &["subject_token"]),
            (Number, &["contact_id"]),
            (BirthYear, &["birth_year"]),
            (Code(System::Icd), &["main_diagnosis"]),
            (
                Content,
                &[
                    "source_system",
                    "hospital_code",
                    "mvo",
                    "care_form",
                    "drg",
                    "drg_weight",
                    "sex",
                    "cost_run_id",
                    "total_kronor",
                    "outlier",
                    "outlier_stated",
                    "components",
                ],
            ),
        ],
    ),
    (
        "cost_by_person.csv",
        &[(Person, &["subject_token"]), (Content, &["year", "care_form", "contacts", "total_kronor"])],
    ),
    (
        "hip_fractures.csv",
        &[
            (Person, &["person"]),
            (Code(System::Icd), &["diagnosis"]),
            (Code(System::Kva), &["operation_code"]),
            (Time, &["arrival", "operation", "discharge"]),
            (Content, &["hospital_code", "side", "hours", "moves", "reoperated_after_days", "reason"]),
        ],
    ),
    (
        OMOP,
        &[
            (Person, &["person_source_value"]),
            (Number, &["episode_id", "contact_id"]),
            (BirthYear, &["year_of_birth"]),
            (Lkf, &["location_source_value", "county"]),
            (Code(System::Icd), &["condition_source_value"]),
            (Code(System::Kva), &["procedure_source_value"]),
            (Code(System::Atc), &["drug_source_value"]),
            (
                Figure,
                &[
                    "gender_concept_id",
                    "month_of_birth",
                    "day_of_birth",
                    "race_concept_id",
                    "ethnicity_concept_id",
                    "gender_source_concept_id",
                    "race_source_concept_id",
                    "ethnicity_source_concept_id",
                    "country_concept_id",
                    "place_of_service_concept_id",
                    "visit_concept_id",
                    "visit_type_concept_id",
                    "visit_source_concept_id",
                    "admitted_from_concept_id",
                    "discharged_to_concept_id",
                    "visit_detail_concept_id",
                    "visit_detail_type_concept_id",
                    "visit_detail_source_concept_id",
                    "condition_concept_id",
                    "condition_type_concept_id",
                    "condition_status_concept_id",
                    "condition_source_concept_id",
                    "procedure_concept_id",
                    "procedure_type_concept_id",
                    "modifier_concept_id",
                    "quantity",
                    "procedure_source_concept_id",
                    "drug_concept_id",
                    "drug_type_concept_id",
                    "refills",
                    "days_supply",
                    "route_concept_id",
                    "drug_source_concept_id",
                    "period_type_concept_id",
                    "observation_concept_id",
                    "observation_type_concept_id",
                    "value_as_concept_id",
                    "qualifier_concept_id",
                    "unit_concept_id",
                    "observation_source_concept_id",
                    "obs_event_field_concept_id",
                    "death_type_concept_id",
                    "cause_concept_id",
                    "cause_source_concept_id",
                    "cost_type_concept_id",
                    "currency_concept_id",
                    "revenue_code_concept_id",
                    "drg_concept_id",
                    "cdm_version_concept_id",
                ],
            ),
            (
                Row,
                &[
                    "person_id",
                    "location_id",
                    "care_site_id",
                    "provider_id",
                    "visit_occurrence_id",
                    "visit_detail_id",
                    "condition_occurrence_id",
                    "procedure_occurrence_id",
                    "drug_exposure_id",
                    "observation_period_id",
                    "observation_id",
                    "cost_id",
                    "cost_event_id",
                    "observation_event_id",
                    "payer_plan_period_id",
                    "preceding_visit_occurrence_id",
                    "preceding_visit_detail_id",
                    "parent_visit_detail_id",
                ],
            ),
            (
                Content,
                &[
                    "gender_source_value",
                    "race_source_value",
                    "ethnicity_source_value",
                    "address_1",
                    "address_2",
                    "city",
                    "state",
                    "zip",
                    "country_source_value",
                    "care_site_name",
                    "care_site_source_value",
                    "place_of_service_source_value",
                    "visit_source_value",
                    "admitted_from_source_value",
                    "discharged_to_source_value",
                    "visit_detail_source_value",
                    "stop_reason",
                    "condition_status_source_value",
                    "modifier_source_value",
                    "sig",
                    "lot_number",
                    "route_source_value",
                    "dose_unit_source_value",
                    "value_as_string",
                    "observation_source_value",
                    "unit_source_value",
                    "qualifier_source_value",
                    "value_source_value",
                    "cause_source_value",
                    "cost_domain_id",
                    "revenue_code_source_value",
                    "drg_source_value",
                    "cdm_source_name",
                    "cdm_source_abbreviation",
                    "cdm_holder",
                    "source_description",
                    "source_documentation_reference",
                    "cdm_etl_reference",
                    "cdm_version",
                    "vocabulary_version",
                    "source_system",
                ],
            ),
        ],
    ),
];

/// The variable by which a test leaves a column as the store has it, to see that this is found: `kpp_contacts.csv/contact_id`.
/// Nothing in a release build.
pub const LEAVE: &str = "VARDSTROM_LEAVE_COLUMN";

/// What a column says.
///
/// # Panics
/// When nobody has decided.
pub(crate) fn says(layout: &str, column: &str) -> Says {
    #[cfg(debug_assertions)]
    if std::env::var(LEAVE).is_ok_and(|left| left == format!("{layout}/{column}")) {
        return Content;
    }
    find(layout, column).unwrap_or_else(|| {
        panic!("column {column} of {layout} has no line in column.rs: does it name somebody, or a key?")
    })
}

/// What a column says; nothing when the layout has none of this name, or nobody has decided.
pub(crate) fn find(layout: &str, column: &str) -> Option<Says> {
    let mut columns = TABLE.iter().filter(|(name, _)| *name == layout).flat_map(|(_, columns)| *columns);
    columns.find(|(_, names)| names.contains(&column)).map(|(says, _)| *says)
}

/// Whether a layout has days or times that can be moved: those of events are known by their types.
pub(crate) fn has_times(layout: &str) -> bool {
    layout == EVENTS
        || TABLE.iter().any(|(name, columns)| *name == layout && columns.iter().any(|(says, _)| *says == Time))
}

/// The columns of a layout that tell days or months and cannot be moved.
pub(crate) fn time_texts(layout: &str) -> impl Iterator<Item = &'static str> {
    let columns = TABLE.iter().filter(move |(name, _)| *name == layout).flat_map(|(_, columns)| *columns);
    columns.filter(|(says, _)| *says == TimeText).flat_map(|(_, names)| *names).copied()
}

/// Every column that gets a pseudonym: layout and name.
pub fn pseudonymised() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |(says, names): &'static (Says, &[&str])| names.iter().filter(|_| says.is_found_by()).copied();
    TABLE.iter().flat_map(move |(layout, columns)| columns.iter().flat_map(of).map(move |name| (*layout, name)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_column_is_decided_once() {
        for (layout, columns) in TABLE {
            let mut seen = BTreeSet::new();
            for name in columns.iter().flat_map(|(_, names)| *names) {
                assert!(seen.insert(name), "{name} of {layout} stands twice");
            }
        }
        assert_eq!((says(EVENTS, "subject_token"), says(OMOP, "sig")), (Person, Content));
    }

    #[test]
    #[should_panic(expected = "column passport of events has no line in column.rs")]
    fn a_column_without_a_decision_is_not_written() {
        says(EVENTS, "passport");
    }
}
