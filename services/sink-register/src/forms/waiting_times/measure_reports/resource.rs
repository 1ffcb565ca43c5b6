//! The parts of FHIR R4 that the reports use, as types: field order, and so the bytes, do not depend on how serde_json was
//! built, and an empty list or text cannot be written, which FHIR forbids.

use serde::Serialize;
use serde_json::Number;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bundle {
    pub(super) resource_type: &'static str,
    pub(super) id: String,
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) entry: Vec<Entry>,
}

/// One report in the bundle.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) full_url: String,
    pub(super) resource: MeasureReport,
}

/// The figures of one measure, hospital and month.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MeasureReport {
    pub(super) resource_type: &'static str,
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<Meta>,
    pub(super) status: &'static str,
    pub(super) r#type: &'static str,
    pub(super) measure: &'static str,
    pub(super) subject: Reference,
    pub(super) reporter: Reference,
    pub(super) period: Period,
    pub(super) group: Vec<Group>,
}

#[derive(Debug, Serialize)]
pub(super) struct Meta {
    pub(super) tag: Vec<Coding>,
}

/// An organisation, named and not linked to.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Reference {
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identifier: Option<Identifier>,
    pub(super) display: String,
}

/// An id in a system of ids.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Identifier {
    pub(super) system: &'static str,
    pub(super) value: String,
}

/// Both days are included.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Period {
    pub(super) start: String,
    pub(super) end: String,
}

/// Populations and the score that comes of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) code: Concept,
    pub(super) population: Vec<Population>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measure_score: Option<Quantity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stratifier: Vec<Stratifier>,
}

/// How many contacts are in a population.
#[derive(Debug, Serialize)]
pub(super) struct Population {
    pub(super) code: Concept,
    pub(super) count: u64,
}

/// What a group is broken down by.
#[derive(Debug, Serialize)]
pub(super) struct Stratifier {
    pub(super) code: [Concept; 1],
    pub(super) stratum: Vec<Stratum>,
}

/// One part of a group.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stratum {
    pub(super) value: Concept,
    pub(super) population: Vec<Population>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measure_score: Option<Quantity>,
}

/// A number with its UCUM unit.
#[derive(Debug, Serialize)]
pub(super) struct Quantity {
    pub(super) value: Number,
    pub(super) unit: &'static str,
    pub(super) system: &'static str,
    pub(super) code: &'static str,
}

/// A code, or a text where no code system exists.
#[derive(Debug, Serialize)]
pub(super) struct Concept {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) coding: Option<[Coding; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'static str>,
}

/// A code of a code system.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Coding {
    pub(super) system: &'static str,
    pub(super) code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<String>,
}

impl Concept {
    /// A concept that has a code.
    pub(super) fn code(system: &'static str, code: &str) -> Concept {
        Concept { coding: Some([Coding { system, code: code.to_owned(), display: None }]), text: None }
    }

    /// A concept that has a name only.
    pub(super) fn text(text: &'static str) -> Concept {
        Concept { coding: None, text: Some(text) }
    }
}
