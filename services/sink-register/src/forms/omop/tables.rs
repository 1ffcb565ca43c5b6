//! The tables of the OMOP common data model 5.4 that we fill: columns in the model's order, with its types.
//!
//! Ids are the `integer` of the model's own scripts. Times are those of Swedish clocks; amounts have two decimals.

use crate::column::{Decided, OMOP, Says};
use crate::output::FileKind;
use crate::pseudonym::Pseudonyms;
use crate::sheet::{Column, Kind};

#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Whether a row is about a person.
    pub(super) personal: bool,
    /// Its columns; the first is its id, except of `cdm_source`.
    pub(super) columns: &'static [Column],
}

impl Table {
    pub(super) fn file(&self) -> FileKind {
        let name = format!("{}.parquet", self.name).into();
        FileKind { name, personal: self.personal, pseudonymous: self.personal, layout: OMOP }
    }

    /// What is done with its columns. Days, times and decimals say what is told.
    pub(super) fn decided(&self, pseudonyms: &Pseudonyms) -> Vec<Decided> {
        let of = |column: &Column| match column.kind {
            Kind::Text | Kind::Int | Kind::Long | Kind::Bytes => pseudonyms.decided(OMOP, column.name),
            Kind::Flag | Kind::Instant | Kind::WallTime | Kind::Date | Kind::Decimal(_) => {
                Decided::usual(Says::Content)
            }
        };
        self.columns.iter().map(of).collect()
    }
}

const fn needed(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true }
}

const fn maybe(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false }
}

const fn id(name: &'static str) -> Column {
    needed(name, Kind::Int)
}

const fn id_maybe(name: &'static str) -> Column {
    maybe(name, Kind::Int)
}

const fn number(name: &'static str) -> Column {
    needed(name, Kind::Int)
}

const fn number_maybe(name: &'static str) -> Column {
    maybe(name, Kind::Int)
}

const fn day(name: &'static str) -> Column {
    needed(name, Kind::Date)
}

const fn day_maybe(name: &'static str) -> Column {
    maybe(name, Kind::Date)
}

const fn time(name: &'static str) -> Column {
    maybe(name, Kind::WallTime)
}

const fn text(name: &'static str) -> Column {
    maybe(name, Kind::Text)
}

const fn amount(name: &'static str) -> Column {
    maybe(name, Kind::Decimal(2))
}

/// Of numbers that are no amounts.
const fn decimal(name: &'static str) -> Column {
    maybe(name, Kind::Decimal(6))
}

pub(super) const PERSON: Table = Table {
    name: "person",
    personal: true,
    columns: &[
        id("person_id"),
        number("gender_concept_id"),
        number("year_of_birth"),
        number_maybe("month_of_birth"),
        number_maybe("day_of_birth"),
        time("birth_datetime"),
        number("race_concept_id"),
        number("ethnicity_concept_id"),
        id_maybe("location_id"),
        id_maybe("provider_id"),
        id_maybe("care_site_id"),
        text("person_source_value"),
        text("gender_source_value"),
        number_maybe("gender_source_concept_id"),
        text("race_source_value"),
        number_maybe("race_source_concept_id"),
        text("ethnicity_source_value"),
        number_maybe("ethnicity_source_concept_id"),
    ],
};

pub(super) const LOCATION: Table = Table {
    name: "location",
    personal: false,
    columns: &[
        id("location_id"),
        text("address_1"),
        text("address_2"),
        text("city"),
        text("state"),
        text("zip"),
        text("county"),
        text("location_source_value"),
        number_maybe("country_concept_id"),
        text("country_source_value"),
        decimal("latitude"),
        decimal("longitude"),
    ],
};

pub(super) const CARE_SITE: Table = Table {
    name: "care_site",
    personal: false,
    columns: &[
        id("care_site_id"),
        text("care_site_name"),
        number_maybe("place_of_service_concept_id"),
        id_maybe("location_id"),
        text("care_site_source_value"),
        text("place_of_service_source_value"),
    ],
};

pub(super) const VISIT_OCCURRENCE: Table = Table {
    name: "visit_occurrence",
    personal: true,
    columns: &[
        id("visit_occurrence_id"),
        id("person_id"),
        number("visit_concept_id"),
        day("visit_start_date"),
        time("visit_start_datetime"),
        day("visit_end_date"),
        time("visit_end_datetime"),
        number("visit_type_concept_id"),
        id_maybe("provider_id"),
        id_maybe("care_site_id"),
        text("visit_source_value"),
        number_maybe("visit_source_concept_id"),
        number_maybe("admitted_from_concept_id"),
        text("admitted_from_source_value"),
        number_maybe("discharged_to_concept_id"),
        text("discharged_to_source_value"),
        id_maybe("preceding_visit_occurrence_id"),
    ],
};

pub(super) const VISIT_DETAIL: Table = Table {
    name: "visit_detail",
    personal: true,
    columns: &[
        id("visit_detail_id"),
        id("person_id"),
        number("visit_detail_concept_id"),
        day("visit_detail_start_date"),
        time("visit_detail_start_datetime"),
        day("visit_detail_end_date"),
        time("visit_detail_end_datetime"),
        number("visit_detail_type_concept_id"),
        id_maybe("provider_id"),
        id_maybe("care_site_id"),
        text("visit_detail_source_value"),
        number_maybe("visit_detail_source_concept_id"),
        number_maybe("admitted_from_concept_id"),
        text("admitted_from_source_value"),
        text("discharged_to_source_value"),
        number_maybe("discharged_to_concept_id"),
        id_maybe("preceding_visit_detail_id"),
        id_maybe("parent_visit_detail_id"),
        id("visit_occurrence_id"),
    ],
};

pub(super) const CONDITION_OCCURRENCE: Table = Table {
    name: "condition_occurrence",
    personal: true,
    columns: &[
        id("condition_occurrence_id"),
        id("person_id"),
        number("condition_concept_id"),
        day("condition_start_date"),
        time("condition_start_datetime"),
        day_maybe("condition_end_date"),
        time("condition_end_datetime"),
        number("condition_type_concept_id"),
        number_maybe("condition_status_concept_id"),
        text("stop_reason"),
        id_maybe("provider_id"),
        id_maybe("visit_occurrence_id"),
        id_maybe("visit_detail_id"),
        text("condition_source_value"),
        number_maybe("condition_source_concept_id"),
        text("condition_status_source_value"),
    ],
};

pub(super) const PROCEDURE_OCCURRENCE: Table = Table {
    name: "procedure_occurrence",
    personal: true,
    columns: &[
        id("procedure_occurrence_id"),
        id("person_id"),
        number("procedure_concept_id"),
        day("procedure_date"),
        time("procedure_datetime"),
        day_maybe("procedure_end_date"),
        time("procedure_end_datetime"),
        number("procedure_type_concept_id"),
        number_maybe("modifier_concept_id"),
        number_maybe("quantity"),
        id_maybe("provider_id"),
        id_maybe("visit_occurrence_id"),
        id_maybe("visit_detail_id"),
        text("procedure_source_value"),
        number_maybe("procedure_source_concept_id"),
        text("modifier_source_value"),
    ],
};

pub(super) const DRUG_EXPOSURE: Table = Table {
    name: "drug_exposure",
    personal: true,
    columns: &[
        id("drug_exposure_id"),
        id("person_id"),
        number("drug_concept_id"),
        day("drug_exposure_start_date"),
        time("drug_exposure_start_datetime"),
        day("drug_exposure_end_date"),
        time("drug_exposure_end_datetime"),
        day_maybe("verbatim_end_date"),
        number("drug_type_concept_id"),
        text("stop_reason"),
        number_maybe("refills"),
        decimal("quantity"),
        number_maybe("days_supply"),
        text("sig"),
        number_maybe("route_concept_id"),
        text("lot_number"),
        id_maybe("provider_id"),
        id_maybe("visit_occurrence_id"),
        id_maybe("visit_detail_id"),
        text("drug_source_value"),
        number_maybe("drug_source_concept_id"),
        text("route_source_value"),
        text("dose_unit_source_value"),
    ],
};

pub(super) const OBSERVATION_PERIOD: Table = Table {
    name: "observation_period",
    personal: true,
    columns: &[
        id("observation_period_id"),
        id("person_id"),
        day("observation_period_start_date"),
        day("observation_period_end_date"),
        number("period_type_concept_id"),
    ],
};

pub(super) const OBSERVATION: Table = Table {
    name: "observation",
    personal: true,
    columns: &[
        id("observation_id"),
        id("person_id"),
        number("observation_concept_id"),
        day("observation_date"),
        time("observation_datetime"),
        number("observation_type_concept_id"),
        decimal("value_as_number"),
        text("value_as_string"),
        number_maybe("value_as_concept_id"),
        number_maybe("qualifier_concept_id"),
        number_maybe("unit_concept_id"),
        id_maybe("provider_id"),
        id_maybe("visit_occurrence_id"),
        id_maybe("visit_detail_id"),
        text("observation_source_value"),
        number_maybe("observation_source_concept_id"),
        text("unit_source_value"),
        text("qualifier_source_value"),
        text("value_source_value"),
        id_maybe("observation_event_id"),
        number_maybe("obs_event_field_concept_id"),
    ],
};

pub(super) const DEATH: Table = Table {
    name: "death",
    personal: true,
    columns: &[
        id("person_id"),
        day("death_date"),
        time("death_datetime"),
        number_maybe("death_type_concept_id"),
        number_maybe("cause_concept_id"),
        text("cause_source_value"),
        number_maybe("cause_source_concept_id"),
    ],
};

pub(super) const COST: Table = Table {
    name: "cost",
    personal: true,
    columns: &[
        id("cost_id"),
        id("cost_event_id"),
        needed("cost_domain_id", Kind::Text),
        number("cost_type_concept_id"),
        number_maybe("currency_concept_id"),
        amount("total_charge"),
        amount("total_cost"),
        amount("total_paid"),
        amount("paid_by_payer"),
        amount("paid_by_patient"),
        amount("paid_patient_copay"),
        amount("paid_patient_coinsurance"),
        amount("paid_patient_deductible"),
        amount("paid_by_primary"),
        amount("paid_ingredient_cost"),
        amount("paid_dispensing_fee"),
        id_maybe("payer_plan_period_id"),
        amount("amount_allowed"),
        number_maybe("revenue_code_concept_id"),
        text("revenue_code_source_value"),
        number_maybe("drg_concept_id"),
        text("drg_source_value"),
    ],
};

/// What the tables are, in one row.
pub(super) const CDM_SOURCE: Table = Table {
    name: "cdm_source",
    personal: false,
    columns: &[
        needed("cdm_source_name", Kind::Text),
        needed("cdm_source_abbreviation", Kind::Text),
        needed("cdm_holder", Kind::Text),
        text("source_description"),
        text("source_documentation_reference"),
        text("cdm_etl_reference"),
        day("source_release_date"),
        day("cdm_release_date"),
        text("cdm_version"),
        number("cdm_version_concept_id"),
        needed("vocabulary_version", Kind::Text),
    ],
};

/// Not of the model, which has no room for it: which episode or contact of which source a visit is.
pub(super) const VISIT_SOURCE: Table = Table {
    name: "visit_source",
    personal: true,
    columns: &[id("visit_occurrence_id"), needed("source_system", Kind::Text), text("episode_id"), text("contact_id")],
};

pub(super) const ALL: [Table; 14] = [
    PERSON,
    OBSERVATION_PERIOD,
    LOCATION,
    CARE_SITE,
    VISIT_OCCURRENCE,
    VISIT_DETAIL,
    CONDITION_OCCURRENCE,
    PROCEDURE_OCCURRENCE,
    DRUG_EXPOSURE,
    OBSERVATION,
    DEATH,
    COST,
    CDM_SOURCE,
    VISIT_SOURCE,
];
