//! A version of a FHIR R4 resource becomes common events.
//!
//! Goes in: a Bundle of type `collection` whose first entry is the resource, or the statement that it was deleted;
//! the other entries are what it refers to. Comes out: what HL7 v2 would have said of the same. Each version states
//! the whole resource again, so every event carries a name by which the next version's replaces it: a movement of an
//! Encounter, the contact of a Wait, the statement of a Clinical.
//!
//! Nothing is kept between records. What an earlier version said and a later one no longer mentions stays said.

mod appointment;
mod bundle;
mod condition;
mod contact;
mod datatype;
mod encounter;
mod location;
mod marked;
mod patient;
mod procedure;
mod request;
mod stops;
mod terminology;
mod time;

use std::borrow::Cow;

use ::fhir::Type;
use ::fhir::reference::type_and_id;
use bundle::Focus;
pub(crate) use bundle::{Bundle, read};
use datatype::{Meta, said};
pub(crate) use marked::marked;
use time::Moment;

use super::context::Context;
use super::envelope::{Head, HeadParts};
use super::event_time::{FUTURE_TOLERANCE_MICROS, Stated};
use super::sink::Sink;
use super::subject::Pseudonymising;
use crate::rules::Rule;
use crate::stop::Stop;

/// What mapping one record needs.
pub(crate) struct Tools<'m> {
    pub context: Context<'m>,
    pub bundle: &'m Bundle<'m>,
    /// When the server wrote the version.
    pub recorded: Stated<'m>,
    /// The version itself says that the person has protected identity.
    pub is_protected: bool,
}

impl<'m> Tools<'m> {
    /// When the server wrote the version: the event time of what states no other.
    fn recorded(&self) -> Stated<'m> {
        self.recorded
    }

    fn note(&mut self, rule: Rule, path: &'static str) {
        self.context.findings.add(rule, path);
    }

    fn time<'t>(&mut self, text: Option<&'t str>, path: &'static str) -> Option<Moment<'t>> {
        time::read(text, path, self.context.stockholm, self.context.findings)
    }

    /// Makes pseudonyms of the record's identifiers; the version's own time decides the century of a short form.
    fn pseudonymising(&self) -> Pseudonymising<'m> {
        self.context.pseudonymising(self.recorded.at)
    }

    /// What the record's events share.
    fn head<'h>(&mut self, occurred: Stated<'h>) -> Head<'h>
    where
        'm: 'h,
    {
        let message_id_shown = self.message_id_shown();
        let source = self.context.source;
        let parts =
            HeadParts { message_id: source.message_id, message_id_shown, occurred, recorded: Some(self.recorded) };
        Head::new(&self.context, parts)
    }

    /// `Encounter/1@2`; a Patient's is hidden, because the server's number of a patient is a number of a person.
    fn message_id_shown(&mut self) -> Cow<'m, str> {
        let message_id = self.context.source.message_id;
        let resource = message_id.split('@').next().unwrap_or("");
        let (kind, id) = type_and_id(resource).unwrap_or(("", resource));
        if kind == "Patient" {
            return self.context.guard.hidden(message_id);
        }
        match self.context.pass(Cow::Borrowed(id), "message_id") {
            Cow::Owned(_) => self.context.guard.hidden(message_id),
            Cow::Borrowed(_) => self.context.pass(Cow::Borrowed(message_id), "message_id"),
        }
    }

    /// `Encounter/1`, past the guard.
    fn address(&mut self, kind: &str, id: &str) -> String {
        let address = format!("{kind}/{id}");
        match self.context.pass(Cow::Borrowed(id), "id") {
            Cow::Owned(_) => self.context.guard.hidden(&address).into_owned(),
            Cow::Borrowed(_) => self.context.pass(Cow::Owned(address), "id").into_owned(),
        }
    }
}

/// The events of one record.
pub(crate) fn map<S: Sink>(mut tools: Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let bundle = tools.bundle;
    let resource = match &bundle.focus {
        Focus::Resource(resource) => resource,
        Focus::Deleted(address) => return deleted(address, &mut tools, sink),
    };
    let meta: Versioned<'_> = resource.read()?;
    let meta = meta.meta.unwrap_or_default();
    tools.is_protected = meta.is_protected();
    let written = tools.time(said(&meta.last_updated), "meta.lastUpdated");
    // The text has the lifetime of `meta`; the transport's own time stands in where the server says none.
    let known = tools.context.source.recorded_at.unwrap_or(tools.context.source.received_at);
    if written.is_some_and(|written| {
        written.at.0 > tools.context.source.received_at.0.saturating_add(FUTURE_TOLERANCE_MICROS)
    }) {
        tools.note(Rule::TimeInFuture, "meta.lastUpdated");
    }
    let recorded = written.map_or(Stated { at: known, text: "" }, Moment::stated);
    let mut tools = Tools { recorded, ..tools };
    let tools = &mut tools;
    match Type::of(&resource.kind) {
        Some(Type::Patient) => match &resource.patient {
            Some(patient) => patient::map(patient, tools, sink),
            None => Err(Stop::park(Rule::FhirUnreadable)),
        },
        Some(Type::Encounter) => encounter::map(&resource.read()?, tools, sink),
        Some(Type::Location) => location::map(resource.read()?, tools, sink),
        Some(Type::ServiceRequest) => request::map(&resource.read()?, tools, sink),
        Some(Type::Appointment) => appointment::map(&resource.read()?, tools, sink),
        Some(Type::Condition) => condition::map(&resource.read()?, tools, sink),
        Some(Type::Procedure) => procedure::map(&resource.read()?, tools, sink),
        None => Err(Stop::Ignore(Rule::FhirResourceUnknown)),
    }
}

#[derive(serde::Deserialize)]
struct Versioned<'a> {
    #[serde(borrow)]
    meta: Option<Meta<'a>>,
}

/// A deletion says no more than which resource is gone.
fn deleted<S: Sink>(address: &str, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let (kind, id) = type_and_id(address).unwrap_or_default();
    match Type::of(kind) {
        Some(kind) if !kind.is_missed() => Err(Stop::Ignore(Rule::FhirNothingToSay)),
        Some(Type::Encounter) => encounter::map_deleted(id, tools, sink),
        Some(kind @ (Type::Condition | Type::Procedure)) => contact::map_deleted(kind.name(), id, tools, sink),
        // A Wait counts for a month, and a deletion does not say which.
        Some(_) => Err(Stop::refuse(Rule::FhirDeleteIncomplete, "request.url")),
        None => Err(Stop::Ignore(Rule::FhirResourceUnknown)),
    }
}
