//! Whom a record marks as protected that becomes no events.

use serde::Deserialize;

use ::fhir::bundle::{self, Focus as RawFocus};

use super::bundle::{Bundle, Focus, parse, read, text_of};
use super::datatype::{Identifier, List, Meta, Text, said};
use super::patient::{self, claim};
use super::{Stated, Tools, Versioned};
use crate::pipeline::context::Context;
use crate::pipeline::subject::Pseudonyms;

/// Labels and numbers of a resource that cannot be read as a whole.
#[derive(Deserialize)]
struct Labelled<'a> {
    #[serde(borrow, rename = "resourceType")]
    kind: Text<'a>,
    #[serde(borrow)]
    meta: Option<Meta<'a>>,
    #[serde(borrow, default)]
    identifier: List<Identifier<'a>>,
}

/// The person of the resource; where that cannot be read, each Patient of the record with a label of its own.
pub(crate) fn marked(context: Context<'_>) -> Vec<Pseudonyms> {
    match read(context.source.payload) {
        Ok(bundle) => of_bundle(context, &bundle).into_iter().collect(),
        Err(_) => of_patients(context),
    }
}

fn of_bundle<'m>(context: Context<'m>, bundle: &'m Bundle<'m>) -> Option<Pseudonyms> {
    let Focus::Resource(resource) = &bundle.focus else { return None };
    let meta = resource.read::<Versioned<'_>>().ok().and_then(|version| version.meta).unwrap_or_default();
    let known = context.source.recorded_at.unwrap_or(context.source.received_at);
    let recorded = Stated { at: known, text: "" };
    let mut tools = Tools { context, bundle, recorded, is_protected: meta.is_protected() };
    if let Some(written) = tools.time(said(&meta.last_updated), "meta.lastUpdated") {
        tools.recorded.at = written.at;
    }
    let known = match &resource.patient {
        Some(patient) => patient::of_patient(patient, &mut tools),
        None => patient::known(&mut tools),
    };
    known.protected.then_some(known.pseudonyms)
}

fn of_patients(context: Context<'_>) -> Vec<Pseudonyms> {
    let Some(bundle) = text_of(context.source.payload).ok().and_then(bundle::read) else { return Vec::new() };
    let focus = if let RawFocus::Resource(entry) = bundle.focus { Some(entry) } else { None };
    let at = context.source.recorded_at.unwrap_or(context.source.received_at);
    let pseudonymising = context.pseudonymising(at);
    let resources = focus.into_iter().chain(bundle.context);
    let read = resources.filter_map(|entry| parse::<Labelled<'_>>(entry.resource.get()).ok());
    let is_marked = |resource: &Labelled<'_>| {
        &*resource.kind == "Patient" && resource.meta.as_ref().is_some_and(Meta::is_protected)
    };
    let named = |resource: Labelled<'_>| {
        pseudonymising.claimed(resource.identifier.iter().filter_map(claim), "Patient.identifier", context.findings)
    };
    read.filter(is_marked).map(named).collect()
}
