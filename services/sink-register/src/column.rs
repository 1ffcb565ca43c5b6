//! What every column of a file with rows says, and so whether a recipient gets a pseudonym of its own there.
//!
//! One table. Whoever writes a column asks it, and a column that it does not know is a panic which the first test of that form
//! meets: nobody can add one without deciding. Days, times, flags and amounts are not in it, for their types hold no key.
//!
//! What stays here joins nothing by itself, but rows are what they are: who knows when somebody came where, or has two files of the
//! same events, can compare contents. The README says so under its gaps.

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
    /// What is told of them.
    Content,
}

use Says::{Content, Event, Extension, Hash, Number, Person, Place, Row};

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
            (
                Content,
                &[
                    // What kind of event, from where. A partition is one of a few, an ordinal mostly 0.
                    "event_type",
                    "schema_version",
                    "region",
                    "source_system",
                    "origin_topic",
                    "origin_partition",
                    "origin_ordinal",
                    "occurred_text",
                    "recorded_text",
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
                    "faststallda",
                    "disponibla",
                    "stangda",
                    "stangda_reason",
                    // Whom, in what many share.
                    "sex",
                    "birth_year",
                    "lkf",
                    // The care.
                    "period",
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
                    "codes.belongs_to",
                    "diagnoses.element",
                    "procedures.element",
                    "main_diagnosis",
                    "drg",
                    "drg_weight",
                    "total_ore",
                    "components_ore.key",
                    "components_ore.value",
                    // Of a calculation, which has all contacts of a year.
                    "cost_run_id",
                    "phase",
                    "deviation",
                    "activity",
                    "activity_kva",
                    "activity_icd",
                    "kva",
                    "booking",
                    "contact_type",
                    "profession",
                    "emergency_kind",
                    "stated_wait_days",
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
            (
                Content,
                &[
                    "source_system",
                    "hospital_code",
                    "mvo",
                    "care_form",
                    "drg",
                    "drg_weight",
                    "main_diagnosis",
                    "sex",
                    "birth_year",
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
            (
                Content,
                &[
                    "hospital_code",
                    "side",
                    "diagnosis",
                    "arrival",
                    "operation",
                    "operation_code",
                    "hours",
                    "moves",
                    "discharge",
                    "reoperated_after_days",
                    "reason",
                ],
            ),
        ],
    ),
    (
        OMOP,
        &[
            (Person, &["person_source_value"]),
            (Number, &["episode_id", "contact_id"]),
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
                    "gender_concept_id",
                    "year_of_birth",
                    "month_of_birth",
                    "day_of_birth",
                    "race_concept_id",
                    "ethnicity_concept_id",
                    "gender_source_value",
                    "gender_source_concept_id",
                    "race_source_value",
                    "race_source_concept_id",
                    "ethnicity_source_value",
                    "ethnicity_source_concept_id",
                    "address_1",
                    "address_2",
                    "city",
                    "state",
                    "zip",
                    "county",
                    "location_source_value",
                    "country_concept_id",
                    "country_source_value",
                    "care_site_name",
                    "place_of_service_concept_id",
                    "care_site_source_value",
                    "place_of_service_source_value",
                    "visit_concept_id",
                    "visit_type_concept_id",
                    "visit_source_value",
                    "visit_source_concept_id",
                    "admitted_from_concept_id",
                    "admitted_from_source_value",
                    "discharged_to_concept_id",
                    "discharged_to_source_value",
                    "visit_detail_concept_id",
                    "visit_detail_type_concept_id",
                    "visit_detail_source_value",
                    "visit_detail_source_concept_id",
                    "condition_concept_id",
                    "condition_type_concept_id",
                    "condition_status_concept_id",
                    "stop_reason",
                    "condition_source_value",
                    "condition_source_concept_id",
                    "condition_status_source_value",
                    "procedure_concept_id",
                    "procedure_type_concept_id",
                    "modifier_concept_id",
                    "quantity",
                    "procedure_source_value",
                    "procedure_source_concept_id",
                    "modifier_source_value",
                    "drug_concept_id",
                    "drug_type_concept_id",
                    "refills",
                    "days_supply",
                    "sig",
                    "route_concept_id",
                    "lot_number",
                    "drug_source_value",
                    "drug_source_concept_id",
                    "route_source_value",
                    "dose_unit_source_value",
                    "period_type_concept_id",
                    "observation_concept_id",
                    "observation_type_concept_id",
                    "value_as_string",
                    "value_as_concept_id",
                    "qualifier_concept_id",
                    "unit_concept_id",
                    "observation_source_value",
                    "observation_source_concept_id",
                    "unit_source_value",
                    "qualifier_source_value",
                    "value_source_value",
                    "obs_event_field_concept_id",
                    "death_type_concept_id",
                    "cause_concept_id",
                    "cause_source_value",
                    "cause_source_concept_id",
                    "cost_domain_id",
                    "cost_type_concept_id",
                    "currency_concept_id",
                    "revenue_code_concept_id",
                    "revenue_code_source_value",
                    "drg_concept_id",
                    "drg_source_value",
                    "cdm_source_name",
                    "cdm_source_abbreviation",
                    "cdm_holder",
                    "source_description",
                    "source_documentation_reference",
                    "cdm_etl_reference",
                    "cdm_version",
                    "cdm_version_concept_id",
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
    let columns = TABLE.iter().filter(|(name, _)| *name == layout).flat_map(|(_, columns)| *columns);
    let says = columns.into_iter().find(|(_, names)| names.contains(&column)).map(|(says, _)| *says);
    says.unwrap_or_else(|| {
        panic!("column {column} of {layout} has no line in column.rs: does it name somebody, or a key?")
    })
}

/// Every column that gets a pseudonym: layout and name.
pub fn pseudonymised() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |(says, names): &'static (Says, &[&str])| names.iter().filter(|_| *says != Content).copied();
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
