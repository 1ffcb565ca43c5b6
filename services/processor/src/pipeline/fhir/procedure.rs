//! Procedure: one thing that was done in a contact.

use schemas::{CodeRole, CodeSystem};
use serde::Deserialize;

use super::contact::{self, Said};
use super::datatype::{Concept, List, Period, Reference, Text, said};
use super::{Tools, terminology};
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// What is read of a Procedure.
#[derive(Deserialize)]
pub(crate) struct Procedure<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    code: Option<Concept<'a>>,
    #[serde(borrow, default, rename = "bodySite")]
    body_site: List<Concept<'a>>,
    #[serde(borrow)]
    encounter: Option<Reference<'a>>,
    #[serde(borrow, rename = "performedDateTime")]
    performed_at: Option<Text<'a>>,
    #[serde(borrow, rename = "performedPeriod")]
    performed_period: Option<Period<'a>>,
}

/// A version of a Procedure; one that is only prepared has not been done.
pub(crate) fn map<S: Sink>(procedure: &Procedure<'_>, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let id = said(&procedure.id).ok_or(Stop::refuse(Rule::FhirIdMissing, "Procedure.id"))?;
    let is_withdrawn = match said(&procedure.status) {
        Some("preparation") => return Err(Stop::Ignore(Rule::FhirNothingToSay)),
        Some("not-done" | "entered-in-error") => true,
        Some("in-progress" | "on-hold" | "stopped" | "completed" | "unknown") => false,
        _ => {
            tools.note(Rule::FhirCodeUnknown, "Procedure.status");
            false
        }
    };
    let contact = contact::of(procedure.encounter.as_ref(), tools)?;
    let period = procedure.performed_period.as_ref();
    let performed = said(&procedure.performed_at).or_else(|| period.and_then(|period| said(&period.start)));
    let order = [CodeSystem::Kva, CodeSystem::SnomedCt];
    let said_of = Said {
        kind: "Procedure",
        id,
        coded: procedure
            .code
            .as_ref()
            .and_then(|code| terminology::preferred(code, &order, &tools.context.region.code_lists)),
        role: CodeRole::Procedure,
        performed: tools.time(performed, "Procedure.performed"),
        laterality: terminology::laterality(&procedure.body_site),
        is_withdrawn,
        code_path: "Procedure.code",
    };
    contact::state(&said_of, &contact, tools, sink)
}
