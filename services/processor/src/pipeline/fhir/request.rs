//! ServiceRequest: a referral, and as long as it is open somebody waits.

use std::borrow::Cow;

use schemas::{CodeSystem, CorrectionKind, Sex, Wait, WaitStatus};
use serde::Deserialize;

use super::datatype::{Concept, Identifier, List, Period, Reference, Text, said};
use super::terminology::{self, Coded};
use super::time::Moment;
use super::{Tools, contact, location, patient};
use crate::pipeline::sink::Sink;
use crate::pipeline::visit::UnitFacts;
use crate::rules::Rule;
use crate::stop::Stop;

/// What is read of a ServiceRequest.
#[derive(Deserialize)]
pub(crate) struct ServiceRequest<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow, default)]
    identifier: List<Identifier<'a>>,
    #[serde(borrow)]
    requisition: Option<Identifier<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    priority: Option<Text<'a>>,
    #[serde(borrow, default)]
    category: List<Concept<'a>>,
    #[serde(borrow)]
    code: Option<Concept<'a>>,
    #[serde(borrow, default, rename = "reasonCode")]
    reason: List<Concept<'a>>,
    #[serde(borrow, rename = "authoredOn")]
    authored: Option<Text<'a>>,
    #[serde(borrow, rename = "occurrenceDateTime")]
    occurrence: Option<Text<'a>>,
    #[serde(borrow, rename = "occurrencePeriod")]
    occurrence_period: Option<Period<'a>>,
    #[serde(borrow)]
    requester: Option<Reference<'a>>,
    #[serde(borrow, default)]
    performer: List<Reference<'a>>,
}

/// What a referral says of the waits that come of it.
pub(crate) struct Referral<'r, 'm> {
    /// The referral's own number, else `ServiceRequest/1`.
    pub id: String,
    /// When it was written, which starts the clock of a first contact.
    pub authored: Option<Moment<'r>>,
    /// By when it should be done.
    pub target: Option<Moment<'r>>,
    pub kva: Option<String>,
    pub icd: Option<String>,
    pub referrer_hsa_id: Option<String>,
    pub unit: Option<location::Named<'m>>,
    /// Priority and category, which Wait has no field for.
    pub extensions: Vec<(&'static str, String)>,
}

/// Reads what every wait of a referral shares.
pub(crate) fn referral<'r, 'm>(
    request: &'r ServiceRequest<'_>,
    tools: &mut Tools<'m>,
) -> Result<Referral<'r, 'm>, Stop> {
    let id = said(&request.id).ok_or(Stop::refuse(Rule::FhirIdMissing, "ServiceRequest.id"))?;
    let numbers = request.requisition.iter().chain(request.identifier.iter());
    let number = numbers.filter(|identifier| !identifier.is_old()).find_map(|identifier| said(&identifier.value));
    let id = match number {
        Some(number) => text(number, "ServiceRequest.identifier", tools),
        None => tools.address("ServiceRequest", id),
    };
    let authored = tools.time(said(&request.authored), "ServiceRequest.authoredOn");
    let target = said(&request.occurrence)
        .or_else(|| request.occurrence_period.as_ref().and_then(|period| said(&period.end).or(said(&period.start))));
    let target = tools.time(target, "ServiceRequest.occurrence");
    let kva = request
        .code
        .as_ref()
        .and_then(|code| terminology::preferred(code, &[CodeSystem::Kva], &tools.context.region.code_lists));
    let kva = kva.filter(|coded| coded.system == CodeSystem::Kva && coded.shaped);
    let kva = kva.map(|coded| listed(&coded, authored, "ServiceRequest.code", tools));
    let icd = request.reason.iter().find_map(|reason| {
        let coded = terminology::preferred(reason, &[CodeSystem::Icd10Se], &tools.context.region.code_lists)?;
        (coded.system == CodeSystem::Icd10Se && coded.shaped).then_some(coded)
    });
    let icd = icd.map(|coded| listed(&coded, authored, "ServiceRequest.reasonCode", tools));
    // A person's HSA-id is that person's.
    let referrer = request.requester.as_ref().filter(|requester| requester.is_to("Organization"));
    let referrer = referrer.and_then(|requester| requester.identifier.as_ref());
    let referrer = referrer.and_then(location::hsa_id).map(|hsa_id| hsa_id.as_str().to_owned());
    let referrer_hsa_id = referrer.map(|hsa_id| text(&hsa_id, "ServiceRequest.requester", tools));
    let unit = request.performer.iter().find_map(|performer| {
        let identifiers: Vec<&Identifier<'_>> = performer.identifier.iter().collect();
        // A performer may be a person: only a unit that has an HSA-id in the directory, or that the directory lists,
        // is one.
        location::unit(&identifiers, performer.id(), tools, "ServiceRequest.performer")
            .filter(|unit| unit.entry.is_some())
    });
    let mut extensions = Vec::new();
    for (name, code) in
        [("priority", said(&request.priority)), ("category", request.category.iter().find_map(Concept::code))]
    {
        if let Some(code) = code {
            extensions.push((name, text(code, "ServiceRequest.category", tools)));
        }
    }
    Ok(Referral { id, authored, target, kva, icd, referrer_hsa_id, unit, extensions })
}

/// A code as it is kept, looked up on the day of the referral.
fn listed(coded: &Coded<'_>, authored: Option<Moment<'_>>, path: &'static str, tools: &mut Tools<'_>) -> String {
    coded.look_up(authored.map(|authored| authored.at), path, tools);
    text(&coded.code, path, tools)
}

fn text(text: &str, path: &'static str, tools: &mut Tools<'_>) -> String {
    tools.context.pass(Cow::Borrowed(text), path).into_owned()
}

/// What a wait is, beside what its referral says.
pub(crate) struct Stated<'s> {
    pub contact_id: &'s str,
    pub status: WaitStatus,
    pub is_withdrawn: bool,
    pub started: Option<Moment<'s>>,
    pub extensions: Vec<(&'static str, String)>,
}

/// One Wait event. A contact that has taken place counts for the month in which it started, one that is waited for
/// the month in which the server wrote so.
pub(crate) fn state<S: Sink>(
    stated: &Stated<'_>,
    referral: Option<&Referral<'_, '_>>,
    tools: &mut Tools<'_>,
    sink: &mut S,
) -> Result<u32, Stop> {
    let known = patient::known(tools);
    let recorded = tools.recorded();
    let completed = stated.started.filter(|_| stated.status == WaitStatus::Completed);
    if stated.status == WaitStatus::Completed && completed.is_none() {
        tools.note(Rule::FhirStartMissing, "start");
    }
    let decided = referral.and_then(|referral| referral.authored);
    if decided.is_none() {
        tools.note(Rule::FhirDecisionMissing, "ServiceRequest.authoredOn");
    }
    let counted = completed.unwrap_or(Moment { at: recorded.at, text: recorded.text, is_date: false });
    let period = contact::month_of(counted, tools);
    let occurred = completed.or(decided).map_or(recorded, Moment::stated);
    let (event_type, correction) = match stated.status {
        _ if stated.is_withdrawn => ("wait.withdrawn", CorrectionKind::Cancel),
        WaitStatus::Completed => ("wait.completed", CorrectionKind::Update),
        WaitStatus::Waiting => ("wait.waiting", CorrectionKind::Update),
        WaitStatus::Unknown => ("wait.stated", CorrectionKind::Update),
    };
    let facts = UnitFacts::of(referral.and_then(|referral| referral.unit.as_ref()).and_then(|unit| unit.entry));
    let mut head = tools.head(occurred);
    let mut envelope = head.envelope(event_type, correction, known.about(), tools.context.findings.list());
    let extensions = referral.into_iter().flat_map(|referral| &referral.extensions).chain(&stated.extensions);
    envelope.extensions = extensions.map(|(name, text)| (*name, text.as_str())).collect();
    let target = referral.and_then(|referral| referral.target);
    let is_date = |moment: Option<Moment<'_>>| moment.is_some_and(|moment| moment.is_date);
    sink.event(&Wait {
        referral_id: referral.map(|referral| referral.id.as_str()),
        period: Some(&period),
        decided_at: decided.map(|decided| decided.at),
        decided_is_date: is_date(decided),
        started_at: completed.map(|started| started.at),
        started_is_date: is_date(completed),
        medical_target_at: target.map(|target| target.at),
        medical_target_is_date: is_date(target),
        referral_at: decided.map(|authored| authored.at),
        referral_is_date: is_date(decided),
        mvo: facts.mvo,
        activity_icd: referral.and_then(|referral| referral.icd.as_deref()),
        kva: referral.and_then(|referral| referral.kva.as_deref()),
        referrer_hsa_id: referral.and_then(|referral| referral.referrer_hsa_id.as_deref()),
        unit_hsa_id: facts.hsa_id,
        hospital_code: facts.hospital_code,
        hospital_name: facts.hospital_name,
        sex: known.sex.unwrap_or(Sex::Unknown),
        birth_year: known.birth_year,
        lkf: known.lkf.as_deref(),
        ..Wait::bare(envelope, stated.contact_id, stated.status)
    });
    Ok(head.made())
}

/// A version of a ServiceRequest.
pub(crate) fn map<S: Sink>(request: &ServiceRequest<'_>, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let referral = referral(request, tools)?;
    let (status, is_withdrawn) = match said(&request.status) {
        // Nobody has sent it yet.
        Some("draft") => return Err(Stop::Ignore(Rule::FhirNothingToSay)),
        Some("active" | "on-hold") => (WaitStatus::Waiting, false),
        Some("completed") => (WaitStatus::Completed, false),
        Some("revoked" | "entered-in-error") => (WaitStatus::Unknown, true),
        _ => {
            tools.note(Rule::FhirCodeUnknown, "ServiceRequest.status");
            (WaitStatus::Unknown, false)
        }
    };
    let contact_id = tools.address("ServiceRequest", said(&request.id).unwrap_or(""));
    let stated = Stated { contact_id: &contact_id, status, is_withdrawn, started: None, extensions: Vec::new() };
    state(&stated, Some(&referral), tools, sink)
}
