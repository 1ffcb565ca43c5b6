//! Condition: one diagnosis of a contact.

use ::fhir::reference::type_and_id;
use schemas::{CodeRole, CodeSystem};
use serde::Deserialize;

use super::Tools;
use super::contact::{self, Contact, Said};
use super::datatype::{Concept, List, Reference, Text, said};
use super::encounter::Diagnosis;
use super::terminology::{self, Coded};
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// What is read of a Condition.
#[derive(Deserialize)]
pub(crate) struct Condition<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, rename = "verificationStatus")]
    verification: Option<Concept<'a>>,
    #[serde(borrow)]
    code: Option<Concept<'a>>,
    #[serde(borrow, default, rename = "bodySite")]
    body_site: List<Concept<'a>>,
    #[serde(borrow)]
    encounter: Option<Reference<'a>>,
    #[serde(borrow, rename = "recordedDate")]
    recorded: Option<Text<'a>>,
    #[serde(borrow, rename = "onsetDateTime")]
    onset: Option<Text<'a>>,
}

/// A version of a Condition.
pub(crate) fn map<S: Sink>(condition: &Condition<'_>, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let id = said(&condition.id).ok_or(Stop::refuse(Rule::FhirIdMissing, "Condition.id"))?;
    let contact = contact::of(condition.encounter.as_ref(), tools)?;
    let order = [CodeSystem::Icd10Se, CodeSystem::SnomedCt];
    let coded =
        condition.code.as_ref().and_then(|code| terminology::preferred(code, &order, &tools.context.region.code_lists));
    // A diagnosis is given when it is recorded; onset may be years before.
    let given = said(&condition.recorded).or(said(&condition.onset));
    let performed = tools.time(given, "Condition.recordedDate");
    let is_withdrawn =
        condition.verification.as_ref().is_some_and(|status| status.has("entered-in-error") || status.has("refuted"));
    let said_of = Said {
        kind: "Condition",
        id,
        role: role(id, coded.as_ref(), &contact),
        coded,
        performed,
        laterality: terminology::laterality(&condition.body_site),
        is_withdrawn,
        code_path: "Condition.code",
    };
    contact::state(&said_of, &contact, tools, sink)
}

/// An external cause is one by its chapter (V, W, X, Y); what else a diagnosis is, the encounter says.
fn role(id: &str, coded: Option<&Coded<'_>>, contact: &Contact<'_>) -> CodeRole {
    let is_cause =
        coded.is_some_and(|coded| coded.system == CodeSystem::Icd10Se && coded.code.starts_with(['V', 'W', 'X', 'Y']));
    if is_cause {
        return CodeRole::ExternalCause;
    }
    let Some(encounter) = &contact.encounter else { return CodeRole::Unknown };
    let names_this = |diagnosis: &&Diagnosis<'_>| {
        let reference = diagnosis.condition.as_ref().and_then(|condition| said(&condition.reference));
        reference.and_then(type_and_id) == Some(("Condition", id))
    };
    let ranked = encounter.diagnosis.iter().any(|diagnosis| diagnosis.rank.is_some());
    match encounter.diagnosis.iter().find(names_this) {
        Some(diagnosis) if diagnosis.rank == Some(1) => CodeRole::MainDiagnosis,
        // HL7's use of a discharge diagnosis, where nothing is ranked: one alone is the main one.
        Some(diagnosis) if !ranked && is_discharge(diagnosis) && only_discharge(encounter.diagnosis.iter()) => {
            CodeRole::MainDiagnosis
        }
        Some(diagnosis) if ranked || diagnosis.purpose.is_some() => CodeRole::OtherDiagnosis,
        _ => CodeRole::Unknown,
    }
}

fn is_discharge(diagnosis: &Diagnosis<'_>) -> bool {
    diagnosis.purpose.as_ref().is_some_and(|purpose| purpose.has("DD"))
}

fn only_discharge<'d>(diagnoses: impl Iterator<Item = &'d Diagnosis<'d>>) -> bool {
    diagnoses.filter(|diagnosis| is_discharge(diagnosis)).count() == 1
}
