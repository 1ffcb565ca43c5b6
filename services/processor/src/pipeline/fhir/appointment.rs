//! Appointment: one contact that is booked, waited for, or has taken place.

use std::borrow::Cow;

use schemas::WaitStatus;
use serde::Deserialize;

use super::Tools;
use super::datatype::{Identifier, List, Reference, Text, said};
use super::request::{self, Referral, ServiceRequest, Stated};
use crate::pipeline::sink::Sink;
use crate::rules::Rule;
use crate::stop::Stop;

/// What is read of an Appointment.
#[derive(Deserialize)]
pub(crate) struct Appointment<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    identifier: List<Identifier<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    start: Option<Text<'a>>,
    #[serde(borrow)]
    created: Option<Text<'a>>,
    #[serde(borrow, default, rename = "basedOn")]
    based_on: List<Reference<'a>>,
}

/// A version of an Appointment.
pub(crate) fn map<S: Sink>(appointment: &Appointment<'_>, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let id = said(&appointment.id).ok_or(Stop::refuse(Rule::FhirIdMissing, "Appointment.id"))?;
    let (status, is_withdrawn) = match said(&appointment.status) {
        Some("proposed" | "pending" | "booked" | "waitlist") => (WaitStatus::Waiting, false),
        Some("arrived" | "checked-in" | "fulfilled") => (WaitStatus::Completed, false),
        // It did not take place: what is waited for is the referral, or the next appointment.
        Some("cancelled" | "noshow" | "entered-in-error") => (WaitStatus::Unknown, true),
        _ => {
            tools.note(Rule::FhirCodeUnknown, "Appointment.status");
            (WaitStatus::Unknown, false)
        }
    };
    let number = appointment.identifier.iter().filter(|identifier| !identifier.is_old());
    let contact_id = match number.clone().find_map(|identifier| said(&identifier.value)) {
        Some(number) => tools.context.pass(Cow::Borrowed(number), "Appointment.identifier").into_owned(),
        None => tools.address("Appointment", id),
    };
    let start = tools.time(said(&appointment.start), "Appointment.start");
    let booked = tools.time(said(&appointment.created), "Appointment.created");
    let planned = start.filter(|_| status == WaitStatus::Waiting);
    let mut extensions = Vec::new();
    for (name, moment) in [("booked_at", booked), ("planned_at", planned)] {
        if let Some(moment) = moment {
            extensions.push((name, tools.context.guard.time_text(moment.at, moment.text).into_owned()));
        }
    }
    let is_referral = |reference: &&Reference<'_>| {
        reference.is_to("ServiceRequest") || tools.bundle.find(reference, "ServiceRequest").is_some()
    };
    let reference = appointment.based_on.iter().find(is_referral);
    let resource = reference.and_then(|reference| tools.bundle.find(reference, "ServiceRequest"));
    let service_request: Option<ServiceRequest<'_>> = resource.map(|resource| resource.read()).transpose()?;
    let referral = match (&service_request, reference.and_then(Reference::id)) {
        (Some(service_request), _) => Some(request::referral(service_request, tools)?),
        // The referral is named, and nothing else is known of it.
        (None, Some(id)) => {
            let id = tools.address("ServiceRequest", id);
            let (authored, target, kva, icd, referrer_hsa_id, unit) = (None, None, None, None, None, None);
            Some(Referral { id, authored, target, kva, icd, referrer_hsa_id, unit, extensions: Vec::new() })
        }
        (None, None) => None,
    };
    let stated = Stated { contact_id: &contact_id, status, is_withdrawn, started: start, extensions };
    request::state(&stated, referral.as_ref(), tools, sink)
}
